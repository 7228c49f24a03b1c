package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Where things are, from the root of the repository.
const (
	managerPath  = "bin/manager"
	clusterPath  = "bin/cluster"
	kubectlPath  = "bin/k8s/kubectl"
	installation = "hack/demo"
	sample       = "config/samples/v1alpha1_edgeingress.yaml"
	// failureLog is where the operator's log is kept after a failure: the cluster's directory is removed.
	failureLog = "bin/demo-operator.log"
)

const (
	// cleanUpTimeout is many times what stopping takes.
	cleanUpTimeout = time.Minute
	failureLines   = 8
)

// demo is one run.
type demo struct {
	root   string
	keep   bool
	screen *screen

	cluster  *localCluster
	operator *operator
}

// run tells the story and cleans up, whatever happened. What goes wrong is told with the operator's last words.
func (d *demo) run(ctx context.Context) error {
	running, end := context.WithCancelCause(ctx)
	err := d.tell(running, end)
	switch {
	case ctx.Err() != nil:
		err = fmt.Errorf("interrupted: %w", context.Cause(ctx))
	case running.Err() != nil:
		err = d.withOperatorLog(context.Cause(running))
	case err != nil:
		err = d.withOperatorLog(err)
	case d.keep:
		d.sayHowToGoOn()
		return nil
	}
	end(nil)
	cleanUp, done := context.WithTimeout(context.WithoutCancel(ctx), cleanUpTimeout)
	defer done()
	if err := errors.Join(err, d.cleanUp(cleanUp)); err != nil {
		return err
	}
	d.screen.ending("The operator and the cluster are stopped, and nothing is left of them.")
	return nil
}

func (d *demo) tell(ctx context.Context, end context.CancelCauseFunc) error {
	d.screen.introduction()
	d.screen.chapter("A cluster: two edge machines and three workers, in two zones")
	var err error
	if d.cluster, err = startCluster(ctx, d.root, d.keep); err != nil {
		return err
	}
	story, err := newStory(d.root, d.cluster, d.screen)
	if err != nil {
		return err
	}
	if err := story.addNodes(ctx); err != nil {
		return err
	}
	if err := story.install(ctx); err != nil {
		return err
	}
	if d.operator, err = startOperator(ctx, d.root, d.cluster, end); err != nil {
		return err
	}
	return story.tell(ctx, d.keep)
}

func (d *demo) cleanUp(ctx context.Context) error {
	var errs []error
	if d.operator != nil {
		errs = append(errs, d.operator.stop(ctx))
	}
	if d.cluster != nil {
		errs = append(errs, d.cluster.stop(ctx))
	}
	return errors.Join(errs...)
}

// withOperatorLog keeps the operator's log and adds its end to the error.
func (d *demo) withOperatorLog(err error) error {
	if d.operator == nil {
		return err
	}
	kept := filepath.Join(d.root, failureLog)
	content, readErr := os.ReadFile(d.operator.logPath)
	if readErr == nil {
		readErr = os.WriteFile(kept, content, 0o600)
	}
	if readErr != nil {
		return errors.Join(err, fmt.Errorf("keeping the operator's log: %w", readErr))
	}
	return fmt.Errorf("%w\nThe operator's log is kept in %s. It ends with:\n%s", err, kept, lastLines(string(content), failureLines))
}

func (d *demo) sayHowToGoOn() {
	d.screen.ending("KEEP=1: the cluster and the operator go on running. Use them with:")
	for _, line := range []string{
		"export KUBECONFIG=" + d.cluster.Kubeconfig,
		kubectlPath + " get edgeingress -o wide",
		kubectlPath + " describe edgeingress " + edgeName,
		"tail -f " + d.operator.logPath,
		"make demo-stop    # ends both and removes all of it",
	} {
		d.screen.line("  " + line)
	}
}

func lastLines(text string, count int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	lines = lines[max(0, len(lines)-count):]
	for i, line := range lines {
		lines[i] = shorten(line, 2*lineWidth)
	}
	return strings.Join(lines, "\n")
}
