package machine

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

const (
	cgroupRoot = "/sys/fs/cgroup"
	// plainMode is for a temporary file system with files, and without programs or devices.
	plainMode = unix.MS_NOSUID | unix.MS_NODEV
)

// mountAll gives the node its own view of what a machine has once: processes, devices of the
// network, control groups, run-time state, and the directories and files of the plan. The machine
// does not change.
func (n *node) mountAll() error {
	steps := []func() error{separate, mountKernel, n.mountControlGroups, mountRunDir, n.bindAll}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// separate ends the exchange of mounts with the machine, and begins one with the containers of the
// node, which kubelet needs for volumes.
func separate() error {
	for _, propagation := range []uintptr{unix.MS_PRIVATE, unix.MS_SHARED} {
		if err := unix.Mount("", "/", "", unix.MS_REC|propagation, ""); err != nil {
			return fmt.Errorf("separating the mounts of the node: %w", err)
		}
	}
	return nil
}

func mountKernel() error {
	return mountEach(
		mounting{"proc", "/proc", "proc", plainMode | unix.MS_NOEXEC, ""},
		mounting{"sysfs", "/sys", "sysfs", plainMode | unix.MS_NOEXEC, ""},
	)
}

// mountControlGroups mounts every hierarchy again, which shows the node's group as the root.
func (n *node) mountControlGroups() error {
	if _, ok := n.plan.Group.Version2(); ok {
		return mountEach(mounting{"cgroup2", cgroupRoot, "cgroup2", plainMode | unix.MS_NOEXEC, ""})
	}
	if err := mountEach(mounting{"tmpfs", cgroupRoot, "tmpfs", plainMode | unix.MS_NOEXEC, "mode=755"}); err != nil {
		return err
	}
	for _, hierarchy := range n.plan.Group.Hierarchies() {
		m, links := hierarchyMount(hierarchy)
		if err := os.Mkdir(m.target, 0o755); err != nil {
			return fmt.Errorf("making a mount point: %w", err)
		}
		if err := mountEach(m); err != nil {
			return err
		}
		for _, link := range links {
			if err := os.Symlink(filepath.Base(m.target), link); err != nil {
				return fmt.Errorf("naming a control group hierarchy: %w", err)
			}
		}
	}
	return nil
}

// hierarchyMount returns the mount of a hierarchy of version 1 at its usual place. A hierarchy with several
// controllers, "cpu,cpuacct", also has a link for each of their names.
func hierarchyMount(hierarchy string) (m mounting, links []string) {
	name, named := strings.CutPrefix(hierarchy, "name=")
	m = mounting{"cgroup", filepath.Join(cgroupRoot, name), "cgroup", plainMode | unix.MS_NOEXEC, hierarchy}
	if named {
		m.options = "none," + hierarchy
	}
	if controllers := strings.Split(name, ","); len(controllers) > 1 {
		for _, controller := range controllers {
			links = append(links, filepath.Join(cgroupRoot, controller))
		}
	}
	return m, links
}

func mountRunDir() error {
	if err := mountEach(mounting{"tmpfs", "/run", "tmpfs", plainMode, "mode=755"}); err != nil {
		return err
	}
	for _, dir := range []string{"/run/lock", "/run/netns"} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return fmt.Errorf("making a run-time directory: %w", err)
		}
	}
	return nil
}

func (n *node) bindAll() error {
	if err := n.replaceParents(); err != nil {
		return err
	}
	for _, point := range slices.Sorted(maps.Keys(n.plan.Directories)) {
		if err := os.MkdirAll(point, 0o755); err != nil {
			return fmt.Errorf("making a mount point: %w", err)
		}
		if err := bind(n.plan.Directories[point], point); err != nil {
			return err
		}
	}
	for _, point := range slices.Sorted(maps.Keys(n.plan.Files)) {
		if err := bind(n.plan.Files[point], point); err != nil {
			return err
		}
	}
	return nil
}

// replaceParents lets the node make mount points that the machine neither has nor gets.
func (n *node) replaceParents() error {
	parents := map[string]bool{}
	for point := range n.plan.Directories {
		parents[filepath.Dir(point)] = true
	}
	for _, parent := range slices.Sorted(maps.Keys(parents)) {
		if err := replace(parent); err != nil {
			return fmt.Errorf("replacing %s: %w", parent, err)
		}
	}
	return nil
}

// replace mounts a temporary file system over a directory, and shows the directories of the machine
// in it, because programs and files of the node may be below them. Everything else in the directory
// is hidden. New files exist in the node only.
func replace(dir string) error {
	machine, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer func() { _ = machine.Close() }()
	entries, err := machine.ReadDir(-1)
	if err != nil {
		return err
	}
	if err := mountEach(mounting{"tmpfs", dir, "tmpfs", plainMode, "mode=755"}); err != nil {
		return err
	}
	covered := fmt.Sprintf("/proc/self/fd/%d", machine.Fd())
	for _, entry := range entries {
		if err := show(entry, covered, dir); err != nil {
			return err
		}
	}
	return nil
}

// show gives a directory the same entry as another one has, if it is a directory or a link.
func show(entry fs.DirEntry, from, to string) error {
	source, target := filepath.Join(from, entry.Name()), filepath.Join(to, entry.Name())
	switch entry.Type() {
	case fs.ModeDir:
		if err := os.Mkdir(target, 0o755); err != nil {
			return err
		}
		err := mountEach(mounting{source, target, "", unix.MS_BIND | unix.MS_REC, ""})
		if errors.Is(err, fs.ErrNotExist) {
			return os.Remove(target) // the machine has removed it meanwhile
		}
		return err
	case fs.ModeSymlink:
		destination, err := os.Readlink(source)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		return os.Symlink(destination, target)
	default:
		return nil
	}
}

func bind(source, target string) error {
	return mountEach(mounting{source, target, "", unix.MS_BIND, ""})
}

type mounting struct {
	source, target, kind string
	flags                uintptr
	options              string
}

func mountEach(list ...mounting) error {
	for _, m := range list {
		if err := unix.Mount(m.source, m.target, m.kind, m.flags, m.options); err != nil {
			return fmt.Errorf("mounting %s on %s: %w", m.source, m.target, err)
		}
	}
	return nil
}
