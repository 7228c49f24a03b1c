package controllers

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/yaml"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/engine"
	"github.com/edge-ingress/edge-ingress-operator/controllers/engine/registry"
	"github.com/edge-ingress/edge-ingress-operator/controllers/helm"
)

// TestEveryKindOfTheChartIsOwned checks that ownedKinds has every kind of the chart. The operator
// watches, caches, repairs and prunes only the kinds in that list.
func TestEveryKindOfTheChartIsOwned(t *testing.T) {
	owned := map[schema.GroupVersionKind]bool{}
	for _, kind := range ownedKinds() {
		gvk, err := apiutil.GVKForObject(kind.object, NewScheme())
		if err != nil {
			t.Fatal(err)
		}
		list, err := apiutil.GVKForObject(kind.newList(), NewScheme())
		if err != nil {
			t.Fatal(err)
		}
		if gvk.Kind != kind.kind || list.Kind != kind.kind+"List" {
			t.Errorf("%s is listed with an object of kind %s and a list of kind %s", kind.kind, gvk.Kind, list.Kind)
		}
		owned[gvk] = true
	}
	rendered := renderedKinds(t)
	for gvk := range rendered {
		if !owned[gvk] {
			t.Errorf("the chart renders %s, which is not owned", gvk)
		}
	}
	for gvk := range owned {
		if !rendered[gvk] {
			t.Errorf("%s is owned, and no variant of the chart renders it", gvk)
		}
	}
	for _, gvk := range helm.Kinds() {
		if !rendered[gvk] {
			t.Errorf("the chart can make %s, and no variant here does", gvk)
		}
	}
}

// renderedKinds returns the kinds that the chart renders, over all kinds of workload and exposure
// and all golden cases.
func renderedKinds(t *testing.T) map[schema.GroupVersionKind]bool {
	t.Helper()
	kinds := map[schema.GroupVersionKind]bool{}
	for _, edge := range append(goldenEdges(t), shapes()...) {
		runs, err := registry.For(edge)
		if err != nil {
			t.Fatal(err)
		}
		witness := &engine.Witness{Namespace: "operator", Service: "witness", Port: 80}
		settings, _ := runs.Configure(edge, witness)
		objects, err := runs.Render(engine.Input{EdgeIngress: edge, Settings: settings, Witness: witness})
		if err != nil {
			t.Fatal(err)
		}
		for _, object := range objects {
			kinds[object.GroupVersionKind()] = true
		}
	}
	return kinds
}

func shapes() (edges []*v1alpha1.EdgeIngress) {
	for _, workload := range []v1alpha1.WorkloadKind{v1alpha1.WorkloadDaemonSet, v1alpha1.WorkloadDeployment} {
		for _, exposure := range []v1alpha1.ExposureType{
			v1alpha1.ExposureLoadBalancer, v1alpha1.ExposureNodePort, v1alpha1.ExposureHostNetwork, v1alpha1.ExposureHostPort,
		} {
			edge := &v1alpha1.EdgeIngress{}
			edge.Name = "shape"
			edge.Spec.Controller.Kind, edge.Spec.Exposure.Type = workload, exposure
			edges = append(edges, edge)
		}
	}
	return edges
}

func goldenEdges(t *testing.T) (edges []*v1alpha1.EdgeIngress) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("engine", "ingressnginx", "testdata", "*.in.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("finding the chart's golden cases: %d files, %v", len(files), err)
	}
	for _, file := range files {
		edge := &v1alpha1.EdgeIngress{}
		decode(t, file, edge)
		edges = append(edges, edge)
	}
	return edges
}

func decode(t *testing.T, file string, into any) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict(content, into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

func TestEveryOwnedKindIsCoveredByTheOperatorsRole(t *testing.T) {
	role := &rbacv1.ClusterRole{}
	decode(t, filepath.Join("..", "config", "rbac", "role.yaml"), role)
	inNamespace := &rbacv1.ClusterRole{}
	decode(t, filepath.Join("..", "config", "rbac", "witness_ingress_role.yaml"), inNamespace)
	for _, kind := range ownedKinds() {
		gvk, err := apiutil.GVKForObject(kind.object, NewScheme())
		if err != nil {
			t.Fatal(err)
		}
		resource, _ := meta.UnsafeGuessKindToResource(gvk)
		for _, verb := range []string{"get", "list", "watch", "create", "patch", "delete"} {
			// It writes Ingress objects only in its own namespace.
			everywhere := kind.kind != "Ingress" || slices.Contains([]string{"get", "list", "watch"}, verb)
			if grants(role, resource.GroupResource(), verb) != everywhere {
				t.Errorf("config/rbac/role.yaml grants %s on %s: %t, want %t", verb, resource.GroupResource(), !everywhere, everywhere)
			}
			if !everywhere && !grants(inNamespace, resource.GroupResource(), verb) {
				t.Errorf("config/rbac/witness_ingress_role.yaml does not grant %s on %s", verb, resource.GroupResource())
			}
		}
	}
	for _, rule := range role.Rules {
		if strings.Contains(strings.Join(slices.Concat(rule.Verbs, rule.Resources, rule.APIGroups), " "), "*") {
			t.Errorf("config/rbac/role.yaml grants by wildcard: %v", rule)
		}
	}
}

func grants(role *rbacv1.ClusterRole, resource schema.GroupResource, verb string) bool {
	return slices.ContainsFunc(role.Rules, func(rule rbacv1.PolicyRule) bool {
		return len(rule.ResourceNames) == 0 && slices.Contains(rule.APIGroups, resource.Group) &&
			slices.Contains(rule.Resources, resource.Resource) && slices.Contains(rule.Verbs, verb)
	})
}
