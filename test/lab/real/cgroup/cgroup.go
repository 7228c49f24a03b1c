// Package cgroup creates control groups for nodes, of version 1 or of version 2, and takes back
// everything that it changed for them.
//
// In version 1 they are below the caller's own group, so that their processes stay within the
// caller's limits. In version 2 they are below a group that was delegated to the caller, and
// otherwise below the root (see Parent).
package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// removeTimeout is how long processes that were killed may take to leave a group.
	removeTimeout = 10 * time.Second
	pollInterval  = 20 * time.Millisecond

	// namePrefix begins the names of all groups that this package makes, so that those of several
	// clusters are known as such.
	namePrefix = "lab-"
)

// Group is a control group: its directory in each hierarchy. The name of a hierarchy is the one in
// /proc/PID/cgroup: in version 1 its controllers, such as "cpu,cpuacct", or its name, such as
// "name=systemd"; in version 2, which has one hierarchy, "".
type Group map[string]string

// requiredControllers are those of version 1 that kubelet and runc do not work without.
var requiredControllers = []string{"cpu", "cpuacct", "cpuset", "devices", "memory", "pids"}

// Usable returns an error if nodes cannot have groups below g: the machine may have some
// controllers in the other version, and a container may see all of them without the right to change
// anything.
func (g Group) Usable() error {
	if dir, ok := g.Version2(); ok {
		return usableUnified(dir)
	}
	var present []string
	for hierarchy := range g {
		present = append(present, strings.Split(hierarchy, ",")...)
	}
	var errs []error
	for _, controller := range requiredControllers {
		if !slices.Contains(present, controller) {
			errs = append(errs, fmt.Errorf("this machine has no control groups of version 1 for %s: "+
				"add cgroup_no_v1=all to the kernel's command line, which gives version 2 all controllers, and start the machine again", controller))
		}
	}
	for _, hierarchy := range g.Hierarchies() {
		errs = append(errs, writable(g[hierarchy]))
	}
	return errors.Join(errs...)
}

func writable(dir string) error {
	if err := unix.Access(dir, unix.W_OK); err != nil {
		return fmt.Errorf("no control group can be made in %s (a container needs --privileged for that): %w", dir, err)
	}
	return nil
}

// Version2 returns the directory of a group of version 2, and whether it is one.
func (g Group) Version2() (dir string, ok bool) {
	dir, ok = g[unified]
	return dir, ok
}

// Child is the group of that name below g, whether it exists or not. Its directory has a prefix.
func (g Group) Child(name string) Group {
	child := Group{}
	for hierarchy, dir := range g {
		child[hierarchy] = filepath.Join(dir, namePrefix+name)
	}
	return child
}

// Hierarchies returns the names of the hierarchies in alphabetical order.
func (g Group) Hierarchies() []string { return slices.Sorted(maps.Keys(g)) }

// Make creates the group, below a parent that exists. In version 2 it also enables the parent's
// controllers for it, which Remove takes back.
func (g Group) Make() error {
	if dir, ok := g.Version2(); ok {
		return makeUnified(dir)
	}
	for hierarchy, dir := range g {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return fmt.Errorf("making a control group: %w", err)
		}
		if !slices.Contains(strings.Split(hierarchy, ","), "cpuset") {
			continue
		}
		// No process can join a cpuset before it has processors and memory.
		for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
			if err := copyValue(filepath.Join(filepath.Dir(dir), file), filepath.Join(dir, file)); err != nil {
				return fmt.Errorf("making a control group: %w", err)
			}
		}
	}
	return nil
}

func copyValue(from, to string) error {
	value, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, value, 0o644)
}

// Join moves this process into the group, in all hierarchies.
func (g Group) Join() error {
	for _, dir := range g {
		if err := os.WriteFile(filepath.Join(dir, processesFile), []byte(strconv.Itoa(os.Getpid())), 0o644); err != nil {
			return fmt.Errorf("joining a control group: %w", err)
		}
	}
	return nil
}

// Settle lets the processes that see g as the root of their control groups make groups below it
// that have controllers. Call it when they have their namespace, and have started nothing yet.
// Version 1 needs nothing of this.
func (g Group) Settle() error {
	dir, ok := g.Version2()
	if !ok {
		return nil
	}
	if err := enable(dir); err != nil {
		return fmt.Errorf("enabling controllers below a control group: %w", err)
	}
	return nil
}

// Remove removes the group with all groups below it, and takes back what Make changed in its
// parent, unless other groups of this package need it. It waits a short time for processes that are
// ending, and returns an error if one stays. A group that does not exist counts as removed.
func (g Group) Remove() error {
	deadline := time.NewTimer(removeTimeout)
	defer deadline.Stop()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		err := g.removeOnce()
		if !errors.Is(err, syscall.EBUSY) {
			return err
		}
		select {
		case <-deadline.C:
			return err
		case <-ticker.C:
		}
	}
}

func (g Group) removeOnce() error {
	var errs []error
	for _, dir := range g {
		errs = append(errs, removeTree(dir))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("removing a control group: %w", err)
	}
	if dir, ok := g.Version2(); ok {
		return restore(filepath.Dir(dir))
	}
	return nil
}

// removeTree removes directories only: the files in them are the kernel's, and go with them.
func removeTree(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var errs []error
	for _, entry := range entries {
		if entry.IsDir() {
			errs = append(errs, removeTree(filepath.Join(dir, entry.Name())))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if err := syscall.Rmdir(dir); err != nil && !errors.Is(err, syscall.ENOENT) {
		return &os.PathError{Op: "rmdir", Path: dir, Err: err}
	}
	return nil
}
