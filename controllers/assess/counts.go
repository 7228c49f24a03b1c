package assess

import (
	"fmt"
	"math"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// maxAddresses is the limit in the schema of status.addresses.
const maxAddresses = 16

// countsRead reports whether the reads behind the counts and the nodes' addresses succeeded.
func countsRead(sc *scene) bool {
	return sc.Nodes.Err == nil && sc.Pods.Err == nil && (!sc.EdgeIngress.UsesService() || sc.EndpointSlices.Err == nil)
}

// nodeCounts keeps the old counts after a failed read, because a failed read shows nothing about the nodes.
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

// number converts a count to the API's type. It caps a count that an int32 cannot hold.
func number(count int) int32 { return int32(max(0, min(count, math.MaxInt32))) }

// addresses returns the load balancer's addresses, or else those of the serving nodes, external
// addresses first.
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

// servingNodes returns the serving edge nodes, then the serving nodes that are no longer selected.
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

// healthCheckNodePort keeps the port in the status while the Service is missing or has lost the port,
// so that the repaired Service gets the same one. It drops a port that another Service has taken.
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
