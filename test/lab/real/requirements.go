package real

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/network"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/real/cgroup"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/real/machine"
	"golang.org/x/sys/unix"
)

// requiredPrograms are those that nodes run, and nsenter, which enters a node.
var requiredPrograms = []string{"containerd", "containerd-shim-runc-v2", "ctr", "runc", "nft", "iptables", "mount", "nsenter"}

// requiredPlugins are those of a node's pod network.
var requiredPlugins = []string{"bridge", "host-local", "loopback", "portmap"}

// CheckMachine returns nil if nodes can run on this machine. Otherwise the error lists everything
// that is missing, with the remedies.
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
	return errors.Join(checkRoot(), errors.Join(errs...), checkGroups(), checkWatchers(watchersOfNode))
}

// watchersOfNode are the inotify instances of kubelet (6), containerd and kube-proxy.
const watchersOfNode = 8

// checkWatchers checks whether this user may have this many more inotify instances. Programs of a
// node without one end, or work in part only, and do not say why.
func checkWatchers(wanted int) error {
	var watchers []int
	defer func() {
		for _, watcher := range watchers {
			_ = unix.Close(watcher)
		}
	}()
	for range wanted {
		watcher, err := unix.InotifyInit1(unix.IN_CLOEXEC)
		if err != nil {
			return fmt.Errorf("a node needs %d inotify instances, and this user has used up those of fs.inotify.max_user_instances: "+
				"stop another cluster, or raise that setting with sysctl: %w", wanted, err)
		}
		watchers = append(watchers, watcher)
	}
	return nil
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
