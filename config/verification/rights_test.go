package verification_test

import (
	"context"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/test/configfiles"
)

func TestWhatTheProberHasToDo(t *testing.T) {
	prober := asAccount(t, proberNamespace, proberName)
	for _, list := range []client.ObjectList{
		&v1alpha1.EdgeIngressList{}, &corev1.NodeList{}, &corev1.ServiceList{}, &corev1.PodList{}, &discoveryv1.EndpointSliceList{},
	} {
		if err := prober.List(t.Context(), list); err != nil {
			t.Errorf("reading: %v", err)
		}
	}
	if err := prober.List(t.Context(), &networkingv1.IngressList{}, client.InNamespace(operatorNamespace)); err != nil {
		t.Errorf("reading which EdgeIngress objects are measured: %v", err)
	}
	edge := &v1alpha1.EdgeIngress{}
	if err := root.Get(t.Context(), client.ObjectKey{Name: "web"}, edge); err != nil {
		t.Fatal(err)
	}
	r := report("owned", v1alpha1.VantageInside)
	r.OwnerReferences = []metav1.OwnerReference{{APIVersion: v1alpha1.GroupVersion.String(), Kind: "EdgeIngress", Name: edge.Name, UID: edge.UID}}
	if err := prober.Create(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if err := prober.Get(t.Context(), client.ObjectKeyFromObject(r), r); err != nil {
		t.Errorf("reading its report: %v", err)
	}
	r.Status.Detail = "updated"
	if err := prober.Status().Update(t.Context(), r); err != nil {
		t.Errorf("updating its report: %v", err)
	}
	if err := root.Delete(t.Context(), r); err != nil {
		t.Error(err)
	}
}

// attempts are the actions that the prober must not be able to do, each with a call that succeeds where the right
// exists.
func attempts(c client.Client, own *v1alpha1.SourceIPReport) map[string]func(context.Context) error {
	merge := func(patch string) client.Patch { return client.RawPatch(types.MergePatchType, []byte(patch)) }
	labels := merge(`{"metadata":{"labels":{"a":"b"}}}`)
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "edge-1"}}
	edge := &v1alpha1.EdgeIngress{ObjectMeta: metav1.ObjectMeta{Name: "web"}}
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "attempt", Namespace: proberNamespace}}
	pod.Spec.Containers = []corev1.Container{{Name: "attempt", Image: "example.com/attempt:1"}}
	pod.Spec.ServiceAccountName = proberName
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "attempt", Namespace: proberNamespace}}
	return map[string]func(context.Context) error{
		"list Secrets": func(ctx context.Context) error { return c.List(ctx, &corev1.SecretList{}) },
		"read a Secret of its own": func(ctx context.Context) error {
			return c.Get(ctx, client.ObjectKeyFromObject(secret), secret.DeepCopy())
		},
		"create a Secret": func(ctx context.Context) error { return c.Create(ctx, secret.DeepCopy()) },
		"list ConfigMaps": func(ctx context.Context) error { return c.List(ctx, &corev1.ConfigMapList{}) },
		"create a pod":    func(ctx context.Context) error { return c.Create(ctx, pod.DeepCopy()) },
		"delete a pod":    func(ctx context.Context) error { return c.Delete(ctx, pod.DeepCopy()) },
		"change a node":   func(ctx context.Context) error { return c.Patch(ctx, node.DeepCopy(), labels) },
		"change a node's status": func(ctx context.Context) error {
			return c.Status().Patch(ctx, node.DeepCopy(), merge(`{"status":{"phase":"Running"}}`))
		},
		"create a Service": func(ctx context.Context) error {
			return c.Create(ctx, &corev1.Service{ObjectMeta: secret.ObjectMeta, Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}}})
		},
		"create an EndpointSlice": func(ctx context.Context) error {
			return c.Create(ctx, &discoveryv1.EndpointSlice{ObjectMeta: secret.ObjectMeta, AddressType: discoveryv1.AddressTypeIPv4})
		},
		"create an EdgeIngress": func(ctx context.Context) error {
			other := &v1alpha1.EdgeIngress{ObjectMeta: metav1.ObjectMeta{Name: "attempt"}, Spec: v1alpha1.EdgeIngressSpec{Nodes: v1alpha1.NodesSpec{Names: []string{"edge-1"}}}}
			return c.Create(ctx, other)
		},
		"change an EdgeIngress": func(ctx context.Context) error { return c.Patch(ctx, edge.DeepCopy(), labels) },
		"write an EdgeIngress status": func(ctx context.Context) error {
			return c.Status().Patch(ctx, edge.DeepCopy(), merge(`{"status":{"observedGeneration":7}}`))
		},
		"delete an EdgeIngress": func(ctx context.Context) error { return c.Delete(ctx, edge.DeepCopy()) },
		"list reports":          func(ctx context.Context) error { return c.List(ctx, &v1alpha1.SourceIPReportList{}) },
		"replace its report":    func(ctx context.Context) error { return c.Update(ctx, own.DeepCopy()) },
		"list all Ingresses":    func(ctx context.Context) error { return c.List(ctx, &networkingv1.IngressList{}) },
		"create an Ingress": func(ctx context.Context) error {
			made := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Name: "attempt", Namespace: operatorNamespace}}
			made.Spec.DefaultBackend = &networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: witnessName, Port: networkingv1.ServiceBackendPort{Number: 80}}}
			return c.Create(ctx, made)
		},
		"read an EdgeIngress": func(ctx context.Context) error { return c.Get(ctx, client.ObjectKeyFromObject(edge), edge.DeepCopy()) },
		"read a node":         func(ctx context.Context) error { return c.Get(ctx, client.ObjectKeyFromObject(node), node.DeepCopy()) },
		"change its report":   func(ctx context.Context) error { return c.Patch(ctx, own.DeepCopy(), labels) },
		"delete its report":   func(ctx context.Context) error { return c.Delete(ctx, own.DeepCopy()) },
		"delete all reports":  func(ctx context.Context) error { return c.DeleteAllOf(ctx, &v1alpha1.SourceIPReport{}) },
		"list Deployments":    func(ctx context.Context) error { return c.List(ctx, &appsv1.DeploymentList{}) },
		"list namespaces":     func(ctx context.Context) error { return c.List(ctx, &corev1.NamespaceList{}) },
		"make itself an admin": func(ctx context.Context) error {
			return c.Create(ctx, clusterBinding("attempt", "cluster-admin", rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: proberNamespace, Name: proberName}))
		},
		"make a token of the operator": func(ctx context.Context) error {
			account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: operatorNamespace, Name: witnessName}}
			return c.SubResource("token").Create(ctx, account, &authenticationv1.TokenRequest{})
		},
	}
}

