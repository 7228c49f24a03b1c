package instance

import (
	"fmt"
	"path/filepath"
	"syscall"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/process"
)

// Attach makes a process that somebody else started end with the cluster of that name, whichever way the
// cluster ends. The process must lead its own process group, since it is the group that is ended.
func (r Root) Attach(cluster, program string, pid int) error {
	if !r.Running(cluster) {
		return fmt.Errorf("attaching %s: there is no running cluster %q", program, cluster)
	}
	if program == "" || program != filepath.Base(program) {
		return fmt.Errorf("attaching process %d: it cannot be called %q", pid, program)
	}
	identity, err := process.Identify(pid)
	if err != nil {
		return fmt.Errorf("attaching %s: %w", program, err)
	}
	group, err := syscall.Getpgid(pid)
	if err != nil {
		return fmt.Errorf("attaching %s: reading its process group: %w", program, err)
	}
	if group != pid {
		return fmt.Errorf("attaching %s: process %d does not lead its process group", program, pid)
	}
	return identity.Save(filepath.Join(process.IdentityDir(r.dir(cluster)), program+".json"))
}
