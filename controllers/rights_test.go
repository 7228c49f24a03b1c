package controllers_test

import (
	"context"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/engine/registry"
	"github.com/edge-ingress/edge-ingress-operator/controllers/guardrails"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
	"github.com/edge-ingress/edge-ingress-operator/test/configfiles"
)

// attempts are the actions that the operator must not be able to do, each with a call that succeeds
// where the right exists.
func attempts(s *story, c client.Client) map[string]func(context.Context) error {
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: s.node("a")}}
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "attempt", Namespace: s.namespace()}}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.namespace()}}
	edge := &v1alpha1.EdgeIngress{ObjectMeta: metav1.ObjectMeta{Name: s.name}}
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "attempt", Namespace: s.namespace()}}
	pod.Spec.ServiceAccountName = named(s, &corev1.ServiceAccount{}).Name
	pod.Spec.Containers = []corev1.Container{{Name: "attempt", Image: "example.com/attempt:1"}}
	clusterRole := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: registry.All()[0].Roles().Cluster}}
	subject := []rbacv1.Subject{{Kind: "ServiceAccount", Name: operatorAccount, Namespace: operatorNamespace}}
	whole := s.edge()
	merge := func(patch string) client.Patch { return client.RawPatch(types.MergePatchType, []byte(patch)) }
	return map[string]func(context.Context) error{
		"create a node": func(ctx context.Context) error {
			return c.Create(ctx, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "attempt"}})
		},
		"bring back a node that is gone": func(ctx context.Context) error {
			gone := &unstructured.Unstructured{}
			gone.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Node"))
			gone.SetName("attempt")
			return c.Apply(ctx, client.ApplyConfigurationFromUnstructured(gone), client.FieldOwner(v1alpha1.NodeFieldManager(s.name)))
		},
		"delete a node": func(ctx context.Context) error { return c.Delete(ctx, node) },
		"report a node as something": func(ctx context.Context) error {
			return c.Status().Patch(ctx, node, merge(`{"status":{"phase":"Running"}}`))
		},
		"replace a node": func(ctx context.Context) error { return c.Update(ctx, node.DeepCopy()) },
		"read a Secret": func(ctx context.Context) error {
			return c.Get(ctx, client.ObjectKeyFromObject(secret), secret.DeepCopy())
		},
		"list Secrets": func(ctx context.Context) error { return c.List(ctx, &corev1.SecretList{}) },
		"list Secrets of one namespace": func(ctx context.Context) error {
			return c.List(ctx, &corev1.SecretList{}, client.InNamespace(s.namespace()))
		},
		"create a Secret": func(ctx context.Context) error { return c.Create(ctx, secret.DeepCopy()) },
		"change a Secret": func(ctx context.Context) error { return c.Patch(ctx, secret.DeepCopy(), merge(`{"data":null}`)) },
		"delete a Secret": func(ctx context.Context) error { return c.Delete(ctx, secret) },
		"create a ClusterRole": func(ctx context.Context) error {
			return c.Create(ctx, &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "attempt"}})
		},
		"change the controller's ClusterRole": func(ctx context.Context) error {
			return c.Patch(ctx, clusterRole.DeepCopy(), merge(`{"rules":[{"apiGroups":["*"],"resources":["*"],"verbs":["*"]}]}`))
		},
		"change its own ClusterRole": func(ctx context.Context) error {
			own := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: operatorAccount}}
			return c.Patch(ctx, own, merge(`{"rules":[{"apiGroups":["*"],"resources":["*"],"verbs":["*"]}]}`))
		},
		"delete a ClusterRole": func(ctx context.Context) error { return c.Delete(ctx, clusterRole) },
		"create a Role": func(ctx context.Context) error {
			return c.Create(ctx, &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: "attempt", Namespace: s.namespace()}})
		},
		"bind cluster-admin": func(ctx context.Context) error {
			return c.Create(ctx, clusterBinding("attempt", "cluster-admin", subject))
		},
		"bind edit in a namespace": func(ctx context.Context) error {
			return c.Create(ctx, &rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "attempt", Namespace: s.namespace()},
				RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "edit"}, Subjects: subject})
		},
		"join those who are cluster-admin": func(ctx context.Context) error {
			return c.Patch(ctx, &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "cluster-admin"}},
				merge(`{"subjects":[{"kind":"ServiceAccount","name":"edge-ingress-operator","namespace":"edge-ingress-operator-system"}]}`))
		},
		"create a NetworkPolicy": func(ctx context.Context) error {
			return c.Create(ctx, &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Name: "attempt", Namespace: s.namespace()}})
		},
		"delete all NetworkPolicies of a namespace": func(ctx context.Context) error {
			return c.DeleteAllOf(ctx, &networkingv1.NetworkPolicy{}, client.InNamespace(s.namespace()))
		},
		"delete a namespace": func(ctx context.Context) error { return c.Delete(ctx, namespace) },
		"change a namespace": func(ctx context.Context) error {
			return c.Patch(ctx, namespace.DeepCopy(), merge(`{"metadata":{"labels":{"a":"b"}}}`))
		},
		"create an EdgeIngress": func(ctx context.Context) error {
			other := edge.DeepCopy()
			other.Name = "attempt"
			return c.Create(ctx, other)
		},
		"delete an EdgeIngress":  func(ctx context.Context) error { return c.Delete(ctx, edge) },
		"delete all EdgeIngress": func(ctx context.Context) error { return c.DeleteAllOf(ctx, &v1alpha1.EdgeIngress{}) },
		"replace an EdgeIngress": func(ctx context.Context) error { return c.Update(ctx, whole.DeepCopy()) },
		"create a pod":           func(ctx context.Context) error { return c.Create(ctx, pod) },
		"delete a pod":           func(ctx context.Context) error { return c.Delete(ctx, pod) },
		"change a pod": func(ctx context.Context) error {
			return c.Patch(ctx, pod.DeepCopy(), merge(`{"metadata":{"labels":{"a":"b"}}}`))
		},
		"evict a pod": func(ctx context.Context) error {
			return c.SubResource("eviction").Create(ctx, pod, &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Name: pod.Name, Namespace: pod.Namespace}})
		},
		"hand out tokens of others": func(ctx context.Context) error {
			return c.SubResource("token").Create(ctx, named(s, &corev1.ServiceAccount{}), &authenticationv1.TokenRequest{})
		},
		"delete events": func(ctx context.Context) error {
			return c.DeleteAllOf(ctx, &corev1.Event{}, client.InNamespace(s.namespace()))
		},
		"delete all DaemonSets of a namespace": func(ctx context.Context) error {
			return c.DeleteAllOf(ctx, &appsv1.DaemonSet{}, client.InNamespace(s.namespace()))
		},
	}
}

