package scenario

import (
	"maps"
	"net/http"
	"slices"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic"
)

// What the objects cannot show, in the words of the table.
const (
	proxyNobodyDeclared = "a proxy in front of the load balancer, which the spec does not mention"
	proxyNotTrusted     = "a proxy in front of the load balancer whose address is not the one that the spec trusts"
	headerNotWritten    = "a proxy that the spec trusts and that does not write the header"
)

// The verdict of ForwardedHeadersSafe about each kind of trust, where nothing shows what the
// proxies in front write. PROXY protocol comes before a header.
var (
	headersIgnored   = is(v1alpha1.ReasonHeadersIgnored)
	policyUnmeasured = unclear(v1alpha1.ReasonHeaderPolicyUnmeasured)
	proxyUnmeasured  = unclear(v1alpha1.ReasonProxyProtocolUnmeasured)
)

// What MetalLB's address and externalTrafficPolicy Local let be said with each kind of trust.
var (
	nothingTrusted = settled(is(v1alpha1.ReasonPreservedByLocalPolicy), headersIgnored)
	headerTrusted  = settled(is(v1alpha1.ReasonForwardedHeaderTrusted), policyUnmeasured)
	proxyTrusted   = settled(unclear(v1alpha1.ReasonExternalBalancerUnseen), proxyUnmeasured)

	headerOfUnknownPolicy = settled(is(v1alpha1.ReasonForwardedHeaderTrusted), unclear(v1alpha1.ReasonHeaderPolicyUnknown))
	headerOfClients       = settled(unclear(v1alpha1.ReasonHeaderClientControlled), isNot(v1alpha1.ReasonHeaderClientControlled))
)

func settled(sourceIP, headers Verdict) Says {
	return Says{
		v1alpha1.ConditionReady:                is(v1alpha1.ReasonAllConditionsMet),
		v1alpha1.ConditionSourceIPConfigured:   sourceIP,
		v1alpha1.ConditionForwardedHeadersSafe: headers,
	}
}

// trust is one value of clientIP with its result for each front. Its rows follow each other, so
// that nothing changes between them.
type trust struct {
	// name begins the names of its rows.
	name  string
	trust []change
	says  Says
	lines []line
}

// line is one row of the matrix: a front, with the expected result of plain requests and of every
// forgery that but does not name.
type line struct {
	to     Front
	result result
	but    map[Forgery]result
	beyond string
	// through are the proxies that the spec declares, where the line itself leads past them.
	through []Front
	// undecided is why nobody can look through them.
	undecided string
}

// The results of a connection that begins in another way than the controller expects. PROXY
// protocol that was not asked for is no HTTP. nginx closes a connection without the expected
// preamble, and a proxy with an HTTP side tells its client.
var (
	badRequest = answered(http.StatusBadRequest)
	badGateway = answered(http.StatusBadGateway)
	closed     = failed(traffic.ClosedWithoutAnswer)
)

// matrix combines the values of clientIP, the trusted addresses, the fronts, and the forgeries of
// clients.
func matrix() []Scenario {
	var rows []Scenario
	for _, t := range slices.Concat(nobodyTrusted(), headersTrusted(), proxyProtocolTrusted()) {
		for _, l := range t.lines {
			row := Scenario{Name: t.name + ": " + l.name(), Item: 3, Spec: public(t.trust...), Says: t.says, Beyond: l.beyond, Through: l.through, Undecided: l.undecided}
			for _, forge := range l.to.forgeries() {
				comes, differs := l.but[forge]
				if !differs {
					comes = l.result
				}
				row.Requests = append(row.Requests, comes.of(FromClient, l.to, forge)...)
			}
			rows = append(rows, row)
		}
	}
	return rows
}

func (l line) name() string {
	if l.to == VIP {
		return "clients connect directly"
	}
	return string(l.to)
}

// forgeries are the forgeries that a client can send to a front: PROXY headers only where its own
// bytes reach the controller. A proxy with an HTTP side would answer them as a broken request.
func (f Front) forgeries() []Forgery {
	switch f {
	case VIP, TCPProxy, TCPProxyV1, TCPProxyV2:
		return slices.Concat(headerForgeries, proxyForgeries)
	}
	return headerForgeries
}

// forgedProxy is the result of both versions of a forged PROXY header.
func forgedProxy(both result) map[Forgery]result {
	return map[Forgery]result{ForgedProxyV1: both, ForgedProxyV2: both}
}

// believed is for a front that passes on X-Forwarded-For as the client wrote it, to a controller
// that trusts it.
func believed(but map[Forgery]result) map[Forgery]result {
	all := map[Forgery]result{ForgedForwardedFor: seen(TheForged)}
	maps.Copy(all, but)
	return all
}

// withoutProxyProtocol returns the lines of a controller that trusts none of the proxies in front,
// and reads no PROXY protocol. undecided is why nobody can look through those that it does trust.
func withoutProxyProtocol(beyond, undecided string) []line {
	return []line{
		{to: VIP, result: seen(TheSender), but: forgedProxy(badRequest), undecided: undecided},
		{to: HTTPAppending, result: seen(TheBalancer), beyond: beyond},
		{to: HTTPUnchanged, result: seen(TheBalancer), beyond: beyond},
		{to: HTTPReplacing, result: seen(TheBalancer), beyond: beyond},
		{to: TCPProxy, result: seen(TheBalancer), but: forgedProxy(badRequest), beyond: beyond},
		{to: TCPProxyV1, result: badRequest}, {to: TCPProxyV2, result: badRequest},
	}
}

