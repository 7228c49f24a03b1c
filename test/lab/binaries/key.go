package binaries

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// buildKey is a checksum of everything that decides what a build produces: the
// package, the flags, and the module files that pin every dependency.
func buildKey(p program, moduleDir string) (string, error) {
	sum := sha256.New()
	fmt.Fprintf(sum, "%s\n%s\n%q\n", p.name, p.pkg, buildArguments(p))
	for _, name := range []string{"go.mod", "go.sum"} {
		if err := addFile(sum, filepath.Join(moduleDir, name)); err != nil {
			return "", fmt.Errorf("computing the build key of %s: %w", p.name, err)
		}
	}
	return p.version + " " + hex.EncodeToString(sum.Sum(nil)), nil
}

func addFile(sum io.Writer, path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	fmt.Fprintf(sum, "%s %d\n", filepath.Base(path), len(content))
	_, err = sum.Write(content)
	return err
}

// buildArguments are the flags of `go build` that change the result.
func buildArguments(p program) []string {
	linker := make([]string, 0, 2+len(p.variables))
	linker = append(linker, "-s", "-w")
	for name, value := range p.variables {
		linker = append(linker, "-X="+name+"="+value)
	}
	slices.Sort(linker)
	arguments := []string{"-mod=readonly", "-trimpath", "-ldflags", strings.Join(linker, " ")}
	if p.tags != "" {
		arguments = append(arguments, "-tags", p.tags)
	}
	return arguments
}
