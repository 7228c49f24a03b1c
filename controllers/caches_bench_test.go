package controllers

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// BenchmarkNodeCache prints how many MiB 5,000 nodes take in the cache, 1,000 of them edge nodes,
// and how many they take as the API server sends them. Run it with -run '^$' -bench NodeCache -benchtime
// 1x.
func BenchmarkNodeCache(b *testing.B) {
	for b.Loop() {
		whole := heapOf(b, func(node *corev1.Node) any { return node })
		trimmed := heapOf(b, func(node *corev1.Node) any {
			kept, err := trimNode(node)
			if err != nil {
				b.Fatal(err)
			}
			return kept
		})
		b.ReportMetric(whole, "whole-MiB")
		b.ReportMetric(trimmed, "cached-MiB")
		b.ReportMetric(trimmed/whole, "ratio")
	}
}

// heapOf returns the MiB that stay in use for the nodes that keep returns.
func heapOf(b *testing.B, keep func(*corev1.Node) any) float64 {
	b.Helper()
	const nodes, edgeNodes = 5000, 1000
	encoded := make([][]byte, 0, 2)
	for _, isEdge := range []bool{false, true} {
		content, err := busyNode(isEdge).Marshal()
		if err != nil {
			b.Fatal(err)
		}
		encoded = append(encoded, content)
	}
	kept := make([]any, nodes)
	before := heapInUse()
	for i := range kept {
		content := encoded[0]
		if i < edgeNodes {
			content = encoded[1]
		}
		// An informer decodes every object by itself, so that no two share a string.
		node := &corev1.Node{}
		if err := node.Unmarshal(content); err != nil {
			b.Fatal(err)
		}
		node.Name = fmt.Sprintf("node-%04d", i)
		kept[i] = keep(node)
	}
	used := heapInUse() - before
	runtime.KeepAlive(kept)
	return used / (1 << 20)
}

func heapInUse() float64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return float64(stats.HeapAlloc)
}

