package provider

import "github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"

// gcpBackendService asks for a balancer with backend services, which another controller makes. It changes
// nothing about the client's address, and removing it from a Service is not supported.
const gcpBackendService = "cloud.google.com/l4-rbs"

// gcpExcludes are labels of nodes that this controller leaves out (kubernetes/ingress-gce
// pkg/utils/zonegetter).
var gcpExcludes = []LabelSign{{Key: "alpha.service-controller.kubernetes.io/exclude-balancer"}, {Key: "node-role.kubernetes.io/master"}}

// The passthrough Network Load Balancer of Google Cloud delivers packets with the client's address as
// source and its own as destination, without node ports. It checks the healthCheckNodePort
// (cloud.google.com/kubernetes-engine/docs/concepts/service-load-balancer; classes in
// kubernetes/ingress-gce pkg/annotations/service.go).
var _ = register(loadBalancer{
	provider: v1alpha1.ProviderGCP,
	name:     "Google Cloud's passthrough Network Load Balancer",
	signs: signs{
		classes:     []string{"networking.gke.io/l4-regional-external", "networking.gke.io/l4-regional-internal"},
		providerIDs: []string{"gce://"},
	},
	mayExclude:  gcpExcludes,
	annotations: annotations{written: []string{gcpBackendService}},
	describe: func(v view) Balancer {
		b := Balancer{Path: Forwards}
		if v.class != "" || v.is(gcpBackendService, "enabled") {
			b.Excludes = gcpExcludes
		}
		return b
	},
})
