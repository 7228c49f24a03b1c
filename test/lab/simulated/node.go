package simulated

import (
	"fmt"
	"maps"
	"net/netip"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/binaries"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/nodes"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The n-th node has the address 10.64.0.0 + n + 1 and the n-th /24 of 10.128.0.0/9
// for its pods. Neither overlaps the range of Services, and nobody uses them:
// addresses of simulated nodes are never on a wire.
var (
	firstNodeAddress = netip.MustParseAddr("10.64.0.1")
	firstPodAddress  = netip.MustParseAddr("10.128.0.0")
)

const (
	podPrefixBits = 24
	// maxNodes is how many /24 there are in 10.128.0.0/9.
	maxNodes = 1 << (podPrefixBits - 9)
)

// object returns the Node object of the n-th node, whose kubelet has the version that is given.
func object(node nodes.Node, n int, version string) *corev1.Node {
	podCIDR := podRange(n).String()
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name:        node.Name,
			Labels:      labels(node),
			Annotations: map[string]string{managedAnnotation: managedValue},
		},
		Spec: corev1.NodeSpec{PodCIDR: podCIDR, PodCIDRs: []string{podCIDR}},
		Status: corev1.NodeStatus{
			Addresses: []corev1.NodeAddress{
				{Type: corev1.NodeInternalIP, Address: nodeAddress(n).String()},
				{Type: corev1.NodeHostName, Address: node.Name},
			},
			Capacity:    capacity(),
			Allocatable: capacity(),
			NodeInfo: corev1.NodeSystemInfo{
				Architecture:            "amd64",
				OperatingSystem:         "linux",
				OSImage:                 "simulated",
				KubeletVersion:          version,
				ContainerRuntimeVersion: "simulated://" + binaries.KwokVersion,
			},
		},
	}
}

func labels(node nodes.Node) map[string]string {
	all := map[string]string{
		corev1.LabelHostname:   node.Name,
		corev1.LabelOSStable:   "linux",
		corev1.LabelArchStable: "amd64",
	}
	if node.Zone != "" {
		all[corev1.LabelTopologyZone] = node.Zone
	}
	maps.Copy(all, node.Labels)
	return all
}

func capacity() corev1.ResourceList {
	return corev1.ResourceList{
		corev1.ResourceCPU:    resource.MustParse("16"),
		corev1.ResourceMemory: resource.MustParse("64Gi"),
		corev1.ResourcePods:   resource.MustParse("110"),
	}
}

func nodeAddress(n int) netip.Addr { return plus(firstNodeAddress, n) }

func podRange(n int) netip.Prefix {
	const addressBits = 32
	return netip.PrefixFrom(plus(firstPodAddress, n<<(addressBits-podPrefixBits)), podPrefixBits)
}

func plus(address netip.Addr, n int) netip.Addr {
	b := address.As4()
	value := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
	value += uint32(n)
	return netip.AddrFrom4([4]byte{byte(value >> 24), byte(value >> 16), byte(value >> 8), byte(value)})
}

// freeNumbers returns the lowest numbers whose pod range no existing node has.
func freeNumbers(existing []corev1.Node, count int) ([]int, error) {
	taken := map[string]bool{}
	for _, node := range existing {
		taken[node.Spec.PodCIDR] = true
	}
	var free []int
	for n := 0; n < maxNodes && len(free) < count; n++ {
		if !taken[podRange(n).String()] {
			free = append(free, n)
		}
	}
	if len(free) < count {
		return nil, fmt.Errorf("numbering %d simulated nodes: only %d of %d numbers are free", count, len(free), maxNodes)
	}
	return free, nil
}
