package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
)

// kubectl runs the real kubectl as the cluster's administrator.
type kubectl struct {
	root    string
	cluster *localCluster
	screen  *screen
}

// show runs a command and shows it together with what it prints.
func (k *kubectl) show(ctx context.Context, arguments ...string) error {
	output, err := k.output(ctx, arguments...)
	if err != nil {
		return err
	}
	k.announce(arguments...)
	k.screen.quote(output)
	return nil
}

// do shows a command that answers nothing but that it was done.
func (k *kubectl) do(ctx context.Context, arguments ...string) error {
	k.announce(arguments...)
	_, err := k.output(ctx, arguments...)
	return err
}

// showDenied shows a question of the kind "auth can-i" that the API server has to answer with no.
func (k *kubectl) showDenied(ctx context.Context, arguments ...string) error {
	answer, complaint, _ := k.run(ctx, arguments...) // with "no" it fails, too
	if strings.TrimSpace(answer) != "no" {
		return fmt.Errorf("running kubectl %s: the answer must be no: %s%s", commandLine(arguments), answer, complaint)
	}
	k.announce(arguments...)
	k.screen.quote(answer)
	return nil
}

// announce shows a command as one would type it.
func (k *kubectl) announce(arguments ...string) {
	k.screen.line(indent + "$ kubectl " + commandLine(arguments))
}

// output runs a command and answers all that it prints; the error holds it as well.
func (k *kubectl) output(ctx context.Context, arguments ...string) (string, error) {
	output, complaint, err := k.run(ctx, arguments...)
	if err != nil {
		return "", fmt.Errorf("running kubectl %s: %w: %s", commandLine(arguments), err, strings.TrimSpace(complaint))
	}
	return output + complaint, nil
}

func (k *kubectl) run(ctx context.Context, arguments ...string) (output, complaint string, err error) {
	command := exec.CommandContext(ctx, filepath.Join(k.root, kubectlPath), arguments...)
	command.Dir = k.root
	// The user's own settings, and the cache in his home directory, stay out of it.
	command.Env = []string{
		"PATH=" + os.Getenv("PATH"), "KUBECONFIG=" + k.cluster.Kubeconfig,
		"KUBECACHEDIR=" + filepath.Join(k.cluster.Dir, "kubectl-cache"), "KUBERC=off",
	}
	// A Ctrl-C is for the demo, which stops things in order.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var stdout, stderr strings.Builder
	command.Stdout, command.Stderr = &stdout, &stderr
	err = command.Run()
	return stdout.String(), stderr.String(), err
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:=,@%+-]+$`)

// commandLine quotes what a shell would take apart.
func commandLine(arguments []string) string {
	words := make([]string, 0, len(arguments))
	for _, argument := range arguments {
		if !plainWord.MatchString(argument) {
			argument = "'" + strings.ReplaceAll(argument, "'", `'\''`) + "'"
		}
		words = append(words, argument)
	}
	return strings.Join(words, " ")
}
