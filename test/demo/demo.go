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
	managerPath = "bin/manager"
	// verificationPath is the program of the prober and the witness.
	verificationPath = "bin/edge-ingress-verification"
	clusterPath      = "bin/cluster"
	kubectlPath      = "bin/k8s/kubectl"
	installation     = "test/demo/simulated"
	pluginPath       = "bin/kubectl-edge_ingress"
	// kubeconfigPath is the one of the cluster with the name clusterName.
	kubeconfigPath = "bin/run/" + clusterName + "/admin.kubeconfig"
	sample         = "config/samples/v1alpha1_edgeingress.yaml"
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
	choice choice
	screen *screen

	cluster *localCluster
	// operator is nil where the operator runs in the cluster.
	operator *operator
}

// run tells the story and always cleans up. An error includes the end of the operator's log.
func (d *demo) run(ctx context.Context) error {
	running, end := context.WithCancelCause(ctx)
	err := d.tell(running, end)
	switch {
	case ctx.Err() != nil:
		err = fmt.Errorf("interrupted: %w", context.Cause(ctx))
	case running.Err() != nil:
		err = d.withOperatorLog(ctx, context.Cause(running))
	case err != nil:
		err = d.withOperatorLog(ctx, err)
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
	d.screen.introduction(d.choice)
	var digest string
	var err error
	if d.choice.nodes == realNodes {
		if digest, err = makeReady(ctx, d.root); err != nil {
			return err
		}
		d.screen.started = time.Now() // what was built is there the next time
	}
	if d.cluster, err = startCluster(ctx, d.root, d.keep, d.choice.nodes); err != nil {
		return err
	}
	story, err := newStory(d.root, d.cluster, d.screen)
	if err != nil {
		return err
	}
	if d.choice.nodes == realNodes {
		return story.tell(ctx, story.withRealNodes(digest, d.keep))
	}
	startProcess := func(ctx context.Context) (err error) {
		d.operator, err = startOperator(ctx, d.root, d.cluster, end)
		return err
	}
	return story.tell(ctx, story.withSimulatedNodes(startProcess, d.keep))
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
func (d *demo) withOperatorLog(ctx context.Context, err error) error {
	content, reading := d.operatorLog(ctx)
	if len(content) == 0 && reading == nil {
		return err
	}
	kept := filepath.Join(d.root, failureLog)
	if reading == nil {
		reading = os.WriteFile(kept, content, 0o600)
	}
	if reading != nil {
		return errors.Join(err, fmt.Errorf("keeping the operator's log: %w", reading))
	}
	return fmt.Errorf("%w\nThe operator's log is kept in %s. It ends with:\n%s", err, kept, lastLines(string(content), failureLines))
}

// operatorLog is empty where the operator was not started yet.
func (d *demo) operatorLog(ctx context.Context) ([]byte, error) {
	switch {
	case d.operator != nil:
		return os.ReadFile(d.operator.logPath)
	case d.cluster != nil && d.choice.nodes == realNodes:
		ctx, done := context.WithTimeout(ctx, cleanUpTimeout)
		defer done()
		log, _, err := (&kubectl{root: d.root, cluster: d.cluster}).run(ctx, logs...)
		if err != nil {
			return nil, nil // there is no pod yet
		}
		return []byte(log), nil
	default:
		return nil, nil
	}
}

// logs are the arguments for the log of an operator in the cluster.
var logs = []string{"logs", "deployment/" + serviceAccount, "-n", operatorNamespace}

func (d *demo) sayHowToGoOn() {
	d.screen.ending("KEEP=1: the cluster and the operator go on running. Use them with:")
	follow := "tail -f "
	if d.operator != nil {
		follow += d.operator.logPath
	} else {
		follow = "kubectl " + commandLine(append(logs, "-f"))
	}
	for _, line := range []string{
		preparation,
		"kubectl get edgeingress -o wide",
		"kubectl describe edgeingress " + edgeName,
		follow,
		"make demo-stop    # ends both and removes all of it",
	} {
		d.screen.line(indent + line)
	}
}

// preparation makes a shell take the commands that are shown as they stand.
const preparation = "export KUBECONFIG=$PWD/" + kubeconfigPath + "; alias kubectl=$PWD/" + kubectlPath

func lastLines(text string, count int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	lines = lines[max(0, len(lines)-count):]
	for i, line := range lines {
		lines[i] = shorten(line, 2*lineWidth)
	}
	return strings.Join(lines, "\n")
}
