package cgroup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// Check returns nil if this process can make groups for nodes. It changes nothing.
func Check() error {
	m, controllers, err := read()
	if err != nil {
		return err
	}
	own, err := m.group(controllers)
	if err != nil {
		return err
	}
	if _, ok := own.Version2(); !ok {
		return own.Usable()
	}
	if _, found := m.delegated(isUsable); found {
		return nil
	}
	return usableUnified(m.root)
}

// Parent returns the group below which this process makes groups for nodes. In version 1 that is
// its own.
//
// In version 2 it is the own one where systemd marked it as delegated. Where systemd runs, it is
// otherwise a new scope that systemd delegates, and this process is moved into it; the scope
// disappears with its last process. Otherwise it is the root.
func Parent(ctx context.Context) (Group, error) {
	m, controllers, err := read()
	if err != nil {
		return nil, err
	}
	own, err := m.group(controllers)
	if err != nil {
		return nil, err
	}
	if _, ok := own.Version2(); !ok {
		return own, nil
	}
	// Another goroutine may be doing the same.
	unlock, err := lock(m.root)
	if err != nil {
		return nil, fmt.Errorf("choosing a control group: %w", err)
	}
	defer unlock()
	if m, _, err = read(); err != nil {
		return nil, err
	}
	if dir, found := m.delegated(isUsable); found {
		return Group{unified: dir}, nil
	}
	// A systemd that refuses, such as that of another machine, leaves the root.
	if systemdRuns() && enterScope(ctx) == nil {
		if m, _, err = read(); err != nil {
			return nil, err
		}
		if dir, found := m.delegated(isUsable); found {
			return Group{unified: dir}, nil
		}
	}
	return Group{unified: m.root}, usableUnified(m.root)
}

// read returns the groups of this process, and which controllers version 2 has.
func read() (m membership, controllers []string, err error) {
	groups, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return m, nil, fmt.Errorf("reading the own control group: %w", err)
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return m, nil, fmt.Errorf("reading the mounts of control groups: %w", err)
	}
	if m, err = parse(string(groups), string(mounts)); err != nil || m.root == "" {
		return m, nil, err
	}
	controllers, err = words(m.root, controllersFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return m, nil, fmt.Errorf("reading the controllers of control groups: %w", err)
	}
	return m, controllers, nil
}

// isUsable reports whether nodes can have groups in a group that was delegated.
func isUsable(dir string) bool { return isDelegated(dir) && usableUnified(dir) == nil }

// isDelegated reports whether systemd marked a group as one that its processes may make groups in.
// Since version 251 anybody can read that, before only root
// (https://systemd.io/CGROUP_DELEGATION).
func isDelegated(dir string) bool {
	for _, name := range []string{"user.delegate", "trusted.delegate"} {
		value := make([]byte, 1)
		if n, err := unix.Getxattr(dir, name, value); err == nil && string(value[:n]) == "1" {
			return true
		}
	}
	return false
}
