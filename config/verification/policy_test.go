package verification_test

import (
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/controllers/guardrails"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
)

// TestTheOperatorRecognisesThePolicy: with everything that the API server adds to it.
func TestTheOperatorRecognisesThePolicy(t *testing.T) {
	policy, binding := &admissionregistrationv1.ValidatingAdmissionPolicy{}, &admissionregistrationv1.ValidatingAdmissionPolicyBinding{}
	for _, object := range []client.Object{policy, binding} {
		if err := root.Get(t.Context(), client.ObjectKey{Name: names.ReportPolicy}, object); err != nil {
			t.Fatal(err)
		}
	}
	if !guardrails.KeepsReports(policy, binding) {
		t.Errorf("the operator does not recognise the policy %+v with the binding %+v", policy.Spec, binding.Spec)
	}
}
