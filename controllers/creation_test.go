package controllers_test

import (
	"errors"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// allConditions are the types that an EdgeIngress has from its first pass.
var allConditions = []string{
	v1alpha1.ConditionReady, v1alpha1.ConditionNodesReady, v1alpha1.ConditionControllerAvailable, v1alpha1.ConditionLoadBalancerReady,
	v1alpha1.ConditionConfigEffective, v1alpha1.ConditionForwardedHeadersSafe, v1alpha1.ConditionSourceIPConfigured,
	v1alpha1.ConditionNodesKeepSourceIP, v1alpha1.ConditionSourceIPPreserved, v1alpha1.ConditionEngineSupported, v1alpha1.ConditionGuarded,
}

func TestTheShortFormBecomesACompleteEdge(t *testing.T) {
	t.Parallel()
	s := newStory(t, "short")
	s.addNodes("a", "b")
	s.addNode("app", nil)
	s.create()

	for _, node := range []string{s.node("a"), s.node("b")} {
		s.eventually("the selected node becomes an edge node", s.isEdgeNode(node))
	}
	for _, object := range s.shortFormObjects() {
		s.eventually("the object is made", s.belongsToTheEdge(object))
	}
	s.eventually("a controller runs on each edge node and nowhere else", s.readyPodsOn(s.node("a"), s.node("b")))
	if err := s.isClean(s.node("app"))(); err != nil {
		t.Errorf("a node that was not selected: %v", err)
	}
	s.eventually("all conditions are about the spec as it is", s.hasAllConditions)
	s.becomes(v1alpha1.ConditionLoadBalancerReady, metav1.ConditionFalse, v1alpha1.ReasonLoadBalancerPending)

	s.assignAddress("203.0.113.10")
	s.becomes(v1alpha1.ConditionLoadBalancerReady, metav1.ConditionTrue, v1alpha1.ReasonAddressAssigned)
	s.becomesReady()
	s.becomes(v1alpha1.ConditionSourceIPPreserved, metav1.ConditionUnknown, v1alpha1.ReasonReportPolicyMissing)
	s.tellsWhatItServes()
}

func (s *story) hasAllConditions() error {
	edge := s.edge()
	types := make([]string, 0, len(edge.Status.Conditions))
	for _, condition := range edge.Status.Conditions {
		types = append(types, condition.Type)
		if condition.ObservedGeneration != edge.Generation {
			return errors.New(condition.Type + " is about an older spec")
		}
		if condition.Message == "" {
			return errors.New(condition.Type + " has no message")
		}
	}
	return want("condition types", types, allConditions, sameElements)
}

func (s *story) tellsWhatItServes() {
	s.Helper()
	service := named(s, &corev1.Service{})
	s.mustRead(service)
	edge := s.edge()
	wanted := v1alpha1.NodesStatus{Selected: 2, Labelled: 2, Serving: 2, Summary: "2/2"}
	err := errors.Join(
		want("counted nodes", edge.Status.Nodes, wanted, same),
		want("addresses", edge.Status.Addresses, []string{"203.0.113.10"}, slices.Equal),
		want("health-check port", edge.Status.HealthCheckNodePort, service.Spec.HealthCheckNodePort, same),
		want("namespace", edge.Status.Namespace, s.namespace(), same),
		want("ingress class", edge.Status.IngressClass, s.name, same),
		want("observed generation", edge.Status.ObservedGeneration, edge.Generation, same),
	)
	if err != nil {
		s.Error(err)
	}
	if service.Spec.HealthCheckNodePort == 0 || service.Spec.ExternalTrafficPolicy != corev1.ServiceExternalTrafficPolicyLocal {
		s.Errorf("the Service has policy %s and health-check port %d", service.Spec.ExternalTrafficPolicy, service.Spec.HealthCheckNodePort)
	}
}

func TestANotReadyControllerIsNamed(t *testing.T) {
	t.Parallel()
	s := newStory(t, "limping")
	s.addNodes("a", "b")
	s.createReady()

	pod := s.podOn(s.node("b"))
	s.patch(pod, `{"metadata":{"annotations":{"lab.test/simulate-not-ready":"true"}}}`)
	s.becomes(v1alpha1.ConditionControllerAvailable, metav1.ConditionFalse, v1alpha1.ReasonControllersMissing)
	s.saysOf(v1alpha1.ConditionControllerAvailable, s.node("b"))
	s.patch(pod, `{"metadata":{"annotations":{"lab.test/simulate-not-ready":null}}}`)
	s.becomesReady()
}

func TestADeploymentRunsItsReplicasOnEdgeNodesOnly(t *testing.T) {
	t.Parallel()
	s := newStory(t, "replicas")
	s.addNodes("a", "b", "c")
	s.addNode("app", nil)
	replicas := int32(3)
	s.createReady(func(e *v1alpha1.EdgeIngress) {
		e.Spec.Controller.Kind, e.Spec.Controller.Replicas = v1alpha1.WorkloadDeployment, &replicas
	})
	s.eventually("the replicas are spread", s.readyPodsOn(s.node("a"), s.node("b"), s.node("c")))
	s.goes(named(s, &appsv1.DaemonSet{}))
}
