package controllers_test

import (
	"fmt"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/engine/registry"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// witnessIngress is the Ingress that leads to the witness, to be read.
func (s *story) witnessIngress() *networkingv1.Ingress {
	return &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Name: names.WitnessIngress(s.name), Namespace: operatorNamespace}}
}

// reportsDigest succeeds when the live settings make the controller report a digest, or not.
func (s *story) reportsDigest(reports bool) func() error {
	return func() error {
		configMap := named(s, &corev1.ConfigMap{})
		if err := s.read(configMap); err != nil {
			return err
		}
		return want("a digest", registry.All()[0].ConfigDigest(configMap.Data) != "", reports, same)
	}
}

func probes(asked v1alpha1.Switch, hosts ...string) func(*v1alpha1.EdgeIngress) {
	return func(e *v1alpha1.EdgeIngress) {
		e.Spec.Verification = &v1alpha1.VerificationSpec{Probes: asked, Hosts: hosts}
	}
}

// TestMeasuringIsSwitchedOffAndOn: no pod is replaced by it.
func TestMeasuringIsSwitchedOffAndOn(t *testing.T) {
	t.Parallel()
	s := newStory(t, "measured")
	s.addNodes("a")
	s.createReady()
	s.eventually("the witness is published", s.belongsToTheEdge(s.witnessIngress()))
	s.eventually("the controller reports its settings", s.reportsDigest(true))
	daemonSet := named(s, &appsv1.DaemonSet{})
	s.mustRead(daemonSet)
	template := daemonSet.Spec.Template

	s.change(probes(v1alpha1.Disabled))
	s.eventually("the Ingress goes", s.isGone(s.Context(), s.witnessIngress()))
	s.eventually("the controller reports nothing", s.reportsDigest(false))

	s.change(probes(v1alpha1.Enabled, "www.example.com"))
	s.eventually("the witness is published under another name, too", func() error {
		ingress := s.witnessIngress()
		if err := s.belongsToTheEdge(ingress)(); err != nil {
			return err
		}
		var hosts []string
		for _, rule := range ingress.Spec.Rules {
			hosts = append(hosts, rule.Host)
		}
		return want("hosts", strings.Join(hosts, " "), names.WitnessHost(s.name)+" www.example.com", same)
	})
	s.eventually("the controller reports its settings again", s.reportsDigest(true))
	s.becomesReady()
	s.mustRead(daemonSet)
	if err := want("template", daemonSet.Spec.Template, template, func(a, b corev1.PodTemplateSpec) bool { return equality.Semantic.DeepEqual(a, b) }); err != nil {
		t.Error(err)
	}
}

func TestTheWayToTheWitnessIsRepaired(t *testing.T) {
	t.Parallel()
	s := newStory(t, "witness-drift")
	s.addNodes("a")
	s.createReady()
	ingress := s.witnessIngress()
	s.eventually("the witness is published", s.belongsToTheEdge(ingress))
	s.undoes(map[string]tampering{
		"its class changes":                  {object: ingress, patch: `{"spec":{"ingressClassName":"other"}}`},
		"it gets another host":               {object: ingress, patch: `{"spec":{"rules":[{"host":"www.example.com"}]}}`},
		"it gets a default backend":          {object: ingress, patch: `{"spec":{"defaultBackend":{"service":{"name":"x","port":{"number":80}}}}}`},
		"the engine is to redirect":          {object: ingress, patch: `{"metadata":{"annotations":{"nginx.ingress.kubernetes.io/permanent-redirect":"https://example.com"}}}`},
		"the engine is to redirect to HTTPS": {object: ingress, patch: `{"metadata":{"annotations":{"nginx.ingress.kubernetes.io/ssl-redirect":"true"}}}`},
		"it gets a class in the old way":     {object: ingress, patch: `{"metadata":{"annotations":{"kubernetes.io/ingress.class":"other"}}}`},
		"it loses its label":                 {object: ingress, patch: fmt.Sprintf(`{"metadata":{"labels":{%q:null}}}`, v1alpha1.OwnerLabel)},
		"it loses its owner":                 {object: ingress, patch: `{"metadata":{"ownerReferences":null}}`},
	})
	s.patch(ingress, `{"metadata":{"annotations":{"example.com/note":"x"}}}`)
	s.delete(ingress)
	s.eventually("it is made again", s.belongsToTheEdge(s.witnessIngress()))
}

// TestNobodysIngressIsTouched: one has the name that the operator needs, and one, elsewhere, all of its marks.
func TestNobodysIngressIsTouched(t *testing.T) {
	t.Parallel()
	s := newStory(t, "witness-foreign")
	s.addNodes("a")
	foreign := s.witnessIngress()
	foreign.Spec.DefaultBackend = &networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: "x", Port: networkingv1.ServiceBackendPort{Number: 80}}}
	s.createForeign(foreign)
	marked := foreign.DeepCopy()
	marked.ObjectMeta = metav1.ObjectMeta{
		Name: foreign.Name, Namespace: s.namespace(), Labels: names.Labels(s.name), Annotations: map[string]string{v1alpha1.AppliedAnnotation: "0"},
	}
	s.createForeign(marked)
	before := essence(t, foreign)
	s.createReady()
	result, err := operator.reconciler.Reconcile(t.Context(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(s.edge())})
	if err != nil || result.RequeueAfter == 0 || result.RequeueAfter > snapshot.NameTakenRecheck {
		t.Errorf("the operator does not check the name again within %s: %v, %v", snapshot.NameTakenRecheck, result, err)
	}
	if err := s.isAsBefore(foreign, before)(); err != nil {
		t.Error(err)
	}
	s.mustRead(marked)
	s.delete(foreign)
	s.change(probes(v1alpha1.Enabled))
	s.eventually("the name is taken up when it is free", s.belongsToTheEdge(s.witnessIngress()))
	s.mustRead(marked)
}

// TestOtherNamespacesIngressObjectsAreOutOfReach: its account may write Ingress objects in its own namespace only.
func TestOtherNamespacesIngressObjectsAreOutOfReach(t *testing.T) {
	t.Parallel()
	s := newStory(t, "witness-rights")
	s.createNamespace()
	ingress := s.witnessIngress()
	// Otherwise as the operator writes it, so that config/guard allows it.
	owner := &v1alpha1.EdgeIngress{ObjectMeta: metav1.ObjectMeta{Name: s.name, UID: "1"}}
	ingress.Labels = names.Labels(s.name)
	ingress.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(owner, v1alpha1.GroupVersion.WithKind("EdgeIngress"))}
	anyPath := networkingv1.PathTypeImplementationSpecific
	path := networkingv1.HTTPIngressPath{Path: "/.well-known/edge-ingress", PathType: &anyPath, Backend: networkingv1.IngressBackend{
		Service: &networkingv1.IngressServiceBackend{Name: names.Witness, Port: networkingv1.ServiceBackendPort{Number: 80}},
	}}
	ingress.Spec.Rules = []networkingv1.IngressRule{{
		Host:             names.WitnessHost(s.name),
		IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{Paths: []networkingv1.HTTPIngressPath{path}}},
	}}
	account := newClient(t, accountConfig(t))
	for _, test := range []struct {
		namespace string
		allowed   bool
	}{{s.namespace(), false}, {operatorNamespace, true}} {
		attempt := ingress.DeepCopy()
		attempt.Namespace = test.namespace
		err := account.Create(t.Context(), attempt, client.DryRunAll)
		if (err == nil) != test.allowed {
			t.Errorf("creating an Ingress in %s: %v", test.namespace, err)
		}
	}
}
