package provider

import "github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"

const (
	pureLBAllocatedBy   = "purelb.io/allocated-by"
	pureLBAllocatedFrom = "purelb.io/allocated-from"
	pureLBPoolType      = "purelb.io/pool-type"
	pureLBAnnouncingV4  = "purelb.io/announcing-IPv4"
	pureLBAnnouncingV6  = "purelb.io/announcing-IPv6"
	// pureLBAnnouncingNode is what versions before 0.6 write.
	pureLBAnnouncingNode = "purelb.io/announcing-node"
	pureLBAllowLocal     = "purelb.io/allow-local"
)

// PureLB adds the address to an interface of a node and changes no packet. An address of a remote pool is on
// every node with an endpoint, and a routing daemon announces it. An address of a local pool is on one node,
// so PureLB does not support externalTrafficPolicy Local there (purelb.io/docs/reference/annotations,
// docs/overview/address-types and docs/operations/services; classes in purelb/purelb internal; images,
// variables and labels in build/helm/purelb/templates/daemonset.yaml).
var _ = register(loadBalancer{
	provider: v1alpha1.ProviderPureLB,
	name:     "PureLB",
	signs: signs{
		classes: []string{"purelb.io/purelb", "purelb.io/purelb-v2", "purelb.io/purelbv2"},
		marks:   []string{pureLBAllocatedBy},
		announcers: []announcerSign{
			{key: pureLBAnnouncingV4, nodes: firstOfEach}, {key: pureLBAnnouncingV6, nodes: firstOfEach}, {key: pureLBAnnouncingNode, nodes: oneNode},
		},
		chartPrefix: "lbnodeagent.",
		agents: []agentSign{
			{
				images: []string{"purelb/lbnodeagent", "lbnodeagent", "purelb/purelb"}, commands: []string{"lbnodeagent"},
				variables: []string{"PURELB_NODE_NAME", "PURELB_HOST"}, names: []string{"lbnodeagent"},
			},
			{labels: map[string]string{"app.kubernetes.io/name": "purelb", "app.kubernetes.io/component": "lbnodeagent"}},
		},
	},
	annotations: annotations{
		decide:  []string{pureLBAllowLocal},
		written: []string{pureLBAllocatedBy, pureLBAllocatedFrom, pureLBPoolType, pureLBAnnouncingV4, pureLBAnnouncingV6, pureLBAnnouncingNode},
	},
	describe: pureLB,
})

func pureLB(v view) Balancer {
	switch {
	case v.is(pureLBPoolType, "remote"):
		return Balancer{Path: Forwards, HealthChecks: followsEndpoints, NotRead: "the node selectors of LBNodeAgent objects"}
	case v.is(pureLBPoolType, "local"):
		return Balancer{Path: Unknown, Why: "PureLB does not support externalTrafficPolicy Local with an address of a local pool. Use a ServiceGroup with a remote pool"}
	}
	return Balancer{Path: Unknown, Why: "the annotation " + pureLBPoolType + " does not show the kind of PureLB's address pool"}
}
