package controllers_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// mirrored is the controller's image as a mirror has it.
const mirrored = "mirror.example.com/ingress-nginx/controller:v1.15.1@sha256:594ceea76b01c592858f803f9ff4d2cb40542cae2060410b2c95f75907d659e1"

func TestAPolicyThatRewritesTheImageIsReported(t *testing.T) {
	t.Parallel()
	s := newStory(t, "mirroring")
	s.addNodes("a")
	remove := s.admit("daemonsets", "apps", named(s, &appsv1.DaemonSet{}).Name, applying(fmt.Sprintf(
		`Object{spec: Object.spec{template: Object.spec.template{spec: Object.spec.template.spec{containers: [Object.spec.template.spec.containers{name: "controller", image: %q}]}}}}`, mirrored)))
	s.create()
	s.becomes(v1alpha1.ConditionControllerAvailable, metav1.ConditionTrue, v1alpha1.ReasonControllersReady)
	s.eventually("the image is rewritten", func() error {
		found := named(s, &appsv1.DaemonSet{})
		s.patch(found, fmt.Sprintf(`{"metadata":{"annotations":{"example.com/try":%q}}}`, time.Now().String()))
		return want("image", found.Spec.Template.Spec.Containers[0].Image, mirrored, same)
	})
	s.eventually("the condition says what it is, and offers the mirror", s.conditionTells(v1alpha1.ConditionControllerAvailable,
		"an admission policy or webhook", "image", "mutatingadmissionpolicies", "spec.controller.image", "repository mirror.example.com/ingress-nginx/controller"))
	if found := meta.FindStatusCondition(s.edge().Status.Conditions, v1alpha1.ConditionControllerAvailable); found.Status == metav1.ConditionTrue {
		t.Errorf("the condition is True: %s", found.Message)
	}
	s.eventually("one event reports it", s.told("Warning", v1alpha1.EventDriftContested, "image", "an admission policy or webhook"))
	if count := s.eventsOf(v1alpha1.EventDriftRepaired); count > 0 {
		t.Errorf("%d events claim a repair that did not hold", count)
	}
	if count := s.eventsOf(v1alpha1.EventDriftContested); count != 1 {
		t.Errorf("%d events report it", count)
	}
	remove()
	s.eventually("the image is what the spec asks for", func() error {
		found := named(s, &appsv1.DaemonSet{})
		if err := s.read(found); err != nil {
			return err
		}
		if image := found.Spec.Template.Spec.Containers[0].Image; strings.HasPrefix(image, "mirror") {
			return fmt.Errorf("image %s", image)
		}
		return nil
	})
}

// TestAPolicyThatUndoesWritesToNodesIsReported lets the API server itself take what the operator
// writes to a node out of each write.
func TestAPolicyThatUndoesWritesToNodesIsReported(t *testing.T) {
	const label, taint = `object.metadata.?labels[?%q].hasValue() ? [JSONPatch{op: "remove", path: "/metadata/labels/" + jsonpatch.escapeKey(%[1]q)}] : []`,
		`has(object.spec.taints) && size(object.spec.taints) > 0 ? [JSONPatch{op: "remove", path: "/spec/taints"}] : []`
	for name, test := range map[string]struct {
		expression func(own string) string
		// probe is a change that the policy undoes, too.
		probe         func(own string) string
		field, reason string
	}{
		"label": {
			expression: func(own string) string { return fmt.Sprintf(label, own) },
			probe:      func(own string) string { return fmt.Sprintf(`{"metadata":{"labels":{%q:"probe"}}}`, own) },
			field:      "metadata.labels." + v1alpha1.NodeLabelPrefix, reason: v1alpha1.ReasonLabelsMissing,
		},
		"taint": {
			expression: func(string) string { return taint },
			probe: func(string) string {
				return `{"spec":{"taints":[{"key":"example.com/probe","effect":"PreferNoSchedule"}]}}`
			},
			field: "spec.taints", reason: v1alpha1.ReasonTaintMissing,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStory(t, "undone-"+name)
			s.addNodes("a", "b")
			node, own := s.node("a"), v1alpha1.NodeLabel(s.name)
			remove := s.admit("nodes", "", node, admissionregistrationv1.Mutation{
				PatchType: admissionregistrationv1.PatchTypeJSONPatch, JSONPatch: &admissionregistrationv1.JSONPatch{Expression: test.expression(own)},
			})
			s.eventually("the policy is in force", func() error {
				probed := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: node}}
				s.patch(probed, test.probe(own))
				if probed.Labels[own] == "probe" || len(probed.Spec.Taints) > 0 {
					return errors.New("it changed nothing")
				}
				return nil
			})
			s.create()
			s.becomes(v1alpha1.ConditionNodesReady, metav1.ConditionUnknown, test.reason)
			s.eventually("the condition reports it", s.conditionTells(v1alpha1.ConditionNodesReady,
				"When the operator writes Node "+node, "an admission policy or webhook changes "+test.field, "in the same request"))
			s.eventually("one event reports it", s.told(corev1.EventTypeWarning, v1alpha1.EventDriftContested, node, test.field, "an admission policy or webhook"))
			if count := s.eventsOf(v1alpha1.EventDriftContested); count != 1 {
				t.Errorf("%d events report it", count)
			}
			remove()
			s.eventually("the node is an edge node when the policy is gone", s.isEdgeNode(node))
		})
	}
}

func applying(expression string) admissionregistrationv1.Mutation {
	return admissionregistrationv1.Mutation{
		PatchType:          admissionregistrationv1.PatchTypeApplyConfiguration,
		ApplyConfiguration: &admissionregistrationv1.ApplyConfiguration{Expression: expression},
	}
}

// admit has the API server change the named object at each write, and returns what ends that.
func (s *story) admit(resource, group, name string, mutation admissionregistrationv1.Mutation) (end func()) {
	s.Helper()
	fail := admissionregistrationv1.Fail
	policy := &admissionregistrationv1.MutatingAdmissionPolicy{ObjectMeta: metav1.ObjectMeta{Name: s.name}}
	policy.Spec = admissionregistrationv1.MutatingAdmissionPolicySpec{
		FailurePolicy: &fail, ReinvocationPolicy: admissionregistrationv1.NeverReinvocationPolicy,
		MatchConstraints: &admissionregistrationv1.MatchResources{ResourceRules: []admissionregistrationv1.NamedRuleWithOperations{{
			ResourceNames: []string{name},
			RuleWithOperations: admissionregistrationv1.RuleWithOperations{
				Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create, admissionregistrationv1.Update},
				Rule:       admissionregistrationv1.Rule{APIGroups: []string{group}, APIVersions: []string{"v1"}, Resources: []string{resource}},
			},
		}}},
		Mutations: []admissionregistrationv1.Mutation{mutation},
	}
	binding := &admissionregistrationv1.MutatingAdmissionPolicyBinding{ObjectMeta: metav1.ObjectMeta{Name: s.name}}
	binding.Spec.PolicyName = s.name
	if err := admin.Create(s.Context(), policy); meta.IsNoMatchError(err) {
		s.Skip("this Kubernetes has no MutatingAdmissionPolicy: ", err)
	} else if err != nil {
		s.Fatal(err)
	}
	s.cleanUp(policy)
	if err := admin.Create(s.Context(), binding); err != nil {
		s.Fatal(err)
	}
	s.cleanUp(binding)
	return func() { s.delete(binding) }
}
