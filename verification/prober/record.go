package prober

import (
	"cmp"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/verification/probe"
)

// fullInterval is how old sights of a target may get that are not part of each round. Evidence ends after ten
// minutes (evidence.InsideLife), and a report at rest is written every three. So the oldest sight in a report is
// eight minutes old, and the next report comes before its end.
const fullInterval = 5 * time.Minute

// record holds what one vantage saw of one EdgeIngress. It is not safe for concurrent use.
type record struct {
	targets map[target]*seen
	counts  map[v1alpha1.Seen]int64
}

// seen is what was seen of one target.
type seen struct {
	// full is when all kinds of requests were sent, by the monotonic clock; zero for never.
	full time.Time
	// digests of the configurations that the pods reported last.
	digests map[types.UID]string
	kinds   map[kind]*sight
}

// kind is a kind of request.
type kind struct {
	scheme  v1alpha1.Scheme
	forgery string
}

// plainHTTP is the kind that each round asks for.
var plainHTTP = kind{scheme: v1alpha1.SchemeHTTP}

// result is what one request met.
type result struct {
	probe.Result
	issued time.Time
	pod    types.UID
	digest string
}

func newRecord() *record {
	return &record{targets: map[target]*seen{}, counts: map[v1alpha1.Seen]int64{}}
}

// keep drops everything about targets that are not planned, so that a replaced pod or node leaves no sight.
func (r *record) keep(targets []target) {
	planned := map[target]bool{}
	for _, t := range targets {
		planned[t] = true
		if r.targets[t] == nil {
			r.targets[t] = &seen{digests: map[types.UID]string{}, kinds: map[kind]*sight{}}
		}
	}
	for t := range r.targets {
		if !planned[t] {
			delete(r.targets, t)
		}
	}
}

// forget drops everything that was seen of all targets.
func (r *record) forget(targets []target) {
	clear(r.targets)
	r.keep(targets)
}

// again makes all kinds of requests due for every target.
func (r *record) again() {
	for _, s := range r.targets {
		s.full = time.Time{}
	}
}

// add notes the results of an errand in a regular round, or in one that only repeats.
func (r *record) add(o outcome, regular bool, now time.Time) {
	t := o.target
	s := r.targets[t]
	if s == nil {
		return // It was replaced while it was asked.
	}
	for k, found := range o.results {
		r.counts[found.Seen]++
		if s.kinds[k] == nil {
			s.kinds[k] = &sight{}
		}
		s.kinds[k].add(found, !o.complete && (!regular || !t.primary || k != t.plain()))
		if k == t.plain() && found.Seen != v1alpha1.SeenElsewhere {
			s.digests[found.pod] = found.digest
		}
	}
	if o.complete {
		s.full = now
		for k := range s.kinds { // A kind that is not asked any more, because the spec names another header.
			if _, asked := o.results[k]; !asked {
				delete(s.kinds, k)
			}
		}
	}
}

// due reports whether all kinds of requests are due for a target, of which a plain request has just met this.
func (s *seen) due(plain result, now time.Time) bool {
	if s.full.IsZero() || now.Sub(s.full) >= fullInterval {
		return true
	}
	digest, known := s.digests[plain.pod]
	return plain.Seen != v1alpha1.SeenElsewhere && (!known || digest != plain.digest || s.mixed(plain))
}

// behind reports whether the pods at a target answered there with another configuration than over the family that is
// asked in each round.
func (r *record) behind(t target) bool {
	for primary, known := range r.targets {
		if !primary.primary || primary == t || primary.nodeUID != t.nodeUID {
			continue
		}
		for pod, digest := range r.targets[t].digests {
			if newer, met := known.digests[pod]; met && newer != digest {
				return true
			}
		}
	}
	return false
}

// mixed reports whether the same pod answered another kind of request with another configuration than a plain request
// has just met: while it loads one, old and new workers answer.
func (s *seen) mixed(plain result) bool {
	for _, found := range s.kinds {
		if found.pod == plain.pod && found.digest != "" && found.digest != plain.digest {
			return true
		}
	}
	return false
}

// mends reports whether a plain request has just met no loss where one stands. Then the same is likely for the kinds
// of requests that are asked less often.
func (s *seen) mends(t target, plain result) bool {
	before := s.kinds[t.plain()]
	return before != nil && before.loss != nil && plain.Seen == v1alpha1.SeenOwn
}

// unsettled are the kinds of requests that should be repeated soon, for each target.
func (r *record) unsettled() map[target][]kind {
	all := map[target][]kind{}
	for t, s := range r.targets {
		for k, found := range s.kinds {
			if found.unsettled(k) {
				all[t] = append(all[t], k)
			}
		}
		slices.SortFunc(all[t], kind.compare)
	}
	return all
}

// decided reports whether a plain request met the witness at every target that each round asks.
func (r *record) decided() bool {
	for t, s := range r.targets {
		if !t.primary {
			continue
		}
		found := s.kinds[t.plain()]
		if found == nil || found.Seen == v1alpha1.SeenNobody || found.Seen == v1alpha1.SeenUnsigned || found.Seen == v1alpha1.SeenElsewhere {
			return false
		}
	}
	return true
}

// plain is the kind of request that each round sends to the target: HTTP, unless it has HTTPS only.
func (t target) plain() kind {
	if t.http == 0 {
		return kind{scheme: v1alpha1.SchemeHTTPS}
	}
	return plainHTTP
}

func (k kind) compare(other kind) int {
	return cmp.Or(cmp.Compare(k.scheme, other.scheme), cmp.Compare(k.forgery, other.forgery))
}
