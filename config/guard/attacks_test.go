package guard_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/test/configfiles"
)

type attack = func(context.Context) error

func patches(c client.Client, object client.Object, patch string) attack {
	return func(ctx context.Context) error {
		live := object.DeepCopyObject().(client.Object)
		return client.NewDryRunClient(c).Patch(ctx, live, client.RawPatch(types.MergePatchType, []byte(patch)))
	}
}

func creates(text string) attack {
	return func(ctx context.Context) error { return client.NewDryRunClient(operator).Create(ctx, parsed(text)) }
}

func deletes(object client.Object) attack {
	return func(ctx context.Context) error {
		return client.NewDryRunClient(operator).Delete(ctx, object.DeepCopyObject().(client.Object))
	}
}

func in(namespace, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: namespace, Name: name}
}

const (
	marks = `labels: {app.kubernetes.io/managed-by: edge-ingress-operator, edgeingress.dev/name: fresh}, ` +
		`ownerReferences: [{apiVersion: edgeingress.dev/v1alpha1, kind: EdgeIngress, name: fresh, uid: "1", controller: true}]`
	agentPod = `selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {hostPID: true, serviceAccountName: clusterrole-aggregation-controller, ` +
		`containers: [{name: controller, image: a, securityContext: {privileged: true}, volumeMounts: [{name: host, mountPath: /host}]}], volumes: [{name: host, hostPath: {path: /}}]}}`
	toItself = `subjects: [{kind: ServiceAccount, namespace: edge-ingress-operator-system, name: edge-ingress-operator}]`
	toTenant = `subjects: [{kind: ServiceAccount, namespace: shop, name: default}]`
	roles    = `{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edge-ingress-operator-controller}`
	aPod     = `{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: own-choice}, spec: {serviceAccountName: fresh-edge-ingress, containers: [{name: a, image: a}]}}`
	binding  = `apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, roleRef: ` + roles
)

var (
	worker   = &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "worker"}}
	agent    = &appsv1.DaemonSet{ObjectMeta: in(tenant, "agent")}
	ours     = &appsv1.DaemonSet{ObjectMeta: in("edge-public", "public-edge-ingress")}
	edge     = &v1alpha1.EdgeIngress{ObjectMeta: metav1.ObjectMeta{Name: public}}
	shop     = &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: tenant}}
	web      = &corev1.Service{ObjectMeta: in(tenant, "web")}
	webEntry = &networkingv1.Ingress{ObjectMeta: in(tenant, "web")}
)

