package cgroup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"time"

	systemd "github.com/coreos/go-systemd/v22/dbus"
	"github.com/godbus/dbus/v5"
)

// scopeTimeout is many times what systemd takes on a busy machine.
const scopeTimeout = time.Minute

// systemdRuns reports whether this machine was started by systemd (sd_booted(3)).
func systemdRuns() bool {
	_, err := os.Stat("/run/systemd/system")
	return !errors.Is(err, fs.ErrNotExist)
}

// enterScope asks systemd to move this process into a scope of its own whose group is delegated, as
// `systemd-run --scope --property=Delegate=yes` does for a new process.
func enterScope(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, scopeTimeout, errors.New("systemd did not answer"))
	defer cancel()
	conn, err := systemd.NewWithContext(ctx)
	if err != nil {
		return fmt.Errorf("connecting to systemd: %w", err)
	}
	defer conn.Close()
	pid := os.Getpid()
	// A process that ended may have had the same number, and systemd may not have noticed yet.
	name := namePrefix + strconv.Itoa(pid) + "-" + strconv.FormatInt(time.Now().UnixMilli(), 36) + ".scope"
	done := make(chan string, 1)
	_, err = conn.StartTransientUnitContext(ctx, name, "fail", []systemd.Property{
		systemd.PropDescription("Nodes of a local Kubernetes cluster"),
		systemd.PropPids(uint32(pid)),
		{Name: "Delegate", Value: dbus.MakeVariant(true)},
		// Nothing is left in the list of units when it has failed.
		{Name: "CollectMode", Value: dbus.MakeVariant("inactive-or-failed")},
	}, done)
	if err != nil {
		return fmt.Errorf("asking systemd for the scope %s: %w", name, err)
	}
	select {
	case result := <-done:
		if result != "done" {
			return fmt.Errorf("asking systemd for the scope %s: its answer is %q", name, result)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("asking systemd for the scope %s: %w", name, context.Cause(ctx))
	}
}
