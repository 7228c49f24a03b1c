package machine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/process"
)

// Names of the commands by which a program that uses this package calls itself: see Shim and Boot.
const (
	ShimCommand = "node-shim"
	BootCommand = "node-init"
)

const namespaces = syscall.CLONE_NEWNS | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC | syscall.CLONE_NEWPID | syscall.CLONE_NEWCGROUP

// Shim starts the node of a plan file in new namespaces, and ends it when the context ends. It
// returns when the node has ended, which is always an error. Its network namespace becomes the
// node's. The program of this process must call Boot when its first argument is BootCommand.
func Shim(ctx context.Context, planFile string) error {
	// The kernel kills the node when the thread that started it ends.
	runtime.LockOSThread()
	plan, err := loadPlan(planFile)
	if err != nil {
		return err
	}
	if err := plan.Group.Join(); err != nil {
		return err
	}
	boot, err := startBoot(ctx, plan)
	if err != nil {
		return fmt.Errorf("starting process 1 of node %s: %w", plan.HostName, err)
	}
	if err := boot.Wait(); err != nil {
		return fmt.Errorf("node %s has ended: %w", plan.HostName, cmp.Or(context.Cause(ctx), err))
	}
	return errors.New("node " + plan.HostName + " has ended")
}

// CheckNamespaces returns nil if this process may make the namespaces of a node.
func CheckNamespaces() error {
	cmd := exec.Command("true") //nolint:noctx // it ends at once
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: namespaces | syscall.CLONE_NEWNET}
	return cmd.Run()
}

// startBoot sends the plan only when the new process is bound to this one, and everything outside of
// it is prepared. If this one fails or is killed before that, the other reads an empty plan and ends
// too.
func startBoot(ctx context.Context, plan Plan) (*exec.Cmd, error) {
	cmd := exec.CommandContext(ctx, "/proc/self/exe", BootCommand)
	cmd.Args[0] = os.Args[0]
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: namespaces, Pdeathsig: syscall.SIGKILL, Setsid: true}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	identity, err := process.Identify(cmd.Process.Pid)
	if err == nil {
		err = identity.Save(plan.IdentityFile)
	}
	if err == nil {
		err = plan.Group.Settle()
	}
	if err == nil {
		err = json.NewEncoder(stdin).Encode(plan)
	}
	return cmd, errors.Join(err, stdin.Close())
}
