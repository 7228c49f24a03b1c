package evidence

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// How long evidence counts. These are no settings: a person who wants a True for longer has to measure again.
const (
	// InsideLife is for everything that an inside vantage asks. It asks the rarest kind every five minutes, and
	// writes its report every three minutes at rest.
	InsideLife = 10 * time.Minute
	// OutsideLife is for everything that an outside vantage asks.
	OutsideLife = 30 * 24 * time.Hour
	// ahead is how far a time may lie in the future.
	ahead = 2 * time.Minute
	// silent is after how long a vantage that lives would have written again. All that it saw is then replaced by
	// what another vantage saw on the same leg. Until then it asks again itself, and some kinds of requests rarely.
	silent = 4 * time.Minute
)

// Facts are what the sights of reports are compared with.
type Facts struct {
	// Now is the time by the API server's clock.
	Now time.Time
	// ServiceUID is that of the live Service; empty without one.
	ServiceUID types.UID
	// PathDigest is that of the live objects.
	PathDigest string
	// ConfigDigest is that of the configuration which the engine should have loaded; empty where the engine
	// reports none.
	ConfigDigest string
	// ConfigWritten is when that configuration was written, by the API server's clock; zero where it is not known.
	ConfigWritten time.Time
	// Serving are the edge nodes on which a controller serves, in order.
	Serving []Node
	// Published are the addresses at which clients reach the controller.
	Published []string
	// Ports are those that clients use at the published addresses. A request to any other port proves nothing.
	Ports map[v1alpha1.Scheme]int32
	// HeaderFront is set where the controller takes the client's address from a header that something in
	// front of the published addresses writes. Only a request under a real host name crosses that.
	HeaderFront bool
	// ProxyFront is set where the controller refuses connections without PROXY protocol, and something in front
	// of the published addresses may write it. A plain request that arrives has crossed that.
	ProxyFront bool
	// NodeAddresses is set where the published addresses are those of the edge nodes.
	NodeAddresses bool
	// Places says whose an address is.
	Places *Places

	// configs are those that the reports name.
	configs configs
}

// Node is an edge node on which a controller serves.
type Node struct {
	Name string
	UID  types.UID
	// Pods are the uids of the controller pods that serve there.
	Pods []types.UID
	// Families are the IP families in which it can be asked.
	Families []string
}

// State of a leg.
type State string

// The values of State.
const (
	// Kept: the address of the sender arrived.
	Kept State = "Kept"
	// Lost: another address arrived, and only the leg can have put it there.
	Lost State = "Lost"
	// Unknown: nothing proves either.
	Unknown State = "Unknown"
)

// rank puts a loss first.
func (s State) rank() int { return slices.Index([]State{Lost, Unknown, Kept}, s) }

// Leg is a part of the path with what is known of it.
type Leg struct {
	// Node is the edge node of a leg from node to controller; empty for a leg from outside.
	Node string
	// Address is the published address of a leg from outside; empty for a leg from node to controller.
	Address string
	State   State
	// Cause says why the state is Unknown; empty otherwise.
	Cause Cause
	// Detail explains the cause where that needs a word more.
	Detail string
	// Sight is the one that decided; nil where none did.
	Sight *v1alpha1.Sight
	// Whose is whose address arrived instead of the sender's, and Place where that belongs; empty where that is
	// unknown.
	Whose string
	Place Place
	// Report is the name of the report with the sight.
	Report string
	// Newest is the time of the newest sight of this leg that counts; zero without one.
	Newest time.Time
	// Ends is when the evidence ends; zero where there is none.
	Ends time.Time
}

// reading is what one sight says about a leg.
type reading struct {
	sight  *v1alpha1.Sight
	report *v1alpha1.SourceIPReport
	// state is Unknown where the sight proves nothing, because of cause.
	state  State
	cause  Cause
	detail string
	whose  string
	place  Place
	ends   time.Time
}

func (r reading) plain() bool { return len(r.sight.Forgeries) == 0 }

// contradicts reports whether a leg is not kept while this stands.
func (r reading) contradicts() bool {
	return r.state == Lost || r.cause == CauseNotRepeated || r.cause == CauseBelieved
}

// key is a kind of plain request that a leg needs.
type key struct {
	scheme v1alpha1.Scheme
	family string
}

func (r reading) key() key { return key{r.sight.Scheme, r.sight.Family} }

// before puts HTTPS first, because most clients use it.
func (k key) before(other key) bool {
	return cmp.Or(cmp.Compare(other.scheme, k.scheme), cmp.Compare(k.family, other.family)) < 0
}

