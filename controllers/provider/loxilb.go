package provider

import "github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"

const loxiLBMode = "loxilb.io/lbmode"

// loxilb forwards packets itself, on nodes or outside the cluster. Its default mode keeps their source, and
// its modes onearm, fullnat and hostonearm replace it; which one is the default is an argument of kube-loxilb
// (docs.loxilb.io/main/kube-loxilb; images and labels in loxilb-io/kube-loxilb manifest/in-cluster).
var _ = register(loadBalancer{
	provider:      v1alpha1.ProviderLoxiLB,
	name:          "loxilb",
	lowConfidence: true,
	signs: signs{
		classes: []string{"loxilb.io/loxilb"},
		agents: []agentSign{
			{images: []string{"loxilb-io/loxilb", "loxilb"}, commands: []string{"loxilb"}, names: []string{"loxilb-lb", "loxilb-app"}},
			{labels: map[string]string{"app": "loxilb-app"}},
		},
	},
	annotations: annotations{decide: []string{loxiLBMode}},
	describe: func(v view) Balancer {
		if v.is(loxiLBMode, "default", "dsr") {
			return Balancer{Path: Forwards, NeedsNodePorts: true, NotRead: checksUnknown}
		}
		why := "the annotation " + loxiLBMode + " does not choose the mode default, and the other modes of loxilb replace the source"
		return Balancer{Path: Unknown, Why: why, NeedsNodePorts: true, NotRead: checksUnknown}
	},
})
