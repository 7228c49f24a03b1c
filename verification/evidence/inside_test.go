package evidence

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

func TestInside(t *testing.T) {
	lost := sees(v1alpha1.SeenOther, "10.244.1.1", 2)
	control := func(do func(*v1alpha1.NegativeControl)) change {
		return onReport(func(r *v1alpha1.SourceIPReport) { do(r.Status.Control) })
	}
	problem := func(p v1alpha1.ReportProblem) change {
		return onReport(func(r *v1alpha1.SourceIPReport) { r.Status.Problem, r.Status.Sights = p, nil })
	}
	second := func(do func(*v1alpha1.SourceIPReport)) change {
		return func(_ *Facts, reports []v1alpha1.SourceIPReport) { do(&reports[1]) }
	}
	stopped := func(ago time.Duration) change {
		return onReport(func(r *v1alpha1.SourceIPReport) {
			everySight(r, taken(ago))
			r.Status.Control.Time = at(ago)
		})
	}
	nothing := second(func(r *v1alpha1.SourceIPReport) { r.Status.Sights = nil })
	rows := map[string]struct {
		given []change
		state State
		cause Cause
		whose string
	}{
		"every request arrived with its own address":       {state: Kept},
		"one vantage is enough":                            {given: []change{nothing}, state: Kept},
		"the node's gateway arrives":                       {given: []change{onSights(httpOfEdge1, lost)}, state: Lost, whose: "the node's own pod gateway"},
		"another node's gateway arrives":                   {given: []change{onSights(httpOfEdge1, sees(v1alpha1.SeenOther, "10.244.2.1", 2))}, state: Lost, whose: "the pod gateway of node edge-2"},
		"a node's address arrives":                         {given: []change{onSights(httpOfEdge1, sees(v1alpha1.SeenOther, "10.0.0.2", 3))}, state: Lost, whose: "node edge-2"},
		"a pod's address arrives":                          {given: []change{onSights(httpOfEdge1, sees(v1alpha1.SeenOther, "10.244.13.9", 3))}, state: Lost, whose: "in the pod range of node app-1"},
		"a controller pod's address arrives":               {given: []change{onSights(httpOfEdge1, sees(v1alpha1.SeenOther, "10.99.0.7", 3))}, state: Lost, whose: "controller pod controller-1"},
		"a loopback address arrives":                       {given: []change{onSights(httpOfEdge1, sees(v1alpha1.SeenOther, "127.0.0.1", 3))}, state: Lost, whose: "the controller itself"},
		"the load balancer's address arrives":              {given: []change{onSights(httpOfEdge1, sees(v1alpha1.SeenOther, published, 3))}, state: Lost, whose: "the load balancer"},
		"a declared proxy's address arrives":               {given: []change{onSights(httpOfEdge1, sees(v1alpha1.SeenOther, "172.16.9.4", 3))}, state: Lost, whose: "a proxy in trustedCIDRs"},
		"an unknown address arrives":                       {given: []change{onSights(httpOfEdge1, sees(v1alpha1.SeenOther, "9.9.9.9", 3))}, state: Lost},
		"a loss through HTTPS only":                        {given: []change{onSights(httpsOfEdge1, lost)}, state: Lost, whose: "the node's own pod gateway"},
		"a loss that was seen once":                        {given: []change{onSights(httpOfEdge1, sees(v1alpha1.SeenOther, "10.244.1.1", 1))}, state: Unknown, cause: CauseNotRepeated},
		"a claimed address is believed":                    {given: []change{onSights(httpOfEdge1, sees(v1alpha1.SeenForged, "", 3))}, state: Unknown, cause: CauseBelieved},
		"a claim of a trusted prober is believed":          {given: []change{nothing, onSights(httpOfEdge1, func(s *v1alpha1.Sight) { s.Seen, s.Source = v1alpha1.SeenForged, "172.16.9.4" })}, state: Unknown, cause: CauseProberTrusted},
		"nobody answers, whoever asks":                     {given: []change{nothing, onSights(httpOfEdge1, sees(v1alpha1.SeenNobody, "", 3))}, state: Unknown, cause: CauseUnanswered},
		"nobody answers one of two vantages":               {given: []change{onSights(httpOfEdge1, sees(v1alpha1.SeenNobody, "", 3))}, state: Kept},
		"something else answers":                           {given: []change{nothing, onSights(httpOfEdge1, sees(v1alpha1.SeenUnsigned, "", 3))}, state: Unknown, cause: CauseUnsigned},
		"another node answers":                             {given: []change{nothing, onSights(httpOfEdge1, sees(v1alpha1.SeenElsewhere, "", 3))}, state: Unknown, cause: CauseElsewhere},
		"HTTPS was not asked":                              {given: []change{nothing, onSights(httpsOfEdge1, func(s *v1alpha1.Sight) { s.Node = "app-1" })}, state: Unknown, cause: CauseNotAsked},
		"the control was answered, which voids a loss":     {given: []change{nothing, control(func(c *v1alpha1.NegativeControl) { c.Answered = true }), onSights(httpOfEdge1, lost)}, state: Unknown, cause: CauseTranslated},
		"no control and an unknown service proxy":          {given: []change{nothing, control(func(c *v1alpha1.NegativeControl) { c.Node = "" })}, state: Unknown, cause: CauseNoControl},
		"no control at all":                                {given: []change{nothing, onReport(func(r *v1alpha1.SourceIPReport) { r.Status.Control = nil })}, state: Unknown, cause: CauseNoControl},
		"no control and kube-proxy in a known mode":        {given: []change{nothing, control(func(c *v1alpha1.NegativeControl) { c.Node, c.ServiceProxy = "", "nftables" })}, state: Kept},
		"an old control":                                   {given: []change{nothing, control(func(c *v1alpha1.NegativeControl) { c.Time = at(InsideLife) })}, state: Unknown, cause: CauseEnded},
		"evidence in its last second":                      {given: []change{nothing, onSights(httpOfEdge1, taken(InsideLife-time.Second))}, state: Kept},
		"evidence that ended":                              {given: []change{nothing, onSights(httpOfEdge1, taken(InsideLife))}, state: Unknown, cause: CauseEnded},
		"evidence of HTTPS that ended":                     {given: []change{nothing, onSights(httpsOfEdge1, taken(InsideLife))}, state: Unknown, cause: CauseEnded},
		"evidence from the future":                         {given: []change{nothing, onSights(httpOfEdge1, taken(-3*time.Minute))}, state: Unknown, cause: CauseAhead},
		"a clock that is a little ahead":                   {given: []change{nothing, onSights(httpOfEdge1, taken(-time.Minute))}, state: Kept},
		"a loss from the future":                           {given: []change{nothing, onSights(httpOfEdge1, func(s *v1alpha1.Sight) { lost(s); s.Time = at(-time.Hour) })}, state: Unknown, cause: CauseAhead},
		"another pod serves now":                           {given: []change{nothing, onSights(httpOfEdge1, func(s *v1alpha1.Sight) { s.PodUID = "older" })}, state: Unknown, cause: CauseReplaced},
		"another configuration is loaded":                  {given: []change{nothing, onSights(httpOfEdge1, func(s *v1alpha1.Sight) { s.ConfigDigest = "older" })}, state: Unknown, cause: CauseLoading},
		"one that was written while this one ran":          {given: []change{nothing, olderConfig(httpOfEdge1, time.Minute), wrote(90 * time.Second)}, state: Unknown, cause: CauseLoading},
		"the new one is refused":                           {given: []change{nothing, olderConfig(anySight, time.Minute), wrote(2 * time.Minute)}, state: Kept},
		"it is refused, and HTTPS was asked before":        {given: []change{nothing, olderConfig(httpOfEdge1, time.Minute), olderConfig(httpsOfEdge1, 4*time.Minute), wrote(2 * time.Minute)}, state: Kept},
		"it is refused, and that reports none":             {given: []change{nothing, onSights(anySight, func(s *v1alpha1.Sight) { s.ConfigDigest = "" }), wrote(2 * time.Minute)}, state: Kept},
		"it is refused, and addresses are lost":            {given: []change{nothing, olderConfig(anySight, time.Minute), wrote(2 * time.Minute), onSights(httpsOfEdge1, lost)}, state: Lost, whose: "the node's own pod gateway"},
		"it is refused, and a claimed address is believed": {given: []change{nothing, olderConfig(anySight, time.Minute), wrote(2 * time.Minute), onSights(httpOfEdge1, sees(v1alpha1.SeenForged, "", 3))}, state: Unknown, cause: CauseBelieved},
		"it is refused by the pod of before":               {given: []change{nothing, olderConfig(anySight, time.Minute), wrote(2 * time.Minute), onFacts(func(f *Facts) { f.Serving[0].Pods = []types.UID{"newer"} })}, state: Unknown, cause: CauseReplaced},
		"it was refused, and is loaded now":                {given: []change{nothing, olderConfig(httpsOfEdge1, 3*time.Minute), wrote(5 * time.Minute)}, state: Unknown, cause: CauseLoading},
		"two others were seen, and one of them runs":       {given: []change{nothing, olderConfig(httpOfEdge1, time.Minute), onSights(httpsOfEdge1, func(s *v1alpha1.Sight) { s.ConfigDigest, s.Time = "oldest", at(3*time.Minute) }), wrote(2 * time.Minute)}, state: Unknown, cause: CauseLoading},
		"HTTPS was seen with the wanted one only, before":  {given: []change{second(func(r *v1alpha1.SourceIPReport) { everySight(r, taken(6*time.Minute)) }), olderConfig(httpOfEdge1, time.Minute), onSights(httpsOfEdge1, sees(v1alpha1.SeenNobody, "", 1)), wrote(3 * time.Minute)}, state: Unknown, cause: CauseUnanswered},
		"a loss under the wanted one, before it was lost": {given: []change{second(func(r *v1alpha1.SourceIPReport) {
			everySight(r, func(s *v1alpha1.Sight) { lost(s); s.Time = at(6 * time.Minute) })
		}), olderConfig(anySight, time.Minute), wrote(3 * time.Minute)}, state: Kept},
		"a wanted one of before, while another one runs":  {given: []change{second(func(r *v1alpha1.SourceIPReport) { everySight(r, taken(6*time.Minute)) }), olderConfig(anySight, 5*time.Second), onSights(anySight, lost), wrote(50 * time.Second)}, state: Unknown, cause: CauseLoading},
		"nobody knows when the new one was written":       {given: []change{nothing, olderConfig(anySight, time.Minute)}, state: Unknown, cause: CauseLoading},
		"an engine that reports no configuration":         {given: []change{nothing, onSights(anySight, func(s *v1alpha1.Sight) { s.ConfigDigest = "" }), onFacts(func(f *Facts) { f.ConfigDigest = "" })}, state: Kept},
		"another node of the same name":                   {given: []change{nothing, onSights(httpOfEdge1, func(s *v1alpha1.Sight) { s.NodeUID = "older" })}, state: Unknown, cause: CauseChanged},
		"another Service of the same name":                {given: []change{nothing, onFacts(func(f *Facts) { f.ServiceUID = "newer" })}, state: Unknown, cause: CauseChanged},
		"a field that can change the address was changed": {given: []change{nothing, onFacts(func(f *Facts) { f.PathDigest = "newer" })}, state: Unknown, cause: CauseChanged},
		"the prober's own node":                           {given: []change{nothing, onReport(func(r *v1alpha1.SourceIPReport) { r.Spec.Node = "edge-1" })}, state: Unknown, cause: CauseOnlyNode},
		"a loss on the prober's own node":                 {given: []change{onSights(httpOfEdge1, lost), onReport(func(r *v1alpha1.SourceIPReport) { r.Spec.Node = "edge-1" })}, state: Kept},
		"no witness":                                      {given: []change{nothing, problem(v1alpha1.ReportWitnessMissing)}, state: Unknown, cause: CauseWitnessMissing},
		"no node ports":                                   {given: []change{nothing, problem(v1alpha1.ReportNoNodePorts)}, state: Unknown, cause: CauseNoNodePorts},
		"the second IP family was not asked":              {given: []change{onFacts(func(f *Facts) { f.Serving[0].Families = []string{"IPv4", "IPv6"} })}, state: Unknown, cause: CauseNotAsked},
		"a forged request that loses the address":         {given: []change{onSights(httpsOfEdge1, func(s *v1alpha1.Sight) { lost(s); s.Forgeries = []string{"Forwarded"} })}, state: Lost, whose: "the node's own pod gateway"},
		"a vantage that stopped after a loss":             {given: []change{stopped(6 * time.Minute), onSights(httpOfEdge1, lost)}, state: Kept},
		"a vantage that only writes that it lives":        {given: []change{stopped(6 * time.Minute), onSights(httpOfEdge1, lost), control(func(c *v1alpha1.NegativeControl) { c.Time = at(time.Minute) })}, state: Lost, whose: "the node's own pod gateway"},
		"a vantage that asks this rarely":                 {given: []change{onSights(httpsOfEdge1, func(s *v1alpha1.Sight) { lost(s); s.Time = at(6 * time.Minute) })}, state: Lost, whose: "the node's own pod gateway"},
		"a vantage that stopped, with a time far ahead":   {given: []change{stopped(6 * time.Minute), onSights(httpOfEdge1, lost), onSights(func(s v1alpha1.Sight) bool { return s.Node == "edge-2" }, taken(-time.Hour))}, state: Kept},
		"a vantage that may still write":                  {given: []change{onSights(httpOfEdge1, lost), stopped(4 * time.Minute)}, state: Lost, whose: "the node's own pod gateway"},
		"a loss that HTTPS of another vantage leaves":     {given: []change{stopped(6 * time.Minute), onSights(httpOfEdge1, lost), second(func(r *v1alpha1.SourceIPReport) { r.Status.Sights = r.Status.Sights[1:] })}, state: Lost, whose: "the node's own pod gateway"},
		"reports of people do not count":                  {given: []change{onReport(func(r *v1alpha1.SourceIPReport) { r.Spec.Vantage = v1alpha1.VantageOutside }), nothing}, state: Unknown, cause: CauseNotAsked},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			f, reports := facts(), []v1alpha1.SourceIPReport{inside("app-1"), inside("app-2")}
			for _, do := range row.given {
				do(&f, reports)
			}
			leg := Inside(f, reports)[0]
			if leg.Node != "edge-1" || leg.State != row.state || leg.Cause != row.cause || leg.Whose != row.whose {
				t.Errorf("got %s %q whose %q, want %s %q whose %q", leg.State, leg.Cause, leg.Whose, row.state, row.cause, row.whose)
			}
		})
	}
	if leg := Inside(facts(), nil)[1]; leg.State != Unknown || leg.Cause != CauseNoReport {
		t.Errorf("without reports: %s %s", leg.State, leg.Cause)
	}
}

