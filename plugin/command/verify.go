package command

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/plugin/cluster"
	"github.com/edge-ingress/edge-ingress-operator/plugin/look"
	"github.com/edge-ingress/edge-ingress-operator/verification/evidence"
)

const verifyLong = `Send requests from this machine through every published address, and compare what an application sees
with the address of this machine's own socket. Run it on a machine outside the cluster, best one whose
network interface has a public address.

Exit codes:
  0  this machine's address arrived everywhere, and no forged address was believed
  1  another address arrived, or a forged one was believed
  2  the requests could not decide it; the output says why
  3  wrong arguments, or an error`

const verifyExample = `  # Measure, and write the result into the cluster, where the condition SourceIPPreserved takes it up.
  kubectl edge-ingress verify public --save

  # Cross a CDN that knows only real host names. The name has to be in spec.verification.hosts.
  kubectl edge-ingress verify public --host www.example.com

  # Ask one address, with the result for a script.
  kubectl edge-ingress verify public --address 203.0.113.10 -o json`

// verifyFlags are the flags of verify.
type verifyFlags struct {
	addresses     []string
	host          string
	clientAddress string
	ports         look.Ports
	save          bool
	vantage       string
	output        string
	quiet         bool
	timeout       time.Duration
}

func newVerify(env Environment, connection *connection) *cobra.Command {
	f := &verifyFlags{}
	command := &cobra.Command{
		Use: "verify NAME", Short: "Measure from this machine whether applications see its address",
		Long: verifyLong, Example: verifyExample, Args: connection.oneName,
		RunE: func(command *cobra.Command, arguments []string) error {
			if err := f.check(); err != nil {
				return err
			}
			return f.run(command.Context(), env, connection, arguments[0])
		},
	}
	flags := command.Flags()
	flags.StringSliceVar(&f.addresses, "address", nil, "Address or host name to ask instead of those in the status. Can be repeated.")
	flags.StringVar(&f.host, "host", "", "Real host name to ask for, out of spec.verification.hosts. Its own addresses are asked, unless --address names others.")
	flags.StringVar(&f.clientAddress, "client-address", "", "Address that this machine has behind a NAT of its own. What is stated proves nothing: the result stays undecided.")
	flags.Int32Var(&f.ports.HTTP, "http-port", -1, "Port of plain HTTP; 0 leaves it out. By default 80, or the node port.")
	flags.Int32Var(&f.ports.HTTPS, "https-port", -1, "Port of HTTPS; 0 leaves it out. By default 443, or the node port.")
	for _, port := range []string{"http-port", "https-port"} {
		flags.Lookup(port).DefValue = "0" // So that the help shows no default; the text says it.
	}
	flags.BoolVar(&f.save, "save", false, "Write the result as a SourceIPReport, where the operator takes it up.")
	flags.StringVar(&f.vantage, "vantage", "", "Name of this machine in the report's name, where several machines measure.")
	flags.StringVarP(&f.output, "output", "o", "", "Output format: json, or nothing for text.")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "Show no progress.")
	flags.DurationVar(&f.timeout, "timeout", 5*time.Minute, "How long to take in all. The prober publishes fresh challenges every three minutes, or sooner when they are used.")
	return command
}

// check refuses arguments that cannot work, before anything is asked.
func (f *verifyFlags) check() error {
	for _, address := range f.addresses {
		if err := look.CheckAddress(address); err != nil {
			return err
		}
	}
	if f.clientAddress != "" {
		if _, err := netip.ParseAddr(f.clientAddress); err != nil {
			return fmt.Errorf("--client-address %q is no IP address: write one such as 203.0.113.7", f.clientAddress)
		}
	}
	for _, port := range []int32{f.ports.HTTP, f.ports.HTTPS} {
		if port < -1 || port > 65535 {
			return fmt.Errorf("port %d does not exist: write a port from 1 to 65535, or 0 to leave the scheme out", port)
		}
	}
	switch {
	case f.vantage != "" && !f.save:
		return errors.New("--vantage names the report, and without --save there is none: add --save")
	case f.vantage != "" && len(validation.IsDNS1123Label(f.vantage)) > 0:
		return fmt.Errorf("--vantage %q must be lower-case letters, digits and hyphens: write a name such as office", f.vantage)
	case f.timeout <= 0:
		return fmt.Errorf("--timeout %s is over at once: write a time such as 5m", f.timeout)
	default:
		return checkOutput(f.output)
	}
}

