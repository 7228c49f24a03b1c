package guard_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/engine/registry"
	"github.com/edge-ingress/edge-ingress-operator/test/configfiles"
)

// goldenCases are the EdgeIngress objects of the engine's golden files.
func goldenCases(t *testing.T) map[string]*v1alpha1.EdgeIngress {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", "controllers", "engine", "*", "testdata", "*.in.yaml"))
	if err != nil || len(files) < 12 {
		t.Fatalf("found %d golden files, %v", len(files), err)
	}
	cases := map[string]*v1alpha1.EdgeIngress{}
	for _, file := range files {
		edge := &v1alpha1.EdgeIngress{}
		if err := configfiles.Read(file, edge); err != nil {
			t.Fatal(err)
		}
		// The test cluster has no IPv6.
		edge.Spec.Exposure.IPFamilyPolicy, edge.Spec.Exposure.IPFamilies = nil, nil
		cases[filepath.Base(file)] = edge
	}
	return cases
}

// TestTheOperatorWritesWhatItHasTo sends everything that the golden files show, as new objects and as changes.
func TestTheOperatorWritesWhatItHasTo(t *testing.T) {
	dry := client.NewDryRunClient(operator)
	for name, edge := range goldenCases(t) {
		t.Run(name, func(t *testing.T) {
			if edge.Spec.Namespace != "" {
				namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: edge.Spec.Namespace, Labels: map[string]string{
					v1alpha1.ManagedByLabel: v1alpha1.ManagedBy, "pod-security.kubernetes.io/enforce": "privileged",
				}}}
				if err := client.IgnoreAlreadyExists(operator.Create(t.Context(), namespace)); err != nil {
					t.Fatal(err)
				}
			}
			for _, name := range []string{fresh, public} {
				renamed := edge.DeepCopy()
				renamed.Name = name
				if renamed.Spec.Namespace == "" {
					renamed.Spec.Namespace = "edge-" + name
				}
				for _, object := range ownObjects(renamed) {
					err := dry.Apply(t.Context(), client.ApplyConfigurationFromUnstructured(object), client.FieldOwner(v1alpha1.FieldManager), client.ForceOwnership)
					forbidsTheChange := name == public && apierrors.IsInvalid(err) // Kubernetes does, such as that of a loadBalancerClass.
					switch image := imageOf(edge); {
					case isWorkload(object) && image != "" && !isDefault(image):
						if err := refusal(err, "workloads"); err != nil {
							t.Errorf("the image %s, which neither the flag nor the policy allows: %v", image, err)
						}
					case err != nil && !forbidsTheChange:
						t.Errorf("%s %s: %v", object.GetKind(), object.GetName(), err)
					}
				}
			}
		})
	}
}

func isWorkload(o *unstructured.Unstructured) bool {
	return o.GetKind() == "DaemonSet" || o.GetKind() == "Deployment"
}

// imageOf is the repository that the spec asks for.
func imageOf(edge *v1alpha1.EdgeIngress) string {
	if edge.Spec.Controller.Image == nil {
		return ""
	}
	return edge.Spec.Controller.Image.Repository
}

func isDefault(repository string) bool {
	for _, allowed := range registry.DefaultImageRepositories() {
		if repository == allowed {
			return true
		}
	}
	return false
}

// The policy allows the images that the operator allows by default. docs/operations.md says how to allow others.
func TestTheDefaultImagesAreAllowed(t *testing.T) {
	policy := &unstructured.Unstructured{}
	if err := configfiles.Read("workloads_policy.yaml", &policy.Object); err != nil {
		t.Fatal(err)
	}
	variables, _, _ := unstructured.NestedSlice(policy.Object, "spec", "variables")
	first := variables[0].(map[string]any)
	if want := "['" + strings.Join(registry.DefaultImageRepositories(), "', '") + "']"; first["name"] != "repositories" || first["expression"] != want {
		t.Errorf("the first variable is %v, want the repositories %s", first, want)
	}
	for _, engine := range registry.All() {
		if digest := engine.DefaultImage().Digest; !strings.Contains(variables[1].(map[string]any)["expression"].(string), digest) {
			t.Errorf("the policy does not allow the default image of %s, %s, from a mirror", engine.Name(), digest)
		}
	}
	mirrored := own("DaemonSet", fresh)
	container("mirror.example.com/controller:v1@"+registry.All()[0].DefaultImage().Digest, "image")(mirrored)
	if err := client.NewDryRunClient(operator).Create(t.Context(), mirrored); err != nil {
		t.Errorf("the default image from a mirror: %v", err)
	}
}

