// The edge-ingress-verification measures whether the client's address reaches applications. `witness` runs the
// application that says which address it sees, and `prober` sends requests from a node and reports what was seen.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/edge-ingress/edge-ingress-operator/verification/answer"
	"github.com/edge-ingress/edge-ingress-operator/verification/prober"
	"github.com/edge-ingress/edge-ingress-operator/verification/witness"
)

// Set by the linker; see the Makefile.
var (
	version  = "dev"
	revision = "unknown"
)

// errUsage is returned after a message about wrong arguments was printed.
var errUsage = errors.New("wrong arguments")

// program is a subcommand: it reads its arguments and runs until the context ends.
type program struct {
	about string
	run   func(ctx context.Context, flags *flag.FlagSet, arguments []string) error
}

var programs = map[string]program{
	"prober":  {"Send requests from this node to the edge nodes, and report which address an application sees.", runProber},
	"witness": {"Say which address of a client applications see. It needs no rights.", runWitness},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
		return
	case errors.Is(err, errUsage):
		os.Exit(2) //nolint:gocritic // Nothing is left to stop.
	default:
		fmt.Fprintln(os.Stderr, "edge-ingress-verification:", err)
		os.Exit(1)
	}
}

// run runs the subcommand that the arguments begin with.
func run(ctx context.Context, arguments []string, output, messages io.Writer) error {
	if len(arguments) == 1 && (arguments[0] == "--version" || arguments[0] == "-version") {
		fmt.Fprintf(output, "edge-ingress-verification %s (revision %s, %s)\n", version, revision, runtime.Version())
		return nil
	}
	var chosen program
	if len(arguments) > 0 {
		chosen = programs[arguments[0]]
	}
	if chosen.run == nil {
		fmt.Fprintln(messages, "Usage: edge-ingress-verification witness|prober [flags], or --version")
		return errUsage
	}
	flags := flag.NewFlagSet("edge-ingress-verification "+arguments[0], flag.ContinueOnError)
	flags.SetOutput(messages)
	flags.Usage = func() {
		fmt.Fprintf(messages, "%s\n\nFlags of %s:\n", chosen.about, flags.Name())
		flags.PrintDefaults()
	}
	return chosen.run(ctx, flags, arguments[1:])
}

// parse reads the flags. The programs take no other arguments.
func parse(flags *flag.FlagSet, arguments []string) error {
	if err := flags.Parse(arguments); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return errUsage // The flag package has printed what is wrong.
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(flags.Output(), "%s takes only flags, and not %q\n", flags.Name(), flags.Arg(0))
		return errUsage
	}
	return nil
}

func runWitness(ctx context.Context, flags *flag.FlagSet, arguments []string) error {
	answers := flags.String("answer-bind-address", ":"+strconv.Itoa(answer.AnswerPort), "Address for requests that controllers pass on.")
	direct := flags.String("direct-bind-address", ":"+strconv.Itoa(answer.DirectPort), "Address for challenges of the prober, and for /healthz.")
	if err := parse(flags, arguments); err != nil {
		return err
	}
	return witness.Run(ctx, *answers, *direct)
}

func runProber(ctx context.Context, flags *flag.FlagSet, arguments []string) error {
	node := flags.String("node", os.Getenv("NODE_NAME"), "Name of the node that this runs on; default: the environment variable NODE_NAME.")
	namespace := flags.String("witness-namespace", "edge-ingress-operator-system", "Namespace of the witness, which is that of the operator.")
	kubeconfig := flags.String("kubeconfig", "", "Path of a kubeconfig; default: the ServiceAccount of the pod.")
	if err := parse(flags, arguments); err != nil {
		return err
	}
	config, err := connection(*kubeconfig)
	if err != nil {
		return fmt.Errorf("connecting to the API server: %w", err)
	}
	return prober.Run(ctx, prober.Options{
		Config: config, Node: *node, WitnessNamespace: *namespace,
		Version: version, Log: slog.New(slog.NewJSONHandler(flags.Output(), nil)),
	})
}

func connection(kubeconfig string) (*rest.Config, error) {
	if kubeconfig == "" {
		return rest.InClusterConfig()
	}
	return clientcmd.BuildConfigFromFlags("", kubeconfig)
}
