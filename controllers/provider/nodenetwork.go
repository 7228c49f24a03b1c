package provider

import (
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// nodeCritical is the priority class of what a node cannot do without. Drivers for storage have it too.
const nodeCritical = "system-node-critical"

// networkWords are parts of the names of kube-proxy, of network plugins, and of the node's DNS cache, as
// their manifests name the DaemonSet, the container or the image: kubernetes/kubernetes cluster/addons
// (kube-proxy, ip-masq-agent, nodelocaldns), and the manifests or charts of cilium/cilium,
// projectcalico/calico, flannel-io/flannel, weaveworks/weave, cloudnativelabs/kube-router, antrea-io/antrea,
// ovn-kubernetes/ovn-kubernetes, kubeovn/kube-ovn, aws/amazon-vpc-cni-k8s, Azure/azure-container-networking,
// AliyunContainerService/terway, kubernetes-sigs/kind and k8snetworkplumbingwg/multus-cni.
var networkWords = []string{
	"kube-proxy", "ip-masq-agent", "nodelocaldns", "node-local-dns", "dns-node-cache",
	"cilium", "calico", "canal", "flannel", "weave-net", "weave-kube", "kube-router", "antrea", "ovnkube", "ovn-kube", "kube-ovn",
	"aws-node", "azure-cns", "azure-npm", "terway", "kindnet", "multus", "cni",
}

// IsNodeNetwork reports whether the pods of a DaemonSet look like a part of the node's network, without
// which the node reaches no Service or no pod: they use the host network, Kubernetes counts them as critical,
// and they mount a network plugin's directory or have the name of such a program. Storage drivers have the
// first two in common with them.
func IsNodeNetwork(name string, pod corev1.PodSpec) bool {
	if !pod.HostNetwork || pod.PriorityClassName != nodeCritical || isStorage(pod) {
		return false
	}
	return slices.ContainsFunc(pod.Volumes, ofNetworkPlugins) || namesNetwork(name) ||
		slices.ContainsFunc(pod.Containers, func(c corev1.Container) bool {
			return namesNetwork(c.Name) || namesNetwork(path.Base(imagePath(c.Image)))
		})
}

func namesNetwork(name string) bool {
	return slices.ContainsFunc(networkWords, func(word string) bool { return strings.Contains(name, word) })
}

// isStorage reports whether the pods register a driver for storage with the kubelet
// (kubernetes-csi/node-driver-registrar, README).
func isStorage(pod corev1.PodSpec) bool {
	return slices.ContainsFunc(pod.Volumes, ofStorageDrivers) ||
		slices.ContainsFunc(pod.Containers, func(c corev1.Container) bool {
			return strings.Contains(c.Name, "driver-registrar") || strings.Contains(imagePath(c.Image), "driver-registrar")
		})
}

// SignsOfNetwork returns the volumes that [IsNodeNetwork] looks at.
func SignsOfNetwork(volumes []corev1.Volume) []corev1.Volume {
	var kept []corev1.Volume
	for _, volume := range volumes {
		if ofNetworkPlugins(volume) || ofStorageDrivers(volume) {
			kept = append(kept, volume)
		}
	}
	return kept
}

// ofNetworkPlugins: /etc/cni/net.d and /opt/cni/bin are where container runtimes look for network plugins
// (containerd/containerd, docs/cri/config.md). Distributions have them elsewhere, below cni as well. Pods that
// share the sockets of Open vSwitch run or steer the node's switch (ovs-vswitchd(8): its
// run directory).
func ofNetworkPlugins(volume corev1.Volume) bool {
	return volume.HostPath != nil && slices.ContainsFunc(strings.Split(volume.HostPath.Path, "/"), func(directory string) bool {
		return directory == "cni" || directory == "openvswitch"
	})
}

// ofStorageDrivers: the kubelet finds drivers in plugins and plugins_registry below its own directory
// (kubernetes-csi.github.io/docs/deploying.html).
func ofStorageDrivers(volume corev1.Volume) bool {
	return volume.HostPath != nil && strings.Contains(volume.HostPath.Path, "/kubelet/plugins")
}