func TestLoads(t *testing.T) {
	f, report := facts(), inside("app-1")
	report.Status.Sights[0].ConfigDigest, report.Status.Sights[0].Time = "older", at(time.Second) // The newest counts.
	report.Status.Sights[2].PodUID, report.Status.Sights[3].Seen = "older", v1alpha1.SeenNobody   // Nothing of edge-2 does.
	loads := Loads(f, []v1alpha1.SourceIPReport{report, outside()})
	if loads[0] != (Load{"edge-1", "pod-edge-1", "older", noon.Add(-time.Second)}) || loads[1] != (Load{Node: "edge-2"}) {
		t.Errorf("got %+v", loads)
	}
}

// Of two pods on a node, one that runs another configuration is the one to name, whichever answered last.
func TestLoadsOfTwoPodsOnANode(t *testing.T) {
	f, report := facts(), inside("app-1")
	f.Serving[0].Pods = append(f.Serving[0].Pods, "second")
	sights := report.Status.Sights
	sights[0].PodUID, sights[0].ConfigDigest, sights[0].Time = "second", "older", at(2*time.Minute)
	want := Load{"edge-1", "second", "older", noon.Add(-2 * time.Minute)}
	if loads := Loads(f, []v1alpha1.SourceIPReport{report}); loads[0] != want {
		t.Errorf("got %+v", loads[0])
	}
	sights[1].PodUID, sights[1].Time = "second", at(time.Minute) // It has loaded it since.
	sights[1].ConfigDigest = wanted
	if loads := Loads(f, []v1alpha1.SourceIPReport{report}); loads[0].Digest != wanted {
		t.Errorf("after that it has loaded it: %+v", loads[0])
	}
}

