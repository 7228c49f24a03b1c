// Package testcluster gives a test package a Kubernetes of its own: a real API
// server, and if wanted real controllers, a real scheduler and simulated nodes.
//
// The cluster is started by the command in test/lab, as a child process. It ends
// when the test process ends, also when that is killed: the child notices that its
// standard input was closed, and removes everything.
//
// A cluster takes about three seconds to start, so a package starts one and shares it:
//
//	var cluster *testcluster.Cluster
//
//	func TestMain(m *testing.M) {
//		os.Exit(testcluster.Run(m, testcluster.Options{}, func(started *testcluster.Cluster) error {
//			cluster = started
//			return cluster.InstallCRDs(filepath.Join("..", "config", "crd"))
//		}))
//	}
package testcluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"testing"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/supervisor"
)

// Options say what a cluster consists of. The zero value is etcd and an API server,
// which is enough for everything that only reads and writes objects: nothing
// acts on them, so there are no default ServiceAccounts, no endpoints, no garbage
// collection and no pods.
type Options struct {
	// Controllers adds the controller manager, the scheduler, and the simulator that
	// makes nodes Ready and runs their pods (see Cluster.AddNode).
	Controllers bool
	// Kubernetes is Newest or Oldest. "" means the value of the environment variable KUBERNETES,
	// and Newest without it.
	Kubernetes Kubernetes
	// Progress receives lines about building and starting; nil means standard error.
	Progress io.Writer
}

// Kubernetes is one of the versions of Kubernetes that clusters can have.
type Kubernetes string

const (
	// Newest is the newest version that can be built.
	Newest Kubernetes = "newest"
	// Oldest is the oldest version that is supported.
	Oldest Kubernetes = "oldest"
)

// KubernetesVariable is the environment variable that chooses the version of Kubernetes for tests.
const KubernetesVariable = "KUBERNETES"

// arguments are those of `cluster run`.
func (o Options) arguments() []string {
	arguments := []string{"--components=apiserver"}
	if o.Controllers {
		arguments = []string{"--components=all", "--simulated-nodes"}
	}
	version := cmp.Or(o.Kubernetes, Kubernetes(os.Getenv(KubernetesVariable)), Newest)
	return append(arguments, "--kubernetes="+string(version))
}

func (o Options) progress() io.Writer {
	if o.Progress == nil {
		return os.Stderr
	}
	return o.Progress
}

// Cluster is a running cluster.
type Cluster struct {
	// Config is for an administrator and does not limit the rate of requests. Copy
	// it before changing it (rest.CopyConfig).
	Config *rest.Config
	// Kubeconfig is the path of a kubeconfig file for the same administrator.
	Kubeconfig string
	// Dir is the cluster's directory; the logs of its programs are in logs below it.
	// It is removed with the cluster.
	Dir string

	command    supervisor.Command
	supervisor *supervisor.Supervisor
}

// Run starts a cluster, hands it to prepare, runs the tests of a package, stops the
// cluster, and returns the exit code for os.Exit. Errors go to standard error and make
// the exit code 1.
func Run(m *testing.M, o Options, prepare func(*Cluster) error) int {
	cluster, err := Start(context.Background(), o)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := 1
	if err := prepare(cluster); err != nil {
		fmt.Fprintln(os.Stderr, "preparing the test cluster:", err)
	} else {
		code = m.Run()
	}
	if err := cluster.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return max(code, 1)
	}
	return code
}

// Start starts a cluster and returns when it is ready. The programs it consists of
// are built first where they are missing, which takes minutes.
func Start(ctx context.Context, o Options) (*Cluster, error) {
	command, err := supervisor.Find()
	if err != nil {
		return nil, err
	}
	started, err := command.Start(ctx, o.progress(), o.arguments()...)
	if err != nil {
		return nil, fmt.Errorf("starting the test cluster: %w", err)
	}
	config, err := started.Config()
	if err != nil {
		return nil, errors.Join(err, started.Stop())
	}
	return &Cluster{Config: config, Kubeconfig: started.Kubeconfig, Dir: started.Dir, command: command, supervisor: started}, nil
}

// Stop stops the cluster and returns when nothing of it is left.
func (c *Cluster) Stop() error {
	if err := c.supervisor.Stop(); err != nil {
		return fmt.Errorf("stopping the test cluster: %w", err)
	}
	return nil
}

// InstallCRDs installs the CustomResourceDefinitions of a directory and waits until
// the API server serves them.
func (c *Cluster) InstallCRDs(dir string) error {
	_, err := envtest.InstallCRDs(c.Config, envtest.CRDInstallOptions{
		Paths:              []string{dir},
		ErrorIfPathMissing: true,
	})
	if err != nil {
		return fmt.Errorf("installing the CustomResourceDefinitions: %w", err)
	}
	return nil
}

// ServiceAccountConfig returns a configuration with the permissions of a
// ServiceAccount and no others. The ServiceAccount need not exist.
func (c *Cluster) ServiceAccountConfig(namespace, name string) *rest.Config {
	config := rest.CopyConfig(c.Config)
	config.Impersonate = rest.ImpersonationConfig{
		UserName: "system:serviceaccount:" + namespace + ":" + name,
		Groups:   []string{"system:serviceaccounts", "system:serviceaccounts:" + namespace, "system:authenticated"},
	}
	return config
}

// NotReadyAnnotation with the value "true" on a pod of a simulated node, or on the
// node itself, makes it not Ready; without it, it becomes Ready again.
const NotReadyAnnotation = "lab.test/simulate-not-ready"

// Node is a simulated node.
type Node struct {
	Name string
	// Zone becomes the label topology.kubernetes.io/zone; "" means no zone.
	Zone string
	// Labels are set in addition.
	Labels map[string]string
}

// AddNode adds a simulated node and returns when its Node object exists. With
// Options.Controllers the node becomes Ready and runs pods; otherwise it is an object
// like any other.
func (c *Cluster) AddNode(ctx context.Context, node Node) error {
	labels := make([]string, 0, len(node.Labels))
	for key, value := range node.Labels {
		labels = append(labels, "--label="+key+"="+value)
	}
	return c.command.Run(ctx, append([]string{"nodes", "add", "--kubeconfig=" + c.Kubeconfig, "--name=" + node.Name, "--zone=" + node.Zone}, labels...)...)
}

// RemoveNode removes a simulated node, as when a machine is gone for good.
func (c *Cluster) RemoveNode(ctx context.Context, name string) error {
	return c.command.Run(ctx, "nodes", "remove", "--kubeconfig="+c.Kubeconfig, "--name="+name)
}
