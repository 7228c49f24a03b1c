// Command sbom checks that a software bill of materials in the format CycloneDX lists what is linked into a Go program: the same
// modules and versions, and the version of Go. It takes the program and the file.
package main

import (
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: sbom PROGRAM FILE")
		os.Exit(2)
	}
	program, file := os.Args[1], os.Args[2]
	faults, err := check(program, file)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	for _, fault := range faults {
		fmt.Fprintf(os.Stderr, "%s: %s\n", file, fault)
	}
	if len(faults) > 0 {
		os.Exit(1)
	}
}

func check(program, file string) ([]string, error) {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return nil, fmt.Errorf("reading how %s was built: %w", program, err)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading the bill of materials: %w", err)
	}
	var listed bill
	if err := json.Unmarshal(content, &listed); err != nil {
		return nil, fmt.Errorf("decoding %s: %w", file, err)
	}
	return compare(info, listed), nil
}

// bill has those parts of CycloneDX that are compared (https://cyclonedx.org/docs/1.6/json/).
type bill struct {
	Format   string `json:"bomFormat"`
	Metadata struct {
		Component component `json:"component"`
	} `json:"metadata"`
	Components []component `json:"components"`
}

type component struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	PURL    string `json:"purl"`
}

// compare returns what one of the two has and the other has not.
func compare(info *buildinfo.BuildInfo, listed bill) []string {
	var faults []string
	if listed.Format != "CycloneDX" {
		faults = append(faults, fmt.Sprintf("the format is %q, not CycloneDX", listed.Format))
	}
	if main := listed.Metadata.Component; main.Name != info.Main.Path || main.Version == "" {
		faults = append(faults, fmt.Sprintf("it is about %s %s, and the program is of %s", main.Name, main.Version, info.Main.Path))
	}
	linked := []string{"std " + info.GoVersion}
	for _, module := range info.Deps {
		if module.Replace != nil {
			module = module.Replace
		}
		linked = append(linked, module.Path+" "+module.Version)
	}
	var named []string
	for _, c := range listed.Components {
		named = append(named, c.Name+" "+c.Version)
		if want := "pkg:golang/" + c.Name + "@" + c.Version; !strings.HasPrefix(c.PURL, want) {
			faults = append(faults, fmt.Sprintf("the package URL of %s is %s, and should begin with %s", c.Name, c.PURL, want))
		}
	}
	for _, module := range linked {
		if !slices.Contains(named, module) {
			faults = append(faults, fmt.Sprintf("it lacks %s, which is in the program", module))
		}
	}
	for _, module := range named {
		if !slices.Contains(linked, module) {
			faults = append(faults, fmt.Sprintf("it lists %s, which is not in the program", module))
		}
	}
	return faults
}
