package assess

import (
	"testing"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// TestNodesThatTheBalancerTargets has the edge nodes edge-1 and edge-2 with the labels pool=edge and
// node-role.kubernetes.io/edge=.
func TestNodesThatTheBalancerTargets(t *testing.T) {
	oracle := cloud("oci://1")
	oracleNetwork := all(oracle, annotated("oci.oraclecloud.com/load-balancer-type", "nlb"))
	nlb := all(cloud("aws:///z/i-1"), hostname(networkHost), annotated(awsPrefix+"type", "nlb"))
	monitored := annotated(openStack+"enable-health-monitor", "true")
	oracleCloud := cloud("ocid1.instance.x")
	unroledNode := func(n *snapshot.Node) { delete(n.Labels, v1alpha1.DefaultRoleLabel) }
	unroled := all(node("edge-1", unroledNode), node("edge-2", unroledNode))
	roleLabel := func(key string) option { return func(g *given) { g.spec().Nodes.Label = key } }
	byName := func(g *given) { g.spec().Nodes.Selector = nil }
	const (
		awsNodes    = awsPrefix + "target-node-labels"
		tencentKey  = "service.kubernetes.io/qcloud-loadbalancer-backends-label"
		oracleNodes = "oci.oraclecloud.com/node-label-selector"
		oracleNLB   = "oci-network-load-balancer.oraclecloud.com/node-label-selector"
	)
	runRows(t, v1alpha1.ConditionLoadBalancerReady, map[string]row{
		"row 79: AWS Network, another pool":                              {given: []option{awsInstance, annotated(awsNodes, "pool=apps")}, status: no, reason: v1alpha1.ReasonEdgeNodesNotTargeted, says: "AWS Network Load Balancer (instance targets) does not send to nodes edge-1, edge-2, because of the annotation " + awsNodes + `: "pool=apps". Set ` + awsNodes + `: "pool=edge" in spec.exposure.loadBalancer.annotations, or remove the annotation.`},
		"row 79: AWS Network of the cloud controller":                    {given: []option{nlb, annotated(awsNodes, "pool=apps")}, status: no, reason: v1alpha1.ReasonEdgeNodesNotTargeted, says: "edge-1, edge-2"},
		"row 79: AWS Classic":                                            {given: []option{awsClassic, annotated(awsNodes, "pool=apps")}, status: no, reason: v1alpha1.ReasonEdgeNodesNotTargeted, says: "edge-1, edge-2"},
		"row 79: a label that no edge node has":                          {given: []option{awsInstance, annotated(awsNodes, "tier=front")}, status: no, reason: v1alpha1.ReasonEdgeNodesNotTargeted, says: awsNodes + `: "node-role.kubernetes.io/edge="`},
		"row 79: one of two labels does not fit":                         {given: []option{awsInstance, annotated(awsNodes, "pool=edge, tier=front")}, status: no, reason: v1alpha1.ReasonEdgeNodesNotTargeted, says: awsNodes + `: "node-role.kubernetes.io/edge="`},
		"row 79: one of two edge nodes":                                  {given: []option{awsInstance, annotated(awsNodes, "tier=front"), node("edge-1", labelled("tier", "front"))}, status: no, reason: v1alpha1.ReasonEdgeNodesNotTargeted, says: "does not send to node edge-2,"},
		"row 79: Oracle, edge nodes without the role label":              {given: []option{oracleCloud, unroled, annotated(oracleNodes, "tier=apps")}, status: no, reason: v1alpha1.ReasonEdgeNodesNotTargeted, says: "Set " + oracleNodes + `: "pool=edge" in`},
		"row 79: Hetzner, edge nodes without the role label":             {given: []option{hetzner, unroled, annotated(hetznerPrefix+"node-selector", "tier")}, status: no, reason: v1alpha1.ReasonEdgeNodesNotTargeted, says: hetznerPrefix + `node-selector: "pool=edge"`},
		"row 79: AWS, edge nodes without the role label":                 {given: []option{awsInstance, unroled, annotated(awsNodes, "tier=front")}, status: no, reason: v1alpha1.ReasonEdgeNodesNotTargeted, says: "Set " + awsNodes + `: "pool=edge" in`},
		"row 79: OpenStack, one edge node without the role label":        {given: []option{octavia, monitored, node("edge-2", unroledNode), annotated(openStack+"node-selector", "tier=apps")}, status: no, reason: v1alpha1.ReasonEdgeNodesNotTargeted, says: openStack + `node-selector: "pool=edge"`},
		"row 79: the role label is another":                              {given: []option{hetzner, roleLabel("example.com/front"), annotated(hetznerPrefix+"node-selector", "tier=apps")}, status: no, reason: v1alpha1.ReasonEdgeNodesNotTargeted, says: hetznerPrefix + `node-selector: "pool=edge"`},
		"row 79: neither role label nor selector fit all":                {given: []option{hetzner, unroled, node("edge-2", labelled("pool", "front")), annotated(hetznerPrefix+"node-selector", "tier=apps")}, status: no, reason: v1alpha1.ReasonEdgeNodesNotTargeted, says: `node-selector: "tier=apps". Remove the annotation.`},
		"row 79: nodes by name, without the role label":                  {given: []option{hetzner, unroled, byName, annotated(hetznerPrefix+"node-selector", "tier=apps")}, status: no, reason: v1alpha1.ReasonEdgeNodesNotTargeted, says: `node-selector: "tier=apps". Remove the annotation.`},
		"row 79: a selector that cannot be read, without the role label": {given: []option{hetzner, unroled, annotated(hetznerPrefix+"node-selector", "pool in edge")}, status: unknown, reason: v1alpha1.ReasonEdgeNodesNotTargeted, says: `Set ` + hetznerPrefix + `node-selector: "pool=edge"`},
		"row 79: AWS, a label without a value":                           {given: []option{awsClassic, annotated(awsNodes, "pool=")}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 79: AWS, the labels fit":                                    {given: []option{awsInstance, annotated(awsNodes, " pool=edge , node-role.kubernetes.io/edge=")}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 79: AWS pod targets do not care":                            {given: []option{awsPods, annotated(awsNodes, "pool=apps")}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 79: AWS, targets that the Service does not show":            {given: []option{cloud("aws:///z/i-1"), hostname(networkHost), class("service.k8s.aws/nlb"), annotated(awsNodes, "pool=apps")}, status: unknown, reason: v1alpha1.ReasonEdgeNodesNotTargeted, says: "pool=edge"},
		"row 79: AWS, an empty list":                                     {given: []option{awsInstance, annotated(awsNodes, "")}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 79: Hetzner":                                                {given: []option{hetzner, annotated(hetznerPrefix+"node-selector", "pool in (apps, db)")}, status: no, reason: v1alpha1.ReasonEdgeNodesNotTargeted, says: hetznerPrefix + `node-selector: "pool=edge"`},
		"row 79: Hetzner leaves a label's bearers out":                   {given: []option{hetzner, annotated(hetznerPrefix+"node-selector", "!node-role.kubernetes.io/edge")}, status: no, reason: v1alpha1.ReasonEdgeNodesNotTargeted, says: hetznerPrefix + `node-selector: "node-role.kubernetes.io/edge"`},
		"row 79: Hetzner, a selector that fits":                          {given: []option{hetzner, annotated(hetznerPrefix+"node-selector", "pool in (edge, db),!tier")}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 79: Hetzner, a selector that is none":                       {given: []option{hetzner, annotated(hetznerPrefix+"node-selector", "pool in edge")}, status: unknown, reason: v1alpha1.ReasonEdgeNodesNotTargeted, says: `cannot be read`},
		"row 79: OpenStack":                                              {given: []option{octavia, monitored, annotated(openStack+"node-selector", "pool=apps")}, status: no, reason: v1alpha1.ReasonEdgeNodesNotTargeted, says: openStack + `node-selector: "pool=edge"`},
		"row 79: OVHcloud":                                               {given: []option{ovh, annotated(openStack+"node-selector", "pool=apps")}, status: no, reason: v1alpha1.ReasonEdgeNodesNotTargeted, says: "OVHcloud"},
		"row 79: Oracle's lb":                                            {given: []option{oracle, annotated(oracleNodes, "pool notin (edge)")}, status: no, reason: v1alpha1.ReasonEdgeNodesNotTargeted, says: oracleNodes + `: "pool=edge"`},
		"row 79: Oracle's nlb":                                           {given: []option{oracleNetwork, annotated(oracleNLB, "pool=apps")}, status: no, reason: v1alpha1.ReasonEdgeNodesNotTargeted, says: oracleNLB + `: "pool=edge"`},
		"row 79: Oracle's nlb does not read the key of lb":               {given: []option{oracleNetwork, annotated(oracleNodes, "pool=apps")}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 79: Scaleway":                                               {given: []option{scaleway, annotated(scalewayPrefix+"target-node-labels", "pool=apps")}, status: no, reason: v1alpha1.ReasonEdgeNodesNotTargeted, says: "Scaleway"},
		"row 79: Alibaba":                                                {given: []option{alibaba, annotated(alibabaPrefix+"backend-label", "pool=apps")}, status: no, reason: v1alpha1.ReasonEdgeNodesNotTargeted, says: "Alibaba"},
		"row 79: Tencent":                                                {given: []option{noMetalLB, declared(v1alpha1.ProviderTencent), annotated(tencentKey, "pool notin (edge)")}, status: no, reason: v1alpha1.ReasonEdgeNodesNotTargeted, says: "Tencent"},
		"row 79: IBM":                                                    {given: []option{ibm, annotated(ibmPrefix+"vpc-node-selector", "pool=apps")}, status: no, reason: v1alpha1.ReasonEdgeNodesNotTargeted, says: "IBM"},
		"row 79: the node that is being released does not count":         {given: []option{awsInstance, annotated(awsNodes, "pool=edge"), node("app-1", labelled("pool", "apps"))}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 15: Alibaba's own label":                                    {given: []option{alibaba, node("edge-2", labelled("service.alibabacloud.com/exclude-node", "true"))}, status: no, reason: v1alpha1.ReasonEdgeNodeExcluded, says: "Load balancers exclude node edge-2. Remove the label service.alibabacloud.com/exclude-node"},
		"row 15: Azure's label of nodes that it does not manage":         {given: []option{azure, node("edge-2", labelled("kubernetes.azure.com/managed", "false"))}, status: no, reason: v1alpha1.ReasonEdgeNodeExcluded, says: "kubernetes.azure.com/managed"},
		"row 15: Azure's label on a node that it does manage":            {given: []option{azure, node("edge-2", labelled("kubernetes.azure.com/managed", "true"))}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 15: AWS's controller and the label of old versions":         {given: []option{awsInstance, node("edge-2", labelled("alpha.service-controller.kubernetes.io/exclude-balancer", ""))}, status: no, reason: v1alpha1.ReasonEdgeNodeExcluded, says: "node edge-2"},
		"row 15: AWS's controller and the control plane":                 {given: []option{awsInstance, node("edge-2", labelled("node-role.kubernetes.io/master", ""))}, status: no, reason: v1alpha1.ReasonEdgeNodeExcluded, says: "node-role.kubernetes.io/master"},
		"row 15: AWS's controller and Fargate":                           {given: []option{awsInstance, node("edge-2", labelled("eks.amazonaws.com/compute-type", "fargate"))}, status: no, reason: v1alpha1.ReasonEdgeNodeExcluded, says: "eks.amazonaws.com/compute-type"},
		"row 15: AWS's cloud controller and the control plane":           {given: []option{nlb, node("edge-2", labelled("node-role.kubernetes.io/master", ""))}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 15: AWS's pod targets and the control plane":                {given: []option{awsPods, node("edge-2", labelled("node-role.kubernetes.io/master", ""))}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 15: Google Cloud's classes and the control plane":           {given: []option{cloud("gce://p/z/a"), class("networking.gke.io/l4-regional-external"), node("edge-2", labelled("node-role.kubernetes.io/master", ""))}, status: no, reason: v1alpha1.ReasonEdgeNodeExcluded, says: "node-role.kubernetes.io/master"},
		"row 15: Google Cloud's backend services":                        {given: []option{cloud("gce://p/z/a"), annotated("cloud.google.com/l4-rbs", "enabled"), node("edge-2", labelled("alpha.service-controller.kubernetes.io/exclude-balancer", ""))}, status: no, reason: v1alpha1.ReasonEdgeNodeExcluded, says: "exclude-balancer"},
		"row 15: Google Cloud's target pools":                            {given: []option{cloud("gce://p/z/a"), node("edge-2", labelled("node-role.kubernetes.io/master", ""))}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 15: Alibaba's label matters to no other balancer":           {given: []option{azure, node("edge-2", labelled("service.alibabacloud.com/exclude-node", "true"))}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 16: the label of old versions":                              {given: []option{node("edge-2", labelled("alpha.service-controller.kubernetes.io/exclude-balancer", "true"))}, status: unknown, reason: v1alpha1.ReasonExcludeLabelAmbiguous, says: "alpha.service-controller.kubernetes.io/exclude-balancer"},
		"row 79: Azure chooses machines by the name of their set":        {given: []option{cloud("azure:///subscriptions/1/resourceGroups/g/providers/Microsoft.Compute/virtualMachineScaleSets/edge/virtualMachines/0"), annotated(azurePrefix+"mode", "apps")}, status: unknown, reason: v1alpha1.ReasonEdgeNodesNotTargeted, says: azurePrefix + `mode: "apps"`},
		"row 79: Azure, the edge nodes are in the set":                   {given: []option{cloud("azure:///subscriptions/1/resourceGroups/g/providers/Microsoft.Compute/virtualMachineScaleSets/edge/virtualMachines/0"), annotated(azurePrefix+"mode", "apps, EDGE")}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 51: MetalLB's advertisements are named as not checked":      {status: yes, reason: v1alpha1.ReasonAddressAssigned, says: "Not checked: the node selectors of MetalLB's L2Advertisement and BGPAdvertisement objects"},
		"row 51: Cilium's policies are named as not checked":             {given: []option{noMetalLB, class("io.cilium/bgp-control-plane")}, status: yes, reason: v1alpha1.ReasonAddressAssigned, says: "Not checked: the node selectors of CiliumBGPClusterConfig objects"},
		"row 79: annotations of a balancer that is unknown say less":     {given: []option{noMetalLB, annotated(awsNodes, "pool=apps")}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
	})
}
