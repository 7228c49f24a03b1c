package main

import (
	"context"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// loadBalancerAnswers plays the part of a load balancer, which writes its address into the Service's status.
func (s *story) loadBalancerAnswers(ctx context.Context) error {
	s.screen.chapter("A load balancer takes the Service")
	s.screen.say("Nothing has given the Service an address yet, and the EdgeIngress says so:")
	if err := s.showConditions(ctx, v1alpha1.ConditionLoadBalancerReady); err != nil {
		return err
	}
	service, err := s.service(ctx)
	if err != nil {
		return err
	}
	s.screen.say("The demo now plays the load balancer, and answers as one does:")
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
	s.screen.say("It works. Does it keep the client's address? What an unknown balancer does cannot be seen, and nothing is guessed:")
	return s.showConditions(ctx, v1alpha1.ConditionSourceIPConfigured)
}

// nameTheProvider says what this balancer does, as its owner would know.
func (s *story) nameTheProvider(ctx context.Context) error {
	s.screen.chapter("The verdict on the client's address")
	s.screen.say("The owner of the balancer knows that it passes packets on as they are, and says so:")
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
	if err := s.showEdgeIngress(ctx); err != nil {
		return err
	}
	s.screen.say("All conditions, with the beginning of each message. SourceIPConfigured is about what the objects say; SourceIPPreserved, the column " +
		"SOURCE IP, is True only when it was measured, which this version does not do yet.")
	if err := s.showConditions(ctx); err != nil {
		return err
	}
	s.screen.say("The whole message of one of them follows the client's address, leg by leg:")
	return s.showConditions(ctx, v1alpha1.ConditionSourceIPConfigured)
}