// An object may belong to a namespace that somebody else made, once an administrator says so.
func TestANamespaceCanBeOpened(t *testing.T) {
	edge := edgeIngress(fresh)
	edge.Spec.Namespace = "own-choice"
	for _, object := range ownObjects(edge) {
		if err := client.NewDryRunClient(operator).Create(t.Context(), object); err != nil && !apierrors.IsAlreadyExists(err) {
			t.Errorf("%s: %v", object.GetKind(), err)
		}
	}
	edge.Spec.Namespace = tenant
	for _, object := range ownObjects(edge) {
		if object.GetKind() != "ConfigMap" {
			continue
		}
		err := client.NewDryRunClient(operator).Create(t.Context(), object)
		if problem := refusal(err, "objects"); problem != nil {
			t.Error(problem)
		} else if remedy := "kubectl label namespace shop edgeingress.dev/controllers=allowed"; !strings.Contains(err.Error(), remedy) {
			t.Errorf("the refusal does not say %q: %v", remedy, err)
		}
	}
}

// TestANodeJoinsAndLeaves makes the writes of a node's life, each on the result of the one before.
func TestANodeJoinsAndLeaves(t *testing.T) {
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "edge", Labels: map[string]string{"pool": "edge"}}}
	node.Spec.Taints = []corev1.Taint{{Key: "example.com/own", Effect: corev1.TaintEffectNoExecute}}
	if err := root.Create(t.Context(), node); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Delete(t.Context(), node) })
	// The API server adds the second one to every new node.
	const others = `{"key":"example.com/own","effect":"NoExecute"},{"key":"node.kubernetes.io/not-ready","effect":"NoSchedule"}`
	for _, step := range []struct {
		kind  types.PatchType
		patch string
	}{
		{types.ApplyPatchType, `{"apiVersion":"v1","kind":"Node","metadata":{"name":"edge","labels":{"edgeingress.node-restriction.kubernetes.io/public":"","node-role.kubernetes.io/edge":""}}}`},
		{types.MergePatchType, `{"metadata":{"annotations":{"taint.edgeingress.dev/public":"node-role.kubernetes.io/edge"}},"spec":{"taints":[` + others + `,{"key":"node-role.kubernetes.io/edge","effect":"NoSchedule"}]}}`},
		{types.MergePatchType, `{"metadata":{"annotations":{"taint.edgeingress.dev/internal":"edgeingress.dev/internal"}},"spec":{"taints":[` + others + `,{"key":"node-role.kubernetes.io/edge","effect":"NoSchedule"},{"key":"edgeingress.dev/internal","effect":"NoSchedule"}]}}`},
		{types.ApplyPatchType, `{"apiVersion":"v1","kind":"Node","metadata":{"name":"edge","labels":{"node-role.kubernetes.io/edge":""}}}`},
		{types.MergePatchType, `{"metadata":{"annotations":{"taint.edgeingress.dev/public":null,"taint.edgeingress.dev/internal":null}},"spec":{"taints":[` + others + `]}}`},
		{types.ApplyPatchType, `{"apiVersion":"v1","kind":"Node","metadata":{"name":"edge"}}`},
		{types.JSONPatchType, `[{"op":"remove","path":"/metadata/managedFields/0"}]`},
	} {
		options := []client.PatchOption{client.FieldOwner(v1alpha1.NodeFieldManager(public))}
		if step.kind == types.ApplyPatchType {
			options = append(options, client.ForceOwnership)
		}
		if err := operator.Patch(t.Context(), node.DeepCopy(), client.RawPatch(step.kind, []byte(step.patch)), options...); err != nil {
			t.Errorf("%s: %v", step.patch, err)
		}
	}
	if err := root.Get(t.Context(), client.ObjectKeyFromObject(node), node); err != nil {
		t.Fatal(err)
	}
	if len(node.Labels) != 1 || len(node.Annotations) != 0 || len(node.Spec.Taints) != 2 {
		t.Errorf("the node keeps the labels %v, the annotations %v and the taints %v", node.Labels, node.Annotations, node.Spec.Taints)
	}
}

