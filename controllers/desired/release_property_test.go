package desired

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
	"github.com/edge-ingress/edge-ingress-operator/controllers/workload"
)

// world is a cluster of a few nodes. People, kubelets and the DaemonSet's controller act by turns,
// and the operator passes in between.
type world struct {
	t      *testing.T
	random *rand.Rand
	now    time.Time
	nodes  map[string]*snapshot.Node
	pods   map[string]*snapshot.Pod
	// broken are nodes on which no controller becomes ready.
	broken map[string]bool
	trace  []string
}

var worldNodes = []string{"a", "b", "c", "d", "e"}

func newWorld(t *testing.T, seed uint64) *world {
	t.Helper()
	w := &world{
		t: t, random: rand.New(rand.NewPCG(seed, 1)), now: noon,
		nodes: map[string]*snapshot.Node{}, pods: map[string]*snapshot.Pod{}, broken: map[string]bool{},
	}
	for _, name := range worldNodes {
		n := node(name)
		if w.random.IntN(2) == 0 {
			pool(&n)
		}
		w.nodes[name] = &n
	}
	return w
}

// seen returns the snapshot of a pass. Its copies keep the snapshot from changing under the test.
func (w *world) seen() snapshot.Snapshot {
	var nodes []snapshot.Node
	var pods []snapshot.Pod
	for _, name := range worldNodes {
		n := *w.nodes[name]
		n.Labels = maps.Clone(n.Labels)
		nodes = append(nodes, n)
		if pod := w.pods[name]; pod != nil {
			pods = append(pods, *pod)
		}
	}
	s := scene(edge(), nodes, pods...)
	s.Time = w.now
	return s
}

// serving are how many nodes serve and are meant to go on.
func (w *world) serving() int { return w.servingFor(0) }

// settled are those that have served for long enough that balancers know.
func (w *world) settled() int { return w.servingFor(workload.SettlingTime(edge())) }

func (w *world) servingFor(d time.Duration) (count int) {
	for name, pod := range w.pods {
		n := w.nodes[name]
		_, labelled := n.Labels[ownLabel]
		_, chosen := n.Labels["pool"]
		byHand := !chosen && len(n.ManagedLabels[ingressName]) == 0 && len(n.TaintClaims) == 0
		if labelled && !byHand && pod.Ready && !pod.Terminating && n.Ready == corev1.ConditionTrue && w.now.Sub(pod.ReadySince) >= d {
			count++
		}
	}
	return count
}

// labelled are the nodes that the controller may run on.
func (w *world) labelled() (names []string) {
	for _, name := range worldNodes {
		if _, has := w.nodes[name].Labels[ownLabel]; has {
			names = append(names, name)
		}
	}
	return names
}

// pass lets the operator pass, and reports whether it wrote anything.
func (w *world) pass() bool {
	s := w.seen()
	before, labelled := w.serving(), w.labelled()
	plan, err := planNodes(s)
	if err != nil {
		w.t.Fatal(err)
	}
	w.write(plan)
	w.holds(s, plan, before)
	for _, name := range labelled {
		if w.settled() == 0 && !slices.Contains(w.labelled(), name) {
			w.fail("nothing serves, and node %s, where a controller could again, was let go", name)
		}
	}
	return len(plan.Labels)+len(plan.Taints) > 0
}

// write does what the writer would.
func (w *world) write(plan NodePlan) {
	for _, change := range plan.Labels {
		n := w.nodes[change.Node]
		delete(n.Labels, ownLabel)
		for _, key := range n.ManagedLabels[ingressName] {
			delete(n.Labels, key)
		}
		n.ManagedLabels = map[string][]string{}
		for key, value := range change.Labels {
			n.Labels[key] = value
			n.ManagedLabels[ingressName] = append(n.ManagedLabels[ingressName], key)
		}
	}
	for _, change := range plan.Taints {
		n := w.nodes[change.Node]
		n.Taints, n.TaintClaims = nil, map[string]string{}
		if change.Present {
			tainted(n)
		}
	}
}

// holds checks what must hold after every pass.
func (w *world) holds(s snapshot.Snapshot, plan NodePlan, before int) {
	w.t.Helper()
	after, up, candidates, out := w.serving(), 0, 0, 0
	for i := range s.Nodes.Items {
		n := s.Nodes.Items[i]
		_, chosen := n.Labels["pool"]
		if !chosen || n.Ready != corev1.ConditionTrue {
			continue
		}
		up++
		candidates += count(!n.Unschedulable)
		if _, labelled := w.nodes[n.Name].Labels[ownLabel]; !labelled {
			out++
		}
	}
	if before > 0 && after == 0 {
		w.fail("the last serving node was released")
	}
	if after < before && after < min(candidates, before) {
		w.fail("%d of %d serve after the pass, and %d could", after, before, candidates)
	}
	if out > up/2 {
		w.fail("%d of %d Ready edge nodes are withdrawn", out, up)
	}
	had := map[string]bool{}
	for i := range s.Nodes.Items {
		_, had[s.Nodes.Items[i].Name] = s.Nodes.Items[i].Labels[roleLabel]
	}
	for name, pod := range w.pods {
		n := w.nodes[name]
		_, role := n.Labels[roleLabel]
		inTime := !pod.Ended && (!pod.Terminating || w.now.Before(pod.Deadline.Add(endMargin)))
		if n.Ready == corev1.ConditionTrue && inTime && had[name] && !role {
			w.fail("node %s lost its role while its controller runs", name)
		}
	}
	if len(plan.Held) > 0 && up > 0 && len(plan.Awaited) == 0 {
		w.fail("%v are held and wait for nobody", plan.Held)
	}
}

