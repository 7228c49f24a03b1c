// Package olm runs the Operator Lifecycle Manager (OLM) beside a cluster, as processes, with one file-based
// catalogue. It needs root: OLM's programs listen on all addresses, so they run in a network namespace that has
// nothing but a loopback interface. From there, only the cluster's API server can be reached.
package olm

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/vishvananda/netlink"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/binaries"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/forward"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/netns"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/objects"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/process"
)

// Address is where OLM finds the catalogue, and what spec.address of a CatalogSource has to be.
const Address = "127.0.0.1:" + catalogPort

const (
	catalogPort = "50051"
	pprofPort   = "50052" // Of all addresses by default, and there is no flag without it.

	// Namespace is OLM's own, where catalogues for all namespaces are.
	Namespace = "olm"

	module       = "github.com/operator-framework/operator-lifecycle-manager"
	catalogName  = "catalog"
	stopGrace    = 5 * time.Second
	serveTimeout = time.Minute
)

// Options say what OLM runs beside.
type Options struct {
	// Kubeconfig is that of an administrator of the cluster, whose API server is on a loopback address.
	Kubeconfig string
	// Dir is a directory for logs and caches.
	Dir string
	// Programs are those of binaries.ForOLM, and Module is the directory of the module that pins them.
	Programs binaries.Paths
	Module   string
}

// OLM is the running Operator Lifecycle Manager.
type OLM struct {
	options   Options
	client    client.Client
	network   *netns.Namespace
	server    *forward.Forwarder
	processes *process.Supervisor
	serving   bool
}

// Start installs OLM's CustomResourceDefinitions and namespace, and starts its programs. It offers nothing until Serve.
func Start(ctx context.Context, options Options) (*OLM, error) {
	config, err := clientcmd.BuildConfigFromFlags("", options.Kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	scheme := runtime.NewScheme()
	if err := apiextensionsv1.AddToScheme(scheme); err != nil {
		return nil, fmt.Errorf("preparing a client: %w", err)
	}
	c, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("connecting to the cluster: %w", err)
	}
	if err := install(ctx, c, options.Module); err != nil {
		return nil, err
	}
	o := &OLM{options: options, client: c}
	if err := o.start(ctx, config); err != nil {
		return nil, errors.Join(err, o.Stop())
	}
	return o, nil
}

// install applies the CustomResourceDefinitions of the release, from its Go module. Those below deploy/upstream are of
// an older one.
func install(ctx context.Context, c client.Client, pinnedBy string) error {
	directory, err := binaries.ModuleDirectory(ctx, pinnedBy, module)
	if err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(directory, "deploy", "chart", "crds", "*.yaml"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("finding OLM's CustomResourceDefinitions in %s: there is none (error %w)", directory, err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("reading a CustomResourceDefinition of OLM: %w", err)
		}
		if err := objects.ApplyManifest(ctx, c, content); err != nil {
			return err
		}
	}
	if err := objects.ApplyManifest(ctx, c, []byte("{apiVersion: v1, kind: Namespace, metadata: {name: "+Namespace+"}}")); err != nil {
		return err
	}
	// OLM's programs end where one of their kinds is not served yet.
	return objects.Await(ctx, "the kinds of OLM to be served", serveTimeout, func(ctx context.Context) (bool, string, error) {
		return kindsAreServed(ctx, c)
	})
}

// kindsAreServed reports whether the API server knows each kind that a definition defines.
func kindsAreServed(ctx context.Context, c client.Client) (bool, string, error) {
	definitions := &apiextensionsv1.CustomResourceDefinitionList{}
	if err := c.List(ctx, definitions); err != nil {
		return false, "", fmt.Errorf("listing definitions: %w", err)
	}
	for _, definition := range definitions.Items {
		kind := schema.GroupKind{Group: definition.Spec.Group, Kind: definition.Spec.Names.Kind}
		for _, version := range definition.Spec.Versions {
			if !version.Served {
				continue
			}
			if _, err := c.RESTMapper().RESTMapping(kind, version.Name); err != nil {
				return false, "", fmt.Errorf("looking for %s: %w", kind, err)
			}
		}
	}
	return true, "", nil
}

func (o *OLM) start(ctx context.Context, config *rest.Config) error {
	var err error
	if o.processes, err = process.NewSupervisor(o.options.Dir); err != nil {
		return err
	}
	if o.network, err = netns.New(); err != nil {
		return err
	}
	if err := o.network.Do(raiseLoopback); err != nil {
		return fmt.Errorf("preparing the network of OLM: %w", err)
	}
	// The API server has the same address on both sides, so the same kubeconfig serves.
	address, err := addressOf(config)
	if err != nil {
		return err
	}
	listener, err := o.network.Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("leading OLM to the API server: %w", err)
	}
	o.server = forward.Start(ctx, listener, func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", address)
	})
	arguments := []string{"--namespace=" + Namespace, "--writeStatusName="}
	for _, name := range []string{binaries.OLMOperator, binaries.CatalogOperator} {
		if err := o.startProgram(name, name, arguments...); err != nil {
			return err
		}
	}
	return nil
}

