package assess

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/trust"
)

// clientHeaders are known for passing proxies as the client sent them, unless the proxy is told to overwrite them.
var clientHeaders = []string{"Fastly-Client-IP", "True-Client-IP", "X-Real-IP", "X-Client-IP", "X-Cluster-Client-IP", "Client-IP"}

// forwardedHeadersSafe answers rows 29, 30, 32, 37, 42, 43 and 68 of docs/source-ip.md. It is True only where nothing that a client writes can be believed:
// whether a trusted proxy writes the address itself, or passes on what a client wrote, no object shows, whatever the spec declares.
func forwardedHeadersSafe(sc *scene) verdict {
	needs := []read{{"the ConfigMap", sc.ConfigMap.Err}, {"the " + sc.workload.ref.Kind, sc.workload.err}}
	exposure := sc.spec.Exposure.Type
	byService := exposure == v1alpha1.ExposureLoadBalancer || exposure == v1alpha1.ExposureNodePort
	if byService || sc.trustsAddresses() {
		// Which endpoints are controllers on edge nodes; and who has the addresses that are trusted: nodes, and as a sample of pods the controller's own.
		needs = append(needs, read{"the nodes", sc.Nodes.Err}, read{"the controller pods", sc.Pods.Err})
	}
	if byService {
		needs = append(needs, read{"the EndpointSlices", sc.EndpointSlices.Err})
	}
	if sc.believesProxyProtocol() && exposure == v1alpha1.ExposureLoadBalancer {
		// Who says that the balancer speaks it.
		needs = append(needs, read{"the Service", sc.Service.Err}, read{"the load-balancer agents", sc.Agents.Err})
	}
	return question{
		needs: needs,
		checks: []check{
			trustDrifted, trustTooWide, trustsCluster, headerOfClients, configMissing, configForeign, controllerUnseen, otherConfigRead, podsUnwanted, rolloutUnderWay,
			othersAnswer, speakerUnmeasured, policyUnknown, policyUnmeasured,
		},
		holds: headersSafe,
	}.answer(sc)
}

func (sc *scene) trustsAddresses() bool { return sc.trust.UsesCIDRs() }

// trustDrifted compares what the ConfigMap seen makes the controller believe with what was asked for; less is safe.
func trustDrifted(sc *scene) *verdict {
	if sc.ConfigMap.Value == nil || sc.asWanted {
		return nil
	}
	more := trustsMore(sc.trust, sc.engine.Beliefs(sc.state.Config))
	if len(more) == 0 {
		return nil
	}
	return isNot(v1alpha1.ReasonTrustDrifted, "%s trusts more than was asked for: %s; %s. Find out who changed it.", sc.configMapRef(), listed(more), sc.mending(sc.configMapRef()))
}

// trustsMore lists what seen believes and wanted does not.
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
	add(seen.InternalHeaderForgeable && !wanted.InternalHeaderForgeable, "the header with which the controller talks to itself")
	for _, key := range seen.Overrides {
		add(!slices.Contains(wanted.Overrides, key), "what "+key+" says")
	}
	if !wanted.TrustsAnyone {
		add(seen.TrustsAnyone, "everyone")
	}
	for _, cidr := range seen.CIDRs {
		add(!seen.TrustsAnyone && !covered(cidr, wanted.CIDRs), cidr)
	}
	return more
}

// covered is whether every address of the range is in one of the others. What cannot be read is not.
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
	return isNot(v1alpha1.ReasonTrustTooWide, "The trusted addresses cover everyone, so any client can choose its address: write the addresses that your proxies really have.")
}

// trustsCluster: a workload on a trusted address can write any client's address. Pods are known by the ranges of their nodes and, where the
// network plugin keeps these to itself, by the controller's own.
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
	return isNot(v1alpha1.ReasonTrustsClusterAddresses, "trustedCIDRs contain addresses of this cluster, whose workloads can then choose a client's address: %s. "+
		"Narrow the ranges to the proxies; where a proxy runs on the nodes themselves, move it to addresses of its own.", listed(found))
}

// prefixes are the ranges that can be read; one that cannot is the business of trustTooWide.
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

