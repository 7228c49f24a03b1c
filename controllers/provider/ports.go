package provider

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Port says what a load balancer does with connections to one port of the Service.
type Port struct {
	Number int32
	// Path is Forwards or Proxies.
	Path Path
	// WritesHeader is set where it reads HTTP on this port and writes X-Forwarded-For.
	WritesHeader bool
	// ProxyProtocol shows whether it sends PROXY protocol on this port.
	ProxyProtocol Setting
}

// webPorts stand for the ports of a Service that has none yet.
var webPorts = []corev1.ServicePort{{Name: "http", Port: 80}, {Name: "https", Port: 443}}

// perPort completes what is known about a load balancer with what it does on each port. Where the
// ports differ, it lists them, and the fields for all ports hold what none of them contradicts.
func (v view) perPort(b Balancer, of func(corev1.ServicePort) Port) Balancer {
	servicePorts := v.ports
	if len(servicePorts) == 0 {
		servicePorts = webPorts
	}
	ports := make([]Port, 0, len(servicePorts))
	for _, servicePort := range servicePorts {
		port := of(servicePort)
		port.Number = servicePort.Port
		ports = append(ports, port)
	}
	first := ports[0]
	b.Path, b.WritesHeader, b.ProxyProtocol = first.Path, first.WritesHeader, first.ProxyProtocol
	for _, port := range ports[1:] {
		if port.Path != first.Path {
			b.Path = Proxies
		}
		if port.ProxyProtocol != first.ProxyProtocol {
			b.ProxyProtocol = NotSaid
		}
		b.WritesHeader = b.WritesHeader && port.WritesHeader
	}
	if slices.ContainsFunc(ports, func(port Port) bool { port.Number = first.Number; return port != first }) {
		b.Ports = ports
	}
	return b
}

// listed reports whether a comma-separated list of numbers and names has the port.
func listed(list string, port corev1.ServicePort) bool {
	return slices.ContainsFunc(strings.Split(list, ","), func(item string) bool {
		item = strings.TrimSpace(item)
		return item == strconv.Itoa(int(port.Port)) || (item != "" && strings.EqualFold(item, port.Name))
	})
}

// lists reports whether the annotation's list has the port.
func (v view) lists(key string, port corev1.ServicePort) bool {
	return listed(v.annotations[key], port)
}

// readsHTTP reports whether a balancer with this protocol reads requests and so can write a header.
// Besides HTTP and HTTPS, these can be the further protocols.
func readsHTTP(protocol string, further ...string) bool {
	return slices.Contains(append(further, "http", "https"), strings.ToLower(strings.TrimSpace(protocol)))
}

// decoded reads an annotation as JSON. It reports false where the annotation is not JSON of this form.
func decoded[T any](v view, key string) (value T, ok bool) {
	err := json.Unmarshal([]byte(v.annotations[key]), &value)
	return value, err == nil
}
