package command

import "github.com/spf13/cobra"

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
