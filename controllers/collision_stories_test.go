package controllers_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// Two EdgeIngress objects ask for the same thing. The older one keeps it, and the younger one gets it when the
// older one leaves it.

func withClass(name string) func(*v1alpha1.EdgeIngress) {
	return func(e *v1alpha1.EdgeIngress) { e.Spec.IngressClass = &v1alpha1.IngressClassSpec{Name: name} }
}

func inNamespace(name string) func(*v1alpha1.EdgeIngress) {
	return func(e *v1alpha1.EdgeIngress) { e.Spec.Namespace = name }
}

func exposedBy(exposure v1alpha1.ExposureType) func(*v1alpha1.EdgeIngress) {
	return func(e *v1alpha1.EdgeIngress) { e.Spec.Exposure.Type = exposure }
}

func withNodePorts(http, https int32) func(*v1alpha1.EdgeIngress) {
	return func(e *v1alpha1.EdgeIngress) {
		e.Spec.Exposure.Type = v1alpha1.ExposureNodePort
		e.Spec.Exposure.NodePorts = &v1alpha1.NodePortsSpec{HTTP: &http, HTTPS: &https}
	}
}

// withAddress asks for an address. Give each story one of its own: all stories run in one cluster, and
// 203.0.113.10 is what the load balancer gives to those that do not ask.
func withAddress(address v1alpha1.AnnotationValue) func(*v1alpha1.EdgeIngress) {
	return func(e *v1alpha1.EdgeIngress) {
		e.Spec.Exposure.LoadBalancer = &v1alpha1.LoadBalancerSpec{Annotations: map[string]v1alpha1.AnnotationValue{"metallb.io/loadBalancerIPs": address}}
	}
}

// isMissing succeeds while the API server does not have the object.
func (s *story) isMissing(object client.Object) error {
	err := s.read(object)
	if err == nil {
		return fmt.Errorf("%T %s/%s is there", object, object.GetNamespace(), object.GetName())
	}
	return client.IgnoreNotFound(err)
}

func (s *story) isOwnerOfClass(name string) func() error {
	return func() error {
		class := &networkingv1.IngressClass{ObjectMeta: metav1.ObjectMeta{Name: name}}
		if err := s.read(class); err != nil {
			return err
		}
		if !metav1.IsControlledBy(class, s.edge()) {
			return fmt.Errorf("IngressClass %s belongs to %v", name, class.OwnerReferences)
		}
		return nil
	}
}

func TestTheClassOfTheOlderEdge(t *testing.T) {
	t.Parallel()
	older, younger := newStory(t, "class-older"), newStory(t, "class-younger")
	older.addNodes("a")
	younger.addNodes("a")
	older.createReady(withClass("class-shared"))
	younger.create(withClass("class-shared"))
	younger.becomes(v1alpha1.ConditionConfigEffective, metav1.ConditionFalse, v1alpha1.ReasonIngressClassTaken)
	younger.becomes(v1alpha1.ConditionControllerAvailable, metav1.ConditionFalse, v1alpha1.ReasonIngressClassTaken)
	younger.saysOf(v1alpha1.ConditionConfigEffective, "EdgeIngress class-older, which is older, has IngressClass class-shared", "Create an EdgeIngress with another spec.ingressClass.name")
	if err := errors.Join(older.isOwnerOfClass("class-shared")(), younger.isMissing(named(younger, &appsv1.DaemonSet{}))); err != nil {
		t.Error(err)
	}
	// Somebody deletes the class. The younger one does not take its name.
	older.delete(&networkingv1.IngressClass{ObjectMeta: metav1.ObjectMeta{Name: "class-shared"}})
	older.eventually("the class is back", older.isOwnerOfClass("class-shared"))
	older.becomesReady()

	older.deleteEdge()
	younger.eventually("the younger one gets the class", younger.isOwnerOfClass("class-shared"))
	younger.assignAddress("203.0.113.10")
	younger.becomesReady()
}

