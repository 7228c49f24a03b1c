// Package guard_test tries out, at a real API server to which this directory is applied, what somebody with the token of the
// operator, the prober or the witness can do. The accounts have the role cluster-admin there, so that only the policies refuse.
package guard_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/engine"
	"github.com/edge-ingress/edge-ingress-operator/controllers/engine/registry"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
	"github.com/edge-ingress/edge-ingress-operator/test/configfiles"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/testcluster"
)

// The accounts, as config/rbac and config/verification name them.
const (
	operatorNamespace, operatorAccount = "edge-ingress-operator-system", "edge-ingress-operator"
	proberNamespace, proberAccount     = "edge-ingress-verification", "edge-ingress-prober"
	witnessAccount                     = "edge-ingress-witness"
)

// The two EdgeIngress objects: the objects of public exist, those of fresh do not.
const public, fresh = "public", "fresh"

// tenant is a namespace that is no business of the operator.
const tenant = "shop"

const policyPrefix = "edge-ingress-guard-"

var (
	cluster *testcluster.Cluster
	// root is an administrator's client. No role limits it, but admission policies do.
	root client.Client
	// operator, prober and witness are clients with the tokens of these accounts.
	operator, prober, witness client.Client
)

func TestMain(m *testing.M) {
	os.Exit(configfiles.Run(m, testcluster.Options{}, func(ctx context.Context, started *testcluster.Cluster, administrator client.Client) error {
		cluster, root = started, administrator
		if err := makeClients(); err != nil {
			return err
		}
		return install(ctx)
	}))
}

func makeClients() (err error) {
	for to, account := range map[*client.Client][2]string{
		&operator: {operatorNamespace, operatorAccount}, &prober: {proberNamespace, proberAccount}, &witness: {operatorNamespace, witnessAccount},
	} {
		if *to, err = configfiles.Client(cluster.ServiceAccountConfig(account[0], account[1])); err != nil {
			return err
		}
	}
	return nil
}

// install makes what the tests need, and applies the policies. It returns when all of them are in force.
func install(ctx context.Context) error {
	if err := configfiles.ApplyFiles(ctx, root, filepath.Join("..", "manager", "namespace.yaml"), filepath.Join("..", "verification", "prober_namespace.yaml")); err != nil {
		return err
	}
	if err := configfiles.ApplyDirectory(ctx, root, filepath.Join("..", "rbac")); err != nil {
		return err
	}
	if err := createAll(ctx, root, foreignObjects()); err != nil {
		return err
	}
	if err := configfiles.ApplyDirectory(ctx, root, "."); err != nil {
		return err
	}
	if err := awaitPolicies(ctx); err != nil {
		return err
	}
	return createAll(ctx, operator, ownObjects(edgeIngress(public)))
}

func createAll(ctx context.Context, c client.Client, objects []*unstructured.Unstructured) error {
	for _, object := range objects {
		if err := c.Create(ctx, object.DeepCopy()); err != nil {
			return fmt.Errorf("creating %s %s: %w", object.GetKind(), object.GetName(), err)
		}
	}
	return nil
}

// foreignObjects are those of other people.
func foreignObjects() []*unstructured.Unstructured {
	texts := []string{
		`{apiVersion: v1, kind: Namespace, metadata: {name: shop}}`,
		`{apiVersion: v1, kind: Namespace, metadata: {name: edge-public}}`,
		`{apiVersion: v1, kind: Namespace, metadata: {name: edge-fresh}}`,
		`{apiVersion: v1, kind: Namespace, metadata: {name: own-choice, labels: {edgeingress.dev/controllers: allowed}}}`,
		`{apiVersion: v1, kind: ServiceAccount, metadata: {name: fresh-edge-ingress, namespace: shop}}`,
		`{apiVersion: v1, kind: ServiceAccount, metadata: {name: fresh-edge-ingress, namespace: own-choice}}`,
		`{apiVersion: v1, kind: Pod, metadata: {name: running, namespace: own-choice}, spec: {serviceAccountName: fresh-edge-ingress, containers: [{name: a, image: a}]}}`,
		`{apiVersion: v1, kind: ConfigMap, metadata: {name: settings, namespace: shop}, data: {a: b}}`,
		`{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop}, spec: {selector: {app: web}, ports: [{port: 80}]}}`,
		`{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: agent, namespace: shop}, spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: controller, image: a}]}}}}`,
		`{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: web, namespace: shop}, spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}}`,
		`{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: team, namespace: shop}, roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}}`,
		`{apiVersion: v1, kind: Node, metadata: {name: worker, labels: {pool: apps}}, spec: {taints: [{key: example.com/gpu, effect: NoSchedule}]}}`,
		`{apiVersion: edgeingress.dev/v1alpha1, kind: EdgeIngress, metadata: {name: public}, spec: {nodes: {names: [edge]}}}`,
		`{apiVersion: edgeingress.dev/v1alpha1, kind: SourceIPReport, metadata: {name: outside}, spec: {edgeIngress: public, vantage: Outside}}`,
		`{apiVersion: edgeingress.dev/v1alpha1, kind: SourceIPReport, metadata: {name: inside}, spec: {edgeIngress: public, vantage: Inside, node: edge}}`,
	}
	for _, account := range [][2]string{{operatorNamespace, operatorAccount}, {proberNamespace, proberAccount}, {operatorNamespace, witnessAccount}} {
		texts = append(texts, fmt.Sprintf(`{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: all-rights-%s},`+
			`roleRef: {apiGroup: %s, kind: ClusterRole, name: cluster-admin}, subjects: [{kind: ServiceAccount, namespace: %s, name: %s}]}`,
			account[1], rbacv1.GroupName, account[0], account[1]))
	}
	var objects []*unstructured.Unstructured
	for _, text := range texts {
		objects = append(objects, parsed(text))
	}
	return objects
}