func TestWhatTheProberMustNotBeAbleToDo(t *testing.T) {
	own := written(t, "of-the-prober", v1alpha1.VantageInside)
	for name, attempt := range attempts(asAccount(t, proberNamespace, proberName), own) {
		if err := attempt(t.Context()); !apierrors.IsForbidden(err) {
			t.Errorf("%s: want it forbidden, got %v", name, err)
		}
	}
	// What is forbidden to everybody would show nothing.
	for name, attempt := range attempts(client.NewDryRunClient(root), own) {
		if err := attempt(t.Context()); apierrors.IsForbidden(err) {
			t.Errorf("%s is forbidden to an administrator, too: %v", name, err)
		}
	}
}

// TestRightsThatMustNotBeGranted asks the API server about rights that cannot be tried without a kubelet.
func TestRightsThatMustNotBeGranted(t *testing.T) {
	prober := asAccount(t, proberNamespace, proberName)
	allowed := func(attributes authorizationv1.ResourceAttributes) bool {
		review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &attributes}}
		if err := prober.Create(t.Context(), review); err != nil {
			t.Fatal(err)
		}
		return review.Status.Allowed
	}
	for name, attributes := range map[string]authorizationv1.ResourceAttributes{
		"run commands in pods":  {Verb: "create", Resource: "pods", Subresource: "exec"},
		"read logs":             {Verb: "get", Resource: "pods", Subresource: "log"},
		"patch reports' status": {Verb: "patch", Group: v1alpha1.GroupVersion.Group, Resource: "sourceipreports", Subresource: "status"},
		"watch reports":         {Verb: "watch", Group: v1alpha1.GroupVersion.Group, Resource: "sourceipreports"},
		"reach kubelets":        {Verb: "get", Resource: "nodes", Subresource: "proxy"},
		"impersonate users":     {Verb: "impersonate", Resource: "users"},
		"change the policy":     {Verb: "patch", Group: "admissionregistration.k8s.io", Resource: "validatingadmissionpolicies"},
		"do anything":           {Verb: "*", Group: "*", Resource: "*"},
	} {
		if allowed(attributes) {
			t.Errorf("the prober may %s", name)
		}
	}
	if !allowed(authorizationv1.ResourceAttributes{Verb: "watch", Resource: "nodes"}) {
		t.Error("the prober may not watch nodes: the question is asked wrongly, or a right is missing")
	}
}

