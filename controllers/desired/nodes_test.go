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
		"a selector chooses the nodes with the label":              {edge(), nodes, []string{"a", "c"}, nil},
		"an expression chooses by values":                          {edge(expression(metav1.LabelSelectorOpIn, "gpu", "edge")), nodes, []string{"a", "c", "d"}, nil},
		"an expression chooses by presence":                        {edge(expression(metav1.LabelSelectorOpExists)), nodes, []string{"a", "c", "d"}, nil},
		"an expression chooses by absence":                         {edge(expression(metav1.LabelSelectorOpDoesNotExist)), nodes, []string{"b"}, nil},
		"an expression chooses what has another value":             {edge(expression(metav1.LabelSelectorOpNotIn, "edge")), nodes, []string{"b", "d"}, nil},
		"names choose these nodes":                                 {edge(named("b", "a")), nodes, []string{"a", "b"}, nil},
		"a name without a node is missing":                         {edge(named("z", "b", "y")), nodes, []string{"b"}, []string{"y", "z"}},
		"no node has the label":                                    {edge(), []snapshot.Node{node("b")}, nil, nil},
		"there are no nodes":                                       {edge(), nil, nil, nil},
		"a node that is being deleted is not selected":             {edge(), []snapshot.Node{node("a", pool, beingDeleted), node("c", pool)}, []string{"c"}, nil},
		"a named node that is being deleted is there":              {edge(named("a")), []snapshot.Node{node("a", beingDeleted)}, nil, nil},
		"a cordoned node stays":                                    {edge(), []snapshot.Node{node("a", pool, cordoned)}, []string{"a"}, nil},
		"an EdgeIngress that is being deleted has no node":         {edge(deleting), nodes, nil, nil},
		"an empty selector chooses nothing, whatever the API says": {edge(func(e *v1alpha1.EdgeIngress) { e.Spec.Nodes.Selector = &v1alpha1.NodeSelector{} }), nodes, nil, nil},
		"neither selector nor names choose nothing":                {edge(named()), nodes, nil, nil},
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
		"a selected node gets both labels":                                       {edge(), node("a", pool), both},
		"a labelled node is left alone":                                          {edge(), node("a", pool, labelled), nil},
		"a node that a person gave the role is labelled beside it":               {edge(), node("a", pool, label(roleLabel, "")), both},
		"a role label with another value stays as it is":                         {edge(), node("a", pool, label(roleLabel, "true")), own},
		"a node with a foreign role value and our label is done":                 {edge(), node("a", pool, label(roleLabel, "true"), label(ownLabel, ""), managed(ingressName, ownLabel)), nil},
		"a role label that was removed by hand comes back":                       {edge(), node("a", pool, label(ownLabel, ""), managed(ingressName, ownLabel)), both},
		"an own label that was removed by hand comes back":                       {edge(), node("a", pool, label(roleLabel, ""), managed(ingressName, roleLabel)), both},
		"an own label whose value was changed is set back":                       {edge(), node("a", pool, labelled, label(ownLabel, "x")), both},
		"an own label that somebody else put there is held by us too":            {edge(), node("a", pool, label(ownLabel, ""), label(roleLabel, "")), both},
		"a label that we held and no longer need goes":                           {edge(), node("a", pool, labelled, managed(ingressName, ownLabel, roleLabel, "old")), both},
		"a node that left stays while nothing else serves":                       {edge(), node("a", labelled), nil},
		"a node that left without its labels is let go as well":                  {edge(), node("a", managed(ingressName, roleLabel)), none},
		"a node that was never ours is left alone":                               {edge(), node("a"), nil},
		"a node with the role from a person is not ours":                         {edge(), node("a", label(roleLabel, "")), nil},
		"a node of another EdgeIngress is left alone":                            {edge(), node("a", label(roleLabel, ""), managed("internal", roleLabel, v1alpha1.NodeLabel("internal"))), nil},
		"a node of two EdgeIngress objects is labelled for both":                 {edge(), node("a", pool, label(roleLabel, ""), managed("internal", roleLabel, v1alpha1.NodeLabel("internal"))), both},
		"a node of a deleted EdgeIngress is let go":                              {edge(deleting), node("a", pool, labelled), none},
		"a node of a deleted EdgeIngress that was let go is done":                {edge(deleting), node("a", pool), nil},
		"a node that is being deleted is let go":                                 {edge(), node("a", pool, labelled, beingDeleted), none},
		"with isolation Shared the labels are the same":                          {edge(shared), node("a", pool), both},
		"another role label is used where asked for":                             {edge(func(e *v1alpha1.EdgeIngress) { e.Spec.Nodes.Label = "edgeingress.dev/front" }), node("a", pool), map[string]string{ownLabel: "", "edgeingress.dev/front": ""}},
		"a node whose role is held under another label lets go of the old label": {edge(func(e *v1alpha1.EdgeIngress) { e.Spec.Nodes.Label = "edgeingress.dev/front" }), node("a", pool, labelled), map[string]string{ownLabel: "", "edgeingress.dev/front": ""}},
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
			if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(LabelChange{}, "Step")); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
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
		"a selected node is tainted":                                 {edge(), node("a", pool), &add},
		"a tainted node is left alone":                               {edge(), node("a", pool, tainted), nil},
		"with isolation Shared there is no taint":                    {edge(shared), node("a", pool), nil},
		"after a change to Shared the taint goes":                    {edge(shared), node("a", pool, tainted), &drop},
		"a taint that a person put there is not claimed":             {edge(), node("a", pool, taint(roleLabel, corev1.TaintEffectNoSchedule)), nil},
		"a taint of another effect does not count":                   {edge(), node("a", pool, taint(roleLabel, corev1.TaintEffectNoExecute)), &add},
		"a taint of another key does not count":                      {edge(), node("a", pool, taint(otherRole, corev1.TaintEffectNoSchedule)), &add},
		"a taint that another EdgeIngress put there is claimed":      {edge(), node("a", pool, taint(roleLabel, corev1.TaintEffectNoSchedule), claim("internal", roleLabel)), &add},
		"a claim of another EdgeIngress on another taint is not one": {edge(), node("a", pool, taint(roleLabel, corev1.TaintEffectNoSchedule), claim("internal", otherRole)), nil},
		"a taint that was removed by hand comes back":                {edge(), node("a", pool, claim(ingressName, roleLabel)), &add},
		"a node that left loses the claim":                           {edge(), node("a", tainted), &drop},
		"a node that left keeps the taint of a person":               {edge(), node("a", taint(roleLabel, corev1.TaintEffectNoSchedule)), nil},
		"a node that left with another's claim loses ours only":      {edge(), node("a", tainted, claim("internal", roleLabel)), &drop},
		"a node of a deleted EdgeIngress loses the claim":            {edge(deleting), node("a", pool, tainted), &drop},
		"a node that is being deleted loses the claim":               {edge(), node("a", pool, tainted, beingDeleted), &drop},
		"a claim whose taint is gone is dropped as well":             {edge(), node("a", claim(ingressName, roleLabel)), &drop},
		"a claim on another taint, which we never wrote, is dropped": {edge(), node("a", taint("gpu", corev1.TaintEffectNoSchedule), claim(ingressName, "gpu")), &drop},
		"a node that was never ours is left alone":                   {edge(), node("a"), nil},
		"a control-plane node is not tainted":                        {edge(), node("a", pool, label("node-role.kubernetes.io/control-plane", "")), nil},
		"a control-plane node of old is not tainted":                 {edge(), node("a", pool, label("node-role.kubernetes.io/master", "")), nil},
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
		"no agent in the cluster":                               {[]snapshot.Node{node("a", pool), node("w")}, nil, []string{"a"}, ""},
		"an agent that does not tolerate the taint":             {[]snapshot.Node{node("a", pool), node("w")}, []snapshot.Agent{speaker()}, nil, "ForAgents: [a]"},
		"an agent that tolerates the taint":                     {[]snapshot.Node{node("a", pool), node("w")}, []snapshot.Agent{speaker(tolerating)}, []string{"a"}, ""},
		"an agent that tolerates everything":                    {[]snapshot.Node{node("a", pool), node("w")}, []snapshot.Agent{speaker(everything)}, []string{"a"}, ""},
		"an agent that runs elsewhere":                          {[]snapshot.Node{node("a", pool), node("w")}, []snapshot.Agent{otherPool(speaker())}, []string{"a"}, ""},
		"one agent of two does not tolerate it":                 {[]snapshot.Node{node("a", pool), node("w")}, []snapshot.Agent{speaker(tolerating), speaker()}, nil, "ForAgents: [a]"},
		"an agent that another taint keeps away loses nothing":  {[]snapshot.Node{node("a", pool, taint("gpu", corev1.TaintEffectNoSchedule)), node("w")}, []snapshot.Agent{speaker()}, []string{"a"}, ""},
		"an agent that waits for a node that starts":            {[]snapshot.Node{node("a", pool, taint(corev1.TaintNodeNotReady, corev1.TaintEffectNoSchedule)), node("w")}, []snapshot.Agent{speaker()}, nil, "ForAgents: [a]"},
		"an agent that waits for the cloud's controller":        {[]snapshot.Node{node("a", pool, taint("node.cloudprovider.kubernetes.io/uninitialized", corev1.TaintEffectNoSchedule)), node("w")}, []snapshot.Agent{speaker()}, nil, "ForAgents: [a]"},
		"an agent that appears after the taint":                 {[]snapshot.Node{node("a", pool, tainted), node("w")}, []snapshot.Agent{speaker()}, nil, ""},
		"an agent that appears before a second node joins":      {[]snapshot.Node{node("a", pool, tainted), node("b", pool), node("w")}, []snapshot.Agent{speaker()}, nil, "ForAgents: [b]"},
		"every schedulable node is an edge node":                {[]snapshot.Node{node("a", pool), node("b", pool)}, nil, nil, "FromAllNodes: [a b]"},
		"the only other node is the control plane":              {[]snapshot.Node{node("a", pool), node("cp", taint("node-role.kubernetes.io/control-plane", corev1.TaintEffectNoSchedule))}, nil, nil, "FromAllNodes: [a]"},
		"the only other node is leaving":                        {[]snapshot.Node{node("a", pool), node("w", beingDeleted)}, nil, nil, "FromAllNodes: [a]"},
		"the only other node is cordoned for a while":           {[]snapshot.Node{node("a", pool), node("w", cordoned, taint("node.kubernetes.io/unschedulable", corev1.TaintEffectNoSchedule))}, nil, []string{"a"}, ""},
		"the only other node is not ready for a while":          {[]snapshot.Node{node("a", pool), node("w", taint("node.kubernetes.io/not-ready", corev1.TaintEffectNoExecute))}, nil, []string{"a"}, ""},
		"the only other node is avoided where possible":         {[]snapshot.Node{node("a", pool), node("w", taint("spot", corev1.TaintEffectPreferNoSchedule))}, nil, []string{"a"}, ""},
		"the only other node belongs to another EdgeIngress":    {[]snapshot.Node{node("a", pool), node("w", taint(roleLabel, corev1.TaintEffectNoSchedule), claim("internal", roleLabel))}, nil, nil, "FromAllNodes: [a]"},
		"a control-plane node among others":                     {[]snapshot.Node{node("a", pool), node("cp", pool, label("node-role.kubernetes.io/control-plane", "")), node("w")}, nil, []string{"a"}, "FromControlPlane: [cp]"},
		"a node that another EdgeIngress tainted needs no gate": {[]snapshot.Node{node("a", pool, taint(roleLabel, corev1.TaintEffectNoSchedule), claim("internal", roleLabel))}, []snapshot.Agent{speaker()}, []string{"a"}, ""},
		"tainted nodes stay tainted when the set grows to all":  {[]snapshot.Node{node("a", pool, tainted), node("b", pool)}, nil, nil, "FromAllNodes: [b]"},
		"that no place remains is told before agents are asked": {[]snapshot.Node{node("a", pool), node("b", pool)}, []snapshot.Agent{speaker()}, nil, "FromAllNodes: [a b]"},
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
		"another takes the rest":                   {other(named("w")), nil, 0, WithheldFromAllNodes},
		"another takes the rest, but shares it":    {other(named("w"), shared), nil, 1, ""},
		"another takes the same node":              {other(named("a")), nil, 1, ""},
		"another's selector cannot be read":        {other(unreadable), nil, 1, ""},
		"the others could not be read":             {other(), errors.New("no answer"), 0, WithheldUnread},
		"another names a node that does not exist": {other(named("z")), nil, 1, ""},
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
		t.Errorf("want the node labelled all the same, got %+v", got.Labels)
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
