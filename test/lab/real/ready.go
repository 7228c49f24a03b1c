package real

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
)

var errNotReady = errors.New("the node does not report that it is ready")

// AwaitReady returns nil when the Node object reports ready, or an error when the node or the
// context has ended. A report of an earlier start does not count.
func (n *Node) AwaitReady(ctx context.Context, client corev1client.NodeInterface) error {
	const interval = 100 * time.Millisecond
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		err := n.ready(ctx, client)
		if err == nil {
			return nil
		}
		if !n.init.Alive() {
			return fmt.Errorf("waiting for node %s: it has ended", n.name)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for node %s: %w (last answer: %w)", n.name, context.Cause(ctx), err)
		case <-ticker.C:
		}
	}
}

func (n *Node) ready(ctx context.Context, client corev1client.NodeInterface) error {
	object, err := client.Get(ctx, n.name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	isReady := func(c corev1.NodeCondition) bool {
		return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
	}
	if object.Status.NodeInfo.BootID != n.bootID || !slices.ContainsFunc(object.Status.Conditions, isReady) {
		return errNotReady
	}
	return nil
}
