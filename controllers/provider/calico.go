package provider

import "github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"

// Calico announces addresses by BGP, and only from nodes with an endpoint under externalTrafficPolicy Local
// (docs.tigera.io/calico, advertise service IPs). Its controller assigns addresses of the class calico, and
// of none where it is set to (projectcalico/calico kube-controllers/pkg/controllers/loadbalancer). Its agent
// is a network plugin, which also runs beside other balancers.
var _ = register(loadBalancer{
	provider:      v1alpha1.ProviderCalico,
	name:          "Calico",
	lowConfidence: true,
	signs: signs{
		classes: []string{"calico"},
		agents: []agentSign{
			{
				images: []string{"calico/node", "tigera/cnx-node"}, variables: []string{"CALICO_NETWORKING_BACKEND"},
				names: []string{"calico-node"}, labels: map[string]string{"k8s-app": "calico-node"},
			},
		},
		networkPlugin: true,
		// tigera/operator api/v1 InstallationSpec.
		owner: agentOwner{resource: "Installation", fields: map[string]string{
			"tolerations": "spec.calicoNodeDaemonSet.spec.template.spec.tolerations", "nodeSelector": "spec.calicoNodeDaemonSet.spec.template.spec.nodeSelector",
		}},
	},
	describe: func(view) Balancer {
		return Balancer{Name: "Calico (BGP)", Path: Forwards, HealthChecks: followsEndpoints, NotRead: "the node selectors of BGPPeer objects"}
	},
})
