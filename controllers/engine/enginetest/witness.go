package enginetest

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/engine"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
	"github.com/edge-ingress/edge-ingress-operator/verification/answer"
)

// witness is as in an installation.
func witness() *engine.Witness {
	return &engine.Witness{Namespace: "edge-ingress-operator-system", Service: names.Witness, Port: 80}
}

// witnessChangesNoPod: measuring begins and ends without a roll-out. Of the objects, only the settings
// change, and the Ingress comes and goes.
func (s suite) witnessChangesNoPod(t *testing.T) {
	for name, edge := range s.cases {
		with, without := rendered{}, rendered{}
		for _, object := range s.renderWith(t, edge, witness()) {
			with[object.GetKind()] = object
		}
		for _, object := range s.renderWith(t, edge, nil) {
			without[object.GetKind()] = object
		}
		if with["Ingress"] == nil || without["Ingress"] != nil {
			t.Errorf("%s: Ingress with a witness: %t, without: %t", name, with["Ingress"] != nil, without["Ingress"] != nil)
		}
		for _, objects := range []rendered{with, without} {
			delete(objects, "Ingress")
			delete(objects, "ConfigMap")
		}
		if diff := cmp.Diff(without, with); diff != "" {
			t.Errorf("%s: measuring changes (-without +with):\n%s", name, diff)
		}
	}
}

// witnessPublished: the Ingress belongs to the class of the EdgeIngress, and leads the reserved path of the
// witness's host name, and of those that the spec names, to the witness. It leads nothing else there.
func (s suite) witnessPublished(t *testing.T) {
	edge := edgeIngress(func(e *v1alpha1.EdgeIngress) {
		e.Spec.Verification = &v1alpha1.VerificationSpec{Hosts: []string{"www.example.com"}}
	})
	objects := rendered{}
	for _, object := range s.renderWith(t, edge, witness()) {
		objects[object.GetKind()] = object
	}
	var ingress networkingv1.Ingress
	convert(t, objects["Ingress"], &ingress)
	if ingress.Name != names.WitnessIngress(edge.Name) || ingress.Namespace != witness().Namespace {
		t.Errorf("the Ingress is %s/%s", ingress.Namespace, ingress.Name)
	}
	if class := ingress.Spec.IngressClassName; class == nil || *class != edge.IngressClassName() || ingress.Spec.DefaultBackend != nil {
		t.Errorf("the Ingress has the class %v and the default backend %v", class, ingress.Spec.DefaultBackend)
	}
	var hosts []string
	for _, rule := range ingress.Spec.Rules {
		hosts = append(hosts, rule.Host)
		paths := rule.HTTP.Paths
		if len(paths) != 1 || paths[0].Path != strings.TrimSuffix(answer.Path, "/") || paths[0].Backend.Service.Name != names.Witness || paths[0].Backend.Service.Port.Number != 80 {
			t.Errorf("%s leads to %v", rule.Host, paths)
		}
	}
	if want := []string{names.WitnessHost(edge.Name), "www.example.com"}; !slices.Equal(hosts, want) {
		t.Errorf("the Ingress has the hosts %v, want %v", hosts, want)
	}
}

// witnessInformed: the digest that the engine reports follows every setting, and measuring changes nobody's
// trust and no problem.
func (s suite) witnessInformed(t *testing.T) {
	for name, edge := range s.cases {
		without, problems := s.engine.Configure(edge, nil)
		with, same := s.engine.Configure(edge, witness())
		if digest := s.engine.ConfigDigest(without); digest != "" {
			t.Errorf("%s: without a witness, the engine reports the digest %q", name, digest)
		}
		digest := s.engine.ConfigDigest(with)
		if again, _ := s.engine.Configure(edge, witness()); digest == "" || len(digest) > 64 || s.engine.ConfigDigest(again) != digest {
			t.Errorf("%s: the digest is %q, and then %q", name, digest, s.engine.ConfigDigest(again))
		}
		if diff := cmp.Diff(problems, same); diff != "" {
			t.Errorf("%s: measuring changes the problems:\n%s", name, diff)
		}
		if diff := cmp.Diff(s.engine.Beliefs(without), s.engine.Beliefs(with)); diff != "" {
			t.Errorf("%s: measuring changes the beliefs:\n%s", name, diff)
		}
		changed := edge.DeepCopy()
		changed.Spec.ClientIP = &v1alpha1.ClientIPSpec{ForwardedHeader: header("X-Another", v1alpha1.ProtoAndHostIgnore, "203.0.113.64/26")}
		if other, _ := s.engine.Configure(changed, witness()); s.engine.ConfigDigest(other) == digest {
			t.Errorf("%s: other trust has the same digest", name)
		}
	}
}
