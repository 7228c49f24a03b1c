package provider

import "github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"

// The passthrough Network Load Balancer of Google Cloud delivers packets with the client's address as
// source and its own as destination, without node ports. It checks the healthCheckNodePort
// (cloud.google.com/kubernetes-engine/docs/concepts/service-load-balancer; classes in
// kubernetes/ingress-gce pkg/annotations/service.go). No annotation changes this.
var _ = register(loadBalancer{
	provider: v1alpha1.ProviderGCP,
	name:     "Google Cloud's passthrough Network Load Balancer",
	signs: signs{
		classes:     []string{"networking.gke.io/l4-regional-external", "networking.gke.io/l4-regional-internal"},
		providerIDs: []string{"gce://"},
	},
	describe: func(view) Balancer { return Balancer{Path: Forwards} },
})
