package desired

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// ofCluster returns a DaemonSet of the cluster, which tolerates everything as kube-proxy does.
func ofCluster(name string, options ...func(*snapshot.DaemonSet)) snapshot.DaemonSet {
	d := snapshot.DaemonSet{Namespace: "kube-system", Name: name}
	d.Placement.Tolerations = []corev1.Toleration{{Operator: corev1.TolerationOpExists}}
	for _, option := range options {
		option(&d)
	}
	return d
}

// terms adds a term to the required node affinity for each requirement.
func terms(requirements ...corev1.NodeSelectorRequirement) func(*snapshot.DaemonSet) {
	return func(d *snapshot.DaemonSet) {
		var all []corev1.NodeSelectorTerm
		for _, r := range requirements {
			all = append(all, corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{r}})
		}
		d.Placement.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
			RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: all},
		}}
	}
}

func without(key string) func(*snapshot.DaemonSet) {
	return terms(corev1.NodeSelectorRequirement{Key: key, Operator: corev1.NodeSelectorOpDoesNotExist})
}

func network(d *snapshot.DaemonSet)    { d.NodeNetwork = true }
func intolerant(d *snapshot.DaemonSet) { d.Placement.Tolerations = nil }
func withLabel(key string) func(*v1alpha1.EdgeIngress) {
	return func(e *v1alpha1.EdgeIngress) { e.Spec.Nodes.Label = key }
}

