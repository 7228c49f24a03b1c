package install_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// way is a way of installing the operator.
type way struct {
	name    string
	install func(*testing.T)
	// rules are what differs by the nature of the way.
	rules []rule
}

// rule is a difference that is meant.
type rule struct {
	why string
	// without removes the difference from an object, and reports whether there was one. The object itself goes where it
	// becomes empty.
	without func(*unstructured.Unstructured) bool
}

// ways are all ways of docs/install.md. The first one is what the others are compared with.
func ways() []way {
	return []way{
		{name: "install.yaml", install: func(t *testing.T) {
			t.Helper()
			must(t, "kubectl", "apply", "--server-side", "-f", where.installYAML)
		}},
		{name: "kustomize config/default", install: func(t *testing.T) {
			t.Helper()
			must(t, "kubectl", "apply", "--server-side", "-k", "config/default")
		}},
		{name: "Helm", install: func(t *testing.T) {
			t.Helper()
			must(t, "helm", "install", release, where.archive, "--namespace="+operatorNamespace, "--create-namespace")
			must(t, "kubectl", "label", "namespace", operatorNamespace, "pod-security.kubernetes.io/enforce=restricted")
		}, rules: helmRules()},
	}
}

// helmRules are what Helm adds.
func helmRules() []rule {
	return []rule{
		{"Helm keeps its releases in Secrets", func(o *unstructured.Unstructured) bool {
			return o.GetKind() == "Secret" && strings.HasPrefix(o.GetName(), "sh.helm.release.") && empty(o)
		}},
		{"Helm says which release an object belongs to", func(o *unstructured.Unstructured) bool {
			return dropAnnotations(o, "meta.helm.sh/release-name", "meta.helm.sh/release-namespace")
		}},
		{"Helm keeps what running controllers need", func(o *unstructured.Unstructured) bool { return dropAnnotations(o, "helm.sh/resource-policy") }},
		{"a chart labels its objects", func(o *unstructured.Unstructured) bool {
			return dropLabels(o, "app.kubernetes.io/instance", "app.kubernetes.io/managed-by", "helm.sh/chart")
		}},
		{"Helm makes the namespace itself, with a label of its own, and docs/install.md adds the one label that the operator needs", func(o *unstructured.Unstructured) bool {
			return o.GetKind() == "Namespace" && o.GetName() == operatorNamespace &&
				dropLabels(o, "name", "app.kubernetes.io/part-of", "pod-security.kubernetes.io/audit", "pod-security.kubernetes.io/warn")
		}},
	}
}

// commonRules are what Kubernetes makes of objects, whoever installed them.
func commonRules() []rule {
	return []rule{
		{"Kubernetes counts and times what is written", func(o *unstructured.Unstructured) bool {
			status := drop(o, "", "status")
			return drop(o, "metadata", "uid", "resourceVersion", "generation", "creationTimestamp", "managedFields") || status
		}},
		{"Kubernetes makes objects from these", func(o *unstructured.Unstructured) bool {
			made := []string{"Pod", "ReplicaSet", "EndpointSlice", "Endpoints", "Event", "Lease", "ControllerRevision", "IPAddress"}
			return slices.Contains(made, o.GetKind()) && empty(o)
		}},
		{"every namespace has these two", func(o *unstructured.Unstructured) bool {
			return (o.GetKind() == "ConfigMap" && o.GetName() == "kube-root-ca.crt" || o.GetKind() == "ServiceAccount" && o.GetName() == "default") && empty(o)
		}},
		{"Kubernetes counts the revisions of a Deployment", func(o *unstructured.Unstructured) bool {
			return dropAnnotations(o, "deployment.kubernetes.io/revision")
		}},
		{"Kubernetes chooses the address of a Service", func(o *unstructured.Unstructured) bool {
			return o.GetKind() == "Service" && drop(o, "spec", "clusterIP", "clusterIPs")
		}},
	}
}

// drop removes fields of a part of the object, and reports whether one was there.
func drop(o *unstructured.Unstructured, part string, fields ...string) bool {
	within := o.Object
	if part != "" {
		within, _ = o.Object[part].(map[string]any)
	}
	before := len(within)
	for _, field := range fields {
		delete(within, field)
	}
	return len(within) < before
}

func dropLabels(o *unstructured.Unstructured, names ...string) bool {
	labels := o.GetLabels()
	before := len(labels)
	maps.DeleteFunc(labels, func(name, _ string) bool { return slices.Contains(names, name) })
	o.SetLabels(orNone(labels))
	return len(labels) < before
}

func dropAnnotations(o *unstructured.Unstructured, names ...string) bool {
	annotations := o.GetAnnotations()
	before := len(annotations)
	maps.DeleteFunc(annotations, func(name, _ string) bool { return slices.Contains(names, name) })
	o.SetAnnotations(orNone(annotations))
	return len(annotations) < before
}

func empty(o *unstructured.Unstructured) bool {
	o.Object = map[string]any{}
	return true
}

