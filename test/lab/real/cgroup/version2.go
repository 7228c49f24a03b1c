package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

const (
	// unified is the name of version 2's one hierarchy in /proc/PID/cgroup.
	unified = ""

	controllersFile = "cgroup.controllers"
	enabledFile     = "cgroup.subtree_control"
	processesFile   = "cgroup.procs"
	// typeFile exists in every group but the machine's root.
	typeFile = "cgroup.type"

	// leaf is the group for the processes of a group whose other children have controllers: a group
	// has the one or the other, apart from the root
	// (https://docs.kernel.org/admin-guide/cgroup-v2.html, "No Internal Process Constraint").
	leaf = "processes-of-lab"

	// mark is an attribute of a group with the controllers that enable has enabled below it. The
	// kernel keeps it as long as the group, so whoever comes after a crash finds it.
	mark = "trusted.lab.enabled"
)

var (
	// requiredControllers2 are those of version 2 that kubelet and runc do not work without.
	requiredControllers2 = []string{"cpu", "cpuset", "memory", "pids"}
	// usedControllers are those that they use where they exist.
	usedControllers = append(slices.Clone(requiredControllers2), "hugetlb", "io")
)

func usableUnified(dir string) error {
	available, err := words(dir, controllersFile)
	if err != nil {
		return fmt.Errorf("reading the controllers of control groups: %w", err)
	}
	var errs []error
	for _, controller := range requiredControllers2 {
		if !slices.Contains(available, controller) {
			errs = append(errs, fmt.Errorf("control groups of version 2 in %s have no controller %s: "+
				"a container needs --privileged to have all that its machine has", dir, controller))
		}
	}
	return errors.Join(append(errs, writable(dir))...)
}

func makeUnified(dir string) error {
	parent := filepath.Dir(dir)
	unlock, err := lock(parent)
	if err != nil {
		return fmt.Errorf("making a control group: %w", err)
	}
	defer unlock()
	if err := enable(parent); err != nil {
		return fmt.Errorf("enabling controllers for a control group: %w", err)
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return fmt.Errorf("making a control group: %w", err)
	}
	return nil
}

// enable gives the children of a group its controllers, and writes down in the group which of them
// they did not have before.
func enable(dir string) error {
	available, err := words(dir, controllersFile)
	if err != nil {
		return err
	}
	enabled, err := words(dir, enabledFile)
	if err != nil {
		return err
	}
	missing := slices.DeleteFunc(slices.Clone(usedControllers), func(controller string) bool {
		return !slices.Contains(available, controller) || slices.Contains(enabled, controller)
	})
	if len(missing) == 0 {
		return nil
	}
	if err := vacate(dir); err != nil {
		return err
	}
	former, err := marked(dir)
	if err != nil {
		return err
	}
	if err := unix.Setxattr(dir, mark, []byte(strings.Join(append(former, missing...), " ")), 0); err != nil {
		return fmt.Errorf("marking %s: %w", dir, err)
	}
	for _, controller := range missing {
		if err := write(dir, enabledFile, "+"+controller); err != nil {
			return err
		}
	}
	return nil
}

// restore takes back what enable has changed in a group, unless it has children of this package
// left. Controllers that others use in the meantime stay enabled.
func restore(dir string) error {
	err := restoreLocked(dir)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENODEV) {
		return nil // the group has gone with everything in it, as a scope does at any time
	}
	if err != nil {
		return fmt.Errorf("restoring a control group: %w", err)
	}
	return nil
}

func restoreLocked(dir string) error {
	unlock, err := lock(dir)
	if err != nil {
		return err
	}
	defer unlock()
	if left, err := filepath.Glob(filepath.Join(dir, namePrefix+"*")); err != nil || len(left) > 0 {
		return err
	}
	controllers, err := marked(dir)
	if err != nil || len(controllers) == 0 {
		return err
	}
	used := false
	for _, controller := range controllers {
		err := write(dir, enabledFile, "-"+controller)
		if err != nil && !errors.Is(err, unix.EBUSY) {
			return err
		}
		used = used || err != nil
	}
	if err := unix.Removexattr(dir, mark); err != nil {
		return fmt.Errorf("removing the mark of %s: %w", dir, err)
	}
	if used {
		return nil // then its own processes must stay where they are
	}
	return occupy(dir)
}

// marked returns the controllers that enable has enabled below a group.
func marked(dir string) ([]string, error) {
	const longest = 256
	value := make([]byte, longest)
	n, err := unix.Getxattr(dir, mark, value)
	if errors.Is(err, unix.ENODATA) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the mark of %s: %w", dir, err)
	}
	return strings.Fields(string(value[:n])), nil
}

// vacate moves the processes of a group into its leaf.
func vacate(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, typeFile)); errors.Is(err, fs.ErrNotExist) {
		return nil // the root
	}
	return move(dir, filepath.Join(dir, leaf))
}

// occupy moves the processes of its leaf into a group, and removes the leaf.
func occupy(dir string) error {
	from := filepath.Join(dir, leaf)
	if _, err := os.Stat(from); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := move(from, dir); err != nil {
		return err
	}
	return removeTree(from)
}

// move moves all processes from one group to another, and those that they start in the meantime.
func move(from, to string) error {
	const rounds = 100
	for range rounds {
		processes, err := words(from, processesFile)
		if err != nil || len(processes) == 0 {
			return err
		}
		if err := os.Mkdir(to, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		for _, process := range processes {
			if process == "0" { // to write that would move this process
				return fmt.Errorf("moving the processes of %s: one of them is outside of this PID namespace", from)
			}
			if err := write(to, processesFile, process); err != nil && !errors.Is(err, unix.ESRCH) {
				return err
			}
		}
	}
	return fmt.Errorf("moving the processes of %s: new ones appear all the time", from)
}

// lock keeps other processes of this package from changing a group. The kernel releases it when the
// process ends.
func lock(dir string) (unlock func(), err error) {
	file, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	for {
		err = unix.Flock(int(file.Fd()), unix.LOCK_EX)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("locking %s: %w", dir, err), file.Close())
	}
	return func() { _ = file.Close() }, nil
}

func words(dir, file string) ([]string, error) {
	content, err := os.ReadFile(filepath.Join(dir, file))
	return strings.Fields(string(content)), err
}

func write(dir, file, value string) error {
	if err := os.WriteFile(filepath.Join(dir, file), []byte(value), 0o644); err != nil {
		return fmt.Errorf("writing %q: %w", value, err)
	}
	return nil
}
