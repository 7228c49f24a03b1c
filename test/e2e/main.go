// Command e2e runs the operator on a cluster of real nodes and compares its conditions with what an
// application saw.
//
// It starts one cluster, installs MetalLB, an application and the operator in it, runs all
// scenarios, prints a line for each, and writes the table to a file. It needs root and what
// `make e2e-deps` installs. The exit code is 1 where a condition and reality disagree.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/edge-ingress/edge-ingress-operator/test/e2e/lab"
	"github.com/edge-ingress/edge-ingress-operator/test/e2e/runner"
	"github.com/edge-ingress/edge-ingress-operator/test/e2e/scenario"
	"github.com/edge-ingress/edge-ingress-operator/test/e2e/table"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/realcluster"
)

type flags struct {
	run       *regexp.Regexp
	only      string
	list      bool
	keep      bool
	openShift bool
	skipBuild bool
	rounds    int
	compare   bool
	report    string
	from      string
}

func parseFlags() (flags, error) {
	var f flags
	run := flag.String("run", "", "Run only the scenarios whose name this regular expression matches.")
	flag.StringVar(&f.only, "only", "",
		`Run only the "scenarios", only measure the "losses", only measure "starts", or only go through "upgrades"; with --run only scenarios or ways that match.`)
	flag.BoolVar(&f.list, "list", false, "Print the names of the scenarios and do nothing.")
	flag.BoolVar(&f.keep, "keep", false, "Leave the cluster running, and use the one that was left running; `bin/cluster down --name="+keptName+"` ends it.")
	flag.BoolVar(&f.openShift, "openshift", false, "Let OpenShift's own admission plugin decide about the pods: make e2e-openshift.")
	flag.BoolVar(&f.skipBuild, "skip-build", false, "Take the operator and the cluster's programs as they were built before.")
	flag.IntVar(&f.rounds, "rounds", 3, `How many times each installation is started with --only=starts.`)
	flag.BoolVar(&f.compare, "compare", false, "Also measure what is lost without the operator, on a plain DaemonSet.")
	flag.StringVar(&f.report, "report", filepath.Join("bin", "e2e-report", "scenarios.md"), "File to write the table to.")
	flag.StringVar(&f.from, "from", "", "Commit of the version before, with --only=upgrades.")
	flag.Parse()
	var err error
	if f.run, err = regexp.Compile(*run); err != nil {
		return f, fmt.Errorf("reading --run: %w", err)
	}
	if only := []string{"", onlyScenarios, onlyLosses, onlyStarts, onlyUpgrades}; !slices.Contains(only, f.only) {
		return f, fmt.Errorf("--only is %q: it must be one of %q", f.only, only[1:])
	}
	if f.openShift && f.keep {
		return f, errors.New("--openshift ends with the run, and a cluster that is kept would create no pods after it: leave --keep out")
	}
	if f.only == onlyUpgrades && f.from == "" {
		return f, errors.New("--only=upgrades needs --from, a commit: run make test-upgrade")
	}
	return f, nil
}

// What --only may be.
const (
	onlyScenarios = "scenarios"
	onlyLosses    = "losses"
	onlyStarts    = "starts"
	onlyUpgrades  = "upgrades"
)

// keptName is the cluster that --keep leaves running.
const keptName = "e2e"

func (f flags) keptName() string {
	if f.keep {
		return keptName
	}
	return ""
}

var errDisagreements = errors.New("conditions and reality disagree")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	log.SetLogger(logr.Discard())
	served, err := serveLoad(ctx, os.Args[1:])
	if err == nil && !served {
		err = runAll(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		stop()
		os.Exit(1) //nolint:gocritic // what is deferred was just done
	}
}

func runAll(ctx context.Context) error {
	f, err := parseFlags()
	if err != nil {
		return err
	}
	return run(ctx, f)
}

