package controlplane

import (
	"net"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/binaries"
)

// Components says how much of a control plane is started.
type Components string

const (
	// APIServerOnly is etcd and the API server: enough for validation and for
	// everything that only reads and writes objects.
	APIServerOnly Components = "apiserver"
	// AllComponents adds the controller manager and the scheduler.
	AllComponents Components = "all"
)

// ServiceCIDR is the range of cluster addresses of Services.
const ServiceCIDR = "10.96.0.0/16"

// kubernetesServiceIP is the first address of ServiceCIDR, which the Service
// "kubernetes" gets.
const kubernetesServiceIP = "10.96.0.1"

// Loopback is the default listen address: nothing outside the machine can reach
// the cluster.
const Loopback = "127.0.0.1"

// Options say what to start and where.
type Options struct {
	// Dir is a directory that belongs to the cluster alone.
	Dir string
	// ListenAddress is the IP address of the API server; "" means Loopback. Nodes
	// that are more than simulated need one that they can reach. All the rest
	// listens on Loopback whatever this says.
	ListenAddress string
	// NetNS is the file of the network namespace that all programs run in; "" is
	// the machine's. A namespace must be the cluster's own, as ports are fixed in it.
	NetNS string
	// AdminServer is the URL of the API server in the administrator's kubeconfig,
	// where clients have to take another way than the cluster's own programs; "" is
	// the same way.
	AdminServer string
	// NodeMonitorGracePeriod is how long a node may be silent before it counts as not
	// Ready; 0 is Kubernetes' default.
	NodeMonitorGracePeriod time.Duration
	Components             Components
	Binaries               binaries.Paths
	// Version is the version that the API server must report, such as "v1.37.1". Start fails if it
	// reports another one. "" accepts any.
	Version string
}

func (o Options) listenAddress() string {
	if o.ListenAddress == "" {
		return Loopback
	}
	return o.ListenAddress
}

func (o Options) listensOnLoopback() bool {
	ip := net.ParseIP(o.listenAddress())
	return ip != nil && ip.IsLoopback()
}

// Programs are the names of the programs that the components need.
func (c Components) Programs() []string {
	if c == AllComponents {
		return []string{binaries.Etcd, binaries.APIServer, binaries.ControllerManager, binaries.Scheduler}
	}
	return []string{binaries.Etcd, binaries.APIServer}
}
