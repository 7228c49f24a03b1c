package lab

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/metallb"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/objects"
)

// Apply applies objects in their order. Kinds that the API server does not serve yet are waited for.
func (l *Lab) Apply(ctx context.Context, all ...*unstructured.Unstructured) error {
	return objects.Apply(ctx, l.Client, all...)
}

// AwaitDaemonSet returns when all pods of a DaemonSet are of its current template and ready.
func (l *Lab) AwaitDaemonSet(ctx context.Context, namespace, name string) error {
	return objects.AwaitDaemonSet(ctx, l.Client, namespace, name)
}

// AwaitDeployment returns when all pods of a Deployment are of its current template and ready.
func (l *Lab) AwaitDeployment(ctx context.Context, namespace, name string) error {
	return objects.AwaitDeployment(ctx, l.Client, namespace, name)
}

// Announcer is the node that announces a Service's address, as MetalLB's speakers report it.
func (l *Lab) Announcer(ctx context.Context, namespace, service string) (node string, err error) {
	return metallb.Announcer(ctx, l.Client, namespace, service)
}

// EdgeToleration lets a pod run on edge nodes.
var EdgeToleration = corev1.Toleration{Key: v1alpha1.DefaultRoleLabel, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule}

// TolerateEdgeTaint gives MetalLB's speaker the toleration for edge nodes and returns when all
// speakers have it.
func (l *Lab) TolerateEdgeTaint(ctx context.Context) error {
	return metallb.SetSpeakerTolerations(ctx, l.Client, EdgeToleration)
}

// ignoreEdgeTaint makes the speaker as it was installed: without a toleration for edge nodes.
func (l *Lab) ignoreEdgeTaint(ctx context.Context) error {
	return metallb.SetSpeakerTolerations(ctx, l.Client)
}