// attacks are what somebody with the operator's token would try. The first five made the token worth the cluster, or
// could stop it, before there were policies.
func attacks() map[string]attack {
	return map[string]attack{
		"a privileged DaemonSet in kube-system, with the node's files and an account that may change roles": creates(
			`{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: agent, namespace: kube-system}, spec: {` + agentPod + `}}`),
		"the same DaemonSet with the marks of the operator": creates(
			`{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: fresh-edge-ingress, namespace: kube-system, ` + marks + `}, spec: {` + agentPod + `}}`),
		"the controller's role for the operator's account": creates(`{` + binding + `, metadata: {name: more}, ` + toItself + `}`),
		"the same with the marks of the operator":          creates(`{` + binding + `, metadata: {name: edge-ingress-operator-controller-fresh, ` + marks + `}, ` + toItself + `}`),
		"a taint that evicts every pod":                    patches(operator, worker, `{"spec":{"taints":[{"key":"example.com/gone","effect":"NoExecute"}]}}`),
		"the role's taint, evicting":                       patches(operator, worker, `{"spec":{"taints":[{"key":"example.com/gpu","effect":"NoSchedule"},{"key":"node-role.kubernetes.io/edge","effect":"NoExecute"}]}}`),
		"a label that moves applications":                  patches(operator, worker, `{"metadata":{"labels":{"pool":"edge"}}}`),
		"a token of another account": func(ctx context.Context) error {
			return operator.SubResource("token").Create(ctx, &corev1.ServiceAccount{ObjectMeta: in(tenant, fresh+"-edge-ingress")}, &authenticationv1.TokenRequest{}, client.DryRunAll)
		},

		// Nodes.
		"a taint of somebody else is removed": patches(operator, worker, `{"spec":{"taints":null}}`),
		"a taint that keeps new pods off":     patches(operator, worker, `{"spec":{"taints":[{"key":"example.com/gpu","effect":"NoSchedule"},{"key":"node.kubernetes.io/unschedulable","effect":"NoSchedule"}]}}`),
		"a node is cordoned":                  patches(operator, worker, `{"spec":{"unschedulable":true}}`),
		"a node moves to another zone":        patches(operator, worker, `{"metadata":{"labels":{"topology.kubernetes.io/zone":"b"}}}`),
		"a node becomes a control plane":      patches(operator, worker, `{"metadata":{"labels":{"node-role.kubernetes.io/control-plane":""}}}`),
		"a label loses its value":             patches(operator, worker, `{"metadata":{"labels":{"pool":""}}}`),
		"a label is removed":                  patches(operator, worker, `{"metadata":{"labels":{"pool":null}}}`),
		"an annotation of a node":             patches(operator, worker, `{"metadata":{"annotations":{"projectcalico.org/IPv4Address":"192.0.2.1"}}}`),
		"a claim with another key":            patches(operator, worker, `{"metadata":{"annotations":{"taint.edgeingress.dev/public":"example.com/gpu"}}}`),
		"a finalizer of a node":               patches(operator, worker, `{"metadata":{"finalizers":["example.com/stay"]}}`),
		"an owner of a node":                  patches(operator, worker, `{"metadata":{"ownerReferences":[{"apiVersion":"v1","kind":"Node","name":"gone","uid":"1"}]}}`),
		"the status of a node": func(ctx context.Context) error {
			return client.NewDryRunClient(operator).Status().Patch(ctx, worker.DeepCopy(), client.RawPatch(types.MergePatchType, []byte(`{"status":{"phase":"Running"}}`)))
		},
		"a node is deleted": deletes(worker),
		"a node is created": creates(`{apiVersion: v1, kind: Node, metadata: {name: attempt}}`),

		// Objects of others.
		"a DaemonSet of a tenant is changed":   patches(operator, agent, `{"metadata":{"annotations":{"a":"b"}}}`),
		"a DaemonSet of a tenant is taken":     patches(operator, agent, `{"metadata":{"labels":{"app.kubernetes.io/managed-by":"edge-ingress-operator","edgeingress.dev/name":"fresh"}}}`),
		"a DaemonSet of a tenant is deleted":   deletes(agent),
		"a Service of a tenant is changed":     patches(operator, web, `{"spec":{"selector":{"app":"thief"}}}`),
		"a Service of a tenant is deleted":     deletes(web),
		"a ConfigMap of a tenant is changed":   patches(operator, &corev1.ConfigMap{ObjectMeta: in(tenant, "settings")}, `{"data":{"a":"c"}}`),
		"an Ingress of a tenant is changed":    patches(operator, webEntry, `{"spec":{"defaultBackend":{"service":{"name":"thief"}}}}`),
		"an Ingress of a tenant is deleted":    deletes(webEntry),
		"an Ingress in a tenant's namespace":   creates(`{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: fresh-witness, namespace: shop, ` + marks + `}, spec: {rules: [{host: a.example, http: {paths: [{path: /.well-known/edge-ingress, pathType: Exact, backend: {service: {name: edge-ingress-witness, port: {number: 80}}}}]}}]}}`),
		"a RoleBinding of a tenant is deleted": deletes(&rbacv1.RoleBinding{ObjectMeta: in(tenant, "team")}),
		"a binding of the cluster is deleted":  deletes(&rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "cluster-admin"}}),
		"a binding of the cluster is taken":    patches(operator, &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "cluster-admin"}}, `{"metadata":{"labels":{"edgeingress.dev/name":"admin"}}}`),
		"an account in a tenant's namespace":   creates(`{apiVersion: v1, kind: ServiceAccount, automountServiceAccountToken: false, metadata: {name: fresh-edge-ingress, namespace: shop, ` + marks + `}}`),
		"an account beside the operator":       creates(`{apiVersion: v1, kind: ServiceAccount, automountServiceAccountToken: false, metadata: {name: ingress-operator-system-edge-ingress, namespace: edge-ingress-operator-system, ` + strings.ReplaceAll(marks, "fresh", "ingress-operator-system") + `}}`),
		"an account without an owner":          creates(`{apiVersion: v1, kind: ServiceAccount, automountServiceAccountToken: false, metadata: {name: fresh-edge-ingress, namespace: edge-fresh, labels: {app.kubernetes.io/managed-by: edge-ingress-operator, edgeingress.dev/name: fresh}}}`),
		"an account of another name":           creates(`{apiVersion: v1, kind: ServiceAccount, automountServiceAccountToken: false, metadata: {name: default, namespace: edge-fresh, ` + marks + `}}`),

		// Rights.
		"cluster-admin for the controller": creates(`{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}, ` +
			`metadata: {name: edge-ingress-operator-controller-fresh, ` + marks + `}, subjects: [{kind: ServiceAccount, namespace: edge-fresh, name: fresh-edge-ingress}]}`),
		"the controller's role for a tenant":         creates(`{` + binding + `, metadata: {name: edge-ingress-operator-controller-fresh, ` + marks + `}, ` + toTenant + `}`),
		"the controller's role for everybody":        creates(`{` + binding + `, metadata: {name: edge-ingress-operator-controller-fresh, ` + marks + `}, subjects: [{kind: Group, apiGroup: rbac.authorization.k8s.io, name: "system:authenticated"}]}`),
		"the controller's role for one more":         creates(`{` + binding + `, metadata: {name: edge-ingress-operator-controller-fresh, ` + marks + `}, subjects: [{kind: ServiceAccount, namespace: edge-fresh, name: fresh-edge-ingress}, {kind: User, apiGroup: rbac.authorization.k8s.io, name: thief}]}`),
		"the controller's role for kube-system":      creates(`{` + binding + `, metadata: {name: edge-ingress-operator-controller-fresh, ` + marks + `}, subjects: [{kind: ServiceAccount, namespace: kube-system, name: fresh-edge-ingress}]}`),
		"a binding is changed to the thief":          patches(operator, &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "edge-ingress-operator-controller-public"}}, `{"subjects":[{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":"thief"}]}`),
		"a role in a namespace for the thief":        patches(operator, &rbacv1.RoleBinding{ObjectMeta: in("edge-public", "public-edge-ingress")}, `{"subjects":[{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":"thief"}]}`),
		"another role in the controller's namespace": creates(`{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, roleRef: ` + roles + `, metadata: {name: fresh-edge-ingress, namespace: edge-fresh, ` + marks + `}, subjects: [{kind: ServiceAccount, namespace: edge-fresh, name: fresh-edge-ingress}]}`),
		"rights of a cloud for an account":           patches(operator, &corev1.ServiceAccount{ObjectMeta: in("edge-public", "public-edge-ingress")}, `{"metadata":{"annotations":{"eks.amazonaws.com/role-arn":"arn:aws:iam::1:role/admin"}}}`),
		"Secrets for an account":                     patches(operator, &corev1.ServiceAccount{ObjectMeta: in("edge-public", "public-edge-ingress")}, `{"imagePullSecrets":[{"name":"a"}]}`),
		"a token for every pod":                      patches(operator, &corev1.ServiceAccount{ObjectMeta: in("edge-public", "public-edge-ingress")}, `{"automountServiceAccountToken":true}`),

		// What it writes of an EdgeIngress and reports.
		"the spec of an EdgeIngress":         patches(operator, edge, `{"spec":{"nodes":{"names":["worker"]}}}`),
		"a label of an EdgeIngress":          patches(operator, edge, `{"metadata":{"labels":{"a":"b"}}}`),
		"an owner of an EdgeIngress":         patches(operator, edge, `{"metadata":{"ownerReferences":[{"apiVersion":"v1","kind":"Node","name":"gone","uid":"1"}]}}`),
		"a finalizer of somebody else":       patches(operator, edge, `{"metadata":{"finalizers":["example.com/stay"]}}`),
		"an EdgeIngress is created":          creates(`{apiVersion: edgeingress.dev/v1alpha1, kind: EdgeIngress, metadata: {name: attempt}, spec: {nodes: {names: [worker]}}}`),
		"an EdgeIngress is deleted":          deletes(edge),
		"a report of a person is deleted":    deletes(&v1alpha1.SourceIPReport{ObjectMeta: metav1.ObjectMeta{Name: "outside"}}),
		"a report is written":                creates(`{apiVersion: edgeingress.dev/v1alpha1, kind: SourceIPReport, metadata: {name: attempt}, spec: {edgeIngress: public, vantage: Inside, node: edge}}`),
		"a namespace of the system":          creates(`{apiVersion: v1, kind: Namespace, metadata: {name: openshift-thief, labels: {app.kubernetes.io/managed-by: edge-ingress-operator}}}`),
		"a namespace that is not a mark":     creates(`{apiVersion: v1, kind: Namespace, metadata: {name: more}}`),
		"a namespace is opened":              patches(operator, shop, `{"metadata":{"labels":{"edgeingress.dev/controllers":"allowed"}}}`),
		"a namespace is deleted":             deletes(shop),
		"the class of another controller":    creates(`{apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: {name: more, ` + marks + `}, spec: {controller: k8s.io/ingress-nginx}}`),
		"an event somewhere else":            creates(`{apiVersion: events.k8s.io/v1, kind: Event, metadata: {name: a, namespace: shop}, eventTime: "2026-11-29T12:00:00.000000Z", reportingController: a, reportingInstance: a, action: a, reason: a, type: Normal, regarding: {namespace: shop}}`),
		"the leader of somebody else":        creates(`{apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {name: a, namespace: kube-system}}`),
		"a budget of a tenant":               creates(`{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: fresh-edge-ingress, namespace: shop, ` + marks + `}, spec: {maxUnavailable: 0, selector: {}}}`),
		"a workload's scale":                 scales(&appsv1.Deployment{ObjectMeta: in(tenant, "any")}),
		"a workload's status":                statusOf(ours),
		"a pod":                              creates(aPod),
		"a pod is deleted":                   deletes(&corev1.Pod{ObjectMeta: in("own-choice", "running")}),
		"a pod is evicted":                   evicts,
		"a container in a pod that runs":     injects,
		"a Secret":                           creates(`{apiVersion: v1, kind: Secret, metadata: {name: a, namespace: edge-fresh}}`),
		"a Job":                              creates(`{apiVersion: batch/v1, kind: Job, metadata: {name: a, namespace: edge-fresh}, spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: a}]}}}}`),
		"a ClusterRole":                      creates(`{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: a}}`),
		"a webhook":                          creates(`{apiVersion: admissionregistration.k8s.io/v1, kind: MutatingWebhookConfiguration, metadata: {name: a}}`),
		"a kind of its own":                  patches(operator, &unstructured.Unstructured{Object: parsed(`{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: edgeingresses.edgeingress.dev}}`).Object}, `{"metadata":{"labels":{"a":"b"}}}`),
		"a NetworkPolicy":                    creates(`{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a, namespace: shop}, spec: {podSelector: {}}}`),
		"an EndpointSlice":                   creates(`{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: a, namespace: shop}, addressType: IPv4, endpoints: []}`),
		"all DaemonSets of a namespace":      deletesAll(&appsv1.DaemonSet{}),
		"all PodDisruptionBudgets, of a few": deletesAll(&policyv1.PodDisruptionBudget{}),
	}
}

