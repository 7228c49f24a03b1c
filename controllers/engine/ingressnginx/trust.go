package ingressnginx

import (
	"slices"
	"strconv"
	"strings"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/engine"
	"github.com/edge-ingress/edge-ingress-operator/controllers/trust"
)

// internalHeader carries the client's address inside nginx where PROXY protocol and a header are
// trusted together. nginx drops headers with underscores from clients, so only nginx itself can set
// this one. Clients could send upstream's default.
const internalHeader = "X_Edge_Ingress_Client"

// trustData returns the part of the ConfigMap that is about trust. It writes every key, even one that
// is off: the engine's defaults trust everyone, and the operator repairs only keys that it owns.
func trustData(clientIP *v1alpha1.ClientIPSpec) (map[string]string, []engine.Problem) {
	asked, refused := trust.AskedBy(clientIP, unusable)
	var problems []engine.Problem
	for _, problem := range refused {
		problems = append(problems, engine.Problem{Kind: engine.ProblemTrust, Key: problem.Field, Message: problem.Message})
	}
	header := trust.StandardHeader
	if asked.Header != "" {
		header = asked.Header
	}
	// Without CIDRs this is an empty string, which the engine reads as an empty list. Without the key,
	// its list would be 0.0.0.0/0.
	cidrs := make([]string, 0, len(asked.CIDRs))
	for _, prefix := range asked.CIDRs {
		cidrs = append(cidrs, prefix.String())
	}
	// With PROXY protocol, the engine reads the header only where use-forwarded-headers is on. Without
	// PROXY protocol, enable-real-ip trusts the address and does not trust Proto, Host and Port from
	// everyone.
	forwarded := asked.Header != "" && (asked.ProtoAndHost || asked.ProxyProtocol)
	return map[string]string{
		useProxyProtocolKey:    strconv.FormatBool(asked.ProxyProtocol),
		useForwardedHeadersKey: strconv.FormatBool(forwarded),
		enableRealIPKey:        strconv.FormatBool(asked.Header != "" && !forwarded),
		trustedCIDRsKey:        strings.Join(cidrs, ","),
		forwardedHeaderKey:     header,
		internalHeaderKey:      internalHeader,
		computeFullKey:         "false",
		underscoresKey:         "false",
		ignoreInvalidKey:       "true",
		allowSnippetsKey:       "false",
	}, problems
}

// ownHeaders are headers that the engine itself writes.
var ownHeaders = []string{"x-original-forwarded-for", "x-forwarded-for-proxy-protocol"}

// unusable explains why nginx cannot take the client's address from a header of this name.
func unusable(header string) string {
	switch {
	case strings.Contains(header, "_"):
		return "nginx drops names with underscores"
	case slices.Contains(ownHeaders, strings.ToLower(header)):
		return "ingress-nginx writes it itself"
	}
	return ""
}
