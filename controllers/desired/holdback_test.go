package desired

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/drift"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// version is a ConfigMap with the digest of one version of the spec.
func version(digest string) *unstructured.Unstructured {
	object := &unstructured.Unstructured{}
	object.SetKind("ConfigMap")
	object.SetAnnotations(map[string]string{v1alpha1.AppliedAnnotation: digest})
	return object
}

func repairOf(fields ...string) Change {
	change := Change{Kind: Repair, Wanted: version("a"), Live: version("a")}
	for _, field := range fields {
		change.Differences = append(change.Differences, drift.Difference{Field: field})
	}
	return change
}

func replacement(fields ...string) Change {
	change := repairOf(fields...)
	change.Kind = Replace
	return change
}

// held is what decides whether and when a change is made.
type held struct {
	Kind        ChangeKind
	Cause       Cause
	Delayed     ChangeKind
	Fields      []string
	Differences []string
	Until       time.Time
}

func TestHoldBack(t *testing.T) {
	noon := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	// just is a repair of a moment ago. The next one waits for a second, or for two after the second one.
	just := func(count int) snapshot.Repair { return snapshot.Repair{Count: count, Last: noon} }
	in := noon.Add
	applied := func(digest string, count int) snapshot.Repair {
		return snapshot.Repair{Count: count, Last: noon, Version: digest}
	}
	long := snapshot.Repair{Count: 1, Last: noon.Add(-time.Minute)}
	for name, test := range map[string]struct {
		change  Change
		repairs snapshot.Repairs
		want    held
	}{
		"a field that was never repaired is repaired": {
			change: repairOf("data.a"), want: held{Kind: Repair, Fields: []string{"data.a"}, Differences: []string{"data.a"}},
		},
		"a field that was repaired a moment ago is left": {
			change: repairOf("data.a"), repairs: snapshot.Repairs{"data.a": just(1)},
			want: held{Kind: Leave, Cause: CauseContested, Delayed: Repair, Fields: []string{"data.a"}, Until: in(time.Second)},
		},
		"a field that was repaired three times waits longer": {
			change: repairOf("data.a"), repairs: snapshot.Repairs{"data.a": just(3)},
			want: held{Kind: Leave, Cause: CauseContested, Delayed: Repair, Fields: []string{"data.a"}, Until: in(4 * time.Second)},
		},
		"a field whose time has come is repaired": {
			change: repairOf("data.a"), repairs: snapshot.Repairs{"data.a": long}, want: held{Kind: Repair, Fields: []string{"data.a"}, Differences: []string{"data.a"}},
		},
		"of two fields the one that does not wait is repaired, and the other one later": {
			change: repairOf("data.a", "data.b"), repairs: snapshot.Repairs{"data.a": just(2)},
			want: held{Kind: Repair, Fields: []string{"data.b"}, Differences: []string{"data.b"}, Until: in(2 * time.Second)},
		},
		"of two fields that wait the first one counts": {
			change: repairOf("data.a", "data.b"), repairs: snapshot.Repairs{"data.a": just(3), "data.b": just(1)},
			want: held{Kind: Leave, Cause: CauseContested, Delayed: Repair, Fields: []string{"data.a", "data.b"}, Until: in(time.Second)},
		},
		"a missing object is created": {change: Change{Kind: Create, Wanted: version("a")}, want: held{Kind: Create, Fields: []string{""}}},
		"an object that was created a moment ago and is missing is left": {
			change: Change{Kind: Create, Wanted: version("a")}, repairs: snapshot.Repairs{"": just(1)},
			want: held{Kind: Leave, Cause: CauseContested, Delayed: Create, Fields: []string{""}, Until: in(time.Second)},
		},
		"a repair of a field delays no creation": {
			change: Change{Kind: Create, Wanted: version("a")}, repairs: snapshot.Repairs{"data.a": just(1)}, want: held{Kind: Create, Fields: []string{""}},
		},
		"a field that cannot be changed back is replaced": {
			change: replacement("roleRef.name", "subjects"), want: held{Kind: Replace, Fields: []string{"roleRef.name"}, Differences: []string{"roleRef.name", "subjects"}},
		},
		"an object that was replaced a moment ago is left": {
			change: replacement("roleRef.name"), repairs: snapshot.Repairs{"roleRef.name": just(2)},
			want: held{Kind: Leave, Cause: CauseContested, Delayed: Replace, Fields: []string{"roleRef.name"}, Until: in(2 * time.Second)},
		},
		"a changed spec is applied at once": {
			change: Change{Kind: Apply, Wanted: version("b"), Live: version("a")}, repairs: snapshot.Repairs{appliedField: applied("a", 9)},
			want: held{Kind: Apply, Fields: []string{appliedField}},
		},
		"the spec that was applied a moment ago is left": {
			change: Change{Kind: Apply, Wanted: version("a"), Live: version("b")}, repairs: snapshot.Repairs{appliedField: applied("a", 1)},
			want: held{Kind: Leave, Cause: CauseContested, Delayed: Apply, Fields: []string{appliedField}, Until: in(time.Second)},
		},
		"a deletion never waits": {
			change: Change{Kind: Delete, Live: version("a")}, repairs: snapshot.Repairs{"": just(9)}, want: held{Kind: Delete},
		},
		"an object that is left for another cause keeps it": {
			change: Change{Kind: Leave, Cause: CauseNameTaken}, repairs: snapshot.Repairs{"": just(9)}, want: held{Kind: Leave, Cause: CauseNameTaken},
		},
	} {
		t.Run(name, func(t *testing.T) {
			change := holdBack(test.change, test.repairs, noon)
			got := held{change.Kind, change.Cause, change.Delayed, change.Fields, drift.Fields(change.Differences), change.Until}
			if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("change (-want +got):\n%s", diff)
			}
		})
	}
}