// Somebody else changed an object in several ways. The operator removes what was added first, and restores the rest later.
func TestTheOperatorRepairsInSteps(t *testing.T) {
	for kind, damage := range map[string]change{
		"DaemonSet": all(
			pod(true, "hostPID"), pod("system-node-critical", "priorityClassName"), pod(list{object{"name": "t", "configMap": object{"name": "t"}}, object{"name": "u", "configMap": object{"name": "u"}}}, "volumes"),
			container("example.com/other:1", "image"), container(list{"/bin/sh"}, "args"), container(true, "securityContext", "privileged"), container(true, "securityContext", "allowPrivilegeEscalation"),
			container(list{object{"name": "A", "value": "b"}}, "env"), container(shell("true"), "lifecycle", "preStop"), container(shell("true"), "lifecycle", "postStart"),
			field("x", "spec", "template", "metadata", "annotations", "example.com/note"), field(object{}, "metadata", "ownerReferences")),
		"ConfigMap": all(field("x;", "data", "server-snippet"), field("y;", "data", "http-snippet"), field("true", "data", "use-forwarded-headers")),
		"Service":   all(field(list{"192.0.2.1", "192.0.2.2"}, "spec", "externalIPs"), field(object{"app": "x"}, "spec", "selector"), field("ClusterIP", "spec", "type")),
		"Ingress":   all(backend("thief", "/"), field(list{object{"secretName": "a"}}, "spec", "tls")),
		"ServiceAccount": all(field(true, "automountServiceAccountToken"), field("x", "metadata", "annotations", "example.com/note"),
			field(object{}, "metadata", "labels")),
	} {
		t.Run(kind, func(t *testing.T) {
			edge := "repair"
			createNamespace(t, "edge-"+edge)
			damaged := own(kind, edge)
			damage(damaged)
			if kind == "DaemonSet" {
				unstructured.RemoveNestedField(damaged.Object, "metadata", "ownerReferences")
			}
			if kind == "Service" {
				unstructured.RemoveNestedField(damaged.Object, "spec", "allocateLoadBalancerNodePorts")
				unstructured.RemoveNestedField(damaged.Object, "spec", "externalTrafficPolicy")
			}
			if err := root.Create(t.Context(), damaged); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = root.Delete(t.Context(), damaged) })
			removal := map[string]string{
				"DaemonSet": `[{"op":"remove","path":"/spec/template/spec/hostPID"},{"op":"remove","path":"/spec/template/spec/volumes/1"},{"op":"remove","path":"/spec/template/spec/containers/0/lifecycle/postStart"},` +
					`{"op":"remove","path":"/spec/template/spec/containers/0/securityContext/privileged"}]`,
				"ConfigMap": `[{"op":"remove","path":"/data/server-snippet"}]`, "Service": `[{"op":"remove","path":"/spec/externalIPs/1"}]`,
				"Ingress": `[{"op":"remove","path":"/spec/tls"}]`, "ServiceAccount": `[{"op":"add","path":"/metadata/annotations/edgeingress.dev~1applied","value":"y"}]`,
			}[kind]
			if err := operator.Patch(t.Context(), damaged.DeepCopy(), client.RawPatch(types.JSONPatchType, []byte(removal))); err != nil {
				t.Errorf("removing what was added: %v", err)
			}
			restored := client.ApplyConfigurationFromUnstructured(own(kind, edge))
			if err := operator.Apply(t.Context(), restored, client.FieldOwner(v1alpha1.FieldManager), client.ForceOwnership); err != nil {
				t.Errorf("restoring the rest: %v", err)
			}
			if err := operator.Delete(t.Context(), damaged.DeepCopy()); err != nil {
				t.Errorf("deleting it: %v", err)
			}
		})
	}
}

func createNamespace(t *testing.T, name string) {
	t.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if err := client.IgnoreAlreadyExists(root.Create(t.Context(), namespace)); err != nil {
		t.Fatal(err)
	}
}

func TestTheRestOfTheWork(t *testing.T) {
	status := func(c client.Client, object client.Object) attack {
		return func(ctx context.Context) error {
			live := object.DeepCopyObject().(client.Object)
			if err := root.Get(ctx, client.ObjectKeyFromObject(live), live); err != nil {
				return err
			}
			return client.NewDryRunClient(c).Status().Update(ctx, live)
		}
	}
	report := `{apiVersion: edgeingress.dev/v1alpha1, kind: SourceIPReport, metadata: {name: another}, spec: {edgeIngress: public, vantage: Inside, node: edge}}`
	inside := &v1alpha1.SourceIPReport{ObjectMeta: metav1.ObjectMeta{Name: "inside"}}
	for name, attempt := range map[string]attack{
		"the finalizer":            patches(operator, edge, `{"metadata":{"finalizers":["`+v1alpha1.Finalizer+`"]}}`),
		"the status":               status(operator, edge),
		"an old report":            deletes(inside),
		"an event":                 creates(`{apiVersion: events.k8s.io/v1, kind: Event, metadata: {name: a, namespace: default}, eventTime: "2026-11-29T12:00:00.000000Z", reportingController: a, reportingInstance: a, action: a, reason: a, type: Normal, regarding: {kind: EdgeIngress}}`),
		"its lease":                creates(`{apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {name: a, namespace: edge-ingress-operator-system}}`),
		"who asks for metrics":     creates(`{apiVersion: authorization.k8s.io/v1, kind: SubjectAccessReview, spec: {user: a, nonResourceAttributes: {path: /metrics, verb: get}}}`),
		"a report of the prober":   func(ctx context.Context) error { return client.NewDryRunClient(prober).Create(ctx, parsed(report)) },
		"what the prober has seen": status(prober, inside),
	} {
		if err := attempt(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The finalizer goes when the EdgeIngress is being deleted, and not before.
func TestTheFinalizerGoesLast(t *testing.T) {
	held := edgeIngress("held")
	held.Finalizers = []string{v1alpha1.Finalizer}
	if err := root.Create(t.Context(), held); err != nil {
		t.Fatal(err)
	}
	release := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`))
	if err := refusal(operator.Patch(t.Context(), held.DeepCopy(), release), "rest"); err != nil {
		t.Errorf("before the deletion: %v", err)
	}
	if err := root.Delete(t.Context(), held); err != nil {
		t.Fatal(err)
	}
	if err := operator.Patch(t.Context(), held.DeepCopy(), release); err != nil {
		t.Errorf("during the deletion: %v", err)
	}
}
