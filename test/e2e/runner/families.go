package runner

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// requireDualStack asks for both IP families. The cluster of the test has IPv4 only, so Kubernetes refuses
// the Service.
func (d *done) requireDualStack(ctx context.Context) error {
	set := func(ctx context.Context, policy string) error {
		edge := &v1alpha1.EdgeIngress{ObjectMeta: metav1.ObjectMeta{Name: d.object.name}}
		patch := fmt.Appendf(nil, `{"spec":{"exposure":{"ipFamilyPolicy":%s}}}`, policy)
		if err := d.object.client().Patch(ctx, edge, client.RawPatch(types.MergePatchType, patch)); err != nil {
			return fmt.Errorf("setting the IP families of EdgeIngress %s: %w", d.object.name, err)
		}
		return nil
	}
	d.later(func(ctx context.Context) error { return set(ctx, "null") })
	return set(ctx, `"RequireDualStack"`)
}