func TestTheNamespaceOfTheOlderEdge(t *testing.T) {
	t.Parallel()
	older, younger := newStory(t, "space-older"), newStory(t, "space-younger")
	older.addNodes("a")
	younger.addNodes("a")
	older.createReady(exposedBy(v1alpha1.ExposureHostPort), withoutDrain)
	younger.create(exposedBy(v1alpha1.ExposureHostPort), withoutDrain, inNamespace(older.namespace()))
	for _, condition := range []string{v1alpha1.ConditionControllerAvailable, v1alpha1.ConditionNodesReady, v1alpha1.ConditionConfigEffective} {
		younger.becomes(condition, metav1.ConditionFalse, v1alpha1.ReasonNamespaceTaken)
	}
	younger.saysOf(v1alpha1.ConditionReady, "EdgeIngress space-older, which is older, uses namespace edge-space-older", "Create an EdgeIngress with another spec.namespace")
	if err := younger.isClean(younger.node("a"))(); err != nil {
		t.Errorf("the younger one changed its node: %v", err)
	}
	configMap := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: older.namespace(), Name: named(younger, &corev1.ConfigMap{}).Name}}
	if err := younger.isMissing(configMap); err != nil {
		t.Error(err)
	}
	older.becomesReady()

	older.deleteEdge()
	younger.becomesReady()
}

func TestTheHostPortsOfTheOlderEdge(t *testing.T) {
	t.Parallel()
	older, younger := newStory(t, "ports-older"), newStory(t, "ports-younger")
	older.addNodes("a")
	younger.addNode("b", map[string]string{poolLabel: older.name, "example.com/second": "true"})
	shared, own := older.node("a"), younger.node("b")
	older.removeLabel(own, poolLabel)
	older.createReady(exposedBy(v1alpha1.ExposureHostPort), withoutDrain)
	younger.create(exposedBy(v1alpha1.ExposureHostNetwork), withoutDrain, func(e *v1alpha1.EdgeIngress) {
		e.Spec.Nodes.Selector, e.Spec.Nodes.Names = nil, []string{shared, own}
	})
	younger.becomes(v1alpha1.ConditionNodesReady, metav1.ConditionFalse, v1alpha1.ReasonHostPortsTaken)
	younger.saysOf(v1alpha1.ConditionNodesReady, "EdgeIngress ports-older, which is older, uses ports 80 and 443 of node "+shared, "Select other nodes")
	younger.eventually("it runs on its own node", younger.readyPodsOn(own))
	if err := errors.Join(younger.isReleased(shared)(), older.isEdgeNode(shared)()); err != nil {
		t.Error(err)
	}
	// The pod of the older one is replaced. No pod of the younger one waits for the port.
	older.delete(older.podOn(shared))
	older.eventually("the older one runs again", older.readyPodsOn(shared))
	older.becomesReady()

	older.change(exposedBy(v1alpha1.ExposureNodePort))
	younger.eventually("the younger one runs there, too", younger.readyPodsOn(shared, own))
	younger.becomesReady()
	older.becomesReady()
}

func TestTheNodePortsOfTheOlderEdge(t *testing.T) {
	t.Parallel()
	older, younger := newStory(t, "nodeport-older"), newStory(t, "nodeport-younger")
	older.addNodes("a")
	younger.addNodes("a")
	older.createReady(withNodePorts(30060, 30061))
	younger.create(withNodePorts(30062, 30061))
	younger.becomes(v1alpha1.ConditionLoadBalancerReady, metav1.ConditionFalse, v1alpha1.ReasonNodePortTaken)
	younger.saysOf(v1alpha1.ConditionLoadBalancerReady, "EdgeIngress nodeport-older, which is older, has node port 30061", "Set other ports in spec.exposure.nodePorts")
	service := named(older, &corev1.Service{})
	older.delete(service)
	older.eventually("the Service is back", func() error { return older.read(service) })
	if service.Spec.Ports[1].NodePort != 30061 {
		t.Errorf("the older one lost its port: %v", service.Spec.Ports)
	}
	if err := younger.isMissing(named(younger, &corev1.Service{})); err != nil {
		t.Error(err)
	}

	older.change(withNodePorts(30060, 30063))
	younger.becomesReady()
	older.becomesReady()
}

