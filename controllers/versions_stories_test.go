package controllers_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// wasServedBy makes the status say that another version of the operator served the EdgeIngress last.
func (s *story) wasServedBy(version string) {
	s.Helper()
	s.writeVersion(fmt.Sprintf(`{"status":{"operatorVersion":%q}}`, version))
}

func (s *story) writeVersion(patch string) {
	s.Helper()
	edge := &v1alpha1.EdgeIngress{ObjectMeta: metav1.ObjectMeta{Name: s.name}}
	if err := admin.Status().Patch(s.Context(), edge, client.RawPatch(types.MergePatchType, []byte(patch))); err != nil {
		s.Fatal(err)
	}
}

// isServedBy succeeds when the status names this version of the operator.
func (s *story) isServedBy(version string) func() error {
	return func() error { return want("operatorVersion", s.edge().Status.OperatorVersion, version, same) }
}

// resourceVersions are those of everything that the operator made for the story, and of its nodes.
func (s *story) resourceVersions(nodes ...string) []string {
	s.Helper()
	var versions []string
	for _, object := range s.shortFormObjects() {
		s.mustRead(object)
		versions = append(versions, fmt.Sprintf("%T %s", object, object.GetResourceVersion()))
	}
	for _, name := range nodes {
		node, err := s.readNode(s.node(name))
		if err != nil {
			s.Fatal(err)
		}
		versions = append(versions, fmt.Sprintf("%s %v %v %v", name, node.Labels, node.Annotations, node.Spec.Taints))
	}
	return versions
}

// TestAnOperatorLeavesWhatAMuchNewerOneServed tells of a downgrade by more than one minor version, and of both ways
// out of it.
func TestAnOperatorLeavesWhatAMuchNewerOneServed(t *testing.T) {
	t.Parallel()
	const newer, own = "v0.9.1", "v0.4.2"
	s := newStory(t, "much-newer")
	s.addNodes("a")
	s.createReady(withoutDrain)
	s.settles()
	s.eventually("the status names the operator", s.isServedBy(own))

	s.wasServedBy(newer)
	s.becomes(v1alpha1.ConditionReady, metav1.ConditionUnknown, v1alpha1.ReasonOperatorTooOld)
	s.eventually("an event says so", s.told(corev1.EventTypeWarning, v1alpha1.ReasonOperatorTooOld, newer, own, "Install "+newer))

	// Neither a change of the spec nor drift is answered. The change of the spec is seen.
	s.patch(named(s, &corev1.Service{}), `{"spec":{"externalTrafficPolicy":"Cluster"}}`)
	before := s.resourceVersions("a")
	s.change(func(e *v1alpha1.EdgeIngress) {
		e.Spec.Controller.Config = map[string]v1alpha1.ConfigValue{"proxy-body-size": "20m"}
	})
	s.becomes(v1alpha1.ConditionReady, metav1.ConditionUnknown, v1alpha1.ReasonOperatorTooOld)
	s.eventually("the version of the newer operator stays", s.isServedBy(newer))
	if after := s.resourceVersions("a"); !slices.Equal(before, after) {
		t.Errorf("the operator wrote something:\nbefore %s\nafter  %s", strings.Join(before, "; "), strings.Join(after, "; "))
	}
	for _, condition := range s.edge().Status.Conditions {
		if condition.Status != metav1.ConditionUnknown {
			t.Errorf("%s is %s, although the operator checks nothing: %s", condition.Type, condition.Status, condition.Message)
		}
	}

	// The way out that the message names.
	s.writeVersion(`{"status":{"operatorVersion":null}}`)
	s.eventually("this version serves it", s.isServedBy(own))
	s.eventually("drift is repaired", func() error {
		service := named(s, &corev1.Service{})
		return errors.Join(s.read(service), want("policy", service.Spec.ExternalTrafficPolicy, corev1.ServiceExternalTrafficPolicyLocal, same))
	})
	s.eventually("the spec is applied", func() error {
		config := named(s, &corev1.ConfigMap{})
		return errors.Join(s.read(config), want("setting", config.Data["proxy-body-size"], "20m", same))
	})
	s.becomesReady()
}

// TestDeletionWaitsForANewerOperator tells that nothing is released by an operator that may not know all of it.
func TestDeletionWaitsForANewerOperator(t *testing.T) {
	t.Parallel()
	s := newStory(t, "newer-deleted")
	s.addNodes("a")
	s.createReady()
	s.wasServedBy("v1.0.0")
	s.becomes(v1alpha1.ConditionReady, metav1.ConditionUnknown, v1alpha1.ReasonOperatorTooOld)
	edge := s.edge()
	s.delete(edge)
	s.eventually("the message tells that the deletion waits", func() error {
		ready := meta.FindStatusCondition(s.edge().Status.Conditions, v1alpha1.ConditionReady)
		if !strings.Contains(ready.Message, "its deletion waits") {
			return errors.New(ready.Message)
		}
		return nil
	})
	if err := s.read(named(s, &appsv1.DaemonSet{})); err != nil {
		t.Error(err)
	}
	s.writeVersion(`{"status":{"operatorVersion":null}}`)
	s.goes(edge)
}

// TestAnOperatorServesWhatItsNeighboursServed tells of a downgrade by a patch, and of versions that say nothing.
func TestAnOperatorServesWhatItsNeighboursServed(t *testing.T) {
	t.Parallel()
	const own = "v0.4.2"
	s := newStory(t, "neighbours")
	s.addNodes("a")
	s.createReady()
	s.eventually("the status names the operator", s.isServedBy(own))
	daemonSet := named(s, &appsv1.DaemonSet{})
	s.mustRead(daemonSet)
	before := daemonSet.Generation

	for _, version := range []string{"v0.4.3", "v0.5.0", "v0.4.1", "dev", "v0.4.2-7-gabc1234-dirty"} {
		s.wasServedBy(version)
		s.eventually("this version serves after "+version, s.isServedBy(own))
	}
	s.eventually("an event tells of the downgrade", s.told(corev1.EventTypeNormal, v1alpha1.EventOperatorDowngraded, own, "v0.4.3"))
	s.becomesReady()
	s.mustRead(daemonSet)
	if daemonSet.Generation != before {
		t.Errorf("the DaemonSet was changed: generation %d, then %d", before, daemonSet.Generation)
	}
}
