package evidence

import (
	"slices"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// knownProxies are the modes of kube-proxy in which connections of a node to another node's port cross that
// node. Other replacements may translate the connection at the socket.
var knownProxies = []string{"iptables", "nftables", "ipvs"}

// Inside returns what the inside reports prove about each serving edge node: whether it and its controller
// keep the address of a connection. The caller passes inside reports only where nobody but the prober can
// have written them.
func Inside(f Facts, reports []v1alpha1.SourceIPReport) []Leg {
	f.learnConfigs(reports)
	views := insideReports(reports)
	found := f.readAllInside(views)
	legs := make([]Leg, 0, len(f.Serving))
	for _, node := range f.Serving {
		readings := slices.Concat(found[node.Name], missing(views))
		legs = append(legs, decide(Leg{Node: node.Name}, readings, needsOf(node), f.replacedInside))
	}
	return legs
}

func insideReports(reports []v1alpha1.SourceIPReport) []*v1alpha1.SourceIPReport {
	var inside []*v1alpha1.SourceIPReport
	for i := range reports {
		if reports[i].Spec.Vantage == v1alpha1.VantageInside {
			inside = append(inside, &reports[i])
		}
	}
	return inside
}

// readAllInside returns the readings by serving edge node.
func (f *Facts) readAllInside(reports []*v1alpha1.SourceIPReport) map[string][]reading {
	found := map[string][]reading{}
	for _, report := range reports {
		doubt, detail := f.doubtOf(report)
		for i := range report.Status.Sights {
			sight := &report.Status.Sights[i]
			if node := f.serving(sight.Node); node != nil {
				found[node.Name] = append(found[node.Name], f.readInside(report, sight, node, doubt, detail))
			}
		}
	}
	return found
}

func needsOf(node Node) []key {
	var needs []key
	for _, family := range node.Families {
		needs = append(needs, key{v1alpha1.SchemeHTTP, family}, key{v1alpha1.SchemeHTTPS, family})
	}
	return needs
}

func (f *Facts) serving(name string) *Node {
	at := slices.IndexFunc(f.Serving, func(node Node) bool { return node.Name == name })
	if at < 0 {
		return nil
	}
	return &f.Serving[at]
}

// missing are readings without a sight: the problems that the vantages report, or that there is no report.
func missing(views []*v1alpha1.SourceIPReport) []reading {
	if len(views) == 0 {
		return []reading{{report: &v1alpha1.SourceIPReport{}, state: Unknown, cause: CauseNoReport}}
	}
	var found []reading
	for _, report := range views {
		if cause, known := problems[report.Status.Problem]; known {
			found = append(found, reading{report: report, state: Unknown, cause: cause, detail: report.Status.Detail})
		}
	}
	return found
}

// doubtOf says why no sight of an inside report counts; empty where they do.
func (f *Facts) doubtOf(report *v1alpha1.SourceIPReport) (cause Cause, detail string) {
	control := report.Status.Control
	if control != nil {
		if _, stale := f.timely(control.Time.Time, InsideLife); stale != "" {
			return stale, ""
		}
	}
	switch {
	case control != nil && control.Answered:
		return CauseTranslated, control.Node
	case control == nil, control.Node == "" && !slices.Contains(knownProxies, control.ServiceProxy):
		return CauseNoControl, report.Spec.Node
	case report.Status.ServiceUID != f.ServiceUID || report.Status.PathDigest != f.PathDigest:
		return CauseChanged, ""
	}
	return "", ""
}

func (f *Facts) readInside(report *v1alpha1.SourceIPReport, sight *v1alpha1.Sight, node *Node, doubt Cause, detail string) reading {
	r := reading{sight: sight, report: report, state: Unknown}
	var untimely Cause
	r.ends, untimely = f.timely(sight.Time.Time, InsideLife)
	switch {
	case untimely != "":
		r.cause = untimely
	case doubt != "":
		r.cause, r.detail = doubt, detail
	case sight.Node == report.Spec.Node:
		r.cause = CauseOnlyNode // A node masquerades its own connections.
	case sight.NodeUID != node.UID:
		r.cause = CauseChanged
	case sight.Seen == v1alpha1.SeenNobody:
		r.cause, r.detail = f.refusedOr(report, sight, CauseUnanswered)
	case sight.Seen == v1alpha1.SeenUnsigned:
		r.cause, r.detail = f.refusedOr(report, sight, CauseUnsigned)
	case sight.Seen == v1alpha1.SeenElsewhere:
		r.cause, r.detail = CauseElsewhere, sight.Detail
	case !slices.Contains(node.Pods, sight.PodUID):
		r.cause = CauseReplaced
	case !f.isLoaded(sight):
		r.cause = CauseLoading
	default:
		f.judgeInside(&r)
	}
	return r
}

// judgeInside judges an answer of the witness.
func (f *Facts) judgeInside(r *reading) {
	switch source := addressOf(r.sight.Source); {
	case r.sight.Seen == v1alpha1.SeenOwn:
		r.state = Kept
	case r.sight.Seen == v1alpha1.SeenForged && f.Places.Trusts(source):
		r.cause, r.detail = CauseProberTrusted, r.sight.Source
	case r.sight.Seen == v1alpha1.SeenForged:
		r.cause = CauseBelieved
	case r.sight.Seen == v1alpha1.SeenOther && r.sight.Repeated >= Confirmed:
		seen := addressOf(r.sight.SeenAddress)
		r.state, r.whose, r.place = Lost, f.Places.Whose(seen, r.sight.Node), f.Places.Of(seen)
	default:
		r.cause = CauseNotRepeated
	}
}

// refusedOr returns the cause, unless the request was refused for its forgery, which is well.
func (f *Facts) refusedOr(report *v1alpha1.SourceIPReport, sight *v1alpha1.Sight, cause Cause) (found Cause, detail string) {
	if len(sight.Forgeries) > 0 && plainArrived(report, sight) {
		return CauseNotAsked, ""
	}
	return cause, sight.Detail
}

// plainArrived reports whether a plain request to the target of a forged one was answered by the witness.
func plainArrived(report *v1alpha1.SourceIPReport, forged *v1alpha1.Sight) bool {
	return slices.ContainsFunc(report.Status.Sights, func(plain v1alpha1.Sight) bool {
		answered := plain.Seen == v1alpha1.SeenOwn || plain.Seen == v1alpha1.SeenOther
		return len(plain.Forgeries) == 0 && answered && SameTarget(&plain, forged)
	})
}

// replacedInside reports whether a vantage that still writes replaces what another one saw, which has stopped.
func (f *Facts) replacedInside(by, old reading) bool {
	return by.report.Name != old.report.Name && by.sight.Time.Sub(f.lastLife(old.report)) >= silent
}

// lastLife is the newest time in an inside report that is not from the future. A vantage that asks nothing new
// still makes challenges.
func (f *Facts) lastLife(report *v1alpha1.SourceIPReport) (newest time.Time) {
	consider := func(at time.Time) {
		if at.After(newest) && !at.After(f.Now.Add(ahead)) {
			newest = at
		}
	}
	for i := range report.Status.Sights {
		consider(report.Status.Sights[i].Time.Time)
	}
	for _, challenge := range report.Status.Challenges {
		consider(challenge.Issued.Time)
	}
	if control := report.Status.Control; control != nil {
		consider(control.Time.Time)
	}
	return newest
}
