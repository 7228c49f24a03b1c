package controllers

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// liveNode is a node as the API server shows it, with what others write to it.
func liveNode() *corev1.Node {
	now := metav1.NewTime(time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC))
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name: "a", UID: "1", ResourceVersion: "10", Labels: map[string]string{"pool": "edge"},
			Annotations: map[string]string{"example.com/note": "x", v1alpha1.TaintAnnotation("public"): v1alpha1.DefaultRoleLabel},
			ManagedFields: []metav1.ManagedFieldsEntry{
				{Manager: "kubelet", Operation: metav1.ManagedFieldsOperationUpdate, FieldsV1: metav1.NewFieldsV1(`{"f:metadata":{"f:labels":{"f:pool":{}}}}`)},
				{Manager: v1alpha1.NodeFieldManager("public"), Operation: metav1.ManagedFieldsOperationApply,
					FieldsV1: metav1.NewFieldsV1(`{"f:metadata":{"f:labels":{"f:node-role.kubernetes.io/edge":{},"f:edgeingress.node-restriction.kubernetes.io/public":{}}}}`)},
			},
		},
		Spec: corev1.NodeSpec{PodCIDRs: []string{"10.244.1.0/24"}, ProviderID: "aws:///i-1"},
		Status: corev1.NodeStatus{
			Images:    []corev1.ContainerImage{{Names: []string{"big"}}},
			Addresses: []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: "10.0.0.1"}, {Type: corev1.NodeExternalIP, Address: "198.51.100.1"}, {Type: corev1.NodeHostName, Address: "a"}},
			Conditions: []corev1.NodeCondition{
				{Type: corev1.NodeMemoryPressure, Status: corev1.ConditionFalse, LastHeartbeatTime: now},
				{Type: corev1.NodeReady, Status: corev1.ConditionTrue, LastHeartbeatTime: now},
			},
		},
	}
}

func TestANodeKeepsInTheCacheWhatAPassSees(t *testing.T) {
	whole := observedNode(liveNode())
	trimmed, err := trimNode(liveNode())
	if err != nil {
		t.Fatal(err)
	}
	node, isNode := trimmed.(*corev1.Node)
	if !isNode {
		t.Fatalf("trimmed to %T", trimmed)
	}
	if diff := cmp.Diff(whole, observedNode(node)); diff != "" {
		t.Errorf("trimming changed what is seen (-whole +trimmed):\n%s", diff)
	}
	if len(node.Status.Images)+len(node.Status.Conditions) != 1 || len(node.ManagedFields) != 1 || len(node.Annotations) != 1 {
		t.Errorf("more is kept than a pass sees: %+v", node)
	}
	wantManaged := map[string][]string{"public": {"edgeingress.node-restriction.kubernetes.io/public", "node-role.kubernetes.io/edge"}}
	if diff := cmp.Diff(wantManaged, whole.ManagedLabels); diff != "" {
		t.Errorf("managed labels (-want +got):\n%s", diff)
	}
}

func TestWhichNodeUpdatesCauseAPass(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*corev1.Node)
		passes bool
	}{
		"a heartbeat": {change: func(n *corev1.Node) {
			n.ResourceVersion = "11"
			n.Status.Conditions[1].LastHeartbeatTime = metav1.Now()
		}, passes: false},
		"another condition":        {change: func(n *corev1.Node) { n.Status.Conditions[0].Status = corev1.ConditionTrue }, passes: false},
		"an image that was pulled": {change: func(n *corev1.Node) { n.Status.Images = nil }, passes: false},
		"a foreign annotation":     {change: func(n *corev1.Node) { n.Annotations["example.com/note"] = "y" }, passes: false},
		"a foreign field manager":  {change: func(n *corev1.Node) { n.ManagedFields = n.ManagedFields[1:] }, passes: false},
		"a label":                  {change: func(n *corev1.Node) { n.Labels["pool"] = "gpu" }, passes: true},
		"a taint":                  {change: func(n *corev1.Node) { n.Spec.Taints = []corev1.Taint{{Key: "x"}} }, passes: true},
		"a claim":                  {change: func(n *corev1.Node) { delete(n.Annotations, v1alpha1.TaintAnnotation("public")) }, passes: true},
		"a label that is released": {change: func(n *corev1.Node) { n.ManagedFields = n.ManagedFields[:1] }, passes: true},
		"a cordon":                 {change: func(n *corev1.Node) { n.Spec.Unschedulable = true }, passes: true},
		"the loss of readiness":    {change: func(n *corev1.Node) { n.Status.Conditions[1].Status = corev1.ConditionUnknown }, passes: true},
		"another address":          {change: func(n *corev1.Node) { n.Status.Addresses = n.Status.Addresses[:1] }, passes: true},
		"a pod range":              {change: func(n *corev1.Node) { n.Spec.PodCIDRs = nil }, passes: true},
		"the beginning of its end": {change: func(n *corev1.Node) { n.DeletionTimestamp = &metav1.Time{Time: time.Now()} }, passes: true},
		"its replacement":          {change: func(n *corev1.Node) { n.UID = "2" }, passes: true},
	} {
		t.Run(name, func(t *testing.T) {
			after := liveNode()
			test.change(after)
			if got := ignoreHeartbeats.Update(event.UpdateEvent{ObjectOld: liveNode(), ObjectNew: after}); got != test.passes {
				t.Errorf("passes: want %t, got %t", test.passes, got)
			}
		})
	}
}
