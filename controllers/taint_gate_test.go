package controllers_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// An agent or a taint on the last node for applications concerns every EdgeIngress, so these
// stories run alone.

func TestATaintWaitsForAgentsThatWouldNotTolerateIt(t *testing.T) {
	s := newStory(t, "gate")
	s.addNodes("a")
	node := s.node("a")
	speaker := s.addSpeaker()
	s.create(func(e *v1alpha1.EdgeIngress) {
		e.Spec.Exposure.LoadBalancer = &v1alpha1.LoadBalancerSpec{Provider: v1alpha1.ProviderMetalLB}
	})
	s.becomes(v1alpha1.ConditionNodesReady, metav1.ConditionFalse, v1alpha1.ReasonTaintWithheldForAgents)
	s.saysOf(v1alpha1.ConditionNodesReady, "metallb-system/speaker", node, v1alpha1.DefaultRoleLabel)
	if err := errors.Join(s.isLabelled(node)(), s.isNotTainted(node)()); err != nil {
		t.Error(err)
	}
	s.eventually("the controller runs nevertheless", s.readyPodsOn(node))

	s.patch(speaker, `{"spec":{"template":{"spec":{"tolerations":[{"key":"node-role.kubernetes.io/edge","operator":"Exists","effect":"NoSchedule"}]}}}}`)
	s.eventually("the taint is set once the agent tolerates it", s.isEdgeNode(node))
	s.assignAddress("203.0.113.10")
	s.becomesReady()

	s.patch(speaker, `{"spec":{"template":{"spec":{"tolerations":null}}}}`)
	s.becomes(v1alpha1.ConditionLoadBalancerReady, metav1.ConditionFalse, v1alpha1.ReasonAgentMissingOnEdgeNodes)
	s.saysOf(v1alpha1.ConditionLoadBalancerReady, "metallb-system/speaker", node)
	if err := s.isEdgeNode(node)(); err != nil {
		t.Errorf("an agent that stops tolerating the taint does not undo it: %v", err)
	}
}

// addSpeaker adds MetalLB's agent as its manifests do, without the toleration that it needs.
func (s *story) addSpeaker() *appsv1.DaemonSet {
	s.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "metallb-system"}}
	s.eventually("the namespace is not there any more from before", func() error { return admin.Create(s.Context(), namespace.DeepCopy()) })
	s.cleanUp(namespace)
	labels := map[string]string{"app": "metallb", "component": "speaker"}
	speaker := &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Namespace: namespace.Name, Name: "speaker", Labels: labels}}
	speaker.Spec.Selector = &metav1.LabelSelector{MatchLabels: labels}
	speaker.Spec.Template.Labels = labels
	speaker.Spec.Template.Spec = corev1.PodSpec{
		NodeSelector: map[string]string{corev1.LabelOSStable: "linux"},
		Containers:   []corev1.Container{{Name: "speaker", Image: "quay.io/metallb/speaker:v0.14.9"}},
	}
	if err := admin.Create(s.Context(), speaker); err != nil {
		s.Fatal(err)
	}
	s.cleanUp(speaker)
	return speaker
}

func TestARoleLabelWaitsForDaemonSetsThatWouldLeave(t *testing.T) {
	s := newStory(t, "repelling")
	s.addNodes("a")
	node := s.node("a")
	proxy := s.addKubeProxyOfKubeEdge()
	s.create()
	s.becomes(v1alpha1.ConditionNodesReady, metav1.ConditionFalse, v1alpha1.ReasonLabelWithheldForDaemonSets)
	s.saysOf(v1alpha1.ConditionNodesReady, "kube-system/kube-proxy", node, "spec.nodes.label: node-role.kubernetes.io/ingress")
	if err := s.hasNoRoleLabel(node)(); err != nil {
		t.Error(err)
	}
	s.eventually("the controller runs nevertheless", s.readyPodsOn(node))

	s.patch(proxy, `{"spec":{"template":{"spec":{"affinity":null}}}}`)
	s.eventually("the label is set once the DaemonSet stays", s.isEdgeNode(node))

	s.patch(proxy, excludingRole)
	s.becomes(v1alpha1.ConditionNodesReady, metav1.ConditionUnknown, v1alpha1.ReasonDaemonSetsKeptOff)
	if err := s.isEdgeNode(node)(); err != nil {
		t.Errorf("a DaemonSet that begins to exclude the label does not undo it: %v", err)
	}
}

