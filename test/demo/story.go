package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

const (
	// edgeName is the name of the EdgeIngress in the sample.
	edgeName = "public"
	// ours selects what the operator made for the EdgeIngress.
	ours = v1alpha1.OwnerLabel + "=" + edgeName
)

// story changes the cluster and explains each change. It shows kubectl's output, and uses the
// client to wait and to compare.
type story struct {
	root    string
	cluster *localCluster
	config  *rest.Config
	client  client.Client
	kubectl *kubectl
	screen  *screen

	// before are the nodes before there was an EdgeIngress.
	before map[string]corev1.Node
}

func newStory(root string, cluster *localCluster, out *screen) (*story, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, fmt.Errorf("preparing the client: %w", err)
		}
	}
	config, err := clientcmd.BuildConfigFromFlags("", cluster.Kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	config.QPS = -1
	c, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("preparing the client: %w", err)
	}
	return &story{
		root: root, cluster: cluster, config: config, client: c, screen: out,
		kubectl: &kubectl{root: root, cluster: cluster, screen: out},
	}, nil
}

// chapter is one step of the story.
type chapter func(context.Context) error

func (s *story) tell(ctx context.Context, chapters []chapter) error {
	for _, chapter := range chapters {
		if err := chapter(ctx); err != nil {
			return err
		}
	}
	return nil
}

// install applies a kustomization, as README.md describes, and counts its objects.
func (s *story) install(ctx context.Context, kustomization string) error {
	s.screen.chapter("Install the operator")
	apply := []string{"apply", "--server-side", "-k", kustomization}
	output, err := s.kubectl.output(ctx, apply...)
	if err != nil {
		return err
	}
	s.kubectl.announce(apply...)
	s.screen.quote(installed(output))
	_, err = s.kubectl.output(ctx, "wait", "--for=condition=Established", "--timeout=60s", "crd/edgeingresses.edgeingress.dev")
	return err
}

func (s *story) leastPrivilege(ctx context.Context) error {
	return s.kubectl.showDenied(ctx, "auth", "can-i", "delete", "nodes", "--as=system:serviceaccount:"+operatorNamespace+":"+serviceAccount)
}

// apply applies the EdgeIngress in a file, and returns when the conditions have these reasons.
func (s *story) apply(ctx context.Context, file string, reasons expected) error {
	content, err := os.ReadFile(filepath.Join(s.root, file))
	if err != nil {
		return fmt.Errorf("reading the EdgeIngress: %w", err)
	}
	if s.before, err = s.nodes(ctx); err != nil {
		return err
	}
	s.screen.line(indent + "$ cat " + file)
	s.screen.quote(string(content))
	if err := s.kubectl.do(ctx, "apply", "-f", file); err != nil {
		return err
	}
	return s.awaitConditions(ctx, "the controllers to be ready", reasons)
}

func (s *story) showNodes(ctx context.Context) error {
	s.screen.chapter("What the operator made of it")
	s.screen.say("The edge nodes have a role for people to see, a label that only this EdgeIngress uses, and a taint that keeps other new pods off. " +
		"One controller runs on each, and nowhere else:")
	if err := s.kubectl.show(ctx, "get", "nodes", "-l", v1alpha1.NodeLabel(edgeName), "-o", nodeColumns); err != nil {
		return err
	}
	return s.showObject(ctx, "pods", podColumns)
}

func (s *story) showService(ctx context.Context) error {
	s.screen.say("By its policy Local only nodes with a ready controller pass the health check, and none rewrites the source:")
	return s.showObject(ctx, "service", serviceColumns)
}

func (s *story) showConfiguration(ctx context.Context) error {
	s.screen.say("All about trust is written down, also what is off: by its own defaults the engine would trust anyone's address.")
	namespace, err := s.namespace(ctx)
	if err != nil {
		return err
	}
	arguments := []string{"get", "configmap", "-n", namespace, "-l", ours, "-o", settingsTemplate}
	output, err := s.kubectl.output(ctx, arguments...)
	if err != nil {
		return err
	}
	s.kubectl.announce(arguments...)
	s.screen.quoteWrapped(output)
	return nil
}

// showObject shows the objects of a kind that belong to the EdgeIngress.
func (s *story) showObject(ctx context.Context, kind, format string) error {
	namespace, err := s.namespace(ctx)
	if err != nil {
		return err
	}
	return s.kubectl.show(ctx, "get", kind, "-n", namespace, "-l", ours, "-o", format)
}

// What kubectl shows of objects is in files, so that the commands stay short and can be typed as they stand.
const (
	nodeColumns      = "custom-columns-file=test/demo/columns/nodes"
	podColumns       = "custom-columns-file=test/demo/columns/pods"
	serviceColumns   = "custom-columns-file=test/demo/columns/service"
	settingsTemplate = "go-template-file=test/demo/columns/settings"
	policyTemplate   = "go-template-file=test/demo/columns/policy"
)
