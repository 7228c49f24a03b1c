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
	s.screen.say("That is config/default without its Deployment, since a simulated node would only pretend to run it. The operator runs as the " +
		"process bin/manager instead, with a token of its ServiceAccount: it may do what config/rbac allows, and nothing else.")
	return nil
}

func (s *story) tell(ctx context.Context, keep bool) error {
	chapters := []func(context.Context) error{
		s.leastPrivilege, s.applySample, s.showNodes, s.showObjects, s.loadBalancerAnswers, s.nameTheProvider,
		s.policyIsChanged, s.controllerFails,
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
	kubeconfig, err := filepath.Rel(s.root, operatorKubeconfig(s.cluster))
	if err != nil {
		return fmt.Errorf("finding the operator's kubeconfig: %w", err)
	}
	return s.kubectl.showForbidden(ctx, "--kubeconfig="+kubeconfig, "delete", "node", "worker-a1", "--dry-run=server")
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
	if err := s.kubectl.show(ctx, "apply", "-f", sample); err != nil {
		return err
	}
	return s.awaitConditions(ctx, "the controllers to be ready and the Service to wait for an address", expected{
		v1alpha1.ConditionNodesReady:          v1alpha1.ReasonNodesLabelled,
		v1alpha1.ConditionControllerAvailable: v1alpha1.ReasonControllersReady,
		v1alpha1.ConditionLoadBalancerReady:   v1alpha1.ReasonLoadBalancerPending,
	})
}

func (s *story) showNodes(ctx context.Context) error {
	s.screen.chapter("The nodes")
	s.screen.say("The edge nodes have a role for people to see, a label that only this EdgeIngress uses, and a taint that keeps other pods off.")
	return s.kubectl.show(ctx, "get", "nodes", "-l", v1alpha1.NodeLabel(edgeName), "-o",
		`custom-columns=NAME:.metadata.name,ZONE:.metadata.labels.topology\.kubernetes\.io/zone,TAINT:.spec.taints[*].key,EFFECT:.spec.taints[*].effect`)
}

func (s *story) showObjects(ctx context.Context) error {
	s.screen.chapter("The ingress controller")
	s.screen.say("One controller on each edge node and nowhere else, behind a Service with externalTrafficPolicy Local: only nodes with a ready " +
		"controller answer the health check, so no node has to pass a packet on and rewrite its source.")
	namespace, err := s.namespace(ctx)
	if err != nil {
		return err
	}
	ours := v1alpha1.OwnerLabel + "=" + edgeName
	for _, arguments := range [][]string{
		{"get", "daemonset,poddisruptionbudget,ingressclass", "-n", namespace, "-l", ours},
		{"get", "pods", "-n", namespace, "-l", ours, "-o", "custom-columns=POD:.metadata.name,NODE:.spec.nodeName,READY:.status.containerStatuses[*].ready"},
		append([]string{"get", "service", "-n", namespace, "-l", ours}, serviceColumns...),
	} {
		if err := s.kubectl.show(ctx, arguments...); err != nil {
			return err
		}
	}
	s.screen.say("The ConfigMap writes down every setting about trust, also when it is off: the engine's own defaults would believe a header from anyone.")
	return s.kubectl.show(ctx, "get", "configmap", "-n", namespace, "-l", ours, "-o", "jsonpath-as-json={.items[*].data}")
}

// serviceColumns are what matters of the Service.
var serviceColumns = []string{
	"-o", "custom-columns=SERVICE:.metadata.name,TYPE:.spec.type,POLICY:.spec.externalTrafficPolicy," +
		"HEALTH CHECK PORT:.spec.healthCheckNodePort,ADDRESS:.status.loadBalancer.ingress[*].ip",
}
