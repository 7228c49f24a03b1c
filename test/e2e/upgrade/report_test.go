package upgrade

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/edge-ingress/edge-ingress-operator/test/e2e/loss"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic/load"
)

// under is what a load of 100 new connections and 10 kept requests has seen.
func under(claim loss.Claim, lost int) []loss.Observation {
	seen := load.TargetResult{Name: loss.ThroughHAProxy}
	seen.New.Sent, seen.New.Succeeded, seen.Kept.Sent, seen.Kept.Succeeded = 100, 100-lost, 10, 10
	if lost > 0 {
		seen.New.Failed = map[traffic.Outcome]int{traffic.Reset: lost}
	}
	return []loss.Observation{{Event: "an event", Claim: claim, Result: load.Result{Targets: []load.TargetResult{seen}}}}
}

func TestWhatIsNotAsPromisedIsAProblem(t *testing.T) {
	control := Step{Way: "kubectl", Name: "control", Control: true, Replaced: []string{"a on edge1"}, Observations: under(loss.Exception, 7)}
	for name, test := range map[string]struct {
		steps []Step
		want  string
	}{
		"nothing is lost and replaced": {[]Step{{Observations: under(loss.NothingLost, 0)}, control}, ""},
		"a request is lost":            {[]Step{{Observations: under(loss.NothingLost, 2)}, control}, "2 of 100 new connections through haproxy were lost"},
		"a pod is replaced":            {[]Step{{Observations: under(loss.NothingLost, 0), Replaced: []string{"b on edge2"}}, control}, "pod b on edge2 was replaced"},
		"something else is wrong":      {[]Step{{Observations: under(loss.NothingLost, 0), Wrong: []string{errors.ErrUnsupported.Error()}}, control}, errors.ErrUnsupported.Error()},
		"a step was not measured":      {[]Step{{}, control}, "nothing was measured"},
		"a load that sees no loss": {[]Step{{Observations: under(loss.NothingLost, 0)}, {Control: true, Replaced: control.Replaced, Observations: under(loss.Exception, 0)}},
			"the load does not see losses"},
		"a comparison that sees no pod": {[]Step{{Observations: under(loss.NothingLost, 0)}, {Control: true, Observations: under(loss.Exception, 7)}},
			"none counts as replaced"},
		"nothing to compare with": {[]Step{{Observations: under(loss.NothingLost, 0)}}, "no controllers were killed"},
	} {
		t.Run(name, func(t *testing.T) {
			got := Problems(test.steps)
			if test.want == "" && len(got) > 0 {
				t.Errorf("want no problem, got %q", got)
			}
			if test.want != "" && !slices.ContainsFunc(got, func(problem string) bool { return strings.Contains(problem, test.want) }) {
				t.Errorf("want %q among the problems, got %q", test.want, got)
			}
		})
	}
}

func TestTheTableHasARowForEachStep(t *testing.T) {
	steps := []Step{
		{Way: "kubectl", Name: "upgrade", Observations: under(loss.NothingLost, 0), Changed: []string{"Service a/b: .spec"}, Guarded: []string{"False", "True"}},
		{Way: "kubectl", Name: "uninstall", Observations: under(loss.NothingLost, 3), Replaced: []string{"a on edge1"}},
	}
	text := Markdown(Pair{}, steps)
	for _, want := range []string{
		"| kubectl | upgrade | 100 | 0 | 10 | 0 | 0 | – | – | False, then True | 1 | holds |\n",
		"| kubectl | uninstall | 100 | 3 | 10 | 0 | 1 | – | – | – | 0 | **failed** |\n",
		"- kubectl, upgrade: Service a/b: .spec", "- kubectl, uninstall: pod a on edge1 was replaced",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the table lacks\n%s\nand is\n%s", want, text)
		}
	}
}
