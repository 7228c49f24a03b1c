package desired

import (
	"fmt"
	"slices"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
	"github.com/edge-ingress/edge-ingress-operator/controllers/workload"
)

// deployed is a world whose controllers are the pods of a Deployment. They stay on a node that
// loses its label.
type deployed struct {
	*world
	edge *v1alpha1.EdgeIngress
	live *appsv1.Deployment
	// surge and missing are how many pods there may be more, and fewer, than replicas.
	replicas, surge, missing int
	running                  []*movablePod
	made                     int
}

type movablePod struct {
	snapshot.Pod
	// move is the annotation of the template that it was made from.
	move string
}

func newDeployed(t *testing.T, seed uint64) *deployed {
	t.Helper()
	d := &deployed{world: newWorld(t, seed), live: &appsv1.Deployment{}, replicas: 2, surge: 1}
	options := []func(*v1alpha1.EdgeIngress){kind(v1alpha1.WorkloadDeployment)}
	if d.random.IntN(2) == 0 {
		d.replicas = 1
	}
	if d.random.IntN(2) == 0 {
		d.surge, d.missing = 0, 1
		options = append(options, exposed(v1alpha1.ExposureHostNetwork))
	}
	d.edge = edge(append(options, replicas(int32(d.replicas)))...)
	return d
}

func (d *deployed) seen() snapshot.Snapshot {
	s := d.world.seen()
	s.EdgeIngress = d.edge
	d.live.Status = appsv1.DeploymentStatus{ObservedGeneration: d.live.Generation, Replicas: int32(len(d.running)), UpdatedReplicas: int32(len(d.current(true)))}
	s.Deployment.Value = d.live.DeepCopy()
	for _, pod := range d.running {
		s.Pods.Items = append(s.Pods.Items, pod.Pod)
	}
	s.EndpointSlices.Items = []discoveryv1.EndpointSlice{endpointsOf(s.Pods.Items)}
	return s
}

// current are the pods that were made from the current template, or from an earlier one.
func (d *deployed) current(yes bool) (pods []*movablePod) {
	for _, pod := range d.running {
		if !pod.Terminating && (pod.move == d.live.Spec.Template.Annotations[v1alpha1.MoveAnnotation]) == yes {
			pods = append(pods, pod)
		}
	}
	return pods
}

func (d *deployed) ready() (count int) {
	for _, pod := range d.running {
		if pod.Ready && !pod.Terminating {
			count++
		}
	}
	return count
}

// places returns the nodes where a new pod can start.
func (d *deployed) places() (names []string) {
	for _, name := range worldNodes {
		n := d.nodes[name]
		_, labelled := n.Labels[ownLabel]
		taken := d.missing > 0 && slices.ContainsFunc(d.running, func(pod *movablePod) bool { return pod.Node == name })
		if labelled && n.Ready == corev1.ConditionTrue && !n.Unschedulable && !taken {
			names = append(names, name)
		}
	}
	return names
}

// pass runs one pass of the operator, and reports whether it wrote anything. No label goes that the
// last place for new pods needs.
func (d *deployed) pass() bool {
	s := d.seen()
	before := len(d.labelledPlaces())
	plan, err := planNodes(s)
	if err != nil {
		d.t.Fatal(err)
	}
	d.write(plan)
	if before > 0 && len(d.labelledPlaces()) == 0 {
		d.fail("no place is left for a pod")
	}
	moved, was := move(s, plan), d.live.Spec.Template.Annotations[v1alpha1.MoveAnnotation]
	if moved != was {
		if d.ready() > 0 && !workload.KeepsServing(d.edge) {
			d.fail("all pods are replaced, and none would serve")
		}
		d.live.Generation++
		d.live.Spec.Template.Annotations = map[string]string{v1alpha1.MoveAnnotation: moved}
		d.note("moves", moved)
	}
	return len(plan.Labels)+len(plan.Taints) > 0 || moved != was
}