// parsed is an object in YAML. It panics where the text is not valid.
func parsed(text string) *unstructured.Unstructured {
	object := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(text), &object.Object); err != nil {
		panic(fmt.Sprintf("%s: %v", text, err))
	}
	return object
}

func edgeIngress(name string) *v1alpha1.EdgeIngress {
	edge := &v1alpha1.EdgeIngress{ObjectMeta: metav1.ObjectMeta{Name: name}}
	edge.Spec.Nodes.Names = []string{"edge"}
	return edge
}

// ownObjects are those that the operator creates for an EdgeIngress that is measured, as it writes them.
func ownObjects(edge *v1alpha1.EdgeIngress) []*unstructured.Unstructured {
	runs, err := registry.For(edge)
	if err != nil {
		panic(err)
	}
	leads := &engine.Witness{Namespace: operatorNamespace, Service: names.Witness, Port: 80}
	settings, _ := runs.Configure(edge, leads)
	objects, err := runs.Render(engine.Input{EdgeIngress: edge, Settings: settings, Witness: leads, Move: "7"})
	if err != nil {
		panic(err)
	}
	edge.UID = "11111111-2222-3333-4444-555555555555"
	for _, object := range objects {
		object.SetOwnerReferences([]metav1.OwnerReference{*metav1.NewControllerRef(edge, v1alpha1.GroupVersion.WithKind("EdgeIngress"))})
		annotations := object.GetAnnotations()
		if annotations == nil {
			annotations = map[string]string{}
		}
		annotations[v1alpha1.AppliedAnnotation] = "digest"
		object.SetAnnotations(annotations)
	}
	return objects
}

// own is the object of this kind that the operator writes for the EdgeIngress of this name.
func own(kind, edge string) *unstructured.Unstructured {
	spec := edgeIngress(edge)
	if kind == "Deployment" || kind == "PodDisruptionBudget" {
		spec.Spec.Controller.Kind = v1alpha1.WorkloadDeployment
	}
	objects := ownObjects(spec)
	at := slices.IndexFunc(objects, func(object *unstructured.Unstructured) bool { return object.GetKind() == kind })
	if at < 0 {
		panic("the operator writes no " + kind)
	}
	return objects[at]
}

// refusal is nil where the policy refused, and any policy of the guard where the name is empty.
func refusal(err error, policy string) error {
	switch {
	case err == nil:
		return errors.New("it is allowed")
	case !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "ValidatingAdmissionPolicy '"+policyPrefix+policy):
		return fmt.Errorf("want it refused by the policy %s%s, got: %w", policyPrefix, policy, err)
	case strings.Contains(err.Error(), "resulted in error"), strings.Contains(err.Error(), "failed expression"):
		return fmt.Errorf("the refusal says nothing to people: %w", err)
	}
	return nil
}

// eachPolicyOnce is an attack for each policy that no other policy refuses.
func eachPolicyOnce() map[string]func(context.Context) error {
	creates := func(c client.Client, object *unstructured.Unstructured) func(context.Context) error {
		return func(ctx context.Context) error { return client.NewDryRunClient(c).Create(ctx, object.DeepCopy()) }
	}
	changed := func(kind string, value any, path ...string) *unstructured.Unstructured {
		object := own(kind, fresh)
		set(object.Object, value, path...)
		return object
	}
	ofAccount := `{apiVersion: v1, kind: Secret, type: kubernetes.io/service-account-token, metadata: {namespace: shop, name: token, annotations: {kubernetes.io/service-account.name: %s}}}`
	return map[string]func(context.Context) error{
		"requests":   creates(operator, parsed(fmt.Sprintf(ofAccount, "default"))),
		"nodes":      patches(operator, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "worker"}}, `{"spec":{"unschedulable":true}}`),
		"objects":    creates(operator, changed("ConfigMap", "default", "metadata", "namespace")),
		"accounts":   creates(operator, changed("ServiceAccount", "arn:aws:iam::1:role/admin", "metadata", "annotations", "eks.amazonaws.com/role-arn")),
		"identities": creates(root, parsed(fmt.Sprintf(ofAccount, "fresh-edge-ingress"))),
		"workloads":  creates(operator, changed("DaemonSet", true, "spec", "template", "spec", "hostPID")),
		"settings":   creates(operator, changed("ConfigMap", "lua_package_path /tmp;", "data", "main-snippet")),
		"traffic":    creates(operator, changed("Service", list{"192.0.2.1"}, "spec", "externalIPs")),
		"rest":       creates(operator, parsed(`{apiVersion: v1, kind: Namespace, metadata: {name: kube-more, labels: {app.kubernetes.io/managed-by: edge-ingress-operator}}}`)),
	}
}

// set writes a value into nested maps.
func set(object map[string]any, value any, path ...string) {
	for _, key := range path[:len(path)-1] {
		below, isMap := object[key].(map[string]any)
		if !isMap {
			below = map[string]any{}
			object[key] = below
		}
		object = below
	}
	object[path[len(path)-1]] = value
}

// awaitPolicies returns when every policy is in force: the API server learns of them a little later.
func awaitPolicies(ctx context.Context) error {
	for _, policy := range slices.Sorted(maps.Keys(eachPolicyOnce())) {
		var last error
		err := wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
			last = refusal(eachPolicyOnce()[policy](ctx), policy)
			return last == nil, nil
		})
		if err != nil {
			return fmt.Errorf("waiting for the policy %s: %w (%w)", policy, err, last)
		}
	}
	return nil
}
