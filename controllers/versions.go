package controllers

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/assess"
	"github.com/edge-ingress/edge-ingress-operator/controllers/skew"
)

// stepAside leaves an EdgeIngress as a much newer operator made it, also one that is being deleted. It writes
// only the conditions, which say so.
func (r *Reconciler) stepAside(ctx context.Context, edge *v1alpha1.EdgeIngress, follow *followUp) {
	r.Measured.forget(edge.UID)
	follow.fail(r.writeStatus(ctx, edge, assess.TooOld(edge, r.Options.Version, r.Now())))
	follow.lookAgain(restInterval)
}

// announceDowngrade tells that an older version of the operator serves the EdgeIngress from now on.
func (r *Reconciler) announceDowngrade(before, after *v1alpha1.EdgeIngress) {
	own, last := after.Status.OperatorVersion, before.Status.OperatorVersion
	if skew.Of(own, last) != skew.Older {
		return
	}
	note := fmt.Sprintf("Version %s of the operator serves this EdgeIngress now. Version %s, which is newer, did before. "+
		"What only the newer one knows has no effect.", own, last)
	r.announce(after, notice{corev1.EventTypeNormal, v1alpha1.EventOperatorDowngraded, "Serve", note, nil})
}
