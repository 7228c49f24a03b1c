package controllers_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/edge-ingress/edge-ingress-operator/controllers"
	"github.com/edge-ingress/edge-ingress-operator/test/configfiles"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/testcluster"
)

// One cluster serves all tests of the package. Stories with their own nodes and EdgeIngress run in
// parallel. Stories that stop the operator, count its requests, or change something that concerns
// every EdgeIngress run first and alone.
var (
	cluster *testcluster.Cluster
	// admin is an administrator's client without a cache.
	admin client.WithWatch
	// operator is the operator, which runs unless a test stopped it.
	operator = &operatorProcess{}
)

// applicationNode belongs to no story.
const applicationNode = "applications"

// parallelStories is more than there are processors, because a story mostly waits.
const parallelStories = "8"

func TestMain(m *testing.M) {
	flag.Parse()
	logger := logr.Discard()
	if testing.Verbose() {
		logger = zap.New(zap.WriteTo(os.Stderr), zap.ConsoleEncoder())
	}
	ctrl.SetLogger(logger)
	os.Exit(runTests(m))
}

func runTests(m *testing.M) (code int) {
	if err := flag.Set("test.parallel", parallelStories); err != nil {
		fmt.Fprintln(os.Stderr, "setting how many tests run in parallel:", err)
		return 1
	}
	started, err := testcluster.Start(context.Background(), testcluster.Options{Controllers: true})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	cluster = started
	err = prepare()
	if err == nil {
		code = m.Run()
		err = errors.Join(operator.stop(), operator.denied.err())
	}
	if err = errors.Join(err, cluster.Stop()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

func prepare() error {
	if err := cluster.InstallCRDs(filepath.Join("..", "config", "crd", "bases")); err != nil {
		return err
	}
	var err error
	if admin, err = client.NewWithWatch(cluster.Config, client.Options{Scheme: controllers.NewScheme()}); err != nil {
		return fmt.Errorf("making the administrator's client: %w", err)
	}
	if err := installRBAC(context.Background()); err != nil {
		return err
	}
	if err := installGuard(context.Background()); err != nil {
		return err
	}
	// Edge nodes are tainted only where a node is left for applications.
	if err := cluster.AddNode(context.Background(), testcluster.Node{Name: applicationNode}); err != nil {
		return err
	}
	return operator.start()
}

// installRBAC applies config/rbac as kubectl apply -k does, so that the operator has exactly the
// rights that it ships with.
func installRBAC(ctx context.Context) error {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: operatorNamespace}}
	if err := admin.Create(ctx, namespace); err != nil {
		return fmt.Errorf("creating the operator's namespace: %w", err)
	}
	objects, err := configfiles.Objects(filepath.Join("..", "config", "rbac"))
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(objects, func(o *unstructured.Unstructured) bool { return o.GetName() == operatorAccount }) {
		return errors.New("reading config/rbac: the operator's own role is not there")
	}
	return configfiles.Apply(ctx, admin, objects...)
}

// installGuard applies config/guard, and returns when it is in force: no story needs what it refuses.
func installGuard(ctx context.Context) error {
	if err := configfiles.ApplyDirectory(ctx, admin, filepath.Join("..", "config", "guard")); err != nil {
		return err
	}
	account, err := client.New(cluster.ServiceAccountConfig(operatorNamespace, operatorAccount), client.Options{Scheme: controllers.NewScheme()})
	if err != nil {
		return fmt.Errorf("making the client of the operator's account: %w", err)
	}
	for _, probe := range guardProbes() {
		err := poll(ctx, func() error {
			return guardRefusal(account.Create(ctx, probe.DeepCopyObject().(client.Object), client.DryRunAll))
		})
		if err != nil {
			return fmt.Errorf("waiting for config/guard: creating %T %s: %w", probe, probe.GetName(), err)
		}
	}
	return nil
}
