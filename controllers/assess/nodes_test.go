package assess

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/desired"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

func selected(names ...string) option { return func(g *given) { g.d.Nodes.Selected = names } }

func planned(change func(*desired.NodePlan)) option { return func(g *given) { change(&g.d.Nodes) } }

// Nodes that join or leave, as package desired plans them.
var (
	withdrawnEdge2 = planned(func(p *desired.NodePlan) { p.Withdrawn = []string{"edge-2"} })
	keptEdge2      = planned(func(p *desired.NodePlan) { p.Kept = []string{"edge-2"} })
	endingApp1     = planned(func(p *desired.NodePlan) { p.Releasing = []string{"app-1"} })
	heldApp1       = planned(func(p *desired.NodePlan) { p.Releasing, p.Held = []string{"app-1"}, []string{"app-1"} })
	awaitedEdge2   = planned(func(p *desired.NodePlan) { p.Awaited = []string{"edge-2"} })
)

// reserved is the operator's own namespace.
func reserved(untouched ...string) option {
	return func(g *given) { g.d.NamespaceReserved, g.d.Nodes.Untouched = true, untouched }
}

func singleOnHostPorts(g *given) {
	one := int32(1)
	g.spec().Controller.Replicas, g.spec().Exposure.Type = &one, v1alpha1.ExposureHostNetwork
}

func withheld(cause desired.WithheldCause, nodes []string, agents ...snapshot.Agent) option {
	return func(g *given) {
		g.d.Nodes.Withheld = append(g.d.Nodes.Withheld, desired.Withheld{Cause: cause, Nodes: nodes, Agents: agents})
	}
}

func labelWithheld(cause desired.WithheldCause, other string, nodes []string, daemonSets ...string) option {
	return planned(func(p *desired.NodePlan) {
		p.LabelsWithheld = append(p.LabelsWithheld, desired.Withheld{Cause: cause, Nodes: nodes, DaemonSets: daemonSets, OtherLabel: other})
	})
}

func keptOff(network bool, other string, daemonSets ...string) option {
	return planned(func(p *desired.NodePlan) {
		p.KeptOff = &desired.KeptOff{Nodes: []string{"edge-1"}, DaemonSets: daemonSets, OtherLabel: other, Network: network}
	})
}

