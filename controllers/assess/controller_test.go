package assess

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
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
	runRows(t, map[string]row{
		"a ready pod on every edge node":                 {nil, condition, yes, v1alpha1.ReasonControllersReady, "2 of 2 edge nodes run a ready controller."},
		"a pod that is not ready":                        {[]option{podChanged("controller-2", podNotReady)}, condition, no, v1alpha1.ReasonControllersMissing, "1 of 2 edge nodes runs a ready controller; not edge-2. See the events of DaemonSet edge-public/public-edge-ingress"},
		"a pod that says what is wrong":                  {[]option{podChanged("controller-2", func(p *snapshot.Pod) { p.Ready, p.Problem = false, "ImagePullBackOff: no such image" })}, condition, no, v1alpha1.ReasonControllersMissing, "Pod controller-2: ImagePullBackOff: no such image"},
		"a pod that is going":                            {[]option{podChanged("controller-1", podTerminating)}, condition, no, v1alpha1.ReasonControllersMissing, "not edge-1"},
		"the only edge node":                             {[]option{selected("edge-1"), podChanged("controller-2", podTerminating)}, condition, yes, v1alpha1.ReasonControllersReady, "1 of 1 edge nodes runs a ready controller."},
		"no pod at all":                                  {[]option{func(g *given) { g.s.Pods.Items = nil }}, condition, no, v1alpha1.ReasonControllersMissing, "0 of 2 edge nodes run a"},
		"a pod that is not scheduled":                    {[]option{podChanged("controller-2", func(p *snapshot.Pod) { p.Node, p.Ready = "", false })}, condition, no, v1alpha1.ReasonControllersMissing, "edge-2"},
		"row 14: a pod outside the edge":                 {[]option{strayOn("app-1")}, condition, no, v1alpha1.ReasonControllerOffEdge, "1 controller pod outside the edge nodes: controller-9 on app-1. The DaemonSet ends it, since the node does not carry the label edgeingress.node-restriction.kubernetes.io/public any more."},
		"a pod outside, where its label is":              {[]option{strayOn("app-1"), node("app-1", labelled(v1alpha1.NodeLabel(ingressName), ""))}, condition, no, v1alpha1.ReasonControllerOffEdge, "controller-9 on app-1. Remove the label edgeingress.node-restriction.kubernetes.io/public from node app-1."},
		"a pod on a node that is gone":                   {[]option{strayOn("ghost")}, condition, yes, v1alpha1.ReasonControllersReady, ""},
		"a pod outside that is going":                    {[]option{strayOn("app-1"), podChanged("controller-9", podTerminating)}, condition, yes, v1alpha1.ReasonControllersReady, ""},
		"a pod on a node that is being deleted":          {[]option{strayOn("app-1"), node("app-1", func(n *snapshot.Node) { n.Deleting = true })}, condition, yes, v1alpha1.ReasonControllersReady, ""},
		"a node that is being released still runs a pod": {[]option{endingApp1, strayOn("app-1")}, condition, yes, v1alpha1.ReasonControllersReady, "2 of 2 edge nodes run a ready controller. Being released"},
		"a node that waits serves beside one that fails": {[]option{heldApp1, awaitedEdge2, strayOn("app-1"), podChanged("controller-2", podNotReady)}, condition, no, v1alpha1.ReasonControllersMissing, "still needed, until edge-2 serves: app-1."},
		"a withdrawn node runs none":                     {[]option{withdrawnEdge2, podChanged("controller-2", podTerminating)}, condition, yes, v1alpha1.ReasonControllersReady, "1 of 1 edge nodes runs a ready controller. Withdrawn while cordoned"},
		"a withdrawn node whose pod has not ended":       {[]option{withdrawnEdge2}, condition, yes, v1alpha1.ReasonControllersReady, ""},
		"a pod that was evicted from a node outside":     {[]option{strayOn("app-1"), podChanged("controller-9", func(p *snapshot.Pod) { p.Ended, p.Ready = true, false })}, condition, yes, v1alpha1.ReasonControllersReady, ""},
		"row 1: no edge node":                            {[]option{selected(), func(g *given) { g.s.Pods.Items = nil }}, condition, no, v1alpha1.ReasonNoEdgeNodes, "NodesReady"},
		"no DaemonSet yet":                               {[]option{func(g *given) { g.s.DaemonSet.Value = nil }}, condition, unknown, v1alpha1.ReasonWorkloadMissing, "DaemonSet edge-public/public-edge-ingress has not been seen yet."},
		"a DaemonSet of somebody else":                   {[]option{foreignDaemonSet}, condition, no, v1alpha1.ReasonNameTaken, "DaemonSet edge-public/public-edge-ingress exists and does not belong"},
		"a template that was not taken up":               {[]option{onDaemonSet(func(ds *appsv1.DaemonSet) { ds.Generation++ })}, condition, unknown, v1alpha1.ReasonRolloutNotObserved, ""},
		"a template of before":                           {[]option{onDaemonSet(func(ds *appsv1.DaemonSet) { ds.Annotations[v1alpha1.AppliedAnnotation] = "old" })}, condition, unknown, v1alpha1.ReasonRolloutNotObserved, ""},
		"nothing could be computed":                      {[]option{func(g *given) { g.d.Objects = nil }}, condition, unknown, v1alpha1.ReasonRolloutNotObserved, ""},
		"pods of an older template":                      {[]option{onDaemonSet(func(ds *appsv1.DaemonSet) { ds.Status.UpdatedNumberScheduled = 1 })}, condition, unknown, v1alpha1.ReasonRolloutInProgress, "not all controller pods run the current template"},
		"a missing pod beats a rollout":                  {[]option{onDaemonSet(func(ds *appsv1.DaemonSet) { ds.Status.UpdatedNumberScheduled = 1 }), podChanged("controller-1", podNotReady)}, condition, no, v1alpha1.ReasonControllersMissing, ""},
		"an image that is not allowed":                   {[]option{func(g *given) { g.d.ImageRefused = "example.com/own" }}, condition, no, v1alpha1.ReasonImageNotAllowed, `"example.com/own"`},
		"a Deployment with its replicas":                 {[]option{deployment}, condition, yes, v1alpha1.ReasonControllersReady, "2 of 2 controller pods are ready, on 2 edge nodes."},
		"a Deployment with both pods on one node":        {[]option{deployment, podChanged("controller-2", func(p *snapshot.Pod) { p.Node = "edge-1" })}, condition, yes, v1alpha1.ReasonControllersReady, "on 1 edge node."},
		"a Deployment with too few":                      {[]option{deployment, func(g *given) { g.spec().Controller.Replicas = &three }}, condition, no, v1alpha1.ReasonControllersMissing, "2 of 3 controller pods are ready"},
		"a Deployment with a pod that is not ready":      {[]option{deployment, podChanged("controller-1", podNotReady)}, condition, no, v1alpha1.ReasonControllersMissing, "1 of 2 controller pods is ready"},
		"a Deployment that is not there yet":             {[]option{deployment, func(g *given) { g.s.Deployment.Value = nil }}, condition, unknown, v1alpha1.ReasonWorkloadMissing, "Deployment"},
		"a Deployment that rolls":                        {[]option{deployment, onDeployment(func(d *appsv1.Deployment) { d.Status.UpdatedReplicas = 1 })}, condition, unknown, v1alpha1.ReasonRolloutInProgress, ""},
		"a rollout whose new pod cannot start":           {[]option{rolling, unstartedPod}, condition, unknown, v1alpha1.ReasonRolloutInProgress, "template of DaemonSet edge-public/public-edge-ingress yet. Pod controller-9: Unschedulable: no CPU"},
		"a rollout that waits for a dead node":           {[]option{rolling, endingOn("app-1", time.Hour), node("app-1", notReady)}, condition, unknown, v1alpha1.ReasonRolloutInProgress, "Not ended, because the node is not Ready: controller-9 on app-1. Bring the node back, or delete its Node object: the pod goes with it."},
		"a rollout that waits for a pod that hangs":      {[]option{rolling, endingOn("edge-1", -time.Second)}, condition, unknown, v1alpha1.ReasonRolloutInProgress, "Not ended in time: controller-9 on edge-1. Look at the node's kubelet and the pod's finalizers, or delete the pod with kubectl delete --force."},
		"a Deployment that somebody paused":              {[]option{deployment, onDeployment(func(d *appsv1.Deployment) { d.Status.UpdatedReplicas, d.Spec.Paused = 1, true })}, condition, unknown, v1alpha1.ReasonRolloutInProgress, "Somebody paused it: kubectl rollout resume"},
		"no pod while one hangs":                         {[]option{func(g *given) { g.s.Pods.Items = g.s.Pods.Items[:1] }, endingOn("edge-2", -time.Second)}, condition, no, v1alpha1.ReasonControllersMissing, "not edge-2. Not ended in time: controller-9 on edge-2."},
		"a Deployment that was not taken up":             {[]option{deployment, onDeployment(func(d *appsv1.Deployment) { d.Generation++ })}, condition, unknown, v1alpha1.ReasonRolloutNotObserved, ""},
		"a Deployment with pods of the DaemonSet before": {[]option{deployment, func(g *given) { g.s.Pods.Items = append(g.s.Pods.Items, pod("old", "edge-1", "10.244.1.9")) }}, condition, unknown, v1alpha1.ReasonRolloutInProgress, ""},
		"row 14: a Deployment's pod outside the edge":    {[]option{deployment, strayOn("app-1")}, condition, no, v1alpha1.ReasonControllerOffEdge, "Delete the pod: the Deployment starts another on an edge node."},
		"nodes not read":                                 {[]option{unread["Nodes"]}, condition, unknown, v1alpha1.ReasonNotRead, "the nodes"},
		"pods not read":                                  {[]option{unread["Pods"]}, condition, unknown, v1alpha1.ReasonNotRead, "the controller pods"},
		"the DaemonSet not read":                         {[]option{unread["DaemonSet"]}, condition, unknown, v1alpha1.ReasonNotRead, "the DaemonSet"},
		"all of it not read":                             {[]option{unread["Nodes"], unread["Pods"], unread["DaemonSet"]}, condition, unknown, v1alpha1.ReasonNotRead, "the nodes, the controller pods, the DaemonSet"},
		"another workload not read does not matter":      {[]option{unread["Deployment"]}, condition, yes, v1alpha1.ReasonControllersReady, ""},
		"the ServiceAccount could not be written":        {[]option{failed(snapshot.FailureRefused, "ServiceAccount", objectName, "forbidden")}, condition, no, v1alpha1.ReasonApplyFailed, "ServiceAccount"},
		"the binding could not be written":               {[]option{failed(snapshot.FailureRefused, "ClusterRoleBinding", "edge-ingress-operator-controller-public", "forbidden")}, condition, no, v1alpha1.ReasonApplyFailed, "ClusterRoleBinding"},
		"the namespace could not be made":                {[]option{failed(snapshot.FailureOther, "Namespace", namespace, "terminating")}, condition, no, v1alpha1.ReasonApplyFailed, "Namespace edge-public"},
		"a binding of somebody else":                     {[]option{failed(snapshot.FailureNameTaken, "ClusterRoleBinding", "edge-ingress-operator-controller-public", "")}, condition, no, v1alpha1.ReasonNameTaken, "left alone"},
		"a failed write of a node is not its own":        {[]option{failed(snapshot.FailureOther, "Node", "edge-1", "no")}, condition, yes, v1alpha1.ReasonControllersReady, ""},
		"a failed write of the IngressClass is not":      {[]option{failed(snapshot.FailureOther, "IngressClass", ingressName, "no")}, condition, yes, v1alpha1.ReasonControllersReady, ""},
		"deletion": {[]option{deleted}, condition, unknown, v1alpha1.ReasonDeleting, ""},
	})
}

func TestARolloutThatGoesWellSaysNothingOfTrouble(t *testing.T) {
	g := healthy(rolling, endingOn("edge-1", time.Minute))
	got := meta.FindStatusCondition(Status(g.s, g.d, g.o, noon).Conditions, v1alpha1.ConditionControllerAvailable)
	if want := "Ready, but not all controller pods run the current template of DaemonSet edge-public/public-edge-ingress yet."; got.Message != want {
		t.Errorf("got %q, want %q", got.Message, want)
	}
}
