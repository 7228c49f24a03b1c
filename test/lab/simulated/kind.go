package simulated

import (
	"context"
	"errors"
	"fmt"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/filelock"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/nodes"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/clientcmd"
)

// Kind adds and removes simulated nodes. The simulator must be running in the
// cluster for them to become Ready.
type Kind struct {
	kubeconfig string
	client     corev1client.NodeInterface
	discovery  discovery.ServerVersionInterface
}

var _ nodes.Kind = (*Kind)(nil)

// NewKind returns the kind for the cluster of a kubeconfig file.
func NewKind(kubeconfig string) (*Kind, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	config.QPS = -1
	client, err := corev1client.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making a client: %w", err)
	}
	return &Kind{kubeconfig: kubeconfig, client: client.Nodes(), discovery: discovery.NewDiscoveryClient(client.RESTClient())}, nil
}

// Add creates Node objects with addresses that no other node of the cluster has.
func (k *Kind) Add(ctx context.Context, wanted ...nodes.Node) (err error) {
	// Two processes must not give the same number to two nodes. The kubeconfig file
	// serves as the lock: everybody who adds nodes has it.
	release, err := filelock.Acquire(ctx, k.kubeconfig, filelock.Quietly)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	existing, err := k.client.List(ctx, metav1.ListOptions{})
	if err != nil {
		return fmt.Errorf("listing nodes: %w", err)
	}
	numbers, err := freeNumbers(existing.Items, len(wanted))
	if err != nil {
		return err
	}
	version, err := k.discovery.ServerVersion()
	if err != nil {
		return fmt.Errorf("asking the API server for its version: %w", err)
	}
	for i, node := range wanted {
		if _, err := k.client.Create(ctx, object(node, numbers[i], version.GitVersion), metav1.CreateOptions{}); err != nil {
			return fmt.Errorf("creating simulated node %q: %w", node.Name, err)
		}
	}
	return nil
}

// Remove deletes Node objects, as an administrator does with a machine that is gone.
func (k *Kind) Remove(ctx context.Context, names ...string) error {
	for _, name := range names {
		if err := k.client.Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
			return fmt.Errorf("deleting simulated node %q: %w", name, err)
		}
	}
	return nil
}
