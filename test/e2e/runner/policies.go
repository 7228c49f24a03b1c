package runner

import (
	"context"
	"fmt"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// denyClients adds a NetworkPolicy that selects all pods of the controller's namespace and allows nothing.
func (d *done) denyClients(ctx context.Context) error {
	policy := &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: d.object.namespace(), Name: "default-deny"}}
	policy.Spec.PolicyTypes = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}
	if err := d.object.client().Create(ctx, policy); err != nil {
		return fmt.Errorf("creating a NetworkPolicy: %w", err)
	}
	d.later(func(ctx context.Context) error { return d.object.client().Delete(ctx, policy) })
	return nil
}