// TestNodesReadyBehindTheGate has the rows about labels and taints that push other pods off.
func TestNodesReadyBehindTheGate(t *testing.T) {
	both := []string{"edge-1", "edge-2"}
	noRole := func(n *snapshot.Node) { delete(n.Labels, v1alpha1.DefaultRoleLabel) }
	const other = "node-role.kubernetes.io/ingress"
	runRows(t, v1alpha1.ConditionNodesReady, map[string]row{
		"row 100: the label would push kube-proxy off":      {given: []option{node("edge-1", noRole), node("edge-2", noRole), labelWithheld(desired.WithheldForDaemonSets, other, both, "kube-system/kube-proxy")}, status: no, reason: v1alpha1.ReasonLabelWithheldForDaemonSets, says: "The operator did not set label node-role.kubernetes.io/edge on nodes edge-1, edge-2, because the rules of DaemonSet kube-system/kube-proxy exclude nodes with it, and their pods would leave. The controller runs there without it. Create a second EdgeIngress with spec.nodes.label: node-role.kubernetes.io/ingress, then delete this one."},
		"row 100: no other label helps":                     {given: []option{node("edge-1", noRole), labelWithheld(desired.WithheldForDaemonSets, "", both[:1], "a/b", "c/d")}, status: no, reason: v1alpha1.ReasonLabelWithheldForDaemonSets, says: "DaemonSets a/b, c/d exclude nodes with it, and their pods would leave. The controller runs there without it. To set it, change the affinity"},
		"a withheld label and a taint that is not seen yet": {given: []option{node("edge-1", nodeChanges(noRole, untainted)), labelWithheld(desired.WithheldForDaemonSets, other, both[:1], "a/b")}, status: no, reason: v1alpha1.ReasonLabelWithheldForDaemonSets},
		"DaemonSets not read, so no label":                  {given: []option{node("edge-1", noRole), unread["DaemonSets"], labelWithheld(desired.WithheldUnread, "", both[:1])}, status: unknown, reason: v1alpha1.ReasonNotRead, says: "could not read which DaemonSets the label would affect: " + errNoAPI.Error()},
		"row 101: the label keeps kube-proxy off already":   {given: []option{keptOff(true, other, "kube-system/kube-proxy")}, status: unknown, reason: v1alpha1.ReasonDaemonSetsKeptOff, says: "The node's network may be incomplete. Because of node-role.kubernetes.io/edge, DaemonSet kube-system/kube-proxy does not run on node edge-1. If it should, create a second EdgeIngress with spec.nodes.label: node-role.kubernetes.io/ingress, then delete this one. Or change the rules"},
		"row 101: the label keeps logs off already":         {given: []option{keptOff(false, "", "logs/a", "logs/b")}, status: yes, reason: v1alpha1.ReasonNodesLabelled, says: "2 Ready. Because of node-role.kubernetes.io/edge, DaemonSets logs/a, logs/b do not run on node edge-1. If they should, change the rules or tolerations of the DaemonSet."},
		"row 102: the taint would keep a network off": {given: []option{node("edge-1", untainted), func(g *given) {
			g.d.Nodes.Withheld = []desired.Withheld{{Cause: desired.WithheldForDaemonSets, Nodes: both[:1], DaemonSets: []string{"kube-system/cni"}}}
		}}, status: no, reason: v1alpha1.ReasonTaintWithheldForDaemonSets, says: "did not taint node edge-1, because the taint would keep off DaemonSet kube-system/cni, which looks like a part of the nodes' network. Add a toleration for node-role.kubernetes.io/edge"},
	})
}

// TestNodesReadyBesideOthers has the rows about other EdgeIngress objects on the same nodes.
func TestNodesReadyBesideOthers(t *testing.T) {
	const theirs = "node-role.kubernetes.io/edge-b"
	tainted := func(name, key string) func(*snapshot.Node) {
		return nodeChanges(taintedWith(key, corev1.TaintEffectNoSchedule), func(n *snapshot.Node) { n.TaintClaims = map[string]string{name: key} })
	}
	claimed := func(n *snapshot.Node) { n.TaintClaims = map[string]string{"b": theirs} }
	shared := func(g *given) { g.spec().Nodes.Isolation = v1alpha1.IsolationShared }
	runRows(t, v1alpha1.ConditionNodesReady, map[string]row{
		"row 103: the taint would lock another one out": {given: []option{node("edge-1", untainted), func(g *given) {
			g.d.Nodes.Withheld = []desired.Withheld{{Cause: desired.WithheldForEdgeIngress, Nodes: []string{"edge-1"}, EdgeIngresses: []string{"a"}}}
		}}, status: no, reason: v1alpha1.ReasonTaintWithheldForEdgeIngress, says: "did not taint node edge-1, because the taint would keep off the controllers of EdgeIngress a, which uses the same nodes and came first. Select other nodes."},
		"row 104: another one tainted both nodes":            {given: []option{node("edge-1", tainted("b", theirs)), node("edge-2", tainted("b", theirs))}, status: no, reason: v1alpha1.ReasonTaintOfAnotherEdgeIngress, says: "EdgeIngress b tainted nodes edge-1, edge-2 with node-role.kubernetes.io/edge-b, which the controllers of this EdgeIngress do not tolerate. A controller pod that runs there stays, but no new one can start."},
		"row 104: another one tainted a shared node":         {given: []option{shared, node("edge-2", nodeChanges(untainted, tainted("b", theirs)))}, status: no, reason: v1alpha1.ReasonTaintOfAnotherEdgeIngress, says: "EdgeIngress b tainted node edge-2"},
		"row 104: two others tainted a node each":            {given: []option{node("edge-1", tainted("c", "edgeingress.dev/c")), node("edge-2", tainted("b", theirs))}, status: no, reason: v1alpha1.ReasonTaintOfAnotherEdgeIngress, says: "EdgeIngresses b, c tainted nodes edge-1, edge-2 with edgeingress.dev/c, node-role.kubernetes.io/edge-b"},
		"row 104: a claim beside the taint of a person":      {given: []option{node("edge-1", nodeChanges(claimed, taintedWith(theirs, corev1.TaintEffectNoSchedule)))}, status: no, reason: v1alpha1.ReasonTaintOfAnotherEdgeIngress, says: "node edge-1"},
		"a claim whose taint is gone":                        {given: []option{node("edge-1", claimed)}, status: yes, reason: v1alpha1.ReasonNodesLabelled},
		"another one with the same label":                    {given: []option{node("edge-1", tainted("b", v1alpha1.DefaultRoleLabel))}, status: yes, reason: v1alpha1.ReasonNodesLabelled},
		"the taint of another one on a node that is no edge": {given: []option{node("app-1", tainted("b", theirs)), shared}, status: yes, reason: v1alpha1.ReasonNodesLabelled},
	})
}

