package probe

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/verification/answer"
)

// Result says whose address an application sees after a request, as reports hold it.
type Result struct {
	Seen v1alpha1.Seen
	// Address that was seen, unless it was claimed or nobody answered. It is a text that is no address
	// where the application gets one, and empty where it gets none.
	Address string
	// Detail is the failure, or why an answer with the sender's own address does not count.
	Detail string
}

// The details of answers that do not count.
const (
	// NoAddress: at least one of the two headers is empty.
	NoAddress = "NoAddress"
	// SeveralAddresses: X-Forwarded-For has more than one value.
	SeveralAddresses = "SeveralAddresses"
)

// Result says whose address the reply shows. own is the address of the sender's socket, and claims are those
// of the request. Own means that both headers hold the sender's address and nothing else, because
// applications read either of them.
func (r Reply) Result(own netip.Addr, claims []netip.Addr) Result {
	switch {
	case r.Failure.Answered():
		return Result{Seen: v1alpha1.SeenUnsigned, Detail: string(r.Failure)}
	case r.Failure != "":
		return Result{Seen: v1alpha1.SeenNobody, Detail: string(r.Failure)}
	}
	return classify(r.Answer, plain(own), claims)
}

func classify(a answer.Answer, own netip.Addr, claims []netip.Addr) Result {
	forwarded := split(a.ForwardedFor)
	values := append(split(a.RealIP), forwarded...)
	for _, value := range values {
		if seen, ok := ParseAddress(value); ok && seen != own && slices.Contains(claims, seen) {
			return Result{Seen: v1alpha1.SeenForged}
		}
	}
	for _, value := range values {
		seen, ok := ParseAddress(value)
		switch {
		case !ok:
			return Result{Seen: v1alpha1.SeenOther, Address: shortened(value)}
		case seen != own:
			return Result{Seen: v1alpha1.SeenOther, Address: seen.String()}
		}
	}
	switch {
	case len(values) == len(forwarded) || len(forwarded) == 0:
		return Result{Seen: v1alpha1.SeenOther, Detail: NoAddress}
	case len(values) > 2:
		return Result{Seen: v1alpha1.SeenOther, Address: own.String(), Detail: SeveralAddresses}
	}
	return Result{Seen: v1alpha1.SeenOwn, Address: own.String()}
}

// split returns the values of a header that is a list. The witness joins repeated headers in the same way.
func split(header string) []string {
	if strings.TrimSpace(header) == "" {
		return nil
	}
	return strings.Split(header, ",")
}

// ParseAddress reads an address as proxies write it: with or without a port, brackets, quotes and a zone,
// and IPv4 also in its IPv6 form. Equal addresses are equal results.
func ParseAddress(text string) (netip.Addr, bool) {
	text = strings.Trim(strings.TrimSpace(text), `"`)
	if parsed, err := netip.ParseAddrPort(text); err == nil {
		return plain(parsed.Addr()), true
	}
	if inner, ok := strings.CutPrefix(text, "["); ok {
		text, ok = strings.CutSuffix(inner, "]")
		if !ok {
			return netip.Addr{}, false
		}
	}
	parsed, err := netip.ParseAddr(text)
	return plain(parsed), err == nil
}

// plain removes what makes equal addresses differ.
func plain(address netip.Addr) netip.Addr { return address.Unmap().WithZone("") }

// maxAddress is how many bytes of a seen address a report holds.
const maxAddress = 64

func shortened(value string) string {
	value = strings.ToValidUTF8(strings.TrimSpace(value), "?")
	if len(value) > maxAddress {
		value = strings.ToValidUTF8(value[:maxAddress], "")
	}
	return value
}