// timely says whether a sight of this time counts, and until when.
func (f *Facts) timely(at time.Time, life time.Duration) (ends time.Time, cause Cause) {
	ends = at.Add(life)
	switch {
	case at.After(f.Now.Add(ahead)):
		return ends, CauseAhead
	case !f.Now.Before(ends):
		return ends, CauseEnded
	}
	return ends, ""
}

// covers reports whether the first sight was of a request that the second was of, too.
func covers(first, second *v1alpha1.Sight) bool {
	if first.Scheme != second.Scheme || first.Port != second.Port || first.Family != second.Family || (len(first.Forgeries) == 0) != (len(second.Forgeries) == 0) {
		return false
	}
	return !slices.ContainsFunc(second.Forgeries, func(name string) bool { return !slices.Contains(first.Forgeries, name) })
}

// decide makes the leg of what was read. needs are the kinds of plain request of which each has to have
// arrived, and replaced reports whether the first reading makes the second obsolete.
func decide(leg Leg, readings []reading, needs []key, replaced func(by, old reading) bool) Leg {
	standing := slices.DeleteFunc(slices.Clone(readings), func(old reading) bool {
		return old.contradicts() && slices.ContainsFunc(readings, func(by reading) bool { return by.state == Kept && covers(by.sight, old.sight) && replaced(by, old) })
	})
	worst, ends := sum(&leg, standing)
	var lacking []string
	for _, k := range needs {
		if ends[k].IsZero() {
			lacking = append(lacking, fmt.Sprintf("%s over %s", k.scheme, k.family))
		}
	}
	lacks := len(needs) == 0 || len(lacking) > 0
	switch {
	case worst != nil && (worst.contradicts() || lacks):
		leg.State, leg.Cause, leg.Detail, leg.Sight, leg.Whose, leg.Ends = worst.state, worst.cause, worst.detail, worst.sight, worst.whose, worst.ends
		leg.Report, leg.Place = worst.report.Name, worst.place
	case lacks:
		leg.State, leg.Cause, leg.Detail = Unknown, CauseNotAsked, strings.Join(lacking, ", ")
	default:
		leg.State = Kept
		for _, k := range needs {
			if leg.Ends.IsZero() || ends[k].Before(leg.Ends) {
				leg.Ends = ends[k]
			}
		}
	}
	return leg
}

// sum notes the newest time of what counts, and returns the worst reading and when the evidence of each kind of
// plain request ends.
func sum(leg *Leg, standing []reading) (worst *reading, ends map[key]time.Time) {
	ends = map[key]time.Time{}
	for i := range standing {
		r := &standing[i]
		if r.sight != nil && r.cause != CauseEnded && r.cause != CauseAhead && r.sight.Time.After(leg.Newest) {
			leg.Newest = r.sight.Time.Time
		}
		if r.state == Kept && r.plain() && r.ends.After(ends[r.key()]) {
			ends[r.key()] = r.ends
		}
		if r.state != Kept && (worst == nil || worse(*r, *worst)) {
			worst = r
		}
	}
	return worst, ends
}

// worse puts a loss first, then the causes in their order, and among equals the newest.
func worse(a, b reading) bool {
	if (a.state == Lost) != (b.state == Lost) {
		return a.state == Lost
	}
	if a.cause != b.cause {
		return a.cause.rank() < b.cause.rank()
	}
	return a.sight != nil && (b.sight == nil || a.sight.Time.After(b.sight.Time.Time))
}

// NextEnd returns the next time after Now at which one of the sights begins or ceases to count; zero where
// there is none.
func NextEnd(f Facts, reports []v1alpha1.SourceIPReport) time.Time {
	var next time.Time
	consider := func(at time.Time) {
		if at.After(f.Now) && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	for i := range reports {
		status := &reports[i].Status
		outside := reports[i].Spec.Vantage != v1alpha1.VantageInside
		if status.Control != nil {
			consider(status.Control.Time.Add(InsideLife))
		}
		for _, sight := range status.Sights {
			consider(sight.Time.Add(-ahead))
			if outside {
				consider(sight.Time.Add(OutsideLife))
				continue
			}
			consider(sight.Time.Add(InsideLife))
		}
	}
	return next
}

// addressOf reads an address of a report; the zero value is none.
func addressOf(text string) netip.Addr {
	parsed, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}
	}
	return parsed.Unmap().WithZone("")
}
