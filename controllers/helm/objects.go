package helm

import (
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"
)

// kind is a kind that a chart may render, with an empty object of it.
type kind struct {
	schema.GroupVersionKind
	empty func() runtime.Object
}

// kinds are all kinds that a chart may render, in the order in which to apply them. A controller may exit
// at startup if its Service does not exist, so workloads come last.
var kinds = []kind{
	{corev1.SchemeGroupVersion.WithKind("ServiceAccount"), func() runtime.Object { return &corev1.ServiceAccount{} }},
	{corev1.SchemeGroupVersion.WithKind("ConfigMap"), func() runtime.Object { return &corev1.ConfigMap{} }},
	{rbacv1.SchemeGroupVersion.WithKind("ClusterRoleBinding"), func() runtime.Object { return &rbacv1.ClusterRoleBinding{} }},
	{rbacv1.SchemeGroupVersion.WithKind("RoleBinding"), func() runtime.Object { return &rbacv1.RoleBinding{} }},
	{networkingv1.SchemeGroupVersion.WithKind("IngressClass"), func() runtime.Object { return &networkingv1.IngressClass{} }},
	{networkingv1.SchemeGroupVersion.WithKind("Ingress"), func() runtime.Object { return &networkingv1.Ingress{} }},
	{corev1.SchemeGroupVersion.WithKind("Service"), func() runtime.Object { return &corev1.Service{} }},
	{policyv1.SchemeGroupVersion.WithKind("PodDisruptionBudget"), func() runtime.Object { return &policyv1.PodDisruptionBudget{} }},
	{appsv1.SchemeGroupVersion.WithKind("DaemonSet"), func() runtime.Object { return &appsv1.DaemonSet{} }},
	{appsv1.SchemeGroupVersion.WithKind("Deployment"), func() runtime.Object { return &appsv1.Deployment{} }},
}

// Kinds returns all kinds that a chart may render, in the order in which to apply them. The operator
// watches and prunes each of them, and has the right to write it.
func Kinds() []schema.GroupVersionKind {
	all := make([]schema.GroupVersionKind, 0, len(kinds))
	for _, k := range kinds {
		all = append(all, k.GroupVersionKind)
	}
	return all
}

func applyPosition(name string) int {
	return slices.IndexFunc(kinds, func(k kind) bool { return k.Kind == name })
}

// decode converts through the typed object. An unknown field is an error, and quantities get the API
// server's form, so that applied and live objects compare equal.
func decode(manifest []byte) (*unstructured.Unstructured, error) {
	var raw map[string]any
	if err := yaml.Unmarshal(manifest, &raw); err != nil {
		return nil, fmt.Errorf("reading the manifest: %w", err)
	}
	gvk := (&unstructured.Unstructured{Object: raw}).GroupVersionKind()
	position := slices.IndexFunc(kinds, func(k kind) bool { return k.GroupVersionKind == gvk })
	if position < 0 {
		return nil, fmt.Errorf("reading the manifest: %q is not a kind that the operator manages", gvk)
	}
	typed := kinds[position].empty()
	if err := yaml.UnmarshalStrict(manifest, typed); err != nil {
		return nil, fmt.Errorf("reading the %s: %w", gvk.Kind, err)
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(typed)
	if err != nil {
		return nil, fmt.Errorf("converting the %s: %w", gvk.Kind, err)
	}
	delete(content, "status")
	unstructured.RemoveNestedField(content, "metadata", "creationTimestamp")
	unstructured.RemoveNestedField(content, "spec", "template", "metadata", "creationTimestamp")
	return &unstructured.Unstructured{Object: content}, nil
}
