package controlplane

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/version"
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

// expectVersion returns an error unless the API server reports this version, or any if it is "".
func expectVersion(ctx context.Context, kubeconfig, want string) error {
	if want == "" {
		return nil
	}
	client, err := adminClient(kubeconfig)
	if err != nil {
		return err
	}
	body, err := client.RESTClient().Get().AbsPath("/version").DoRaw(ctx)
	if err != nil {
		return fmt.Errorf("asking the API server for its version: %w", err)
	}
	var got version.Info
	if err := json.Unmarshal(body, &got); err != nil {
		return fmt.Errorf("reading the version of the API server: %w", err)
	}
	if got.GitVersion != want {
		return fmt.Errorf("the API server reports version %s, want %s", got.GitVersion, want)
	}
	return nil
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