// excludingRole is the affinity that KubeEdge's guide gives to DaemonSets of the cloud.
const excludingRole = `{"spec":{"template":{"spec":{"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":` +
	`{"nodeSelectorTerms":[{"matchExpressions":[{"key":"node-role.kubernetes.io/edge","operator":"DoesNotExist"}]}]}}}}}}}`

func (s *story) addKubeProxyOfKubeEdge() *appsv1.DaemonSet {
	s.Helper()
	labels := map[string]string{"k8s-app": "kube-proxy"}
	proxy := &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceSystem, Name: "kube-proxy", Labels: labels}}
	proxy.Spec.Selector = &metav1.LabelSelector{MatchLabels: labels}
	proxy.Spec.Template.Labels = labels
	proxy.Spec.Template.Spec = corev1.PodSpec{
		HostNetwork: true, PriorityClassName: "system-node-critical",
		Tolerations: []corev1.Toleration{{Operator: corev1.TolerationOpExists}},
		Containers:  []corev1.Container{{Name: "kube-proxy", Image: "registry.k8s.io/kube-proxy:v1.37.0"}},
	}
	if err := json.Unmarshal([]byte(excludingRole), proxy); err != nil {
		s.Fatal(err)
	}
	if err := admin.Create(s.Context(), proxy); err != nil {
		s.Fatal(err)
	}
	s.cleanUp(proxy)
	return proxy
}

func (s *story) hasNoRoleLabel(name string) func() error {
	return func() error {
		node := &corev1.Node{}
		if err := admin.Get(s.Context(), types.NamespacedName{Name: name}, node); err != nil {
			return err
		}
		if _, there := node.Labels[v1alpha1.DefaultRoleLabel]; there {
			return fmt.Errorf("node %s has the role label", name)
		}
		return nil
	}
}

func TestATaintIsWithheldWhereItWouldLeaveNoPlaceForApplications(t *testing.T) {
	s := newStory(t, "everywhere")
	s.addNodes("a")
	node := s.node("a")
	full := corev1.Taint{Key: "example.com/full", Effect: corev1.TaintEffectNoSchedule}
	without := func(taints []corev1.Taint) (left []corev1.Taint) {
		for _, taint := range taints {
			if taint.Key != full.Key {
				left = append(left, taint)
			}
		}
		return left
	}
	s.addTaint(applicationNode, full)
	t.Cleanup(func() { s.changeTaints(context.WithoutCancel(t.Context()), applicationNode, without) })
	s.create()
	s.becomes(v1alpha1.ConditionNodesReady, metav1.ConditionFalse, v1alpha1.ReasonTaintWithheldAllNodes)
	if err := errors.Join(s.isLabelled(node)(), s.isNotTainted(node)()); err != nil {
		t.Error(err)
	}
	s.changeTaints(t.Context(), applicationNode, without)
	s.eventually("the taint is set once applications have a place", s.isEdgeNode(node))
}

func TestTheControlPlaneIsNotTainted(t *testing.T) {
	t.Parallel()
	s := newStory(t, "plane")
	s.addNode("a", map[string]string{poolLabel: s.name, "node-role.kubernetes.io/control-plane": ""})
	s.addNodes("b")
	s.create()
	s.becomes(v1alpha1.ConditionNodesReady, metav1.ConditionFalse, v1alpha1.ReasonTaintWithheldControlPlane)
	s.saysOf(v1alpha1.ConditionNodesReady, s.node("a"))
	s.eventually("the other node is tainted", s.isEdgeNode(s.node("b")))
	if err := errors.Join(s.isLabelled(s.node("a"))(), s.isNotTainted(s.node("a"))()); err != nil {
		t.Error(err)
	}
}
