package controllers_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/desired"
)

// A rival who removes something from a node five times has seen four repairs. The pauses between
// these are at least 1, 2 and 4 seconds long.
const (
	removals      = 5
	leastNodeTime = (1 + 2 + 4) * time.Second
)

// TestAnotherWriterOfANodeMakesNoHotLoop lets another writer remove what the operator wrote to a node,
// each time.
func TestAnotherWriterOfANodeMakesNoHotLoop(t *testing.T) {
	for name, test := range map[string]struct {
		story, patch, field, reason string
		isThere                     func(*corev1.Node, string) bool
	}{
		"the label": {
			story: "contested-label", patch: `{"metadata":{"labels":{%q:null}}}`, field: "metadata.labels." + v1alpha1.NodeLabelPrefix, reason: v1alpha1.ReasonLabelsMissing,
			isThere: func(node *corev1.Node, label string) bool { _, there := node.Labels[label]; return there },
		},
		"the taint": {
			story: "contested-taint", patch: `{"spec":{"taints":null}}`, field: "spec.taints", reason: v1alpha1.ReasonTaintMissing,
			isThere: func(node *corev1.Node, _ string) bool {
				return desired.HasRoleTaint(node.Spec.Taints, v1alpha1.DefaultRoleLabel)
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t, test.story)
			s.addNodes("a", "b")
			s.createReady()
			own := v1alpha1.NodeLabel(s.name)
			patch := test.patch
			if test.story == "contested-label" {
				patch = fmt.Sprintf(patch, own)
			}
			ctx, stop := context.WithCancel(t.Context())
			ended := make(chan struct{})
			var removed atomic.Int32
			began := time.Now()
			go func() {
				defer close(ended)
				s.removeEachTime(ctx, s.node("a"), patch, func(node *corev1.Node) bool { return test.isThere(node, own) }, &removed)
			}()
			s.eventually("the operator repairs and waits", func() error {
				if count := removed.Load(); count < removals {
					return fmt.Errorf("removed %d times", count)
				}
				return nil
			})
			if took := time.Since(began); took < leastNodeTime {
				t.Errorf("%d repairs were sent within %s", removals-1, took)
			}
			s.becomes(v1alpha1.ConditionNodesReady, metav1.ConditionUnknown, test.reason)
			s.eventually("the condition reports it", s.conditionTells(v1alpha1.ConditionNodesReady, "Node "+s.node("a"), "changes "+test.field, "Stop the other writer"))
			s.eventually("one event reports it", s.told(corev1.EventTypeWarning, v1alpha1.EventDriftContested, s.node("a"), test.field))
			if found := s.eventsOf(v1alpha1.EventDriftContested); found != 1 {
				t.Errorf("%d events report it", found)
			}
			stop()
			<-ended
			s.becomesReady()
		})
	}
}

// removeEachTime patches the node whenever what the patch removes is there.
func (s *story) removeEachTime(ctx context.Context, name, patch string, isThere func(*corev1.Node) bool, removed *atomic.Int32) {
	for ctx.Err() == nil {
		node := &corev1.Node{}
		if err := admin.Get(ctx, types.NamespacedName{Name: name}, node); err == nil && isThere(node) {
			if admin.Patch(ctx, node, client.RawPatch(types.MergePatchType, []byte(patch)), client.FieldOwner("rival")) == nil {
				removed.Add(1)
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(pollInterval):
		}
	}
}
