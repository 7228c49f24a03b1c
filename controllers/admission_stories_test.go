package controllers_test

import (
	"path/filepath"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/guardrails"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
	"github.com/edge-ingress/edge-ingress-operator/test/configfiles"
)

// applyPolicies applies files of config/ until the test ends, and returns their objects.
func (s *story) applyPolicies(paths ...string) []*unstructured.Unstructured {
	s.Helper()
	var objects []*unstructured.Unstructured
	for _, path := range paths {
		object := &unstructured.Unstructured{}
		if err := configfiles.Read(filepath.Join("..", "config", path), &object.Object); err != nil {
			s.Fatal(err)
		}
		if err := configfiles.Apply(s.Context(), admin, object); err != nil {
			s.Fatal(err)
		}
		s.cleanUp(object)
		objects = append(objects, object)
	}
	return objects
}

// TestEveryEdgeIngressSaysWhetherThePoliciesAreInForce: config/guard is in force in every story, and config/admission
// is missing, as beside a bundle of OLM.
func TestEveryEdgeIngressSaysWhetherThePoliciesAreInForce(t *testing.T) {
	s := newStory(t, "guarded")
	s.addNodes("a")
	s.createReady()
	s.becomes(v1alpha1.ConditionGuarded, metav1.ConditionFalse, v1alpha1.ReasonPoliciesMissing)
	s.saysOf(v1alpha1.ConditionGuarded, names.OperatorAccount(operatorNamespace)+": "+guardrails.Administrators+". So")

	objects := s.applyPolicies("admission/edgeingress_policy.yaml", "admission/edgeingress_policy_binding.yaml")
	s.becomes(v1alpha1.ConditionGuarded, metav1.ConditionTrue, v1alpha1.ReasonPoliciesInForce)
	s.becomesReady()

	binding := objects[1]
	s.patch(binding, `{"spec":{"validationActions":["Audit"]}}`)
	s.becomes(v1alpha1.ConditionGuarded, metav1.ConditionFalse, v1alpha1.ReasonPoliciesMissing)
	s.patch(binding, `{"spec":{"validationActions":["Deny"]}}`)
	s.becomes(v1alpha1.ConditionGuarded, metav1.ConditionTrue, v1alpha1.ReasonPoliciesInForce)
	s.delete(objects[0])
	s.becomes(v1alpha1.ConditionGuarded, metav1.ConditionFalse, v1alpha1.ReasonPoliciesMissing)
}

func TestReportsCountOnlyWithTheirPolicy(t *testing.T) {
	s := newStory(t, "report-policy")
	s.addNodes("a")
	s.createReady()
	s.becomes(v1alpha1.ConditionNodesKeepSourceIP, metav1.ConditionUnknown, v1alpha1.ReasonReportPolicyMissing)
	objects := s.applyPolicies("verification/report_policy.yaml", "verification/report_policy_binding.yaml")
	s.becomes(v1alpha1.ConditionNodesKeepSourceIP, metav1.ConditionUnknown, v1alpha1.ReasonNoProberReports)
	s.delete(objects[1])
	s.becomes(v1alpha1.ConditionNodesKeepSourceIP, metav1.ConditionUnknown, v1alpha1.ReasonReportPolicyMissing)
}
