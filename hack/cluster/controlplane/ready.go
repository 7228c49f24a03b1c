package controlplane

import (
	"context"
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/clientcmd"
)

// requestTimeout keeps one unanswered request from using up the whole wait.
const requestTimeout = 5 * time.Second

func adminClient(kubeconfig string) (*corev1client.CoreV1Client, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("reading the admin kubeconfig: %w", err)
	}
	config.QPS = -1
	config.Timeout = requestTimeout
	return corev1client.NewForConfig(config)
}

func apiServerReady(kubeconfig string) (func(context.Context) error, error) {
	client, err := adminClient(kubeconfig)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		return client.RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
	}, nil
}

// defaultServiceAccountExists is the sign that the controller manager works:
// before it, no pod can be created in the namespace.
func defaultServiceAccountExists(kubeconfig string) (func(context.Context) error, error) {
	client, err := adminClient(kubeconfig)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		_, err := client.ServiceAccounts(metav1.NamespaceDefault).Get(ctx, "default", metav1.GetOptions{})
		return err
	}, nil
}

// explainPortConflict says what to do when a program that is none of ours took a
// port after we had chosen it.
func explainPortConflict(err error) error {
	if strings.Contains(err.Error(), "address already in use") {
		return fmt.Errorf("another program took a port that had just been free, start again: %w", err)
	}
	return err
}
