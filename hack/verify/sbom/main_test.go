package main

import (
	"debug/buildinfo"
	"runtime/debug"
	"slices"
	"testing"
)

func TestABillOfMaterialsIsComparedWithTheProgram(t *testing.T) {
	program := &buildinfo.BuildInfo{
		GoVersion: "go1.26.10", Main: debug.Module{Path: "example.com/main"},
		Deps: []*debug.Module{
			{Path: "example.com/a", Version: "v1.0.0"},
			{Path: "example.com/b", Version: "v1.0.0", Replace: &debug.Module{Path: "example.com/c", Version: "v3.0.0"}},
		},
	}
	of := func(name, version string) component {
		return component{name, version, "pkg:golang/" + name + "@" + version + "?type=module"}
	}
	a, c, std := of("example.com/a", "v1.0.0"), of("example.com/c", "v3.0.0"), of("std", "go1.26.10")
	for name, row := range map[string]struct {
		format, main string
		components   []component
		want         []string
	}{
		"it lists everything": {"CycloneDX", "example.com/main", []component{a, c, std}, nil},
		"it lists another version": {"CycloneDX", "example.com/main", []component{of("example.com/a", "v1.0.1"), c, std}, []string{
			"it lacks example.com/a v1.0.0, which is in the program", "it lists example.com/a v1.0.1, which is not in the program",
		}},
		"it lacks a module":        {"CycloneDX", "example.com/main", []component{c, std}, []string{"it lacks example.com/a v1.0.0, which is in the program"}},
		"it lacks Go":              {"CycloneDX", "example.com/main", []component{a, c}, []string{"it lacks std go1.26.10, which is in the program"}},
		"it lists too much":        {"CycloneDX", "example.com/main", []component{a, c, std, of("example.com/d", "v1")}, []string{"it lists example.com/d v1, which is not in the program"}},
		"it is of another program": {"CycloneDX", "example.com/other", []component{a, c, std}, []string{"it is about example.com/other v1, and the program is of example.com/main"}},
		"it has another format":    {"SPDX", "example.com/main", []component{a, c, std}, []string{`the format is "SPDX", not CycloneDX`}},
		"a package URL is wrong": {"CycloneDX", "example.com/main", []component{{"example.com/a", "v1.0.0", "pkg:golang/x@v1"}, c, std}, []string{
			"the package URL of example.com/a is pkg:golang/x@v1, and should begin with pkg:golang/example.com/a@v1.0.0",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			listed := bill{Format: row.format, Components: row.components}
			listed.Metadata.Component = of(row.main, "v1")
			if got := compare(program, listed); !slices.Equal(got, row.want) {
				t.Errorf("%q, want %q", got, row.want)
			}
		})
	}
}