func (w *world) fail(format string, args ...any) {
	w.t.Helper()
	w.t.Fatalf("%s\nafter:\n%v", fmt.Sprintf(format, args...), w.trace)
}

func (w *world) note(what, name string) { w.trace = append(w.trace, what+" "+name) }

// mishap changes something as people or machines do.
func (w *world) mishap() {
	name := worldNodes[w.random.IntN(len(worldNodes))]
	n := w.nodes[name]
	switch w.random.IntN(8) {
	case 0:
		if _, chosen := n.Labels["pool"]; chosen {
			delete(n.Labels, "pool")
			w.note("leaves", name)
		} else {
			pool(n)
			w.note("joins", name)
		}
	case 1:
		n.Unschedulable = !n.Unschedulable
		w.note(fmt.Sprintf("cordoned %t", n.Unschedulable), name)
	case 2:
		if n.Ready = corev1.ConditionTrue; w.random.IntN(3) == 0 {
			n.Ready = corev1.ConditionUnknown
		}
		w.note("is "+string(n.Ready), name)
	case 3:
		w.broken[name] = w.random.IntN(3) == 0
		w.note(fmt.Sprintf("broken %t", w.broken[name]), name)
	case 4:
		if pod := w.pods[name]; pod != nil && !pod.Terminating {
			pod.Terminating, pod.Deadline = true, w.now.Add(5*time.Minute)
			w.note("pod deleted on", name)
		}
	case 5:
		if pod := w.pods[name]; pod != nil {
			pod.Ended, pod.Ready = true, false
			w.note("pod evicted on", name)
		}
	case 6:
		n.Labels[ownLabel] = ""
		w.note("labelled manually", name)
	case 7:
		fresh := node(name)
		w.nodes[name] = &fresh
		delete(w.pods, name)
		w.note("replaced", name)
	}
}

// tick lets the DaemonSet's controller and the kubelets do one step on a node.
func (w *world) tick(name string) {
	n, pod := w.nodes[name], w.pods[name]
	_, labelled := n.Labels[ownLabel]
	switch up := n.Ready == corev1.ConditionTrue; {
	case pod == nil && labelled && up:
		fresh := onNode(name, unready)
		w.pods[name] = &fresh
	case pod == nil:
	case pod.Ended:
		delete(w.pods, name)
	case !labelled && !pod.Terminating:
		pod.Terminating, pod.Deadline = true, w.now.Add(5*time.Minute)
	case pod.Terminating && up:
		delete(w.pods, name)
	case !pod.Terminating:
		if ready := up && !w.broken[name]; ready != pod.Ready {
			pod.Ready, pod.ReadySince = ready, w.now
		}
	}
}

func (w *world) act(steps int) {
	for range steps {
		w.now = w.now.Add(time.Second)
		w.tick(worldNodes[w.random.IntN(len(worldNodes))])
		if w.random.IntN(2) == 0 {
			w.pass()
		}
	}
}

// TestReleasesInAnyOrderOfEvents checks that the operator never releases the last serving node,
// gives up no capacity that is needed, and keeps the role while a controller runs. When no more
// events come, the operator comes to rest with the label on exactly the edge nodes that can have
// it.
func TestReleasesInAnyOrderOfEvents(t *testing.T) {
	for seed := range uint64(1000) {
		w := newWorld(t, seed)
		for range 12 {
			w.mishap()
			w.pass()
			w.act(w.random.IntN(8))
		}
		w.comesToRest()
	}
}

func (w *world) allIsWell() {
	for name, n := range w.nodes {
		n.Ready, n.Unschedulable, w.broken[name] = corev1.ConditionTrue, false, false
		if len(n.ManagedLabels[ingressName]) == 0 {
			delete(n.Labels, ownLabel)
		}
	}
	w.note("all is well", "")
}

func (w *world) chosen() (names []string) {
	for _, name := range worldNodes {
		if _, isChosen := w.nodes[name].Labels["pool"]; isChosen {
			names = append(names, name)
		}
	}
	return names
}

// comesToRest: with every node up and sound, nothing is held and nothing is left to write.
func (w *world) comesToRest() {
	w.t.Helper()
	w.allIsWell()
	chosen := len(w.chosen())
	for range 30 {
		w.now = w.now.Add(time.Second)
		for _, name := range worldNodes {
			w.tick(name)
		}
		w.pass()
	}
	if w.pass() {
		w.fail("it does not come to rest")
	}
	plan, _ := planNodes(w.seen())
	if chosen > 0 && (len(plan.Releasing) > 0 || w.serving() != chosen) {
		w.fail("in the end %v are not released, %d of %d serve", plan.Releasing, w.serving(), chosen)
	}
	if chosen == 0 && w.serving() > 1 {
		w.fail("no node is chosen, and %d serve", w.serving())
	}
	for _, name := range worldNodes {
		n := w.nodes[name]
		_, isChosen := n.Labels["pool"]
		if _, claimed := n.TaintClaims[ingressName]; claimed != isChosen && chosen > 0 {
			w.fail("node %s: chosen %t, tainted %t", name, isChosen, claimed)
		}
	}
}

// TestAPlanRestsOnWhatIsSeenAlone: an operator that was just started decides as the one before it.
func TestAPlanRestsOnWhatIsSeenAlone(t *testing.T) {
	for seed := range uint64(200) {
		w := newWorld(t, seed)
		for range 10 {
			w.mishap()
			w.act(3)
			s := w.seen()
			if first, second := told(plan(t, s)), told(plan(t, s)); first != second {
				t.Fatalf("first %q, then %q", first, second)
			}
		}
	}
}
