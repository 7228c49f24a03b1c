package runner

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/metallb"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/objects"
)

// refuseSpeakers makes MetalLB's namespace enforce a level that its speakers do not meet, and deletes them.
func (d *done) refuseSpeakers(ctx context.Context) error {
	d.later(func(ctx context.Context) error {
		if err := d.enforce(ctx, "privileged"); err != nil {
			return err
		}
		// Kubernetes' controller waits longer and longer after each refusal. A change makes it look at once.
		speaker := &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Namespace: metallb.Namespace, Name: metallb.Speaker}}
		patch := fmt.Appendf(nil, `{"metadata":{"annotations":{"e2e/allowed":%q}}}`, time.Now())
		if err := d.object.client().Patch(ctx, speaker, client.RawPatch(types.MergePatchType, patch)); err != nil {
			return fmt.Errorf("changing MetalLB's speaker: %w", err)
		}
		return objects.AwaitDaemonSet(ctx, d.object.client(), metallb.Namespace, metallb.Speaker)
	})
	if err := d.enforce(ctx, "baseline"); err != nil {
		return err
	}
	speakers := &appsv1.DaemonSet{}
	if err := d.object.client().Get(ctx, client.ObjectKey{Namespace: metallb.Namespace, Name: metallb.Speaker}, speakers); err != nil {
		return fmt.Errorf("reading MetalLB's speaker: %w", err)
	}
	err := d.object.client().DeleteAllOf(ctx, &corev1.Pod{}, client.InNamespace(metallb.Namespace), client.MatchingLabels(speakers.Spec.Selector.MatchLabels))
	if err != nil {
		return fmt.Errorf("deleting MetalLB's speakers: %w", err)
	}
	return nil
}

// enforce sets the level of Pod Security of MetalLB's namespace.
func (d *done) enforce(ctx context.Context, level string) error {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: metallb.Namespace}}
	patch := fmt.Appendf(nil, `{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":%q}}}`, level)
	if err := d.object.client().Patch(ctx, namespace, client.RawPatch(types.MergePatchType, patch)); err != nil {
		return fmt.Errorf("setting the level of namespace %s: %w", metallb.Namespace, err)
	}
	return nil
}
