package command

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/instance"
	"github.com/spf13/cobra"
)

func newExec(s *settings) *cobra.Command {
	var cluster string
	cmd := &cobra.Command{
		Use:   "exec --cluster NAME HOST -- program [argument ...]",
		Short: "Run a program in a host of a cluster with real nodes: a node, the fabric, or a host outside",
		Long: `Run a program in a host of a cluster with real nodes. Nodes have files, processes and a network
of their own; other hosts (fabric, client, lb, natrouter, natclient) only a network. This process becomes
the program of a host; with a node it waits for it, and a signal has to be sent to its process group.`,
		Args: cobra.MinimumNArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			instances, err := s.instances()
			if err != nil {
				return err
			}
			host, err := instances.Host(cluster, args[0])
			if err != nil {
				return err
			}
			return enter(host, args[1:])
		},
	}
	addClusterFlag(cmd, &cluster)
	return cmd
}

func addClusterFlag(cmd *cobra.Command, cluster *string) {
	cmd.Flags().StringVar(cluster, "cluster", "dev", "name of the cluster")
}

// enter replaces this process by the program; it returns only if that is not possible.
func enter(host instance.Host, program []string) error {
	nsenter, err := exec.LookPath("nsenter")
	if err != nil {
		return fmt.Errorf("entering a host: %w", err)
	}
	arguments := []string{nsenter, "--net=" + host.NetNS}
	if host.PID != 0 {
		arguments = append(arguments, "--target="+strconv.Itoa(host.PID), "--mount", "--uts", "--ipc", "--pid", "--cgroup")
	}
	arguments = append(append(arguments, "--"), program...)
	if err := syscall.Exec(nsenter, arguments, os.Environ()); err != nil {
		return fmt.Errorf("entering a host: %w", err)
	}
	return nil
}
