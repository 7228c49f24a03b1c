package command

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/instance"
	"github.com/spf13/cobra"
)

func newUp(s *settings) *cobra.Command {
	u := &starter{settings: s}
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Start a cluster that stays until `cluster down`, and print how to reach it",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := u.shape.validate(); err != nil {
				return err
			}
			return u.up(cmd.Context(), cmd.OutOrStdout())
		},
	}
	u.shape.addFlags(cmd)
	addNameFlag(cmd, &u.name)
	return cmd
}

func newDown(s *settings) *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use:   "down",
		Short: "Stop a cluster and remove all of it, also after a crash",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			instances, err := s.instances()
			if err != nil {
				return err
			}
			found, err := instances.Down(cmd.Context(), name)
			if err == nil && !found {
				fmt.Fprintf(os.Stderr, "there is no cluster %q\n", name)
			}
			return errors.Join(err, removeIfPresent(supervisorLog(instances, name)))
		},
	}
	addNameFlag(cmd, &name)
	return cmd
}

func addNameFlag(cmd *cobra.Command, name *string) {
	cmd.Flags().StringVar(name, "name", "dev", "name of the cluster")
}

// starter starts the supervisor of a cluster as a process of its own session.
type starter struct {
	settings *settings
	shape    shape
	name     string
}

func (u *starter) up(ctx context.Context, output io.Writer) error {
	// Built here, where people can see the progress: the supervisor writes to a file.
	if _, err := u.settings.parts(ctx, u.shape); err != nil {
		return err
	}
	instances, err := u.settings.instances()
	if err != nil {
		return err
	}
	if instances.Running(u.name) {
		return fmt.Errorf("starting cluster %q: %w", u.name, instance.ErrExists)
	}
	if err := os.MkdirAll(string(instances), 0o755); err != nil {
		return fmt.Errorf("creating the directory of clusters: %w", err)
	}
	connection, err := u.startSupervisor(ctx, supervisorLog(instances, u.name))
	if err != nil {
		return err
	}
	return json.NewEncoder(output).Encode(connection)
}

// startSupervisor returns when the cluster is ready. When the context ends before
// that, the supervisor receives SIGTERM.
func (u *starter) startSupervisor(ctx context.Context, logPath string) (connection instance.Connection, err error) {
	log, err := os.Create(logPath)
	if err != nil {
		return connection, fmt.Errorf("creating the supervisor's log: %w", err)
	}
	defer func() { _ = log.Close() }()
	cmd, err := u.supervisorCommand()
	if err != nil {
		return connection, err
	}
	cmd.Stderr = log
	announcement, err := cmd.StdoutPipe()
	if err != nil {
		return connection, fmt.Errorf("starting the supervisor: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return connection, fmt.Errorf("starting the supervisor: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Signal(syscall.SIGTERM) })
	defer stop()
	line, err := bufio.NewReader(announcement).ReadBytes('\n')
	if err != nil {
		err := errors.Join(ctx.Err(), cmd.Wait())
		messages, _ := os.ReadFile(logPath)
		return connection, errors.Join(fmt.Errorf("starting cluster %q: %w\n%s", u.name, err, messages), removeIfPresent(logPath))
	}
	if err := json.Unmarshal(line, &connection); err != nil {
		return connection, fmt.Errorf("reading the supervisor's announcement: %w", err)
	}
	return connection, nil
}

func (u *starter) supervisorCommand() (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding the own program: %w", err)
	}
	repository, err := u.settings.repository()
	if err != nil {
		return nil, err
	}
	args := append([]string{"run", "--detached", "--root=" + repository, "--name=" + u.name}, u.shape.arguments()...)
	// Bound to no context: it outlives this command.
	return &exec.Cmd{Path: self, Args: append([]string{self}, args...), SysProcAttr: &syscall.SysProcAttr{Setsid: true}}, nil
}

func supervisorLog(instances instance.Root, name string) string {
	return filepath.Join(string(instances), name+".log")
}

func removeIfPresent(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

func newAttach(s *settings) *cobra.Command {
	var cluster, program string
	var pid int
	cmd := &cobra.Command{
		Use:   "attach",
		Short: "Make a process that runs already, and leads its process group, end with a cluster",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			instances, err := s.instances()
			if err != nil {
				return err
			}
			return instances.Attach(cluster, program, pid)
		},
	}
	addNameFlag(cmd, &cluster)
	cmd.Flags().StringVar(&program, "program", "", "what to call the process")
	cmd.Flags().IntVar(&pid, "pid", 0, "number of the process")
	for _, flag := range []string{"program", "pid"} {
		if err := cmd.MarkFlagRequired(flag); err != nil {
			panic(err) // the flag is defined above
		}
	}
	return cmd
}