// busyNode returns a node as in a managed cluster: with the cloud's labels, images, conditions, and
// the managed fields of every writer.
func busyNode(isEdge bool) *corev1.Node {
	now := metav1.NewTime(time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC))
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{
		Name: "node", UID: "5e0a6c2e-2f44-4f4e-9d3e-1f2d3c4b5a69", ResourceVersion: "123456789", CreationTimestamp: now,
		Labels: map[string]string{
			"beta.kubernetes.io/arch": "amd64", "beta.kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64", "kubernetes.io/os": "linux",
			"kubernetes.io/hostname": "ip-10-0-12-34.eu-central-1.compute.internal", "node.kubernetes.io/instance-type": "m6i.2xlarge",
			"topology.kubernetes.io/region": "eu-central-1", "topology.kubernetes.io/zone": "eu-central-1a",
			"failure-domain.beta.kubernetes.io/region": "eu-central-1", "failure-domain.beta.kubernetes.io/zone": "eu-central-1a",
			"topology.ebs.csi.aws.com/zone": "eu-central-1a", "example.com/nodegroup": "workers-a", "example.com/image": "ami-0123456789abcdef0",
		},
		Annotations: map[string]string{
			"node.alpha.kubernetes.io/ttl": "300", "volumes.kubernetes.io/controller-managed-attach-detach": "true",
			"csi.volume.kubernetes.io/nodeid":      `{"ebs.csi.aws.com":"i-0123456789abcdef0","efs.csi.aws.com":"i-0123456789abcdef0"}`,
			"alpha.kubernetes.io/provided-node-ip": "10.0.12.34",
		},
	}}
	for _, manager := range []string{"aws-cloud-controller-manager", "kube-controller-manager", "kubelet", "csi-node-driver"} {
		node.ManagedFields = append(node.ManagedFields, metav1.ManagedFieldsEntry{
			Manager: manager, Operation: metav1.ManagedFieldsOperationUpdate, APIVersion: "v1", Time: &now, FieldsType: "FieldsV1",
			FieldsV1: metav1.NewFieldsV1(`{"f:metadata":{"f:annotations":{".":{},"f:volumes.kubernetes.io/controller-managed-attach-detach":{}},"f:labels":{".":{},"f:kubernetes.io/arch":{},"f:kubernetes.io/hostname":{},"f:kubernetes.io/os":{},"f:node.kubernetes.io/instance-type":{},"f:topology.kubernetes.io/zone":{}}},"f:spec":{"f:providerID":{}}}`),
		})
	}
	node.Spec = corev1.NodeSpec{PodCIDR: "10.244.12.0/24", PodCIDRs: []string{"10.244.12.0/24"}, ProviderID: "aws:///eu-central-1a/i-0123456789abcdef0"}
	quantities := corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse("7910m"), corev1.ResourceMemory: resource.MustParse("31482Mi"), corev1.ResourcePods: resource.MustParse("58"),
		corev1.ResourceEphemeralStorage: resource.MustParse("95551679124"), "hugepages-1Gi": resource.MustParse("0"), "hugepages-2Mi": resource.MustParse("0"),
	}
	node.Status = corev1.NodeStatus{
		Capacity: quantities, Allocatable: quantities,
		NodeInfo: corev1.NodeSystemInfo{MachineID: "ec2a1f1c6a2b4f0c9f2f3d4e5a6b7c8d", KernelVersion: "6.1.0-1", OSImage: "Some Linux 12", KubeletVersion: "v1.37.1"},
		Addresses: []corev1.NodeAddress{
			{Type: corev1.NodeInternalIP, Address: "10.0.12.34"}, {Type: corev1.NodeExternalIP, Address: "198.51.100.34"},
			{Type: corev1.NodeHostName, Address: "ip-10-0-12-34.eu-central-1.compute.internal"}, {Type: corev1.NodeInternalDNS, Address: "ip-10-0-12-34.eu-central-1.compute.internal"},
		},
	}
	for _, condition := range []corev1.NodeConditionType{corev1.NodeMemoryPressure, corev1.NodeDiskPressure, corev1.NodePIDPressure, corev1.NodeReady} {
		node.Status.Conditions = append(node.Status.Conditions, corev1.NodeCondition{
			Type: condition, Status: corev1.ConditionTrue, LastHeartbeatTime: now, LastTransitionTime: now,
			Reason: "KubeletIsHappy", Message: "kubelet is posting ready status",
		})
	}
	for i := range 50 {
		digest := fmt.Sprintf("registry.example.com/team/application-%d@sha256:6f2e5a3d9c8b7a6f5e4d3c2b1a0f9e8d7c6b5a4f3e2d1c0b9a8f7e6d5c4b3a29", i)
		node.Status.Images = append(node.Status.Images, corev1.ContainerImage{Names: []string{digest, fmt.Sprintf("registry.example.com/team/application-%d:v1.2.3", i)}, SizeBytes: 123456789})
	}
	if isEdge {
		own, role := v1alpha1.NodeLabel("public"), v1alpha1.DefaultRoleLabel
		node.Labels[own], node.Labels[role] = "", ""
		node.Annotations[v1alpha1.TaintAnnotation("public")] = role
		node.Spec.Taints = []corev1.Taint{{Key: role, Effect: corev1.TaintEffectNoSchedule}}
		node.ManagedFields = append(node.ManagedFields,
			metav1.ManagedFieldsEntry{
				Manager: v1alpha1.NodeFieldManager("public"), Operation: metav1.ManagedFieldsOperationApply, APIVersion: "v1", Time: &now, FieldsType: "FieldsV1",
				FieldsV1: metav1.NewFieldsV1(fmt.Sprintf(`{"f:metadata":{"f:labels":{%q:{},%q:{}}}}`, "f:"+own, "f:"+role)),
			},
			metav1.ManagedFieldsEntry{
				Manager: v1alpha1.NodeFieldManager("public"), Operation: metav1.ManagedFieldsOperationUpdate, APIVersion: "v1", Time: &now, FieldsType: "FieldsV1",
				FieldsV1: metav1.NewFieldsV1(fmt.Sprintf(`{"f:metadata":{"f:annotations":{%q:{}}},"f:spec":{"f:taints":{}}}`, "f:"+v1alpha1.TaintAnnotation("public"))),
			})
	}
	return node
}
