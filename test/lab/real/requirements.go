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

// requirement is a file or a program that a node needs, and the Debian package that brings it.
type requirement struct{ name, debianPackage string }

// requiredPrograms are those that nodes run, and nsenter, which enters a node.
var requiredPrograms = []requirement{
	{"containerd", "containerd"},
	{"containerd-shim-runc-v2", "containerd"},
	{"ctr", "containerd"},
	{"runc", "runc"},
	{"nft", "nftables"},
	{"iptables", "iptables"},
	{"mount", "mount"},
	{"nsenter", "util-linux"},
}

// requiredPlugins are those of a node's pod network.
var requiredPlugins = []requirement{
	{"bridge", pluginPackage},
	{"host-local", pluginPackage},
	{"loopback", pluginPackage},
	{"portmap", pluginPackage},
}

// CheckMachine returns nil if nodes can run on this machine. Otherwise the error lists everything
// that is missing, with the remedies.
func CheckMachine() error {
	var errs []error
	var packages []string
	for _, program := range requiredPrograms {
		if _, err := exec.LookPath(program.name); err != nil {
			errs = append(errs, fmt.Errorf("program %s is missing", program.name))
			packages = append(packages, program.debianPackage)
		}
	}
	for _, plugin := range requiredPlugins {
		if _, err := os.Stat(filepath.Join(pluginDir, plugin.name)); err != nil {
			errs = append(errs, fmt.Errorf("network plugin %s is missing: %w", plugin.name, err))
			packages = append(packages, plugin.debianPackage)
		}
	}
	kernel := network.CheckKernel()
	if kernel != nil {
		errs = append(errs, kernel)
	}
	if len(errs) > 0 {
		errs = append(errs, errors.New(thisSystem().remedy(packages, kernel != nil)))
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
	err := cgroup.Check()
	if os.Geteuid() != 0 && errors.Is(err, fs.ErrPermission) {
		return nil // that is said already
	}
	return err
}