// everything are all objects that the API server has, by kind, namespace and name.
func everything(t *testing.T) map[string]*unstructured.Unstructured {
	t.Helper()
	resources := strings.Join(strings.Fields(must(t, "kubectl", "api-resources", "--verbs=list", "--output=name")), ",")
	var list struct{ Items []map[string]any }
	if err := json.Unmarshal([]byte(must(t, "kubectl", "get", resources, "--all-namespaces", "--output=json")), &list); err != nil {
		t.Fatal(err)
	}
	all := map[string]*unstructured.Unstructured{}
	for _, item := range list.Items {
		object := &unstructured.Unstructured{Object: item}
		all[object.GetKind()+" "+object.GetNamespace()+"/"+object.GetName()] = object
	}
	return all
}

// apply applies rules to copies of objects. It adds to used how many objects each of them changed.
func apply(rules []rule, to map[string]*unstructured.Unstructured, used map[string]int) map[string]*unstructured.Unstructured {
	left := map[string]*unstructured.Unstructured{}
	for name, object := range to {
		object = object.DeepCopy()
		for _, rule := range rules {
			if len(object.Object) > 0 && rule.without(object) {
				used[rule.why]++
			}
		}
		if len(object.Object) > 0 {
			left[name] = object
		}
	}
	return left
}

// differences name each object that is not the same.
func differences(got, want map[string]*unstructured.Unstructured) []string {
	var found []string
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if got[name] == nil {
			found = append(found, name+" is missing")
		} else if difference := cmp.Diff(want[name].Object, got[name].Object); difference != "" {
			found = append(found, name+" is different:\n"+difference)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if want[name] == nil {
			found = append(found, name+" is there in addition")
		}
	}
	return found
}

// baseline is what is there before anything is installed.
func baseline(t *testing.T) map[string]*unstructured.Unstructured {
	t.Helper()
	emptyAfterwards(t)
	before := everything(t)
	for name := range before {
		if strings.Contains(name, "edge-ingress") {
			t.Fatalf("%s is there before anything is installed, so it would not be compared", name)
		}
	}
	return before
}

// since are the objects that were not there before.
func since(t *testing.T, before map[string]*unstructured.Unstructured, used map[string]int) map[string]*unstructured.Unstructured {
	t.Helper()
	after := everything(t)
	maps.DeleteFunc(after, func(name string, _ *unstructured.Unstructured) bool { return before[name] != nil })
	return apply(commonRules(), after, used)
}

// tell lists the rules. One that nothing needs any more has to go.
func tell(t *testing.T, rules []rule, used map[string]int) {
	t.Helper()
	for _, rule := range rules {
		t.Logf("left out in %d objects: %s", used[rule.why], rule.why)
		if used[rule.why] == 0 {
			t.Errorf("nothing needs this rule, so remove it: %s", rule.why)
		}
	}
}

// TestEachWayInstallsTheSameObjects compares everything that is in the API server after each way of installing.
func TestEachWayInstallsTheSameObjects(t *testing.T) {
	var first map[string]*unstructured.Unstructured
	for i, w := range ways() {
		t.Run(w.name, func(t *testing.T) {
			before, used := baseline(t), map[string]int{}
			w.install(t)
			got := since(t, before, used)
			if i == 0 {
				first = got
			}
			if len(got) < 40 {
				t.Errorf("only %d objects were found, so the comparison shows little", len(got))
			}
			for _, difference := range differences(apply(w.rules, got, used), apply(w.rules, first, used)) {
				t.Errorf("compared with %s, %s", ways()[0].name, difference)
			}
			tell(t, slices.Concat(commonRules(), w.rules), used)
			t.Logf("%d objects were compared", len(got))
		})
	}
}

// TestTheComparisonNamesWhatDiffers changes three objects of an installation.
func TestTheComparisonNamesWhatDiffers(t *testing.T) {
	before, used := baseline(t), map[string]int{}
	ways()[0].install(t)
	whole := since(t, before, used)
	if found := differences(since(t, before, used), whole); len(found) > 0 {
		t.Fatalf("without a change, these differ: %q", found)
	}
	must(t, "kubectl", "patch", "clusterrole", "edge-ingress-prober", "--type=json", `--patch=[{"op": "remove", "path": "/rules/0/verbs/0"}]`)
	must(t, "kubectl", "delete", "validatingadmissionpolicybinding", "edge-ingress-guard-nodes")
	must(t, "kubectl", "create", "serviceaccount", "another", "--namespace="+operatorNamespace)
	got := differences(since(t, before, used), whole)
	want := []string{"ClusterRole /edge-ingress-prober is different", "ValidatingAdmissionPolicyBinding /edge-ingress-guard-nodes is missing",
		"ServiceAccount " + operatorNamespace + "/another is there in addition"}
	if len(got) != len(want) || !slices.EqualFunc(got, want, strings.HasPrefix) {
		t.Errorf("got %q, want %q", got, want)
	}
}
