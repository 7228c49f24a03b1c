package main

import (
	"context"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// withSimulatedNodes is the story on simulated nodes. startOperator starts the operator as a
// process, because no simulated node can run it.
func (s *story) withSimulatedNodes(startOperator chapter, keep bool) []chapter {
	chapters := []chapter{
		s.addSimulatedNodes, s.installForProcess, startOperator, s.leastPrivilege, s.applySample, s.showNodes, s.showService,
		s.showConfiguration, s.loadBalancerAnswers, s.nameTheProvider, s.policyIsChanged, s.simulatedControllerFails,
	}
	if !keep {
		chapters = append(chapters, s.deleteOnSimulatedNodes)
	}
	return chapters
}

func (s *story) addSimulatedNodes(ctx context.Context) error {
	s.screen.chapter("A cluster: two edge machines and three workers, in two zones")
	for _, group := range []nodeGroup{
		{"zone-a", "edge", []string{"edge-a1"}},
		{"zone-b", "edge", []string{"edge-b1"}},
		{"zone-a", "apps", []string{"worker-a1"}},
		{"zone-b", "apps", []string{"worker-b1", "worker-b2"}},
	} {
		if err := s.cluster.addNodes(ctx, simulatedNodes, group); err != nil {
			return err
		}
	}
	if err := await(ctx, "the nodes to be Ready", s.nodesReady); err != nil {
		return err
	}
	s.screen.say("Two machines will face the internet; so far they only have a label.")
	return s.kubectl.show(ctx, "get", "nodes", "-L", corev1.LabelTopologyZone+",pool")
}

// installForProcess installs the operator as README.md describes, without the Deployment.
func (s *story) installForProcess(ctx context.Context) error {
	if err := s.install(ctx, installation); err != nil {
		return err
	}
	s.screen.say("This is config/without-verification without its Deployment, because a simulated node runs no containers. The operator is the process bin/manager, " +
		"with a token of its ServiceAccount. It has only the permissions in config/rbac:")
	return nil
}

func (s *story) applySample(ctx context.Context) error {
	s.screen.chapter("Ask for an edge")
	return s.apply(ctx, sample, expected{
		v1alpha1.ConditionNodesReady:          v1alpha1.ReasonNodesLabelled,
		v1alpha1.ConditionControllerAvailable: v1alpha1.ReasonControllersReady,
		v1alpha1.ConditionLoadBalancerReady:   v1alpha1.ReasonLoadBalancerPending,
	})
}

// address is one of those that are set aside for documentation (RFC 5737).
const address = "203.0.113.10"

// loadBalancerAnswers plays the part of a load balancer, which writes its address into the Service's status.
func (s *story) loadBalancerAnswers(ctx context.Context) error {
	s.screen.chapter("A load balancer takes the Service")
	s.screen.say("The Service has no address yet, and the EdgeIngress reports it:")
	if err := s.showConditions(ctx, v1alpha1.ConditionLoadBalancerReady); err != nil {
		return err
	}
	service, err := s.service(ctx)
	if err != nil {
		return err
	}
	s.screen.say("The demo now plays the load balancer and sets an address:")
	if err := s.kubectl.do(ctx, "patch", "service", service.Name, "-n", service.Namespace, "--subresource=status", "--type=merge",
		"-p", `{"status":{"loadBalancer":{"ingress":[{"ip":"`+address+`","ipMode":"VIP"}]}}}`); err != nil {
		return err
	}
	if err := s.awaitConditions(ctx, "the address to be taken up", expected{
		v1alpha1.ConditionReady:              v1alpha1.ReasonAllConditionsMet,
		v1alpha1.ConditionSourceIPConfigured: v1alpha1.ReasonProviderUnknown,
	}); err != nil {
		return err
	}
	s.screen.say("Traffic can flow. Does the balancer keep the client's address? The operator does not know this balancer, and it does not guess:")
	return s.showConditions(ctx, v1alpha1.ConditionSourceIPConfigured)
}

// nameTheProvider says what this balancer does, as its owner would know.
func (s *story) nameTheProvider(ctx context.Context) error {
	s.screen.chapter(verdictTitle)
	s.screen.say("The owner of the balancer knows that it forwards packets unchanged, and declares it:")
	if err := s.kubectl.do(ctx, "patch", "edgeingress", edgeName, "--type=merge",
		"-p", `{"spec":{"exposure":{"loadBalancer":{"provider":"`+string(v1alpha1.ProviderPacketForwarding)+`"}}}}`); err != nil {
		return err
	}
	if err := s.awaitConditions(ctx, "the verdict on the client's address", expected{
		v1alpha1.ConditionReady:              v1alpha1.ReasonAllConditionsMet,
		v1alpha1.ConditionSourceIPConfigured: v1alpha1.ReasonPreservedByLocalPolicy,
	}); err != nil {
		return err
	}
	return s.showVerdict(ctx)
}

// notReadyAnnotation makes the simulator of nodes report a pod as not ready (see test/lab/simulated).
const notReadyAnnotation = "lab.test/simulate-not-ready"

func (s *story) simulatedControllerFails(ctx context.Context) error {
	s.screen.chapter("Mishap: a controller stops being ready")
	pod, err := s.podOn(ctx, "edge-b1")
	if err != nil {
		return err
	}
	s.screen.say("An annotation makes the simulator report the controller on edge-b1 as not ready, like a failing readiness probe.")
	if err := s.kubectl.do(ctx, "annotate", "pod", pod.Name, "-n", pod.Namespace, notReadyAnnotation+"=true"); err != nil {
		return err
	}
	if err := s.showFailure(ctx); err != nil {
		return err
	}
	if err := s.kubectl.do(ctx, "annotate", "pod", pod.Name, "-n", pod.Namespace, notReadyAnnotation+"-"); err != nil {
		return err
	}
	return s.showRecovery(ctx)
}

func (s *story) deleteOnSimulatedNodes(ctx context.Context) error {
	s.screen.chapter("Delete it")
	s.screen.say("The operator deletes its objects and takes back what it put on the nodes. The namespace stays, because others may use it.")
	return s.delete(ctx, "pod,"+ownedKinds)
}
