package desired

import (
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

func probes(asked v1alpha1.Switch) func(*v1alpha1.EdgeIngress) {
	return func(e *v1alpha1.EdgeIngress) { e.Spec.Verification = &v1alpha1.VerificationSpec{Probes: asked} }
}

func ingressOf(state State) *unstructured.Unstructured {
	at := slices.IndexFunc(state.Objects, func(o *unstructured.Unstructured) bool { return o.GetKind() == "Ingress" })
	if at < 0 {
		return nil
	}
	return state.Objects[at]
}

func TestWhoIsMeasured(t *testing.T) {
	for name, test := range map[string]struct {
		namespace string
		byDefault bool
		asked     v1alpha1.Switch
		want      bool
	}{
		"by default":                                      {namespace: "operator", byDefault: true, want: true},
		"not by default":                                  {namespace: "operator"},
		"not by default, and asked for":                   {namespace: "operator", asked: v1alpha1.Enabled, want: true},
		"by default, and switched off":                    {namespace: "operator", byDefault: true, asked: v1alpha1.Disabled},
		"asked for where the operator knows no namespace": {byDefault: true, asked: v1alpha1.Enabled},
	} {
		t.Run(name, func(t *testing.T) {
			s := seen(edge(probes(test.asked)))
			s.Options.Namespace, s.Options.MeasureByDefault = test.namespace, test.byDefault
			state := compute(t, s)
			ingress := ingressOf(state)
			if (ingress != nil) != test.want || (state.ConfigDigest != "") != test.want {
				t.Fatalf("Ingress: %t, digest %q", ingress != nil, state.ConfigDigest)
			}
			if ingress != nil && (ingress.GetNamespace() != test.namespace || len(ingress.GetOwnerReferences()) != 1) {
				t.Errorf("the Ingress is in %q, with the owners %v", ingress.GetNamespace(), ingress.GetOwnerReferences())
			}
		})
	}
}

func TestTheIngressGoesWhenNothingIsMeasured(t *testing.T) {
	ref := snapshot.Ref{Kind: "Ingress", Namespace: "operator", Name: names.WitnessIngress(ingressName)}
	for name, test := range map[string]struct {
		asked v1alpha1.Switch
		want  ChangeKind
	}{
		"measured":     {v1alpha1.Enabled, Apply},
		"switched off": {v1alpha1.Disabled, Delete},
	} {
		t.Run(name, func(t *testing.T) {
			s := seen(edge(probes(test.asked)))
			s.Options.Namespace = "operator"
			owning(&s, ref)
			at := slices.IndexFunc(compute(t, s).Changes, func(c Change) bool { return c.Ref == ref })
			if at < 0 || compute(t, s).Changes[at].Kind != test.want {
				t.Errorf("want %s of %s, got %v", test.want, ref, compute(t, s).Changes)
			}
		})
	}
}
