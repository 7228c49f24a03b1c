package real

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

const (
	pluginPackage = "containernetworking-plugins"
	bridgeModule  = "br_netfilter"
)

// system is what os-release(5) says about a machine.
type system struct {
	// id is such as "debian".
	id string
	// like are the systems that it is made from, the nearest first.
	like []string
	// name is for people.
	name string
}

// thisSystem is empty where there is no such file.
func thisSystem() system {
	for _, file := range []string{"/etc/os-release", "/usr/lib/os-release"} {
		if content, err := os.ReadFile(file); err == nil {
			return parseSystem(string(content))
		}
	}
	return system{}
}

func parseSystem(content string) (s system) {
	for line := range strings.Lines(content) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		if unquoted, err := strconv.Unquote(value); err == nil {
			value = unquoted
		}
		value = strings.Trim(value, "'")
		switch key {
		case "ID":
			s.id = value
		case "ID_LIKE":
			s.like = strings.Fields(value)
		case "PRETTY_NAME":
			s.name = value
		}
	}
	return s
}

func (s system) is(id string) bool { return s.id == id || slices.Contains(s.like, id) }

// remedy says how to get Debian packages, and the kernel's module for bridges where that is missing,
// whose own error names the command that loads it.
func (s system) remedy(packages []string, module bool) string {
	packages = slices.Compact(slices.Sorted(slices.Values(packages)))
	list := strings.Join(packages, ", ")
	if !s.is("debian") {
		return s.remedyElsewhere(list)
	}
	var steps []string
	if len(packages) > 0 {
		steps = append(steps, "installs "+list)
	}
	if module {
		steps = append(steps, "loads "+bridgeModule)
	}
	text := "as root, `make e2e-deps` " + strings.Join(steps, " and ")
	if s.is("ubuntu") && slices.Contains(packages, pluginPackage) {
		text += fmt.Sprintf("; %s is in Ubuntu's component universe: where that is off, `add-apt-repository universe` first", pluginPackage)
	}
	return text
}

func (s system) remedyElsewhere(list string) string {
	name := s.name
	if name == "" {
		name = "this system"
	}
	text := "`make e2e-deps` is for Debian and Ubuntu"
	if list != "" {
		text += fmt.Sprintf(": install what %s has for Debian's packages %s, with the network plugins in %s", name, list, pluginDir)
	}
	return text
}
