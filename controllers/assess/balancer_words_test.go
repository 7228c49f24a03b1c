package assess

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// floatingIPOff makes Azure deliver to node ports.
var floatingIPOff = annotated("service.beta.kubernetes.io/azure-disable-load-balancer-floating-ip", "true")

func TestWordsAboutTheBalancer(t *testing.T) {
	two := onService(func(s *corev1.Service) {
		s.Status.LoadBalancer.Ingress = append(s.Status.LoadBalancer.Ingress, corev1.LoadBalancerIngress{IP: "2001:db8::10"})
	})
	runRows(t, v1alpha1.ConditionLoadBalancerReady, map[string]row{
		"two addresses": {given: []option{two}, status: yes, reason: v1alpha1.ReasonAddressAssigned, says: "2 addresses: 203.0.113.10, 2001:db8::10."},
		"row 59: Azure without floating IP and without node ports": {given: []option{azure, floatingIPOff, onService(noNodePorts)}, status: no, reason: v1alpha1.ReasonNodePortsNotAllocated, says: "Azure Load Balancer delivers to node ports"},
		"row 59: Azure with floating IP and without node ports":    {given: []option{azure, onService(noNodePorts)}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 59: Azure without floating IP and with node ports":    {given: []option{azure, floatingIPOff}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 59: Alibaba's pod targets need none":                  {given: []option{alibaba, annotated("service.beta.kubernetes.io/backend-type", "eni"), onService(noNodePorts)}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 59: OpenStack needs them":                             {given: []option{octavia, annotated(openStack+"enable-health-monitor", "true"), onService(noNodePorts)}, status: no, reason: v1alpha1.ReasonNodePortsNotAllocated, says: "OpenStack Octavia"},
		"row 59: IBM's balancers need them":                        {given: []option{ibm, onService(noNodePorts)}, status: no, reason: v1alpha1.ReasonNodePortsNotAllocated, says: "IBM Cloud"},
	})
	const toItsName = "Set spec.exposure.loadBalancer.provider to its name"
	runRows(t, sourceIP, map[string]row{
		"row 56: not declared, so its name is offered":          {given: []option{noMetalLB}, status: unknown, reason: v1alpha1.ReasonProviderUnknown, says: toItsName},
		"row 56: OpenStack is declared":                         {given: []option{octavia, declared(v1alpha1.ProviderOpenStack)}, status: unknown, reason: v1alpha1.ReasonProviderUnknown, says: "set spec.exposure.loadBalancer.provider to PacketForwarding (OVN) or Proxying (amphora)."},
		"row 56: DigitalOcean is declared":                      {given: []option{noMetalLB, declared(v1alpha1.ProviderDigitalOcean)}, status: unknown, reason: v1alpha1.ReasonProviderUnknown, says: "REGIONAL_NETWORK"},
		"row 56: Cilium is declared":                            {given: []option{noMetalLB, declared(v1alpha1.ProviderCilium)}, status: unknown, reason: v1alpha1.ReasonProviderUnknown},
		"row 56: AWS is declared":                               {given: []option{awsClassic, declared(v1alpha1.ProviderAWS), hostname(networkHost)}, status: unknown, reason: v1alpha1.ReasonProviderUnknown},
		"row 56: IBM is declared":                               {given: []option{ibm}, status: unknown, reason: v1alpha1.ReasonProviderUnknown, says: "set spec.exposure.loadBalancer.provider to PacketForwarding or Proxying."},
		"row 56: IBM is recognised and not declared":            {given: []option{cloud("ibm://1"), annotated(ibmPrefix+"enable-features", "nlb")}, status: unknown, reason: v1alpha1.ReasonProviderUnknown, says: "set spec.exposure.loadBalancer.provider to IBM"},
		"row 56: OpenStack is recognised, and its name no help": {given: []option{octavia}, status: unknown, reason: v1alpha1.ReasonProviderUnknown, says: "Proxying (amphora)."},
	})
	for _, declaredOne := range []option{
		all(octavia, declared(v1alpha1.ProviderOpenStack)), all(noMetalLB, declared(v1alpha1.ProviderDigitalOcean)), all(noMetalLB, declared(v1alpha1.ProviderCilium)),
		all(awsClassic, declared(v1alpha1.ProviderAWS), hostname(networkHost)), ibm, octavia,
	} {
		g := healthy(declaredOne)
		for _, condition := range Status(g.s, g.d, g.o, noon).Conditions {
			if strings.Contains(condition.Message, toItsName) {
				t.Errorf("%s offers what is declared already, or is no help: %s", condition.Type, condition.Message)
			}
		}
	}
}
