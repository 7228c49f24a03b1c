package cgroup

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// membership says where the groups of a process are.
type membership struct {
	// version1 has the process's group in each hierarchy of version 1.
	version1 Group
	// hasVersion1 says that version 1 has controllers.
	hasVersion1 bool
	// hidden is why groups of version 1 are missing in version1.
	hidden error
	// own and root are directories of version 2: the process's own group, and the topmost one that
	// is mounted. Both are "" where version 2 is not mounted, or shows another part of the tree.
	own, root string
}

// mount is one mounted hierarchy.
type mount struct {
	kind string
	// root is the group that is seen at the mount point.
	root    string
	point   string
	options []string
}

// The types of file system of the two versions.
const (
	kindVersion1 = "cgroup"
	kindVersion2 = "cgroup2"
)

// parse finds the groups of a process from its /proc/PID/cgroup and its /proc/PID/mountinfo
// (cgroups(7), proc_pid_mountinfo(5)).
func parse(groups, mountinfo string) (membership, error) {
	mounts := parseMounts(mountinfo)
	m := membership{version1: Group{}}
	for line := range strings.Lines(groups) {
		_, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
		hierarchy, path, found := strings.Cut(rest, ":")
		if !found {
			return m, fmt.Errorf("reading the own control group: unexpected line %q", line)
		}
		if hierarchy == unified {
			m.own, m.root = findUnified(mounts, path)
			continue
		}
		m.hasVersion1 = m.hasVersion1 || !strings.HasPrefix(hierarchy, "name=")
		dir, err := find(mounts, hierarchy, path)
		if err != nil {
			m.hidden = errors.Join(m.hidden, err)
			continue
		}
		m.version1[hierarchy] = dir
	}
	return m, nil
}

// group is the process's own group in the version that nodes use: version 2 where that has the
// controllers they need, and otherwise version 1. A controller is in one of them only.
func (m membership) group(controllers2 []string) (Group, error) {
	complete := containsAll(controllers2, requiredControllers2)
	switch {
	case m.root != "" && (complete || !m.hasVersion1):
		return Group{unified: m.own}, nil
	case !m.hasVersion1:
		return nil, errors.New("finding the own control group: neither version 1 nor version 2 is mounted with that group in it")
	default:
		return m.version1, m.hidden
	}
}

// delegated is the group of version 2 that was handed over for making groups in it, which is the
// process's own if any. Another one belongs to somebody else (https://systemd.io/CGROUP_DELEGATION).
func (m membership) delegated(marked func(dir string) bool) (dir string, found bool) {
	dir = m.own
	if filepath.Base(dir) == leaf { // makeUnified has moved this process
		dir = filepath.Dir(dir)
	}
	return dir, dir != m.root && marked(dir)
}

func parseMounts(mountinfo string) []mount {
	const rootField, pointField, leastFields = 3, 4, 6
	const typeField, optionsField, fieldsOfType = 0, 2, 3
	var mounts []mount
	for line := range strings.Lines(mountinfo) {
		where, what, _ := strings.Cut(line, " - ")
		left, right := strings.Fields(where), strings.Fields(what)
		if len(left) < leastFields || len(right) < fieldsOfType {
			continue
		}
		if kind := right[typeField]; kind == kindVersion1 || kind == kindVersion2 {
			mounts = append(mounts, mount{kind: kind, root: left[rootField], point: left[pointField], options: strings.Split(right[optionsField], ",")})
		}
	}
	return mounts
}

func find(mounts []mount, hierarchy, path string) (string, error) {
	for _, m := range mounts {
		inside, visible := below(path, m.root)
		if m.kind == kindVersion1 && visible && containsAll(m.options, strings.Split(hierarchy, ",")) {
			return filepath.Join(m.point, inside), nil
		}
	}
	return "", fmt.Errorf("finding the own control group: %q of hierarchy %q is mounted nowhere", path, hierarchy)
}

func findUnified(mounts []mount, path string) (own, root string) {
	for _, m := range mounts {
		if inside, visible := below(path, m.root); m.kind == kindVersion2 && visible {
			return filepath.Join(m.point, inside), m.point
		}
	}
	return "", ""
}

// below returns path relative to root, and whether it is root or below it. The path of a group
// outside of the own cgroup namespace begins with "/.." (cgroup_namespaces(7)).
func below(path, root string) (string, bool) {
	if path == root {
		return "", true
	}
	if path == "/.." || strings.HasPrefix(path, "/../") {
		return "", false
	}
	return strings.CutPrefix(path, strings.TrimSuffix(root, "/")+"/")
}

func containsAll(list, wanted []string) bool {
	return !slices.ContainsFunc(wanted, func(item string) bool { return !slices.Contains(list, item) })
}
