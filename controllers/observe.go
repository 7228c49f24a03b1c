package controllers

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/desired"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// observe reads everything that the pass needs to decide and to report. It keeps a failed read
// apart from a read that finds nothing.
func (r *Reconciler) observe(ctx context.Context, edge *v1alpha1.EdgeIngress) snapshot.Snapshot {
	key := types.NamespacedName{Namespace: edge.ControllerNamespace(), Name: names.Workload(edge.Name, edge.Spec.Controller.Engine)}
	service := types.NamespacedName{Namespace: edge.ControllerNamespace(), Name: names.Service(edge.Name)}
	daemonSets, daemonSetsErr := r.listDaemonSets(ctx)
	pods, podsErr := r.listPods(ctx, edge)
	endpointSlices := r.observeEndpointSlices(ctx, service)
	classes, classesErr := r.listClasses(ctx)
	others, held := r.observeOthers(ctx, edge, classes)
	objects := r.observeObjects(ctx, edge, func(ours liveObjects) []snapshot.Ref {
		named := desired.Names(snapshot.Snapshot{
			EdgeIngress: edge, Options: r.Options, Others: others, Held: held, Inventory: ours.inventory,
			Service: readAs[corev1.Service](ours, refTo("Service", service)),
		})
		return append(named, leftovers(key, pods, service, endpointSlices.Items)...)
	})
	daemonSet, deployment := readAs[appsv1.DaemonSet](objects, refTo("DaemonSet", key)), readAs[appsv1.Deployment](objects, refTo("Deployment", key))
	seen := snapshot.Snapshot{
		Time:            r.Now(),
		EdgeIngress:     edge,
		Others:          others,
		Held:            held,
		Options:         r.Options,
		Nodes:           r.observeNodes(ctx),
		Repairs:         r.repairs.of(edge.UID),
		KeptBefore:      r.Measured.keptBefore(edge.UID),
		Namespace:       r.observeNamespace(ctx, edge.ControllerNamespace()),
		Live:            r.encoded(objects),
		Service:         readAs[corev1.Service](objects, refTo("Service", service)),
		ConfigMap:       readAs[corev1.ConfigMap](objects, refTo("ConfigMap", key)),
		DaemonSet:       daemonSet,
		Deployment:      deployment,
		Pods:            podsOf(pods, podsErr, key.Name, daemonSet.Foreign, deployment.Foreign),
		EndpointSlices:  endpointSlices,
		Agents:          agentsAmong(daemonSets, daemonSetsErr),
		DaemonSets:      othersAmong(daemonSets, daemonSetsErr),
		DefaultClasses:  snapshot.List[string]{Items: defaultsAmong(classes), Err: classesErr},
		NetworkPolicies: r.observeNetworkPolicies(ctx, edge.ControllerNamespace()),
		Reports:         r.observeReports(ctx, edge),
		ReportPolicy:    r.observeReportPolicy(ctx),
		Guards:          r.observeGuards(ctx),
		Inventory:       objects.inventory,
	}
	if seen.ConfigMap.Value != nil {
		seen.ConfigWritten = writtenAt(seen.ConfigMap.Value, v1alpha1.FieldManager)
		seen.Departing = r.observeDeparting(ctx, edge, seen.ConfigMap.Value.Data)
	}
	r.observeAgentPods(ctx, &seen, daemonSets)
	seen.Refusal = r.observeRefusal(ctx, seen)
	return seen
}

func (r *Reconciler) listDaemonSets(ctx context.Context) ([]appsv1.DaemonSet, error) {
	list := &appsv1.DaemonSetList{}
	if err := r.Client.List(ctx, list); err != nil {
		return nil, fmt.Errorf("listing DaemonSets: %w", err)
	}
	return list.Items, nil
}

func (r *Reconciler) observeEndpointSlices(ctx context.Context, service types.NamespacedName) snapshot.List[discoveryv1.EndpointSlice] {
	list := &discoveryv1.EndpointSliceList{}
	err := r.Client.List(ctx, list, client.InNamespace(service.Namespace), client.MatchingLabels{discoveryv1.LabelServiceName: service.Name})
	if err != nil {
		return snapshot.List[discoveryv1.EndpointSlice]{Err: fmt.Errorf("listing the EndpointSlices of Service %s: %w", service, err)}
	}
	slices.SortFunc(list.Items, func(a, b discoveryv1.EndpointSlice) int { return cmp.Compare(a.Name, b.Name) })
	return snapshot.List[discoveryv1.EndpointSlice]{Items: list.Items}
}
