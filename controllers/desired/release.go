package desired

import (
	"cmp"
	"slices"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
	"github.com/edge-ingress/edge-ingress-operator/controllers/workload"
)

// release decides which nodes stop serving. The controller runs where the own label is. Without it, the
// DaemonSet controller deletes the pod, and the pod leaves the load balancers while it still serves. The
// rest (role label, taint, claim) stays until the pod has ended. All state is in the cluster's objects, so
// another operator process can continue at any time.
type release struct {
	places []*place
	// daemonSet is set where the spec asks for a DaemonSet: pods of a Deployment do not follow the
	// labels of a node.
	daemonSet bool
	// byLabel is set where pods follow the labels, now or soon. That includes a DaemonSet that
	// serves until a Deployment does.
	byLabel bool
	// keepsServing is set where replacing all pods of the Deployment leaves one that serves at every moment.
	keepsServing bool
	// ended is set where the EdgeIngress is being deleted, so that nothing has to keep serving.
	ended bool
	// blind is set where a failed read hides what serves. No running controller is removed then.
	blind bool
	// excused marks the edge nodes that need not serve, because they are being drained.
	excused map[*place]bool
	// candidates counts the edge nodes that stay and could serve.
	candidates int
	// required is how many nodes must serve after this pass, and serving is how many will.
	required, serving int
}

func newRelease(s snapshot.Snapshot, chosen map[string]bool) *release {
	daemonSet := s.EdgeIngress.Spec.Controller.Kind != v1alpha1.WorkloadDeployment
	r := &release{
		places:       places(s, chosen),
		daemonSet:    daemonSet,
		byLabel:      daemonSet || s.DaemonSet.Value != nil,
		keepsServing: workload.KeepsServing(s.EdgeIngress),
		ended:        !s.EdgeIngress.DeletionTimestamp.IsZero(),
		blind:        s.Pods.Err != nil || s.DaemonSet.Err != nil || s.Deployment.Err != nil || (s.EdgeIngress.UsesService() && (s.EndpointSlices.Err != nil || s.Service.Err != nil)),
		excused:      map[*place]bool{},
	}
	r.excuse()
	ready := 0
	for _, p := range r.places {
		ready += count(p.ready)
		r.serving += count(p.serves)
		r.candidates += count(r.couldServe(p) && !r.excused[p])
	}
	// Not more than serve now, because more cannot be lost. A ready controller counts even if its
	// endpoint is missing for a moment.
	r.required = max(1, min(r.candidates, ready))
	return r
}

// couldServe reports whether a controller can start on the edge node. A pod of a Deployment cannot
// start on a cordoned node.
func (r *release) couldServe(p *place) bool {
	return p.wanted && isUp(p.Node) && (r.daemonSet || !p.drained)
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// excuse chooses the edge nodes that need not serve for now, because they are being drained. It chooses at
// most half of the Ready ones, so that cordoning all of them loses nothing, and none while nothing serves.
// Nodes that are withdrawn already come first. A node that is not Ready keeps its state.
func (r *release) excuse() {
	if !r.daemonSet {
		return
	}
	up, anyReady := 0, false
	var emptied []*place
	for _, p := range r.places {
		anyReady = anyReady || p.ready
		up += count(p.wanted && isUp(p.Node))
		switch {
		case !p.wanted || !p.drained:
		case !isUp(p.Node), r.blind:
			r.excused[p] = !p.labelled
		default:
			emptied = append(emptied, p)
		}
	}
	if r.blind || !anyReady {
		return
	}
	slices.SortStableFunc(emptied, func(a, b *place) int { return cmp.Compare(count(a.labelled), count(b.labelled)) })
	for _, p := range emptied[:min(len(emptied), up/2)] {
		r.excused[p] = true
	}
}

// decide sets the standing of every node. Nodes that are being drained come first, because a drain waits for
// them. A node that stops serving no longer counts for the nodes after it.
func (r *release) decide() {
	order := slices.Clone(r.places)
	slices.SortStableFunc(order, func(a, b *place) int { return cmp.Compare(count(b.drained), count(a.drained)) })
	for _, p := range order {
		p.standing = r.standingOf(p)
		r.serving -= count(p.stopsServing())
	}
}

func (r *release) standingOf(p *place) standing {
	switch {
	case p.wanted && !r.excused[p]:
		return member
	case p.wanted && p.labelled && !r.mayGo(p):
		return member
	case p.wanted:
		return withdrawn
	case !p.marked:
		return stranger
	case r.ended:
		return gone
	case p.labelled && !r.mayGo(p):
		return staying
	case p.occupied || r.blind:
		return ending
	}
	return gone
}

// mayGo reports whether the node may lose the own label now.
func (r *release) mayGo(p *place) bool {
	switch {
	case r.blind:
		return false
	case p.Deleting, p.lost:
		return true
	case !r.daemonSet && !r.canMove(p):
		return false
	case !r.byLabel:
		// The Deployment itself keeps enough pods serving.
		return true
	case !p.ready:
		// While nothing serves, this node may be the first to serve again, even if its pod or the
		// node itself is unavailable for a moment.
		return r.serving > 0
	}
	return r.serving-count(p.serves) >= r.required
}

// canMove reports whether the pods of a Deployment on the node can move to an edge node without an outage.
func (r *release) canMove(p *place) bool {
	return r.candidates > 0 && (!p.movable || r.keepsServing)
}

// misplaced reports whether a pod of a Deployment runs on a node that is not an edge node. The label must be
// gone already, so that the pod's successor cannot start there.
func (r *release) misplaced(p *place) bool {
	return !r.daemonSet && p.movable && !p.wanted && !p.labelled
}

// isStuck reports whether a pod of a Deployment stays on a node that it should leave.
func (r *release) isStuck(p *place) bool {
	return p.standing == ending && r.misplaced(p) && !r.canMove(p) && !p.Deleting
}

// report writes the decisions into the plan, in the order of the nodes.
func (r *release) report(plan *NodePlan) {
	for _, p := range r.places {
		if p.wanted {
			plan.Selected = append(plan.Selected, p.Name)
		}
		if p.standing == member && r.couldServe(p) && !p.serves {
			plan.Awaited = append(plan.Awaited, p.Name)
		}
		if r.misplaced(p) && r.canMove(p) {
			plan.Moving = append(plan.Moving, p.Name)
		}
		r.reportDeparture(plan, p)
	}
	for _, p := range r.places {
		if len(plan.Held)+len(plan.Kept) > 0 {
			plan.recheckAt(p.settles)
		}
	}
}

func (r *release) reportDeparture(plan *NodePlan, p *place) {
	switch {
	case p.standing == withdrawn:
		plan.Withdrawn = append(plan.Withdrawn, p.Name)
	case p.standing == member && p.drained && r.daemonSet:
		plan.Kept = append(plan.Kept, p.Name)
	case p.standing == staying, r.isStuck(p):
		plan.Held = append(plan.Held, p.Name)
		plan.Releasing = append(plan.Releasing, p.Name)
	case p.standing == ending:
		plan.Releasing = append(plan.Releasing, p.Name)
		plan.recheckAt(p.until)
	}
}

// recheckAt sets the time of the next check, unless an earlier one is set or the time is zero.
func (plan *NodePlan) recheckAt(at time.Time) {
	if !at.IsZero() && (plan.Recheck.IsZero() || at.Before(plan.Recheck)) {
		plan.Recheck = at
	}
}
