package v1alpha1_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

func named(name string, edit func(*v1alpha1.EdgeIngressSpec)) *v1alpha1.EdgeIngress {
	e := &v1alpha1.EdgeIngress{ObjectMeta: metav1.ObjectMeta{Name: name}}
	edit(&e.Spec)
	return e
}

func TestNamespaceAndClassFollowTheName(t *testing.T) {
	for name, row := range map[string]struct {
		edit                 func(*v1alpha1.EdgeIngressSpec)
		namespace, className string
	}{
		"nothing is written":       {edit: func(*v1alpha1.EdgeIngressSpec) {}, namespace: "edge-public", className: "public"},
		"the namespace is written": {edit: func(s *v1alpha1.EdgeIngressSpec) { s.Namespace = "ingress" }, namespace: "ingress", className: "public"},
		"the class is written":     {edit: func(s *v1alpha1.EdgeIngressSpec) { s.IngressClass = &v1alpha1.IngressClassSpec{Name: "web"} }, namespace: "edge-public", className: "web"},
		"a class without a name follows": {edit: func(s *v1alpha1.EdgeIngressSpec) {
			s.IngressClass = &v1alpha1.IngressClassSpec{Default: v1alpha1.Enabled}
		}, namespace: "edge-public", className: "public"},
	} {
		t.Run(name, func(t *testing.T) {
			e := named("public", row.edit)
			if got := e.ControllerNamespace(); got != row.namespace {
				t.Errorf("the namespace is %q, want %q", got, row.namespace)
			}
			if got := e.IngressClassName(); got != row.className {
				t.Errorf("the class is %q, want %q", got, row.className)
			}
		})
	}
}

func TestHowTrafficReachesTheController(t *testing.T) {
	for exposure, hostPorts := range map[v1alpha1.ExposureType]bool{
		v1alpha1.ExposureLoadBalancer: false,
		v1alpha1.ExposureNodePort:     false,
		v1alpha1.ExposureHostNetwork:  true,
		v1alpha1.ExposureHostPort:     true,
		"":                            false,
	} {
		e := named("public", func(s *v1alpha1.EdgeIngressSpec) { s.Exposure.Type = exposure })
		if e.UsesHostPorts() != hostPorts || e.UsesService() == hostPorts {
			t.Errorf("%q uses host ports: %t, a Service: %t; want %t and %t", exposure, e.UsesHostPorts(), e.UsesService(), hostPorts, !hostPorts)
		}
	}
}

func TestNamesOnNodesAreWhatKubernetesTakes(t *testing.T) {
	for _, name := range []string{"a", "public-web", strings.Repeat("a", 50)} {
		for what, key := range map[string]string{"label": v1alpha1.NodeLabel(name), "annotation": v1alpha1.TaintAnnotation(name)} {
			if problems := validation.IsQualifiedName(key); len(problems) > 0 || !strings.HasSuffix(key, "/"+name) {
				t.Errorf("the %s %q: %v", what, key, problems)
			}
		}
		if manager := v1alpha1.NodeFieldManager(name); len(manager) > 128 || !strings.HasSuffix(manager, "/"+name) {
			t.Errorf("the field manager %q has %d characters", manager, len(manager))
		}
		if namespace := named(name, func(*v1alpha1.EdgeIngressSpec) {}).ControllerNamespace(); len(validation.IsDNS1123Label(namespace)) > 0 {
			t.Errorf("the namespace %q is no DNS label", namespace)
		}
	}
}

func TestASelectorIsTheSameInTheWordsOfKubernetes(t *testing.T) {
	for name, row := range map[string]struct {
		selector *v1alpha1.NodeSelector
		want     *metav1.LabelSelector
	}{
		"none":   {selector: nil, want: nil},
		"empty":  {selector: &v1alpha1.NodeSelector{}, want: &metav1.LabelSelector{}},
		"labels": {selector: &v1alpha1.NodeSelector{MatchLabels: map[string]v1alpha1.LabelValue{"pool": "edge", "edge": ""}}, want: &metav1.LabelSelector{MatchLabels: map[string]string{"pool": "edge", "edge": ""}}},
		"expressions": {
			selector: &v1alpha1.NodeSelector{MatchExpressions: []v1alpha1.NodeRequirement{
				{Key: "pool", Operator: metav1.LabelSelectorOpIn, Values: []v1alpha1.LabelValue{"a", "b"}}, {Key: "gpu", Operator: metav1.LabelSelectorOpDoesNotExist},
			}},
			want: &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{
				{Key: "pool", Operator: metav1.LabelSelectorOpIn, Values: []string{"a", "b"}}, {Key: "gpu", Operator: metav1.LabelSelectorOpDoesNotExist},
			}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(row.want, row.selector.LabelSelector()); diff != "" {
				t.Errorf("the selector differs (-want +got):\n%s", diff)
			}
			if _, err := metav1.LabelSelectorAsSelector(row.selector.LabelSelector()); err != nil {
				t.Errorf("Kubernetes does not read it: %v", err)
			}
		})
	}
}

func TestResourcesAreTheSameInTheWordsOfAPod(t *testing.T) {
	one, two := resource.MustParse("1"), resource.MustParse("2")
	var nothing *v1alpha1.ResourcesSpec
	if diff := cmp.Diff(corev1.ResourceRequirements{}, nothing.Requirements()); diff != "" {
		t.Errorf("nothing became something:\n%s", diff)
	}
	spec := &v1alpha1.ResourcesSpec{Requests: v1alpha1.ResourceAmounts{"cpu": one}, Limits: v1alpha1.ResourceAmounts{"cpu": two}}
	want := corev1.ResourceRequirements{Requests: corev1.ResourceList{"cpu": one}, Limits: corev1.ResourceList{"cpu": two}}
	if diff := cmp.Diff(want, spec.Requirements()); diff != "" {
		t.Errorf("the resources differ (-want +got):\n%s", diff)
	}
}
