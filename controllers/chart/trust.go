package chart

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

const (
	standardHeader = "X-Forwarded-For"
	// internalHeader carries the client's address inside nginx where PROXY protocol and a header are trusted together. nginx drops headers with
	// underscores that clients send, so only nginx itself can set this one; upstream's default could be sent by anybody.
	internalHeader = "X_Edge_Ingress_Client"
)

// trusted is what the configuration makes nginx believe.
type trusted struct {
	// proxyProtocol: every connection must begin with PROXY protocol; it is believed from cidrs.
	proxyProtocol bool
	// header is believed from cidrs where it is not empty.
	header string
	// protoAndHost: X-Forwarded-Proto, -Host and -Port are believed, from anybody.
	protoAndHost bool
	cidrs        []netip.Prefix
}

// trustData is the part of the ConfigMap that is about trust. Every key is written, also when it is off, because the engine's defaults
// trust everyone and because only a key that is owned is set back when somebody changes it.
func trustData(clientIP *v1alpha1.ClientIPSpec) (map[string]string, []Problem) {
	trust, problems := planTrust(clientIP)
	header := standardHeader
	if trust.header != "" {
		header = trust.header
	}
	// Of nobody this becomes the empty text, an empty list for the engine. Without the key its list would be 0.0.0.0/0.
	cidrs := make([]string, 0, len(trust.cidrs))
	for _, prefix := range trust.cidrs {
		cidrs = append(cidrs, prefix.String())
	}
	// With PROXY protocol the engine looks at the header only where use-forwarded-headers is on; alone, enable-real-ip believes the
	// address without believing Proto, Host and Port from anybody.
	forwarded := trust.header != "" && (trust.protoAndHost || trust.proxyProtocol)
	return map[string]string{
		useProxyProtocolKey:    strconv.FormatBool(trust.proxyProtocol),
		useForwardedHeadersKey: strconv.FormatBool(forwarded),
		enableRealIPKey:        strconv.FormatBool(trust.header != "" && !forwarded),
		trustedCIDRsKey:        strings.Join(cidrs, ","),
		forwardedHeaderKey:     header,
		internalHeaderKey:      internalHeader,
		computeFullKey:         "false",
		underscoresKey:         "false",
		ignoreInvalidKey:       "true",
		allowSnippetsKey:       "false",
	}, problems
}

// planTrust decides who is believed. Where anything about it is refused, nobody is. PROXY protocol stays on even then: the balancer
// goes on sending it, and without it every request would be answered with 400. With nobody trusted its address is read and thrown away, and
// the address of the connection counts, so that no forged one can.
func planTrust(clientIP *v1alpha1.ClientIPSpec) (trusted, []Problem) {
	if clientIP == nil {
		return trusted{}, nil
	}
	trust := trusted{proxyProtocol: clientIP.ProxyProtocol != nil}
	var problems []Problem
	if clientIP.ProxyProtocol != nil {
		trust.cidrs, problems = addCIDRs(trust.cidrs, problems, "spec.clientIP.proxyProtocol.trustedCIDRs", clientIP.ProxyProtocol.TrustedCIDRs)
	}
	if from := clientIP.ForwardedHeader; from != nil {
		trust.cidrs, problems = addCIDRs(trust.cidrs, problems, "spec.clientIP.forwardedHeader.trustedCIDRs", from.TrustedCIDRs)
		trust.header = from.Header
		if trust.header == "" {
			trust.header = standardHeader
		}
		trust.protoAndHost = from.ProtoAndHost == v1alpha1.ProtoAndHostTrustFromAnyone
		if why := unusableHeader(trust.header); why != "" {
			problems = append(problems, Problem{ProblemTrust, "spec.clientIP.forwardedHeader.header", why})
		}
	}
	if len(problems) == 0 {
		if err := coversEveryone(trust.cidrs); err != nil {
			problems = append(problems, Problem{ProblemTrust, "spec.clientIP", tooWide(err)})
		}
	}
	if len(problems) > 0 {
		return trusted{proxyProtocol: trust.proxyProtocol}, problems
	}
	trust.cidrs = sorted(trust.cidrs)
	return trust, nil
}

func addCIDRs(all []netip.Prefix, problems []Problem, field string, cidrs v1alpha1.TrustedCIDRs) ([]netip.Prefix, []Problem) {
	if len(cidrs) == 0 {
		return all, append(problems, Problem{ProblemTrust, field, field + " is empty, so nobody is trusted: write the addresses of what stands in front"})
	}
	var parsed []netip.Prefix
	for _, cidr := range cidrs {
		prefix, err := parseTrusted(string(cidr))
		if err != nil {
			return all, append(problems, Problem{ProblemTrust, field, fmt.Sprintf("nobody is trusted: %s", err)})
		}
		parsed = append(parsed, prefix)
	}
	if err := coversEveryone(parsed); err != nil {
		return all, append(problems, Problem{ProblemTrust, field, tooWide(err)})
	}
	return slices.Concat(all, parsed), problems
}

func tooWide(err error) string {
	return fmt.Sprintf("nobody is trusted: %s; write the addresses that your proxies really have", err)
}

var headerName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,99}$`)

// otherHeaders hold something else than an address alone, or are the engine's own.
var otherHeaders = []string{
	"forwarded", "via", "host", "origin", "referer", "user-agent", "cookie", "authorization", "connection", "upgrade", "te",
	"transfer-encoding", "content-length", "content-type", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-scheme",
	"x-forwarded-port", "x-forwarded-server", "x-original-forwarded-for", "x-forwarded-for-proxy-protocol", "x-request-id",
}

func unusableHeader(name string) string {
	if !headerName.MatchString(name) || slices.Contains(otherHeaders, strings.ToLower(name)) {
		return fmt.Sprintf("nobody is trusted: %s cannot hold the client's address: write X-Forwarded-For or your CDN's own header, such as CF-Connecting-IP", quoted(name))
	}
	return ""
}