func raiseLoopback() error {
	loopback, err := netlink.LinkByName("lo")
	if err != nil {
		return fmt.Errorf("finding the loopback interface: %w", err)
	}
	if err := netlink.LinkSetUp(loopback); err != nil {
		return fmt.Errorf("raising the loopback interface: %w", err)
	}
	return nil
}

func addressOf(config *rest.Config) (string, error) {
	server, err := url.Parse(config.Host)
	if err != nil {
		return "", fmt.Errorf("reading the address of the API server: %w", err)
	}
	if ip := net.ParseIP(server.Hostname()); ip == nil || !ip.IsLoopback() {
		return "", fmt.Errorf("reading the address of the API server: %s is no loopback address", server.Host)
	}
	return server.Host, nil
}

func (o *OLM) startProgram(name, program string, arguments ...string) error {
	return o.processes.Start(process.Spec{
		Name: name, Path: o.options.Programs[program], Args: arguments, NetNS: o.network.Path(), Grace: stopGrace,
		Env: []string{"KUBECONFIG=" + o.options.Kubeconfig, "OPERATOR_NAMESPACE=" + Namespace},
	})
}

// Serve serves the catalogue in a directory, instead of the one before, and returns when it can be asked. OLM forgets what
// it read of the one before when it is connected to the next one, and Serve waits for that, too. Otherwise a Subscription
// that is created now could get what only the one before has.
func (o *OLM) Serve(ctx context.Context, directory string) error {
	ctx, cancel := context.WithTimeout(ctx, serveTimeout)
	defer cancel()
	before := o.serving
	if before {
		if err := o.processes.End(catalogName, stopGrace); err != nil {
			return err
		}
		o.serving = false
		if err := o.awaitConnections(ctx, "broken", false); err != nil {
			return err
		}
	}
	scratch, err := os.MkdirTemp(o.options.Dir, "catalog-")
	if err != nil {
		return fmt.Errorf("making a directory for the catalogue: %w", err)
	}
	err = o.startProgram(catalogName, binaries.OPM, "serve", directory, "--port="+catalogPort, "--pprof-addr=127.0.0.1:"+pprofPort,
		"--cache-dir="+filepath.Join(scratch, "cache"), "--cache-enforce-integrity=false", "--termination-log="+filepath.Join(scratch, "termination.log"))
	if err != nil {
		return err
	}
	o.serving = true
	err = o.processes.Await(ctx, "the catalogue", func(ctx context.Context) error {
		connection, err := o.network.Dial(ctx, "tcp", Address)
		if err != nil {
			return err
		}
		return connection.Close()
	})
	if err != nil || !before {
		return err
	}
	return o.awaitConnections(ctx, "made again", true)
}

// awaitConnections returns when OLM says of every CatalogSource with our address that it is connected, or that it is not.
// It says so after it has forgotten what it read before (operator-lifecycle-manager, syncSourceState in
// pkg/controller/operators/catalog/operator.go).
func (o *OLM) awaitConnections(ctx context.Context, state string, connected bool) error {
	return objects.Await(ctx, "OLM's connection to the catalogue to be "+state, serveTimeout, func(ctx context.Context) (bool, string, error) {
		sources := &unstructured.UnstructuredList{}
		sources.SetAPIVersion("operators.coreos.com/v1alpha1")
		sources.SetKind("CatalogSourceList")
		if err := o.client.List(ctx, sources); err != nil {
			return false, "", fmt.Errorf("listing CatalogSources: %w", err)
		}
		done, seen := connections(sources.Items, connected)
		return done, seen, nil
	})
}

// connections reports whether OLM says this of every CatalogSource with our address.
func connections(sources []unstructured.Unstructured, connected bool) (done bool, seen string) {
	done = true
	for _, source := range sources {
		address, _, _ := unstructured.NestedString(source.Object, "spec", "address")
		if address != Address {
			continue
		}
		state, _, _ := unstructured.NestedString(source.Object, "status", "connectionState", "lastObservedState")
		seen += fmt.Sprintf("%s is %q; ", source.GetName(), state)
		done = done && (state == "READY") == connected
	}
	return done, seen
}

// Failed delivers one error when a program of OLM has ended by itself.
func (o *OLM) Failed() <-chan error { return o.processes.Failed() }

// Stop ends all programs. What OLM made in the cluster stays.
func (o *OLM) Stop() error {
	var problems error
	if o.processes != nil {
		problems = o.processes.Stop()
	}
	if o.server != nil {
		problems = errors.Join(problems, o.server.Close())
	}
	if o.network != nil {
		problems = errors.Join(problems, o.network.Close())
	}
	return problems
}
