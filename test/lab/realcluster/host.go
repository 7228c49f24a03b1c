package realcluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Names of the hosts that every cluster has beside its nodes.
const (
	// Fabric routes between all others, and carries the control plane.
	Fabric = "fabric"
	// Client has the addresses 203.0.113.10 to 203.0.113.30.
	Client = "client"
	// LoadBalancer has the address 203.0.113.50.
	LoadBalancer = "lb"
	// NATRouter has the address 203.0.113.60, with which everything from behind it arrives.
	NATRouter = "natrouter"
	// NATClient is behind NATRouter, with the address 192.0.2.10.
	NATClient = "natclient"
)

// Addresses around a cluster.
var (
	// Balancer is the address of the host LoadBalancer.
	Balancer = netip.MustParseAddr("203.0.113.50")
	// NAT is the address of the host NATRouter.
	NAT = netip.MustParseAddr("203.0.113.60")
	// APIServer is where nodes and hosts outside reach the API server. Kubeconfig names a forwarder on this machine.
	APIServer = netip.MustParseAddrPort("10.77.0.1:6443")
	// Pods is the range of all pods. A node has a /24 of it, whose first address is the gateway of its pods.
	Pods = netip.MustParsePrefix("10.244.0.0/16")
)

// Host is a node, or one of the other hosts of a cluster.
type Host struct {
	cluster *Cluster
	name    string
}

// Host returns the host of that name. Whether there is one shows when it is used.
func (c *Cluster) Host(name string) *Host { return &Host{cluster: c, name: name} }

// outputDelay is how long a command that was killed may keep its output open.
const outputDelay = 5 * time.Second

// Command returns a command that runs in the host: in its network, and on a node also among its
// files and processes. When the context ends, it is killed with all that it started.
func (h *Host) Command(ctx context.Context, program string, arguments ...string) *exec.Cmd {
	command := h.cluster.command
	cmd := exec.CommandContext(ctx, command.Path,
		append([]string{"exec", "--root=" + command.Repository, "--cluster=" + h.cluster.name, h.name, "--", program}, arguments...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = outputDelay
	return cmd
}

// Dial connects from the host to an address, which must be an IP address and a port.
func (h *Host) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return h.DialFrom(ctx, network, netip.AddrPort{}, address)
}

// DialFrom is Dial from one of the host's own addresses. Port 0 means any port. The zero AddrPort
// lets the operating system choose.
func (h *Host) DialFrom(ctx context.Context, network string, local netip.AddrPort, address string) (net.Conn, error) {
	if _, err := netip.ParseAddrPort(address); err != nil {
		return nil, fmt.Errorf("dialing from %s: an IP address and a port are needed: %w", h.name, err)
	}
	dialer := net.Dialer{}
	if local.Addr().IsValid() {
		dialer.LocalAddr = net.TCPAddrFromAddrPort(local)
	}
	var connection net.Conn
	err := h.Do(func() (err error) {
		connection, err = dialer.DialContext(ctx, network, address)
		return err
	})
	return connection, err
}

// Do calls f in the network of the host and returns its error. f runs in a goroutine of its own;
// goroutines that it starts are not in the network of the host, nor is the lookup of names. Sockets
// stay where they were opened, and can be used anywhere.
func (h *Host) Do(f func() error) error {
	namespace, err := h.namespace()
	if err != nil {
		return err
	}
	result := make(chan error, 1)
	go func() {
		err := errors.New("a function in the network of " + h.name + " ended its goroutine instead of returning")
		defer func() { result <- err }()
		err = within(namespace, f)
	}()
	return <-result
}

// namespace is the file of the host's network namespace, another one after each restart of a node.
func (h *Host) namespace() (string, error) {
	content, err := os.ReadFile(filepath.Join(h.cluster.Dir, "hosts", h.name+".json"))
	if err != nil {
		return "", fmt.Errorf("finding host %s: %w", h.name, err)
	}
	var host struct {
		NetNS string `json:"netns"`
	}
	if err := json.Unmarshal(content, &host); err != nil {
		return "", fmt.Errorf("finding host %s: %w", h.name, err)
	}
	return host.NetNS, nil
}

// within calls f in a network namespace. A namespace belongs to a thread. If the thread cannot
// return to its own, it stays locked and ends with the goroutine.
func within(namespace string, f func() error) error {
	home, err := openNamespace("/proc/thread-self/ns/net")
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(home) }()
	target, err := openNamespace(namespace)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(target) }()
	runtime.LockOSThread()
	if err := unix.Setns(target, unix.CLONE_NEWNET); err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("entering network namespace %s: %w", namespace, err)
	}
	defer func() {
		if unix.Setns(home, unix.CLONE_NEWNET) == nil {
			runtime.UnlockOSThread()
		}
	}()
	return f()
}

func openNamespace(path string) (fd int, err error) {
	fd, err = unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, &os.PathError{Op: "opening network namespace", Path: path, Err: err}
	}
	return fd, nil
}
