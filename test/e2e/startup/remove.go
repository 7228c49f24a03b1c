package startup

import (
	"context"
	"errors"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/test/e2e/lab"
	"github.com/edge-ingress/edge-ingress-operator/test/e2e/peer"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/objects"
)

func ingressObject() *networkingv1.Ingress {
	return &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: lab.ApplicationNamespace, Name: edgeIngress}}
}

func (b *bench) writeIngress(ctx context.Context) error {
	class, prefix, ingress := edgeIngress, networkingv1.PathTypePrefix, ingressObject()
	_, err := controllerutil.CreateOrUpdate(ctx, b.lab.Client, ingress, func() error {
		backend := networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: "echo", Port: networkingv1.ServiceBackendPort{Number: 80}}}
		rule := networkingv1.IngressRule{Host: host}
		rule.HTTP = &networkingv1.HTTPIngressRuleValue{Paths: []networkingv1.HTTPIngressPath{{Path: "/", PathType: &prefix, Backend: backend}}}
		ingress.Spec = networkingv1.IngressSpec{IngressClassName: &class, Rules: []networkingv1.IngressRule{rule}}
		return nil
	})
	if err != nil {
		return fmt.Errorf("writing the Ingress: %w", err)
	}
	return nil
}

// makeRoom deletes every EdgeIngress, and returns when none and no controller pod is left.
func (b *bench) makeRoom(ctx context.Context) error {
	all, pods := &v1alpha1.EdgeIngressList{}, &corev1.PodList{}
	if err := b.lab.Client.List(ctx, all); err != nil {
		return fmt.Errorf("listing EdgeIngresses: %w", err)
	}
	for i := range all.Items {
		if err := client.IgnoreNotFound(b.lab.Client.Delete(ctx, &all.Items[i])); err != nil {
			return fmt.Errorf("deleting EdgeIngress %s: %w", all.Items[i].Name, err)
		}
	}
	return objects.Await(ctx, "EdgeIngresses and their pods to be gone", limit, func(ctx context.Context) (bool, string, error) {
		err := errors.Join(b.lab.Client.List(ctx, all), b.lab.Client.List(ctx, pods, client.InNamespace(b.namespace())))
		return len(all.Items)+len(pods.Items) == 0, fmt.Sprintf("%d and %d are left", len(all.Items), len(pods.Items)), err
	})
}

// removePlain removes the peer, and returns when its pods are gone.
func (b *bench) removePlain(ctx context.Context) error {
	var errs []error
	for _, object := range []client.Object{&corev1.Service{}, &appsv1.DaemonSet{}} {
		object.SetNamespace(b.namespace())
		object.SetName(peer.Name)
		errs = append(errs, client.IgnoreNotFound(b.lab.Client.Delete(ctx, object)))
	}
	arguments := append(append([]string{"label", "nodes"}, b.nodes...), peer.NodeLabel+"-")
	if output, err := b.lab.Kubectl(ctx, arguments...).CombinedOutput(); err != nil {
		errs = append(errs, fmt.Errorf("removing the label: %w: %s", err, output))
	}
	pods := &corev1.PodList{}
	return errors.Join(append(errs, objects.Await(ctx, "the peer's pods to be gone", limit, func(ctx context.Context) (bool, string, error) {
		err := b.lab.Client.List(ctx, pods, client.InNamespace(b.namespace()), client.MatchingLabels(peer.Labels()))
		return len(pods.Items) == 0, fmt.Sprintf("%d are left", len(pods.Items)), err
	}))...)
}

// remove deletes what was measured. The cluster may still be working on it.
func (b *bench) remove(ctx context.Context) error {
	ours := &v1alpha1.EdgeIngress{ObjectMeta: metav1.ObjectMeta{Name: edgeIngress}}
	err := errors.Join(client.IgnoreNotFound(b.lab.Client.Delete(ctx, ingressObject())), client.IgnoreNotFound(b.lab.Client.Delete(ctx, ours)))
	if err != nil {
		return fmt.Errorf("removing what starts were measured on: %w", err)
	}
	return nil
}
