package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

const (
	// edgeName is the name of the EdgeIngress in the sample.
	edgeName = "public"
	// address is one of those that are set aside for documentation (RFC 5737).
	address = "203.0.113.10"
	// ours selects what the operator made for the EdgeIngress.
	ours = v1alpha1.OwnerLabel + "=" + edgeName
)

// story is what the demo does to the cluster, and how it tells it. What is shown is kubectl's; the client is for waiting and comparing.
type story struct {
	root    string
	cluster *localCluster
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
		root: root, cluster: cluster, client: c, screen: out,
		kubectl: &kubectl{root: root, cluster: cluster, screen: out},
	}, nil
}

func (s *story) addNodes(ctx context.Context) error {
	for _, group := range []struct {
		zone, pool string
		names      []string
	}{
		{"zone-a", "edge", []string{"edge-a1"}},
		{"zone-b", "edge", []string{"edge-b1"}},
		{"zone-a", "apps", []string{"worker-a1"}},
		{"zone-b", "apps", []string{"worker-b1", "worker-b2"}},
	} {
		if err := s.cluster.addNodes(ctx, group.zone, group.pool, group.names...); err != nil {
			return err
		}
	}
	if err := await(ctx, "the nodes to be Ready", s.nodesReady); err != nil {
		return err
	}
	s.screen.say("Two machines are meant to face the internet; so far only a label says so.")
	return s.kubectl.show(ctx, "get", "nodes", "-L", corev1.LabelTopologyZone+",pool")
}

// install does what README.md tells a user to do, but for the Deployment.
func (s *story) install(ctx context.Context) error {
	s.screen.chapter("Install the operator")
	apply := []string{"apply", "--server-side", "-k", installation}
	output, err := s.kubectl.output(ctx, apply...)
	if err != nil {
		return err
	}
	s.kubectl.announce(apply...)
	s.screen.quote(installed(output))
	if _, err := s.kubectl.output(ctx, "wait", "--for=condition=Established", "--timeout=60s", "crd/edgeingresses.edgeingress.dev"); err != nil {
		return err
	}
	s.screen.say("That is config/default without its Deployment: a simulated node would only pretend to run it. Instead the operator is the process " +
		"bin/manager, with a token of its ServiceAccount. It may do what config/rbac allows, and nothing else:")
	return nil
}

func (s *story) tell(ctx context.Context, keep bool) error {
	chapters := []func(context.Context) error{
		s.leastPrivilege, s.applySample, s.showNodes, s.showService, s.showConfiguration,
		s.loadBalancerAnswers, s.nameTheProvider, s.policyIsChanged, s.controllerFails,
	}
	if !keep {
		chapters = append(chapters, s.delete)
	}
	for _, chapter := range chapters {
		if err := chapter(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (s *story) leastPrivilege(ctx context.Context) error {
	return s.kubectl.showDenied(ctx, "auth", "can-i", "delete", "nodes", "--as=system:serviceaccount:"+operatorNamespace+":"+serviceAccount)
}

func (s *story) applySample(ctx context.Context) error {
	s.screen.chapter("Ask for an edge")
	content, err := os.ReadFile(filepath.Join(s.root, sample))
	if err != nil {
		return fmt.Errorf("reading the sample: %w", err)
	}
	if s.before, err = s.nodes(ctx); err != nil {
		return err
	}
	s.screen.line(indent + "$ cat " + sample)
	s.screen.quote(string(content))
	if err := s.kubectl.do(ctx, "apply", "-f", sample); err != nil {
		return err
	}
	return s.awaitConditions(ctx, "the controllers to be ready and the Service to wait for an address", expected{
		v1alpha1.ConditionNodesReady:          v1alpha1.ReasonNodesLabelled,
		v1alpha1.ConditionControllerAvailable: v1alpha1.ReasonControllersReady,
		v1alpha1.ConditionLoadBalancerReady:   v1alpha1.ReasonLoadBalancerPending,
	})
}

func (s *story) showNodes(ctx context.Context) error {
	s.screen.chapter("What the operator made of it")
	s.screen.say("The edge nodes have a role for people to see, a label that only this EdgeIngress uses, and a taint that keeps other pods off. " +
		"One controller runs on each, and nowhere else:")
	if err := s.kubectl.show(ctx, "get", "nodes", "-l", v1alpha1.NodeLabel(edgeName), "-o",
		`custom-columns=NODE:.metadata.name,ZONE:.metadata.labels.topology\.kubernetes\.io/zone,TAINT:.spec.taints[*].key,EFFECT:.spec.taints[*].effect`); err != nil {
		return err
	}
	return s.showObject(ctx, "pods", "custom-columns=POD:.metadata.name,NODE:.spec.nodeName,READY:.status.containerStatuses[*].ready")
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
	arguments := []string{"get", "configmap", "-n", namespace, "-l", ours, "-o", `go-template={{range .items}}{{range $key, $value := .data}}{{$key}}={{$value}} {{end}}{{end}}`}
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

// serviceColumns are what matters of the Service.
const serviceColumns = "custom-columns=SERVICE:.metadata.name,TYPE:.spec.type,POLICY:.spec.externalTrafficPolicy," +
	"HEALTH CHECK PORT:.spec.healthCheckNodePort,ADDRESS:.status.loadBalancer.ingress[*].ip"
