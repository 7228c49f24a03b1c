package real

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/edge-ingress/edge-ingress-operator/hack/cluster/network"
	"github.com/edge-ingress/edge-ingress-operator/hack/cluster/real/cgroup"
	"github.com/edge-ingress/edge-ingress-operator/hack/cluster/real/machine"
)

// requiredPrograms are those that nodes run, and nsenter, without which nobody gets into one.
var requiredPrograms = []string{"containerd", "containerd-shim-runc-v2", "ctr", "runc", "nft", "iptables", "mount", "nsenter"}

// requiredPlugins are those of a node's pod network.
var requiredPlugins = []string{"bridge", "host-local", "loopback", "portmap"}

// CheckMachine returns nil if nodes can run on this machine, or everything that is missing, what to do about it included.
func CheckMachine() error {
	var errs []error
	for _, name := range requiredPrograms {
		if _, err := exec.LookPath(name); err != nil {
			errs = append(errs, fmt.Errorf("program %s is missing", name))
		}
	}
	for _, name := range requiredPlugins {
		if _, err := os.Stat(filepath.Join(pluginDir, name)); err != nil {
			errs = append(errs, fmt.Errorf("network plugin %s is missing: %w", name, err))
		}
	}
	if err := network.CheckKernel(); err != nil {
		errs = append(errs, err)
	}
	if len(errs) > 0 {
		errs = append(errs, errors.New("`make e2e-deps` installs and loads them"))
	}
	return errors.Join(checkRoot(), errors.Join(errs...), checkGroups())
}

// checkRoot finds out whether root may do here what it may do on a machine; in a container it often may not.
func checkRoot() error {
	if os.Geteuid() != 0 {
		return errors.New("root is needed")
	}
	if err := machine.CheckNamespaces(); err != nil {
		return fmt.Errorf("root may not make namespaces, as in a container without privileges: %w", err)
	}
	return nil
}

func checkGroups() error {
	own, err := cgroup.Own()
	if err != nil {
		return err
	}
	err = own.Usable()
	if os.Geteuid() != 0 && errors.Is(err, fs.ErrPermission) {
		return nil // that is said already
	}
	return err
}
