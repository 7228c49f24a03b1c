package controllers

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/engine/registry"
)

const protocol = "nginx.ingress.kubernetes.io/backend-protocol"

func anIngress(name, class string, annotations map[string]string) networkingv1.Ingress {
	return networkingv1.Ingress{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "shop", UID: "1", ResourceVersion: "1", Annotations: annotations, Labels: map[string]string{"app": "shop"}},
		Spec:       networkingv1.IngressSpec{IngressClassName: &class, Rules: []networkingv1.IngressRule{{Host: "www.example.com"}}},
	}
}

// The cache keeps what a pass sees, and no more.
func TestIngressObjectsOfTheClassThatDepart(t *testing.T) {
	fcgi := map[string]string{protocol: "FCGI", "example.com/note": strings.Repeat("x", 1000)}
	whole := []networkingv1.Ingress{
		anIngress("z", "public", fcgi), anIngress("b", "public", fcgi), anIngress("other-class", "other", fcgi),
		anIngress("plain", "public", map[string]string{protocol: "HTTPS"}),
		anIngress("old-way", "", map[string]string{legacyClassAnnotation: "public", protocol: "FCGI"}),
		anIngress("old-way-goes-first", "public", map[string]string{legacyClassAnnotation: "other", protocol: "FCGI"}),
	}
	var trimmed []networkingv1.Ingress
	for i := range whole {
		kept, err := trimIngress(whole[i].DeepCopy())
		ingress, isIngress := kept.(*networkingv1.Ingress)
		if err != nil || !isIngress {
			t.Fatalf("trimmed to %T (%v)", kept, err)
		}
		if content, err := ingress.Marshal(); err != nil || len(content) > 200 || len(ingress.Spec.Rules) > 0 || len(ingress.Labels) > 0 {
			t.Errorf("%s: %d bytes are kept (%v)", ingress.Name, len(content), err)
		}
		trimmed = append(trimmed, *ingress)
	}
	for name, ingresses := range map[string][]networkingv1.Ingress{"whole": whole, "trimmed": trimmed} {
		var got []string
		for _, d := range departuresAmong(ingresses, "public", registry.All()[0], nil) {
			if d.Namespace != "shop" || !strings.Contains(d.Why, "FCGI") {
				t.Errorf("%s: %+v", name, d)
			}
			got = append(got, d.Name)
		}
		if diff := cmp.Diff([]string{"b", "old-way", "z"}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestOurOwnIngressStaysWhole(t *testing.T) {
	ours := anIngress("public-witness", "public", nil)
	ours.Labels = map[string]string{v1alpha1.OwnerLabel: "public"}
	ours.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "x"}}
	want := ours.DeepCopy()
	want.ManagedFields = nil
	kept, err := trimIngress(ours.DeepCopy())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, kept); diff != "" {
		t.Errorf("-want +kept:\n%s", diff)
	}
}

func TestAnIngressWakesByItsSignsOnly(t *testing.T) {
	plain := anIngress("a", "public", nil)
	checkWakeUps(t, &plain, map[string]wakeUp[*networkingv1.Ingress]{
		"a rule": {change: func(i *networkingv1.Ingress) { i.Spec.Rules = nil }},
		"a status": {change: func(i *networkingv1.Ingress) {
			i.Status.LoadBalancer.Ingress = []networkingv1.IngressLoadBalancerIngress{{IP: "192.0.2.1"}}
		}},
		"any class":  {change: func(i *networkingv1.Ingress) { i.Spec.IngressClassName = nil }, wakes: true},
		"a sign":     {change: func(i *networkingv1.Ingress) { i.Annotations = map[string]string{protocol: "FCGI"} }, wakes: true},
		"annotation": {change: func(i *networkingv1.Ingress) { i.Annotations = map[string]string{protocol: "HTTPS"} }},
	})
	ours := anIngress("public-witness", "public", nil)
	ours.Labels = map[string]string{v1alpha1.OwnerLabel: "public"}
	checkWakeUps(t, &ours, map[string]wakeUp[*networkingv1.Ingress]{
		"our own: a rule": {change: func(i *networkingv1.Ingress) { i.Spec.Rules = nil }, wakes: true},
		"our own: a status": {change: func(i *networkingv1.Ingress) {
			i.Status.LoadBalancer.Ingress = []networkingv1.IngressLoadBalancerIngress{{IP: "192.0.2.1"}}
		}},
	})
	r := &Reconciler{}
	if requests := r.requestsForIngress(t.Context(), &plain); len(requests) > 0 {
		t.Errorf("an Ingress without signs causes %v", requests)
	}
	if requests := r.requestsForIngress(t.Context(), &ours); len(requests) != 1 || requests[0].Name != "public" {
		t.Errorf("our own Ingress causes %v", requests)
	}
}
