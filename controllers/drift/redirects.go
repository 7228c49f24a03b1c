package drift

import (
	"maps"
	"slices"
)

// redirects are annotations on a pod that say that a network plugin leads its connections another
// way, without a container in the pod. An empty value stands for any value.
var redirects = map[string]string{
	// istio/istio, cni/pkg/util/podutil.go: written once the pod's connections go through ztunnel.
	"ambient.istio.io/redirection": "enabled",
	// hashicorp/consul-k8s, control-plane/cni: written by the webhook and the network plugin.
	"consul.hashicorp.com/transparent-proxy-status": "",
	// kumahq/kuma, pkg/plugins/runtime/k8s/metadata/annotations.go.
	"kuma.io/transparent-proxying": "enabled",
	// k8snetworkplumbingwg/multus-cni, docs/configuration.md: other networks, and another network in
	// the place of the cluster's.
	"k8s.v1.cni.cncf.io/networks":      "",
	"v1.multus-cni.io/default-network": "",
}

// RedirectsOf returns those annotations of a pod that lead its connections another way.
func RedirectsOf(annotations map[string]string) map[string]string {
	var found map[string]string
	for _, key := range slices.Sorted(maps.Keys(annotations)) {
		value, isRedirect := redirects[key]
		if !isRedirect || annotations[key] == "" || (value != "" && annotations[key] != value) {
			continue
		}
		if found == nil {
			found = map[string]string{}
		}
		found[key] = annotations[key]
	}
	return found
}
