package controllers_test

import (
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// hasNoTrace succeeds when the node's metadata has nothing of the operator: no label, no
// annotation, and no field manager with one of our names.
func (s *story) hasNoTrace(name string) error {
	node, err := s.readNode(name)
	if err != nil {
		return err
	}
	for key := range node.Labels {
		if strings.HasPrefix(key, v1alpha1.NodeLabel("")) {
			return fmt.Errorf("node %s still has the label %s", name, key)
		}
	}
	for key := range node.Annotations {
		if strings.HasPrefix(key, v1alpha1.TaintAnnotationPrefix) {
			return fmt.Errorf("node %s still has the annotation %s", name, key)
		}
	}
	for _, entry := range node.ManagedFields {
		if strings.HasPrefix(entry.Manager, v1alpha1.ManagedBy) {
			return fmt.Errorf("node %s still has managed fields of %s (%s): %s", name, entry.Manager, entry.Operation, entry.FieldsV1)
		}
	}
	return nil
}

// The API server counts the last writer of spec.taints as the manager of the whole list, and the
// writer of the first annotation as the manager of the map. Neither may stay in a node's metadata
// for ever.
func TestNothingOfTheOperatorStaysOnANode(t *testing.T) {
	const kept = "kept"
	foreign := corev1.Taint{Key: "example.com/gpu", Value: "a100", Effect: corev1.TaintEffectPreferNoSchedule}
	nodes := map[string]func(s *story, node string){
		"plain":   func(*story, string) {},
		"tainted": func(s *story, node string) { s.addTaint(node, foreign) },
		"ofperson": func(s *story, node string) {
			s.addTaint(node, corev1.Taint{Key: v1alpha1.DefaultRoleLabel, Effect: corev1.TaintEffectNoSchedule})
		},
		"role":      func(s *story, node string) { s.setLabelAs("kubectl-label", node, v1alpha1.DefaultRoleLabel, "") },
		"own":       func(s *story, node string) { s.setLabelAs("provisioner", node, v1alpha1.NodeLabel(s.name), "") },
		"bareannot": func(s *story, node string) { s.patchNode("kubectl-edit", node, `{"metadata":{"annotations":null}}`) },
	}
	for name, test := range map[string]struct {
		story string
		leave func(s *story, node string)
	}{
		"the node leaves the edge set": {story: "left", leave: func(s *story, node string) { s.removeLabel(node, poolLabel) }},
		"the isolation becomes Shared": {story: "shared", leave: func(s *story, _ string) {
			s.change(func(e *v1alpha1.EdgeIngress) { e.Spec.Nodes.Isolation = v1alpha1.IsolationShared })
		}},
		"the node is cordoned": {story: "cordoned", leave: func(s *story, node string) {
			s.patchNode("kubectl-cordon", node, `{"spec":{"unschedulable":true}}`)
		}},
		"somebody removes our taint": {story: "taint-gone", leave: func(s *story, node string) {
			s.changeTaints(s.Context(), node, func([]corev1.Taint) []corev1.Taint { return nil })
		}},
		"somebody adds a taint": {story: "taint-more", leave: func(s *story, node string) {
			s.addTaint(node, corev1.Taint{Key: "example.com/later", Effect: corev1.TaintEffectPreferNoSchedule})
		}},
		"somebody removes our claim": {story: "claim-gone", leave: func(s *story, node string) {
			s.patchNode("kubectl-edit", node, fmt.Sprintf(`{"metadata":{"annotations":{%q:null}}}`, v1alpha1.TaintAnnotation(s.name)))
		}},
		"nothing happens before the deletion": {story: "deleted", leave: func(*story, string) {}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStory(t, "traces-"+test.story)
			s.addNodes(kept)
			for short, prepare := range nodes {
				s.addNodes(short)
				prepare(s, s.node(short))
			}
			s.createReady()
			for short := range nodes {
				test.leave(s, s.node(short))
			}
			s.deleteEdge()
			for short := range nodes {
				if err := s.hasNoTrace(s.node(short)); err != nil {
					t.Error(err)
				}
			}
			if err := s.hasNoTrace(s.node(kept)); err != nil {
				t.Error(err)
			}
		})
	}
}

// A node that is let go is clean at once, and not only when the EdgeIngress is deleted.
func TestNothingOfTheOperatorStaysOnAReleasedNode(t *testing.T) {
	t.Parallel()
	s := newStory(t, "traces-released")
	s.addNodes("a", "b", "c")
	s.addTaint(s.node("b"), corev1.Taint{Key: "example.com/gpu", Effect: corev1.TaintEffectPreferNoSchedule})
	s.patchNode("kubectl-edit", s.node("c"), `{"metadata":{"annotations":null}}`)
	s.createReady()
	for _, short := range []string{"b", "c"} {
		s.removeLabel(s.node(short), poolLabel)
		s.eventually("the node is clean", func() error { return s.hasNoTrace(s.node(short)) })
	}
	s.becomesReady()
}