// podOf creates a pod of a Deployment of this directory in a namespace, as its controller does, with an account that
// exists there.
func podOf(t *testing.T, file, namespace, account string) (*corev1.Pod, error) {
	t.Helper()
	deployment := &appsv1.Deployment{}
	if err := configfiles.Read(file, deployment); err != nil {
		t.Fatal(err)
	}
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: deployment.Name, Namespace: namespace, Labels: deployment.Spec.Template.Labels}, Spec: deployment.Spec.Template.Spec}
	pod.Spec.ServiceAccountName = account
	return pod, client.NewDryRunClient(root).Create(t.Context(), pod)
}

func TestTheWitnessHasNoToken(t *testing.T) {
	pod, err := podOf(t, "witness_deployment.yaml", operatorNamespace, witnessName)
	if err != nil {
		t.Fatal(err)
	}
	for _, volume := range pod.Spec.Volumes {
		t.Errorf("the witness's pod gets the volume %s", volume.Name)
	}
	// The same question finds the prober's.
	other, err := podOf(t, "prober_deployment.yaml", proberNamespace, proberName)
	if err != nil {
		t.Fatal(err)
	}
	if len(other.Spec.Volumes) == 0 {
		t.Error("the prober's pod gets no token either: the API server of this test gives none to anybody")
	}
}

func TestEachDeploymentNamesItsAccount(t *testing.T) {
	for file, want := range map[string][2]string{
		"witness_deployment.yaml": {operatorNamespace, witnessName}, "prober_deployment.yaml": {proberNamespace, proberName},
	} {
		deployment := &appsv1.Deployment{}
		if err := configfiles.Read(file, deployment); err != nil {
			t.Fatal(err)
		}
		if got := [2]string{deployment.Namespace, deployment.Spec.Template.Spec.ServiceAccountName}; got != want {
			t.Errorf("%s names the account %s, want %s", file, got, want)
		}
	}
}

func TestTheWitnessMayDoNothing(t *testing.T) {
	witness := asAccount(t, operatorNamespace, witnessName)
	for _, list := range []client.ObjectList{
		&v1alpha1.EdgeIngressList{}, &v1alpha1.SourceIPReportList{}, &corev1.NodeList{}, &corev1.ServiceList{}, &corev1.PodList{}, &corev1.SecretList{}, &corev1.ConfigMapList{},
	} {
		if err := witness.List(t.Context(), list); !apierrors.IsForbidden(err) {
			t.Errorf("listing %T: want it forbidden, got %v", list, err)
		}
	}
}

func TestThePodsFitTheirNamespaces(t *testing.T) {
	if _, err := podOf(t, "prober_deployment.yaml", operatorNamespace, witnessName); !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "PodSecurity") {
		t.Errorf("a pod on the host network in the operator's namespace, which is restricted: want it forbidden by Pod Security, got %v", err)
	}
	if _, err := podOf(t, "witness_deployment.yaml", operatorNamespace, witnessName); err != nil {
		t.Error(err)
	}
	if _, err := podOf(t, "prober_deployment.yaml", proberNamespace, proberName); err != nil {
		t.Error(err)
	}
}
