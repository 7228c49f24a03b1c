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

// held is what decides whether and when a change is made.
type held struct {
	Kind        ChangeKind
	Cause       Cause
	Fields      []string
	Differences []string
	Until       time.Time
}

func TestHoldBack(t *testing.T) {
	noon := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	// just is a repair of a moment ago. The next one waits for a second, or for two after the second one.
	just := func(count int) snapshot.Repair { return snapshot.Repair{Count: count, Last: noon} }
	in := func(delay time.Duration) time.Time { return noon.Add(delay) }
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
			want: held{Kind: Leave, Cause: CauseContested, Fields: []string{"data.a"}, Until: in(time.Second)},
		},
		"a field that was repaired three times waits longer": {
			change: repairOf("data.a"), repairs: snapshot.Repairs{"data.a": just(3)},
			want: held{Kind: Leave, Cause: CauseContested, Fields: []string{"data.a"}, Until: in(4 * time.Second)},
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
			want: held{Kind: Leave, Cause: CauseContested, Fields: []string{"data.a", "data.b"}, Until: in(time.Second)},
		},
		"a missing object is created": {change: Change{Kind: Create, Wanted: version("a")}, want: held{Kind: Create, Fields: []string{""}}},
		"an object that was created a moment ago and is missing is left": {
			change: Change{Kind: Create, Wanted: version("a")}, repairs: snapshot.Repairs{"": just(1)},
			want: held{Kind: Leave, Cause: CauseContested, Fields: []string{""}, Until: in(time.Second)},
		},
		"a repair of a field delays no creation": {
			change: Change{Kind: Create, Wanted: version("a")}, repairs: snapshot.Repairs{"data.a": just(1)}, want: held{Kind: Create, Fields: []string{""}},
		},
		"an object that was replaced a moment ago is left": {
			change: Change{Kind: Replace, Wanted: version("a"), Live: version("a")}, repairs: snapshot.Repairs{"": just(2)},
			want: held{Kind: Leave, Cause: CauseContested, Fields: []string{""}, Until: in(2 * time.Second)},
		},
		"a changed spec is applied at once": {
			change: Change{Kind: Apply, Wanted: version("b"), Live: version("a")}, repairs: snapshot.Repairs{appliedField: applied("a", 9)},
			want: held{Kind: Apply, Fields: []string{appliedField}},
		},
		"the spec that was applied a moment ago is left": {
			change: Change{Kind: Apply, Wanted: version("a"), Live: version("b")}, repairs: snapshot.Repairs{appliedField: applied("a", 1)},
			want: held{Kind: Leave, Cause: CauseContested, Fields: []string{appliedField}, Until: in(time.Second)},
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
			got := held{change.Kind, change.Cause, change.Fields, drift.Fields(change.Differences), change.Until}
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
