package ingressnginx

import (
	"slices"
	"strings"
)

// Annotations that can change the address that an application sees. All others cannot, or only with flags
// that the chart does not set: those for TLS passthrough, and for TCP and UDP services.
const (
	authURLAnnotation      = annotationPrefix + "auth-url"
	authResponseAnnotation = annotationPrefix + "auth-response-headers"
	protocolAnnotation     = annotationPrefix + "backend-protocol"
)

// snippetAnnotations put unchecked text into nginx.conf. The engine ignores them unless
// allow-snippet-annotations is on.
var snippetAnnotations = []string{
	annotationPrefix + "auth-snippet", annotationPrefix + "configuration-snippet", annotationPrefix + "modsecurity-snippet",
	annotationPrefix + "server-snippet", annotationPrefix + "stream-snippet",
}

const isSet = "set"

// AddressSigns keeps of snippets only that they are there, and of the headers that an authentication service
// sets only those with the client's address.
func (Engine) AddressSigns(annotations map[string]string) map[string]string {
	signs := map[string]string{}
	for _, snippet := range snippetAnnotations {
		if annotations[snippet] != "" {
			signs[snippet] = isSet
		}
	}
	headers := slices.DeleteFunc(splitList(annotations[authResponseAnnotation]), func(header string) bool {
		return !slices.Contains(addressHeaders, normalHeader(header))
	})
	if annotations[authURLAnnotation] != "" && len(headers) > 0 {
		signs[authURLAnnotation], signs[authResponseAnnotation] = isSet, strings.Join(headers, ",")
	}
	if isFCGI(annotations) {
		signs[protocolAnnotation] = fcgi
	}
	if len(signs) == 0 {
		return nil
	}
	return signs
}

const fcgi = "FCGI"

func isFCGI(annotations map[string]string) bool {
	return strings.ToUpper(strings.TrimSpace(annotations[protocolAnnotation])) == fcgi
}

// Departure explains the first sign that is effective.
func (Engine) Departure(signs, data map[string]string) string {
	if readBool(data, allowSnippetsKey, false) {
		for _, snippet := range snippetAnnotations {
			if signs[snippet] != "" {
				return snippet + " puts directives into nginx.conf"
			}
		}
	}
	// The engine rates this annotation as Medium, and ignores an Ingress with a riskier one than allowed.
	if headers := signs[authResponseAnnotation]; headers != "" && readString(data, riskLevelKey, "High") != "Low" {
		return authResponseAnnotation + " lets an authentication service set " + strings.ReplaceAll(headers, ",", ", ")
	}
	if isFCGI(signs) {
		return "with " + protocolAnnotation + ": FCGI, the application gets the client's own X-Forwarded-For and X-Real-IP"
	}
	return ""
}
