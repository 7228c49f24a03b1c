package provider

import "github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"

const (
	openELBProtocol = "protocol.openelb.kubesphere.io/v1alpha1"
	// openELBLayer2 is the node that answers for an address on layer 2
	// (openelb/openelb pkg/controllers/lb/lb_controller.go).
	openELBLayer2 = "layer2.openelb.kubesphere.io/v1alpha1"
)

// OpenELB announces addresses by BGP, on layer 2 or with keepalived. Users choose it by an annotation that
// it does not write itself, so nothing on the Service proves it. Whether it honours externalTrafficPolicy
// Local on layer 2 is disputed (openelb/openelb issue 416). Images, commands and variables come from its
// charts/templates/openelb-speaker.yaml; before that, the project was called Porter.
var _ = register(loadBalancer{
	provider: v1alpha1.ProviderOpenELB,
	name:     "OpenELB",
	signs: signs{
		chartPrefix: "speaker.",
		announcers:  []announcerSign{{key: openELBLayer2, nodes: oneNode}},
		agents: []agentSign{
			{
				images:   []string{"kubesphere/openelb-speaker", "openelb/openelb-speaker", "openelb-speaker", "kubespheredev/porter-agent"},
				commands: []string{"openelb-speaker"}, variables: []string{"OPENELB_DSNAME", "OPENELB_NAMESPACE"}, names: []string{"openelb-speaker"},
			},
			{labels: map[string]string{"app": "openelb", "component": "speaker"}},
			{images: []string{"kubesphere/kube-keepalived-vip", "openelb/kube-keepalived-vip"}, names: []string{"openelb-keepalive-vip"}},
		},
	},
	annotations: annotations{decide: []string{openELBProtocol}, written: []string{openELBLayer2}},
	describe: func(v view) Balancer {
		b := Balancer{NotRead: checksUnknown}
		if v.has(openELBLayer2) {
			b.NotRead = ""
		}
		if v.is(openELBProtocol, "bgp") {
			b.Name, b.Path = "OpenELB (BGP)", Forwards
			return b
		}
		b.Path, b.Why = Unknown, "the annotation "+openELBProtocol+" does not choose bgp, and OpenELB may announce the address from a node without a controller"
		return b
	},
})