func evicts(ctx context.Context) error {
	pod := &corev1.Pod{ObjectMeta: in("own-choice", "running")}
	return operator.SubResource("eviction").Create(ctx, pod, &policyv1.Eviction{ObjectMeta: pod.ObjectMeta}, client.DryRunAll)
}

func injects(ctx context.Context) error {
	pod := &corev1.Pod{ObjectMeta: in("own-choice", "running")}
	patch := client.RawPatch(types.StrategicMergePatchType, []byte(`{"spec":{"ephemeralContainers":[{"name":"thief","image":"example.com/thief"}]}}`))
	return operator.SubResource("ephemeralcontainers").Patch(ctx, pod, patch, client.DryRunAll)
}

func scales(object client.Object) attack {
	return func(ctx context.Context) error {
		if err := client.IgnoreAlreadyExists(root.Create(ctx, parsed(`{apiVersion: apps/v1, kind: Deployment, metadata: {name: any, namespace: shop}, spec: {replicas: 0, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: a}]}}}}`))); err != nil {
			return err
		}
		return operator.SubResource("scale").Patch(ctx, object.DeepCopyObject().(client.Object), client.RawPatch(types.MergePatchType, []byte(`{"spec":{"replicas":7}}`)), client.DryRunAll)
	}
}

func statusOf(object client.Object) attack {
	return func(ctx context.Context) error {
		return operator.Status().Patch(ctx, object.DeepCopyObject().(client.Object), client.RawPatch(types.MergePatchType, []byte(`{"status":{"numberReady":7}}`)), client.DryRunAll)
	}
}

