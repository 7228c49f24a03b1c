package assess

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/provider"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// agentNotReady checks the pods of the agents that are meant for the edge nodes (row 85). A node that is not
// Ready is judged by its endpoint.
func agentNotReady(sc *scene) *verdict {
	only, found := sc.onlySuspect()
	if !found {
		return nil
	}
	return sc.doesNotRun(only)
}

func (sc *scene) doesNotRun(s suspect) *verdict {
	var undecided *verdict
	for _, agent := range s.agents {
		nodes, certain := sc.edgeWithoutAgent(agent)
		switch {
		case len(nodes) == 0:
		case !certain && undecided == nil:
			undecided = unclear(v1alpha1.ReasonAgentNotReadyOnEdgeNodes, "It is not known whether %s's agent runs on %s%s. %s", s.name, nodesNamed(nodes), s.doubt, agentCause(agent))
		case certain && s.doubted && undecided == nil:
			undecided = unclear(v1alpha1.ReasonAgentNotReadyOnEdgeNodes, "%s's agent does not run on %s%s. %s %s", s.name, nodesNamed(nodes), s.doubt, agentCause(agent), nameBalancer)
		case certain && !s.doubted:
			return isNot(v1alpha1.ReasonAgentNotReadyOnEdgeNodes, "%s's agent does not run on %s and does not announce the address from there. %s",
				s.name, nodesNamed(nodes), agentCause(agent))
		}
	}
	return undecided
}

// edgeWithoutAgent names the edge nodes where the agent should run and does not, or where that is not
// known, if certain is false.
func (sc *scene) edgeWithoutAgent(agent snapshot.Agent) (nodes []string, certain bool) {
	pods := agent.Pods
	certain = pods.Running == snapshot.RunningNone || (pods.Running == snapshot.RunningSome && pods.Err == nil)
	for _, node := range sc.edge {
		runs := pods.Running == snapshot.RunningAll || (pods.Running == snapshot.RunningSome && pods.ReadyOn[node.Name])
		if !runs && node.Ready == corev1.ConditionTrue && provider.AgentRunsOn(agent, settled(node)) {
			nodes = append(nodes, node.Name)
		}
	}
	return nodes, certain
}

// agentCause says how many pods of the agent run, and how to see why.
func agentCause(agent snapshot.Agent) string {
	pods, ref := agent.Pods, fmt.Sprintf("DaemonSet %s/%s", agent.Namespace, agent.Name)
	switch {
	case pods.Running == snapshot.RunningUnreported:
		return fmt.Sprintf("Kubernetes has not reported about %s yet. Check that kube-controller-manager runs.", ref)
	case pods.Err != nil:
		return fmt.Sprintf("%s of %s ready, and reading which failed: %v. Run kubectl -n %s get pods -o wide to see which.",
			partOf(int(pods.Ready), int(pods.Wanted), "pod", "is", "are"), ref, pods.Err, agent.Namespace)
	case pods.Created < pods.Wanted && pods.Refuses != "":
		return fmt.Sprintf("Kubernetes has made %s of %s. Its namespace enforces the Pod Security level %s, which forbids the host network. "+
			"Set the label pod-security.kubernetes.io/enforce=privileged on namespace %s.", outOf(pods.Created, pods.Wanted), ref, pods.Refuses, agent.Namespace)
	case pods.Created < pods.Wanted:
		return fmt.Sprintf("Kubernetes has made %s of %s. Run kubectl -n %s describe daemonset %s to see why.", outOf(pods.Created, pods.Wanted), ref, agent.Namespace, agent.Name)
	case pods.Ready == 0:
		return fmt.Sprintf("None of the %d pods of %s is ready. Run kubectl -n %s describe pods to see why.", pods.Wanted, ref, agent.Namespace)
	}
	return fmt.Sprintf("%d of the %d pods of %s are ready. Run kubectl -n %s get pods -o wide to see which.", pods.Ready, pods.Wanted, ref, agent.Namespace)
}

// outOf returns "none of the 3 pods" or "1 of the 3 pods".
func outOf(n, whole int32) string {
	if n == 0 {
		return fmt.Sprintf("none of the %d pods", whole)
	}
	return fmt.Sprintf("%d of the %d pods", n, whole)
}

// agentsUnchecked is a sentence about agents that were not checked, for the message of a True.
func agentsUnchecked(sc *scene) string {
	switch {
	case !provider.HasAgents(sc.balancer.Provider) || len(sc.agentsOf(sc.balancer.Provider)) > 0:
		return ""
	case provider.Anonymous(sc.balancer.Provider):
		return " The load balancer is unknown, so it was not checked whether an agent of it runs on the edge nodes."
	}
	return fmt.Sprintf(" No DaemonSet of %s's agent was recognised, so it was not checked whether it runs on the edge nodes.", sc.balancer.Name)
}
