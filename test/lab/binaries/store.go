// Package binaries provides the programs of a local cluster: it builds them from
// Go modules that are pinned by committed go.mod and go.sum files, once, and finds
// them again afterwards.
//
// Programs that the environment variable KUBEBUILDER_ASSETS offers are used from
// there, each for itself, whatever their version.
package binaries

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/filelock"
)

// AssetsVariable is the environment variable with a directory of ready programs,
// as the envtest package of controller-runtime knows it.
const AssetsVariable = "KUBEBUILDER_ASSETS"

// Store is a directory of built programs.
type Store struct {
	// Dir is where the programs are.
	Dir string
	// ModulesDir holds one Go module for each origin of programs.
	ModulesDir string
	// Assets is a directory of ready programs that are preferred, or "".
	Assets string
	// Kubernetes is the version of the control plane.
	Kubernetes Kubernetes
	// Progress receives lines for people.
	Progress io.Writer
}

// Paths maps the name of a program to its file.
type Paths map[string]string

// Ensure returns the paths of the named programs and builds those that are
// missing or were built from something else. Only one process builds at a time;
// others wait for it.
func (s Store) Ensure(ctx context.Context, names ...string) (Paths, error) {
	paths := Paths{}
	var wanted []program
	for _, p := range catalogue(s.Kubernetes) {
		if !slices.Contains(names, p.name) {
			continue
		}
		if asset := s.asset(p.name); asset != "" {
			paths[p.name] = asset
			continue
		}
		paths[p.name] = s.path(p)
		wanted = append(wanted, p)
	}
	missing, err := s.missing(wanted)
	if err != nil || len(missing) == 0 {
		return paths, err
	}
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("creating the directory of programs: %w", err)
	}
	release, err := filelock.Acquire(ctx, filepath.Join(s.Dir, ".lock"), func() {
		fmt.Fprintln(s.Progress, "waiting for another process that is building ...")
	})
	if err != nil {
		return nil, err
	}
	return paths, errors.Join(s.buildMissing(ctx, wanted), release())
}

// buildMissing looks again at what is missing, as another process may have built
// it while we waited for the lock.
func (s Store) buildMissing(ctx context.Context, wanted []program) error {
	missing, err := s.missing(wanted)
	if err != nil {
		return err
	}
	for i, p := range missing {
		fmt.Fprintf(s.Progress, "building %s %s (%d of %d; the first build takes minutes) ...\n", p.name, p.version, i+1, len(missing))
		start := time.Now()
		if err := s.build(ctx, p); err != nil {
			return err
		}
		fmt.Fprintf(s.Progress, "built %s in %.0f s\n", p.name, time.Since(start).Seconds())
	}
	return nil
}

func (s Store) asset(name string) string {
	if s.Assets == "" {
		return ""
	}
	path := filepath.Join(s.Assets, name)
	if info, err := os.Stat(path); err != nil || info.IsDir() {
		return ""
	}
	return path
}

func (s Store) path(p program) string    { return filepath.Join(s.Dir, p.dir, p.name) }
func (s Store) keyPath(p program) string { return filepath.Join(s.Dir, p.dir, "."+p.name+".built") }

func (s Store) missing(wanted []program) ([]program, error) {
	var missing []program
	for _, p := range wanted {
		key, err := buildKey(p, filepath.Join(s.ModulesDir, p.module))
		if err != nil {
			return nil, err
		}
		current, err := s.isCurrent(p, key)
		if err != nil {
			return nil, err
		}
		if !current {
			missing = append(missing, p)
		}
	}
	return missing, nil
}

func (s Store) isCurrent(p program, key string) (bool, error) {
	stored, err := os.ReadFile(s.keyPath(p))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("reading the build key of %s: %w", p.name, err)
	}
	_, err = os.Stat(s.path(p))
	return err == nil && string(stored) == key, nil
}

// build makes one program. The key is written last: a build that was interrupted
// leaves a program without a key, which counts as missing.
func (s Store) build(ctx context.Context, p program) error {
	moduleDir := filepath.Join(s.ModulesDir, p.module)
	key, err := buildKey(p, moduleDir)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(s.keyPath(p)); err != nil {
		return fmt.Errorf("removing the old build key of %s: %w", p.name, err)
	}
	if err := os.MkdirAll(filepath.Dir(s.path(p)), 0o755); err != nil {
		return fmt.Errorf("creating the directory of %s: %w", p.name, err)
	}
	temporary := filepath.Join(filepath.Dir(s.path(p)), "."+p.name+".new")
	if err := goBuild(ctx, moduleDir, temporary, p); err != nil {
		return err
	}
	if err := os.Rename(temporary, s.path(p)); err != nil {
		return fmt.Errorf("moving %s into place: %w", p.name, err)
	}
	if err := os.WriteFile(s.keyPath(p), []byte(key), 0o644); err != nil {
		return fmt.Errorf("writing the build key of %s: %w", p.name, err)
	}
	return nil
}

func goBuild(ctx context.Context, moduleDir, output string, p program) error {
	output, err := filepath.Abs(output)
	if err != nil {
		return fmt.Errorf("building %s: %w", p.name, err)
	}
	arguments := append([]string{"build", "-C", moduleDir}, buildArguments(p)...)
	cmd := exec.CommandContext(ctx, "go", append(arguments, "-o", output, p.pkg)...)
	// GOFLAGS of the user must not change the result, and a go.work around the
	// repository must not replace the pinned versions.
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	var messages strings.Builder
	cmd.Stdout, cmd.Stderr = &messages, &messages
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("building %s %s: %w\n%s", p.name, p.version, err, messages.String())
	}
	return nil
}
