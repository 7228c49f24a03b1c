package assess

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/trust"
)

// clientHeaders are headers that proxies commonly pass on as the client sent them, unless they are
// configured to overwrite them.
var clientHeaders = []string{"Fastly-Client-IP", "True-Client-IP", "X-Real-IP", "X-Client-IP", "X-Cluster-Client-IP", "Client-IP"}

// forwardedHeadersSafe implements rows 29, 30, 32, 37, 42, 43, 62, 68, 92 and 119 of docs/source-ip.md. It is
// True where the controller trusts nothing that a client can write. No object shows whether a trusted proxy
// writes the address itself or passes on the client's text, whatever the spec declares; then it is True only
// where forged addresses were sent through it from outside and refused.
func forwardedHeadersSafe(sc *scene) verdict {
	// The pods show whether the engine runs alone, and stand for all pods of the cluster.
	needs := []read{{"the ConfigMap", sc.ConfigMap.Err}, {"the " + sc.workload.ref.Kind, sc.workload.err}, {"the controller pods", sc.Pods.Err}}
	exposure := sc.spec.Exposure.Type
	byService := exposure == v1alpha1.ExposureLoadBalancer || exposure == v1alpha1.ExposureNodePort
	if byService || sc.trustsAddresses() {
		// They show which endpoints are controllers on edge nodes, and whether nodes have trusted
		// addresses.
		needs = append(needs, read{"the nodes", sc.Nodes.Err})
	}
	if byService {
		needs = append(needs, read{"the EndpointSlices", sc.EndpointSlices.Err})
	}
	if sc.believesProxyProtocol() && exposure == v1alpha1.ExposureLoadBalancer {
		// They show whether the balancer speaks PROXY protocol.
		needs = append(needs, read{"the Service", sc.Service.Err}, read{"the load-balancer agents", sc.Agents.Err})
	}
	if sc.measured.on {
		needs = append(needs, read{"the SourceIPReports", sc.Reports.Err})
	}
	return question{
		needs: needs,
		checks: []check{
			trustDrifted, trustTooWide, trustsCluster, headerOfClients, forgedAddressBelieved,
			configMissing, configForeign, controllerUnseen, otherConfigRead, configRefused, podsUnwanted, podsChanged, rolloutUnderWay,
			othersAnswer, speakerUnmeasured, policyUnknown, policyUnmeasured,
		},
		holds: headersSafe,
	}.answer(sc)
}

func (sc *scene) trustsAddresses() bool { return sc.trust.UsesCIDRs() }

// trustDrifted finds trust in the live ConfigMap that the spec does not ask for. Less trust is safe.
func trustDrifted(sc *scene) *verdict {
	if sc.ConfigMap.Value == nil || sc.asWanted {
		return nil
	}
	more := trustsMore(sc.trust, sc.engine.Beliefs(sc.state.Config))
	if len(more) == 0 {
		return nil
	}
	return isNot(v1alpha1.ReasonTrustDrifted, "%s trusts more than the spec asks for: %s; %s. Find out who changed it.",
		sc.configMapRef(), listed(more), sc.mending(sc.configMapRef()))
}

// trustsMore lists what seen trusts and wanted does not.
func trustsMore(seen, wanted trust.Beliefs) []string {
	var more []string
	add := func(differs bool, what string) {
		if differs {
			more = append(more, what)
		}
	}
	add(seen.ProxyProtocol && !wanted.ProxyProtocol, "PROXY protocol")
	add(seen.BelievesHeader() && !strings.EqualFold(seen.Header, wanted.Header), "the header "+seen.Header)
	add(seen.ProtoAndHost && !wanted.ProtoAndHost, "X-Forwarded-Proto, -Host and -Port")
	add(seen.PassesClientsHeader && !wanted.PassesClientsHeader, "the addresses that clients write in front of their own")
	add(seen.InternalHeaderForgeable && !wanted.InternalHeaderForgeable, "the controller's internal header")
	for _, key := range seen.Overrides {
		add(!slices.Contains(wanted.Overrides, key), "the setting "+key)
	}
	if !wanted.TrustsAnyone {
		add(seen.TrustsAnyone, "everyone")
	}
	for _, cidr := range seen.CIDRs {
		add(!seen.TrustsAnyone && !covered(cidr, wanted.CIDRs), cidr)
	}
	return more
}