// gated returns in short what the gate withholds, keeps in mind, and offers.
func gated(plan NodePlan) string {
	var parts []string
	entries := func(what string, list []Withheld) {
		for _, w := range list {
			part := fmt.Sprintf("%s %s: %s", what, w.Cause, strings.Join(w.Nodes, ","))
			if len(w.DaemonSets) > 0 {
				part += " for " + strings.Join(w.DaemonSets, ",")
			}
			if len(w.EdgeIngresses) > 0 {
				part += " for " + strings.Join(w.EdgeIngresses, ",")
			}
			if w.OtherLabel != "" {
				part += " use " + w.OtherLabel
			}
			parts = append(parts, part)
		}
	}
	entries("label", plan.LabelsWithheld)
	entries("taint", plan.Withheld)
	if kept := plan.KeptOff; kept != nil {
		part := fmt.Sprintf("kept off %s: %s", strings.Join(kept.Nodes, ","), strings.Join(kept.DaemonSets, ","))
		if kept.Network {
			part += " (network)"
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "; ")
}

func TestTheGateLooksForDaemonSetsThatWouldLeave(t *testing.T) {
	const ingress = "node-role.kubernetes.io/ingress"
	role := func(operator corev1.NodeSelectorOperator, values ...string) corev1.NodeSelectorRequirement {
		return corev1.NodeSelectorRequirement{Key: roleLabel, Operator: operator, Values: values}
	}
	elsewhere := corev1.NodeSelectorRequirement{Key: "zone", Operator: corev1.NodeSelectorOpExists}
	hosts := func(name string) func(*snapshot.DaemonSet) {
		return func(d *snapshot.DaemonSet) {
			d.Placement.NodeSelector = map[string]string{"kubernetes.io/hostname": name}
		}
	}
	avoids := func(d *snapshot.DaemonSet) {
		d.Placement.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{PreferredDuringSchedulingIgnoredDuringExecution: []corev1.PreferredSchedulingTerm{
			{Weight: 1, Preference: corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{role(corev1.NodeSelectorOpDoesNotExist)}}},
		}}}
	}
	proxy := ofCluster("kube-proxy", without(roleLabel), network)
	for name, test := range map[string]struct {
		edge       *v1alpha1.EdgeIngress
		daemonSets []snapshot.DaemonSet
		a          []func(*snapshot.Node)
		want       string
	}{
		"kube-proxy of a KubeEdge cluster":                 {daemonSets: []snapshot.DaemonSet{proxy}, want: "label ForDaemonSets: a,b for kube-system/kube-proxy use " + ingress},
		"a value that is excluded":                         {daemonSets: []snapshot.DaemonSet{ofCluster("agent", terms(role(corev1.NodeSelectorOpNotIn, "", "true")))}, want: "label ForDaemonSets: a,b for kube-system/agent use " + ingress},
		"another value that is excluded":                   {daemonSets: []snapshot.DaemonSet{ofCluster("agent", terms(role(corev1.NodeSelectorOpNotIn, "true")))}, want: ""},
		"two terms that both exclude it":                   {daemonSets: []snapshot.DaemonSet{ofCluster("calico-node", terms(role(corev1.NodeSelectorOpDoesNotExist), elsewhere))}, want: "label ForDaemonSets: a,b for kube-system/calico-node use " + ingress},
		"two terms of which one admits it":                 {daemonSets: []snapshot.DaemonSet{ofCluster("calico-node", terms(role(corev1.NodeSelectorOpDoesNotExist), corev1.NodeSelectorRequirement{Key: "pool", Operator: corev1.NodeSelectorOpExists}))}, want: ""},
		"two DaemonSets":                                   {daemonSets: []snapshot.DaemonSet{proxy, ofCluster("csi-node", without(roleLabel))}, want: "label ForDaemonSets: a,b for kube-system/kube-proxy,kube-system/csi-node use " + ingress},
		"a DaemonSet of one of the nodes":                  {daemonSets: []snapshot.DaemonSet{ofCluster("gpu", without(roleLabel), hosts("b"))}, want: "label ForDaemonSets: b for kube-system/gpu use " + ingress},
		"a DaemonSet of other nodes":                       {daemonSets: []snapshot.DaemonSet{ofCluster("gpu", without(roleLabel), hosts("w"))}, want: ""},
		"another label of the role":                        {edge: edge(withLabel(ingress)), daemonSets: []snapshot.DaemonSet{ofCluster("logs", without(ingress))}, want: "label ForDaemonSets: a,b for kube-system/logs use " + roleLabel},
		"a label that the DaemonSet does not mention":      {edge: edge(withLabel(ingress)), daemonSets: []snapshot.DaemonSet{proxy}, want: ""},
		"a label that others exclude is not offered":       {daemonSets: []snapshot.DaemonSet{proxy, ofCluster("logs", without(ingress))}, want: "label ForDaemonSets: a,b for kube-system/kube-proxy use node-role.kubernetes.io/edge-public"},
		"a rule that is only preferred":                    {daemonSets: []snapshot.DaemonSet{ofCluster("logs", avoids)}, want: ""},
		"shared nodes get the label too":                   {edge: edge(shared), daemonSets: []snapshot.DaemonSet{proxy}, want: "label ForDaemonSets: a,b for kube-system/kube-proxy use " + ingress},
		"a Deployment's nodes get the label too":           {edge: edge(kind(v1alpha1.WorkloadDeployment)), daemonSets: []snapshot.DaemonSet{proxy}, want: "label ForDaemonSets: a,b for kube-system/kube-proxy use " + ingress},
		"a DaemonSet that waits for a starting node":       {daemonSets: []snapshot.DaemonSet{ofCluster("logs", without(roleLabel), intolerant)}, a: []func(*snapshot.Node){taint(corev1.TaintNodeNotReady, corev1.TaintEffectNoSchedule)}, want: "label ForDaemonSets: a,b for kube-system/logs use " + ingress},
		"a DaemonSet that the node's own taint keeps off":  {daemonSets: []snapshot.DaemonSet{ofCluster("logs", without(roleLabel), intolerant)}, a: []func(*snapshot.Node){taint("dedicated", corev1.TaintEffectNoSchedule)}, want: "label ForDaemonSets: b for kube-system/logs use " + ingress},
		"a node that has the label is not released":        {daemonSets: []snapshot.DaemonSet{proxy}, a: []func(*snapshot.Node){labelled, tainted}, want: "label ForDaemonSets: b for kube-system/kube-proxy use " + ingress + "; kept off a: kube-system/kube-proxy (network)"},
		"what is kept off and not the network":             {daemonSets: []snapshot.DaemonSet{ofCluster("logs", without(roleLabel), hosts("a"))}, a: []func(*snapshot.Node){labelled, tainted}, want: "kept off a: kube-system/logs"},
		"a node that a person gave the role":               {daemonSets: []snapshot.DaemonSet{ofCluster("logs", without(roleLabel), hosts("a"))}, a: []func(*snapshot.Node){label(roleLabel, "yes")}, want: ""},
		"a network that does not tolerate the taint":       {daemonSets: []snapshot.DaemonSet{ofCluster("cni", intolerant, network)}, want: "taint ForDaemonSets: a,b for kube-system/cni"},
		"a network that the taint keeps off already":       {daemonSets: []snapshot.DaemonSet{ofCluster("cni", intolerant, network, hosts("a"))}, a: []func(*snapshot.Node){labelled, tainted}, want: "kept off a: kube-system/cni (network)"},
		"a network that does not run there":                {daemonSets: []snapshot.DaemonSet{ofCluster("cni", intolerant, network, hosts("w"))}, want: ""},
		"a network that does not tolerate it, shared":      {edge: edge(shared), daemonSets: []snapshot.DaemonSet{ofCluster("cni", intolerant, network)}, want: ""},
		"logs that do not tolerate the taint are kept off": {daemonSets: []snapshot.DaemonSet{ofCluster("logs", intolerant)}, want: ""},
	} {
		t.Run(name, func(t *testing.T) {
			e := test.edge
			if e == nil {
				e = edge()
			}
			s := seen(e, node("a", append(test.a, pool)...), node("b", pool), node("w"))
			s.DaemonSets.Items = test.daemonSets
			got := plan(t, s)
			if text := gated(got); text != test.want {
				t.Errorf("want %q, got %q", test.want, text)
			}
			for _, change := range got.Labels {
				_, role := change.Labels[e.Spec.Nodes.Label]
				withheld := slices.ContainsFunc(got.LabelsWithheld, func(w Withheld) bool { return slices.Contains(w.Nodes, change.Node) })
				if _, own := change.Labels[ownLabel]; !own || role && withheld {
					t.Errorf("want the own label and no withheld role label on node %s, got %v", change.Node, change.Labels)
				}
			}
		})
	}
}

