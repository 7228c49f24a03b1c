// Package cgroup creates control groups of version 1 below the caller's own, so that their
// processes stay within the caller's limits and nothing else of the machine changes.
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
)

// ErrVersion2 says that the machine has control groups of version 2 only.
var ErrVersion2 = errors.New("this machine has control groups of version 2 only, and real nodes need version 1: " +
	"on Debian 12, add systemd.unified_cgroup_hierarchy=0 to GRUB_CMDLINE_LINUX in /etc/default/grub, run update-grub, and start the machine again")

// Group is a control group: its directory in each hierarchy. The name of a hierarchy is the one in
// /proc/PID/cgroup: its controllers, such as "cpu,cpuacct", or its name, such as "name=systemd".
type Group map[string]string

// Own returns the group of this process. The error is ErrVersion2 where there are no hierarchies of
// version 1.
func Own() (Group, error) {
	membership, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return nil, fmt.Errorf("reading the own control group: %w", err)
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("reading the mounts of control groups: %w", err)
	}
	return parse(string(membership), string(mounts))
}

// requiredControllers are those that kubelet and runc do not work without.
var requiredControllers = []string{"cpu", "cpuacct", "cpuset", "devices", "memory", "pids"}

// Usable returns an error if nodes cannot have groups below g: the machine may have some
// controllers in version 2, and a container may see all of them without the right to change
// anything.
func (g Group) Usable() error {
	var present []string
	for hierarchy := range g {
		present = append(present, strings.Split(hierarchy, ",")...)
	}
	var errs []error
	for _, controller := range requiredControllers {
		if !slices.Contains(present, controller) {
			errs = append(errs, fmt.Errorf("this machine has no control groups of version 1 for %s", controller))
		}
	}
	for _, hierarchy := range g.Hierarchies() {
		if err := unix.Access(g[hierarchy], unix.W_OK); err != nil {
			errs = append(errs, fmt.Errorf("no control group can be made in %s: %w", g[hierarchy], err))
		}
	}
	return errors.Join(errs...)
}

// Child is the group of that name below g, whether it exists or not.
func (g Group) Child(name string) Group {
	child := Group{}
	for hierarchy, dir := range g {
		child[hierarchy] = filepath.Join(dir, name)
	}
	return child
}

// Hierarchies returns the names of the hierarchies in alphabetical order.
func (g Group) Hierarchies() []string { return slices.Sorted(maps.Keys(g)) }

// Make creates the group, below a parent that exists.
func (g Group) Make() error {
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
		if err := os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte(strconv.Itoa(os.Getpid())), 0o644); err != nil {
			return fmt.Errorf("joining a control group: %w", err)
		}
	}
	return nil
}

// Remove removes the group with all groups below it. It waits a short time for processes that are
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