func deletesAll(object client.Object) attack {
	return func(ctx context.Context) error {
		if _, isBudget := object.(*policyv1.PodDisruptionBudget); isBudget {
			if err := client.IgnoreAlreadyExists(root.Create(ctx, parsed(`{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: a, namespace: shop}, spec: {maxUnavailable: 1, selector: {matchLabels: {a: b}}}}`))); err != nil {
				return err
			}
		}
		return operator.DeleteAllOf(ctx, object, client.InNamespace(tenant), client.DryRunAll)
	}
}

func TestAThiefOfTheOperatorsTokenIsRefused(t *testing.T) {
	for name, attempt := range attacks() {
		t.Run(name, func(t *testing.T) {
			if err := refusal(attempt(t.Context()), ""); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestEachPolicyIsNeeded(t *testing.T) {
	var policies []string
	for policy, attempt := range eachPolicyOnce() {
		policies = append(policies, policy)
		if err := refusal(attempt(t.Context()), policy); err != nil {
			t.Errorf("%s: %v", policy, err)
		}
	}
	files, err := filepath.Glob("*_policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if name := strings.TrimSuffix(file, "_policy.yaml"); !slices.Contains(policies, name) {
			t.Errorf("no attack needs %s", file)
		}
	}
}

// A binding that fails open, or only warns, would be no guard.
func TestTheGuardFailsClosed(t *testing.T) {
	objects, err := configfiles.Objects(".")
	if err != nil {
		t.Fatal(err)
	}
	bound := map[string]bool{}
	for _, object := range objects {
		failure, _, _ := unstructured.NestedString(object.Object, "spec", "failurePolicy")
		actions, _, _ := unstructured.NestedStringSlice(object.Object, "spec", "validationActions")
		policy, _, _ := unstructured.NestedString(object.Object, "spec", "policyName")
		switch {
		case object.GetKind() == "ValidatingAdmissionPolicy" && failure != "Fail":
			t.Errorf("%s has the failurePolicy %q", object.GetName(), failure)
		case object.GetKind() == "ValidatingAdmissionPolicyBinding" && !slices.Equal(actions, []string{"Deny"}):
			t.Errorf("%s has the actions %v", object.GetName(), actions)
		}
		bound[policy] = true
	}
	for _, object := range objects {
		if object.GetKind() == "ValidatingAdmissionPolicy" && !bound[object.GetName()] {
			t.Errorf("%s is not bound", object.GetName())
		}
	}
}

// Nobody becomes a controller in a namespace of somebody else, whatever rights he has there.
func TestNobodyUsesTheAccountOfAControllerElsewhere(t *testing.T) {
	token := func(namespace string) error {
		account := &corev1.ServiceAccount{ObjectMeta: in(namespace, fresh+"-edge-ingress")}
		return root.SubResource("token").Create(t.Context(), account, &authenticationv1.TokenRequest{})
	}
	pod := func(namespace string) error {
		object := &corev1.Pod{ObjectMeta: in(namespace, "a")}
		object.Spec.ServiceAccountName = fresh + "-edge-ingress"
		object.Spec.Containers = []corev1.Container{{Name: "a", Image: "a"}}
		return client.NewDryRunClient(root).Create(t.Context(), object)
	}
	for what, attempt := range map[string]func(string) error{"token": token, "pod": pod} {
		if err := refusal(attempt(tenant), "identities"); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if err := attempt("own-choice"); err != nil {
			t.Errorf("%s in a namespace that was opened for controllers: %v", what, err)
		}
	}
}

func TestProberAndWitnessAreRefused(t *testing.T) {
	for account, c := range map[string]client.Client{"prober": prober, "witness": witness} {
		dry := client.NewDryRunClient(c)
		for name, attempt := range map[string]attack{
			"a pod": func(ctx context.Context) error {
				return dry.Create(ctx, parsed(aPod))
			},
			"a DaemonSet": func(ctx context.Context) error { return dry.Create(ctx, own("DaemonSet", fresh)) },
			"a binding":   func(ctx context.Context) error { return dry.Create(ctx, own("ClusterRoleBinding", fresh)) },
			"a Secret": func(ctx context.Context) error {
				return dry.Create(ctx, parsed(`{apiVersion: v1, kind: Secret, metadata: {name: a, namespace: shop}}`))
			},
			"a label of a node": patches(c, worker, `{"metadata":{"labels":{"node-role.kubernetes.io/edge":""}}}`),
			"an EdgeIngress":    patches(c, edge, `{"spec":{"nodes":{"names":["worker"]}}}`),
			"a report that goes": func(ctx context.Context) error {
				return dry.Delete(ctx, &v1alpha1.SourceIPReport{ObjectMeta: metav1.ObjectMeta{Name: "inside"}})
			},
			"a namespace": func(ctx context.Context) error { return dry.Delete(ctx, shop.DeepCopy()) },
			"the other's work": func(ctx context.Context) error {
				return dry.Create(ctx, parsed(`{apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {name: a, namespace: edge-ingress-operator-system}}`))
			},
		} {
			if err := refusal(attempt(t.Context()), "requests"); err != nil {
				t.Errorf("%s, %s: %v", account, name, err)
			}
		}
	}
	if err := refusal(client.NewDryRunClient(witness).Create(t.Context(), parsed(`{apiVersion: edgeingress.dev/v1alpha1, kind: SourceIPReport, metadata: {name: a}, spec: {edgeIngress: public, vantage: Inside, node: edge}}`)), "requests"); err != nil {
		t.Errorf("the witness writes a report: %v", err)
	}
}