// TestASpecThatGoesBackAndForthIsNoContest: each change of the spec is applied at once, also where
// the same version was applied a second ago.
func TestASpecThatGoesBackAndForthIsNoContest(t *testing.T) {
	var repairs snapshot.Repairs
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	live := "b"
	for _, wanted := range []string{"a", "b", "a", "b", "a", "b"} {
		now = now.Add(100 * time.Millisecond)
		change := holdBack(Change{Kind: Apply, Wanted: version(wanted), Live: version(live)}, repairs, now)
		if change.Kind != Apply {
			t.Fatalf("version %s at %s: %s %s until %s", wanted, now, change.Kind, change.Cause, change.Until)
		}
		repairs, live = drift.Remember(repairs, snapshot.Write{Fields: change.Fields, Version: change.Version}, now), wanted
	}
	if change := holdBack(Change{Kind: Apply, Wanted: version("b"), Live: version("a")}, repairs, now.Add(time.Millisecond)); change.Kind != Leave {
		t.Errorf("somebody set the older version, and the same version is applied again at once: %s", change.Kind)
	}
}

// TestNodesAreHeldBack lets another writer undo our writes to node a. What is planned for it is repeated in a second at the earliest.
func TestNodesAreHeldBack(t *testing.T) {
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	own, role := labelField+ownLabel, labelField+roleLabel
	withoutOwn := node("a", pool, tainted, label(roleLabel, ""), managed(ingressName, roleLabel))
	joined := func(count int, fields ...string) snapshot.Repairs {
		repairs := snapshot.Repairs{}
		for _, field := range fields {
			repairs[field] = snapshot.Repair{Count: count, Last: now, Version: "Join uid-a"}
		}
		return repairs
	}
	contested := func(field string) []brief {
		return []brief{{Kind: Leave, Object: "Node", Fields: []string{field}, Cause: CauseContested}}
	}
	taintedBefore := func(version string) snapshot.Repairs {
		return snapshot.Repairs{taintsField: {Count: 3, Last: now, Version: version}}
	}
	for name, test := range map[string]struct {
		node    snapshot.Node
		edge    *v1alpha1.EdgeIngress
		repairs snapshot.Repairs
		// labels and taints are whether they are written.
		labels, taints bool
		left           []brief
		recheck        time.Duration
	}{
		"a node that was never written":                    {node: node("a", pool), labels: true, taints: true},
		"a label that was written a moment ago waits":      {node: withoutOwn, repairs: joined(0, own, role), recheck: time.Second},
		"a label that was removed twice is no contest yet": {node: withoutOwn, repairs: joined(2, own), recheck: 2 * time.Second},
		"a label that was removed three times is one":      {node: withoutOwn, repairs: joined(3, own), left: contested(own), recheck: 4 * time.Second},
		"the other label delays nothing":                   {node: withoutOwn, repairs: joined(3, role), labels: true},
		"a node that came back under the same name":        {node: withoutOwn, repairs: snapshot.Repairs{own: {Count: 9, Last: now, Version: "Join uid-before"}}, labels: true},
		"a node that was released in between":              {node: withoutOwn, repairs: snapshot.Repairs{own: {Count: 9, Last: now, Version: "Release uid-a"}}, labels: true},
		"a taint that was removed three times": {
			node: node("a", pool, labelled, claim(ingressName, roleLabel)), repairs: taintedBefore(roleLabel + "=true uid-a "), left: contested(taintsField), recheck: 4 * time.Second,
		},
		"a taint that the spec did not ask for in between": {
			node: node("a", pool, labelled, claim(ingressName, roleLabel)), repairs: taintedBefore(roleLabel + "=false uid-a "), taints: true,
		},
		"deletion waits for nobody": {
			edge: edge(deleting), node: node("a", labelled, tainted), labels: true, taints: true,
			repairs: snapshot.Repairs{own: {Count: 9, Last: now, Version: "LetGo uid-a"}, role: {Count: 9, Last: now, Version: "LetGo uid-a"}, taintsField: {Count: 9, Last: now, Version: roleLabel + "=false uid-a "}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := test.edge
			if e == nil {
				e = edge()
			}
			s := seen(e, test.node, node("worker"))
			s.Time, s.Repairs = now, map[snapshot.Ref]snapshot.Repairs{nodeRef("a"): test.repairs}
			state := compute(t, s)
			if labels, taints := len(state.Nodes.Labels) > 0, len(state.Nodes.Taints) > 0; labels != test.labels || taints != test.taints {
				t.Errorf("labels are written: %t, taints: %t", labels, taints)
			}
			var left []brief
			for _, change := range state.Changes {
				if change.Ref.Kind == "Node" {
					left = append(left, brief{Kind: change.Kind, Object: "Node", Fields: change.Fields, Cause: change.Cause})
				}
			}
			if diff := cmp.Diff(test.left, left, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("left (-want +got):\n%s", diff)
			}
			var at time.Time
			if test.recheck > 0 {
				at = now.Add(test.recheck)
			}
			if !state.Recheck().Equal(at) {
				t.Errorf("the next pass is at %s, want %s", state.Recheck(), at)
			}
		})
	}
}
