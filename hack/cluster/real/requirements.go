package real

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/edge-ingress/edge-ingress-operator/hack/cluster/real/cgroup"
)

// CheckMachine returns nil if nodes can run on this machine, or everything that is missing.
func CheckMachine() error {
	var errs []error
	if os.Geteuid() != 0 {
		errs = append(errs, errors.New("root is needed"))
	}
	for _, name := range []string{"containerd", "containerd-shim-runc-v2", "ctr", "runc", "nft", "iptables"} {
		if _, err := exec.LookPath(name); err != nil {
			errs = append(errs, fmt.Errorf("program %s is missing", name))
		}
	}
	for _, name := range []string{"bridge", "host-local", "loopback", "portmap"} {
		if _, err := os.Stat(filepath.Join(pluginDir, name)); err != nil {
			errs = append(errs, fmt.Errorf("network plugin %s is missing: %w", name, err))
		}
	}
	if len(errs) > 0 {
		errs = append(errs, errors.New("`make e2e-deps` installs programs and plugins"))
	}
	_, err := cgroup.Own()
	return errors.Join(append(errs, err)...)
}
