package assess

import (
	"fmt"
	"math"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// maxAddresses is how many addresses the status lists, as its schema says.
const maxAddresses = 16

// countsRead is whether everything was read that the counts and the nodes' addresses come from.
func countsRead(sc *scene) bool {
	return sc.Nodes.Err == nil && sc.Pods.Err == nil && (!sc.EdgeIngress.UsesService() || sc.EndpointSlices.Err == nil)
}

// nodeCounts stay what they were where they cannot be counted now: a failed read says nothing about the nodes.
func nodeCounts(sc *scene) v1alpha1.NodesStatus {
	if !countsRead(sc) {
		return sc.EdgeIngress.Status.Nodes
	}
	serving, selected := 0, len(sc.edge)+len(sc.withdrawn)
	for _, node := range sc.edge {
		if sc.serves(node.Name) {
			serving++
		}
	}
	return v1alpha1.NodesStatus{
		Selected:  number(selected),
		Labelled:  number(sc.edgeWith(sc.labelled)),
		Serving:   number(serving),
		Withdrawn: number(len(sc.withdrawn)),
		Releasing: number(len(sc.state.Nodes.Releasing)),
		Summary:   fmt.Sprintf("%d/%d", serving, selected),
	}
}

// number is a count as the API has it. More nodes than an int32 can count are as many as it can.
func number(count int) int32 { return int32(max(0, min(count, math.MaxInt32))) }

// addresses are those of the load balancer, or else of the nodes that serve, with those that the cloud calls external first.
func addresses(sc *scene) []string {
	var found []string
	switch {
	case sc.spec.Exposure.Type == v1alpha1.ExposureLoadBalancer && sc.Service.Err != nil,
		sc.spec.Exposure.Type != v1alpha1.ExposureLoadBalancer && !countsRead(sc):
		return sc.EdgeIngress.Status.Addresses
	case sc.spec.Exposure.Type == v1alpha1.ExposureLoadBalancer:
		if sc.isLoadBalancer() {
			found = addressesOf(sc.service.Status.LoadBalancer.Ingress)
		}
	default:
		var internal []string
		for _, node := range sc.servingNodes() {
			found = append(found, node.ExternalIPs...)
			internal = append(internal, node.InternalIPs...)
		}
		found = append(found, internal...)
	}
	return found[:min(len(found), maxAddresses)]
}

// servingNodes are the edge nodes that serve, and then those that left the edge set and serve on.
func (sc *scene) servingNodes() []*snapshot.Node {
	candidates := slices.Clone(sc.edge)
	for _, name := range sc.state.Nodes.Held {
		if node := sc.nodes[name]; node != nil {
			candidates = append(candidates, node)
		}
	}
	return slices.DeleteFunc(candidates, func(node *snapshot.Node) bool { return !sc.serves(node.Name) })
}

func addressesOf(ingress []corev1.LoadBalancerIngress) []string {
	var found []string
	for _, entry := range ingress {
		if entry.IP != "" {
			found = append(found, entry.IP)
		}
		if entry.Hostname != "" {
			found = append(found, entry.Hostname)
		}
	}
	return found
}

// healthCheckNodePort is remembered while the Service is gone or has lost it, so that the repaired Service gets the same one. It is forgotten where
// another Service has the port by then.
func healthCheckNodePort(sc *scene) int32 {
	if sc.spec.Exposure.Type != v1alpha1.ExposureLoadBalancer {
		return 0
	}
	if sc.service != nil && sc.service.Spec.HealthCheckNodePort != 0 {
		return sc.service.Spec.HealthCheckNodePort
	}
	if slices.ContainsFunc(sc.outcome.Failures, func(f snapshot.Failure) bool { return f.Cause == snapshot.CauseHealthCheckPort }) {
		return 0
	}
	return sc.EdgeIngress.Status.HealthCheckNodePort
}