// covered reports whether another range contains the whole range. A range that cannot be parsed is
// not covered.
func covered(cidr string, by []string) bool {
	if slices.Contains(by, cidr) {
		return true
	}
	inner, err := netip.ParsePrefix(cidr)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(by, func(other string) bool {
		outer, err := netip.ParsePrefix(other)
		return err == nil && outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())
	})
}

func trustTooWide(sc *scene) *verdict {
	if !sc.trustsAddresses() || !sc.trust.TrustsAnyone {
		return nil
	}
	return isNot(v1alpha1.ReasonTrustTooWide, "The trusted addresses cover everyone, so any client can choose its address. Set trustedCIDRs to the addresses of your proxies.")
}

// trustsCluster finds trusted addresses inside the cluster, because a workload there can write any
// client's address. It knows the pods' addresses from the ranges of the nodes, and, where the network
// plugin does not publish these, from the controller's own pods.
func trustsCluster(sc *scene) *verdict {
	trusted := prefixes(sc.trust.CIDRs)
	if len(trusted) == 0 {
		return nil
	}
	var found []string
	for _, node := range sc.Nodes.Items {
		for _, address := range slices.Concat(node.InternalIPs, node.ExternalIPs, node.PodCIDRs) {
			if cidr, holds := overlapping(trusted, address); holds {
				found = append(found, fmt.Sprintf("%s of node %s (in %s)", address, node.Name, cidr))
				break
			}
		}
	}
	for _, pod := range sc.Pods.Items {
		for _, address := range pod.IPs {
			if cidr, holds := overlapping(trusted, address); holds && len(found) == 0 {
				found = append(found, fmt.Sprintf("%s of pod %s (in %s)", address, pod.Name, cidr))
			}
		}
	}
	if len(found) == 0 {
		return nil
	}
	return isNot(v1alpha1.ReasonTrustsClusterAddresses, "trustedCIDRs contain addresses of this cluster: %s. Workloads there can choose a client's address. "+
		"Narrow the ranges to the proxies. If a proxy runs on the nodes themselves, move it to addresses of its own.", listed(found))
}

// prefixes returns the ranges that can be parsed. trustTooWide handles the others.
func prefixes(cidrs []string) []netip.Prefix {
	var list []netip.Prefix
	for _, cidr := range cidrs {
		if prefix, ok := trust.ParseLoosely(cidr); ok {
			list = append(list, prefix)
		}
	}
	return list
}

func overlapping(trusted []netip.Prefix, text string) (netip.Prefix, bool) {
	prefix, ok := trust.ParseLoosely(text)
	if !ok {
		return netip.Prefix{}, false
	}
	i := slices.IndexFunc(trusted, prefix.Overlaps)
	if i < 0 {
		return netip.Prefix{}, false
	}
	return trusted[i], true
}

// headerOfClients finds headers whose value the client writes. A proxy that appends leaves the
// client's value in front, and the engine may take the first value.
func headerOfClients(sc *scene) *verdict {
	if sc.trust.Position != trust.First {
		return nil
	}
	header := sc.trust.Header
	passedOn := slices.ContainsFunc(clientHeaders, func(name string) bool { return strings.EqualFold(name, header) })
	switch policy := sc.headerPolicy(); {
	case policy == v1alpha1.ForwardedHeaderReplace:
		return nil
	case policy == v1alpha1.ForwardedHeaderAppend:
		return isNot(v1alpha1.ReasonHeaderClientControlled, "The controller takes the first value of %s, and with policy Append the client writes that value. "+
			"Use %s, or let the proxies overwrite the header and set spec.clientIP.forwardedHeader.policy to Replace.", header, trust.StandardHeader)
	case passedOn:
		return isNot(v1alpha1.ReasonHeaderClientControlled, "Clients can send %s, and proxies pass it on unless they are configured to overwrite it. "+
			"Let the proxies overwrite it and set spec.clientIP.forwardedHeader.policy to Replace, or use %s.", header, trust.StandardHeader)
	}
	return nil
}

func (sc *scene) headerPolicy() v1alpha1.ForwardedHeaderPolicy {
	if sc.spec.ClientIP == nil || sc.spec.ClientIP.ForwardedHeader == nil {
		return ""
	}
	return sc.spec.ClientIP.ForwardedHeader.Policy
}

func configForeign(sc *scene) *verdict {
	if !sc.ConfigMap.Foreign {
		return nil
	}
	return unclear(v1alpha1.ReasonConfigNotEffective, "%s does not belong to this EdgeIngress, so the operator does not know what the controller trusts.", sc.configMapRef())
}

