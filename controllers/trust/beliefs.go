// Package trust decides whose word about the client's address counts, in words that hold for every
// engine: who is believed, about what, and from which addresses. It never lets everyone be believed.
// It is pure.
package trust

import "net/netip"

// StandardHeader is the header that proxies append the address of their client to.
const StandardHeader = "X-Forwarded-For"

// Position says which of the addresses in a header counts.
type Position string

const (
	// Last is the last address that is not trusted, counted from the end of the header. Whatever a
	// client writes stands in front of it.
	Last Position = "Last"
	// First is the first address. Where a proxy appends to the header, its client writes that.
	First Position = "First"
)

// Beliefs are what a controller believes about the client's address.
type Beliefs struct {
	// ProxyProtocol: connections must begin with PROXY protocol, and its address is believed from CIDRs.
	ProxyProtocol bool
	// Header is the header whose address is believed from CIDRs, and Position which of its addresses.
	// Both are empty where no header is believed.
	Header   string
	Position Position
	// ProtoAndHost: X-Forwarded-Proto, -Host and -Port are believed, from anybody.
	ProtoAndHost bool
	// PassesClientsHeader: what the client wrote into X-Forwarded-For is passed on in front of the
	// true address.
	PassesClientsHeader bool
	// CIDRs are the addresses that are believed, as they are written. There are none where neither
	// PROXY protocol nor a header is believed.
	CIDRs []string
	// TrustsAnyone: CIDRs cover everyone, or hold something that cannot be read and so may do.
	TrustsAnyone bool
	// Overrides are settings of the engine, other than those that decide the fields above, that can
	// undo them.
	Overrides []string
	// InternalHeaderForgeable: clients can send the header in which the engine passes the address on
	// to itself.
	InternalHeaderForgeable bool
}

// UsesCIDRs reports whether the addresses in CIDRs are believed about anything.
func (b Beliefs) UsesCIDRs() bool { return b.ProxyProtocol || b.BelievesHeader() }

// BelievesHeader reports whether the address in a header is believed.
func (b Beliefs) BelievesHeader() bool { return b.Header != "" }

// BelievesNobody reports whether no address at all is believed.
func (b Beliefs) BelievesNobody() bool { return len(b.CIDRs) == 0 && !b.TrustsAnyone }

// MayCoverEveryone reports whether ranges, as somebody wrote them, cover close to everyone. What
// cannot be read may cover everyone.
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

// ParseLoosely reads an address or a range, with or without host bits.
func ParseLoosely(text string) (netip.Prefix, bool) {
	if address, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(address, address.BitLen()), true
	}
	prefix, err := netip.ParsePrefix(text)
	return prefix.Masked(), err == nil
}
