package controllers

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"net/netip"
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

func (r *Reconciler) observeNetworkPolicies(ctx context.Context, namespace string) snapshot.List[networkingv1.NetworkPolicy] {
	list := &networkingv1.NetworkPolicyList{}
	if err := r.Client.List(ctx, list, client.InNamespace(namespace)); err != nil {
		return snapshot.List[networkingv1.NetworkPolicy]{Err: fmt.Errorf("listing the NetworkPolicies of namespace %s: %w", namespace, err)}
	}
	slices.SortFunc(list.Items, func(a, b networkingv1.NetworkPolicy) int { return cmp.Compare(a.Name, b.Name) })
	return snapshot.List[networkingv1.NetworkPolicy]{Items: list.Items}
}

// trimNetworkPolicy keeps the spec. Of the rules for outgoing traffic it keeps the ports and the peers that
// decide whether anything, or everything, may receive it. A namespace for a controller may be any, so the policies of all are cached.
func trimNetworkPolicy(object any) (any, error) {
	policy, isPolicy := object.(*networkingv1.NetworkPolicy)
	if !isPolicy {
		return object, nil
	}
	kept := &networkingv1.NetworkPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: policy.Name, Namespace: shared(policy.Namespace), UID: policy.UID, ResourceVersion: policy.ResourceVersion},
		Spec:       networkingv1.NetworkPolicySpec{PodSelector: policy.Spec.PodSelector, PolicyTypes: policy.Spec.PolicyTypes, Ingress: policy.Spec.Ingress},
	}
	for _, rule := range policy.Spec.Egress {
		rule.To = decidingPeers(rule.To)
		kept.Spec.Egress = append(kept.Spec.Egress, rule)
	}
	return kept, nil
}

// wideRange is the longest prefix of ranges that may add up to all addresses.
const wideRange = 8

// decidingPeers keeps one peer that receives something for certain, if there is one, and the wide ranges.
func decidingPeers(peers []networkingv1.NetworkPolicyPeer) []networkingv1.NetworkPolicyPeer {
	if len(peers) < 2 {
		return peers
	}
	at := slices.IndexFunc(peers, receives)
	var kept []networkingv1.NetworkPolicyPeer
	for i, peer := range peers {
		wide := false
		if peer.IPBlock != nil {
			prefix, err := netip.ParsePrefix(peer.IPBlock.CIDR)
			wide = err == nil && prefix.Bits() <= wideRange
		}
		if i == at || at < 0 || wide {
			kept = append(kept, peer)
		}
	}
	return kept
}

// receives reports whether the peer certainly has an address: its exceptions are together smaller than its range.
func receives(peer networkingv1.NetworkPolicyPeer) bool {
	if peer.IPBlock == nil {
		return true
	}
	whole, err := netip.ParsePrefix(peer.IPBlock.CIDR)
	left := 1.0
	for _, cidr := range peer.IPBlock.Except {
		if taken, err := netip.ParsePrefix(cidr); err == nil {
			left -= math.Exp2(float64(whole.Bits() - taken.Bits()))
		}
	}
	return err == nil && left > 0
}
