// Package command is the command line of the plugin: flags, output and exit codes.
package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/edge-ingress/edge-ingress-operator/plugin/cluster"
	"github.com/edge-ingress/edge-ingress-operator/verification/probe"
)

// The exit codes. Scripts rely on them.
const (
	ExitKept      = 0
	ExitLost      = 1
	ExitUndecided = 2
	ExitError     = 3
)

// Environment is what the commands know of this machine.
type Environment struct {
	Out, Err io.Writer
	// Terminal says that Out is one.
	Terminal bool
	Getenv   func(string) string
	// Local are the addresses of this machine's network interfaces.
	Local func() ([]netip.Addr, error)
	// Resolve returns the addresses of a host name.
	Resolve func(ctx context.Context, host string) ([]netip.Addr, error)
	// Send sends one request to the witness.
	Send func(context.Context, probe.Request) probe.Reply
	// Version of the plugin.
	Version string
}

// Machine is the real environment.
func Machine(version string) Environment {
	info, err := os.Stdout.Stat()
	return Environment{
		Out: os.Stdout, Err: os.Stderr, Terminal: err == nil && info.Mode()&os.ModeCharDevice != 0,
		Getenv: os.Getenv, Local: localAddresses, Send: probe.Send, Version: version,
		Resolve: func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		},
	}
}

func localAddresses() ([]netip.Addr, error) {
	networks, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("reading this machine's addresses: %w", err)
	}
	var addresses []netip.Addr
	for _, network := range networks {
		if prefix, err := netip.ParsePrefix(network.String()); err == nil && !prefix.Addr().IsLoopback() {
			addresses = append(addresses, prefix.Addr().Unmap())
		}
	}
	return addresses, nil
}

// codeError ends the program with this exit code; what there is to say has been said.
type codeError int

func (e codeError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// Run runs the command line and returns the exit code.
func Run(ctx context.Context, arguments []string, env Environment) int {
	root := newRoot(env) //nolint:contextcheck // Cobra hands the context of ExecuteContext to each command.
	root.SetArgs(arguments)
	root.SetOut(env.Out)
	root.SetErr(env.Err)
	err := root.ExecuteContext(ctx)
	var code codeError
	switch {
	case err == nil:
		return ExitKept
	case errors.As(err, &code):
		return int(code)
	default:
		fmt.Fprintln(env.Err, "error:", err)
		return ExitError
	}
}

func newRoot(env Environment) *cobra.Command {
	root := &cobra.Command{
		Use:   "kubectl-edge_ingress",
		Short: "Measure and show whether applications see the real client address",
		Annotations: map[string]string{
			cobra.CommandDisplayNameAnnotation: "kubectl edge-ingress",
		},
		Version:       env.Version,
		SilenceErrors: true, SilenceUsage: true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	connection := newConnection(root.PersistentFlags())
	root.AddCommand(newVerify(env, connection), newPath(env, connection))
	return root
}

// connection holds kubectl's usual flags.
type connection struct {
	rules     *clientcmd.ClientConfigLoadingRules
	overrides *clientcmd.ConfigOverrides
}

func newConnection(flags *pflag.FlagSet) *connection {
	c := &connection{clientcmd.NewDefaultClientConfigLoadingRules(), &clientcmd.ConfigOverrides{}}
	flags.StringVar(&c.rules.ExplicitPath, "kubeconfig", "", "Path to the kubeconfig file to use for CLI requests.")
	names := clientcmd.RecommendedConfigOverrideFlags("")
	// All objects here are cluster-scoped.
	names.ContextOverrideFlags.Namespace.LongName = ""
	clientcmd.BindOverrideFlags(c.overrides, flags, names)
	return c
}

func (c *connection) client() (*cluster.Client, error) {
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(c.rules, c.overrides).ClientConfig()
	if clientcmd.IsEmptyConfig(err) {
		return nil, errors.New("there is no kubeconfig: write --kubeconfig FILE, or set KUBECONFIG")
	}
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	if config.Timeout == 0 {
		config.Timeout = 20 * time.Second
	}
	return cluster.New(config)
}

// oneName takes exactly one argument, the name of an EdgeIngress, and otherwise lists those that exist.
func (c *connection) oneName(command *cobra.Command, arguments []string) error {
	if len(arguments) == 1 && arguments[0] != "" {
		return nil
	}
	if len(arguments) > 1 {
		return fmt.Errorf("%d names are too many: write one, such as `%s %s`", len(arguments), command.CommandPath(), arguments[0])
	}
	usage := fmt.Sprintf("the name of an EdgeIngress is missing: write `%s NAME`", command.CommandPath())
	client, err := c.client()
	if err != nil {
		return errors.New(usage)
	}
	names, err := client.EdgeIngressNames(command.Context())
	if err != nil || len(names) == 0 {
		return errors.New(usage)
	}
	return fmt.Errorf("%s with one of: %s", usage, joined(names))
}
