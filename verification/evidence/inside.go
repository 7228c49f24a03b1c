package evidence

import (
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// knownProxies are the modes of kube-proxy in which connections of a node to another node's port cross that
// node. Other replacements may translate the connection at the socket.
var knownProxies = []string{"iptables", "nftables", "ipvs"}

// Inside returns what the inside reports prove about each serving edge node: whether it and its controller
// keep the address of a connection. The caller passes inside reports only where nobody but the prober can
// have written them.
func Inside(f Facts, reports []v1alpha1.SourceIPReport) []Leg {
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
	found, refusing := map[string][]reading{}, f.refusing(reports)
	for _, report := range reports {
		of := source{report: report, refusing: refusing}
		of.doubt, of.detail = f.doubtOf(report)
		for i := range report.Status.Sights {
			sight := &report.Status.Sights[i]
			if node := f.serving(sight.Node); node != nil {
				found[node.Name] = append(found[node.Name], f.readInside(of, sight, node))
			}
		}
	}
	return found
}

// source is an inside report with what its sights are judged by.
type source struct {
	report *v1alpha1.SourceIPReport
	// doubt says why none of its sights counts; empty where they do. detail explains it.
	doubt  Cause
	detail string
	// refusing are the pods that run another configuration than they should, and that one.
	refusing map[loaded]bool
}

// loaded is a pod with a configuration.
type loaded struct {
	pod    types.UID
	digest string
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

func (f *Facts) readInside(of source, sight *v1alpha1.Sight, node *Node) reading {
	report := of.report
	r := reading{sight: sight, report: report, state: Unknown}
	var untimely Cause
	r.ends, untimely = f.timely(sight.Time.Time, InsideLife)
	switch {
	case untimely != "":
		r.cause = untimely
	case of.doubt != "":
		r.cause, r.detail = of.doubt, of.detail
	case sight.Node == report.Spec.Node:
		r.cause = CauseOnlyNode // A node masquerades its own connections.
	case sight.NodeUID != node.UID:
		r.cause = CauseChanged
	case sight.Seen == v1alpha1.SeenNobody:
		r.cause, r.detail = f.refusedOr(report, sight, CauseUnanswered)
	case sight.Seen == v1alpha1.SeenUnsigned:
		r.cause, r.detail = f.refusedOr(report, sight, CauseUnsigned)
	case sight.Seen == v1alpha1.SeenElsewhere:
		r.cause = CauseElsewhere
	case !slices.Contains(node.Pods, sight.PodUID):
		r.cause = CauseReplaced
	case f.ConfigDigest != "" && sight.ConfigDigest != f.ConfigDigest && !of.refusing[loaded{sight.PodUID, sight.ConfigDigest}]:
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

// Load is the configuration that an edge node was seen to run.
type Load struct {
	Node string
	// Pod is the uid of the controller pod. Of several on a node, one that runs another configuration than it should
	// is the one to name.
	Pod    types.UID
	Digest string
	// Time is when the newest challenge was made whose answer named it; zero where none did.
	Time time.Time
}

// LoadGrace is how long an engine has for loading a configuration after it was written.
const LoadGrace = 60 * time.Second

// Loads returns for each serving edge node the configuration that its controller pod was last seen to run. The
// answers name it and are signed, so that it does not matter which way a request took. While an engine loads a
// configuration, the one before answers some requests: a round with both says that it is not loaded yet, and a
// later answer of the one before does not say that it is not loaded any more.
func Loads(f Facts, reports []v1alpha1.SourceIPReport) []Load {
	newest := f.running(insideReports(reports))
	loads := make([]Load, len(f.Serving))
	for i, node := range f.Serving {
		loads[i].Node = node.Name
		for _, pod := range node.Pods {
			if sight := newest[pod]; sight != nil && f.tellsMore(sight, loads[i]) {
				loads[i] = Load{node.Name, pod, sight.ConfigDigest, sight.Time.Time}
			}
		}
	}
	return loads
}

// refusing returns the pods that were seen to run another configuration when they had had the time to load the one
// they should run, with that other one. It is what clients meet, so what is seen of it counts until the pod is seen to
// run another one.
func (f *Facts) refusing(reports []*v1alpha1.SourceIPReport) map[loaded]bool {
	found := map[loaded]bool{}
	for pod, sight := range f.running(reports) {
		if !f.ConfigWritten.IsZero() && sight.ConfigDigest != f.ConfigDigest && !f.maybeLoading(sight) {
			found[loaded{pod, sight.ConfigDigest}] = true
		}
	}
	return found
}

// running returns for each serving pod the sight that tells what it runs.
func (f *Facts) running(reports []*v1alpha1.SourceIPReport) map[types.UID]*v1alpha1.Sight {
	newest := map[types.UID]*v1alpha1.Sight{}
	for _, report := range reports {
		for pod, sight := range f.runs(report) {
			if known := newest[pod]; known == nil || f.supersedes(sight, known) {
				newest[pod] = sight
			}
		}
	}
	return newest
}

// runs returns for each serving pod the newest sight of a report that names what it runs. Of several in one round
// it is one that names another configuration than the pod should run.
func (f *Facts) runs(report *v1alpha1.SourceIPReport) map[types.UID]*v1alpha1.Sight {
	newest := map[types.UID]*v1alpha1.Sight{}
	for i := range report.Status.Sights {
		sight := &report.Status.Sights[i]
		node := f.serving(sight.Node)
		if node == nil || !Answered(sight) || sight.NodeUID != node.UID || !slices.Contains(node.Pods, sight.PodUID) {
			continue
		}
		if _, untimely := f.timely(sight.Time.Time, InsideLife); untimely != "" {
			continue
		}
		known := newest[sight.PodUID]
		if known == nil || sight.Time.After(known.Time.Time) || (sight.Time.Equal(&known.Time) && sight.ConfigDigest != f.ConfigDigest) {
			newest[sight.PodUID] = sight
		}
	}
	return newest
}

// supersedes reports whether what one vantage saw of a pod counts rather than what another saw.
func (f *Facts) supersedes(sight, known *v1alpha1.Sight) bool {
	switch {
	case f.loaded(sight) && f.maybeLoading(known):
		return true
	case f.loaded(known) && f.maybeLoading(sight):
		return false
	}
	return sight.Time.After(known.Time.Time)
}

// loaded reports whether the pod ran the configuration after it was written.
func (f *Facts) loaded(sight *v1alpha1.Sight) bool {
	return sight.ConfigDigest == f.ConfigDigest && !f.ConfigWritten.IsZero() && !sight.Time.Time.Before(f.ConfigWritten)
}

// maybeLoading reports whether the pod ran another configuration when it still had time to load this one.
func (f *Facts) maybeLoading(sight *v1alpha1.Sight) bool {
	return sight.ConfigDigest != f.ConfigDigest && sight.Time.Time.Before(f.ConfigWritten.Add(LoadGrace))
}

// tellsMore reports whether what one pod runs is to name rather than what another pod on the same node runs.
func (f *Facts) tellsMore(sight *v1alpha1.Sight, known Load) bool {
	differs, knownDiffers := sight.ConfigDigest != f.ConfigDigest, known.Digest != f.ConfigDigest
	if known.Time.IsZero() || differs != knownDiffers {
		return known.Time.IsZero() || differs
	}
	return sight.Time.After(known.Time)
}
