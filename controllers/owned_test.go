package controllers

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

func TestWhichObjectsAreOurs(t *testing.T) {
	edge := &v1alpha1.EdgeIngress{ObjectMeta: metav1.ObjectMeta{Name: "public", UID: "1"}}
	marks := map[string]string{v1alpha1.OwnerLabel: "public", v1alpha1.ManagedByLabel: v1alpha1.ManagedBy}
	applied := map[string]string{v1alpha1.AppliedAnnotation: "x"}
	owner := func(uid types.UID) []metav1.OwnerReference {
		isController := true
		return []metav1.OwnerReference{{APIVersion: v1alpha1.GroupVersion.String(), Kind: "EdgeIngress", Name: "public", UID: uid, Controller: &isController}}
	}
	for name, test := range map[string]struct {
		meta metav1.ObjectMeta
		ours bool
	}{
		"controlled by the EdgeIngress":          {meta: metav1.ObjectMeta{OwnerReferences: owner("1")}, ours: true},
		"controlled by an EdgeIngress of before": {meta: metav1.ObjectMeta{OwnerReferences: owner("2"), Labels: marks, Annotations: applied}, ours: false},
		"with our marks, its owner taken away":   {meta: metav1.ObjectMeta{Labels: marks, Annotations: applied}, ours: true},
		"with our labels only":                   {meta: metav1.ObjectMeta{Labels: marks}, ours: false},
		"with our annotation only":               {meta: metav1.ObjectMeta{Annotations: applied}, ours: false},
		"of another EdgeIngress": {meta: metav1.ObjectMeta{
			Labels: map[string]string{v1alpha1.OwnerLabel: "internal", v1alpha1.ManagedByLabel: v1alpha1.ManagedBy}, Annotations: applied}, ours: false},
		"without any mark": {meta: metav1.ObjectMeta{}, ours: false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := isOurs(&corev1.ConfigMap{ObjectMeta: test.meta}, edge); got != test.ours {
				t.Errorf("ours: want %t, got %t", test.ours, got)
			}
		})
	}
}
