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
// trusted together. nginx drops headers with underscores that clients send, so only nginx itself can
// set this one. Anybody could send upstream's default.
const internalHeader = "X_Edge_Ingress_Client"

// trustData is the part of the ConfigMap that is about trust. Every key is written, also when it is
// off: the engine's defaults trust everyone, and only a key that is owned is set back when somebody
// changes it.
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
	// Of nobody this becomes the empty text, an empty list for the engine. Without the key its list
	// would be 0.0.0.0/0.
	cidrs := make([]string, 0, len(asked.CIDRs))
	for _, prefix := range asked.CIDRs {
		cidrs = append(cidrs, prefix.String())
	}
	// With PROXY protocol the engine looks at the header only where use-forwarded-headers is on. Alone,
	// enable-real-ip believes the address without believing Proto, Host and Port from anybody.
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

// ownHeaders are those that the engine itself writes.
var ownHeaders = []string{"x-original-forwarded-for", "x-forwarded-for-proxy-protocol"}

// unusable says why nginx cannot take the client's address from a header of this name.
func unusable(header string) string {
	switch {
	case strings.Contains(header, "_"):
		return "nginx drops names with underscores"
	case slices.Contains(ownHeaders, strings.ToLower(header)):
		return "ingress-nginx writes it itself"
	}
	return ""
}
