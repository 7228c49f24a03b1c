package controllers_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/config"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/edge-ingress/edge-ingress-operator/controllers"
	"github.com/edge-ingress/edge-ingress-operator/controllers/engine/registry"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/testcluster"
)

// The operator's ServiceAccount, as config/rbac names it.
const (
	operatorNamespace = "edge-ingress-operator-system"
	operatorAccount   = "edge-ingress-operator"
)

// residence is a second reserved namespace, as if the operator was installed there.
const residence = "edge-resident"

// operatorOptions are those that main.go's flags have by default, and a version.
var operatorOptions = snapshot.Options{
	Version:                  "v0.4.2",
	AllowedImageRepositories: registry.DefaultImageRepositories(),
	ReservedNamespaces:       []string{operatorNamespace, residence},
	Namespace:                operatorNamespace,
	MeasureByDefault:         true,
}

// operatorProcess is the operator as main.go sets it up, but inside the test process, with the
// rights of its ServiceAccount.
type operatorProcess struct {
	// requests are the requests that it sent to the API server.
	requests testcluster.Requests
	denied   denials
	// outages answer some of its requests instead of the API server.
	outages outages
	// requestTimeout is how long it waits for an answer; zero for what main.go sets.
	requestTimeout time.Duration
	// nodeWrites are those that changed nodes.
	nodeWrites writeTimes
	// reconciler of the manager that runs.
	reconciler *controllers.Reconciler
	cancel     context.CancelFunc
	ended      chan error
}

// start starts the operator and returns when its caches are filled.
func (o *operatorProcess) start() error {
	connection := cluster.ServiceAccountConfig(operatorNamespace, operatorAccount)
	connection.Wrap(o.requests.Record)
	connection.Wrap(o.denied.record)
	connection.Wrap(o.outages.wrap)
	connection.Wrap(o.nodeWrites.record)
	mgr, err := newManager(connection)
	if err != nil {
		return err
	}
	o.reconciler = &controllers.Reconciler{
		Client: mgr.GetClient(), Reader: mgr.GetAPIReader(), Events: mgr.GetEventRecorder("edge-ingress-operator"),
		Now: time.Now, Options: operatorOptions, RequestTimeout: o.requestTimeout,
	}
	if err := o.reconciler.SetupWithManager(mgr, 4); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	o.cancel, o.ended = cancel, make(chan error, 1)
	go func() { o.ended <- mgr.Start(ctx) }()
	if !mgr.GetCache().WaitForCacheSync(ctx) {
		return errors.New("starting the operator: its caches were not filled")
	}
	return nil
}

func newManager(connection *rest.Config) (ctrl.Manager, error) {
	again := true // Two controllers of one name are an error in one process, and tests restart the operator.
	mgr, err := ctrl.NewManager(connection, ctrl.Options{
		Scheme: controllers.NewScheme(), Cache: controllers.CacheOptions(),
		Metrics: metricsserver.Options{BindAddress: "0"}, Controller: config.Controller{SkipNameValidation: &again},
	})
	if err != nil {
		return nil, fmt.Errorf("creating the operator's manager: %w", err)
	}
	return mgr, nil
}

// stop stops the operator and returns when nothing of it runs any more.
func (o *operatorProcess) stop() error {
	o.cancel()
	if err := <-o.ended; err != nil {
		return fmt.Errorf("stopping the operator: %w", err)
	}
	return nil
}

// stopOperator stops the operator until startOperator is called, or the test ends.
func stopOperator(t testing.TB) (startOperator func()) {
	t.Helper()
	if err := operator.stop(); err != nil {
		t.Fatal(err)
	}
	start := sync.OnceValue(operator.start)
	startOperator = func() {
		if err := start(); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(startOperator)
	return startOperator
}

// denials are the requests that the API server refused for want of a right.
type denials struct {
	mu   sync.Mutex
	seen []string
}

// meantDenials are parts of expected refusals. An apply to a node that is gone is refused, because
// it would create the node. Nothing can be created in a namespace that is terminating. One story
// uses up a quota.
var meantDenials = []string{`cannot create resource "nodes"`, "because it is being terminated", "exceeded quota: "}

func (d *denials) record(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(request *http.Request) (*http.Response, error) {
		response, err := next.RoundTrip(request)
		if err != nil || response.StatusCode != http.StatusForbidden {
			return response, err
		}
		body, err := io.ReadAll(response.Body)
		if err := errors.Join(err, response.Body.Close()); err != nil {
			return nil, err
		}
		response.Body = io.NopCloser(bytes.NewReader(body))
		message := strings.ReplaceAll(string(body), `\"`, `"`) // Quotation marks are escaped in JSON, and not in protobuf.
		if !slices.ContainsFunc(meantDenials, func(part string) bool { return strings.Contains(message, part) }) {
			d.mu.Lock()
			d.seen = append(d.seen, fmt.Sprintf("%s %s: %s", request.Method, request.URL.Path, message))
			d.mu.Unlock()
		}
		return response, nil
	})
}

// err returns the unexpected denials as an error.
func (d *denials) err() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.seen) > 0 {
		return fmt.Errorf("the operator lacks the rights for %d requests:\n%s", len(d.seen), strings.Join(d.seen, "\n"))
	}
	return nil
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }
