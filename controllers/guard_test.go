package controllers_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/controllers/engine/registry"
)

// guardRefusal is nil where config/guard refused, and not RBAC.
func guardRefusal(err error) error {
	switch {
	case err == nil:
		return errors.New("it is allowed")
	case !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "ValidatingAdmissionPolicy 'edge-ingress-guard-"):
		return fmt.Errorf("want it refused by config/guard, got: %w", err)
	}
	return nil
}

// guardProbes are objects that the operator has the right to create, and never creates.
func guardProbes() []client.Object {
	return []client.Object{
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "kube-guarded"}},
		&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "guarded", Namespace: metav1.NamespaceDefault}},
		&networkingv1.IngressClass{ObjectMeta: metav1.ObjectMeta{Name: "guarded"}, Spec: networkingv1.IngressClassSpec{Controller: "example.com/other"}},
		hostileDaemonSet(metav1.NamespaceDefault),
		clusterBinding("guarded", registry.All()[0].Roles().Cluster, []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: "thief"}}),
	}
}

// hostileDaemonSet takes over every node.
func hostileDaemonSet(namespace string) *appsv1.DaemonSet {
	labels, privileged := map[string]string{"app": "thief"}, true
	d := &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "thief"}}
	d.Spec.Selector, d.Spec.Template.Labels = &metav1.LabelSelector{MatchLabels: labels}, labels
	d.Spec.Template.Spec = corev1.PodSpec{
		ServiceAccountName: "clusterrole-aggregation-controller",
		Volumes:            []corev1.Volume{{Name: "node", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/"}}}},
		Containers: []corev1.Container{{Name: "thief", Image: "example.com/thief", SecurityContext: &corev1.SecurityContext{Privileged: &privileged},
			VolumeMounts: []corev1.VolumeMount{{Name: "node", MountPath: "/node"}}}},
	}
	return d
}

// TestAStolenTokenIsNotWorthTheCluster uses the operator's token and its rights as they ship. The tests of config/guard
// try much more.
func TestAStolenTokenIsNotWorthTheCluster(t *testing.T) {
	t.Parallel()
	s := newStory(t, "stolen")
	s.addNodes("a")
	s.createReady()
	thief := client.NewDryRunClient(newClient(t, accountConfig(t)))
	merge := func(object client.Object, patch string) func(context.Context) error {
		return func(ctx context.Context) error {
			return thief.Patch(ctx, object, client.RawPatch(types.MergePatchType, []byte(patch)))
		}
	}
	toItself := clusterBinding("thief", registry.All()[0].Roles().Cluster, []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: operatorAccount, Namespace: operatorNamespace}})
	node := func() client.Object { return &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: applicationNode}} }
	for name, attempt := range map[string]func(context.Context) error{
		"a privileged DaemonSet in kube-system":      func(ctx context.Context) error { return thief.Create(ctx, hostileDaemonSet(metav1.NamespaceSystem)) },
		"the controller's role for itself":           func(ctx context.Context) error { return thief.Create(ctx, toItself) },
		"a taint that evicts every pod":              merge(node(), `{"spec":{"taints":[{"key":"example.com/gone","effect":"NoExecute"}]}}`),
		"a label that moves applications":            merge(node(), `{"metadata":{"labels":{"topology.kubernetes.io/zone":"elsewhere"}}}`),
		"another program in a controller that runs":  merge(named(s, &appsv1.DaemonSet{}), `{"spec":{"template":{"spec":{"containers":[{"name":"controller","image":"example.com/thief"}]}}}}`),
		"another program by the controller's config": merge(named(s, &corev1.ConfigMap{}), `{"data":{"main-snippet":"load_module /tmp/thief.so;"}}`),
	} {
		if err := guardRefusal(attempt(t.Context())); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
