package controllers

import (
	"cmp"
	"slices"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/provider"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// othersAmong returns the DaemonSets that do not belong to an EdgeIngress.
func othersAmong(daemonSets []appsv1.DaemonSet, err error) snapshot.List[snapshot.DaemonSet] {
	others := snapshot.List[snapshot.DaemonSet]{Err: err}
	for i := range daemonSets {
		daemonSet := &daemonSets[i]
		if _, ours := daemonSet.Labels[v1alpha1.OwnerLabel]; ours {
			continue
		}
		pod := daemonSet.Spec.Template.Spec
		others.Items = append(others.Items, snapshot.DaemonSet{
			Namespace: daemonSet.Namespace, Name: daemonSet.Name,
			Placement:   snapshot.Placement{Tolerations: pod.Tolerations, NodeSelector: pod.NodeSelector, Affinity: pod.Affinity},
			NodeNetwork: provider.IsNodeNetwork(daemonSet.Name, pod),
		})
	}
	slices.SortFunc(others.Items, func(a, b snapshot.DaemonSet) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return others
}
