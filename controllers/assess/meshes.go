package assess

import "slices"

// mesh is something that is known to change pods when they are created.
type mesh struct {
	name string
	// traces are names of its containers, and annotations that it writes.
	traces []string
	// remedy keeps it away from a namespace, whose name takes the place of %s.
	remedy string
}

// meshes: Each takes the connections of a pod over and opens new ones to the engine, so that the
// engine sees an address of the pod itself, unless it is configured otherwise. All of them can be
// kept away from a namespace. The pods themselves need no label then.
var meshes = []mesh{
	// istio/istio, manifests/charts/istio-control/istio-discovery/files/injection-template.yaml; and
	// https://istio.io/latest/docs/reference/config/analysis/ist0148/.
	{
		name: "Istio", traces: []string{"istio-proxy", "istio-init", "istio-validation"},
		remedy: "Run kubectl label namespace %s istio-injection=disabled istio.io/rev- --overwrite.",
	},
	// https://istio.io/latest/docs/ambient/usage/add-workloads/
	{
		name: "Istio's ambient mode", traces: []string{"ambient.istio.io/redirection"},
		remedy: "Run kubectl label namespace %s istio.io/dataplane-mode=none --overwrite.",
	},
	// linkerd/linkerd2, pkg/k8s/labels.go; https://linkerd.io/2/features/proxy-injection/.
	{
		name: "Linkerd", traces: []string{"linkerd-proxy", "linkerd-init", "linkerd-network-validator"},
		remedy: "Run kubectl annotate namespace %s linkerd.io/inject=disabled --overwrite.",
	},
	// hashicorp/consul-k8s, charts/consul/values.yaml (connectInject) and control-plane/connect-inject.
	{
		name: "Consul", traces: []string{"consul-dataplane", "consul-connect-inject-init", "envoy-sidecar", "consul.hashicorp.com/transparent-proxy-status"},
		remedy: "Add namespace %s to connectInject.k8sDenyNamespaces in the values of Consul's chart.",
	},
	// kumahq/kuma, pkg/plugins/runtime/k8s/metadata/annotations.go.
	{
		name: "Kuma", traces: []string{"kuma-sidecar", "kuma-init", "kuma-validation", "kuma.io/transparent-proxying"},
		remedy: "Run kubectl label namespace %s kuma.io/sidecar-injection=disabled --overwrite.",
	},
	// aws/aws-app-mesh-controller-for-k8s, config/helm/appmesh-controller/README.md.
	{
		name: "AWS App Mesh", traces: []string{"proxyinit"},
		remedy: "Run kubectl label namespace %s appmesh.k8s.aws/sidecarInjectorWebhook=disabled --overwrite.",
	},
	// dapr/dapr, pkg/injector: it injects only into pods with the annotation.
	{
		name: "Dapr", traces: []string{"daprd"},
		remedy: "Let nothing set the annotation dapr.io/enabled on the pods in namespace %s.",
	},
	// k8snetworkplumbingwg/multus-cni, docs/how-to-use.md.
	{
		name: "Multus", traces: []string{"k8s.v1.cni.cncf.io/networks", "v1.multus-cni.io/default-network"},
		remedy: "Let nothing set this annotation on the pods in namespace %s, or on the namespace itself.",
	},
}

// meshOf returns the mesh that left one of the traces, or nil.
func meshOf(traces []string) *mesh {
	for i := range meshes {
		if slices.ContainsFunc(meshes[i].traces, func(trace string) bool { return slices.Contains(traces, trace) }) {
			return &meshes[i]
		}
	}
	return nil
}
