package controllers

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// ownedKind is a kind of object that the operator creates. A test compares the list with the chart,
// so every kind that the chart renders is watched, pruned and covered by the operator's rights.
type ownedKind struct {
	kind    string
	object  client.Object
	newList func() client.ObjectList
}

// ownedKinds are in the order of deletion: the objects that bring traffic come first.
func ownedKinds() []ownedKind {
	return []ownedKind{
		{"Service", &corev1.Service{}, func() client.ObjectList { return &corev1.ServiceList{} }},
		{"IngressClass", &networkingv1.IngressClass{}, func() client.ObjectList { return &networkingv1.IngressClassList{} }},
		{"Ingress", &networkingv1.Ingress{}, func() client.ObjectList { return &networkingv1.IngressList{} }},
		{"PodDisruptionBudget", &policyv1.PodDisruptionBudget{}, func() client.ObjectList { return &policyv1.PodDisruptionBudgetList{} }},
		{"DaemonSet", &appsv1.DaemonSet{}, func() client.ObjectList { return &appsv1.DaemonSetList{} }},
		{"Deployment", &appsv1.Deployment{}, func() client.ObjectList { return &appsv1.DeploymentList{} }},
		{"ConfigMap", &corev1.ConfigMap{}, func() client.ObjectList { return &corev1.ConfigMapList{} }},
		{"RoleBinding", &rbacv1.RoleBinding{}, func() client.ObjectList { return &rbacv1.RoleBindingList{} }},
		{"ClusterRoleBinding", &rbacv1.ClusterRoleBinding{}, func() client.ObjectList { return &rbacv1.ClusterRoleBindingList{} }},
		{"ServiceAccount", &corev1.ServiceAccount{}, func() client.ObjectList { return &corev1.ServiceAccountList{} }},
	}
}
