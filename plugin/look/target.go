// Package look is the outside vantage: it decides what to ask, asks it, and says what the answers mean.
package look

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/utils/ptr"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// Target is one place that is asked, with each kind of request.
type Target struct {
	// Address as it is published: an IP address, or a host name.
	Address string
	// IP is the address itself, or one of the host name's.
	IP     netip.Addr
	Port   int32
	Scheme v1alpha1.Scheme
	// Host is the real host name of the request; empty for the witness's own.
	Host string
}

// Family is the IP family of the connection.
func (t Target) Family() string {
	if t.IP.Is4() {
		return "IPv4"
	}
	return "IPv6"
}

// String is the target as progress and messages name it.
func (t Target) String() string {
	text := fmt.Sprintf("%s port %d (%s, %s)", t.Address, t.Port, t.Scheme, t.Family())
	if t.Address != t.IP.String() {
		text += " at " + t.IP.String()
	}
	return text
}

// CheckAddress returns an error for what is neither an IP address nor a host name.
func CheckAddress(address string) error {
	if _, err := netip.ParseAddr(address); err == nil {
		return nil
	}
	if len(validation.IsDNS1123Subdomain(address)) == 0 && strings.Trim(address, "0123456789.") != "" {
		return nil
	}
	if _, rest, found := strings.Cut(address, "://"); found {
		host, _, _ := strings.Cut(rest, "/")
		return fmt.Errorf("--address %q is a URL: write --address %s", address, host)
	}
	if host, _, err := net.SplitHostPort(address); err == nil {
		return fmt.Errorf("--address %q has a port: write --address %s, and the port as --http-port or --https-port", address, host)
	}
	return fmt.Errorf("--address %q is neither an IP address nor a host name: write one such as 203.0.113.10 or lb.example.com", address)
}

// CheckHost returns an error if the EdgeIngress does not lead the reserved path of this host name to the
// witness.
func CheckHost(edge *v1alpha1.EdgeIngress, host string) error {
	var hosts []string
	if edge.Spec.Verification != nil {
		hosts = edge.Spec.Verification.Hosts
	}
	switch {
	case slices.Contains(hosts, host):
		return nil
	case len(hosts) > 0:
		return fmt.Errorf("spec.verification.hosts of %s does not have %q: write one of %s, or add it there", edge.Name, host, strings.Join(hosts, ", "))
	default:
		return fmt.Errorf("spec.verification.hosts of %s is empty, so nothing answers under %q: write `verification: {hosts: [%s]}` into its spec first", edge.Name, host, host)
	}
}

// Addresses are those to ask: the given ones, or the host name, or what the status publishes.
func Addresses(edge *v1alpha1.EdgeIngress, given []string, host string) ([]string, error) {
	switch {
	case len(given) > 0:
		unique := slices.Clone(given)
		slices.Sort(unique)
		return slices.Compact(unique), nil
	case host != "":
		return []string{host}, nil
	case len(edge.Status.Addresses) > 0:
		return edge.Status.Addresses, nil
	default:
		return nil, fmt.Errorf("EdgeIngress %s has no address in its status: wait until `kubectl get edgeingress %s` shows one, or name one with --address", edge.Name, edge.Name)
	}
}

// Ports are those to ask; 0 leaves a scheme out.
type Ports struct{ HTTP, HTTPS int32 }

// PortsOf are the ports at which clients reach the EdgeIngress. given holds ports that the user chose, and
// a negative one where he chose none. inside is what the prober saw, which knows the node ports.
func PortsOf(edge *v1alpha1.EdgeIngress, given Ports, inside *v1alpha1.SourceIPReport) (Ports, error) {
	found := Ports{80, 443}
	if edge.Spec.Exposure.Type == v1alpha1.ExposureNodePort {
		found = nodePorts(edge, inside)
	}
	if given.HTTP >= 0 {
		found.HTTP = given.HTTP
	}
	if given.HTTPS >= 0 {
		found.HTTPS = given.HTTPS
	}
	switch {
	case found.HTTP > 0 || found.HTTPS > 0:
		return found, nil
	case given.HTTP == 0 && given.HTTPS == 0:
		return found, errors.New("--http-port 0 and --https-port 0 leave nothing to ask: write at least one port")
	default:
		return found, errors.New("the node ports are not known yet: write the ports that clients use as --http-port and --https-port")
	}
}

// NotForClients are the ports among those of the sights that clients do not use, in order. The operator does not
// count what was seen there. 80 and 443 count too where the address is not a published one, but of what is in front.
func NotForClients(edge *v1alpha1.EdgeIngress, inside *v1alpha1.SourceIPReport, sights []v1alpha1.Sight) (ports []int32) {
	used, err := PortsOf(edge, Ports{-1, -1}, inside)
	if err != nil {
		return nil
	}
	for _, s := range sights {
		usual, port := int32(80), used.HTTP
		if s.Scheme == v1alpha1.SchemeHTTPS {
			usual, port = 443, used.HTTPS
		}
		atFront := !slices.Contains(edge.Status.Addresses, s.Address)
		if s.Port != port && (!atFront || s.Port != usual) {
			ports = append(ports, s.Port)
		}
	}
	slices.Sort(ports)
	return slices.Compact(ports)
}

func nodePorts(edge *v1alpha1.EdgeIngress, inside *v1alpha1.SourceIPReport) (ports Ports) {
	if inside != nil {
		for _, sight := range inside.Status.Sights {
			if sight.Scheme == v1alpha1.SchemeHTTPS {
				ports.HTTPS = sight.Port
			} else {
				ports.HTTP = sight.Port
			}
		}
	}
	if given := edge.Spec.Exposure.NodePorts; given != nil {
		ports.HTTP = ptr.Deref(given.HTTP, ports.HTTP)
		ports.HTTPS = ptr.Deref(given.HTTPS, ports.HTTPS)
	}
	return ports
}

// maxTargets bounds one measurement: a status has at most 16 addresses.
const maxTargets = 64

// Targets are the addresses with each scheme. resolved holds the IP addresses of each host name.
func Targets(addresses []string, resolved map[string][]netip.Addr, ports Ports, host string) ([]Target, error) {
	var targets []Target
	for _, address := range addresses {
		for _, ip := range resolved[address] {
			for _, asked := range []struct {
				scheme v1alpha1.Scheme
				port   int32
			}{{v1alpha1.SchemeHTTP, ports.HTTP}, {v1alpha1.SchemeHTTPS, ports.HTTPS}} {
				if asked.port > 0 {
					targets = append(targets, Target{address, ip.Unmap(), asked.port, asked.scheme, host})
				}
			}
		}
	}
	if len(targets) > maxTargets {
		return nil, fmt.Errorf("these are %d addresses and ports, and at most %d are asked at once: choose some with --address", len(targets), maxTargets)
	}
	return targets, nil
}