func TestDaemonSetsThatCouldNotBeReadWithholdLabelAndTaint(t *testing.T) {
	s := seen(edge(), node("a", pool), node("b", pool, labelled, tainted), node("w"))
	s.DaemonSets.Err = errors.New("no answer")
	if got := gated(plan(t, s)); got != "label Unread: a; taint Unread: a" {
		t.Errorf("got %q", got)
	}
}

func TestTheGateLooksForControllersOfOthers(t *testing.T) {
	const theirs = "node-role.kubernetes.io/edge-b"
	type change = func(*v1alpha1.EdgeIngress)
	other := func(name string, changes ...change) v1alpha1.EdgeIngress {
		e := edge(append([]change{withLabel(theirs), createdAfter(-time.Hour)}, changes...)...)
		e.Name = name
		return *e
	}
	older := other("internal")
	for name, test := range map[string]struct {
		others []v1alpha1.EdgeIngress
		a      []func(*snapshot.Node)
		want   string
	}{
		"an older one shares the nodes":               {others: []v1alpha1.EdgeIngress{other("internal", shared)}, want: "taint ForEdgeIngress: a,b for internal"},
		"an older one dedicates the nodes":            {others: []v1alpha1.EdgeIngress{older}, want: "taint ForEdgeIngress: a,b for internal"},
		"a younger one shares the nodes":              {others: []v1alpha1.EdgeIngress{other("internal", shared, createdAfter(time.Hour))}, want: ""},
		"a younger one dedicates the nodes":           {others: []v1alpha1.EdgeIngress{other("internal", createdAfter(time.Hour))}, want: ""},
		"a younger one has tainted a node already":    {others: []v1alpha1.EdgeIngress{other("internal", createdAfter(time.Hour))}, a: []func(*snapshot.Node){taint(theirs, corev1.TaintEffectNoSchedule), claim("internal", theirs)}, want: "taint ForEdgeIngress: a for internal"},
		"a person set the taint of a younger one":     {others: []v1alpha1.EdgeIngress{other("internal", createdAfter(time.Hour))}, a: []func(*snapshot.Node){taint(theirs, corev1.TaintEffectNoSchedule)}, want: ""},
		"made at the same time, with an earlier name": {others: []v1alpha1.EdgeIngress{other("internal", createdAfter(0))}, want: "taint ForEdgeIngress: a,b for internal"},
		"made at the same time, with a later name":    {others: []v1alpha1.EdgeIngress{other("zone", createdAfter(0))}, want: ""},
		"the same label":                              {others: []v1alpha1.EdgeIngress{other("internal", withLabel(roleLabel))}, want: ""},
		"its controllers tolerate everything":         {others: []v1alpha1.EdgeIngress{other("internal", tolerating(""))}, want: ""},
		"its controllers tolerate our taint":          {others: []v1alpha1.EdgeIngress{other("internal", tolerating(roleLabel))}, want: ""},
		"its controllers tolerate another":            {others: []v1alpha1.EdgeIngress{other("internal", tolerating("dedicated"))}, want: "taint ForEdgeIngress: a,b for internal"},
		"one of the nodes":                            {others: []v1alpha1.EdgeIngress{other("internal", named("a"))}, want: "taint ForEdgeIngress: a for internal"},
		"other nodes":                                 {others: []v1alpha1.EdgeIngress{other("internal", named("w"), shared)}, want: ""},
		"a node that it has not released yet":         {others: []v1alpha1.EdgeIngress{other("internal", named("w"), shared)}, a: []func(*snapshot.Node){label(v1alpha1.NodeLabel("internal"), "")}, want: "taint ForEdgeIngress: a for internal"},
		"controllers of a Deployment":                 {others: []v1alpha1.EdgeIngress{other("internal", kind(v1alpha1.WorkloadDeployment))}, want: "taint ForEdgeIngress: a,b for internal"},
		"two others":                                  {others: []v1alpha1.EdgeIngress{older, other("intranet", shared)}, want: "taint ForEdgeIngress: a,b for internal,intranet"},
		"a node that is tainted already stays so":     {others: []v1alpha1.EdgeIngress{older}, a: []func(*snapshot.Node){labelled, tainted}, want: "taint ForEdgeIngress: b for internal"},
	} {
		t.Run(name, func(t *testing.T) {
			s := seen(edge(createdAfter(0)), node("a", append(test.a, pool)...), node("b", pool), node("w"))
			s.Others.Items = test.others
			if got := gated(plan(t, s)); got != test.want {
				t.Errorf("want %q, got %q", test.want, got)
			}
		})
	}
}

func tolerating(key string) func(*v1alpha1.EdgeIngress) {
	return func(e *v1alpha1.EdgeIngress) {
		e.Spec.Controller.Tolerations = []v1alpha1.Toleration{{Key: key, Operator: corev1.TolerationOpExists}}
	}
}

func createdAfter(d time.Duration) func(*v1alpha1.EdgeIngress) {
	return func(e *v1alpha1.EdgeIngress) { e.CreationTimestamp = metav1.NewTime(noon.Add(d)) }
}
