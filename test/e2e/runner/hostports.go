package runner

import (
	"context"
	"encoding/json"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// forbidHostPorts makes the namespace refuse pods with ports of the node, and asks for such pods.
func (d *done) forbidHostPorts(ctx context.Context) error {
	before := &corev1.Namespace{}
	if err := d.object.client().Get(ctx, client.ObjectKey{Name: d.object.namespace()}, before); err != nil {
		return err
	}
	const label = "pod-security.kubernetes.io/enforce"
	level := func(ctx context.Context, level any) error {
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: before.Name}}
		patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"labels": map[string]any{label: level}}})
		if err != nil {
			return err
		}
		return d.object.client().Patch(ctx, namespace, client.RawPatch(types.MergePatchType, patch))
	}
	d.later(func(ctx context.Context) error {
		if known, there := before.Labels[label]; there {
			return level(ctx, known)
		}
		return level(ctx, nil)
	})
	if err := level(ctx, "baseline"); err != nil {
		return err
	}
	edge := &v1alpha1.EdgeIngress{ObjectMeta: metav1.ObjectMeta{Name: d.object.name}}
	return d.object.client().Patch(ctx, edge, client.RawPatch(types.MergePatchType, []byte(`{"spec":{"exposure":{"type":"HostNetwork","nodePorts":null}}}`)))
}
