package desired

import (
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// planNodes decides which nodes are edge nodes and what is to change on which node. While the EdgeIngress is being deleted no node is.
func planNodes(s snapshot.Snapshot) (NodePlan, error) {
	chosen, missing, err := chooseNodes(s)
	if err != nil {
		return NodePlan{}, err
	}
	plan := NodePlan{Missing: missing}
	for _, node := range s.Nodes.Items {
		selected := chosen[node.Name] && !node.Deleting
		if selected {
			plan.Selected = append(plan.Selected, node.Name)
		}
		if change, needed := labelChange(s.EdgeIngress, node, selected); needed {
			plan.Labels = append(plan.Labels, change)
		}
	}
	plan.Taints, plan.Withheld = planTaints(s, chosen)
	return plan, nil
}

// chooseNodes answers the nodes that the spec chooses, and those that it names and that do not exist. An EdgeIngress that is being deleted chooses none.
func chooseNodes(s snapshot.Snapshot) (chosen map[string]bool, missing []string, err error) {
	if !s.EdgeIngress.DeletionTimestamp.IsZero() || s.Nodes.Err != nil {
		return map[string]bool{}, nil, nil
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

// taken are the nodes that are, or are about to be, kept for ingress: those of this EdgeIngress, and those that another chooses for itself
// alone. What the other has tainted so far does not matter: two that start together would each see the other's nodes as free.
func taken(s snapshot.Snapshot, chosen map[string]bool) map[string]bool {
	all := maps.Clone(chosen)
	for _, other := range s.Others.Items {
		if other.Spec.Nodes.Isolation == v1alpha1.IsolationShared {
			continue
		}
		// A selector that cannot be read chooses nothing; the pass of its own EdgeIngress reports it.
		theirs, _, _ := chosenBy(other.Spec.Nodes, s.Nodes.Items)
		for name, isTheirs := range theirs {
			all[name] = all[name] || isTheirs
		}
	}
	return all
}

// labelChange keeps the field manager of this EdgeIngress at exactly the labels that it needs on the node. Where somebody
// else gave the role label another value, that value stays: the role label is for people, the nodeSelector uses the own one.
func labelChange(e *v1alpha1.EdgeIngress, node snapshot.Node, selected bool) (LabelChange, bool) {
	change := LabelChange{Node: node.Name, UID: node.UID, Labels: map[string]string{}}
	held := node.ManagedLabels[e.Name]
	if !selected {
		return change, len(held) > 0
	}
	own, role := v1alpha1.NodeLabel(e.Name), e.Spec.Nodes.Label
	change.Labels[own] = ""
	if value, there := node.Labels[role]; !there || value == "" {
		change.Labels[role] = ""
	}
	missing := !slices.Contains(held, own)
	for key, want := range change.Labels {
		value, there := node.Labels[key]
		missing = missing || !there || value != want
	}
	stale := slices.ContainsFunc(held, func(key string) bool { _, wanted := change.Labels[key]; return !wanted })
	return change, missing || stale
}

// taintGate knows which nodes may not be tainted, and why.
type taintGate struct {
	snapshot   snapshot.Snapshot
	key        string
	noneRemain bool
	withheld   map[string]*Withheld
}

func planTaints(s snapshot.Snapshot, chosen map[string]bool) ([]TaintChange, []Withheld) {
	name, spec := s.EdgeIngress.Name, s.EdgeIngress.Spec.Nodes
	gate := taintGate{snapshot: s, key: spec.Label, noneRemain: !placeRemains(s.Nodes.Items, taken(s, chosen)), withheld: map[string]*Withheld{}}
	var changes []TaintChange
	for _, node := range s.Nodes.Items {
		wanted := chosen[node.Name] && !node.Deleting && spec.Isolation != v1alpha1.IsolationShared
		claimed, hasClaim := node.TaintClaims[name]
		if hasClaim && (!wanted || claimed != spec.Label) {
			changes = append(changes, taintChange(node, spec.Label, false))
		}
		if wanted && needsTaint(node, name, spec.Label) && gate.admits(node) {
			changes = append(changes, taintChange(node, spec.Label, true))
		}
	}
	return changes, gate.report()
}

func taintChange(node snapshot.Node, key string, present bool) TaintChange {
	return TaintChange{
		Node: node.Name, UID: node.UID, Present: present,
		Taint: corev1.Taint{Key: key, Effect: corev1.TaintEffectNoSchedule},
	}
}

// needsTaint is whether the taint, or this EdgeIngress's claim on a taint that another EdgeIngress put there, is missing.
// A taint that is there without any claim is a person's and is left as it is.
func needsTaint(node snapshot.Node, name, key string) bool {
	if !hasTaint(node, key) {
		return true
	}
	if node.TaintClaims[name] == key {
		return false
	}
	return slices.Contains(slices.Collect(maps.Values(node.TaintClaims)), key)
}

func hasTaint(node snapshot.Node, key string) bool {
	return slices.ContainsFunc(node.Taints, func(t corev1.Taint) bool {
		return t.Key == key && t.Effect == corev1.TaintEffectNoSchedule
	})
}
