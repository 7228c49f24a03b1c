package network

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os/exec"
	"strings"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/netns"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// uplink is the interface of a machine that leads to its segment.
const uplink = "eth0"

// The functions of this file work in the namespace of the calling thread (see netns.Namespace.Do).

func raise(name string) error {
	link, err := netlink.LinkByName(name)
	if err != nil {
		return fmt.Errorf("finding interface %s: %w", name, err)
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return fmt.Errorf("raising interface %s: %w", name, err)
	}
	return nil
}

// hardwareAddress derives a MAC address from an IP address. By default the kernel gives a new one
// to a machine that restarts, and to a bridge whenever a port is added. Neighbours would send to
// the old one for a while.
func hardwareAddress(ip netip.Addr) net.HardwareAddr {
	const locallyAdministered = 0x02
	bytes := ip.As4()
	return append(net.HardwareAddr{locallyAdministered, 0}, bytes[:]...)
}

func addBridge(name string, address netip.Prefix) error {
	bridge := &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: name, HardwareAddr: hardwareAddress(address.Addr())}}
	if err := netlink.LinkAdd(bridge); err != nil {
		return fmt.Errorf("making bridge %s: %w", name, err)
	}
	if err := addAddress(bridge, address); err != nil {
		return err
	}
	return raise(name)
}

// portName is the name of a bridge's port, of which the kernel allows 15 bytes.
func portName(machine string) string { return "v-" + machine }

// addPort makes a link between a bridge and the uplink of a machine, which stays down.
func addPort(bridge, port string, machine *netns.Namespace, mac net.HardwareAddr) error {
	master, err := netlink.LinkByName(bridge)
	if err != nil {
		return fmt.Errorf("finding bridge %s: %w", bridge, err)
	}
	link := &netlink.Veth{
		LinkAttrs:        netlink.LinkAttrs{Name: port, MasterIndex: master.Attrs().Index},
		PeerName:         uplink,
		PeerHardwareAddr: mac,
		PeerNamespace:    netlink.NsFd(machine.FD()),
	}
	if err := netlink.LinkAdd(link); err != nil {
		return fmt.Errorf("making link %s: %w", port, err)
	}
	return raise(port)
}

// removePort cuts a link: both ends are gone at once. A link that does not exist is fine.
func removePort(port string) error {
	link, err := netlink.LinkByName(port)
	if missing := (netlink.LinkNotFoundError{}); errors.As(err, &missing) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("finding link %s: %w", port, err)
	}
	if err := netlink.LinkDel(link); err != nil {
		return fmt.Errorf("removing link %s: %w", port, err)
	}
	return nil
}

// configure puts the uplink into operation.
func configure(addresses []netip.Prefix, gateway netip.Addr) error {
	link, err := netlink.LinkByName(uplink)
	if err != nil {
		return fmt.Errorf("finding interface %s: %w", uplink, err)
	}
	for _, address := range addresses {
		if err := addAddress(link, address); err != nil {
			return err
		}
	}
	if err := raise(uplink); err != nil {
		return err
	}
	return addRoute(netip.PrefixFrom(netip.IPv4Unspecified(), 0), gateway)
}

func addAddress(link netlink.Link, address netip.Prefix) error {
	if err := netlink.AddrAdd(link, &netlink.Addr{IPNet: ipNet(address)}); err != nil {
		return fmt.Errorf("giving %s the address %s: %w", link.Attrs().Name, address, err)
	}
	return nil
}

func addRoute(to netip.Prefix, via netip.Addr) error {
	if err := netlink.RouteReplace(&netlink.Route{Dst: ipNet(to), Gw: via.AsSlice()}); err != nil {
		return fmt.Errorf("routing %s through %s: %w", to, via, err)
	}
	return nil
}

// removeRoute removes a route. One that does not exist is fine.
func removeRoute(to netip.Prefix, via netip.Addr) error {
	err := netlink.RouteDel(&netlink.Route{Dst: ipNet(to), Gw: via.AsSlice()})
	if err != nil && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("removing the route to %s through %s: %w", to, via, err)
	}
	return nil
}

func ipNet(prefix netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: prefix.Addr().AsSlice(), Mask: net.CIDRMask(prefix.Bits(), prefix.Addr().BitLen())}
}

// masquerade gives everything that leaves through the uplink the address of this machine.
func masquerade(ctx context.Context) error {
	nft := exec.CommandContext(ctx, "nft", "-f", "-")
	nft.Stdin = strings.NewReader(`table ip nat {
	chain postrouting {
		type nat hook postrouting priority srcnat;
		oifname "` + uplink + `" masquerade
	}
}
`)
	if output, err := nft.CombinedOutput(); err != nil {
		return fmt.Errorf("masquerading: running nft: %w: %s", err, output)
	}
	return nil
}
