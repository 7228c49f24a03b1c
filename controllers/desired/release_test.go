package desired

import (
	"errors"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

var noon = created.Time

// onNode returns a ready controller pod of the DaemonSet on a node, changed by the options. Its
// address is the node's name.
func onNode(node string, options ...func(*snapshot.Pod)) snapshot.Pod {
	pod := snapshot.Pod{Name: "controller-" + node, Node: node, Workload: v1alpha1.WorkloadDaemonSet, IPs: []string{node}, Ready: true}
	for _, option := range options {
		option(&pod)
	}
	return pod
}

func unready(p *snapshot.Pod) { p.Ready = false }
func readyFor(d time.Duration) func(*snapshot.Pod) {
	return func(p *snapshot.Pod) { p.ReadySince = noon.Add(-d) }
}

func ended(p *snapshot.Pod)        { p.Ended, p.Ready = true, false }
func ofDeployment(p *snapshot.Pod) { p.Workload = v1alpha1.WorkloadDeployment }

func endingAt(deadline time.Time) func(*snapshot.Pod) {
	return func(p *snapshot.Pod) { p.Terminating, p.Deadline = true, deadline }
}

func down(n *snapshot.Node)     { n.Ready = corev1.ConditionUnknown }
func removing(n *snapshot.Node) { taint(RemovalTaint, corev1.TaintEffectNoSchedule)(n) }
func unlabelled(n *snapshot.Node) {
	delete(n.Labels, ownLabel)
	n.ManagedLabels[ingressName] = []string{roleLabel}
}

// member is an edge node as it is once all is done; former one that left the set.
func memberNode(name string, options ...func(*snapshot.Node)) snapshot.Node {
	return node(name, append([]func(*snapshot.Node){pool, labelled, tainted}, options...)...)
}

func former(name string, options ...func(*snapshot.Node)) snapshot.Node {
	return node(name, append([]func(*snapshot.Node){labelled, tainted}, options...)...)
}

// scene is the snapshot at noon: the nodes, a node for applications, and the pods, of which the
// ready ones are endpoints.
func scene(e *v1alpha1.EdgeIngress, nodes []snapshot.Node, pods ...snapshot.Pod) snapshot.Snapshot {
	s := seen(e, append(nodes, node("w"))...)
	s.Time = noon
	s.Pods.Items = pods
	s.EndpointSlices.Items = []discoveryv1.EndpointSlice{endpointsOf(pods)}
	return s
}

func endpointsOf(pods []snapshot.Pod) (slice discoveryv1.EndpointSlice) {
	for _, pod := range pods {
		ready := pod.Ready && !pod.Terminating
		slice.Endpoints = append(slice.Endpoints, discoveryv1.Endpoint{Addresses: pod.IPs, Conditions: discoveryv1.EndpointConditions{Ready: &ready}})
	}
	return slice
}

// told returns the plan in short: the nodes of each list that is not empty, then the steps of
// labels and the taints that go.
func told(plan NodePlan) string {
	var parts []string
	add := func(what string, names []string) {
		if len(names) > 0 {
			parts = append(parts, what+" "+strings.Join(names, ","))
		}
	}
	steps := map[Step][]string{}
	for _, change := range plan.Labels {
		steps[change.Step] = append(steps[change.Step], change.Node)
	}
	var untainted []string
	for _, change := range plan.Taints {
		if !change.Present {
			untainted = append(untainted, change.Node)
		}
	}
	add("withdrawn", plan.Withdrawn)
	add("kept", plan.Kept)
	add("releasing", plan.Releasing)
	add("held", plan.Held)
	for _, step := range []Step{StepJoin, StepWithdraw, StepRelease, StepLetGo} {
		add(string(step), steps[step])
	}
	add("untaint", untainted)
	return strings.Join(parts, "; ")
}

func TestNodesAreReleased(t *testing.T) {
	type nodes = []snapshot.Node
	type pods = []snapshot.Pod
	late, soon := noon.Add(-endMargin), noon.Add(time.Minute)
	network := edge(exposed(v1alpha1.ExposureHostNetwork))
	deployment := edge(kind(v1alpha1.WorkloadDeployment))
	single := edge(kind(v1alpha1.WorkloadDeployment), exposed(v1alpha1.ExposureHostNetwork), replicas(1))
	for name, test := range map[string]struct {
		edge  *v1alpha1.EdgeIngress
		nodes nodes
		pods  pods
		want  string
	}{
		"all is done": {edge: edge(), nodes: nodes{memberNode("a"), memberNode("b")}, pods: pods{onNode("a"), onNode("b")}, want: ""},

		"shrink: the pod ends, the rest stays":          {edge: edge(), nodes: nodes{memberNode("a"), former("b")}, pods: pods{onNode("a"), onNode("b")}, want: "releasing b; Release b"},
		"shrink: the pod has not been told yet":         {edge: edge(), nodes: nodes{memberNode("a"), former("b", unlabelled)}, pods: pods{onNode("a"), onNode("b")}, want: "releasing b"},
		"shrink: the pod is ending":                     {edge: edge(), nodes: nodes{memberNode("a"), former("b", unlabelled)}, pods: pods{onNode("a"), onNode("b", endingAt(soon))}, want: "releasing b"},
		"shrink: the pod has ended":                     {edge: edge(), nodes: nodes{memberNode("a"), former("b", unlabelled)}, pods: pods{onNode("a")}, want: "LetGo b; untaint b"},
		"shrink: the pod never ends":                    {edge: edge(), nodes: nodes{memberNode("a"), former("b", unlabelled)}, pods: pods{onNode("a"), onNode("b", endingAt(late))}, want: "LetGo b; untaint b"},
		"shrink: just before the pod counts as ended":   {edge: edge(), nodes: nodes{memberNode("a"), former("b", unlabelled)}, pods: pods{onNode("a"), onNode("b", endingAt(late.Add(1)))}, want: "releasing b"},
		"shrink: the pod was evicted":                   {edge: edge(), nodes: nodes{memberNode("a"), former("b", unlabelled)}, pods: pods{onNode("a"), onNode("b", ended)}, want: "LetGo b; untaint b"},
		"shrink: the node went down while the pod ends": {edge: edge(), nodes: nodes{memberNode("a"), former("b", unlabelled, down)}, pods: pods{onNode("a"), onNode("b", endingAt(soon))}, want: "LetGo b; untaint b"},
		"shrink: without any pod all goes at once":      {edge: edge(), nodes: nodes{memberNode("a"), former("b")}, pods: pods{onNode("a")}, want: "LetGo b; untaint b"},
		"shrink: several at once":                       {edge: edge(), nodes: nodes{memberNode("a"), former("b"), former("c")}, pods: pods{onNode("a"), onNode("b"), onNode("c")}, want: "releasing b,c; Release b,c"},
		"shrink: what stays does not serve":             {edge: edge(), nodes: nodes{memberNode("a"), former("b")}, pods: pods{onNode("a", unready), onNode("b")}, want: "releasing b; held b"},
		"shrink: one of two that stay does not serve":   {edge: edge(), nodes: nodes{memberNode("a"), memberNode("b"), former("c")}, pods: pods{onNode("a"), onNode("b", unready), onNode("c")}, want: "releasing c; held c"},
		"shrink: one of two that stay is down":          {edge: edge(), nodes: nodes{memberNode("a"), memberNode("b", down), former("c")}, pods: pods{onNode("a"), onNode("b", unready), onNode("c")}, want: "releasing c; Release c"},
		"shrink: one of two that stay is deleted":       {edge: edge(), nodes: nodes{memberNode("a"), node("b", pool, beingDeleted), former("c")}, pods: pods{onNode("a"), onNode("c")}, want: "releasing c; Release c"},
		"shrink: the node that leaves comes back":       {edge: edge(), nodes: nodes{memberNode("a"), memberNode("b", unlabelled)}, pods: pods{onNode("a"), onNode("b", endingAt(soon))}, want: "Join b"},
		"somebody else holds the own label as well":     {edge: edge(), nodes: nodes{memberNode("a"), former("b", managed(ingressName, roleLabel))}, pods: pods{onNode("a"), onNode("b")}, want: "releasing b; Release b"},
		"somebody else's own label when the pod ended":  {edge: edge(), nodes: nodes{memberNode("a"), former("b", managed(ingressName))}, pods: pods{onNode("a")}, want: "LetGo b; untaint b"},
		"a person's role label is no obstacle":          {edge: edge(), nodes: nodes{memberNode("a"), former("b", managed(ingressName, ownLabel))}, pods: pods{onNode("a"), onNode("b")}, want: "releasing b; Release b"},

		"grow: the new one is labelled":                    {edge: edge(), nodes: nodes{memberNode("a"), node("b", pool)}, pods: pods{onNode("a")}, want: "Join b"},
		"swap: the old one waits for the new":              {edge: edge(), nodes: nodes{former("a"), node("b", pool)}, pods: pods{onNode("a")}, want: "releasing a; held a; Join b"},
		"swap: the new one is starting":                    {edge: edge(), nodes: nodes{former("a"), memberNode("b")}, pods: pods{onNode("a"), onNode("b", unready)}, want: "releasing a; held a"},
		"swap: the new one serves":                         {edge: edge(), nodes: nodes{former("a"), memberNode("b")}, pods: pods{onNode("a"), onNode("b")}, want: "releasing a; Release a"},
		"swap: the new one has just become ready":          {edge: edge(), nodes: nodes{former("a"), memberNode("b")}, pods: pods{onNode("a"), onNode("b", readyFor(4*time.Second))}, want: "releasing a; held a"},
		"swap: the new one has been ready for long enough": {edge: edge(), nodes: nodes{former("a"), memberNode("b")}, pods: pods{onNode("a"), onNode("b", readyFor(5*time.Second))}, want: "releasing a; Release a"},
		"swap: on host ports balancers take longer":        {edge: network, nodes: nodes{former("a"), memberNode("b")}, pods: pods{onNode("a"), onNode("b", readyFor(29*time.Second))}, want: "releasing a; held a"},
		"swap: both have just become ready":                {edge: edge(), nodes: nodes{former("a"), memberNode("b")}, pods: pods{onNode("a", readyFor(time.Second)), onNode("b", readyFor(time.Second))}, want: "releasing a; held a"},
		"swap: the new one is down":                        {edge: edge(), nodes: nodes{former("a"), memberNode("b", down)}, pods: pods{onNode("a")}, want: "releasing a; held a"},
		"swap: the new one is cordoned and serves":         {edge: edge(), nodes: nodes{former("a"), memberNode("b", cordoned)}, pods: pods{onNode("a"), onNode("b")}, want: "kept b; releasing a; Release a"},
		"swap of two: one new serves":                      {edge: edge(), nodes: nodes{former("a"), former("b"), memberNode("c"), memberNode("d")}, pods: pods{onNode("a"), onNode("b"), onNode("c"), onNode("d", unready)}, want: "releasing a,b; held b; Release a"},
		"swap of two: one is released, one new is broken":  {edge: edge(), nodes: nodes{former("a", unlabelled), former("b"), memberNode("c"), memberNode("d")}, pods: pods{onNode("a"), onNode("b"), onNode("c"), onNode("d", unready)}, want: "releasing a,b; held b"},
		"swap of two: both serve":                          {edge: edge(), nodes: nodes{former("a"), former("b"), memberNode("c"), memberNode("d")}, pods: pods{onNode("a"), onNode("b"), onNode("c"), onNode("d")}, want: "releasing a,b; Release a,b"},
		"swap of three for one: one stays until it serves": {edge: edge(), nodes: nodes{former("a"), former("b"), former("c"), memberNode("d")}, pods: pods{onNode("a"), onNode("b"), onNode("c"), onNode("d", unready)}, want: "releasing a,b,c; held c; Release a,b"},
		"the cordoned goes first":                          {edge: edge(), nodes: nodes{former("a"), former("b", cordoned), memberNode("c"), memberNode("d")}, pods: pods{onNode("a"), onNode("b"), onNode("c"), onNode("d", unready)}, want: "releasing a,b; held a; Release b"},

		"the last one stays when nothing is chosen":       {edge: edge(), nodes: nodes{former("a"), former("b")}, pods: pods{onNode("a"), onNode("b")}, want: "releasing a,b; held b; Release a"},
		"the last one alone":                              {edge: edge(), nodes: nodes{former("a")}, pods: pods{onNode("a")}, want: "releasing a; held a"},
		"the last one is down":                            {edge: edge(), nodes: nodes{former("a", down)}, pods: pods{onNode("a")}, want: "releasing a; held a"},
		"the last two are down together":                  {edge: edge(), nodes: nodes{former("a", down), former("b", down)}, pods: pods{onNode("a", unready), onNode("b", unready)}, want: "releasing a,b; held a,b"},
		"the last two are down, one comes back":           {edge: edge(), nodes: nodes{former("a", down), former("b")}, pods: pods{onNode("a", unready), onNode("b")}, want: "releasing b; held b; LetGo a; untaint a"},
		"the last one's pod was deleted and is ending":    {edge: edge(), nodes: nodes{former("a")}, pods: pods{onNode("a", endingAt(soon))}, want: "releasing a; held a"},
		"the last one's pod was evicted":                  {edge: edge(), nodes: nodes{former("a")}, pods: pods{onNode("a", ended)}, want: "releasing a; held a"},
		"the last one's pod is not there yet":             {edge: edge(), nodes: nodes{former("a")}, pods: nil, want: "releasing a; held a"},
		"the last one's pod restarts during a swap":       {edge: edge(), nodes: nodes{former("a"), memberNode("b")}, pods: pods{onNode("a", endingAt(soon)), onNode("b", unready)}, want: "releasing a; held a"},
		"the last one is down and being deleted":          {edge: edge(), nodes: nodes{former("a", beingDeleted, down)}, pods: pods{onNode("a")}, want: "LetGo a; untaint a"},
		"the last one is being deleted":                   {edge: edge(), nodes: nodes{former("a", beingDeleted)}, pods: pods{onNode("a")}, want: "releasing a; Release a"},
		"the last one does not serve":                     {edge: edge(), nodes: nodes{former("a")}, pods: pods{onNode("a", unready)}, want: "releasing a; held a"},
		"a chosen node that is being deleted":             {edge: edge(), nodes: nodes{memberNode("a", beingDeleted), memberNode("b")}, pods: pods{onNode("a"), onNode("b")}, want: "releasing a; Release a"},
		"nothing serves, and the old one may recover":     {edge: edge(), nodes: nodes{former("a"), memberNode("b")}, pods: pods{onNode("a", unready), onNode("b", unready)}, want: "releasing a; held a"},
		"nothing serves, and the old one runs nothing":    {edge: edge(), nodes: nodes{former("a"), memberNode("b")}, pods: pods{onNode("b", unready)}, want: "releasing a; held a"},
		"an old one that is not ready is not needed":      {edge: edge(), nodes: nodes{former("a"), memberNode("b")}, pods: pods{onNode("a", unready), onNode("b")}, want: "releasing a; Release a"},
		"ready pods whose endpoints are missing may come": {edge: edge(), nodes: nodes{former("a"), memberNode("b")}, pods: pods{onNode("a"), onNode("b", func(p *snapshot.Pod) { p.IPs = nil })}, want: "releasing a; held a"},
		"without a Service a ready pod serves":            {edge: network, nodes: nodes{former("a"), memberNode("b")}, pods: pods{onNode("a"), onNode("b", func(p *snapshot.Pod) { p.IPs = nil })}, want: "releasing a; Release a"},

		"cordon of one of two":                            {edge: edge(), nodes: nodes{memberNode("a", cordoned), memberNode("b")}, pods: pods{onNode("a"), onNode("b")}, want: "withdrawn a; Withdraw a"},
		"cordon: somebody else holds the own label":       {edge: edge(), nodes: nodes{memberNode("a", cordoned, managed(ingressName, roleLabel)), memberNode("b")}, pods: pods{onNode("a"), onNode("b")}, want: "withdrawn a; Withdraw a"},
		"cordon: withdrawn and quiet":                     {edge: edge(), nodes: nodes{memberNode("a", cordoned, unlabelled), memberNode("b")}, pods: pods{onNode("b")}, want: "withdrawn a"},
		"cordon: uncordoned":                              {edge: edge(), nodes: nodes{memberNode("a", unlabelled), memberNode("b")}, pods: pods{onNode("b")}, want: "Join a"},
		"cordon: rebooting":                               {edge: edge(), nodes: nodes{memberNode("a", cordoned, unlabelled, down), memberNode("b")}, pods: pods{onNode("b")}, want: "withdrawn a"},
		"cordon: went down before it was withdrawn":       {edge: edge(), nodes: nodes{memberNode("a", cordoned, down), memberNode("b")}, pods: pods{onNode("a"), onNode("b")}, want: "kept a"},
		"cordon of a node that the autoscaler removes":    {edge: edge(), nodes: nodes{memberNode("a", removing), memberNode("b")}, pods: pods{onNode("a"), onNode("b")}, want: "withdrawn a; Withdraw a"},
		"cordon of the only one":                          {edge: edge(), nodes: nodes{memberNode("a", cordoned)}, pods: pods{onNode("a")}, want: "kept a"},
		"cordon of both":                                  {edge: edge(), nodes: nodes{memberNode("a", cordoned), memberNode("b", cordoned)}, pods: pods{onNode("a"), onNode("b")}, want: "withdrawn a; kept b; Withdraw a"},
		"cordon of the second after the first":            {edge: edge(), nodes: nodes{memberNode("a", cordoned), memberNode("b", cordoned, unlabelled)}, pods: pods{onNode("a")}, want: "withdrawn b; kept a"},
		"cordon of three":                                 {edge: edge(), nodes: nodes{memberNode("a", cordoned), memberNode("b", cordoned), memberNode("c", cordoned)}, pods: pods{onNode("a"), onNode("b"), onNode("c")}, want: "withdrawn a; kept b,c; Withdraw a"},
		"cordon of half of four":                          {edge: edge(), nodes: nodes{memberNode("a"), memberNode("b", cordoned), memberNode("c", cordoned), memberNode("d")}, pods: pods{onNode("a"), onNode("b"), onNode("c"), onNode("d")}, want: "withdrawn b,c; Withdraw b,c"},
		"cordon of half of four, one of which is down":    {edge: edge(), nodes: nodes{memberNode("a"), memberNode("b", cordoned), memberNode("c", cordoned), memberNode("d", down)}, pods: pods{onNode("a"), onNode("b"), onNode("c")}, want: "withdrawn b; kept c; Withdraw b"},
		"cordon: another goes down, so one comes back":    {edge: edge(), nodes: nodes{memberNode("a"), memberNode("b", cordoned, unlabelled), memberNode("c", cordoned, unlabelled), memberNode("d", down)}, pods: pods{onNode("a")}, want: "withdrawn b; kept c; Join c"},
		"cordon of one of two where the other is broken":  {edge: edge(), nodes: nodes{memberNode("a", cordoned), memberNode("b")}, pods: pods{onNode("a"), onNode("b", unready)}, want: "kept a"},
		"cordon: nothing serves, so it comes back":        {edge: edge(), nodes: nodes{memberNode("a", cordoned, unlabelled), memberNode("b")}, pods: pods{onNode("b", unready)}, want: "kept a; Join a"},
		"cordon of a new node":                            {edge: edge(), nodes: nodes{node("a", pool, cordoned), memberNode("b")}, pods: pods{onNode("b")}, want: "withdrawn a; Withdraw a"},
		"cordon of a new node, first installation":        {edge: edge(), nodes: nodes{node("a", pool, cordoned), node("b", pool)}, pods: nil, want: "kept a; Join a,b"},
		"cordon with a Deployment changes nothing":        {edge: deployment, nodes: nodes{memberNode("a", cordoned), memberNode("b")}, pods: pods{onNode("a", ofDeployment), onNode("b", ofDeployment)}, want: ""},
		"cordon and then out of the set":                  {edge: edge(), nodes: nodes{former("a", cordoned, unlabelled), memberNode("b")}, pods: pods{onNode("b")}, want: "LetGo a; untaint a"},
		"a cordoned node that leaves is released as such": {edge: edge(), nodes: nodes{former("a", cordoned), memberNode("b")}, pods: pods{onNode("a"), onNode("b")}, want: "releasing a; Release a"},

		"a Deployment's pods are moved later":               {edge: deployment, nodes: nodes{former("a"), memberNode("b")}, pods: pods{onNode("a", ofDeployment)}, want: "releasing a; Release a"},
		"a Deployment's pods are still there":               {edge: deployment, nodes: nodes{former("a", unlabelled), memberNode("b")}, pods: pods{onNode("a", ofDeployment)}, want: "releasing a"},
		"a Deployment's pods have moved":                    {edge: deployment, nodes: nodes{former("a", unlabelled), memberNode("b")}, pods: pods{onNode("b", ofDeployment)}, want: "LetGo a; untaint a"},
		"a Deployment's pods have nowhere to go":            {edge: deployment, nodes: nodes{former("a"), former("b")}, pods: pods{onNode("a", ofDeployment)}, want: "releasing a,b; held a,b"},
		"a Deployment's pods could go to cordoned ones":     {edge: deployment, nodes: nodes{former("a"), memberNode("b", cordoned)}, pods: pods{onNode("a", ofDeployment)}, want: "releasing a; held a"},
		"a Deployment's pods could go to one that is down":  {edge: deployment, nodes: nodes{former("a"), memberNode("b", down)}, pods: pods{onNode("a", ofDeployment)}, want: "releasing a; held a"},
		"a Deployment's pod restarts and nothing is chosen": {edge: deployment, nodes: nodes{former("a")}, pods: pods{onNode("a", ofDeployment, unready)}, want: "releasing a; held a"},
		"a Deployment's pod is on a node that is down":      {edge: deployment, nodes: nodes{former("a", down), memberNode("b")}, pods: pods{onNode("a", ofDeployment)}, want: "LetGo a; untaint a"},
		"the last place was cordoned after the release":     {edge: deployment, nodes: nodes{former("a", unlabelled), memberNode("b", cordoned)}, pods: pods{onNode("a", ofDeployment)}, want: "releasing a; held a"},
		"a single pod on host ports has to stay":            {edge: single, nodes: nodes{former("a"), memberNode("b")}, pods: pods{onNode("a", ofDeployment)}, want: "releasing a; held a"},
		"a single pod on host ports is elsewhere":           {edge: single, nodes: nodes{former("a"), memberNode("b")}, pods: pods{onNode("b", ofDeployment)}, want: "LetGo a; untaint a"},
		"a single pod on host ports was evicted":            {edge: single, nodes: nodes{former("a"), memberNode("b")}, pods: pods{onNode("a", ofDeployment, endingAt(soon))}, want: "releasing a; Release a"},
		"a single pod on host ports lost its node":          {edge: single, nodes: nodes{former("a", beingDeleted), memberNode("b")}, pods: pods{onNode("a", ofDeployment)}, want: "releasing a; Release a"},

		"a person's own label makes nobody spare": {edge: edge(), nodes: nodes{former("a"), node("b", label(ownLabel, ""))}, pods: pods{onNode("a"), onNode("b")}, want: "releasing a; held a"},

		"deletion asks nobody":              {edge: edge(deleting), nodes: nodes{memberNode("a"), former("b", unlabelled)}, pods: pods{onNode("a"), onNode("b", endingAt(soon))}, want: "LetGo a,b; untaint a,b"},
		"deletion with a node that is down": {edge: edge(deleting), nodes: nodes{memberNode("a", down)}, pods: pods{onNode("a")}, want: "LetGo a; untaint a"},
		"Shared: the taint does not wait":   {edge: edge(shared), nodes: nodes{memberNode("a"), former("b")}, pods: pods{onNode("a"), onNode("b")}, want: "releasing b; Release b; untaint a,b"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := told(plan(t, scene(test.edge, test.nodes, test.pods...))); got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

// While a DaemonSet serves until a Deployment does, its pods end where the label is taken.
func TestADaemonSetThatIsReplacedServesOn(t *testing.T) {
	for name, test := range map[string]struct {
		pods []snapshot.Pod
		want string
	}{
		"the Deployment does not serve":                     {pods: []snapshot.Pod{onNode("a"), onNode("b", unready, ofDeployment)}, want: "releasing a; held a"},
		"the Deployment does not serve, and a pod restarts": {pods: []snapshot.Pod{onNode("a", endingAt(noon)), onNode("b", unready, ofDeployment)}, want: "releasing a; held a"},
		"the Deployment serves":                             {pods: []snapshot.Pod{onNode("a"), onNode("b", ofDeployment)}, want: "releasing a; Release a"},
	} {
		t.Run(name, func(t *testing.T) {
			s := scene(edge(kind(v1alpha1.WorkloadDeployment)), []snapshot.Node{former("a"), memberNode("b")}, test.pods...)
			s.DaemonSet.Value = &appsv1.DaemonSet{}
			if got := told(plan(t, s)); got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

func TestWhatCannotBeReadIsNotReleased(t *testing.T) {
	noAnswer := errors.New("no answer")
	for name, fail := range map[string]func(*snapshot.Snapshot){
		"pods":       func(s *snapshot.Snapshot) { s.Pods = snapshot.List[snapshot.Pod]{Err: noAnswer} },
		"DaemonSet":  func(s *snapshot.Snapshot) { s.Pods.Items, s.DaemonSet.Err = nil, noAnswer },
		"Deployment": func(s *snapshot.Snapshot) { s.Pods.Items, s.Deployment.Err = nil, noAnswer },
		"Service":    func(s *snapshot.Snapshot) { s.Service.Err = noAnswer },
		"endpoints":  func(s *snapshot.Snapshot) { s.EndpointSlices = snapshot.List[discoveryv1.EndpointSlice]{Err: noAnswer} },
	} {
		t.Run(name, func(t *testing.T) {
			s := scene(edge(), []snapshot.Node{former("a"), former("b", unlabelled), memberNode("c", cordoned), memberNode("d", cordoned, unlabelled), memberNode("e")},
				onNode("a"), onNode("b"), onNode("c"), onNode("e"))
			fail(&s)
			const want = "withdrawn d; kept c; releasing a,b; held a"
			if got := told(plan(t, s)); got != want {
				t.Errorf("got  %q\nwant %q", got, want)
			}
		})
	}
}

func TestAReleasedNodeKeepsItsRoleUntilThePodHasEnded(t *testing.T) {
	changes := plan(t, scene(edge(), []snapshot.Node{memberNode("a"), former("b")}, onNode("a"), onNode("b"))).Labels
	if len(changes) != 1 || len(changes[0].Labels) != 1 || changes[0].Labels[roleLabel] != "" {
		t.Errorf("want the role label to stay alone, got %+v", changes)
	}
	if _, stays := changes[0].Labels[ownLabel]; stays {
		t.Error("the own label stays")
	}
}

func TestAnotherEdgeIngressOnTheNodeIsLeftAlone(t *testing.T) {
	both := former("b", managed("internal", roleLabel, v1alpha1.NodeLabel("internal")), claim("internal", roleLabel), label(v1alpha1.NodeLabel("internal"), ""))
	for _, change := range plan(t, scene(edge(), []snapshot.Node{memberNode("a"), both}, onNode("a"), onNode("b"))).Labels {
		for key := range change.Labels {
			if key == v1alpha1.NodeLabel("internal") {
				t.Errorf("the label of another EdgeIngress is taken over: %+v", change)
			}
		}
	}
}

func TestTimeAloneEndsARelease(t *testing.T) {
	soon, later := noon.Add(time.Minute), noon.Add(time.Hour)
	for name, test := range map[string]struct {
		pods []snapshot.Pod
		want time.Time
	}{
		"nothing ends":                    {pods: []snapshot.Pod{onNode("a")}, want: time.Time{}},
		"a pod ends":                      {pods: []snapshot.Pod{onNode("a"), onNode("b", endingAt(soon))}, want: soon.Add(endMargin)},
		"the later of two on a node":      {pods: []snapshot.Pod{onNode("a"), onNode("b", endingAt(later)), onNode("b", endingAt(soon))}, want: later.Add(endMargin)},
		"the earlier of two nodes":        {pods: []snapshot.Pod{onNode("a"), onNode("b", endingAt(later)), onNode("c", endingAt(soon))}, want: soon.Add(endMargin)},
		"beside one that has not begun":   {pods: []snapshot.Pod{onNode("a"), onNode("b", endingAt(soon)), onNode("b")}, want: time.Time{}},
		"a pod that ends on an edge node": {pods: []snapshot.Pod{onNode("a"), onNode("a", endingAt(soon))}, want: time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			s := scene(edge(), []snapshot.Node{memberNode("a"), former("b", unlabelled), former("c", unlabelled)}, test.pods...)
			if got := plan(t, s).Recheck; !got.Equal(test.want) {
				t.Errorf("looks again at %v, want %v", got, test.want)
			}
		})
	}
}

func TestTimeAloneSettlesANodeThatIsAwaited(t *testing.T) {
	just := onNode("b", readyFor(time.Second))
	settled := noon.Add(4 * time.Second)
	for name, test := range map[string]struct {
		nodes []snapshot.Node
		pods  []snapshot.Pod
		want  time.Time
	}{
		"a node that left is held for it":    {nodes: []snapshot.Node{former("a"), memberNode("b")}, pods: []snapshot.Pod{onNode("a"), just}, want: settled},
		"a cordoned node is kept for it":     {nodes: []snapshot.Node{memberNode("a", cordoned), memberNode("b")}, pods: []snapshot.Pod{onNode("a"), just}, want: settled},
		"nothing waits for it":               {nodes: []snapshot.Node{memberNode("a"), memberNode("b")}, pods: []snapshot.Pod{onNode("a"), just}, want: time.Time{}},
		"another pod there has settled":      {nodes: []snapshot.Node{former("a"), memberNode("b")}, pods: []snapshot.Pod{onNode("a", unready), onNode("b"), just}, want: time.Time{}},
		"of two on a node, the earlier":      {nodes: []snapshot.Node{former("a"), memberNode("b")}, pods: []snapshot.Pod{onNode("a"), onNode("b", readyFor(0)), just}, want: settled},
		"one that is no endpoint is no help": {nodes: []snapshot.Node{former("a"), memberNode("b")}, pods: []snapshot.Pod{onNode("a"), onNode("b", readyFor(0), func(p *snapshot.Pod) { p.IPs = nil })}, want: time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := plan(t, scene(edge(), test.nodes, test.pods...)).Recheck; !got.Equal(test.want) {
				t.Errorf("looks again at %v, want %v", got, test.want)
			}
		})
	}
}

func TestADeploymentMovesItsPods(t *testing.T) {
	live := func(change func(*appsv1.Deployment)) *appsv1.Deployment {
		d := &appsv1.Deployment{
			ObjectMeta: metav1.ObjectMeta{Generation: 7},
			Status:     appsv1.DeploymentStatus{ObservedGeneration: 7, Replicas: 2, UpdatedReplicas: 2},
		}
		d.Spec.Template.Annotations = map[string]string{v1alpha1.MoveAnnotation: "4"}
		if change != nil {
			change(d)
		}
		return d
	}
	left := []snapshot.Node{memberNode("a"), former("b", unlabelled)}
	for name, test := range map[string]struct {
		live  *appsv1.Deployment
		nodes []snapshot.Node
		pods  []snapshot.Pod
		want  string
	}{
		"a pod is on a node that left":                    {live: live(nil), nodes: left, pods: []snapshot.Pod{onNode("a", ofDeployment), onNode("b", ofDeployment)}, want: "7"},
		"all pods are on edge nodes":                      {live: live(nil), nodes: left, pods: []snapshot.Pod{onNode("a", ofDeployment)}, want: "4"},
		"nothing ever moved":                              {live: live(func(d *appsv1.Deployment) { d.Spec.Template.Annotations = nil }), nodes: left, pods: []snapshot.Pod{onNode("a", ofDeployment)}, want: ""},
		"the pod goes already":                            {live: live(nil), nodes: left, pods: []snapshot.Pod{onNode("b", ofDeployment, endingAt(noon))}, want: "4"},
		"the pod was evicted":                             {live: live(nil), nodes: left, pods: []snapshot.Pod{onNode("b", ofDeployment, ended)}, want: "4"},
		"the label is still there, so it could come back": {live: live(nil), nodes: []snapshot.Node{memberNode("a"), former("b")}, pods: []snapshot.Pod{onNode("b", ofDeployment)}, want: "4"},
		"pods are being replaced":                         {live: live(func(d *appsv1.Deployment) { d.Status.UpdatedReplicas = 1 }), nodes: left, pods: []snapshot.Pod{onNode("b", ofDeployment)}, want: "4"},
		"a change was not taken up yet":                   {live: live(func(d *appsv1.Deployment) { d.Generation++ }), nodes: left, pods: []snapshot.Pod{onNode("b", ofDeployment)}, want: "4"},
		"a pod of the DaemonSet goes by itself":           {live: live(nil), nodes: left, pods: []snapshot.Pod{onNode("b")}, want: "4"},
		"an edge node whose label is missing gets it":     {live: live(nil), nodes: []snapshot.Node{memberNode("b", unlabelled)}, pods: []snapshot.Pod{onNode("b", ofDeployment)}, want: "4"},
		"there is no Deployment":                          {live: nil, nodes: left, pods: nil, want: ""},
		"a node that was let go came back with its pod":   {live: live(nil), nodes: []snapshot.Node{memberNode("a"), node("b")}, pods: []snapshot.Pod{onNode("b", ofDeployment)}, want: "7"},
		"the pod's node is gone":                          {live: live(nil), nodes: []snapshot.Node{memberNode("a")}, pods: []snapshot.Pod{onNode("b", ofDeployment)}, want: "4"},
		"the pod has no node yet":                         {live: live(nil), nodes: left, pods: []snapshot.Pod{onNode("", ofDeployment)}, want: "4"},
		"the others are cordoned":                         {live: live(nil), nodes: []snapshot.Node{memberNode("a", cordoned), former("b", unlabelled)}, pods: []snapshot.Pod{onNode("b", ofDeployment)}, want: "4"},
	} {
		t.Run(name, func(t *testing.T) {
			s := scene(edge(kind(v1alpha1.WorkloadDeployment)), test.nodes, test.pods...)
			s.Deployment.Value = test.live
			deployment := find(compute(t, s), string(v1alpha1.WorkloadDeployment))
			template, _, _ := unstructured.NestedMap(deployment.Object, "spec", "template", "metadata", "annotations")
			if got, _ := template[v1alpha1.MoveAnnotation].(string); got != test.want {
				t.Errorf("moved %q, want %q", got, test.want)
			}
		})
	}
}

func TestADeploymentThatWasNotReadIsLeft(t *testing.T) {
	s := scene(edge(kind(v1alpha1.WorkloadDeployment)), []snapshot.Node{memberNode("a")})
	s.Deployment.Err = errors.New("no answer")
	if find(compute(t, s), string(v1alpha1.WorkloadDeployment)) != nil {
		t.Error("it would be applied without its annotation, and all its pods be replaced")
	}
}

// A question that changes what it is about gives another answer when it is asked again.
func TestQuestionsAboutAReleaseChangeNothing(t *testing.T) {
	twoLeft := scene(edge(), []snapshot.Node{memberNode("a"), former("b"), former("c")}, onNode("a"), onNode("b"), onNode("c"))
	unread := twoLeft
	unread.Pods.Err = errors.New("no answer")
	for name, s := range map[string]snapshot.Snapshot{
		"nothing to decide":        scene(edge(), []snapshot.Node{memberNode("a")}, onNode("a")),
		"two nodes left":           twoLeft,
		"one of them may go":       scene(edge(), []snapshot.Node{memberNode("a"), former("b")}, onNode("a", unready), onNode("b")),
		"all are being drained":    scene(edge(), []snapshot.Node{memberNode("a", cordoned), memberNode("b", cordoned)}, onNode("a"), onNode("b")),
		"the pods were not read":   unread,
		"the EdgeIngress is going": scene(edge(deleting), []snapshot.Node{former("a")}, onNode("a")),
	} {
		t.Run(name, func(t *testing.T) {
			chosen, _, err := chooseNodes(s)
			if err != nil {
				t.Fatal(err)
			}
			r := newRelease(s, chosen)
			for _, p := range r.places {
				before, serving := *p, r.serving
				firstStanding, firstMayGo := r.standingOf(p), r.mayGo(p)
				if r.standingOf(p) != firstStanding || r.mayGo(p) != firstMayGo {
					t.Errorf("node %s: the second answer differs from the first", p.Name)
				}
				for i := range s.Pods.Items {
					p.counts(&s.Pods.Items[i])
				}
				if *p != before || r.serving != serving {
					t.Errorf("node %s: want %+v and %d serving, got %+v and %d", p.Name, before, serving, *p, r.serving)
				}
			}
		})
	}
}
