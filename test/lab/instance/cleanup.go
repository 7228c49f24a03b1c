package instance

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/process"
	realnode "github.com/edge-ingress/edge-ingress-operator/test/lab/real"
)

// Down stops the cluster of that name, whatever state it is in, and removes its
// directory. It reports whether there was one.
func (r Root) Down(ctx context.Context, name string) (found bool, err error) {
	supervisor, err := r.supervisor(name)
	if err == nil && supervisor.Alive() {
		if err := supervisor.End(stopTimeout); err != nil {
			return true, fmt.Errorf("stopping cluster %q: %w", name, err)
		}
		found = true
	}
	release, err := r.lock(ctx)
	if err != nil {
		return found, err
	}
	swept, err := r.sweepOne(name)
	return found || swept, errors.Join(err, release())
}

// Sweep cleans up after all clusters whose supervisor is no more.
func (r Root) Sweep(ctx context.Context) (err error) {
	release, err := r.lock(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	names, err := r.names()
	if err != nil {
		return err
	}
	var errs []error
	for _, name := range names {
		_, err := r.sweepOne(name)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// sweepOne removes what a cluster without a supervisor left, and reports whether
// there was anything. A cluster that runs is left alone.
func (r Root) sweepOne(name string) (bool, error) {
	if r.Running(name) {
		return false, nil
	}
	if _, err := os.Stat(r.dir(name)); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return true, Remove(r.dir(name))
}

// Remove ends the programs that still run for the cluster of a directory, takes
// away what its nodes left on the machine, and removes the directory. No program
// should be left, as they die with their supervisor.
func Remove(dir string) error {
	files, err := filepath.Glob(filepath.Join(process.IdentityDir(dir), "*.json"))
	if err != nil {
		return fmt.Errorf("listing processes: %w", err)
	}
	var errs []error
	for _, file := range files {
		identity, err := process.LoadIdentity(file)
		if err != nil {
			continue // removed by its own supervisor meanwhile
		}
		errs = append(errs, identity.End(0))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("ending processes of an abandoned cluster: %w", err)
	}
	if err := realnode.Sweep(NodesDir(dir)); err != nil {
		return fmt.Errorf("cleaning up behind the nodes of a cluster: %w", err)
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("removing the directory of a cluster: %w", err)
	}
	return nil
}
