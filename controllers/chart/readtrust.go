package chart

import (
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Trust is what a ConfigMap makes the engine believe.
type Trust struct {
	// ProxyProtocol: connections must begin with PROXY protocol, and its address is believed from CIDRs.
	ProxyProtocol bool
	// Header: an address in the header HeaderName is believed from CIDRs.
	Header     bool
	HeaderName string
	// ProtoAndHost: X-Forwarded-Proto, -Host and -Port are believed, from anybody.
	ProtoAndHost bool
	// ComputeFull: what the client wrote into X-Forwarded-For is passed on in front of the true address.
	ComputeFull bool
	// CIDRs are the addresses that are believed, as they are written; none where neither PROXY protocol nor a header is.
	CIDRs []string
	// TrustsAnyone: CIDRs cover everyone, or hold something that cannot be read and so may do.
	TrustsAnyone bool
	// Overrides are keys present, other than those above, that can undo them: snippets, proxy-set-headers, text that ends a directive.
	Overrides []string
	// InternalHeaderSpoofable: PROXY protocol and a header are trusted together, and clients can send the header with which nginx passes the
	// result on to itself.
	InternalHeaderSpoofable bool
}

// ReadTrust reads what a ConfigMap's data makes the engine do, whoever wrote it: absent keys have the engine's defaults, a bool that cannot
// be read leaves the default, and keys are compared without regard to case. Where the engine would choose by chance, the worse is assumed.
func ReadTrust(data map[string]string) Trust {
	forwarded := readBool(data, useForwardedHeadersKey, false)
	trust := Trust{
		ProxyProtocol: readBool(data, useProxyProtocolKey, false),
		ProtoAndHost:  forwarded,
		ComputeFull:   forwarded && readBool(data, computeFullKey, false),
		Overrides:     overrides(data),
	}
	// With PROXY protocol, enable-real-ip alone does not make the engine look at a header.
	trust.Header = forwarded || (readBool(data, enableRealIPKey, false) && !trust.ProxyProtocol)
	if trust.Header {
		trust.HeaderName = readString(data, forwardedHeaderKey, standardHeader)
	}
	if trust.ProxyProtocol || trust.Header {
		trust.CIDRs = readCIDRs(data)
		trust.TrustsAnyone = mayCoverEveryone(trust.CIDRs)
	}
	if trust.ProxyProtocol && forwarded {
		hidden := strings.Contains(readString(data, internalHeaderKey, "X-Forwarded-For-Proxy-Protocol"), "_") &&
			!readBool(data, underscoresKey, false) && readBool(data, ignoreInvalidKey, true)
		trust.InternalHeaderSpoofable = !hidden
	}
	return trust
}

// spelled are the values of a key in the spellings that the engine takes: the documented one, or else any other.
func spelled(data map[string]string, key string) []string {
	if value, ok := data[key]; ok {
		return []string{value}
	}
	return otherSpellings(data, key)
}

func otherSpellings(data map[string]string, key string) []string {
	var values []string
	for _, other := range slices.Sorted(maps.Keys(data)) {
		if other != key && strings.EqualFold(other, key) {
			values = append(values, data[other])
		}
	}
	return values
}

// readBool reads a bool as the engine does. Of several spellings the one that differs from the safe default counts.
func readBool(data map[string]string, key string, standard bool) bool {
	for _, value := range spelled(data, key) {
		if read := value != "" && isTrue(value); read != standard && (value == "" || isBool(value)) {
			return read
		}
	}
	return standard
}

func isTrue(value string) bool {
	read, err := strconv.ParseBool(value)
	return err == nil && read
}

func readString(data map[string]string, key, standard string) string {
	if values := spelled(data, key); len(values) > 0 {
		return values[0]
	}
	return standard
}

// readCIDRs: the engine takes the documented spelling first, and then lets another one overwrite a part of the list.
func readCIDRs(data map[string]string) []string {
	value, documented := data[trustedCIDRsKey]
	others := otherSpellings(data, trustedCIDRsKey)
	if !documented && len(others) == 0 {
		value = "0.0.0.0/0"
	}
	cidrs := splitList(value)
	for _, other := range others {
		cidrs = append(cidrs, splitList(other)...)
	}
	return cidrs
}

func mayCoverEveryone(cidrs []string) bool {
	var prefixes []netip.Prefix
	for _, cidr := range cidrs {
		prefix, err := netip.ParsePrefix(cidr)
		if err != nil {
			addr, addrErr := netip.ParseAddr(cidr)
			if addrErr != nil {
				return true
			}
			prefix = netip.PrefixFrom(addr, addr.BitLen())
		}
		prefixes = append(prefixes, prefix.Masked())
	}
	return coversEveryone(prefixes) != nil
}

// ownKeys are those that decide the other fields of Trust.
var ownKeys = []string{
	useProxyProtocolKey, useForwardedHeadersKey, enableRealIPKey, trustedCIDRsKey, forwardedHeaderKey, internalHeaderKey, computeFullKey,
	underscoresKey, ignoreInvalidKey,
}

func overrides(data map[string]string) []string {
	var keys []string
	for _, key := range slices.Sorted(maps.Keys(data)) {
		if undoes(key, data[key]) {
			keys = append(keys, key)
		}
	}
	return keys
}

func undoes(key, value string) bool {
	s, known := settings()[canonical(key)]
	switch {
	case !known || value == "":
		return false
	case slices.Contains(ownKeys, s.key):
		return s.writesDirectives(value)
	case s.key == allowSnippetsKey:
		return isTrue(value)
	default:
		return whyForbidden(s, value) != ""
	}
}
