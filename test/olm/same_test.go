package olm_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// madeByOLM are objects of config/default that OLM makes from the ClusterServiceVersion, under names of its own. That they
// give the operator the same rights is shown by an operator that works with them.
var madeByOLM = []string{
	"ClusterRole /edge-ingress-operator", "ClusterRole /edge-ingress-operator-metrics-auth",
	"ClusterRoleBinding /edge-ingress-operator", "ClusterRoleBinding /edge-ingress-operator-metrics-auth",
	"Role edge-ingress-operator-system/edge-ingress-operator-leader-election", "Role edge-ingress-operator-system/edge-ingress-operator-witness-ingress",
	"RoleBinding edge-ingress-operator-system/edge-ingress-operator-leader-election", "RoleBinding edge-ingress-operator-system/edge-ingress-operator-witness-ingress",
}

// hasWhatConfigHas looks at what is installed: a bundle and the file beside it are the same as config/default. An apply of
// config/default would change nothing, except for the list of objects above.
func hasWhatConfigHas(t *testing.T) {
	t.Helper()
	manifests := where.Must(t, "kustomize", "build", "config/default")
	// The operator does not measure by default from a bundle.
	const flag = "        - --metrics-bind-address=:8443\n"
	if !strings.Contains(manifests, flag) {
		t.Fatalf("the operator's Deployment in config/default lacks %q", flag)
	}
	manifests = strings.Replace(manifests, flag, flag+"        - --measure-by-default=false\n", 1)
	wanted := listed(t, manifests, "apply", "--server-side", "--dry-run=server", "--force-conflicts")
	live := listed(t, manifests, "get", "--ignore-not-found")
	var missing []string
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		if live[name] == nil {
			missing = append(missing, name)
			continue
		}
		if difference := cmp.Diff(content(wanted[name]), content(live[name])); difference != "" {
			t.Errorf("%s differs from config/default (-), in the cluster it is (+):\n%s", name, difference)
		}
	}
	if difference := cmp.Diff(madeByOLM, missing); difference != "" {
		t.Errorf("other objects are missing than expected (-want +got):\n%s", difference)
	}
}

// listed are the objects that kubectl prints, by kind, namespace and name.
func listed(t *testing.T, manifests string, arguments ...string) map[string]*unstructured.Unstructured {
	t.Helper()
	said, err := where.Output(t.Context(), manifests, "kubectl", append(arguments, "--output=json", "-f", "-")...)
	if err != nil {
		t.Fatal(err)
	}
	list := &unstructured.UnstructuredList{}
	if err := json.Unmarshal([]byte(said), list); err != nil {
		t.Fatal(err)
	}
	objects := map[string]*unstructured.Unstructured{}
	for i := range list.Items {
		object := &list.Items[i]
		objects[object.GetKind()+" "+object.GetNamespace()+"/"+object.GetName()] = object
	}
	return objects
}

// content is what an object says, without what the API server and controllers add.
func content(object *unstructured.Unstructured) map[string]any {
	kept := object.DeepCopy()
	delete(kept.Object, "status")
	kept.Object["metadata"] = map[string]any{"name": object.GetName()}
	return kept.Object
}
