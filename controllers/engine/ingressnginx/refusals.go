package ingressnginx

import (
	"slices"
	"strings"
)

// These keys are the ones that this package itself writes or reads.
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
	riskLevelKey             = "annotations-risk-level"
)

// reserved maps a key that fields of the API own to what to do instead.
var reserved = map[string]string{
	useForwardedHeadersKey: "Set spec.clientIP.forwardedHeader",
	enableRealIPKey:        "Set spec.clientIP.forwardedHeader",
	useProxyProtocolKey:    "Set spec.clientIP.proxyProtocol",
	trustedCIDRsKey:        "Set trustedCIDRs in spec.clientIP.proxyProtocol or spec.clientIP.forwardedHeader",
	forwardedHeaderKey:     "Set spec.clientIP.forwardedHeader.header",
	internalHeaderKey: "With spec.clientIP.proxyProtocol and spec.clientIP.forwardedHeader together, the operator chooses a name that no client can send. " +
		"Remove the key",
	computeFullKey: "The controller sends only the client's address. The key would put text from any client, trusted or not, in front of it. Remove the key",
}

const directives = "it puts unchecked text into nginx.conf, which can make nginx trust any address"

// forbidden maps a key that could undo the trust settings, or break the controller, to the reason.
// The operator writes no value of it.
var forbidden = map[string]string{
	"main-snippet":          directives,
	httpSnippetKey:          directives,
	"server-snippet":        directives,
	"location-snippet":      directives,
	"stream-snippet":        directives,
	"global-auth-snippet":   directives,
	"modsecurity-snippet":   directives,
	"proxy-set-headers":     "it can send applications a second X-Forwarded-For or X-Real-IP beside the true one",
	underscoresKey:          "clients could then send the internal header that carries the client's address behind PROXY protocol",
	ignoreInvalidKey:        "clients could then send the internal header that carries the client's address behind PROXY protocol",
	allowSnippetsKey:        "users with write access to Ingress objects could then put directives into nginx.conf and make nginx trust any address",
	"forwarded-host-header": "it names a header that clients can set freely, and the API has no field for the proxies to trust with it",
	// The controller overwrites whatever is at this path.
	"opentelemetry-config": "the controller writes a file to this path, which could be one that nginx reads",
	// The template pastes them into listen directives without splitting them at commas.
	"bind-address-ipv4": "the engine does not check it. Use bind-address",
	"bind-address-ipv6": "the engine does not check it. Use bind-address",
}

// addressHeaders carry the client's address to applications. Only the controller may set them.
var addressHeaders = []string{"x-forwarded-for", "x-real-ip", "x-original-forwarded-for", "forwarded"}

// forbiddenValue explains why a value of an allowed setting could undo the trust settings. It
// returns "" where it could not.
func forbiddenValue(s setting, value string) string {
	switch s.key {
	case riskLevelKey:
		if strings.EqualFold(value, "Critical") {
			return "annotations of this level put unchecked text into nginx.conf. Use Low, Medium or High"
		}
	case "strict-validate-path-type":
		// With a value that is not a bool, the engine keeps its default, true.
		if isBool(value) && !isTrue(value) {
			return "paths of Ingress objects could then contain characters that end a directive"
		}
	case "global-auth-response-headers":
		if slices.ContainsFunc(splitList(value), func(h string) bool { return slices.Contains(addressHeaders, normalHeader(h)) }) {
			return "the authentication service could then choose the client's address. Remove X-Forwarded-For, X-Real-IP and Forwarded"
		}
	}
	if s.writesDirectives(value) {
		return "the value has characters that end an nginx directive or are invisible. Remove line breaks and whatever opens or ends " + s.ends()
	}
	return ""
}

// ends names what a value must not open or end, for messages.
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

// normalHeader makes header names comparable. For most applications a hyphen and an underscore are the same.
func normalHeader(name string) string { return strings.ReplaceAll(strings.ToLower(name), "_", "-") }

const noSnippets = "Snippets are refused, because they can make nginx trust any address. Remove it"

// elsewhere maps settings of other controllers and of nginx itself, which this engine ignores
// silently, to what to do instead.
var elsewhere = map[string]string{
	"real-ip-header":          "Set spec.clientIP.forwardedHeader.header, or spec.clientIP.proxyProtocol for a balancer that speaks PROXY protocol",
	"set-real-ip-from":        "Set trustedCIDRs in spec.clientIP.proxyProtocol or spec.clientIP.forwardedHeader",
	"real-ip-recursive":       "The engine always searches the header from the right for the first untrusted address. Remove it",
	"proxy-protocol":          "Set spec.clientIP.proxyProtocol",
	"proxy-protocol-header":   "Set spec.clientIP.proxyProtocol",
	"client-max-body-size":    "Use proxy-body-size",
	"redirect-to-https":       "Use force-ssl-redirect",
	"http2":                   "Use use-http2",
	"log-format":              "Use log-format-upstream",
	"log-format-escaping":     "Use log-format-escape-json",
	"access-log-off":          "Use disable-access-log",
	"keepalive":               "Use upstream-keepalive-connections",
	"worker-connections":      "Use max-worker-connections",
	"worker-rlimit-nofile":    "Use max-worker-open-files",
	"proxy-hide-headers":      "Use hide-headers",
	"main-snippets":           noSnippets,
	"http-snippets":           noSnippets,
	"server-snippets":         noSnippets,
	"location-snippets":       noSnippets,
	"stream-snippets":         noSnippets,
	"external-status-address": "Ingress objects show the address of the Service or of the edge nodes. Remove it",
	"use-geoip":               "The engine no longer supports it, and use-geoip2 needs databases that are not in the image. Remove it",
	"plugins":                 "The engine no longer supports it. Remove it",
}