func otherConfigRead(sc *scene) *verdict {
	if sc.workload.template == nil || sc.readsConfig() {
		return nil
	}
	return unclear(v1alpha1.ReasonConfigNotEffective, "%s does not read %s, so what its pods trust is unknown; %s.",
		sc.workload.ref, sc.configMapRef(), sc.mending(sc.workload.ref))
}

// othersAnswer finds endpoints that are not controllers. They receive headers exactly as clients write them.
func othersAnswer(sc *scene) *verdict {
	if len(sc.foreign) == 0 {
		return nil
	}
	return foreignEndpoints(sc)
}

func policyUnknown(sc *scene) *verdict {
	if !sc.trust.BelievesHeader() || sc.headerPolicy() != "" || sc.refusal() != nil {
		return nil
	}
	return unclear(v1alpha1.ReasonHeaderPolicyUnknown,
		"The cluster does not show whether the proxies append to %s or replace it. A proxy that passes it on unchanged lets clients choose their address. "+
			"Set spec.clientIP.forwardedHeader.policy to Append or Replace.", sc.trust.Header)
}

// policyUnmeasured prevents True, because the policy is declared and not observed. A proxy that only
// forwards bytes, or does not know the header, passes on what the client wrote.
func policyUnmeasured(sc *scene) *verdict {
	if !sc.trust.BelievesHeader() || sc.trust.BelievesNobody() || sc.refusal() != nil {
		return nil
	}
	return unclear(v1alpha1.ReasonHeaderPolicyUnmeasured,
		"The controller trusts %s from %s only, and the declared policy of the proxies there is %s. This has not been measured. "+
			"Anything that connects from there and does not follow the policy lets clients choose their address.%s%s",
		sc.trust.Header, cidrsNamed(sc.trust.CIDRs), sc.headerPolicy(), sc.believedFromAnyone(), sc.measureForgeries())
}

// speakerUnmeasured prevents True where a proxy could forward bytes instead of writing PROXY
// protocol: it would pass on a PROXY header that the client wrote.
func speakerUnmeasured(sc *scene) *verdict {
	if !sc.proxyFront() || sc.refusal() != nil {
		return nil
	}
	return unclear(v1alpha1.ReasonProxyProtocolUnmeasured,
		"The controller trusts the address in PROXY protocol from %s only. It has not been measured whether everything that connects from there writes PROXY protocol itself. "+
			"Anything that only forwards bytes lets clients choose their address.%s%s", cidrsNamed(sc.trust.CIDRs), sc.believedFromAnyone(), sc.measureForgeries())
}

func (sc *scene) believesProxyProtocol() bool {
	return sc.trust.ProxyProtocol && !sc.trust.BelievesNobody()
}

func headersSafe(sc *scene) verdict {
	believesHeader := sc.trust.BelievesHeader() && !sc.trust.BelievesNobody()
	if refusal := sc.refusal(); refusal != nil && (believesHeader || sc.believesProxyProtocol()) {
		return is(v1alpha1.ReasonForgeriesRefused,
			"The controller trusts %s from %s only. Measured: forged addresses that %s sent through %s were refused (SourceIPReport %s, %s). "+
				"Let nothing else connect from there.%s",
			sc.sourceOfAddress(), cidrsNamed(sc.trust.CIDRs), refusal.Source, refusal.Address, refusal.Report, refusal.Time.UTC().Format("2006-01-02"), sc.believedFromAnyone())
	}
	if !sc.believesProxyProtocol() {
		return is(v1alpha1.ReasonHeadersIgnored, "The controller trusts no header.%s", sc.believedFromAnyone())
	}
	return is(v1alpha1.ReasonHeadersIgnored,
		"The controller trusts no header. It trusts the address in PROXY protocol from %s only, and %s is set to write it. Let only the balancer connect from there.%s",
		cidrsNamed(sc.trust.CIDRs), sc.balancer.Name, sc.believedFromAnyone())
}

// believedFromAnyone names the headers that the controller trusts from anyone. They carry no client address.
func (sc *scene) believedFromAnyone() string {
	if !sc.trust.ProtoAndHost {
		return ""
	}
	return " The controller trusts X-Forwarded-Proto, -Host and -Port from anyone who reaches the edge nodes. Let only the proxies reach them."
}

func cidrsNamed(cidrs []string) string {
	if len(cidrs) == 0 {
		return "nobody"
	}
	return listed(cidrs)
}
