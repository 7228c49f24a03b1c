package controllers

import (
	"cmp"
	"context"
	"fmt"
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

// trimNetworkPolicy keeps the spec. Of the rules for outgoing traffic it keeps the ports, because who receives
// it is not judged. A namespace for a controller may be any, so the policies of all are cached.
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
		if len(rule.To) > 1 {
			rule.To = rule.To[:1:1]
		}
		kept.Spec.Egress = append(kept.Spec.Egress, rule)
	}
	return kept, nil
}