// labelledPlaces are the nodes with the label on which a pod can start once it is free.
func (d *deployed) labelledPlaces() (names []string) {
	for _, name := range d.labelled() {
		if n := d.nodes[name]; n.Ready == corev1.ConditionTrue && !n.Unschedulable {
			names = append(names, name)
		}
	}
	return names
}

// roll is a step of the Deployment's controller (rolling.go in
// k8s.io/kubernetes/pkg/controller/deployment): it creates a pod, or ends one with an earlier
// template.
func (d *deployed) roll() {
	fresh, old := d.current(true), d.current(false)
	switch spare := len(fresh) + len(old) - (d.replicas - d.missing) - unreadyAmong(fresh); {
	case len(fresh) < d.replicas && len(fresh)+len(old) < d.replicas+d.surge:
		d.made++
		pod := &movablePod{move: d.live.Spec.Template.Annotations[v1alpha1.MoveAnnotation]}
		pod.Pod = snapshot.Pod{Name: fmt.Sprint("pod-", d.made), Workload: v1alpha1.WorkloadDeployment}
		d.running = append(d.running, pod)
	case len(old) == 0 || spare <= 0:
	case unreadyAmong(old) > 0:
		d.end(old[slices.IndexFunc(old, func(pod *movablePod) bool { return !pod.Ready })])
	case d.ready() > d.replicas-d.missing:
		d.end(old[0])
	}
}

func unreadyAmong(pods []*movablePod) (count int) {
	for _, pod := range pods {
		if !pod.Ready {
			count++
		}
	}
	return count
}

func (d *deployed) end(pod *movablePod) {
	pod.Terminating, pod.Deadline = true, d.now.Add(5*time.Minute)
}

// run lets the scheduler and the kubelets do one step with every pod.
func (d *deployed) run() {
	for _, pod := range d.running {
		places := d.places()
		switch {
		case pod.Node == "" && len(places) > 0:
			pod.Node, pod.IPs = places[d.random.IntN(len(places))], []string{pod.Name}
		case pod.Node == "":
		case !pod.Terminating:
			pod.Ready = d.nodes[pod.Node].Ready == corev1.ConditionTrue && !d.broken[pod.Node]
		}
	}
	d.running = slices.DeleteFunc(d.running, func(pod *movablePod) bool {
		return pod.Terminating && (pod.Node == "" || d.nodes[pod.Node].Ready == corev1.ConditionTrue)
	})
}

// TestADeploymentMovesInAnyOrderOfEvents checks that there is a place for a new pod wherever there
// can be one, and that all pods are never replaced at once. In the end all nodes are up and enough
// of them are chosen. Then every pod is on an edge node and no change is under way, unless a single
// pod cannot move without an outage.
func TestADeploymentMovesInAnyOrderOfEvents(t *testing.T) {
	for seed := range uint64(1000) {
		d := newDeployed(t, seed)
		for range 12 {
			d.mishap()
			d.pass()
			for range d.random.IntN(8) {
				d.now = d.now.Add(time.Second)
				d.roll()
				d.run()
				d.pass()
			}
		}
		d.comesToRest()
	}
}

func (d *deployed) comesToRest() {
	d.t.Helper()
	d.allIsWell()
	for len(d.chosen()) < 2 {
		pool(d.nodes[worldNodes[d.random.IntN(len(worldNodes))]])
	}
	for range 60 {
		d.now = d.now.Add(time.Second)
		d.roll()
		d.run()
		d.pass()
	}
	if d.pass() {
		d.fail("it does not come to rest")
	}
	if d.ready() != d.replicas {
		d.fail("%d of %d pods are ready", d.ready(), d.replicas)
	}
	plan, _ := planNodes(d.seen())
	if !workload.KeepsServing(d.edge) {
		if !slices.Equal(plan.Releasing, plan.Held) {
			d.fail("%v are being released, and only %v are said to wait", plan.Releasing, plan.Held)
		}
		return
	}
	for _, pod := range d.running {
		if !slices.Contains(d.chosen(), pod.Node) {
			d.fail("a pod stays on node %s", pod.Node)
		}
	}
	if len(plan.Releasing) > 0 {
		d.fail("%v are not released", plan.Releasing)
	}
}