func clusterBinding(name, role string, subjects []rbacv1.Subject) *rbacv1.ClusterRoleBinding {
	return &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name}, Subjects: subjects,
		RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
	}
}

// accountConfig is that of the operator's pod.
func accountConfig(t *testing.T) *rest.Config {
	t.Helper()
	connection, err := configfiles.ConnectionOfPod(t.Context(), admin, cluster.Config, operatorNamespace, operatorAccount)
	if err != nil {
		t.Fatal(err)
	}
	return connection
}

func newClient(t *testing.T, connection *rest.Config) client.Client {
	t.Helper()
	c, err := configfiles.Client(connection)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestWhatTheOperatorMustNotBeAbleToDo(t *testing.T) {
	t.Parallel()
	s := newStory(t, "rights")
	s.addNodes("a")
	s.createReady()
	for name, attempt := range attempts(s, newClient(t, accountConfig(t))) {
		if err := attempt(t.Context()); !apierrors.IsForbidden(err) {
			t.Errorf("%s: want it forbidden, got %v", name, err)
		}
	}
	// What is forbidden to everybody would show nothing.
	for name, attempt := range attempts(s, client.NewDryRunClient(admin)) {
		if err := attempt(t.Context()); apierrors.IsForbidden(err) {
			t.Errorf("%s is forbidden to an administrator, too: %v", name, err)
		}
	}
}

func TestTheOperatorCannotBecomeSomebodyElse(t *testing.T) {
	t.Parallel()
	for name, as := range map[string]rest.ImpersonationConfig{
		"an administrator":       {UserName: "kubernetes-admin", Groups: []string{"system:masters"}},
		"another ServiceAccount": {UserName: "system:serviceaccount:kube-system:default"},
	} {
		connection := accountConfig(t)
		connection.Impersonate = as
		if err := newClient(t, connection).List(t.Context(), &corev1.NodeList{}); !apierrors.IsForbidden(err) {
			t.Errorf("%s: want it forbidden, got %v", name, err)
		}
	}
}

func TestTheStatusIsNoWayIntoTheSpec(t *testing.T) {
	t.Parallel()
	s := newStory(t, "backdoor")
	s.create()
	before := s.edge().Spec
	patch := client.RawPatch(types.MergePatchType, []byte(`{"spec":{"controller":{"kind":"Deployment"}}}`))
	if err := newClient(t, accountConfig(t)).Status().Patch(t.Context(), s.edge(), patch); err != nil {
		t.Fatal(err)
	}
	if after := s.edge().Spec; after.Controller.Kind != before.Controller.Kind {
		t.Errorf("a write to the status changed the spec to %+v", after.Controller)
	}
}

// TestRightsThatMustNotBeGranted asks the API server about rights that cannot be tried without a
// kubelet or an aggregated API.
func TestRightsThatMustNotBeGranted(t *testing.T) {
	t.Parallel()
	account := newClient(t, accountConfig(t))
	allowed := func(attributes authorizationv1.ResourceAttributes) bool {
		review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &attributes}}
		if err := account.Create(t.Context(), review); err != nil {
			t.Fatal(err)
		}
		return review.Status.Allowed
	}
	const rbacGroup = rbacv1.GroupName
	clusterRole := registry.All()[0].Roles().Cluster
	for name, attributes := range map[string]authorizationv1.ResourceAttributes{
		"run commands in pods":        {Verb: "create", Resource: "pods", Subresource: "exec"},
		"attach to pods":              {Verb: "create", Resource: "pods", Subresource: "attach"},
		"reach ports of pods":         {Verb: "create", Resource: "pods", Subresource: "portforward"},
		"read logs":                   {Verb: "get", Resource: "pods", Subresource: "log"},
		"reach kubelets":              {Verb: "get", Resource: "nodes", Subresource: "proxy"},
		"escalate":                    {Verb: "escalate", Group: rbacGroup, Resource: "clusterroles", Name: clusterRole},
		"bind cluster-admin":          {Verb: "bind", Group: rbacGroup, Resource: "clusterroles", Name: "cluster-admin"},
		"bind any ClusterRole":        {Verb: "bind", Group: rbacGroup, Resource: "clusterroles"},
		"bind Roles":                  {Verb: "bind", Group: rbacGroup, Resource: "roles"},
		"impersonate users":           {Verb: "impersonate", Resource: "users"},
		"impersonate groups":          {Verb: "impersonate", Resource: "groups"},
		"impersonate ServiceAccounts": {Verb: "impersonate", Resource: "serviceaccounts"},
		"approve certificates":        {Verb: "approve", Group: "certificates.k8s.io", Resource: "signers"},
		"change admission":            {Verb: "create", Group: "admissionregistration.k8s.io", Resource: "mutatingwebhookconfigurations"},
		"change CRDs":                 {Verb: "patch", Group: "apiextensions.k8s.io", Resource: "customresourcedefinitions"},
		"watch Secrets":               {Verb: "watch", Resource: "secrets"},
		"delete many nodes":           {Verb: "deletecollection", Resource: "nodes"},
		"create nodes":                {Verb: "create", Resource: "nodes"},
		"change Ingress objects":      {Verb: "patch", Group: "networking.k8s.io", Resource: "ingresses"},
		"create Ingress objects":      {Verb: "create", Group: "networking.k8s.io", Resource: "ingresses", Namespace: "default"},
		"delete Ingress objects":      {Verb: "delete", Group: "networking.k8s.io", Resource: "ingresses", Namespace: "kube-system"},
		"write reports":               {Verb: "create", Group: v1alpha1.GroupVersion.Group, Resource: "sourceipreports"},
		"change reports":              {Verb: "patch", Group: v1alpha1.GroupVersion.Group, Resource: "sourceipreports"},
		"change what was seen":        {Verb: "update", Group: v1alpha1.GroupVersion.Group, Resource: "sourceipreports", Subresource: "status"},
		"change the report policy":    {Verb: "patch", Group: "admissionregistration.k8s.io", Resource: "validatingadmissionpolicies", Name: names.ReportPolicy},
		"change the guard":            {Verb: "patch", Group: "admissionregistration.k8s.io", Resource: "validatingadmissionpolicies", Name: guardrails.Guards()[1]},
		"remove the guard":            {Verb: "delete", Group: "admissionregistration.k8s.io", Resource: "validatingadmissionpolicybindings", Name: guardrails.Guards()[1]},
		"read other policies":         {Verb: "list", Group: "admissionregistration.k8s.io", Resource: "validatingadmissionpolicies"},
		"read policies of others":     {Verb: "watch", Group: "admissionregistration.k8s.io", Resource: "validatingadmissionpolicybindings", Name: "of-others"},
		"replace its own Ingress":     {Verb: "update", Group: "networking.k8s.io", Resource: "ingresses", Namespace: operatorNamespace},
		"delete all its Ingresses":    {Verb: "deletecollection", Group: "networking.k8s.io", Resource: "ingresses", Namespace: operatorNamespace},
		"report for an Ingress":       {Verb: "patch", Group: "networking.k8s.io", Resource: "ingresses", Subresource: "status", Namespace: operatorNamespace},
		"hold leases in kube-system":  {Verb: "update", Group: "coordination.k8s.io", Resource: "leases", Namespace: "kube-system"},
		"do anything":                 {Verb: "*", Group: "*", Resource: "*"},
	} {
		if allowed(attributes) {
			t.Errorf("the operator may %s", name)
		}
	}
	for name, attributes := range map[string]authorizationv1.ResourceAttributes{
		"patch nodes":                       {Verb: "patch", Resource: "nodes"},
		"bind the controller's ClusterRole": {Verb: "bind", Group: rbacGroup, Resource: "clusterroles", Name: clusterRole},
		"lead to the witness":               {Verb: "patch", Group: "networking.k8s.io", Resource: "ingresses", Namespace: operatorNamespace},
		"hold its own lease":                {Verb: "update", Group: "coordination.k8s.io", Resource: "leases", Namespace: operatorNamespace},
	} {
		if !allowed(attributes) {
			t.Errorf("the operator may not %s, which it has to: the question is asked wrongly, or a right is missing", name)
		}
	}
}
