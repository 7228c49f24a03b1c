package names

import (
	"maps"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/labels"
	apivalidation "k8s.io/apimachinery/pkg/util/validation"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

const other = v1alpha1.Engine("AnotherEngine")

// Objects that exist in users' clusters keep their names: a renamed workload is a second one, and a
// changed selector is refused by Kubernetes.
func TestNamesOfTheFirstEngineNeverChange(t *testing.T) {
	for name, test := range map[string]struct{ got, want string }{
		"Service":            {got: Service("public"), want: "public-edge-ingress"},
		"workload":           {got: Workload("public", FirstEngine), want: "public-edge-ingress"},
		"no engine written":  {got: Workload("public", ""), want: "public-edge-ingress"},
		"ClusterRoleBinding": {got: ClusterRoleBinding("public", FirstEngine), want: "edge-ingress-operator-controller-public"},
		"class controller":   {got: ClassController("public"), want: "edgeingress.dev/public"},
		"DaemonSet's pods":   {got: WorkloadLabelValue(FirstEngine, v1alpha1.WorkloadDaemonSet), want: "DaemonSet"},
		"Deployment's pods":  {got: WorkloadLabelValue("", v1alpha1.WorkloadDeployment), want: "Deployment"},
	} {
		if test.got != test.want {
			t.Errorf("%s: got %q, want %q", name, test.got, test.want)
		}
	}
}

func TestTwoEnginesFitSideBySide(t *testing.T) {
	kinds := []v1alpha1.WorkloadKind{v1alpha1.WorkloadDaemonSet, v1alpha1.WorkloadDeployment}
	type workload struct {
		engine v1alpha1.Engine
		kind   v1alpha1.WorkloadKind
	}
	var all []workload
	for _, kind := range kinds {
		all = append(all, workload{engine: FirstEngine, kind: kind}, workload{engine: other, kind: kind})
	}
	for _, a := range all {
		pod := Labels("public")
		pod[WorkloadLabel] = WorkloadLabelValue(a.engine, a.kind)
		if !selects(ServiceSelector("public"), pod) {
			t.Errorf("the Service does not select the pods of %v", a)
		}
		for _, b := range all {
			if got := selects(WorkloadSelector("public", b.engine, b.kind), pod); got != (a == b) {
				t.Errorf("the selector of %v selects pods of %v: %t", b, a, got)
			}
		}
	}
	if Workload("public", FirstEngine) == Workload("public", other) {
		t.Error("the workloads of two engines have one name")
	}
	if ClusterRoleBinding("public", FirstEngine) == ClusterRoleBinding("public", other) {
		t.Error("the ClusterRoleBindings of two engines have one name, and Kubernetes freezes roleRef")
	}
}

// The longest name that the API allows has 50 characters.
func TestNamesAreValidForTheLongestEdgeIngress(t *testing.T) {
	longest := strings.Repeat("a", 50)
	if errs := validation.NameIsDNS1035Label(Service(longest), false); len(errs) > 0 {
		t.Errorf("Service %q: %v", Service(longest), errs)
	}
	for _, name := range []string{Workload(longest, FirstEngine), Workload(longest, other), ClusterRoleBinding(longest, other)} {
		if errs := validation.NameIsDNSSubdomain(name, false); len(errs) > 0 {
			t.Errorf("%q: %v", name, errs)
		}
	}
	for key, value := range WorkloadSelector(longest, other, v1alpha1.WorkloadDeployment) {
		if errs := apivalidation.IsValidLabelValue(value); len(errs) > 0 {
			t.Errorf("label %s=%s: %v", key, value, errs)
		}
	}
}

func TestOfServiceFindsTheEdgeIngress(t *testing.T) {
	if name, ok := OfService(Service("public")); !ok || name != "public" {
		t.Errorf("got %q, %t", name, ok)
	}
	if name, ok := OfService("kubernetes"); ok {
		t.Errorf("Service kubernetes belongs to %q", name)
	}
}

func selects(selector, pod map[string]string) bool {
	return labels.SelectorFromSet(maps.Clone(selector)).Matches(labels.Set(pod))
}
