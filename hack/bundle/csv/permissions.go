package csv

import (
	"fmt"
	"slices"

	"github.com/operator-framework/api/pkg/operators/v1alpha1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/edge-ingress/edge-ingress-operator/hack/bundle/manifest"
)

// permissions are the rights of the operator's ServiceAccount, and the roles that grant them.
type permissions struct {
	cluster, namespaced []v1alpha1.StrategyDeploymentPermissions
	roles               map[string]bool // by kind/name
}

// permissionsOf collects the rules of all roles that are bound to a ServiceAccount. OLM creates the
// ServiceAccount, the roles and the bindings itself.
func permissionsOf(objects manifest.Objects, namespace, account string) (permissions, error) {
	found := permissions{roles: map[string]bool{}}
	var cluster, namespaced []rbacv1.PolicyRule
	for _, object := range objects {
		kind := object.GetKind()
		if kind != "ClusterRoleBinding" && kind != "RoleBinding" {
			continue
		}
		// Both kinds of binding have the fields that are read here.
		binding, err := manifest.Decode[rbacv1.ClusterRoleBinding](object)
		if err != nil {
			return found, err
		}
		if len(binding.Subjects) != 1 || binding.Subjects[0].Name != account || binding.Subjects[0].Namespace != namespace {
			return found, fmt.Errorf("reading %s %s: it does not bind to %s/%s alone, and OLM knows no other bindings", kind, binding.Name, namespace, account)
		}
		rules, err := rulesOf(objects, binding.RoleRef)
		if err != nil {
			return found, fmt.Errorf("reading %s %s: %w", kind, binding.Name, err)
		}
		found.roles[binding.RoleRef.Kind+"/"+binding.RoleRef.Name] = true
		if kind == "ClusterRoleBinding" {
			cluster = append(cluster, rules...)
		} else {
			namespaced = append(namespaced, rules...)
		}
	}
	found.cluster = []v1alpha1.StrategyDeploymentPermissions{{ServiceAccountName: account, Rules: cluster}}
	found.namespaced = []v1alpha1.StrategyDeploymentPermissions{{ServiceAccountName: account, Rules: namespaced}}
	return found, nil
}

func rulesOf(objects manifest.Objects, ref rbacv1.RoleRef) ([]rbacv1.PolicyRule, error) {
	object := objects.Find(ref.Kind, ref.Name)
	if object == nil {
		return nil, fmt.Errorf("there is no %s %s", ref.Kind, ref.Name)
	}
	role, err := manifest.Decode[rbacv1.ClusterRole](object)
	if err != nil {
		return nil, err
	}
	return role.Rules, nil
}

// besideCSV returns the manifests that go into the bundle unchanged. It omits objects that OLM
// creates and those in the ClusterServiceVersion, including samples of owned resources.
func besideCSV(objects manifest.Objects, granted permissions, owned []v1alpha1.CRDDescription) (manifest.Objects, error) {
	var beside manifest.Objects
	for _, object := range objects {
		switch kind := object.GetKind(); kind {
		case "CustomResourceDefinition", "Service":
			beside = append(beside, withoutNamespace(object))
		case "ClusterRole", "Role":
			if granted.roles[kind+"/"+object.GetName()] {
				continue
			}
			beside = append(beside, withoutNamespace(object))
		case "Namespace", "ServiceAccount", "ClusterRoleBinding", "RoleBinding", "Deployment":
		default:
			if slices.ContainsFunc(owned, func(resource v1alpha1.CRDDescription) bool { return resource.Kind == kind }) {
				continue
			}
			return nil, fmt.Errorf("placing %s %s: nothing says where this kind goes in a bundle", kind, object.GetName())
		}
	}
	return beside, nil
}

// withoutNamespace lets OLM put the object where the operator is installed.
func withoutNamespace(object *unstructured.Unstructured) *unstructured.Unstructured {
	free := object.DeepCopy()
	unstructured.RemoveNestedField(free.Object, "metadata", "namespace")
	return free
}