// While an engine loads a configuration, the one before answers some requests.
func TestLoadsWhileTheConfigurationIsLoaded(t *testing.T) {
	type seen struct {
		ago    time.Duration
		digest string
	}
	const minute = time.Minute
	rows := map[string]struct {
		written       time.Duration
		first, second []seen
		want          string
	}{
		"both vantages meet the new one":                      {written: minute, first: []seen{{20 * time.Second, wanted}}, second: []seen{{10 * time.Second, wanted}}, want: wanted},
		"one round meets both, the new one first":             {written: minute, first: []seen{{20 * time.Second, wanted}, {20 * time.Second, "older"}}, want: "older"},
		"one round meets both, the new one last":              {written: minute, first: []seen{{20 * time.Second, "older"}, {20 * time.Second, wanted}}, want: "older"},
		"the next round meets the new one":                    {written: minute, first: []seen{{20 * time.Second, "older"}, {19 * time.Second, wanted}}, want: wanted},
		"another vantage meets the one before a moment later": {written: minute, first: []seen{{20 * time.Second, wanted}}, second: []seen{{19 * time.Second, "older"}}, want: wanted},
		"the same with the reports in another order":          {written: minute, first: []seen{{19 * time.Second, "older"}}, second: []seen{{20 * time.Second, wanted}}, want: wanted},
		"it meets the one before when loading is over":        {written: 5 * minute, first: []seen{{4 * minute, wanted}}, second: []seen{{3 * minute, "older"}}, want: "older"},
		"the new one was seen before it was written":          {written: minute, first: []seen{{2 * minute, wanted}}, second: []seen{{30 * time.Second, "older"}}, want: "older"},
		"the time of the write is not known":                  {first: []seen{{20 * time.Second, wanted}}, second: []seen{{19 * time.Second, "older"}}, want: "older"},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			f := facts()
			if row.written > 0 {
				f.ConfigWritten = noon.Add(-row.written)
			}
			report := func(name string, sights []seen) v1alpha1.SourceIPReport {
				r := inside(name)
				all := r.Status.Sights
				r.Status.Sights = nil
				for i, saw := range sights {
					sight := all[i]
					sight.ConfigDigest, sight.Time = saw.digest, at(saw.ago)
					r.Status.Sights = append(r.Status.Sights, sight)
				}
				return r
			}
			loads := Loads(f, []v1alpha1.SourceIPReport{report("app-1", row.first), report("app-2", row.second)})
			if loads[0].Digest != row.want {
				t.Errorf("got %+v, want %s", loads[0], row.want)
			}
		})
	}
}

func TestNextEnd(t *testing.T) {
	f, report := facts(), inside("app-1")
	if at := NextEnd(f, []v1alpha1.SourceIPReport{report, outside()}); !at.Equal(noon.Add(InsideLife - time.Minute)) {
		t.Errorf("the next end is at %s", at)
	}
	f.Now = noon.Add(InsideLife)
	if at := NextEnd(f, []v1alpha1.SourceIPReport{report, outside()}); !at.Equal(noon.Add(OutsideLife - 24*time.Hour)) {
		t.Errorf("when the inside evidence has ended, the next end is at %s", at)
	}
	if at := NextEnd(f, nil); !at.IsZero() {
		t.Errorf("without reports the next end is at %s", at)
	}
}
