package network

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// settings are the kernel's, for one namespace.
type settings struct {
	// forwards makes the machine a router.
	forwards bool
	// filtersBridged applies the rules for routed packets also to packets that only pass a bridge.
	// kube-proxy needs it for connections between pods of one node.
	filtersBridged bool
}

// prepare sets up the settings and the loopback interface of the current namespace. Call it before
// creating other links. A new namespace starts with a copy of some of the machine's settings;
// prepare writes those that matter.
func prepare(s settings) error {
	values := []struct{ path, value string }{
		// First, since it sets others back to their defaults.
		{"/proc/sys/net/ipv4/ip_forward", digit(s.forwards)},
		{"/proc/sys/net/ipv4/conf/all/rp_filter", "0"},
		{"/proc/sys/net/ipv4/conf/default/rp_filter", "0"},
	}
	for _, v := range values {
		if err := write(v.path, v.value); err != nil {
			return err
		}
	}
	if err := filterBridged(s.filtersBridged); err != nil {
		return err
	}
	return raise("lo")
}

const bridgeSetting = "/proc/sys/net/bridge/bridge-nf-call-iptables"

// CheckKernel returns nil if the machine's kernel has everything that this package and its nodes
// need, apart from what it loads by itself.
func CheckKernel() error {
	if _, err := os.Stat(bridgeSetting); err != nil {
		return fmt.Errorf("the kernel lacks br_netfilter, load it with `modprobe br_netfilter`: %w", err)
	}
	return nil
}

// filterBridged writes a setting that exists only where the kernel has br_netfilter. Without
// br_netfilter the kernel filters no bridged packets.
func filterBridged(wanted bool) error {
	err := write(bridgeSetting, digit(wanted))
	switch {
	case !errors.Is(err, fs.ErrNotExist):
		return err
	case wanted:
		return CheckKernel()
	default:
		return nil
	}
}

func write(path, value string) error {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("changing a setting of the kernel: %w", err)
	}
	_, err = file.WriteString(value)
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("changing a setting of the kernel: %w", err)
	}
	return nil
}

func digit(on bool) string {
	if on {
		return "1"
	}
	return "0"
}
