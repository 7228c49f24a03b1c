// The edge-ingress-operator reconciles EdgeIngress objects: it labels and taints edge nodes, runs
// an ingress controller on them, and reports whether the client's address reaches the application.
package main

import (
	"crypto/tls"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	// Authentication plugins, for a kubeconfig outside the cluster.
	_ "k8s.io/client-go/plugin/pkg/client/auth"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	"sigs.k8s.io/controller-runtime/pkg/metrics/filters"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/edge-ingress/edge-ingress-operator/controllers"
	"github.com/edge-ingress/edge-ingress-operator/controllers/engine/registry"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
	"github.com/edge-ingress/edge-ingress-operator/verification/serverclock"
)

// Set by the linker; see the Makefile.
var (
	version  = "dev"
	revision = "unknown"
)

type flags struct {
	metricsAddress, probeAddress, leaderElectionNamespace string
	leaderElect, secureMetrics, printVersion              bool
	concurrency                                           int
	requestTimeout                                        time.Duration
	apiQPS                                                float64
	images                                                string
	measureByDefault                                      bool
}

func parseFlags() (flags, zap.Options) {
	var f flags
	logging := zap.Options{}
	flag.StringVar(&f.metricsAddress, "metrics-bind-address", ":8443", "Address of the metrics endpoint; 0 switches it off.")
	flag.BoolVar(&f.secureMetrics, "metrics-secure", true, "Serve metrics over HTTPS to authorized clients; false serves plain HTTP to everyone.")
	flag.StringVar(&f.probeAddress, "health-probe-bind-address", ":8081", "Address of the health probes /healthz and /readyz.")
	flag.BoolVar(&f.leaderElect, "leader-elect", false, "Work only while holding the leader lease, so that several replicas can stand by.")
	flag.StringVar(&f.leaderElectionNamespace, "leader-election-namespace", "", "Namespace of the leader lease; default: the operator's own.")
	flag.IntVar(&f.concurrency, "max-concurrent-reconciles", 4, "How many EdgeIngress objects are reconciled at once.")
	flag.Float64Var(&f.apiQPS, "kube-api-qps", -1, "Limit of requests a second to the API server, with bursts of twice as many; "+
		"-1 sets none and leaves the rate to the API server's priority and fairness.")
	flag.DurationVar(&f.requestTimeout, "kube-api-timeout", controllers.DefaultRequestTimeout, "How long to wait for the answer to one request to the API server, webhooks included.")
	flag.StringVar(&f.images, "allowed-image-repositories", allowedRepositories(os.Getenv(repositoriesVariable)),
		"Comma-separated image repositories that spec.controller.image may name; the default is the environment variable "+repositoriesVariable+", if it is set.")
	flag.BoolVar(&f.measureByDefault, "measure-by-default", true, "Measure the path of the client's address for every EdgeIngress whose spec.verification.probes is empty. "+
		"The first measurement makes its controllers load their configuration again.")
	flag.BoolVar(&f.printVersion, "version", false, "Print the version and exit.")
	logging.BindFlags(flag.CommandLine)
	flag.Parse()
	return f, logging
}

// repositoriesVariable is for installations that cannot change arguments: OLM's Subscriptions set environment
// variables only (spec.config.env).
const repositoriesVariable = "ALLOWED_IMAGE_REPOSITORIES"

// allowedRepositories is the default of the flag, as the environment has it.
func allowedRepositories(set string) string {
	if set != "" {
		return set
	}
	return strings.Join(registry.DefaultImageRepositories(), ",")
}

