package trust

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
)

// A trusted set must not cover everyone. The API server checks each list. This package also checks all
// lists together, embedded IPv4 addresses, and objects that the API server never validated.
const (
	shortestIPv4 = 8
	shortestIPv6 = 16
	// largestShare limits the sum of all ranges of a family, in units of the widest allowed range.
	largestShare = 4
)

// embedding is an IPv6 range whose addresses contain an IPv4 address. Trusting the range trusts
// these IPv4 addresses.
type embedding struct {
	prefix netip.Prefix
	// offset is the bit where the IPv4 address begins.
	offset int
	name   string
}

var embeddings = []embedding{
	{netip.MustParsePrefix("::ffff:0:0/96"), 96, "IPv4-mapped"},
	{netip.MustParsePrefix("64:ff9b::/96"), 96, "NAT64"},
	// Each NAT64 chooses where the address begins in this range. The last 32 bits are usual and the
	// narrowest reading.
	{netip.MustParsePrefix("64:ff9b:1::/48"), 96, "local NAT64"},
	{netip.MustParsePrefix("2002::/16"), 16, "6to4"},
	{netip.MustParsePrefix("2001::/32"), 96, "Teredo"},
	{netip.MustParsePrefix("::/96"), 96, "IPv4-compatible"},
}

// parseTrusted parses a range in the form that the API allows.
func parseTrusted(cidr string) (netip.Prefix, error) {
	prefix, err := netip.ParsePrefix(cidr)
	switch {
	case err != nil:
		return netip.Prefix{}, fmt.Errorf("%q is not an address range. Use a range such as 203.0.113.0/24", cidr)
	case prefix != prefix.Masked():
		return netip.Prefix{}, fmt.Errorf("%q has host bits. Use %s, or a single address with /%d", cidr, prefix.Masked(), prefix.Addr().BitLen())
	case prefix.Addr().Is4In6():
		return netip.Prefix{}, fmt.Errorf("%q is an IPv4 range in IPv6 form. Write it as IPv4", cidr)
	}
	return prefix, nil
}

// coversEveryone returns why a set of ranges must not be trusted, or nil.
func coversEveryone(prefixes []netip.Prefix) error {
	var addresses4, networks6 uint64
	for _, prefix := range outermost(prefixes) {
		shortest := shortestIPv6
		if prefix.Addr().Is4() {
			shortest = shortestIPv4
		}
		if prefix.Bits() < shortest {
			return fmt.Errorf("%s covers close to everyone (the shortest allowed prefix is /%d)", prefix, shortest)
		}
		if prefix.Addr().Is4() {
			addresses4 += size(prefix.Bits(), 32)
			continue
		}
		networks6 += size(prefix.Bits(), 64)
		embedded, err := embeddedIPv4(prefix)
		if err != nil {
			return err
		}
		addresses4 += embedded
	}
	if addresses4 > largestShare*size(shortestIPv4, 32) {
		return fmt.Errorf("the ranges together cover more than %d IPv4 /%d ranges, which is close to everyone", largestShare, shortestIPv4)
	}
	if networks6 > largestShare*size(shortestIPv6, 64) {
		return fmt.Errorf("the ranges together cover more than %d IPv6 /%d ranges, which is close to everyone", largestShare, shortestIPv6)
	}
	return nil
}

// embeddedIPv4 returns the number of IPv4 addresses inside an IPv6 range.
func embeddedIPv4(prefix netip.Prefix) (uint64, error) {
	var addresses uint64
	for _, e := range embeddings {
		if !e.prefix.Overlaps(prefix) {
			continue
		}
		bits := min(prefix.Bits()-e.offset, 32)
		if bits < shortestIPv4 {
			return 0, fmt.Errorf("%s contains close to every IPv4 address (%s)", prefix, e.name)
		}
		addresses += size(bits, 32)
	}
	return addresses, nil
}

// size returns the number of networks of length full in a prefix. A longer prefix counts as one.
func size(bits, full int) uint64 {
	return 1 << max(full-bits, 0)
}

// outermost drops the prefixes inside another prefix. The result is sorted and does not overlap.
func outermost(prefixes []netip.Prefix) []netip.Prefix {
	var kept []netip.Prefix
	for _, prefix := range sorted(prefixes) {
		if last := len(kept) - 1; last >= 0 && kept[last].Overlaps(prefix) {
			continue
		}
		kept = append(kept, prefix)
	}
	return kept
}

// sorted orders by address, wider before narrower, and drops duplicates.
func sorted(prefixes []netip.Prefix) []netip.Prefix {
	ordered := slices.SortedFunc(slices.Values(prefixes), func(a, b netip.Prefix) int {
		return cmp.Or(a.Addr().Compare(b.Addr()), a.Bits()-b.Bits())
	})
	return slices.Compact(ordered)
}