func run(ctx context.Context, f flags) error {
	if f.only == onlyUpgrades {
		return upgrades(ctx, f)
	}
	plan := scenario.Chosen(scenario.Plan(), func(s scenario.Scenario) bool { return f.run.MatchString(s.Name) })
	if len(plan) == 0 {
		return fmt.Errorf("no scenario's name matches %s", f.run)
	}
	if f.list {
		list(plan)
		return nil
	}
	began := time.Now()
	l, err := lab.Start(ctx, f.lab(plan))
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "the cluster with everything in it is ready after %s\n", time.Since(began).Round(time.Second))
	if f.only == onlyStarts {
		err = measureStarts(ctx, l, f.rounds)
	}
	if f.only == "" || f.only == onlyScenarios {
		err = runScenarios(ctx, f, l, plan)
	}
	if f.only == onlyLosses || (f.only == "" && f.run.String() == "") {
		err = errors.Join(err, measureLosses(ctx, l, f.compare, filepath.Join(filepath.Dir(f.report), lossReport)))
	}
	if f.openShift {
		err = errors.Join(err, l.CheckConstraints(ctx))
	}
	return errors.Join(err, l.Stop())
}

// lab returns the options of the lab that the plan needs. The taint gate shows only where no
// speaker tolerates the taint yet, and begins with a new EdgeIngress.
func (f flags) lab(plan [][]scenario.Group) lab.Options {
	o := lab.Options{Keep: f.keptName(), OpenShift: f.openShift, SkipBuild: f.skipBuild, Progress: os.Stderr, Nodes: nodes()}
	measures := f.only == onlyLosses || f.only == onlyStarts
	o.SpeakerToleratesEdge = measures || !tests(plan, scenario.TolerateEdgeTaint)
	if o.SpeakerToleratesEdge && !measures {
		o.Stay = scenario.Objects(plan)
	}
	return o
}

// nodes are those of the scenarios, with both modes of kube-proxy.
func nodes() []realcluster.NodeOptions {
	return []realcluster.NodeOptions{
		{Name: scenario.Worker1, ProxyMode: realcluster.IPTables},
		{Name: scenario.Edge1, ProxyMode: realcluster.IPTables},
		{Name: scenario.Edge2, ProxyMode: realcluster.NFTables},
		{Name: scenario.Edge3, ProxyMode: realcluster.NFTables},
	}
}

// tests reports whether a scenario of the plan does the deed.
func tests(plan [][]scenario.Group, deed scenario.Deed) bool {
	return len(scenario.Chosen(plan, func(s scenario.Scenario) bool {
		return slices.ContainsFunc(s.Parts(), func(part scenario.Scenario) bool { return slices.Contains(part.Deeds, deed) })
	})) > 0
}

func list(plan [][]scenario.Group) {
	for _, phase := range plan {
		for _, group := range phase {
			for _, s := range group.Scenarios {
				fmt.Printf("%d  %s\n", s.Item, s.Name)
			}
		}
	}
}

func runScenarios(ctx context.Context, f flags, l *lab.Lab, plan [][]scenario.Group) (err error) {
	inFront, err := runner.StartBalancer(ctx, l)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, inFront.Stop()) }()
	r, err := runner.New(ctx, l, os.Stdout)
	if err != nil {
		return err
	}
	began := time.Now()
	rows, err := r.Run(ctx, plan)
	if writing := writeFile(f.report, table.Markdown(rows)); writing != nil {
		return errors.Join(err, writing)
	}
	fmt.Printf("\n%s It took %s. The table is in %s.\n", table.Summary(rows), time.Since(began).Round(time.Second), f.report)
	wrong := table.Disagreements(rows)
	for _, matrix := range table.Matrices(rows) {
		fmt.Print("\n" + matrix.Text())
		if matrix.Wrong() {
			wrong += "\n" + matrix.Text()
		}
	}
	if wrong != "" {
		// The losses are measured after this, and a log may show its end only.
		return errors.Join(err, fmt.Errorf("%w:\n%s", errDisagreements, wrong))
	}
	return err
}

func writeFile(file, content string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("writing the table: %w", err)
	}
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		return fmt.Errorf("writing the table: %w", err)
	}
	return nil
}