func TestTheAddressOfTheOlderEdge(t *testing.T) {
	t.Parallel()
	const address = "203.0.113.20"
	older, younger := newStory(t, "address-older"), newStory(t, "address-younger")
	older.addNodes("a")
	younger.addNodes("a")
	older.createReady(withAddress(address))
	younger.create(withAddress(address))
	younger.becomes(v1alpha1.ConditionLoadBalancerReady, metav1.ConditionFalse, v1alpha1.ReasonAddressTaken)
	younger.saysOf(v1alpha1.ConditionLoadBalancerReady, "EdgeIngress address-older, which is older, has address "+address, "or let the load balancer choose")
	if err := younger.isMissing(named(younger, &corev1.Service{})); err != nil {
		t.Error(err)
	}
	older.becomesReady()

	older.deleteEdge()
	younger.assignAddress(address)
	younger.becomesReady()
}

// TestAnUpgradeStopsNothing has two EdgeIngress objects that share a namespace from a time before the operator
// refused that.
func TestAnUpgradeStopsNothing(t *testing.T) {
	older, younger := newStory(t, "before-older"), newStory(t, "before-younger")
	older.addNodes("a")
	younger.addNodes("a")
	older.createReady(exposedBy(v1alpha1.ExposureHostPort), withoutDrain)
	startOperator := stopOperator(t)
	younger.create(exposedBy(v1alpha1.ExposureHostPort), withoutDrain, inNamespace(older.namespace()))
	younger.hasRunBefore(older.namespace())
	startOperator()
	younger.becomesReady()
	younger.saysOf(v1alpha1.ConditionControllerAvailable, "EdgeIngress before-older, which is older, uses namespace edge-before-older too", "Create an EdgeIngress with another spec.namespace")
	older.becomesReady()
}

// hasRunBefore makes an object that an operator of an earlier version has made.
func (s *story) hasRunBefore(namespace string) {
	s.Helper()
	edge := s.edge()
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{
		Namespace: namespace, Name: named(s, &corev1.ServiceAccount{}).Name,
		Labels:          map[string]string{v1alpha1.OwnerLabel: s.name, v1alpha1.ManagedByLabel: v1alpha1.ManagedBy},
		OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(edge, v1alpha1.GroupVersion.WithKind("EdgeIngress"))},
	}}
	if err := admin.Create(s.Context(), account); err != nil {
		s.Fatal(err)
	}
}

// TestAPassOfACollisionAsksForNothing makes passes for younger ones that wait, which may be for ever.
func TestAPassOfACollisionAsksForNothing(t *testing.T) {
	older := newStory(t, "still-older")
	older.addNodes("a")
	older.createReady(withAddress("203.0.113.21"), withClass("still-shared"))
	waiting := map[string]*story{}
	for name, change := range map[string]func(*v1alpha1.EdgeIngress){
		"still-class": withClass("still-shared"), "still-space": inNamespace(older.namespace()), "still-address": withAddress("203.0.113.21"),
	} {
		s := newStory(t, name)
		s.addNodes("a")
		s.create(change)
		s.eventually("it is not Ready", s.isNotReady)
		waiting[name] = s
	}
	for name, s := range waiting {
		s.eventually("a pass sends no request", func() error {
			operator.requests.Reset()
			if _, err := operator.reconciler.Reconcile(t.Context(), ctrl.Request{NamespacedName: client.ObjectKey{Name: name}}); err != nil {
				return err
			}
			return want("requests", operator.requests.All(), nil, slices.Equal)
		})
	}
}

// isNotReady succeeds when Ready is False.
func (s *story) isNotReady() error {
	for _, condition := range s.edge().Status.Conditions {
		if condition.Type == v1alpha1.ConditionReady && condition.Status == metav1.ConditionFalse {
			return nil
		}
	}
	return errors.New("Ready is not False")
}