func TestNodesReady(t *testing.T) {
	const condition = v1alpha1.ConditionNodesReady
	both := []string{"edge-1", "edge-2"}
	untaintedBoth := all(node("edge-1", untainted), node("edge-2", untainted))
	shared := func(g *given) { g.spec().Nodes.Isolation = v1alpha1.IsolationShared }
	speaker := snapshot.Agent{Provider: v1alpha1.ProviderMetalLB, Namespace: "metallb-system", Name: "speaker"}
	helmSpeaker := speaker
	helmSpeaker.Writer = snapshot.Writer{Kind: snapshot.WrittenByHelm, Name: "lb"}
	runRows(t, condition, map[string]row{
		"all labelled and tainted":                                 {status: yes, reason: v1alpha1.ReasonNodesLabelled, says: "2 edge nodes labelled and tainted, 2 Ready."},
		"shared nodes need no taint":                               {given: []option{shared, untaintedBoth}, status: yes, reason: v1alpha1.ReasonNodesLabelled, says: "2 edge nodes labelled, 2 Ready."},
		"one of two is not Ready":                                  {given: []option{node("edge-2", notReady)}, status: yes, reason: v1alpha1.ReasonNodesLabelled, says: "1 Ready. Not Ready: edge-2."},
		"none is Ready":                                            {given: []option{node("edge-1", notReady), node("edge-2", notReady)}, status: no, reason: v1alpha1.ReasonNodesNotReady, says: "No edge node is Ready: edge-1, edge-2"},
		"a cordoned node still serves":                             {given: []option{node("edge-1", func(n *snapshot.Node) { n.Unschedulable = true })}, status: yes, reason: v1alpha1.ReasonNodesLabelled},
		"row 1: nothing selected":                                  {given: []option{selected()}, status: no, reason: v1alpha1.ReasonNoNodesSelected, says: "none of the cluster's nodes (3)"},
		"row 1: a cluster without nodes":                           {given: []option{selected(), func(g *given) { g.s.Nodes.Items = nil }}, status: no, reason: v1alpha1.ReasonNoNodesSelected, says: "none of the cluster's nodes (0)"},
		"a name that does not exist":                               {given: []option{func(g *given) { g.d.Nodes.Missing = []string{"edge-7"} }}, status: no, reason: v1alpha1.ReasonNodesMissing, says: "Did not find 1 node of spec.nodes.names: edge-7"},
		"all names missing comes before none selected":             {given: []option{selected(), func(g *given) { g.d.Nodes.Missing = []string{"a", "b", "c", "d", "e"} }}, status: no, reason: v1alpha1.ReasonNodesMissing, says: "Did not find 5 nodes of spec.nodes.names: a, b, c and 2 more"},
		"a node that stays as it is for a reserved namespace":      {given: []option{node("edge-1", unlabelled), reserved("edge-1")}, status: no, reason: v1alpha1.ReasonNamespaceReserved, says: "changes no node"},
		"edge nodes from before the namespace was reserved":        {given: []option{reserved()}, status: yes, reason: v1alpha1.ReasonNodesLabelled},
		"own label not seen yet":                                   {given: []option{node("edge-1", unlabelled)}, status: unknown, reason: v1alpha1.ReasonLabelsMissing, says: "1 of 2 selected nodes is labelled; the operator has not seen the labels on edge-1 yet"},
		"role label not seen yet":                                  {given: []option{node("edge-2", func(n *snapshot.Node) { delete(n.Labels, v1alpha1.DefaultRoleLabel) })}, status: unknown, reason: v1alpha1.ReasonLabelsMissing, says: "edge-2"},
		"a role label with a value of somebody else":               {given: []option{node("edge-2", labelled(v1alpha1.DefaultRoleLabel, "yes"))}, status: yes, reason: v1alpha1.ReasonNodesLabelled},
		"row 2: taint not seen yet":                                {given: []option{node("edge-1", untainted)}, status: unknown, reason: v1alpha1.ReasonTaintMissing, says: "1 of 2 edge nodes is tainted with node-role.kubernetes.io/edge; the operator has not seen the taint on edge-1 yet"},
		"row 2: a taint of the key with another effect":            {given: []option{node("edge-1", nodeChanges(untainted, taintedWith(v1alpha1.DefaultRoleLabel, corev1.TaintEffectPreferNoSchedule)))}, status: unknown, reason: v1alpha1.ReasonTaintMissing, says: "edge-1"},
		"row 48: the taint would remove an agent":                  {given: []option{untaintedBoth, withheld(desired.WithheldForAgents, both, speaker)}, status: no, reason: v1alpha1.ReasonTaintWithheldForAgents, says: "The operator did not taint nodes edge-1, edge-2, because the taint would remove the pods of MetalLB's DaemonSet metallb-system/speaker. Add a toleration for node-role.kubernetes.io/edge"},
		"row 48: the taint would remove an agent that Helm writes": {given: []option{untaintedBoth, withheld(desired.WithheldForAgents, both, helmSpeaker)}, status: no, reason: v1alpha1.ReasonTaintWithheldForAgents, says: "to the value speaker.tolerations of Helm release lb, which writes DaemonSet metallb-system/speaker. Or set spec.nodes.isolation to Shared."},
		"the taint would leave no place":                           {given: []option{untaintedBoth, withheld(desired.WithheldFromAllNodes, both)}, status: no, reason: v1alpha1.ReasonTaintWithheldAllNodes, says: "no node would be left"},
		"a control-plane node is not tainted":                      {given: []option{node("edge-1", untainted), withheld(desired.WithheldFromControlPlane, both[:1])}, status: no, reason: v1alpha1.ReasonTaintWithheldControlPlane, says: "node edge-1, because the control plane"},
		"agents not read, so no taint":                             {given: []option{untaintedBoth, unread["Agents"], withheld(desired.WithheldUnread, both)}, status: unknown, reason: v1alpha1.ReasonNotRead, says: errNoAPI.Error()},
		"a withheld taint of two reasons tells the first":          {given: []option{withheld(desired.WithheldForAgents, both, speaker), withheld(desired.WithheldFromControlPlane, both)}, status: no, reason: v1alpha1.ReasonTaintWithheldForAgents},
		"a withheld taint beats labels not seen yet":               {given: []option{node("edge-1", unlabelled), withheld(desired.WithheldFromAllNodes, both)}, status: no, reason: v1alpha1.ReasonTaintWithheldAllNodes},
		"application nodes that left":                              {given: []option{func(g *given) { g.s.Nodes.Items = g.s.Nodes.Items[:2] }}, status: no, reason: v1alpha1.ReasonNoNodesForApplications, says: "Add nodes, select fewer edge nodes, or set spec.nodes.isolation to Shared"},
		"application nodes that are leaving":                       {given: []option{node("app-1", func(n *snapshot.Node) { n.Deleting = true })}, status: no, reason: v1alpha1.ReasonNoNodesForApplications},
		"application nodes that another one took":                  {given: []option{node("app-1", taintedWith("node-role.kubernetes.io/other", corev1.TaintEffectNoSchedule))}, status: no, reason: v1alpha1.ReasonNoNodesForApplications},
		"application nodes that run nothing":                       {given: []option{node("app-1", taintedWith("dedicated", corev1.TaintEffectNoExecute))}, status: no, reason: v1alpha1.ReasonNoNodesForApplications},
		"row 106: an application node that Karpenter starts":       {given: []option{node("app-1", taintedWith("karpenter.sh/unregistered", corev1.TaintEffectNoExecute))}, status: no, reason: v1alpha1.ReasonNoNodesForApplications, says: "Other nodes do not count: app-1 has taint karpenter.sh/unregistered (it starts; wait until the taint is gone). Add nodes"},
		"row 106: an application node without its driver":          {given: []option{node("app-1", taintedWith("ebs.csi.aws.com/agent-not-ready", corev1.TaintEffectNoExecute))}, status: no, reason: v1alpha1.ReasonNoNodesForApplications, says: "app-1 has taint ebs.csi.aws.com/agent-not-ready (it starts"},
		"row 106: an application node that Cluster API starts":     {given: []option{node("app-1", taintedWith("node.cluster.x-k8s.io/uninitialized", corev1.TaintEffectNoSchedule))}, status: no, reason: v1alpha1.ReasonNoNodesForApplications, says: "app-1 has taint node.cluster.x-k8s.io/uninitialized (it starts"},
		"row 106: a start-up taint for the autoscaler":             {given: []option{node("app-1", taintedWith("startup-taint.cluster-autoscaler.kubernetes.io/disk", corev1.TaintEffectNoSchedule))}, status: no, reason: v1alpha1.ReasonNoNodesForApplications, says: "(it starts"},
		"row 106: an application node that Karpenter removes":      {given: []option{node("app-1", taintedWith("karpenter.sh/disrupted", corev1.TaintEffectNoSchedule))}, status: no, reason: v1alpha1.ReasonNoNodesForApplications, says: "app-1 has taint karpenter.sh/disrupted (it is about to be removed). Add nodes"},
		"row 106: taints withheld while a node starts":             {given: []option{untaintedBoth, node("app-1", taintedWith("karpenter.sh/unregistered", corev1.TaintEffectNoExecute)), withheld(desired.WithheldFromAllNodes, both)}, status: no, reason: v1alpha1.ReasonTaintWithheldAllNodes, says: "no node would be left for applications. Other nodes do not count: app-1 has taint karpenter.sh/unregistered (it starts; wait until the taint is gone). Select fewer"},
		"application nodes to be avoided":                          {given: []option{node("app-1", taintedWith("dedicated", corev1.TaintEffectPreferNoSchedule))}, status: yes, reason: v1alpha1.ReasonNodesLabelled},
		"application nodes in trouble":                             {given: []option{node("app-1", taintedWith(corev1.TaintNodeUnreachable, corev1.TaintEffectNoExecute))}, status: yes, reason: v1alpha1.ReasonNodesLabelled},
		"application nodes that start":                             {given: []option{node("app-1", taintedWith("node.cloudprovider.kubernetes.io/uninitialized", corev1.TaintEffectNoSchedule))}, status: yes, reason: v1alpha1.ReasonNodesLabelled},
		"shared nodes are for applications too":                    {given: []option{shared, func(g *given) { g.s.Nodes.Items = g.s.Nodes.Items[:2] }}, status: yes, reason: v1alpha1.ReasonNodesLabelled},
		"a taint withheld for want of others":                      {given: []option{untaintedBoth, func(g *given) { g.s.Nodes.Items = g.s.Nodes.Items[:2] }, withheld(desired.WithheldFromAllNodes, both)}, status: no, reason: v1alpha1.ReasonTaintWithheldAllNodes},
		"row 73: nodes not read":                                   {given: []option{unread["Nodes"]}, status: unknown, reason: v1alpha1.ReasonNotRead, says: "The operator could not read the nodes: " + errNoAPI.Error()},
		"a node could not be written":                              {given: []option{failed(snapshot.FailureOther, "Node", "edge-1", "connection refused")}, status: no, reason: v1alpha1.ReasonApplyFailed, says: "Writing Node edge-1 failed: connection refused."},
		"two nodes could not be written":                           {given: []option{failed(snapshot.FailureRefused, "Node", "edge-1", "forbidden."), failed(snapshot.FailureRefused, "Node", "edge-2", "forbidden")}, status: no, reason: v1alpha1.ReasonApplyFailed, says: "forbidden. 1 other write also failed."},
		"a failed write of something else is not its own":          {given: []option{failed(snapshot.FailureOther, "Service", objectName, "no")}, status: yes, reason: v1alpha1.ReasonNodesLabelled},
		"a node that is being released is as planned":              {given: []option{endingApp1}, status: yes, reason: v1alpha1.ReasonNodesLabelled, says: "2 Ready. Being released; waiting for the controller pod to terminate: app-1."},
		"a node that waits for another":                            {given: []option{heldApp1, awaitedEdge2}, status: unknown, reason: v1alpha1.ReasonReleaseHeld, says: "No longer selected but still needed until edge-2 serves: app-1."},
		"a node that waits and nobody knows for what":              {given: []option{heldApp1}, status: unknown, reason: v1alpha1.ReasonReleaseHeld, says: "No longer selected but still needed because too few other nodes would serve: app-1."},
		"a node that waits for a read":                             {given: []option{heldApp1, unread["Pods"]}, status: unknown, reason: v1alpha1.ReasonReleaseHeld, says: "because the operator could not read which nodes serve: app-1."},
		"the last node of a set without nodes":                     {given: []option{selected(), heldApp1}, status: no, reason: v1alpha1.ReasonNoNodesSelected, says: "nowhere to run. No longer selected but still needed"},
		"a single pod on host ports":                               {given: []option{deployment, singleOnHostPorts, heldApp1}, status: unknown, reason: v1alpha1.ReasonReleaseHeld, says: "because no pod would serve while the Deployment replaces its pods: app-1. Increase spec.controller.replicas above the number of pods that may be unavailable during a rollout."},
		"a Deployment without a place for its pods":                {given: []option{deployment, heldApp1}, status: unknown, reason: v1alpha1.ReasonReleaseHeld, says: "because no edge node can run its pods: app-1."},
		"a cordoned node that is withdrawn is as planned":          {given: []option{withdrawnEdge2, node("edge-2", unlabelled)}, status: yes, reason: v1alpha1.ReasonNodesLabelled, says: "1 edge node labelled and tainted, 1 Ready. Withdrawn while cordoned or about to be removed: edge-2."},
		"a cordoned node that has to serve on":                     {given: []option{keptEdge2}, status: yes, reason: v1alpha1.ReasonNodesLabelled, says: "Cordoned or about to be removed but still needed because too few other nodes would serve: edge-2."},
		"where all are withdrawn they are missing":                 {given: []option{selected("edge-2"), withdrawnEdge2, node("edge-2", notReady)}, status: no, reason: v1alpha1.ReasonNodesNotReady, says: "edge-2"},
		"deletion": {given: []option{deleted}, status: unknown, reason: v1alpha1.ReasonDeleting, says: "being deleted"},
		"deletion with a node that cannot be cleaned": {given: []option{deleted, failed(snapshot.FailureOther, "Node", "edge-1", "timeout")}, status: no, reason: v1alpha1.ReasonApplyFailed, says: "timeout"},
		"deletion without a view of the nodes":        {given: []option{deleted, unread["Nodes"]}, status: unknown, reason: v1alpha1.ReasonDeleting},
	})
}

func nodeChanges(changes ...func(*snapshot.Node)) func(*snapshot.Node) {
	return func(n *snapshot.Node) {
		for _, change := range changes {
			change(n)
		}
	}
}
