package assess

import (
	"fmt"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/desired"
)

// loadBalancerReady implements the rows about it of docs/source-ip.md. Each check names its rows where they have a
// table of their own.
func loadBalancerReady(sc *scene) verdict {
	q := question{writes: func(kind string) bool { return kind == "Service" }, holds: noAddressNeeded}
	service, nodes := read{"the Service", sc.Service.Err}, read{"the nodes", sc.Nodes.Err}
	pods, slices := read{"the controller pods", sc.Pods.Err}, read{"the EndpointSlices", sc.EndpointSlices.Err}
	policies := read{"the NetworkPolicies", sc.NetworkPolicies.Err}
	switch sc.spec.Exposure.Type {
	case v1alpha1.ExposureHostNetwork:
	case v1alpha1.ExposureHostPort:
		q.needs, q.checks = []read{policies}, []check{policiesBlock}
	case v1alpha1.ExposureNodePort:
		q.needs = []read{service, nodes, pods, slices, policies}
		q.checks = []check{serviceTaken, serviceBlocked, serviceMissing, familyWithoutEndpoint, edgeWithoutEndpoint, policiesBlock}
	default:
		q.needs = []read{service, nodes, pods, slices, policies, {"the load-balancer agents", sc.Agents.Err}}
		q.checks = []check{
			serviceTaken, serviceBlocked, serviceMissing, balancerReports, addressMissing, addressFamilyMissing,
			healthCheckPortMissing, healthCheckOverridden, healthCheckUnreadable, healthCheckUnseen, nodePortsMissing,
			edgeNodeExcluded, edgeNodeExcludedByLabel, edgeNodeOnceExcluded, edgeNodeNotTargeted, edgeNodeGoing,
			agentMissing, agentNotReady, noSuspectRuns, announcedElsewhere, agentUnseen,
			needsClusterPolicy, familyWithoutEndpoint, edgeWithoutEndpoint,
			policiesBlock,
		}
		q.holds = addressAssigned
	}
	return q.answer(sc)
}

func noAddressNeeded(sc *scene) verdict {
	return is(v1alpha1.ReasonNotApplicable,
		"With spec.exposure.type %s, the operator requests no load balancer. Whatever sends traffic to the edge nodes is set up outside the cluster.%s",
		sc.spec.Exposure.Type, sc.policiesSaid())
}

func addressAssigned(sc *scene) verdict {
	found := addressesOf(sc.service.Status.LoadBalancer.Ingress)
	return is(v1alpha1.ReasonAddressAssigned, "%s: %s. %s; the health-check port is %d.%s",
		capital(countOf(len(found), "address")), listed(found), sc.endpoints(),
		sc.service.Spec.HealthCheckNodePort, sc.oneFamilyOnly()+sc.checksElsewhere()+agentsUnchecked(sc)+sc.notRead()+sc.policiesSaid()+sc.alsoReported())
}

func serviceTaken(sc *scene) *verdict {
	if !sc.Service.Foreign {
		return nil
	}
	return nameTaken(sc.serviceRef(), "")
}

func serviceBlocked(sc *scene) *verdict {
	for _, block := range sc.state.Blocked {
		switch block.Cause {
		case desired.BlockedByClass:
			return frozen(v1alpha1.ReasonLoadBalancerClassFrozen, "The Service has loadBalancerClass %q, but the spec asks for %q", block)
		case desired.BlockedByIPFamily:
			return frozen(v1alpha1.ReasonIPFamilyFrozen, "The Service has primary IP family %s, but the spec asks for %s", block)
		case desired.BlockedByNodePort, desired.BlockedByAddress:
			return serviceValueTaken(block)
		}
	}
	return nil
}

// frozen reports a field that Kubernetes does not allow to change. The values format takes the live
// value and the wanted one.
func frozen(reason, values string, block desired.Block) *verdict {
	return isNot(reason, values+", and Kubernetes does not allow this change. Delete %s to let the operator create it again; its address may change.",
		block.Live, block.Wanted, block.Ref)
}

