package provider

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestWhichDaemonSetsAreAPartOfTheNodesNetwork(t *testing.T) {
	critical := func(image string, options ...func(*corev1.PodSpec)) corev1.PodSpec {
		pod := corev1.PodSpec{HostNetwork: true, PriorityClassName: "system-node-critical", Containers: []corev1.Container{{Name: "main", Image: image}}}
		for _, option := range options {
			option(&pod)
		}
		return pod
	}
	mounts := func(paths ...string) func(*corev1.PodSpec) {
		return func(p *corev1.PodSpec) {
			for _, path := range paths {
				p.Volumes = append(p.Volumes, corev1.Volume{VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: path}}})
			}
		}
	}
	beside := func(name, image string) func(*corev1.PodSpec) {
		return func(p *corev1.PodSpec) {
			p.Containers = append(p.Containers, corev1.Container{Name: name, Image: image})
		}
	}
	for name, test := range map[string]struct {
		daemonSet string
		pod       corev1.PodSpec
		want      bool
	}{
		"Rook's driver for block devices":         {"csi-rbdplugin", critical("quay.io/cephcsi/cephcsi:v3.14.0", mounts("/var/lib/kubelet/plugins/rook-ceph.rbd.csi.ceph.com/", "/dev")), false},
		"the EBS driver":                          {"ebs-csi-node", critical("public.ecr.aws/ebs-csi-driver/aws-ebs-csi-driver:v1.40.0", beside("node-driver-registrar", "public.ecr.aws/csi-components/csi-node-driver-registrar:v2.13.0")), false},
		"Azure's driver for files":                {"csi-azurefile-node", critical("mcr.microsoft.com/oss/kubernetes-csi/azurefile-csi:v1.32.0", mounts("/var/lib/kubelet/plugins/file.csi.azure.com")), false},
		"a driver below a kubelet of its own":     {"driver", critical("example.com/driver", mounts("/var/snap/microk8s/common/var/lib/kubelet/plugins_registry")), false},
		"a driver that also looks at the network": {"csi-holder", critical("example.com/multus", mounts("/etc/cni/net.d", "/var/lib/kubelet/plugins")), false},
		"the node manager of a cloud":             {"cloud-node-manager", critical("mcr.microsoft.com/oss/kubernetes/azure-cloud-node-manager:v1.32.0"), false},
		"metrics of the node":                     {"node-exporter", critical("quay.io/prometheus/node-exporter:v1.9.0", mounts("/proc", "/sys")), false},
		"a device plugin":                         {"nvidia-device-plugin", critical("nvcr.io/nvidia/k8s-device-plugin", mounts("/var/lib/kubelet/device-plugins")), false},
		"Calico's driver":                         {"csi-node-driver", critical("quay.io/calico/csi:v3.30.0", beside("csi-node-driver-registrar", "quay.io/calico/node-driver-registrar:v3.30.0")), false},
		"kube-proxy":                              {"kube-proxy", critical("registry.k8s.io/kube-proxy:v1.37.0"), true},
		"kube-proxy under another name":           {"proxy", critical("mirror.example.com/k8s/kube-proxy-amd64@sha256:00"), true},
		"Calico":                                  {"calico-node", critical("quay.io/calico/node:v3.30.0"), true},
		"Cilium":                                  {"anetd", critical("example.com/agent", mounts("/opt/cni/bin")), true},
		"Cilium with its usual image":             {"network", critical("quay.io/cilium/cilium:v1.18.0"), true},
		"flannel":                                 {"kube-flannel-ds", critical("ghcr.io/flannel-io/flannel:v0.27.0"), true},
		"the plugin of AWS":                       {"aws-node", critical("602401143452.dkr.ecr.eu-central-1.amazonaws.com/amazon-k8s-cni:v1.20.0"), true},
		"a plugin that nobody knows":              {"net", critical("example.com/net", mounts("/var/lib/rancher/k3s/agent/etc/cni/net.d")), true},
		"a switch without a plugin of its own":    {"nsx-node-agent", critical("example.com/nsx-ncp", mounts("/var/run/openvswitch", "/sys")), true},
		"the DNS cache of the node":               {"node-local-dns", critical("registry.k8s.io/dns/k8s-dns-node-cache:1.26.0"), true},
		"a network plugin with an ordinary priority": {"calico-node", func() corev1.PodSpec {
			pod := critical("quay.io/calico/node:v3.30.0")
			pod.PriorityClassName = ""
			return pod
		}(), false},
		"a plugin's installer in the pods' network": {"istio-cni-node", func() corev1.PodSpec {
			pod := critical("istio/install-cni", mounts("/opt/cni/bin"))
			pod.HostNetwork = false
			return pod
		}(), false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := IsNodeNetwork(test.daemonSet, test.pod); got != test.want {
				t.Errorf("want %t, got %t", test.want, got)
			}
			trimmed := test.pod
			trimmed.Volumes = SignsOfNetwork(test.pod.Volumes)
			if got := IsNodeNetwork(test.daemonSet, trimmed); got != test.want {
				t.Errorf("with the volumes that the cache keeps: want %t, got %t", test.want, got)
			}
		})
	}
}
