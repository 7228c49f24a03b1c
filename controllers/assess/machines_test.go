package assess

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/desired"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// marked adds a machine manager's taint to a node.
func marked(name, key string) option {
	return node(name, taintedWith(key, corev1.TaintEffectNoSchedule))
}

// stopped is a machine that was stopped: its node is not ready.
func stopped(name, key string) option {
	return all(marked(name, key), node(name, func(n *snapshot.Node) { n.Ready = corev1.ConditionUnknown }))
}

func TestLoadBalancerReadyWhileMachinesGo(t *testing.T) {
	const shutdown = "node.cloudprovider.kubernetes.io/shutdown"
	const going, assigned = v1alpha1.ReasonEdgeNodeBeingDeleted, v1alpha1.ReasonAddressAssigned
	onlyOnEdge1 := all(deployment, secondNotReady)
	runRows(t, v1alpha1.ConditionLoadBalancerReady, map[string]row{
		"row 105: a Deployment, and another edge node serves":  {given: []option{deployment, marked("edge-1", "karpenter.sh/disrupted")}, status: yes, reason: assigned},
		"row 105: a Deployment and a spot instance":            {given: []option{deployment, marked("edge-2", "aws-node-termination-handler/spot-itn")}, status: yes, reason: assigned},
		"row 17: a Deployment and the autoscaler":              {given: []option{deployment, marked("edge-1", desired.RemovalTaint)}, status: yes, reason: assigned},
		"row 105: a Deployment whose only node goes":           {given: []option{onlyOnEdge1, marked("edge-1", "karpenter.sh/disrupted")}, status: no, reason: going, says: "(taint karpenter.sh/disrupted). No other edge node serves. Add edge nodes"},
		"row 105: a Deployment of which every node goes":       {given: []option{deployment, marked("edge-1", "karpenter.sh/disrupted"), marked("edge-2", "karpenter.sh/disrupted")}, status: no, reason: going, says: "nodes edge-1, edge-2"},
		"row 105: a Deployment, and a node without a pod goes": {given: []option{onlyOnEdge1, marked("edge-2", "medik8s.io/drain")}, status: yes, reason: assigned},
		"row 105: a stopped machine":                           {given: []option{stopped("edge-2", shutdown), secondNotReady}, status: no, reason: going, says: "Node edge-2 is stopped (taint " + shutdown + "). Delete its Node object, or start the machine."},
		"row 105: a machine that an administrator gave up":     {given: []option{stopped("edge-2", corev1.TaintNodeOutOfService), secondNotReady}, status: no, reason: going, says: "Delete its Node object, or start the machine."},
		"row 105: a machine that Karpenter has stopped":        {given: []option{stopped("edge-2", "karpenter.sh/disrupted"), secondNotReady}, status: no, reason: going, says: "Node edge-2 is not ready and about to be removed (taint karpenter.sh/disrupted)."},
		"row 105: two stopped machines":                        {given: []option{stopped("edge-1", shutdown), stopped("edge-2", shutdown)}, status: no, reason: going, says: "Nodes edge-1, edge-2 are stopped (taint " + shutdown + "). Delete their Node objects, or start the machines."},
		"row 105: one that goes comes before one that stopped": {given: []option{stopped("edge-1", shutdown), marked("edge-2", "karpenter.sh/disrupted")}, status: no, reason: going, says: "Karpenter marked node edge-2"},
		"row 105: until another node serves":                   {given: []option{marked("edge-1", "karpenter.sh/disrupted"), awaitedEdge2}, status: no, reason: going, says: "(taint karpenter.sh/disrupted). The controller stays there until edge-2 serves."},
		"row 105: too few others":                              {given: []option{marked("edge-1", "karpenter.sh/disrupted")}, status: no, reason: going, says: "Too few other nodes serve to withdraw the controller first."},
	})
}

func TestNodesReadyWhileMachinesGo(t *testing.T) {
	const labelledNodes = v1alpha1.ReasonNodesLabelled
	kept := func(names ...string) option { return planned(func(p *desired.NodePlan) { p.Kept = names }) }
	down := "Cordoned or about to be removed, and not ready: edge-2."
	runRows(t, v1alpha1.ConditionNodesReady, map[string]row{
		"row 105: a stopped machine is not needed":   {given: []option{stopped("edge-2", desired.ShutdownTaint), kept("edge-2")}, status: yes, reason: labelledNodes, says: ". " + down},
		"row 105: a cordoned node that is not ready": {given: []option{node("edge-2", notReady), kept("edge-2")}, status: yes, reason: labelledNodes, says: ". " + down},
		"row 105: one is needed and one has stopped": {given: []option{stopped("edge-2", desired.ShutdownTaint), kept("edge-1", "edge-2")}, status: yes, reason: labelledNodes, says: "still needed because too few other nodes would serve: edge-1. " + down},
		"row 105: one is needed":                     {given: []option{marked("edge-1", desired.RemovalTaint), kept("edge-1")}, status: yes, reason: labelledNodes, says: "would serve: edge-1."},
	})
}
