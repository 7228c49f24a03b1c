package main

import (
	"context"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

const verdictTitle = "The verdict on the client's address"

// showVerdict shows what the operator says when all is well.
func (s *story) showVerdict(ctx context.Context) error {
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
