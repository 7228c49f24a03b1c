// Package real creates nodes that run containers. Each is a set of Linux namespaces with its own
// containerd, kubelet and kube-proxy. In every respect that matters to Kubernetes it is a machine
// of its own. It needs root.
//
// The caller creates the network namespace of a node, with an address and routes. Everything else
// of a node lives exactly as long as its process 1, which dies with the supervisor. Files in the
// node's directory stay, and empty control groups, which Sweep removes.
//
// A node differs from a machine: the kernel, /dev and the clock are the machine's; it reports the
// disk and the memory of the machine; there is no name server; AppArmor profiles are not applied to
// containers.
//
// Tried on Debian 12 with its containerd 1.6.20 and runc 1.1.5, on Linux 6.18 with control groups of
// version 1, and on Debian 13 with its containerd 1.7.24 and runc 1.1.15, on Linux 6.12 with version
// 2. CheckMachine refuses a machine that lacks something.
package real

import (
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/binaries"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/pki"
	"k8s.io/apimachinery/pkg/util/validation"
)

// ProxyMode is how kube-proxy implements the addresses of Services.
type ProxyMode string

// The modes that kube-proxy has on Linux, without the deprecated one.
const (
	IPTables ProxyMode = "iptables"
	NFTables ProxyMode = "nftables"
)

// PauseImage holds the namespaces of each pod. One of Config.Archives must have it.
const PauseImage = "lab.test/pause:e2e"

// Programs are the names of the programs in Config.Programs that a node needs.
func Programs() []string { return []string{binaries.Kubelet, binaries.Proxy} }

// Config says what a node is like.
type Config struct {
	// Name is the name of the Node object, and the host name.
	Name string
	// Dir is a directory for this node alone, directly below one for all nodes (see Sweep). A node
	// that starts again in the same directory has its previous images and state.
	Dir string
	// NetNS is the file of the node's network namespace, which must stay while the node runs. Its
	// loopback interface must be up, and have Address on another one.
	NetNS string
	// Address is the address of the node.
	Address netip.Addr
	// Pods is the range of the addresses of the node's pods. Other nodes must have a route to it.
	Pods netip.Prefix
	// ClusterPods is the range of the pods of all nodes. Packets to other addresses leave with the
	// node's own address.
	ClusterPods netip.Prefix
	ProxyMode   ProxyMode
	// Server is the URL of the API server.
	Server string
	// Authority signs the certificates of the node, and that of the API server.
	Authority *pki.Authority
	// Labels are set on the Node object. A kubelet may set each of them on its own node (see
	// SplitLabels).
	Labels map[string]string
	// Registry is the registry from which the node pulls all images that it does not have, whatever the registry in their
	// names. Without one it pulls nothing, as no name can be looked up.
	Registry netip.AddrPort
	// Archives are files with images, for every start.
	Archives []string
	// Programs are the paths of what Programs names.
	Programs binaries.Paths
}

func (c Config) validate() error {
	var errs []error
	if problems := validation.IsDNS1123Label(c.Name); len(problems) > 0 {
		errs = append(errs, fmt.Errorf("its name is %q: %s", c.Name, problems[0]))
	}
	if !filepath.IsAbs(c.Dir) {
		errs = append(errs, fmt.Errorf("its directory is %q, which is not an absolute path", c.Dir))
	}
	if c.NetNS == "" {
		// It must never be the machine's.
		errs = append(errs, errors.New("it has no network namespace"))
	}
	if c.ProxyMode != IPTables && c.ProxyMode != NFTables {
		errs = append(errs, fmt.Errorf("its proxy mode is %q: it must be %q or %q", c.ProxyMode, IPTables, NFTables))
	}
	if !c.Address.IsValid() || !c.Pods.IsValid() || !c.ClusterPods.IsValid() {
		errs = append(errs, fmt.Errorf("its address %v, its range of pods %v or that of the cluster, %v, is missing", c.Address, c.Pods, c.ClusterPods))
	}
	if _, restricted := SplitLabels(c.Labels); len(restricted) > 0 {
		errs = append(errs, fmt.Errorf("a kubelet may not give itself the labels %v", restricted))
	}
	for _, name := range Programs() {
		if c.Programs[name] == "" {
			errs = append(errs, fmt.Errorf("program %s is missing", name))
		}
	}
	return errors.Join(errs...)
}

// layout knows the files of one node.
type layout struct{ dir string }

func (l layout) path(name string) string { return filepath.Join(l.dir, name) }

func (l layout) plan() string          { return l.path("plan.json") }
func (l layout) group() string         { return l.path(groupFile) }
func (l layout) identity() string      { return l.path("init.json") }
func (l layout) booted() string        { return l.path("booted") }
func (l layout) logs() string          { return l.path("logs") }
func (l layout) images() string        { return l.path("images") }
func (l layout) imported() string      { return l.path("imported") }
func (l layout) state() string         { return l.path("state") }
func (l layout) volumePlugins() string { return filepath.Join(l.state(), "volume-plugins") }
func (l layout) settings() string      { return l.path("settings") }
func (l layout) credentials() string   { return l.path("credentials") }
func (l layout) kernelValues() string  { return l.path("kernel") }

func (l layout) setting(name string) string    { return filepath.Join(l.settings(), name) }
func (l layout) credential(name string) string { return filepath.Join(l.credentials(), name) }

// directories are all that must exist before a node starts.
func (l layout) directories() []string {
	list := []string{l.logs(), l.images(), l.imported(), l.settings(), l.credentials(), l.kernelValues(), l.setting(networkDir), filepath.Dir(l.setting(registriesFile))}
	for _, dir := range l.stateDirectories() {
		list = append(list, dir)
	}
	return list
}

// stateDirectories maps the paths of directories that are fixed in the programs to the node's own
// versions.
func (l layout) stateDirectories() map[string]string {
	return map[string]string{
		"/var/lib/kubelet":    filepath.Join(l.state(), "kubelet"),
		"/var/lib/cni":        filepath.Join(l.state(), "cni"),
		"/var/log/pods":       filepath.Join(l.state(), "pods"),
		"/var/log/containers": filepath.Join(l.state(), "containers"),
	}
}
