package simulated

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/controlplane"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/nodes"
	corev1 "k8s.io/api/core/v1"
)

func TestNodeObjectLooksLikeWhatAKubeletRegisters(t *testing.T) {
	node := object(nodes.Node{Name: "edge-1", Zone: "z1", Labels: map[string]string{"pool": "edge"}}, 0, "v1.32.13")
	for label, want := range map[string]string{
		corev1.LabelHostname: "edge-1", corev1.LabelTopologyZone: "z1", corev1.LabelOSStable: "linux", "pool": "edge",
	} {
		if got := node.Labels[label]; got != want {
			t.Errorf("label %s is %q, want %q", label, got, want)
		}
	}
	if got := node.Annotations[managedAnnotation]; got != managedValue {
		t.Errorf("the simulator would not manage it: annotation %q", got)
	}
	want := corev1.NodeAddress{Type: corev1.NodeInternalIP, Address: "10.64.0.1"}
	if got := node.Status.Addresses[0]; got != want {
		t.Errorf("first address %v, want %v", got, want)
	}
	if got := node.Spec.PodCIDR; got != "10.128.0.0/24" {
		t.Errorf("pod range %s", got)
	}
	if len(node.Status.Conditions) != 0 {
		t.Error("it claims a condition before the simulator has seen it")
	}
}

func TestANodeWithoutAZoneHasNoZoneLabel(t *testing.T) {
	if _, ok := object(nodes.Node{Name: "n"}, 0, "v1.32.13").Labels[corev1.LabelTopologyZone]; ok {
		t.Error("it has a zone label")
	}
}

func TestAddressesOfNodesPodsAndServicesDoNotOverlap(t *testing.T) {
	services := netip.MustParsePrefix(controlplane.ServiceCIDR)
	lastNode, firstPods, lastPods := nodeAddress(maxNodes-1), podRange(0), podRange(maxNodes-1)
	if !lastNode.Less(services.Addr()) {
		t.Errorf("node addresses reach %s, into the range of Services %s", lastNode, services)
	}
	if firstPods.Overlaps(services) || !services.Addr().Less(firstPods.Addr()) {
		t.Errorf("pod addresses begin at %s, in the range of Services %s", firstPods, services)
	}
	if !netip.MustParsePrefix("10.0.0.0/8").Contains(lastPods.Addr()) {
		t.Errorf("pod addresses reach %s, out of private addresses", lastPods)
	}
}

func TestNumbersOfRemovedNodesAreUsedAgain(t *testing.T) {
	existing := []corev1.Node{*object(nodes.Node{Name: "a"}, 0, "v1.32.13"), *object(nodes.Node{Name: "c"}, 2, "v1.32.13")}
	free, err := freeNumbers(existing, 2)
	if err != nil || len(free) != 2 || free[0] != 1 || free[1] != 3 {
		t.Errorf("free numbers are %v (error %v), want [1 3]", free, err)
	}
}

func TestMoreNodesThanNumbersIsAnError(t *testing.T) {
	if _, err := freeNumbers(nil, maxNodes+1); err == nil {
		t.Error("more numbers were given than there are")
	}
}

func TestStagesObeyTheDocumentedAnnotation(t *testing.T) {
	const readyAndNotReadyForNodesAndPods = 4
	if got := strings.Count(string(stages), `.metadata.annotations["`+NotReadyAnnotation+`"]`); got != readyAndNotReadyForNodesAndPods {
		t.Errorf("%d stages look at the annotation, want %d", got, readyAndNotReadyForNodesAndPods)
	}
}