func checkOutput(output string) error {
	if output != "" && output != "json" {
		return fmt.Errorf("--output %q is not known: write json, or leave it out for text", output)
	}
	return nil
}

func (f *verifyFlags) run(ctx context.Context, env Environment, connection *connection, name string) error {
	if env.Getenv("KUBERNETES_SERVICE_HOST") != "" {
		return errors.New("this is a pod of a cluster (KUBERNETES_SERVICE_HOST is set), and its requests do not cross what stands in front: run verify on a machine outside")
	}
	ctx, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	client, err := connection.client()
	if err != nil {
		return err
	}
	m := &measurement{verifyFlags: f, env: env, client: client}
	if err := m.read(ctx, name); err != nil {
		return err
	}
	if err := m.refuseInside(); err != nil {
		return err
	}
	targets, err := m.targets(ctx)
	if err != nil {
		return err
	}
	result, err := m.measureSettled(ctx, targets)
	if err != nil {
		return err
	}
	return m.report(ctx, result)
}

// measurement is one run of verify.
type measurement struct {
	*verifyFlags

	env     Environment
	client  *cluster.Client
	edge    *v1alpha1.EdgeIngress
	reports []v1alpha1.SourceIPReport
	places  *evidence.Places
	outcome look.Outcome
	// changed is set where the path changed during the measurement.
	changed bool
}

// read gets what the cluster says about the EdgeIngress.
func (m *measurement) read(ctx context.Context, name string) (err error) {
	if m.edge, err = m.client.EdgeIngress(ctx, name); err != nil {
		return err
	}
	if !m.edge.Measured(true) {
		return fmt.Errorf("measuring is switched off for %s, so nothing answers: set spec.verification.probes to Enabled", name)
	}
	if m.host != "" {
		if err := look.CheckHost(m.edge, m.host); err != nil {
			return err
		}
	}
	if m.reports, err = m.client.Reports(ctx, name); err != nil {
		return err
	}
	if look.Inside(m.reports) == nil && m.edge.Spec.Verification == nil {
		m.progress("No prober has reported about " + name + ". If none is installed, run `kubectl apply -k config/verification`. " +
			"If the operator runs with --measure-by-default=false, set spec.verification.probes to Enabled.")
	}
	nodes, _, err := m.client.Nodes(ctx)
	if err != nil {
		return err
	}
	m.places = look.Places(m.edge, nodes, m.reports)
	return nil
}

// refuseInside refuses to run on a node or in a pod: requests from there do not cross what stands in front.
func (m *measurement) refuseInside() error {
	local, err := m.env.Local()
	if err != nil {
		return err
	}
	for _, address := range local {
		if !address.IsLoopback() && m.places.InCluster(address) {
			return fmt.Errorf("this machine belongs to the cluster (%s: %s), and its requests do not cross what stands in front: run verify on a machine outside",
				address, m.places.Whose(address, ""))
		}
	}
	return nil
}

func (m *measurement) targets(ctx context.Context) ([]look.Target, error) {
	addresses, err := look.Addresses(m.edge, m.addresses, m.host)
	if err != nil {
		return nil, err
	}
	ports, err := look.PortsOf(m.edge, m.ports, look.Inside(m.reports))
	if err != nil {
		return nil, err
	}
	resolved := map[string][]netip.Addr{}
	for _, address := range addresses {
		if ip, err := netip.ParseAddr(address); err == nil {
			resolved[address] = []netip.Addr{ip}
			continue
		}
		if resolved[address], err = m.env.Resolve(ctx, address); err != nil {
			return nil, fmt.Errorf("looking up %s: name an address with --address: %w", address, err)
		}
	}
	return look.Targets(addresses, resolved, ports, m.host)
}

func (m *measurement) progress(line string) {
	if !m.quiet {
		fmt.Fprintln(m.env.Err, line)
	}
}

func joined(names []string) string { return strings.Join(names, ", ") }
