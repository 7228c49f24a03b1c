package controllers

import (
	"slices"
	"testing"
	"time"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

func TestDefaultClassesAreInTheOrderOfKubernetes(t *testing.T) {
	class := func(name, isDefault string, made time.Time) networkingv1.IngressClass {
		c := networkingv1.IngressClass{ObjectMeta: metav1.ObjectMeta{Name: name, CreationTimestamp: metav1.NewTime(made)}}
		c.Annotations = map[string]string{networkingv1.AnnotationIsDefaultIngressClass: isDefault, "example.com/note": "x"}
		c.Spec.Controller = "example.com/controller"
		trimmed, err := trimIngressClass(&c)
		kept, isClass := trimmed.(*networkingv1.IngressClass)
		if err != nil || !isClass {
			t.Fatal(trimmed, err)
		}
		if len(kept.Annotations) > 1 || kept.Spec.Controller != "" {
			t.Errorf("more is kept than a pass sees: %+v", kept)
		}
		return *kept
	}
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	classes := []networkingv1.IngressClass{
		class("old", "true", now), class("none", "false", now.Add(time.Hour)), class("b", "true", now.Add(time.Minute)), class("a", "true", now.Add(time.Minute)),
	}
	if got := defaultsAmong(classes); !slices.Equal(got, []string{"a", "b", "old"}) {
		t.Errorf("got %v", got)
	}
	ours := &networkingv1.IngressClass{ObjectMeta: metav1.ObjectMeta{Name: "public", Labels: map[string]string{v1alpha1.OwnerLabel: "public"}}}
	ours.Spec.Controller = "example.com/controller"
	if kept, _ := trimIngressClass(ours); kept != any(ours) || ours.Spec.Controller == "" {
		t.Errorf("our own class was trimmed: %+v", kept)
	}
}