func nobodyTrusted() []trust {
	return []trust{{name: "nothing trusted", says: nothingTrusted, lines: withoutProxyProtocol(proxyNobodyDeclared, "")}}
}

func headersTrusted() []trust {
	const appends, replaces = v1alpha1.ForwardedHeaderAppend, v1alpha1.ForwardedHeaderReplace
	passedOn := line{to: HTTPUnchanged, result: seen(TheBalancer), but: believed(nil), beyond: headerNotWritten}
	return []trust{
		{
			name: "header trusted", trust: []change{header(appends, BalancerCIDR)}, says: headerTrusted,
			lines: []line{
				{to: VIP, result: seen(TheSender), but: forgedProxy(badRequest), through: []Front{HTTPAppending}},
				{to: HTTPAppending, result: seen(TheSender)},
				passedOn,
				{to: HTTPReplacing, result: seen(TheSender)},
				{to: TCPProxy, result: seen(TheBalancer), but: believed(forgedProxy(badRequest)), beyond: headerNotWritten},
				{to: TCPProxyV1, result: badRequest}, {to: TCPProxyV2, result: badRequest},
			},
		},
		{
			name: "header trusted, policy Replace", trust: []change{header(replaces, BalancerCIDR)}, says: headerTrusted,
			lines: []line{{to: HTTPReplacing, result: seen(TheSender)}, passedOn},
		},
		{
			name: "header trusted, policy not declared", trust: []change{header(noPolicy, BalancerCIDR)}, says: headerOfUnknownPolicy,
			lines: []line{{to: HTTPAppending, result: seen(TheSender)}, passedOn},
		},
		{
			// In a header other than X-Forwarded-For the first value counts, which the client writes.
			name: "header X-Real-IP trusted", trust: []change{header(appends, BalancerCIDR), headerNamed(string(ForgedRealIP))}, says: headerOfClients,
			lines: []line{
				{to: HTTPAppending, result: seen(TheBalancer), but: map[Forgery]result{ForgedRealIP: seen(TheForged)}},
				{to: VIP, result: seen(TheSender), but: forgedProxy(badRequest), undecided: headerNotWritten},
			},
		},
		{
			name: "header trusted from elsewhere", trust: []change{header(appends, OtherCIDR)}, says: headerTrusted,
			lines: withoutProxyProtocol(proxyNotTrusted, "no proxy has the address that the spec trusts"),
		},
	}
}

// proxyProtocolTrusted is trust in PROXY protocol. With a header as well, builds of the engine
// before v1.13, such as the local one, ignore the header. So behind a CDN and the balancer, the
// application sees the CDN.
func proxyProtocolTrusted() []trust {
	cdn := line{to: CDNBehindProxy, result: seen(TheBalancer)}
	return []trust{
		{name: "PROXY protocol trusted", trust: []change{proxyProtocol(BalancerCIDR)}, says: proxyTrusted, lines: withProxyProtocol(TheSender, TheForged)},
		{name: "PROXY protocol trusted from elsewhere", trust: []change{proxyProtocol(OtherCIDR)}, says: proxyTrusted, lines: withProxyProtocol(TheBalancer, TheBalancer)},
		{
			name: "PROXY protocol and header trusted", trust: []change{both(BalancerCIDR)}, says: proxyTrusted,
			lines: append(pastTheCDN(withProxyProtocol(TheSender, TheForged)), cdn),
		},
		{
			name: "PROXY protocol and header trusted from elsewhere", trust: []change{both(OtherCIDR)}, says: proxyTrusted,
			lines: append(withProxyProtocol(TheBalancer, TheBalancer), cdn),
		},
	}
}

// pastTheCDN are lines of clients that pass by the CDN that the spec declares. What they see says nothing about the way
// through it.
func pastTheCDN(lines []line) []line {
	for i := range lines {
		if lines[i].result == seen(TheSender) {
			lines[i].undecided = "the declared CDN was not crossed, behind which the application sees another address"
		}
	}
	return lines
}

// withProxyProtocol returns the lines of a controller that reads PROXY protocol: the client it sees
// where the balancer writes the preamble, and where the client writes it and the balancer passes it
// on. A second preamble after the first one is no HTTP.
func withProxyProtocol(written, passedOn Who) []line {
	return []line{
		{to: VIP, result: closed, but: forgedProxy(seen(TheSender))},
		{to: HTTPAppending, result: badGateway}, {to: HTTPUnchanged, result: badGateway}, {to: HTTPReplacing, result: badGateway},
		{to: TCPProxy, result: closed, but: forgedProxy(seen(passedOn))},
		{to: TCPProxyV1, result: seen(written), but: forgedProxy(badRequest)},
		{to: TCPProxyV2, result: seen(written), but: forgedProxy(badRequest)},
	}
}
