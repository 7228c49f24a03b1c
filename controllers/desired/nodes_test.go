package desired

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

func plan(t *testing.T, s snapshot.Snapshot) NodePlan {
	t.Helper()
	plan, err := planNodes(s)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func TestNodesAreChosen(t *testing.T) {
	expression := func(operator metav1.LabelSelectorOperator, values ...v1alpha1.LabelValue) func(*v1alpha1.EdgeIngress) {
		return func(e *v1alpha1.EdgeIngress) {
			e.Spec.Nodes.Selector = &v1alpha1.NodeSelector{MatchExpressions: []v1alpha1.NodeRequirement{{Key: "pool", Operator: operator, Values: values}}}
		}
	}
	nodes := []snapshot.Node{node("a", pool), node("b"), node("c", pool), node("d", label("pool", "gpu"))}
	for name, test := range map[string]struct {
		edge              *v1alpha1.EdgeIngress
		nodes             []snapshot.Node
		selected, missing []string
	}{
		"a selector chooses the nodes with the label":              {edge: edge(), nodes: nodes, selected: []string{"a", "c"}, missing: nil},
		"an expression chooses by values":                          {edge: edge(expression(metav1.LabelSelectorOpIn, "gpu", "edge")), nodes: nodes, selected: []string{"a", "c", "d"}, missing: nil},
		"an expression chooses by presence":                        {edge: edge(expression(metav1.LabelSelectorOpExists)), nodes: nodes, selected: []string{"a", "c", "d"}, missing: nil},
		"an expression chooses by absence":                         {edge: edge(expression(metav1.LabelSelectorOpDoesNotExist)), nodes: nodes, selected: []string{"b"}, missing: nil},
		"an expression chooses what has another value":             {edge: edge(expression(metav1.LabelSelectorOpNotIn, "edge")), nodes: nodes, selected: []string{"b", "d"}, missing: nil},
		"names choose these nodes":                                 {edge: edge(named("b", "a")), nodes: nodes, selected: []string{"a", "b"}, missing: nil},
		"a name without a node is missing":                         {edge: edge(named("z", "b", "y")), nodes: nodes, selected: []string{"b"}, missing: []string{"y", "z"}},
		"no node has the label":                                    {edge: edge(), nodes: []snapshot.Node{node("b")}, selected: nil, missing: nil},
		"there are no nodes":                                       {edge: edge(), nodes: nil, selected: nil, missing: nil},
		"a node that is being deleted is not selected":             {edge: edge(), nodes: []snapshot.Node{node("a", pool, beingDeleted), node("c", pool)}, selected: []string{"c"}, missing: nil},
		"a named node that is being deleted is there":              {edge: edge(named("a")), nodes: []snapshot.Node{node("a", beingDeleted)}, selected: nil, missing: nil},
		"a cordoned node stays":                                    {edge: edge(), nodes: []snapshot.Node{node("a", pool, cordoned)}, selected: []string{"a"}, missing: nil},
		"an EdgeIngress that is being deleted has no node":         {edge: edge(deleting), nodes: nodes, selected: nil, missing: nil},
		"an empty selector chooses nothing, whatever the API says": {edge: edge(func(e *v1alpha1.EdgeIngress) { e.Spec.Nodes.Selector = &v1alpha1.NodeSelector{} }), nodes: nodes, selected: nil, missing: nil},
		"neither selector nor names choose nothing":                {edge: edge(named()), nodes: nodes, selected: nil, missing: nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := plan(t, seen(test.edge, test.nodes...))
			if diff := cmp.Diff(test.selected, got.Selected, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("selected (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.missing, got.Missing, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("missing (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNodesThatCouldNotBeReadChangeNothing(t *testing.T) {
	s := seen(edge(named("a")))
	s.Nodes.Err = errors.New("no answer")
	got := plan(t, s)
	if diff := cmp.Diff(NodePlan{}, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
}

func TestASelectorThatKubernetesCannotReadIsAnError(t *testing.T) {
	e := edge(func(e *v1alpha1.EdgeIngress) {
		e.Spec.Nodes.Selector = &v1alpha1.NodeSelector{MatchExpressions: []v1alpha1.NodeRequirement{{Key: "pool", Operator: "Near"}}}
	})
	if _, err := planNodes(seen(e, node("a"))); err == nil {
		t.Error("no error")
	}
}

func TestLabelsOfANode(t *testing.T) {
	both := map[string]string{ownLabel: "", roleLabel: ""}
	own := map[string]string{ownLabel: ""}
	none := map[string]string{}
	for name, test := range map[string]struct {
		edge *v1alpha1.EdgeIngress
		node snapshot.Node
		want map[string]string // nil: no change
	}{
		"a selected node gets both labels":                                  {edge: edge(), node: node("a", pool), want: both},
		"a labelled node is left alone":                                     {edge: edge(), node: node("a", pool, labelled), want: nil},
		"a node that a person gave the role is labelled beside it":          {edge: edge(), node: node("a", pool, label(roleLabel, "")), want: both},
		"a role label with another value stays as it is":                    {edge: edge(), node: node("a", pool, label(roleLabel, "true")), want: own},
		"a node with a foreign role value and our label is done":            {edge: edge(), node: node("a", pool, label(roleLabel, "true"), label(ownLabel, ""), managed(ingressName, ownLabel)), want: nil},
		"a role label that was removed manually comes back":                 {edge: edge(), node: node("a", pool, label(ownLabel, ""), managed(ingressName, ownLabel)), want: both},
		"an own label that was removed manually comes back":                 {edge: edge(), node: node("a", pool, label(roleLabel, ""), managed(ingressName, roleLabel)), want: both},
		"an own label with another value is restored":                       {edge: edge(), node: node("a", pool, labelled, label(ownLabel, "x")), want: both},
		"an own label that somebody else put there is held by us too":       {edge: edge(), node: node("a", pool, label(ownLabel, ""), label(roleLabel, "")), want: both},
		"a label that we held and no longer need goes":                      {edge: edge(), node: node("a", pool, labelled, managed(ingressName, ownLabel, roleLabel, "old")), want: both},
		"a node that left stays while nothing else serves":                  {edge: edge(), node: node("a", labelled), want: nil},
		"a node that left without its labels is let go as well":             {edge: edge(), node: node("a", managed(ingressName, roleLabel)), want: none},
		"a node that was never ours is left alone":                          {edge: edge(), node: node("a"), want: nil},
		"a node with the role from a person is not ours":                    {edge: edge(), node: node("a", label(roleLabel, "")), want: nil},
		"a node of another EdgeIngress is left alone":                       {edge: edge(), node: node("a", label(roleLabel, ""), managed("internal", roleLabel, v1alpha1.NodeLabel("internal"))), want: nil},
		"a node of two EdgeIngress objects is labelled for both":            {edge: edge(), node: node("a", pool, label(roleLabel, ""), managed("internal", roleLabel, v1alpha1.NodeLabel("internal"))), want: both},
		"a node of a deleted EdgeIngress is let go":                         {edge: edge(deleting), node: node("a", pool, labelled), want: none},
		"a node of a deleted EdgeIngress that was let go is done":           {edge: edge(deleting), node: node("a", pool), want: nil},
		"a node that is being deleted is let go":                            {edge: edge(), node: node("a", pool, labelled, beingDeleted), want: none},
		"with isolation Shared the labels are the same":                     {edge: edge(shared), node: node("a", pool), want: both},
		"another role label is used where asked for":                        {edge: edge(func(e *v1alpha1.EdgeIngress) { e.Spec.Nodes.Label = "edgeingress.dev/front" }), node: node("a", pool), want: map[string]string{ownLabel: "", "edgeingress.dev/front": ""}},
		"a node whose role is held under another label loses the old label": {edge: edge(func(e *v1alpha1.EdgeIngress) { e.Spec.Nodes.Label = "edgeingress.dev/front" }), node: node("a", pool, labelled), want: map[string]string{ownLabel: "", "edgeingress.dev/front": ""}},
	} {
		t.Run(name, func(t *testing.T) {
			got := plan(t, seen(test.edge, test.node)).Labels
			if test.want == nil {
				if len(got) != 0 {
					t.Fatalf("want no change, got %+v", got)
				}
				return
			}
			want := []LabelChange{{Node: test.node.Name, UID: test.node.UID, Labels: test.want}}
			if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(LabelChange{}, "Step", "Fields")); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
			if len(got[0].Fields) == 0 {
				t.Error("the change names no label, so it would be repeated without a delay")
			}
		})
	}
}

func TestTaintOfANode(t *testing.T) {
	const otherRole = "node-role.kubernetes.io/ingress"
	add, drop := TaintChange{Present: true, Key: roleLabel}, TaintChange{Key: roleLabel}
	for name, test := range map[string]struct {
		edge *v1alpha1.EdgeIngress
		node snapshot.Node
		want *TaintChange
	}{
		"a selected node is tainted":                                 {edge: edge(), node: node("a", pool), want: &add},
		"a tainted node is left alone":                               {edge: edge(), node: node("a", pool, tainted), want: nil},
		"with isolation Shared there is no taint":                    {edge: edge(shared), node: node("a", pool), want: nil},
		"after a change to Shared the taint goes":                    {edge: edge(shared), node: node("a", pool, tainted), want: &drop},
		"a taint that a person put there is not claimed":             {edge: edge(), node: node("a", pool, taint(roleLabel, corev1.TaintEffectNoSchedule)), want: nil},
		"a taint of another effect does not count":                   {edge: edge(), node: node("a", pool, taint(roleLabel, corev1.TaintEffectNoExecute)), want: &add},
		"a taint of another key does not count":                      {edge: edge(), node: node("a", pool, taint(otherRole, corev1.TaintEffectNoSchedule)), want: &add},
		"a taint that another EdgeIngress put there is claimed":      {edge: edge(), node: node("a", pool, taint(roleLabel, corev1.TaintEffectNoSchedule), claim("internal", roleLabel)), want: &add},
		"a claim of another EdgeIngress on another taint is not one": {edge: edge(), node: node("a", pool, taint(roleLabel, corev1.TaintEffectNoSchedule), claim("internal", otherRole)), want: nil},
		"a taint that was removed manually comes back":               {edge: edge(), node: node("a", pool, claim(ingressName, roleLabel)), want: &add},
		"a node that left loses the claim":                           {edge: edge(), node: node("a", tainted), want: &drop},
		"a node that left keeps the taint of a person":               {edge: edge(), node: node("a", taint(roleLabel, corev1.TaintEffectNoSchedule)), want: nil},
		"a node that left with another's claim loses ours only":      {edge: edge(), node: node("a", tainted, claim("internal", roleLabel)), want: &drop},
		"a node of a deleted EdgeIngress loses the claim":            {edge: edge(deleting), node: node("a", pool, tainted), want: &drop},
		"a node that is being deleted loses the claim":               {edge: edge(), node: node("a", pool, tainted, beingDeleted), want: &drop},
		"a claim whose taint is gone is dropped as well":             {edge: edge(), node: node("a", claim(ingressName, roleLabel)), want: &drop},
		"a claim on another taint, which we never wrote, is dropped": {edge: edge(), node: node("a", taint("gpu", corev1.TaintEffectNoSchedule), claim(ingressName, "gpu")), want: &drop},
		"a node that was never ours is left alone":                   {edge: edge(), node: node("a"), want: nil},
		"a control-plane node is not tainted":                        {edge: edge(), node: node("a", pool, label("node-role.kubernetes.io/control-plane", "")), want: nil},
		"a control-plane node of old is not tainted":                 {edge: edge(), node: node("a", pool, label("node-role.kubernetes.io/master", "")), want: nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := plan(t, seen(test.edge, test.node, node("worker"))).Taints
			var want []TaintChange
			if test.want != nil {
				want = []TaintChange{{Node: "a", UID: test.node.UID, Key: test.want.Key, Present: test.want.Present}}
			}
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTaintGate(t *testing.T) {
	tolerating := corev1.Toleration{Key: roleLabel, Operator: corev1.TolerationOpExists}
	everything := corev1.Toleration{Operator: corev1.TolerationOpExists}
	otherPool := func(agent snapshot.Agent) snapshot.Agent {
		agent.NodeSelector = map[string]string{"pool": "other"}
		return agent
	}
	for name, test := range map[string]struct {
		nodes    []snapshot.Node
		agents   []snapshot.Agent
		tainted  []string
		withheld string // "cause: nodes", empty for none
	}{
		"no agent in the cluster":                               {nodes: []snapshot.Node{node("a", pool), node("w")}, agents: nil, tainted: []string{"a"}, withheld: ""},
		"an agent that does not tolerate the taint":             {nodes: []snapshot.Node{node("a", pool), node("w")}, agents: []snapshot.Agent{speaker()}, tainted: nil, withheld: "ForAgents: [a]"},
		"an agent that tolerates the taint":                     {nodes: []snapshot.Node{node("a", pool), node("w")}, agents: []snapshot.Agent{speaker(tolerating)}, tainted: []string{"a"}, withheld: ""},
		"an agent that tolerates everything":                    {nodes: []snapshot.Node{node("a", pool), node("w")}, agents: []snapshot.Agent{speaker(everything)}, tainted: []string{"a"}, withheld: ""},
		"an agent that runs elsewhere":                          {nodes: []snapshot.Node{node("a", pool), node("w")}, agents: []snapshot.Agent{otherPool(speaker())}, tainted: []string{"a"}, withheld: ""},
		"one agent of two does not tolerate it":                 {nodes: []snapshot.Node{node("a", pool), node("w")}, agents: []snapshot.Agent{speaker(tolerating), speaker()}, tainted: nil, withheld: "ForAgents: [a]"},
		"an agent that another taint keeps away loses nothing":  {nodes: []snapshot.Node{node("a", pool, taint("gpu", corev1.TaintEffectNoSchedule)), node("w")}, agents: []snapshot.Agent{speaker()}, tainted: []string{"a"}, withheld: ""},
		"an agent that waits for a node that starts":            {nodes: []snapshot.Node{node("a", pool, taint(corev1.TaintNodeNotReady, corev1.TaintEffectNoSchedule)), node("w")}, agents: []snapshot.Agent{speaker()}, tainted: nil, withheld: "ForAgents: [a]"},
		"an agent that waits for the cloud's controller":        {nodes: []snapshot.Node{node("a", pool, taint("node.cloudprovider.kubernetes.io/uninitialized", corev1.TaintEffectNoSchedule)), node("w")}, agents: []snapshot.Agent{speaker()}, tainted: nil, withheld: "ForAgents: [a]"},
		"an agent that appears after the taint":                 {nodes: []snapshot.Node{node("a", pool, tainted), node("w")}, agents: []snapshot.Agent{speaker()}, tainted: nil, withheld: ""},
		"an agent that appears before a second node joins":      {nodes: []snapshot.Node{node("a", pool, tainted), node("b", pool), node("w")}, agents: []snapshot.Agent{speaker()}, tainted: nil, withheld: "ForAgents: [b]"},
		"every schedulable node is an edge node":                {nodes: []snapshot.Node{node("a", pool), node("b", pool)}, agents: nil, tainted: nil, withheld: "FromAllNodes: [a b]"},
		"the only other node is the control plane":              {nodes: []snapshot.Node{node("a", pool), node("cp", taint("node-role.kubernetes.io/control-plane", corev1.TaintEffectNoSchedule))}, agents: nil, tainted: nil, withheld: "FromAllNodes: [a]"},
		"the only other node is leaving":                        {nodes: []snapshot.Node{node("a", pool), node("w", beingDeleted)}, agents: nil, tainted: nil, withheld: "FromAllNodes: [a]"},
		"the only other node is cordoned for a while":           {nodes: []snapshot.Node{node("a", pool), node("w", cordoned, taint("node.kubernetes.io/unschedulable", corev1.TaintEffectNoSchedule))}, agents: nil, tainted: []string{"a"}, withheld: ""},
		"the only other node is not ready for a while":          {nodes: []snapshot.Node{node("a", pool), node("w", taint("node.kubernetes.io/not-ready", corev1.TaintEffectNoExecute))}, agents: nil, tainted: []string{"a"}, withheld: ""},
		"the only other node is avoided where possible":         {nodes: []snapshot.Node{node("a", pool), node("w", taint("spot", corev1.TaintEffectPreferNoSchedule))}, agents: nil, tainted: []string{"a"}, withheld: ""},
		"the only other node belongs to another EdgeIngress":    {nodes: []snapshot.Node{node("a", pool), node("w", taint(roleLabel, corev1.TaintEffectNoSchedule), claim("internal", roleLabel))}, agents: nil, tainted: nil, withheld: "FromAllNodes: [a]"},
		"a control-plane node among others":                     {nodes: []snapshot.Node{node("a", pool), node("cp", pool, label("node-role.kubernetes.io/control-plane", "")), node("w")}, agents: nil, tainted: []string{"a"}, withheld: "FromControlPlane: [cp]"},
		"a node that another EdgeIngress tainted needs no gate": {nodes: []snapshot.Node{node("a", pool, taint(roleLabel, corev1.TaintEffectNoSchedule), claim("internal", roleLabel))}, agents: []snapshot.Agent{speaker()}, tainted: []string{"a"}, withheld: ""},
		"tainted nodes stay tainted when the set grows to all":  {nodes: []snapshot.Node{node("a", pool, tainted), node("b", pool)}, agents: nil, tainted: nil, withheld: "FromAllNodes: [b]"},
		"that no place remains comes before the agents":         {nodes: []snapshot.Node{node("a", pool), node("b", pool)}, agents: []snapshot.Agent{speaker()}, tainted: nil, withheld: "FromAllNodes: [a b]"},
	} {
		t.Run(name, func(t *testing.T) {
			s := seen(edge(), test.nodes...)
			s.Agents.Items = test.agents
			got := plan(t, s)
			var tainted []string
			for _, change := range got.Taints {
				tainted = append(tainted, change.Node)
			}
			if diff := cmp.Diff(test.tainted, tainted, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("tainted (-want +got):\n%s", diff)
			}
			withheld := ""
			for _, entry := range got.Withheld {
				withheld += fmt.Sprintf("%s: %v", entry.Cause, entry.Nodes)
			}
			if withheld != test.withheld {
				t.Errorf("withheld: want %q, got %q", test.withheld, withheld)
			}
		})
	}
}

func TestNodesOfOthersAreNoPlaceForApplications(t *testing.T) {
	other := func(options ...func(*v1alpha1.EdgeIngress)) v1alpha1.EdgeIngress {
		e := edge(options...)
		e.Name = "internal"
		return *e
	}
	unreadable := func(e *v1alpha1.EdgeIngress) {
		e.Spec.Nodes.Selector = &v1alpha1.NodeSelector{MatchExpressions: []v1alpha1.NodeRequirement{{Key: "pool", Operator: "Near"}}}
	}
	for name, test := range map[string]struct {
		other   v1alpha1.EdgeIngress
		err     error
		tainted int
		cause   WithheldCause
	}{
		"another takes the rest":                   {other: other(named("w")), err: nil, tainted: 0, cause: WithheldFromAllNodes},
		"another takes the rest, but shares it":    {other: other(named("w"), shared), err: nil, tainted: 1, cause: ""},
		"another takes the same node":              {other: other(named("a")), err: nil, tainted: 1, cause: ""},
		"another's selector cannot be read":        {other: other(unreadable), err: nil, tainted: 1, cause: ""},
		"the others could not be read":             {other: other(), err: errors.New("no answer"), tainted: 0, cause: WithheldUnread},
		"another names a node that does not exist": {other: other(named("z")), err: nil, tainted: 1, cause: ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := seen(edge(), node("a", pool), node("w"))
			s.Others = snapshot.List[v1alpha1.EdgeIngress]{Items: []v1alpha1.EdgeIngress{test.other}, Err: test.err}
			got := plan(t, s)
			var cause WithheldCause
			for _, entry := range got.Withheld {
				cause += entry.Cause
			}
			if len(got.Taints) != test.tainted || cause != test.cause {
				t.Errorf("want %d tainted and %q, got %d and %q", test.tainted, test.cause, len(got.Taints), cause)
			}
		})
	}
}

func TestAgentsThatCouldNotBeReadWithholdTheTaint(t *testing.T) {
	s := seen(edge(), node("a", pool), node("w"))
	s.Agents.Err = errors.New("no answer")
	got := plan(t, s)
	if len(got.Taints) != 0 || len(got.Withheld) != 1 || got.Withheld[0].Cause != WithheldUnread {
		t.Errorf("want the taint withheld because agents were not read, got %+v", got)
	}
	if len(got.Labels) != 1 {
		t.Errorf("want the node labelled nevertheless, got %+v", got.Labels)
	}
}

func TestWithheldNamesEachAgentOnce(t *testing.T) {
	s := seen(edge(), node("a", pool), node("b", pool), node("w"))
	s.Agents.Items = []snapshot.Agent{speaker()}
	got := plan(t, s).Withheld
	if len(got) != 1 || len(got[0].Agents) != 1 || len(got[0].Nodes) != 2 {
		t.Errorf("want one entry with one agent and two nodes, got %+v", got)
	}
}
