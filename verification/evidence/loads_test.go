package evidence

import (
	"slices"
	"testing"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// What was seen from outside counts for the configuration that the controllers run.
func TestOutsideOfTheConfigurationThatRuns(t *testing.T) {
	inside1, outside1 := inside("app-1"), outside()
	refusing := func(f *Facts, reports []v1alpha1.SourceIPReport) {
		f.ConfigWritten = noon.Add(-2 * time.Minute)
		everySight(&reports[0], func(s *v1alpha1.Sight) { s.ConfigDigest = "older" })
	}
	ofOutside := func(do func(*v1alpha1.Sight)) change {
		return func(_ *Facts, reports []v1alpha1.SourceIPReport) { everySight(&reports[1], do) }
	}
	older := ofOutside(func(s *v1alpha1.Sight) { s.ConfigDigest = "older" })
	unconfirmed := ofOutside(func(s *v1alpha1.Sight) { s.ConfigConfirmed = false })
	lost := ofOutside(sees(v1alpha1.SeenOther, "198.51.100.9", 2))
	loadedOnEdge2 := onSights(func(s v1alpha1.Sight) bool { return s.Node == "edge-2" }, func(s *v1alpha1.Sight) { s.ConfigDigest = wanted })
	rows := map[string]struct {
		given []change
		state State
		cause Cause
	}{
		"one that was confirmed for this path":                 {state: Kept},
		"of an earlier configuration of this path":             {given: []change{older}, state: Kept},
		"of the one that is wanted, not confirmed":             {given: []change{unconfirmed}, state: Kept},
		"of another one, not confirmed":                        {given: []change{unconfirmed, older}, state: Unknown, cause: CauseLoading},
		"a loss of another one, not confirmed":                 {given: []change{unconfirmed, older, lost}, state: Unknown, cause: CauseLoading},
		"an engine that reports none":                          {given: []change{unconfirmed, older, onFacts(func(f *Facts) { f.ConfigDigest = "" })}, state: Kept},
		"of the wanted one while it is refused":                {given: []change{refusing}, state: Unknown, cause: CauseLoading},
		"a loss of the wanted one while it is refused":         {given: []change{refusing, lost}, state: Unknown, cause: CauseLoading},
		"of the one that runs while the wanted one is refused": {given: []change{refusing, older, unconfirmed}, state: Kept},
		"a loss of the one that runs":                          {given: []change{refusing, older, unconfirmed, lost}, state: Lost},
		"of one of two that run":                               {given: []change{refusing, loadedOnEdge2, older}, state: Unknown, cause: CauseLoading},
		"of the one that is loaded since":                      {given: []change{refusing, onReport(func(r *v1alpha1.SourceIPReport) { everySight(r, func(s *v1alpha1.Sight) { s.ConfigDigest = wanted }) })}, state: Kept},
		"of the one that ran before it was loaded":             {given: []change{older, unconfirmed, onFacts(func(f *Facts) { f.ConfigWritten = noon.Add(-2 * time.Minute) })}, state: Unknown, cause: CauseLoading},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			f, reports := facts(), []v1alpha1.SourceIPReport{*inside1.DeepCopy(), *outside1.DeepCopy()}
			for _, do := range row.given {
				do(&f, reports)
			}
			if leg := Outside(f, reports).Addresses[0]; leg.State != row.state || leg.Cause != row.cause {
				t.Errorf("got %s %q, want %s %q", leg.State, leg.Cause, row.state, row.cause)
			}
		})
	}
}

// A front that was crossed under another configuration refused nothing for the one that runs.
func TestForgeriesRefusedByTheConfigurationThatRuns(t *testing.T) {
	report := outside()
	throughCDN(&report, func(*v1alpha1.Sight) {})
	f, reports := facts(), []v1alpha1.SourceIPReport{inside("app-1"), report}
	f.HeaderFront = true
	if Refused(f, reports, "X-Forwarded-For", false) == nil {
		t.Fatal("nothing was refused")
	}
	f.ConfigWritten = noon.Add(-2 * time.Minute)
	everySight(&reports[0], func(s *v1alpha1.Sight) { s.ConfigDigest = "older" })
	if refusal := Refused(f, reports, "X-Forwarded-For", false); refusal != nil {
		t.Errorf("while the configuration is refused: %+v", refusal)
	}
}

// Two vantages that saw a pod in the same second say the same in either order.
func TestTheOrderOfReportsDoesNotMatter(t *testing.T) {
	for name, digests := range map[string][2]string{"the wanted one and another": {wanted, "older"}, "two others": {"older", "oldest"}} {
		f, first, second := facts(), inside("app-1"), inside("app-2")
		f.ConfigWritten = noon.Add(-5 * time.Minute)
		everySight(&first, func(s *v1alpha1.Sight) { s.ConfigDigest = digests[0] })
		everySight(&second, func(s *v1alpha1.Sight) { s.ConfigDigest = digests[1] })
		sees(v1alpha1.SeenOther, "10.244.1.1", 2)(&second.Status.Sights[0])
		reports := []v1alpha1.SourceIPReport{first, second}
		leg, load := Inside(f, reports)[0], Loads(f, reports)[0]
		slices.Reverse(reports)
		if again, loaded := Inside(f, reports)[0], Loads(f, reports)[0]; again.State != leg.State || again.Cause != leg.Cause || loaded != load {
			t.Errorf("%s: %s %q with %+v, and in the other order %s %q with %+v", name, leg.State, leg.Cause, load, again.State, again.Cause, loaded)
		}
	}
}