// repository is what the API accepts as spec.controller.image.repository (api/v1alpha1, ImageSpec). Anything else
// would never be equal to one.
var repository = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?(/[a-z0-9]+([._-]+[a-z0-9]+)*)+$`)

// imageRepositories reads the flag. An error names the first element that no image can have as its repository.
func imageRepositories(list string) ([]string, error) {
	repositories := strings.FieldsFunc(list, func(c rune) bool { return c == ',' || c == ' ' })
	for _, given := range repositories {
		if !repository.MatchString(given) {
			return nil, fmt.Errorf("reading --allowed-image-repositories, or %s: %q is not registry/path in lower case, without scheme, tag and digest: "+
				"write it like registry.example.com/ingress/controller", repositoriesVariable, given)
		}
	}
	return repositories, nil
}

func main() {
	f, logging := parseFlags()
	if f.printVersion {
		fmt.Printf("edge-ingress-operator %s (revision %s, %s)\n", version, revision, runtime.Version())
		return
	}
	ctrl.SetLogger(zap.New(zap.UseFlagOptions(&logging)))
	if err := run(f); err != nil {
		ctrl.Log.Error(err, "Stopping")
		os.Exit(1)
	}
}

func run(f flags) error {
	repositories, err := imageRepositories(f.images)
	if err != nil {
		return err
	}
	config, err := ctrl.GetConfig()
	if err != nil {
		return fmt.Errorf("reading the kubeconfig: %w", err)
	}
	clock := serverclock.New()
	clock.Observe(config)
	now := func() time.Time { return clock.NowOr(time.Now) }
	mgr, err := newManager(config, f)
	if err != nil {
		return err
	}
	measured := &controllers.Measured{}
	reconciler := &controllers.Reconciler{
		Client: mgr.GetClient(),
		Reader: mgr.GetAPIReader(),
		Events: mgr.GetEventRecorder("edge-ingress-operator"),
		Now:    now,

		Measured:       measured,
		RequestTimeout: f.requestTimeout,
		Options:        optionsOf(f, repositories, ownNamespace(os.Getenv("POD_NAMESPACE"), os.DirFS(serviceAccountDirectory))),
	}
	if err := reconciler.SetupWithManager(mgr, f.concurrency); err != nil {
		return err
	}
	collector := &controllers.Collector{Reader: mgr.GetClient(), Measured: measured, Now: now, Version: version, Revision: revision, GoVersion: runtime.Version()}
	if err := metrics.Registry.Register(collector); err != nil {
		return fmt.Errorf("registering metrics: %w", err)
	}
	ctrl.Log.Info("Starting", "version", version, "revision", revision)
	if err := mgr.Start(ctrl.SetupSignalHandler()); err != nil {
		return fmt.Errorf("running the manager: %w", err)
	}
	return nil
}

// connections returns the settings of the connection to the API server, and those of leader
// election. Leader election does not share the limit, because a burst of node writes must not cost
// the lease. limit is in requests a second. Without a positive limit there is none.
func connections(config *rest.Config, limit float64) (work, election *rest.Config) {
	work, election = rest.CopyConfig(config), rest.CopyConfig(config)
	work.QPS, work.Burst = -1, 0
	if limit > 0 {
		work.QPS, work.Burst = float32(limit), max(1, int(2*limit))
	}
	return work, election
}

// serviceAccountDirectory is the directory in which Kubernetes puts the token of every pod, and the
// pod's namespace.
const serviceAccountDirectory = "/var/run/secrets/kubernetes.io/serviceaccount"

// optionsOf are the options of an operator that runs in this namespace. No controller may run there, or
// where the leader lease is.
func optionsOf(f flags, repositories []string, own string) snapshot.Options {
	return snapshot.Options{
		Version:                  version,
		AllowedImageRepositories: repositories,
		ReservedNamespaces:       slices.DeleteFunc([]string{own, f.leaderElectionNamespace}, func(namespace string) bool { return namespace == "" }),
		Namespace:                own,
		MeasureByDefault:         f.measureByDefault,
	}
}

// ownNamespace is the namespace that the operator runs in, from the environment or from the
// ServiceAccount's files. Outside a cluster it is not known.
func ownNamespace(fromEnvironment string, serviceAccount fs.FS) string {
	if content, err := fs.ReadFile(serviceAccount, "namespace"); fromEnvironment == "" && err == nil {
		return strings.TrimSpace(string(content))
	}
	return fromEnvironment
}

func newManager(config *rest.Config, f flags) (ctrl.Manager, error) {
	config, election := connections(config, f.apiQPS)
	serving := metricsserver.Options{BindAddress: f.metricsAddress, SecureServing: f.secureMetrics}
	if f.secureMetrics {
		serving.FilterProvider = filters.WithAuthenticationAndAuthorization
		serving.TLSOpts = []func(*tls.Config){func(c *tls.Config) { c.MinVersion = tls.VersionTLS12 }}
	}
	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Scheme:                        controllers.NewScheme(),
		Cache:                         controllers.CacheOptions(),
		Metrics:                       serving,
		HealthProbeBindAddress:        f.probeAddress,
		LeaderElection:                f.leaderElect,
		LeaderElectionID:              "edge-ingress-operator.edgeingress.dev",
		LeaderElectionNamespace:       f.leaderElectionNamespace,
		LeaderElectionConfig:          election,
		LeaderElectionReleaseOnCancel: true,
	})
	if err != nil {
		return nil, fmt.Errorf("creating the manager: %w", err)
	}
	if err := mgr.AddHealthzCheck("healthz", healthz.Ping); err != nil {
		return nil, fmt.Errorf("adding the health probe: %w", err)
	}
	if err := mgr.AddReadyzCheck("readyz", healthz.Ping); err != nil {
		return nil, fmt.Errorf("adding the readiness probe: %w", err)
	}
	return mgr, nil
}