// headerOfClients: a proxy that appends leaves the client's own header in front, and only X-Forwarded-For is read from its end.
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
		return isNot(v1alpha1.ReasonHeaderClientControlled, "Of %s the first value counts, and with policy Append the client writes that: "+
			"use %s, or have the proxies overwrite the header and write clientIP.forwardedHeader.policy: Replace.", header, trust.StandardHeader)
	case passedOn:
		return isNot(v1alpha1.ReasonHeaderClientControlled, "%s can be sent by a client, and proxies pass it on unless they are told to overwrite it: "+
			"have them overwrite it and write clientIP.forwardedHeader.policy: Replace, or use %s.", header, trust.StandardHeader)
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
	return unclear(v1alpha1.ReasonConfigNotEffective, "%s is not this EdgeIngress's, so what the controller believes is not known.", sc.configMapRef())
}

func otherConfigRead(sc *scene) *verdict {
	if sc.workload.template == nil || sc.readsConfig() {
		return nil
	}
	return unclear(v1alpha1.ReasonConfigNotEffective, "%s does not read %s, so what its pods believe is not known; %s.", sc.workload.ref, sc.configMapRef(), sc.mending(sc.workload.ref))
}

// othersAnswer: an endpoint that is no controller gets what clients write as they write it.
func othersAnswer(sc *scene) *verdict {
	if len(sc.foreign) == 0 {
		return nil
	}
	return foreignEndpoints(sc)
}

func policyUnknown(sc *scene) *verdict {
	if !sc.trust.BelievesHeader() || sc.headerPolicy() != "" {
		return nil
	}
	return unclear(v1alpha1.ReasonHeaderPolicyUnknown,
		"Whether the proxies append to %s or replace it cannot be seen; one that passes it on unchanged lets clients choose their address: "+
			"write clientIP.forwardedHeader.policy: Append or Replace.", sc.trust.Header)
}

// policyUnmeasured: what the proxies are declared to do is not what they were seen to do. One of them that passes bytes on, or that does not know the header,
// passes on what the client wrote.
func policyUnmeasured(sc *scene) *verdict {
	if !sc.trust.BelievesHeader() || sc.trust.BelievesNobody() {
		return nil
	}
	return unclear(v1alpha1.ReasonHeaderPolicyUnmeasured,
		"%s is believed from %s only, and the proxies there are declared to %s it; that was not measured. "+
			"Whatever connects from there without doing so lets clients choose their address.%s",
		sc.trust.Header, cidrsNamed(sc.trust.CIDRs), strings.ToLower(string(sc.headerPolicy())), sc.believedFromAnyone())
}

// speakerUnmeasured: who passes bytes on instead of writing PROXY protocol passes on the header that a client begins with.
func speakerUnmeasured(sc *scene) *verdict {
	if !sc.believesProxyProtocol() || (sc.viaBalancer() && sc.proxyOnBothSides()) {
		return nil
	}
	return unclear(v1alpha1.ReasonProxyProtocolUnmeasured,
		"The address in PROXY protocol is believed from %s only; that everything which connects from there writes PROXY protocol itself was not measured. "+
			"Whatever passes bytes on instead lets clients choose their address.%s", cidrsNamed(sc.trust.CIDRs), sc.believedFromAnyone())
}

func (sc *scene) believesProxyProtocol() bool {
	return sc.trust.ProxyProtocol && !sc.trust.BelievesNobody()
}

func headersSafe(sc *scene) verdict {
	if !sc.believesProxyProtocol() {
		return is(v1alpha1.ReasonHeadersIgnored, "No header is believed.%s", sc.believedFromAnyone())
	}
	return is(v1alpha1.ReasonHeadersIgnored,
		"No header is believed. The address in PROXY protocol is, from %s only, and %s is set to write it: only the balancer may connect from there.%s",
		cidrsNamed(sc.trust.CIDRs), sc.balancer.Name, sc.believedFromAnyone())
}

// believedFromAnyone says what is not about addresses and believed whoever writes it.
func (sc *scene) believedFromAnyone() string {
	if !sc.trust.ProtoAndHost {
		return ""
	}
	return " X-Forwarded-Proto, -Host and -Port are believed from anyone who reaches the edge nodes: let only the proxies reach them."
}

func cidrsNamed(cidrs []string) string {
	if len(cidrs) == 0 {
		return "nobody"
	}
	return listed(cidrs)
}
