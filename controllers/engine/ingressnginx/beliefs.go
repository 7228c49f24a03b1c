package ingressnginx

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/edge-ingress/edge-ingress-operator/controllers/trust"
)

// Beliefs returns what a ConfigMap's data makes the engine trust. A missing key, and a bool that cannot
// be parsed, give the engine's default. Keys are compared without regard to case.
func (Engine) Beliefs(data map[string]string) trust.Beliefs {
	forwarded := readBool(data, useForwardedHeadersKey, false)
	beliefs := trust.Beliefs{
		ProxyProtocol:       readBool(data, useProxyProtocolKey, false),
		ProtoAndHost:        forwarded,
		PassesClientsHeader: forwarded && readBool(data, computeFullKey, false),
		Overrides:           overrides(data),
	}
	// With PROXY protocol, enable-real-ip alone does not make the engine read a header.
	if forwarded || (readBool(data, enableRealIPKey, false) && !beliefs.ProxyProtocol) {
		beliefs.Header = readString(data, forwardedHeaderKey, trust.StandardHeader)
		beliefs.Position = positionIn(beliefs.Header)
	}
	if beliefs.UsesCIDRs() {
		beliefs.CIDRs = readCIDRs(data)
		beliefs.TrustsAnyone = trust.MayCoverEveryone(beliefs.CIDRs)
	}
	if beliefs.ProxyProtocol && forwarded {
		hidden := strings.Contains(readString(data, internalHeaderKey, "X-Forwarded-For-Proxy-Protocol"), "_") &&
			!readBool(data, underscoresKey, false) && readBool(data, ignoreInvalidKey, true)
		beliefs.InternalHeaderForgeable = !hidden
	}
	return beliefs
}

// positionIn follows nginx (ngx_http_realip_module.c and ngx_http_get_forwarded_addr): it searches
// X-Forwarded-For from the end, and takes the first occurrence of any other header.
func positionIn(header string) trust.Position {
	if strings.EqualFold(header, trust.StandardHeader) {
		return trust.Last
	}
	return trust.First
}

// spelled returns the values of a key in the spellings that the engine accepts: the documented one,
// or else all others.
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

// readBool reads a bool as the engine does. Among several spellings it takes the one that differs
// from the safe default.
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

// readCIDRs collects the ranges of all spellings, because the engine reads the documented spelling first
// and then lets another one overwrite a part of the list.
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

// ownKeys decide the other fields of the beliefs.
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
	case s.key == httpSnippetKey && (value == httpSnippet || isTold(value)), s.key == locationSnippetKey && value == locationSnippet:
		return false
	case slices.Contains(ownKeys, s.key):
		return s.writesDirectives(value)
	case s.key == allowSnippetsKey:
		return isTrue(value)
	default:
		return whyForbidden(s, value) != ""
	}
}
