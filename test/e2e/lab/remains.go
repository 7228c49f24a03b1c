package lab

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/objects"
)

// removalLimit is how long the removal of an EdgeIngress may take: its pods drain, and its nodes
// are released.
const removalLimit = 2 * time.Minute

// RemoveEdgeIngresses deletes every EdgeIngress except those named, and returns when they are gone.
func (l *Lab) RemoveEdgeIngresses(ctx context.Context, stay []string) error {
	return objects.Await(ctx, "other EdgeIngresses to be gone", removalLimit, func(ctx context.Context) (bool, string, error) {
		all := &v1alpha1.EdgeIngressList{}
		if err := l.Client.List(ctx, all); err != nil {
			return false, "", err
		}
		var left []string
		for i := range all.Items {
			one := &all.Items[i]
			if slices.Contains(stay, one.Name) {
				continue
			}
			left = append(left, one.Name)
			if one.DeletionTimestamp != nil {
				continue
			}
			if err := client.IgnoreNotFound(l.Client.Delete(ctx, one)); err != nil {
				return false, "", fmt.Errorf("deleting EdgeIngress %s: %w", one.Name, err)
			}
		}
		return len(left) == 0, strings.Join(left, ", "), nil
	})
}
