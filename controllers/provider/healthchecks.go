package provider

import (
	"path"
	"slices"
	"strconv"
	"strings"
)

// kube-proxy answers plain HTTP on the healthCheckNodePort: 200 where the node has a ready endpoint, and
// 503 elsewhere (k8s.io/kubernetes pkg/proxy/healthcheck/service_health.go). A TCP connection to that
// port always succeeds, and TLS or a PROXY header in front of the request never does.

// HealthChecks says how a load balancer finds out which nodes serve. It is zero where the balancer
// checks the healthCheckNodePort, and where nothing is known.
type HealthChecks struct {
	// Override is the annotation that makes the balancer check something other than HTTP on the
	// healthCheckNodePort, or nothing. It is zero where no annotation does.
	Override Annotation
	// Does says what the balancer does with Override, as a clause for after "it", where it does not check
	// nodes in another way. It is empty elsewhere.
	Does string
	// OfPods is the annotation with the port on which the balancer checks the pods. It is zero where it does
	// not check pods, and where it checks them on the port of the traffic.
	OfPods Annotation
	// Instead is the annotation to set in place of Override. It is zero where removing Override is enough.
	Instead Annotation
	// Doubt explains why no object shows whether the balancer checks the nodes. It is a clause for
	// after "because".
	Doubt string
	// Elsewhere says what the balancer looks at where it never looks at the healthCheckNodePort. It is
	// a clause for after "it".
	Elsewhere string
	// UntilClosed is set where such a check succeeds as long as the controller accepts connections.
	UntilClosed bool
	// Remedies are the annotations that make it check the healthCheckNodePort, or resolve the doubt.
	Remedies []Annotation
}

// checkKeys are the annotations that choose the port and the protocol of health checks.
type checkKeys struct{ port, protocol string }

// followsEndpoints is what a balancer does that announces addresses from nodes, and withdraws a node
// without a ready endpoint.
var followsEndpoints = HealthChecks{Elsewhere: "announces the address only from nodes with a ready endpoint"}

// checksUnknown is for Balancer.NotRead where no source says how the balancer checks nodes.
const checksUnknown = "how it finds out which nodes serve"

// connectsToNodePort is a check that a balancer makes on its own, without annotations.
func connectsToNodePort(remedies ...Annotation) HealthChecks {
	return HealthChecks{Elsewhere: "opens a TCP connection to the node port", UntilClosed: true, Remedies: remedies}
}

// ofHealthPort returns the checks of a balancer that sends HTTP to the healthCheckNodePort unless an
// annotation says otherwise.
func (v view) ofHealthPort(keys checkKeys) HealthChecks {
	protocol, port := v.annotation(keys.protocol), v.annotation(keys.port)
	switch {
	case v.has(keys.protocol) && !v.is(keys.protocol, "http"):
		return HealthChecks{Override: protocol}
	case v.has(keys.port) && !v.isHealthPort(port.Value):
		return HealthChecks{Override: port}
	}
	return HealthChecks{}
}

// ofNodePort returns the checks of a balancer that connects to a node port unless an annotation says
// otherwise. The protocol is the one that it uses without an annotation.
func (v view) ofNodePort(keys checkKeys, protocol string, remedies ...Annotation) HealthChecks {
	if chosen := strings.TrimSpace(v.annotations[keys.protocol]); chosen != "" {
		protocol = chosen
	}
	port := v.annotation(keys.port)
	switch {
	case v.has(keys.port) && v.isHealthPort(port.Value):
		if strings.EqualFold(protocol, "http") {
			return HealthChecks{}
		}
		return HealthChecks{Override: port, Instead: Annotation{keys.protocol, "http"}}
	case v.has(keys.port) && !v.isNodePort(port.Value):
		return HealthChecks{Override: port}
	case strings.EqualFold(protocol, "tcp"):
		return connectsToNodePort(remedies...)
	}
	return HealthChecks{Elsewhere: "sends " + strings.ToUpper(protocol) + " requests to the node port", UntilClosed: true, Remedies: remedies}
}

// annotation returns the annotation with its value, or the zero value where the Service does not have it.
func (v view) annotation(key string) Annotation {
	value, there := v.annotations[key]
	if !there {
		return Annotation{}
	}
	return Annotation{key, value}
}

func (v view) isHealthPort(port string) bool {
	return v.healthCheckNodePort != 0 && strings.TrimSpace(port) == v.healthPort()
}

func (v view) healthPort() string { return strconv.Itoa(int(v.healthCheckNodePort)) }

func (v view) isNodePort(port string) bool {
	for _, servicePort := range v.ports {
		if servicePort.NodePort != 0 && strings.TrimSpace(port) == strconv.Itoa(int(servicePort.NodePort)) {
			return true
		}
	}
	return false
}

// codesFit reports whether a list of HTTP status codes, such as "200-399,404", contains 200 and does not
// contain 503. A list that is none does not fit.
func codesFit(list string) bool {
	return slices.ContainsFunc(strings.Split(list, ","), contains(200)) && !slices.ContainsFunc(strings.Split(list, ","), contains(503))
}

// contains returns a function that reports whether a code or a range of codes contains the code.
func contains(code int) func(string) bool {
	return func(codes string) bool {
		from, to, isRange := strings.Cut(strings.TrimSpace(codes), "-")
		if !isRange {
			to = from
		}
		first, errFirst := strconv.Atoi(strings.TrimSpace(from))
		last, errLast := strconv.Atoi(strings.TrimSpace(to))
		return errFirst == nil && errLast == nil && first <= code && code <= last
	}
}

// patternsFit is codesFit for a list of patterns in which a question mark stands for any digit, such as "2??".
func patternsFit(list string) bool {
	matches := func(code string) func(string) bool {
		return func(pattern string) bool {
			fits, err := path.Match(strings.TrimSpace(pattern), code)
			return err == nil && fits
		}
	}
	patterns := strings.Split(list, ",")
	return slices.ContainsFunc(patterns, matches("200")) && !slices.ContainsFunc(patterns, matches("503"))
}
