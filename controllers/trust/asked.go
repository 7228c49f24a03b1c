package trust

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// Problem is a part of spec.clientIP that cannot be granted. Nobody is trusted then.
type Problem struct {
	// Field of the API, such as spec.clientIP.proxyProtocol.trustedCIDRs.
	Field string
	// Message is a sentence without a full stop that says what to write instead.
	Message string
}

// Asked is what spec.clientIP asks a controller to believe.
type Asked struct {
	// ProxyProtocol: every connection must begin with PROXY protocol.
	ProxyProtocol bool
	// Header is believed from CIDRs where it is not empty.
	Header string
	// ProtoAndHost: X-Forwarded-Proto, -Host and -Port are believed, from anybody.
	ProtoAndHost bool
	// CIDRs are sorted, each once.
	CIDRs []netip.Prefix
}

// AskedBy reads spec.clientIP. Where any of it is refused, nobody is trusted. PROXY protocol stays on
// even then: the balancer goes on sending it, and a controller that does not read it refuses every
// request. With nobody trusted its address is read and thrown away, and the address of the
// connection counts, so nobody can forge one.
//
// usable says why an engine cannot believe a header of this name; empty where it can.
func AskedBy(clientIP *v1alpha1.ClientIPSpec, usable func(header string) string) (Asked, []Problem) {
	if clientIP == nil {
		return Asked{}, nil
	}
	asked := Asked{ProxyProtocol: clientIP.ProxyProtocol != nil}
	var problems []Problem
	if clientIP.ProxyProtocol != nil {
		asked.CIDRs, problems = addCIDRs(asked.CIDRs, problems, "spec.clientIP.proxyProtocol.trustedCIDRs", clientIP.ProxyProtocol.TrustedCIDRs)
	}
	if from := clientIP.ForwardedHeader; from != nil {
		asked.CIDRs, problems = addCIDRs(asked.CIDRs, problems, "spec.clientIP.forwardedHeader.trustedCIDRs", from.TrustedCIDRs)
		asked.Header = HeaderOf(from)
		asked.ProtoAndHost = from.ProtoAndHost == v1alpha1.ProtoAndHostTrustFromAnyone
		if why := unusableHeader(asked.Header, usable); why != "" {
			problems = append(problems, Problem{Field: "spec.clientIP.forwardedHeader.header", Message: why})
		}
	}
	if len(problems) == 0 {
		if err := coversEveryone(asked.CIDRs); err != nil {
			problems = append(problems, Problem{Field: "spec.clientIP", Message: tooWide(err)})
		}
	}
	if len(problems) > 0 {
		return Asked{ProxyProtocol: asked.ProxyProtocol}, problems
	}
	asked.CIDRs = sorted(asked.CIDRs)
	return asked, nil
}

// HeaderOf is the header that the spec names, or the standard one.
func HeaderOf(spec *v1alpha1.ForwardedHeaderSpec) string {
	if spec.Header == "" {
		return StandardHeader
	}
	return spec.Header
}

func addCIDRs(all []netip.Prefix, problems []Problem, field string, cidrs v1alpha1.TrustedCIDRs) ([]netip.Prefix, []Problem) {
	if len(cidrs) == 0 {
		return all, append(problems, Problem{Field: field, Message: field + " is empty, so nobody is trusted: write the addresses of what stands in front"})
	}
	var parsed []netip.Prefix
	for _, cidr := range cidrs {
		prefix, err := parseTrusted(string(cidr))
		if err != nil {
			return all, append(problems, Problem{Field: field, Message: fmt.Sprintf("nobody is trusted: %s", err)})
		}
		parsed = append(parsed, prefix)
	}
	if err := coversEveryone(parsed); err != nil {
		return all, append(problems, Problem{Field: field, Message: tooWide(err)})
	}
	return slices.Concat(all, parsed), problems
}

func tooWide(err error) string {
	return fmt.Sprintf("nobody is trusted: %s; write the addresses that your proxies really have", err)
}

// headerName is narrower than a field name of RFC 9110: it leaves out the marks that nobody uses.
var headerName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,99}$`)

// otherHeaders hold something else than an address alone.
var otherHeaders = []string{
	"forwarded", "via", "host", "origin", "referer", "user-agent", "cookie", "authorization", "connection", "upgrade", "te",
	"transfer-encoding", "content-length", "content-type", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-scheme",
	"x-forwarded-port", "x-forwarded-server", "x-request-id",
}

func unusableHeader(name string, usable func(header string) string) string {
	because := ""
	if headerName.MatchString(name) && !slices.Contains(otherHeaders, strings.ToLower(name)) {
		why := usable(name)
		if why == "" {
			return ""
		}
		because = " with this engine (" + why + ")"
	}
	return fmt.Sprintf("nobody is trusted: %s cannot hold the client's address%s: write X-Forwarded-For or your CDN's own header, such as CF-Connecting-IP",
		quoted(name), because)
}

const longestQuote = 60

// quoted keeps a name from flooding a message, and from breaking its line.
func quoted(name string) string {
	runes := []rune(name)
	if len(runes) > longestQuote {
		name = string(runes[:longestQuote]) + "…"
	}
	return fmt.Sprintf("%q", name)
}
