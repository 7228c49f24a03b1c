package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// notReadyAnnotation makes the simulator of nodes report a pod as not ready (see hack/cluster/simulated).
const notReadyAnnotation = "edgeingress.dev/simulate-not-ready"

func (s *story) policyIsChanged(ctx context.Context) error {
	s.screen.chapter("Mishap: somebody sets the traffic policy to Cluster")
	s.screen.say("With Cluster any node takes traffic and its address replaces the client's, and the health-check port is gone:")
	before, err := s.service(ctx)
	if err != nil {
		return err
	}
	if err := s.kubectl.show(ctx, "patch", "service", before.Name, "-n", before.Namespace, "-p", `{"spec":{"externalTrafficPolicy":"Cluster"}}`,
		"-o", `go-template={{.spec.externalTrafficPolicy}}, health-check port {{or .spec.healthCheckNodePort "none"}}`); err != nil {
		return err
	}
	if err := await(ctx, "the traffic policy to be Local again", func(ctx context.Context) (bool, string, error) {
		now, err := s.service(ctx)
		return now.Spec.ExternalTrafficPolicy == corev1.ServiceExternalTrafficPolicyLocal, string(now.Spec.ExternalTrafficPolicy), err
	}); err != nil {
		return err
	}
	after, err := s.service(ctx)
	if err != nil {
		return err
	}
	if after.Spec.HealthCheckNodePort != before.Spec.HealthCheckNodePort {
		return fmt.Errorf("the health-check port moved from %d to %d", before.Spec.HealthCheckNodePort, after.Spec.HealthCheckNodePort)
	}
	s.screen.say("The operator sees it and sets it back, with the port from before, where a balancer outside goes on asking:")
	return s.showObject(ctx, "service", serviceColumns)
}

func (s *story) controllerFails(ctx context.Context) error {
	s.screen.chapter("Mishap: a controller stops being ready")
	pod, err := s.podOn(ctx, "edge-b1")
	if err != nil {
		return err
	}
	s.screen.say("An annotation makes the simulator report the controller on edge-b1 as not ready, as a failing readiness probe would.")
	if err := s.kubectl.do(ctx, "annotate", "pod", pod.Name, "-n", pod.Namespace, notReadyAnnotation+"=true"); err != nil {
		return err
	}
	if err := s.awaitConditions(ctx, "the failure to be reported", expected{
		v1alpha1.ConditionControllerAvailable: v1alpha1.ReasonControllersMissing,
		v1alpha1.ConditionLoadBalancerReady:   v1alpha1.ReasonEdgeNodesWithoutEndpoint,
	}); err != nil {
		return err
	}
	if err := s.showEdgeIngress(ctx); err != nil {
		return err
	}
	if err := s.showConditions(ctx, v1alpha1.ConditionControllerAvailable, v1alpha1.ConditionLoadBalancerReady); err != nil {
		return err
	}
	if err := s.kubectl.do(ctx, "annotate", "pod", pod.Name, "-n", pod.Namespace, notReadyAnnotation+"-"); err != nil {
		return err
	}
	if err := s.awaitConditions(ctx, "the recovery to be reported", expected{v1alpha1.ConditionReady: v1alpha1.ReasonAllConditionsMet}); err != nil {
		return err
	}
	s.screen.say("Ready is True again.")
	return nil
}

func (s *story) delete(ctx context.Context) error {
	s.screen.chapter("Delete it")
	s.screen.say("The operator deletes its objects and takes back what it put on the nodes. The namespace stays: others may use it.")
	if err := s.kubectl.do(ctx, "delete", "edgeingress", edgeName, "--timeout=60s"); err != nil {
		return err
	}
	objects := []string{"get", "daemonset,pod,service,configmap,serviceaccount,rolebinding,clusterrolebinding,ingressclass", "-A", "-l", ours}
	if err := await(ctx, "the objects to be gone", func(ctx context.Context) (bool, string, error) {
		output, err := s.kubectl.output(ctx, objects...)
		return strings.HasPrefix(output, "No resources found"), output, err
	}); err != nil {
		return err
	}
	if err := s.kubectl.show(ctx, objects...); err != nil {
		return err
	}
	if err := s.kubectl.show(ctx, "get", "nodes", "-l", "pool=edge"); err != nil {
		return err
	}
	after, err := s.nodes(ctx)
	if err != nil {
		return err
	}
	if changed := changedNodes(s.before, after); len(changed) > 0 {
		return errors.New("nodes are not as they were before: " + strings.Join(changed, ", "))
	}
	s.screen.say(fmt.Sprintf("All %d nodes have exactly the labels, taints and annotations that they had before.", len(after)))
	return nil
}
