package provider

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// NodeChoice is an annotation with which a load balancer uses only some of the nodes. It is zero
// where it uses all of them.
type NodeChoice struct {
	Annotation Annotation
	// Syntax of the annotation's value.
	Syntax ChoiceSyntax
	// Doubt explains why the balancer may ignore the annotation. It is a clause for after "because".
	Doubt string
}

// ChoiceSyntax is how an annotation chooses nodes.
type ChoiceSyntax string

const (
	// Labels is a list such as "a=b,c=d", and a node must have all of these labels with these values.
	Labels ChoiceSyntax = "Labels"
	// LabelsOrKeys is the same, but an empty value stands for any value.
	LabelsOrKeys ChoiceSyntax = "LabelsOrKeys"
	// Selector is a label selector of Kubernetes.
	Selector ChoiceSyntax = "Selector"
	// ScaleSets is a list of Azure's names of scale sets.
	ScaleSets ChoiceSyntax = "ScaleSets"
)

// nodeChoice reads the annotation with the key. An empty value chooses all nodes.
func (v view) nodeChoice(key string, syntax ChoiceSyntax) NodeChoice {
	if strings.TrimSpace(v.annotations[key]) == "" {
		return NodeChoice{}
	}
	return NodeChoice{Annotation: v.annotation(key), Syntax: syntax}
}

// Selects reports whether the balancer uses the node. An error says why the annotation cannot be read.
func (c NodeChoice) Selects(node snapshot.Node) (bool, error) {
	switch c.Syntax {
	case Labels, LabelsOrKeys:
		for key, value := range pairs(c.Annotation.Value) {
			has, there := node.Labels[key]
			if !there || (has != value && (value != "" || c.Syntax == Labels)) {
				return false, nil
			}
		}
		return true, nil
	case ScaleSets:
		return slices.ContainsFunc(strings.Split(c.Annotation.Value, ","), isScaleSetOf(node)), nil
	case Selector:
		selector, err := labels.Parse(c.Annotation.Value)
		if err != nil {
			return false, fmt.Errorf("reading the label selector: %w", err)
		}
		return selector.Matches(labels.Set(node.Labels)), nil
	}
	return true, nil
}

// Fitting returns the annotation with a value that selects all of the nodes: with the same keys
// where that is possible, with the role label where all of them have it, and otherwise with the keys that
// chose them. It is zero where there is no such value.
func (c NodeChoice) Fitting(nodes []*snapshot.Node, roleLabel string, chosenBy []string) Annotation {
	if value := common(nodes, c.keys()); value != "" {
		return Annotation{c.Annotation.Key, value}
	}
	if c.Syntax == ScaleSets {
		return Annotation{}
	}
	if c.Syntax == Selector && len(nodes) > 0 && !slices.ContainsFunc(nodes, func(node *snapshot.Node) bool { return !bears(node, roleLabel) }) {
		return Annotation{c.Annotation.Key, roleLabel}
	}
	if value, same := valueOfAll(nodes, roleLabel); same {
		return Annotation{c.Annotation.Key, roleLabel + "=" + value}
	}
	if value := common(nodes, chosenBy); value != "" {
		return Annotation{c.Annotation.Key, value}
	}
	return Annotation{}
}

func bears(node *snapshot.Node, label string) bool {
	_, there := node.Labels[label]
	return there
}

// keys are the label keys that the annotation names, in order.
func (c NodeChoice) keys() []string {
	var keys []string
	switch c.Syntax {
	case Labels, LabelsOrKeys:
		for key := range pairs(c.Annotation.Value) {
			keys = append(keys, key)
		}
	case Selector:
		if selector, err := labels.Parse(c.Annotation.Value); err == nil {
			requirements, _ := selector.Requirements()
			for _, requirement := range requirements {
				keys = append(keys, requirement.Key())
			}
		}
	case ScaleSets:
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// common returns a list such as "a=b,c=d" with the value that all nodes have for each key. It is
// empty where the nodes differ, or a value is empty.
func common(nodes []*snapshot.Node, keys []string) string {
	var list []string
	for _, key := range keys {
		value, same := valueOfAll(nodes, key)
		if !same || value == "" {
			return ""
		}
		list = append(list, key+"="+value)
	}
	return strings.Join(list, ",")
}

func valueOfAll(nodes []*snapshot.Node, key string) (value string, same bool) {
	for i, node := range nodes {
		has, there := node.Labels[key]
		if !there || (i > 0 && has != value) {
			return "", false
		}
		value = has
	}
	return value, len(nodes) > 0
}

// pairs reads a list such as "a=b,c=,d".
func pairs(list string) map[string]string {
	found := map[string]string{}
	for pair := range strings.SplitSeq(list, ",") {
		key, value, _ := strings.Cut(pair, "=")
		if key = strings.TrimSpace(key); key != "" {
			found[key] = strings.TrimSpace(value)
		}
	}
	return found
}

var scaleSet = regexp.MustCompile(`(?i)/virtualMachineScaleSets/([^/]+)/`)

// isScaleSetOf returns a function that reports whether a name is that of the node's scale set. The
// two names of the automatic mode stand for every scale set.
func isScaleSetOf(node snapshot.Node) func(string) bool {
	in := ""
	if found := scaleSet.FindStringSubmatch(node.ProviderID); len(found) == 2 {
		in = found[1]
	}
	return func(name string) bool {
		name = strings.TrimSpace(name)
		return name == "auto" || name == "__auto__" || (name != "" && strings.EqualFold(in, name))
	}
}

// LabelSign is a label of nodes with which a load balancer leaves a node out.
type LabelSign struct {
	Key string
	// Value is empty where any value counts.
	Value string
}

// On reports whether the node has the label.
func (s LabelSign) On(node snapshot.Node) bool {
	value, there := node.Labels[s.Key]
	return there && (s.Value == "" || strings.EqualFold(value, s.Value))
}
