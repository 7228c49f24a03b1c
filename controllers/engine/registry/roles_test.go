package registry

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"
)

const rbacDirectory = "../../../config/rbac"

// The operator may bind the ClusterRoles that its engines name, and no others. The installation has
// each of them.
func TestTheOperatorMayBindTheRolesOfTheEngines(t *testing.T) {
	installed := clusterRoles(t)
	var named []string
	for _, engine := range All() {
		roles := engine.Roles()
		named = append(named, roles.Cluster, roles.Namespace)
	}
	for _, role := range named {
		if _, ok := installed[role]; !ok {
			t.Errorf("no file of config/rbac has the ClusterRole %q", role)
		}
	}
	var bindable []string
	for _, rule := range installed["edge-ingress-operator"].Rules {
		if !slices.Contains(rule.Verbs, "bind") {
			continue
		}
		if len(rule.ResourceNames) == 0 {
			t.Errorf("the operator may bind any role: %v", rule)
		}
		bindable = append(bindable, rule.ResourceNames...)
	}
	slices.Sort(named)
	slices.Sort(bindable)
	if !slices.Equal(named, bindable) {
		t.Errorf("the operator may bind %q, its engines name %q: change the marker in controllers/rbac.go", bindable, named)
	}
}

// clusterRoles returns the ClusterRoles that config/rbac/kustomization.yaml installs, by name.
func clusterRoles(t *testing.T) map[string]rbacv1.ClusterRole {
	t.Helper()
	var kustomization struct {
		Resources []string `json:"resources"`
	}
	read(t, "kustomization.yaml", &kustomization)
	found := map[string]rbacv1.ClusterRole{}
	for _, file := range kustomization.Resources {
		var role rbacv1.ClusterRole
		read(t, file, &role)
		if role.Kind == "ClusterRole" {
			found[role.Name] = role
		}
	}
	return found
}

func read(t *testing.T, file string, into any) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(rbacDirectory, file))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(content, into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}
