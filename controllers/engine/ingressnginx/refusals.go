package ingressnginx

import (
	"slices"
	"strings"
)

// Keys that this package writes or reads itself.
const (
	useForwardedHeadersKey   = "use-forwarded-headers"
	enableRealIPKey          = "enable-real-ip"
	useProxyProtocolKey      = "use-proxy-protocol"
	computeFullKey           = "compute-full-forwarded-for"
	trustedCIDRsKey          = "proxy-real-ip-cidr"
	forwardedHeaderKey       = "forwarded-for-header"
	internalHeaderKey        = "forwarded-for-proxy-protocol-header"
	underscoresKey           = "enable-underscores-in-headers"
	ignoreInvalidKey         = "ignore-invalid-headers"
	allowSnippetsKey         = "allow-snippet-annotations"
	workerShutdownTimeoutKey = "worker-shutdown-timeout"
)

// reserved are keys that a field of the API owns: what to do instead.
var reserved = map[string]string{
	useForwardedHeadersKey: "write spec.clientIP.forwardedHeader",
	enableRealIPKey:        "write spec.clientIP.forwardedHeader",
	useProxyProtocolKey:    "write spec.clientIP.proxyProtocol",
	trustedCIDRsKey:        "write trustedCIDRs of spec.clientIP.proxyProtocol or spec.clientIP.forwardedHeader",
	forwardedHeaderKey:     "write spec.clientIP.forwardedHeader.header",
	internalHeaderKey:      "remove it: with spec.clientIP.proxyProtocol and forwardedHeader together a name is chosen that no client can send",
	computeFullKey: "remove it: it would put what the client wrote in front of X-Forwarded-For, also from those who are not trusted; " +
		"the client's address alone is sent",
}

const directives = "it puts text into nginx.conf unchecked, which can make nginx believe any address"

// forbidden are keys that could undo the trust settings, or the controller itself: why. No value of them is written.
var forbidden = map[string]string{
	"main-snippet":          directives,
	"http-snippet":          directives,
	"server-snippet":        directives,
	"location-snippet":      directives,
	"stream-snippet":        directives,
	"global-auth-snippet":   directives,
	"modsecurity-snippet":   directives,
	"proxy-set-headers":     "it can send applications another X-Forwarded-For or X-Real-IP beside the true one",
	underscoresKey:          "clients could then send the internal header that names the client's address behind PROXY protocol",
	ignoreInvalidKey:        "clients could then send the internal header that names the client's address behind PROXY protocol",
	allowSnippetsKey:        "whoever may write an Ingress could then put directives into nginx.conf and have any address believed",
	"forwarded-host-header": "it names a header that clients can send as they like, and the API has no field that says whom to believe",
	// The controller writes a file of its own to this path, over whatever is there.
	"opentelemetry-config": "the controller writes a file to this path, which could be one that nginx reads",
	// Pasted into listen directives as they are, and not split at commas.
	"bind-address-ipv4": "it is not checked by the engine; write bind-address",
	"bind-address-ipv6": "it is not checked by the engine; write bind-address",
}

// addressHeaders tell applications the client's address; nobody but the controller may set them.
var addressHeaders = []string{"x-forwarded-for", "x-real-ip", "x-original-forwarded-for", "forwarded"}

// forbiddenValue says why a value of a setting that is otherwise free could undo the trust settings; empty where it could not.
func forbiddenValue(s setting, value string) string {
	switch s.key {
	case "annotations-risk-level":
		if strings.EqualFold(value, "Critical") {
			return "annotations of this level put text into nginx.conf unchecked; write Low, Medium or High"
		}
	case "strict-validate-path-type":
		// What the engine does not read as a bool leaves its default, true.
		if isBool(value) && !isTrue(value) {
			return "paths of Ingress objects could then carry characters that end a directive"
		}
	case "global-auth-response-headers":
		if slices.ContainsFunc(splitList(value), func(h string) bool { return slices.Contains(addressHeaders, normalHeader(h)) }) {
			return "the authentication service could then choose the client's address: leave out X-Forwarded-For, X-Real-IP and Forwarded"
		}
	}
	if s.writesDirectives(value) {
		return "the value has characters that end an nginx directive or are invisible: leave out line breaks and what ends or opens " + s.ends()
	}
	return ""
}

// ends names what a value must not hold, for people.
func (f format) ends() string {
	switch f.place {
	case inSingleQuotes:
		return "a single-quoted text"
	case inDoubleQuotes:
		return "a double-quoted text"
	default:
		return "an argument (; { } ' \" # \\)"
	}
}

// normalHeader compares header names as applications read them, for most of which a hyphen and an underscore are the same.
func normalHeader(name string) string { return strings.ReplaceAll(strings.ToLower(name), "_", "-") }

// elsewhere are settings of other controllers and of nginx itself, which this engine ignores silently: what means the same here.
var elsewhere = map[string]string{
	"real-ip-header":          "write spec.clientIP.forwardedHeader.header, or spec.clientIP.proxyProtocol for a balancer that speaks PROXY protocol",
	"set-real-ip-from":        "write trustedCIDRs of spec.clientIP.proxyProtocol or spec.clientIP.forwardedHeader",
	"real-ip-recursive":       "remove it: the header is always searched from the right for the first address that is not trusted",
	"proxy-protocol":          "write spec.clientIP.proxyProtocol",
	"proxy-protocol-header":   "write spec.clientIP.proxyProtocol",
	"client-max-body-size":    "write proxy-body-size",
	"redirect-to-https":       "write force-ssl-redirect",
	"http2":                   "write use-http2",
	"log-format":              "write log-format-upstream",
	"log-format-escaping":     "write log-format-escape-json",
	"access-log-off":          "write disable-access-log",
	"keepalive":               "write upstream-keepalive-connections",
	"worker-connections":      "write max-worker-connections",
	"worker-rlimit-nofile":    "write max-worker-open-files",
	"proxy-hide-headers":      "write hide-headers",
	"main-snippets":           "remove it: snippets are refused, because they can make nginx believe any address",
	"http-snippets":           "remove it: snippets are refused, because they can make nginx believe any address",
	"server-snippets":         "remove it: snippets are refused, because they can make nginx believe any address",
	"location-snippets":       "remove it: snippets are refused, because they can make nginx believe any address",
	"stream-snippets":         "remove it: snippets are refused, because they can make nginx believe any address",
	"external-status-address": "remove it: Ingress objects show the address of the Service or of the edge nodes",
	"use-geoip":               "remove it: the engine no longer has it; use-geoip2 needs databases that the image does not bring",
	"plugins":                 "remove it: the engine no longer has it",
}
