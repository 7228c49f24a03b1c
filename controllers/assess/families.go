package assess

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/workload"
)

// indexFamilies leaves in endpointOn the nodes with an endpoint in every family of a dual-stack Service, and
// in endpointIn those with an endpoint in each. At first, endpointOn marks the nodes with any.
func (sc *scene) indexFamilies() {
	families := workload.Families(sc.service)
	if len(families) < 2 {
		return
	}
	for _, family := range families {
		sc.anyEndpoint = sc.anyEndpoint || sc.edgeWith(sc.endpointIn[family]) > 0
		for node := range sc.endpointOn {
			if !sc.endpointIn[family][node] {
				delete(sc.endpointOn, node)
			}
		}
	}
}

// inFamily records a ready endpoint of a controller pod.
func (sc *scene) inFamily(address, node string) {
	family := workload.FamilyOf(address)
	if sc.endpointIn[family] == nil {
		sc.endpointIn[family] = map[string]bool{}
	}
	sc.endpointIn[family][node] = true
}

// poorFamily returns the first family of a dual-stack Service in which one edge node has no endpoint, or of
// a Deployment in which none has one. It is "" where both are served alike, also where neither is.
func (sc *scene) poorFamily() corev1.IPFamily {
	families := workload.Families(sc.service)
	if len(families) < 2 || !sc.anyEndpoint {
		return ""
	}
	for _, family := range families {
		with := sc.edgeWith(sc.endpointIn[family])
		if with == 0 || (with < len(sc.edge) && !sc.isDeployment()) {
			return family
		}
	}
	return ""
}

// familyWithoutEndpoint implements row 87.
func familyWithoutEndpoint(sc *scene) *verdict {
	family := sc.poorFamily()
	if family == "" || len(sc.edge) == 0 {
		return nil
	}
	without := sc.edgeWithout(sc.endpointIn[family])
	return isNot(v1alpha1.ReasonEdgeNodesWithoutEndpoint,
		"%s a ready %s endpoint; %s traffic that reaches %s is dropped. %s is dual-stack. "+
			"Check that the controller pods have an %s address, or set spec.exposure.ipFamilyPolicy to SingleStack.",
		partOf(len(sc.edge)-len(without), len(sc.edge), "edge node", "has", "have"), family, family, listed(without), sc.serviceRef(), family)
}

// endpoints says how many edge nodes have a ready endpoint, in each family of the Service.
func (sc *scene) endpoints() string {
	families := workload.Families(sc.service)
	if len(families) < 2 {
		return partOf(sc.edgeWith(sc.endpointOn), len(sc.edge), "edge node", "has", "have") + " a ready endpoint"
	}
	if sc.edgeWith(sc.endpointIn[families[0]]) == sc.edgeWith(sc.endpointOn) && sc.edgeWith(sc.endpointIn[families[1]]) == sc.edgeWith(sc.endpointOn) {
		return partOf(sc.edgeWith(sc.endpointOn), len(sc.edge), "edge node", "has", "have") + " a ready endpoint for " + familiesNamed(families)
	}
	var counts []string
	for _, family := range families {
		counts = append(counts, fmt.Sprintf("%s a ready %s endpoint", partOf(sc.edgeWith(sc.endpointIn[family]), len(sc.edge), "edge node", "has", "have"), family))
	}
	return strings.Join(counts, " and ")
}

func familiesNamed(families []corev1.IPFamily) string {
	var names []string
	for _, family := range families {
		names = append(names, string(family))
	}
	return strings.Join(names, " and ")
}

// familyWithoutAddress returns the family of a dual-stack Service of which the load balancer assigned no
// address. A host name may lead to addresses of both.
func (sc *scene) familyWithoutAddress() corev1.IPFamily {
	families := workload.Families(sc.service)
	if len(families) < 2 || !sc.hasAddress() {
		return ""
	}
	var found []string
	for _, entry := range sc.service.Status.LoadBalancer.Ingress {
		if entry.Hostname != "" {
			return ""
		}
		found = append(found, entry.IP)
	}
	for _, family := range families {
		if !workload.HasFamily(found, family) {
			return family
		}
	}
	return ""
}

// addressFamilyMissing implements row 88.
func addressFamilyMissing(sc *scene) *verdict {
	family, policy := sc.familyWithoutAddress(), corev1.IPFamilyPolicy("")
	if family != "" && sc.service.Spec.IPFamilyPolicy != nil {
		policy = *sc.service.Spec.IPFamilyPolicy
	}
	if policy != corev1.IPFamilyPolicyRequireDualStack {
		return nil
	}
	return isNot(v1alpha1.ReasonAddressFamilyMissing,
		"%s has ipFamilyPolicy %s and no %s address (%s). Give the load balancer a pool with %s addresses, or set spec.exposure.ipFamilyPolicy to SingleStack.",
		sc.serviceRef(), policy, family, listed(addressesOf(sc.service.Status.LoadBalancer.Ingress)), family)
}

// oneFamilyOnly is a sentence for the message of a True, or "".
func (sc *scene) oneFamilyOnly() string {
	if family := sc.familyWithoutAddress(); family != "" {
		return fmt.Sprintf(" The load balancer assigned no %s address, so clients of that family do not reach it.", family)
	}
	return ""
}

// familiesAsked is a sentence about the families of a Service without an address, or "". The pools of load
// balancers are objects that the operator does not read.
func (sc *scene) familiesAsked() string {
	switch families := workload.Families(sc.service); {
	case len(families) > 1:
		return fmt.Sprintf(" It asks for %s, which a pool with addresses of one family cannot give. "+
			"Add the other family to the pool, or set spec.exposure.ipFamilyPolicy to SingleStack.", familiesNamed(families))
	case len(families) == 1 && families[0] == corev1.IPv6Protocol:
		return " It asks for an IPv6 address, which a pool of IPv4 addresses cannot give."
	}
	return ""
}
