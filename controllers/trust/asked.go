package trust

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// Problem is an unusable part of spec.clientIP. The controller trusts nobody then.
type Problem struct {
	// Field of the API, such as spec.clientIP.proxyProtocol.trustedCIDRs.
	Field string
	// Message is one or more sentences without the last full stop, with the remedy last.
	Message string
}

// Asked is what spec.clientIP asks a controller to trust.
type Asked struct {
	// ProxyProtocol: every connection must begin with PROXY protocol.
	ProxyProtocol bool
	// Header is the header to trust from CIDRs, or empty.
	Header string
	// ProtoAndHost: X-Forwarded-Proto, -Host and -Port are trusted from anyone.
	ProtoAndHost bool
	// CIDRs are sorted and without duplicates.
	CIDRs []netip.Prefix
}

// AskedBy reads spec.clientIP. If any part of it is refused, the result trusts nobody. PROXY protocol
// stays on even then: the balancer keeps sending it, and a controller that does not read it refuses every
// request. The controller then discards the address in PROXY protocol and takes the address of the
// connection, which clients cannot forge.
//
// usable explains why an engine cannot trust a header of this name, or returns "".
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

// HeaderOf returns the header that the spec names, or the standard one.
func HeaderOf(spec *v1alpha1.ForwardedHeaderSpec) string {
	if spec.Header == "" {
		return StandardHeader
	}
	return spec.Header
}

func addCIDRs(all []netip.Prefix, problems []Problem, field string, cidrs v1alpha1.TrustedCIDRs) ([]netip.Prefix, []Problem) {
	if len(cidrs) == 0 {
		return all, append(problems, Problem{Field: field, Message: field + " is empty, so the controller trusts nobody. Add the addresses of the balancer or proxies in front"})
	}
	var parsed []netip.Prefix
	for _, cidr := range cidrs {
		prefix, err := parseTrusted(string(cidr))
		if err != nil {
			return all, append(problems, Problem{Field: field, Message: fmt.Sprintf("the controller trusts nobody: %s", err)})
		}
		parsed = append(parsed, prefix)
	}
	if err := coversEveryone(parsed); err != nil {
		return all, append(problems, Problem{Field: field, Message: tooWide(err)})
	}
	return slices.Concat(all, parsed), problems
}

func tooWide(err error) string {
	return fmt.Sprintf("the controller trusts nobody: %s. Set trustedCIDRs to the addresses of your proxies", err)
}

// headerName is narrower than a field name of RFC 9110: it excludes characters that headers do not
// use in practice.
var headerName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,99}$`)

// otherHeaders carry something other than a single address.
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
	return fmt.Sprintf("the controller trusts nobody: %s cannot carry the client's address%s. Use X-Forwarded-For or your CDN's own header, such as CF-Connecting-IP",
		quoted(name), because)
}

const longestQuote = 60

// quoted shortens and escapes a name, so that it neither floods a message nor breaks its line.
func quoted(name string) string {
	runes := []rune(name)
	if len(runes) > longestQuote {
		name = string(runes[:longestQuote]) + "…"
	}
	return fmt.Sprintf("%q", name)
}
