package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

func (s *story) policyIsChanged(ctx context.Context) error {
	s.screen.chapter("Mishap: somebody sets the traffic policy to Cluster")
	s.screen.say("With Cluster, any node accepts traffic and replaces the client's address with its own. The health-check port is gone:")
	before, err := s.service(ctx)
	if err != nil {
		return err
	}
	if err := s.kubectl.show(ctx, "patch", "service", before.Name, "-n", before.Namespace, "-p", `{"spec":{"externalTrafficPolicy":"Cluster"}}`,
		"-o", policyTemplate); err != nil {
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
	s.screen.say("The operator restores the policy, and the same port, which an external balancer still probes:")
	return s.showObject(ctx, "service", serviceColumns)
}

// showFailure waits until a controller that is not ready is reported, and shows how.
func (s *story) showFailure(ctx context.Context) error {
	if err := s.awaitConditions(ctx, "the failure to be reported", expected{
		v1alpha1.ConditionControllerAvailable: v1alpha1.ReasonControllersMissing,
		v1alpha1.ConditionLoadBalancerReady:   v1alpha1.ReasonEdgeNodesWithoutEndpoint,
	}); err != nil {
		return err
	}
	if err := s.showEdgeIngress(ctx); err != nil {
		return err
	}
	return s.showConditions(ctx, v1alpha1.ConditionControllerAvailable, v1alpha1.ConditionLoadBalancerReady)
}

func (s *story) showRecovery(ctx context.Context) error {
	if err := s.awaitConditions(ctx, "the recovery to be reported", expected{v1alpha1.ConditionReady: v1alpha1.ReasonAllConditionsMet}); err != nil {
		return err
	}
	s.screen.say("Ready is True again.")
	return nil
}

// ownedKinds are the kinds of object that the operator creates for an EdgeIngress.
const ownedKinds = "daemonset,service,configmap,serviceaccount,rolebinding,clusterrolebinding,ingressclass"

// delete deletes the EdgeIngress and returns when its objects of these kinds are gone.
func (s *story) delete(ctx context.Context, kinds string) error {
	if err := s.kubectl.do(ctx, "delete", "edgeingress", edgeName, "--timeout=60s"); err != nil {
		return err
	}
	objects := []string{"get", kinds, "-A", "-l", ours}
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
