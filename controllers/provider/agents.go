package provider

import (
	"strings"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

const (
	serviceLBPrefix = "svclb-"
	serviceLBLabel  = "svccontroller.k3s.cattle.io/svcname"
)

// agentSign is how the pods of a load balancer's agent are recognised: by their image's path, whatever the registry, or by a label that the project gives them.
type agentSign struct {
	provider v1alpha1.Provider
	images   []string
	labels   map[string]string
}

var agentSigns = []agentSign{
	// FRR-K8s holds the BGP sessions of newer MetalLB versions.
	{provider: v1alpha1.ProviderMetalLB, images: []string{"metallb/speaker", "metallb-speaker", "metallb/frr-k8s"},
		labels: map[string]string{"app.kubernetes.io/name": "metallb", "app.kubernetes.io/component": "speaker"}},
	{provider: v1alpha1.ProviderMetalLB, labels: map[string]string{"app": "metallb", "component": "speaker"}},
	{provider: v1alpha1.ProviderMetalLB, labels: map[string]string{"app": "frr-k8s"}},
	{provider: v1alpha1.ProviderKubeVIP, images: []string{"kube-vip/kube-vip", "plndr/kube-vip", "kube-vip/kube-vip-iptables"},
		labels: map[string]string{"app.kubernetes.io/name": "kube-vip-ds"}},
	{provider: v1alpha1.ProviderKubeVIP, labels: map[string]string{"app.kubernetes.io/name": "kube-vip"}},
	{provider: v1alpha1.ProviderServiceLB, images: []string{"rancher/klipper-lb"}},
	{provider: v1alpha1.ProviderCilium, images: []string{"cilium/cilium"}, labels: map[string]string{"k8s-app": "cilium"}},
}

// AgentProvider is whether a DaemonSet makes a load balancer's addresses work on the nodes where it runs, and whose it is.
func AgentProvider(ds *appsv1.DaemonSet) (v1alpha1.Provider, bool) {
	_, serviceLB := ds.Spec.Template.Labels[serviceLBLabel]
	if serviceLB || strings.HasPrefix(ds.Name, serviceLBPrefix) {
		return v1alpha1.ProviderServiceLB, true
	}
	for _, sign := range agentSigns {
		if sign.matches(ds) {
			return sign.provider, true
		}
	}
	return "", false
}

func (sign agentSign) matches(ds *appsv1.DaemonSet) bool {
	for _, container := range ds.Spec.Template.Spec.Containers {
		for _, image := range sign.images {
			if path := imagePath(container.Image); path == image || strings.HasSuffix(path, "/"+image) {
				return true
			}
		}
	}
	for key, value := range sign.labels {
		if ds.Spec.Template.Labels[key] != value {
			return false
		}
	}
	return len(sign.labels) > 0
}

// imagePath is an image without its tag and digest.
func imagePath(image string) string {
	image, _, _ = strings.Cut(image, "@")
	if colon := strings.LastIndex(image, ":"); colon > strings.LastIndex(image, "/") {
		return image[:colon]
	}
	return image
}