func serviceMissing(sc *scene) *verdict {
	unusable := namespaceUnusable(sc)
	switch {
	case sc.Service.Foreign:
		return nil
	case sc.service == nil && unusable != nil:
		return unusable
	case sc.service == nil:
		return unclear(v1alpha1.ReasonServiceMissing, "The operator has not seen %s yet.", sc.serviceRef())
	case string(sc.service.Spec.Type) != string(sc.spec.Exposure.Type):
		return unclear(v1alpha1.ReasonServiceMissing, "The operator has not seen %s with type %s yet; its type is %s.", sc.serviceRef(), sc.spec.Exposure.Type, sc.service.Spec.Type)
	}
	return nil
}

func addressMissing(sc *scene) *verdict {
	if !sc.isLoadBalancer() || sc.hasAddress() {
		return nil
	}
	whose := "has no loadBalancerClass, so the cluster's default load balancer serves it"
	if class := sc.service.Spec.LoadBalancerClass; class != nil {
		whose = fmt.Sprintf("has loadBalancerClass %q", *class)
	}
	return isNot(v1alpha1.ReasonLoadBalancerPending,
		"No load balancer has assigned an address to %s. The Service %s.%s "+
			"Install a load balancer such as MetalLB or your cloud's controller, or check the log of the installed one.%s",
		sc.serviceRef(), whose, sc.familiesAsked(), sc.pendingAgents())
}

func nodePortsMissing(sc *scene) *verdict {
	if !sc.isLoadBalancer() || !sc.balancer.NeedsNodePorts {
		return nil
	}
	unallocated := func(port corev1.ServicePort) bool { return port.NodePort == 0 }
	if !slices.ContainsFunc(sc.service.Spec.Ports, unallocated) {
		return nil
	}
	return isNot(v1alpha1.ReasonNodePortsNotAllocated,
		"%s delivers to node ports, but not every port of %s has one. Set spec.exposure.loadBalancer.nodePorts to Enabled.", capital(sc.balancer.Name), sc.serviceRef())
}

// edgeNodeExcluded distinguishes values, because cloud controllers read the label's value and other
// implementations check only its presence.
func edgeNodeExcluded(sc *scene) *verdict {
	var excluded, ambiguous []string
	for _, node := range sc.edge {
		value, there := node.Labels[corev1.LabelNodeExcludeBalancers]
		if !there {
			continue
		}
		if excludes, err := strconv.ParseBool(value); err == nil && !excludes {
			ambiguous = append(ambiguous, node.Name)
		} else {
			excluded = append(excluded, node.Name)
		}
	}
	remedy := "Remove the label " + corev1.LabelNodeExcludeBalancers
	switch {
	case len(excluded) > 0:
		return isNot(v1alpha1.ReasonEdgeNodeExcluded, "Load balancers exclude %s. %s.", nodesNamed(excluded), remedy)
	case len(ambiguous) > 0:
		return unclear(v1alpha1.ReasonExcludeLabelAmbiguous,
			"Some load balancers exclude %s, because the exclude label is present. Others do not, because its value is false. %s.", nodesNamed(ambiguous), remedy)
	}
	return nil
}

// edgeWithoutEndpoint requires one endpoint from a Deployment, which may have fewer pods than there
// are edge nodes.
func edgeWithoutEndpoint(sc *scene) *verdict {
	without := sc.edgeWithout(sc.endpointOn)
	if sc.service != nil && len(sc.edge) == 0 {
		return isNot(v1alpha1.ReasonEdgeNodesWithoutEndpoint, "There is no edge node and no ready endpoint, so traffic for %s is dropped. See the condition %s.",
			sc.serviceRef(), v1alpha1.ConditionNodesReady)
	}
	if sc.service == nil || len(without) == 0 || (sc.isDeployment() && len(without) < len(sc.edge)) {
		return nil
	}
	return isNot(v1alpha1.ReasonEdgeNodesWithoutEndpoint, "%s a ready endpoint; traffic that reaches %s is dropped until a controller is ready there.",
		partOf(len(sc.edge)-len(without), len(sc.edge), "edge node", "has", "have"), listed(without))
}
