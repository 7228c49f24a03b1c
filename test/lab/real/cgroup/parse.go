package cgroup

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// mount is one mounted hierarchy.
type mount struct {
	// root is the group that is seen at the mount point.
	root    string
	point   string
	options []string
}

// parse finds the directories of the group that a process is in, from its /proc/PID/cgroup and its
// /proc/PID/mountinfo (cgroups(7), proc_pid_mountinfo(5)).
func parse(membership, mountinfo string) (Group, error) {
	mounts := parseMounts(mountinfo)
	group := Group{}
	for line := range strings.Lines(membership) {
		_, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
		hierarchy, path, found := strings.Cut(rest, ":")
		if !found {
			return nil, fmt.Errorf("reading the own control group: unexpected line %q", line)
		}
		if hierarchy == "" { // version 2
			continue
		}
		dir, err := find(mounts, hierarchy, path)
		if err != nil {
			return nil, err
		}
		group[hierarchy] = dir
	}
	if !slices.ContainsFunc(group.Hierarchies(), hasControllers) {
		return nil, ErrVersion2
	}
	return group, nil
}

func hasControllers(hierarchy string) bool { return !strings.HasPrefix(hierarchy, "name=") }

func parseMounts(mountinfo string) []mount {
	const rootField, pointField, leastFields = 3, 4, 6
	const typeField, optionsField, fieldsOfType = 0, 2, 3
	var mounts []mount
	for line := range strings.Lines(mountinfo) {
		where, what, _ := strings.Cut(line, " - ")
		left, right := strings.Fields(where), strings.Fields(what)
		if len(left) < leastFields || len(right) < fieldsOfType || right[typeField] != "cgroup" {
			continue
		}
		mounts = append(mounts, mount{root: left[rootField], point: left[pointField], options: strings.Split(right[optionsField], ",")})
	}
	return mounts
}

func find(mounts []mount, hierarchy, path string) (string, error) {
	for _, m := range mounts {
		inside, visible := below(path, m.root)
		if visible && containsAll(m.options, strings.Split(hierarchy, ",")) {
			return filepath.Join(m.point, inside), nil
		}
	}
	return "", fmt.Errorf("finding the own control group: %q of hierarchy %q is mounted nowhere", path, hierarchy)
}

// below returns path relative to root, and whether it is root or below it.
func below(path, root string) (string, bool) {
	if path == root {
		return "", true
	}
	return strings.CutPrefix(path, strings.TrimSuffix(root, "/")+"/")
}

func containsAll(list, wanted []string) bool {
	return !slices.ContainsFunc(wanted, func(item string) bool { return !slices.Contains(list, item) })
}
