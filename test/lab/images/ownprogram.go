package images

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// ownBuilder builds a program of this repository when its files or the compiler have changed. It
// checks nothing else, so it is only for programs that import the standard library alone.
type ownBuilder struct {
	// moduleDir is where go.mod is; pkg is the program's directory below it.
	moduleDir, pkg string
	// output is the file of the program.
	output string
}

func programFile(dir, name string) string { return filepath.Join(dir, "programs", name) }

// build returns the file of the program. It writes the key beside it last, so that an interrupted
// build does not count.
func (b ownBuilder) build(ctx context.Context) (file string, err error) {
	key, err := b.key()
	if err != nil {
		return "", err
	}
	keyFile := b.output + ".key"
	if stored, err := os.ReadFile(keyFile); err == nil && string(stored) == key {
		if _, err := os.Stat(b.output); err == nil {
			return b.output, nil
		}
	}
	if err := errors.Join(os.RemoveAll(keyFile), os.MkdirAll(filepath.Dir(b.output), 0o755)); err != nil {
		return "", fmt.Errorf("preparing the build of %s: %w", b.pkg, err)
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-C", b.moduleDir, "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", b.output, b.pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off")
	if messages, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %w\n%s", b.pkg, err, messages)
	}
	if err := os.WriteFile(keyFile, []byte(key), 0o644); err != nil {
		return "", fmt.Errorf("writing the build key of %s: %w", b.pkg, err)
	}
	return b.output, nil
}

func (b ownBuilder) key() (string, error) {
	sum := sha256.New()
	fmt.Fprintf(sum, "%s %s\n", runtime.Version(), b.pkg)
	if err := addFiles(sum, os.DirFS(filepath.Join(b.moduleDir, b.pkg)), "."); err != nil {
		return "", fmt.Errorf("computing the build key of %s: %w", b.pkg, err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
