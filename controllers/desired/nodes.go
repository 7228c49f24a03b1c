package desired

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
	"github.com/edge-ingress/edge-ingress-operator/controllers/workload"
)

// planNodes decides which nodes are edge nodes, and what changes on which node. An EdgeIngress that
// is being deleted has no edge nodes.
func planNodes(s snapshot.Snapshot) (NodePlan, error) {
	chosen, missing, err := chooseNodes(s)
	if err != nil {
		return NodePlan{}, err
	}
	plan := NodePlan{Missing: missing}
	lost := leavePorts(s, chosen, &plan)
	r := newRelease(s, chosen)
	for _, p := range r.places {
		p.lost = lost[p.Name]
	}
	r.decide()
	r.report(&plan)
	g := newGate(s, chosen)
	planLabels(s, g, r, &plan)
	plan.Taints, plan.Withheld = planTaints(s, g, r)
	plan.Traces = findTraces(s, plan.Taints)
	return plan, nil
}

// untouched returns the plan without its changes. Nodes that are labelled and tainted already stay
// so, because a controller from before the namespace was reserved may serve there.
func (plan NodePlan) untouched() NodePlan {
	changed := map[string]bool{}
	for _, change := range plan.Labels {
		changed[change.Node] = true
	}
	for _, change := range plan.Taints {
		changed[change.Node] = true
	}
	for _, trace := range plan.Traces {
		changed[trace.Node] = true
	}
	for _, name := range plan.Releasing {
		changed[name] = true
	}
	for _, withheld := range slices.Concat(plan.Withheld, plan.LabelsWithheld) {
		for _, name := range withheld.Nodes {
			changed[name] = true
		}
	}
	return NodePlan{Selected: plan.Selected, Missing: plan.Missing, PortsTaken: plan.PortsTaken, Untouched: slices.Sorted(maps.Keys(changed))}
}

// chooseNodes returns the nodes that the spec selects, and the names in the spec that do not exist. An
// EdgeIngress that is being deleted selects none.
func chooseNodes(s snapshot.Snapshot) (chosen map[string]bool, missing []string, err error) {
	if !s.EdgeIngress.DeletionTimestamp.IsZero() || s.Nodes.Err != nil {
		return map[string]bool{}, nil, nil //nolint:nilerr // a failed read is in the snapshot, and becomes Unknown in the conditions
	}
	return chosenBy(s.EdgeIngress.Spec.Nodes, s.Nodes.Items)
}

func chosenBy(spec v1alpha1.NodesSpec, nodes []snapshot.Node) (chosen map[string]bool, missing []string, err error) {
	chosen = map[string]bool{}
	if spec.Selector != nil {
		selector, err := metav1.LabelSelectorAsSelector(spec.Selector.LabelSelector())
		if err != nil {
			return nil, nil, fmt.Errorf("reading spec.nodes.selector: %w", err)
		}
		for _, node := range nodes {
			chosen[node.Name] = !selector.Empty() && selector.Matches(labels.Set(node.Labels))
		}
		return chosen, nil, nil
	}
	present := map[string]bool{}
	for _, node := range nodes {
		present[node.Name] = true
	}
	for _, name := range spec.Names {
		if present[name] {
			chosen[name] = true
		} else {
			missing = append(missing, name)
		}
	}
	slices.Sort(missing)
	return chosen, missing, nil
}

// taken returns the nodes that are, or will be, reserved for ingress: those of this EdgeIngress, and those
// of others with dedicated nodes. It ignores which of them are tainted already, because two EdgeIngress
// objects that start together would each see the other's nodes as free.
func taken(s snapshot.Snapshot, chosen map[string]bool) map[string]bool {
	all := maps.Clone(chosen)
	for _, other := range s.Others.Items {
		if other.Spec.Nodes.Isolation == v1alpha1.IsolationShared {
			continue
		}
		// An invalid selector selects nothing. The pass for its own EdgeIngress reports it.
		theirs, _, _ := chosenBy(other.Spec.Nodes, s.Nodes.Items)
		for name, isTheirs := range theirs {
			all[name] = all[name] || isTheirs
		}
	}
	return all
}

// labelChange makes the field manager of this EdgeIngress own exactly the labels that it needs on the
// node. A role label with another value stays: it is for people, and the nodeSelector uses the own label.
func labelChange(e *v1alpha1.EdgeIngress, p *place) (change LabelChange, needed bool) {
	change, needed = labelsOf(e, p)
	if !needed {
		return change, false
	}
	own, held := v1alpha1.NodeLabel(e.Name), p.ManagedLabels[e.Name]
	for _, key := range slices.Sorted(maps.Keys(change.Labels)) {
		if value, there := p.Labels[key]; !there || value != change.Labels[key] || (key == own && !slices.Contains(held, own)) {
			change.Fields = append(change.Fields, labelField+key)
		}
	}
	if p.labelled && !slices.Contains(held, own) {
		held = append(slices.Clone(held), own)
	}
	for _, key := range held {
		if _, stays := change.Labels[key]; !stays {
			change.Fields = append(change.Fields, labelField+key)
		}
	}
	return change, true
}

// labelsOf returns the labels of the node by its standing, and whether that changes anything.
func labelsOf(e *v1alpha1.EdgeIngress, p *place) (LabelChange, bool) {
	change := LabelChange{Node: p.Name, UID: p.UID, Labels: map[string]string{}}
	held := p.ManagedLabels[e.Name]
	own, role := v1alpha1.NodeLabel(e.Name), e.Spec.Nodes.Label
	holdsOwn := slices.Contains(held, own)
	switch p.standing {
	case stranger, staying:
		return change, false
	case gone:
		change.Step = StepLetGo
		return change, p.labelled || len(held) > 0
	case ending:
		change.Step = StepRelease
		for _, key := range held {
			if key != own {
				change.Labels[key] = p.Labels[key]
			}
		}
		return change, p.labelled || holdsOwn
	case member:
		change.Step = StepJoin
		change.Labels[own] = ""
		setRole(change, p, role)
		return change, !holdsOwn || differ(p.Labels, held, change.Labels)
	case withdrawn:
		change.Step = StepWithdraw
		setRole(change, p, role)
		return change, p.labelled || differ(p.Labels, held, change.Labels)
	default:
		return change, false
	}
}

func setRole(change LabelChange, p *place, role string) {
	if value, there := p.Labels[role]; !p.roleWithheld && (!there || value == "") {
		change.Labels[role] = ""
	}
}

// differ reports whether a wanted label is missing or has another value, or the field manager holds
// a label that is not wanted.
func differ(live map[string]string, held []string, wanted map[string]string) bool {
	for key, want := range wanted {
		if value, there := live[key]; !there || value != want {
			return true
		}
	}
	return slices.ContainsFunc(held, func(key string) bool { _, stays := wanted[key]; return !stays })
}

// move returns the value of [v1alpha1.MoveAnnotation] in a Deployment's pod template. Pods stay on a node
// that loses its label. A changed template makes the Deployment replace them, with the new pod first, and
// new pods start on labelled nodes only. The value changes only when pods have to move. It is the
// generation at that time, so the same snapshot always gives the same value, and each move gets a new one.
func move(s snapshot.Snapshot, plan NodePlan) string {
	live := s.Deployment.Value
	if live == nil {
		return ""
	}
	if !workload.DeploymentRolls(live) && len(plan.Moving) > 0 {
		return strconv.FormatInt(live.Generation, 10)
	}
	return live.Spec.Template.Annotations[v1alpha1.MoveAnnotation]
}
