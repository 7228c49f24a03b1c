package assess

import (
	"fmt"
	"slices"
	"strings"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/provider"
)

// portOutcome is what happens to the client's address on one port. Its text continues "the balancer".
type portOutcome struct {
	text string
	lost bool
}

// outcomeOf compares what the balancer does on a port with what the controller reads.
func (sc *scene) outcomeOf(port provider.Port) portOutcome {
	speaks := port.ProxyProtocol
	switch {
	case speaks == provider.On && !sc.trust.ProxyProtocol:
		return portOutcome{"speaks PROXY protocol, which the controller does not read, so the controller answers every request with 400", true}
	case speaks == provider.On:
		return portOutcome{"speaks PROXY protocol, which the controller reads", false}
	case port.Path == provider.Forwards && !sc.trust.ProxyProtocol:
		return portOutcome{"passes packets on with their source", false}
	case speaks == provider.NotSaid && sc.trust.ProxyProtocol:
		return portOutcome{"may speak PROXY protocol, which the cluster does not show", false}
	case sc.trust.ProxyProtocol:
		return portOutcome{"does not speak PROXY protocol, which the controller reads, so the controller closes every connection", true}
	case port.WritesHeader && sc.trust.BelievesHeader():
		return portOutcome{"writes the client's address into a header, and the cluster does not show whether trustedCIDRs contain its addresses", false}
	case port.WritesHeader:
		return portOutcome{"writes the client's address into a header, and the controller trusts none", true}
	}
	return portOutcome{"ends the client's connection and opens one of its own, which does not tell the client's address", true}
}

// portsDiffer reports whether the client's address has another fate on one port than on another.
func (sc *scene) portsDiffer() bool {
	ports := sc.balancer.Ports
	return sc.isLoadBalancer() && slices.ContainsFunc(ports, func(port provider.Port) bool { return sc.outcomeOf(port) != sc.outcomeOf(ports[0]) })
}

// portsTreatedDifferently implements row 80. The checks of the whole balancer report nothing then.
func portsTreatedDifferently(sc *scene) *verdict {
	if sc.ConfigMap.Value == nil || !sc.portsDiffer() {
		return nil
	}
	var said strings.Builder
	lost, who := false, sc.balancer.Name
	for _, port := range sc.balancer.Ports {
		outcome := sc.outcomeOf(port)
		lost = lost || outcome.lost
		fmt.Fprintf(&said, " Port %d: %s %s.", port.Number, who, outcome.text)
		who = "it"
	}
	const remedy = "Give all ports the same protocol in spec.exposure.loadBalancer.annotations"
	if lost {
		return isNot(v1alpha1.ReasonPortsTreatedDifferently, "Lost on some ports.%s %s.", said.String(), remedy)
	}
	return unclear(v1alpha1.ReasonPortsTreatedDifferently, "The load balancer treats the ports differently.%s %s.", said.String(), remedy)
}
