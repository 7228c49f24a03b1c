// Package trust decides which sources of the client's address a controller trusts, in terms that fit every
// engine: PROXY protocol, headers, and the addresses from which to trust them. It never trusts everyone.
// It is pure.
package trust

import "net/netip"

// StandardHeader is the header to which proxies append the address of their client.
const StandardHeader = "X-Forwarded-For"

// Position says which address in a header counts.
type Position string

const (
	// Last is the last untrusted address in the header. Text from a client stands in front of it.
	Last Position = "Last"
	// First is the first address. If a proxy appends to the header, the client writes this address.
	First Position = "First"
)

// Beliefs are the sources of the client's address that a controller trusts.
type Beliefs struct {
	// ProxyProtocol: connections must begin with PROXY protocol, and its address is trusted from CIDRs.
	ProxyProtocol bool
	// Header is the header that is trusted from CIDRs, and Position says which of its addresses counts.
	// Both are empty where no header is trusted.
	Header   string
	Position Position
	// ProtoAndHost: X-Forwarded-Proto, -Host and -Port are trusted from anyone.
	ProtoAndHost bool
	// PassesClientsHeader: the engine passes on the client's own X-Forwarded-For in front of the true
	// address.
	PassesClientsHeader bool
	// CIDRs are the trusted addresses, unparsed. The list is empty where neither PROXY protocol nor a
	// header is trusted.
	CIDRs []string
	// TrustsAnyone: CIDRs cover everyone, or contain an invalid entry, which may.
	TrustsAnyone bool
	// Overrides are other settings of the engine that can undo the fields above.
	Overrides []string
	// InternalHeaderForgeable: clients can send the engine's internal header for the address.
	InternalHeaderForgeable bool
}

// UsesCIDRs reports whether the controller trusts the addresses in CIDRs with anything.
func (b Beliefs) UsesCIDRs() bool { return b.ProxyProtocol || b.BelievesHeader() }

// BelievesHeader reports whether the controller trusts the address in a header.
func (b Beliefs) BelievesHeader() bool { return b.Header != "" }

// BelievesNobody reports whether the controller trusts no address at all.
func (b Beliefs) BelievesNobody() bool { return len(b.CIDRs) == 0 && !b.TrustsAnyone }

// MayCoverEveryone reports whether unparsed ranges cover close to everyone. An invalid range may.
func MayCoverEveryone(cidrs []string) bool {
	var prefixes []netip.Prefix
	for _, cidr := range cidrs {
		prefix, ok := ParseLoosely(cidr)
		if !ok {
			return true
		}
		prefixes = append(prefixes, prefix)
	}
	return coversEveryone(prefixes) != nil
}

// ParseLoosely parses an address or a range, with or without host bits.
func ParseLoosely(text string) (netip.Prefix, bool) {
	if address, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(address, address.BitLen()), true
	}
	prefix, err := netip.ParsePrefix(text)
	return prefix.Masked(), err == nil
}
