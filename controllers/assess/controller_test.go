package assess

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

func onDeployment(change func(*appsv1.Deployment)) option {
	return func(g *given) { change(g.s.Deployment.Value) }
}

func strayOn(nodeName string) option {
	return func(g *given) { g.s.Pods.Items = append(g.s.Pods.Items, pod("controller-9", nodeName, "10.244.9.5")) }
}

var rolling = onDaemonSet(func(ds *appsv1.DaemonSet) { ds.Status.UpdatedNumberScheduled = 1 })

var unstartedPod = option(func(g *given) {
	g.s.Pods.Items = append(g.s.Pods.Items, snapshot.Pod{Name: "controller-9", Workload: v1alpha1.WorkloadDaemonSet, Problem: "Unschedulable: no CPU"})
})

// endingOn adds a pod that is ending, with so much of its time left.
func endingOn(nodeName string, left time.Duration) option {
	return func(g *given) {
		g.s.Time = noon
		ending := pod("controller-9", nodeName, "10.244.9.5")
		ending.Terminating, ending.Deadline = true, noon.Add(left)
		g.s.Pods.Items = append(g.s.Pods.Items, ending)
	}
}

func TestControllerAvailable(t *testing.T) {
	const condition = v1alpha1.ConditionControllerAvailable
	three := int32(3)
	runRows(t, condition, map[string]row{
		"a ready pod on every edge node":                 {status: yes, reason: v1alpha1.ReasonControllersReady, says: "2 of 2 edge nodes run a ready controller."},
		"row 13: a pod that is not ready":                {given: []option{podChanged("controller-2", podNotReady)}, status: no, reason: v1alpha1.ReasonControllersMissing, says: "1 of 2 edge nodes runs a ready controller; missing on edge-2. See the events of DaemonSet edge-public/public-edge-ingress"},
		"a node that crashed":                            {given: []option{node("edge-2", notReady), node("edge-2", taintedWith(corev1.TaintNodeUnreachable, corev1.TaintEffectNoSchedule)), node("edge-2", taintedWith(corev1.TaintNodeUnreachable, corev1.TaintEffectNoExecute)), podChanged("controller-2", podNotReady)}, status: no, reason: v1alpha1.ReasonControllersMissing, says: "missing on edge-2"},
		"a node whose kubelet is not ready":              {given: []option{node("edge-2", notReady), node("edge-2", taintedWith(corev1.TaintNodeNotReady, corev1.TaintEffectNoSchedule)), node("edge-2", taintedWith(corev1.TaintNodeNotReady, corev1.TaintEffectNoExecute)), podChanged("controller-2", podNotReady)}, status: no, reason: v1alpha1.ReasonControllersMissing, says: "missing on edge-2"},
		"a pod that says what is wrong":                  {given: []option{podChanged("controller-2", func(p *snapshot.Pod) { p.Ready, p.Problem = false, "ImagePullBackOff: no such image" })}, status: no, reason: v1alpha1.ReasonControllersMissing, says: "Pod controller-2: ImagePullBackOff: no such image"},
		"a pod that is going":                            {given: []option{podChanged("controller-1", podTerminating)}, status: no, reason: v1alpha1.ReasonControllersMissing, says: "missing on edge-1"},
		"the only edge node":                             {given: []option{selected("edge-1"), podChanged("controller-2", podTerminating)}, status: yes, reason: v1alpha1.ReasonControllersReady, says: "1 of 1 edge nodes runs a ready controller."},
		"row 12: no pod at all":                          {given: []option{func(g *given) { g.s.Pods.Items = nil }}, status: no, reason: v1alpha1.ReasonControllersMissing, says: "0 of 2 edge nodes run a"},
		"a pod that is not scheduled":                    {given: []option{podChanged("controller-2", func(p *snapshot.Pod) { p.Node, p.Ready = "", false })}, status: no, reason: v1alpha1.ReasonControllersMissing, says: "edge-2"},
		"row 14: a pod outside the edge":                 {given: []option{strayOn("app-1")}, status: no, reason: v1alpha1.ReasonControllerOffEdge, says: "1 controller pod outside the edge nodes: controller-9 on app-1. The DaemonSet controller deletes such pods, because their nodes do not have the label edgeingress.node-restriction.kubernetes.io/public."},
		"a pod outside, where its label is":              {given: []option{strayOn("app-1"), node("app-1", labelled(v1alpha1.NodeLabel(ingressName), ""))}, status: no, reason: v1alpha1.ReasonControllerOffEdge, says: "controller-9 on app-1. Remove the label edgeingress.node-restriction.kubernetes.io/public from node app-1."},
		"a pod on a node that is gone":                   {given: []option{strayOn("ghost")}, status: yes, reason: v1alpha1.ReasonControllersReady},
		"a pod outside that is going":                    {given: []option{strayOn("app-1"), podChanged("controller-9", podTerminating)}, status: yes, reason: v1alpha1.ReasonControllersReady},
		"a pod on a node that is being deleted":          {given: []option{strayOn("app-1"), node("app-1", func(n *snapshot.Node) { n.Deleting = true })}, status: yes, reason: v1alpha1.ReasonControllersReady},
		"a node that is being released still runs a pod": {given: []option{endingApp1, strayOn("app-1")}, status: yes, reason: v1alpha1.ReasonControllersReady, says: "2 of 2 edge nodes run a ready controller. Being released"},
		"a node that waits serves beside one that fails": {given: []option{heldApp1, awaitedEdge2, strayOn("app-1"), podChanged("controller-2", podNotReady)}, status: no, reason: v1alpha1.ReasonControllersMissing, says: "still needed until edge-2 serves: app-1."},
		"a withdrawn node runs none":                     {given: []option{withdrawnEdge2, podChanged("controller-2", podTerminating)}, status: yes, reason: v1alpha1.ReasonControllersReady, says: "1 of 1 edge nodes runs a ready controller. Withdrawn while cordoned"},
		"a withdrawn node whose pod has not ended":       {given: []option{withdrawnEdge2}, status: yes, reason: v1alpha1.ReasonControllersReady},
		"a pod that was evicted from a node outside":     {given: []option{strayOn("app-1"), podChanged("controller-9", func(p *snapshot.Pod) { p.Ended, p.Ready = true, false })}, status: yes, reason: v1alpha1.ReasonControllersReady},
		"row 1: no edge node":                            {given: []option{selected(), func(g *given) { g.s.Pods.Items = nil }}, status: no, reason: v1alpha1.ReasonNoEdgeNodes, says: "NodesReady"},
		"no DaemonSet yet":                               {given: []option{func(g *given) { g.s.DaemonSet.Value = nil }}, status: unknown, reason: v1alpha1.ReasonWorkloadMissing, says: "The operator has not seen DaemonSet edge-public/public-edge-ingress yet."},
		"a DaemonSet of somebody else":                   {given: []option{foreignDaemonSet}, status: no, reason: v1alpha1.ReasonNameTaken, says: "DaemonSet edge-public/public-edge-ingress exists and does not belong"},
		"a template that was not taken up":               {given: []option{onDaemonSet(func(ds *appsv1.DaemonSet) { ds.Generation++ })}, status: unknown, reason: v1alpha1.ReasonRolloutNotObserved},
		"a template of before":                           {given: []option{onDaemonSet(func(ds *appsv1.DaemonSet) { ds.Annotations[v1alpha1.AppliedAnnotation] = "old" })}, status: unknown, reason: v1alpha1.ReasonRolloutNotObserved},
		"nothing could be computed":                      {given: []option{func(g *given) { g.d.Objects = nil }}, status: unknown, reason: v1alpha1.ReasonRolloutNotObserved},
		"pods of an older template":                      {given: []option{onDaemonSet(func(ds *appsv1.DaemonSet) { ds.Status.UpdatedNumberScheduled = 1 })}, status: unknown, reason: v1alpha1.ReasonRolloutInProgress, says: "not all controller pods run the current template"},
		"a missing pod beats a rollout":                  {given: []option{onDaemonSet(func(ds *appsv1.DaemonSet) { ds.Status.UpdatedNumberScheduled = 1 }), podChanged("controller-1", podNotReady)}, status: no, reason: v1alpha1.ReasonControllersMissing},
		"in the operator's own namespace":                {given: []option{func(g *given) { g.d.NamespaceReserved, g.d.Objects = true, nil }}, status: no, reason: v1alpha1.ReasonNamespaceReserved, says: "belongs to the operator"},
		"an image that is not allowed":                   {given: []option{func(g *given) { g.d.ImageRefused = "example.com/own" }}, status: no, reason: v1alpha1.ReasonImageNotAllowed, says: `"example.com/own"`},
		"a Deployment with its replicas":                 {given: []option{deployment}, status: yes, reason: v1alpha1.ReasonControllersReady, says: "2 of 2 controller pods are ready, on 2 edge nodes."},
		"a Deployment with both pods on one node":        {given: []option{deployment, podChanged("controller-2", func(p *snapshot.Pod) { p.Node = "edge-1" })}, status: yes, reason: v1alpha1.ReasonControllersReady, says: "on 1 edge node."},
		"a Deployment with too few":                      {given: []option{deployment, func(g *given) { g.spec().Controller.Replicas = &three }}, status: no, reason: v1alpha1.ReasonControllersMissing, says: "2 of 3 controller pods are ready"},
		"a Deployment with a pod that is not ready":      {given: []option{deployment, podChanged("controller-1", podNotReady)}, status: no, reason: v1alpha1.ReasonControllersMissing, says: "1 of 2 controller pods is ready"},
		"a Deployment that is not there yet":             {given: []option{deployment, func(g *given) { g.s.Deployment.Value = nil }}, status: unknown, reason: v1alpha1.ReasonWorkloadMissing, says: "Deployment"},
		"a Deployment that rolls":                        {given: []option{deployment, onDeployment(func(d *appsv1.Deployment) { d.Status.UpdatedReplicas = 1 })}, status: unknown, reason: v1alpha1.ReasonRolloutInProgress},
		"a rollout whose new pod cannot start":           {given: []option{rolling, unstartedPod}, status: unknown, reason: v1alpha1.ReasonRolloutInProgress, says: "template of DaemonSet edge-public/public-edge-ingress yet. Pod controller-9: Unschedulable: no CPU"},
		"a rollout that waits for a dead node":           {given: []option{rolling, endingOn("app-1", time.Hour), node("app-1", notReady)}, status: unknown, reason: v1alpha1.ReasonRolloutInProgress, says: "Still terminating, because the node is not Ready: controller-9 on app-1. Repair the node, or delete its Node object, which also removes the pod."},
		"a rollout that waits for a pod that hangs":      {given: []option{rolling, endingOn("edge-1", -time.Second)}, status: unknown, reason: v1alpha1.ReasonRolloutInProgress, says: "Still terminating after the grace period: controller-9 on edge-1. Check the node's kubelet and the pod's finalizers, or delete the pod with kubectl delete --force."},
		"a Deployment that somebody paused":              {given: []option{deployment, onDeployment(func(d *appsv1.Deployment) { d.Status.UpdatedReplicas, d.Spec.Paused = 1, true })}, status: unknown, reason: v1alpha1.ReasonRolloutInProgress, says: "The Deployment is paused. Run kubectl rollout resume"},
		"no pod while one hangs":                         {given: []option{func(g *given) { g.s.Pods.Items = g.s.Pods.Items[:1] }, endingOn("edge-2", -time.Second)}, status: no, reason: v1alpha1.ReasonControllersMissing, says: "missing on edge-2. Still terminating after the grace period: controller-9 on edge-2."},
		"a Deployment that was not taken up":             {given: []option{deployment, onDeployment(func(d *appsv1.Deployment) { d.Generation++ })}, status: unknown, reason: v1alpha1.ReasonRolloutNotObserved},
		"a Deployment with pods of the DaemonSet before": {given: []option{deployment, func(g *given) { g.s.Pods.Items = append(g.s.Pods.Items, pod("old", "edge-1", "10.244.1.9")) }}, status: unknown, reason: v1alpha1.ReasonRolloutInProgress},
		"row 14: a Deployment's pod outside the edge":    {given: []option{deployment, strayOn("app-1")}, status: no, reason: v1alpha1.ReasonControllerOffEdge, says: "Delete the pod; the Deployment then starts another on an edge node."},
		"nodes not read":                                 {given: []option{unread["Nodes"]}, status: unknown, reason: v1alpha1.ReasonNotRead, says: "the nodes"},
		"pods not read":                                  {given: []option{unread["Pods"]}, status: unknown, reason: v1alpha1.ReasonNotRead, says: "the controller pods"},
		"the DaemonSet not read":                         {given: []option{unread["DaemonSet"]}, status: unknown, reason: v1alpha1.ReasonNotRead, says: "the DaemonSet"},
		"all of it not read":                             {given: []option{unread["Nodes"], unread["Pods"], unread["DaemonSet"]}, status: unknown, reason: v1alpha1.ReasonNotRead, says: "the nodes, the controller pods, the DaemonSet"},
		"another workload not read does not matter":      {given: []option{unread["Deployment"]}, status: yes, reason: v1alpha1.ReasonControllersReady},
		"the ServiceAccount could not be written":        {given: []option{failed(snapshot.FailureRefused, "ServiceAccount", objectName, "forbidden")}, status: no, reason: v1alpha1.ReasonApplyFailed, says: "ServiceAccount"},
		"the binding could not be written":               {given: []option{failed(snapshot.FailureRefused, "ClusterRoleBinding", "edge-ingress-operator-controller-public", "forbidden")}, status: no, reason: v1alpha1.ReasonApplyFailed, says: "ClusterRoleBinding"},
		"the namespace could not be made":                {given: []option{failed(snapshot.FailureOther, "Namespace", namespace, "terminating")}, status: no, reason: v1alpha1.ReasonApplyFailed, says: "Namespace edge-public"},
		"a binding of somebody else":                     {given: []option{failed(snapshot.FailureNameTaken, "ClusterRoleBinding", "edge-ingress-operator-controller-public", "")}, status: no, reason: v1alpha1.ReasonNameTaken, says: "the operator leaves it alone"},
		"a failed write of a node is not its own":        {given: []option{failed(snapshot.FailureOther, "Node", "edge-1", "no")}, status: yes, reason: v1alpha1.ReasonControllersReady},
		"a failed write of the IngressClass is not":      {given: []option{failed(snapshot.FailureOther, "IngressClass", ingressName, "no")}, status: yes, reason: v1alpha1.ReasonControllersReady},
		"deletion": {given: []option{deleted}, status: unknown, reason: v1alpha1.ReasonDeleting},
	})
}

func TestARolloutThatGoesWellSaysNothingOfTrouble(t *testing.T) {
	g := healthy(rolling, endingOn("edge-1", time.Minute))
	got := meta.FindStatusCondition(Status(g.s, g.d, g.o, noon).Conditions, v1alpha1.ConditionControllerAvailable)
	if want := "Ready, but not all controller pods run the current template of DaemonSet edge-public/public-edge-ingress yet."; got.Message != want {
		t.Errorf("got %q, want %q", got.Message, want)
	}
}
