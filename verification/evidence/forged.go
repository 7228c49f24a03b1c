package evidence

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// Belief is an address that a request only claimed, and that was believed although the controller trusts no
// such sender.
type Belief struct {
	Sight  *v1alpha1.Sight
	Report string
}

// Believed returns the newest belief; nil where none stands.
func Believed(f Facts, reports []v1alpha1.SourceIPReport) *Belief {
	f.learnConfigs(reports)
	var newest *reading
	consider := func(list []reading, replaced func(by, old reading) bool) {
		for i := range list {
			r := &list[i]
			stands := r.cause == CauseBelieved && !slices.ContainsFunc(list, func(by reading) bool {
				return by.state == Kept && covers(by.sight, r.sight) && replaced(by, *r)
			})
			if stands && (newest == nil || r.sight.Time.After(newest.sight.Time.Time)) {
				newest = r
			}
		}
	}
	found := f.readAllInside(insideReports(reports))
	for _, node := range slices.Sorted(maps.Keys(found)) {
		consider(found[node], f.replacedInside)
	}
	outside, _, _ := f.readOutside(reports)
	for _, address := range slices.Sorted(maps.Keys(outside)) {
		consider(outside[address], f.replacedOutside)
	}
	if newest == nil {
		return nil
	}
	return &Belief{newest.sight, newest.report.Name}
}

// Refusal is a look from outside in which no forgery was believed.
type Refusal struct {
	// Address that was asked, Source the sender, and Report the report.
	Address, Source, Report string
	// Time is when the oldest of its requests was sent.
	Time time.Time
}

// Refused returns the look from outside through the front in which the forgeries that matter were refused; nil
// without one. header is the header that the controller believes, or "", and proxy is set where it believes
// PROXY protocol. The request has to come from something that the controller trusts: a front that it does not trust
// is not believed, whatever it passes on.
func Refused(f Facts, reports []v1alpha1.SourceIPReport, header string, proxy bool) *Refusal {
	f.learnConfigs(reports)
	var needs []string
	if header != "" {
		needs = append(needs, ForgeryOf(header), SeveralForgeriesOf(header))
	}
	if proxy {
		needs = append(needs, ForgedProxyV1, ForgedProxyV2)
	}
	var best *Refusal
	for i := range reports {
		report := &reports[i]
		if report.Spec.Vantage != v1alpha1.VantageOutside || report.Status.ServiceUID != f.ServiceUID || report.Status.PathDigest != f.PathDigest {
			continue
		}
		for j := range report.Status.Sights {
			plain := &report.Status.Sights[j]
			if len(plain.Forgeries) > 0 || !f.arrives(report, plain) || !f.throughFront(plain, header) {
				continue
			}
			if refusal := f.refusedThere(report, plain, needs); refusal != nil && (best == nil || refusal.Time.After(best.Time)) {
				best = refusal
			}
		}
	}
	return best
}

// arrives reports whether a plain request reached the witness with an address that is the sender's or may be.
func (f *Facts) arrives(report *v1alpha1.SourceIPReport, plain *v1alpha1.Sight) bool {
	r := f.readOutsideSight(report, plain)
	return r.state == Kept || r.cause == CauseBehindNAT || r.cause == CauseAsStated
}

// throughTrusted reports whether the controller was reached from something that it believes, and that is not the
// sender. header is set where it believes a header: then what the PROXY header names has to be trusted, too.
func (f *Facts) throughTrusted(sight *v1alpha1.Sight, header bool) bool {
	peers := sight.Peers
	if !header {
		peers = peers[:min(len(peers), 1)]
	}
	untrusted := func(peer string) bool { return !f.Places.Trusts(addressOf(peer)) }
	return len(peers) > 0 && !slices.ContainsFunc(peers, untrusted) && !f.Places.Trusts(addressOf(sight.Source))
}

// throughFront reports whether a request crossed what the controller believes.
func (f *Facts) throughFront(plain *v1alpha1.Sight, header string) bool {
	published := slices.Contains(f.Published, f.published(plain.Address))
	switch {
	case !f.throughTrusted(plain, header != ""):
		return false
	case header == "":
		return true
	case f.HeaderFront:
		return !published && plain.Host != ""
	default:
		return published
	}
}

// refusedThere looks at the forged requests to the target of a plain one. All have to be refused, and all that
// matter have to be among them.
func (f *Facts) refusedThere(report *v1alpha1.SourceIPReport, plain *v1alpha1.Sight, needs []string) *Refusal {
	found := &Refusal{Address: cmp.Or(plain.Host, plain.Address), Source: plain.Source, Report: report.Name, Time: plain.Time.Time}
	var refused []string
	for i := range report.Status.Sights {
		sight := &report.Status.Sights[i]
		if !SameTarget(sight, plain) || len(sight.Forgeries) == 0 {
			continue
		}
		if _, untimely := f.timely(sight.Time.Time, OutsideLife); untimely != "" {
			continue
		}
		if !f.refuses(report, sight) {
			if sight.Seen == v1alpha1.SeenNobody || sight.Seen == v1alpha1.SeenUnsigned {
				continue
			}
			return nil
		}
		refused = append(refused, sight.Forgeries...)
		if sight.Time.Time.Before(found.Time) {
			found.Time = sight.Time.Time
		}
	}
	for _, name := range needs {
		if !slices.ContainsFunc(refused, func(had string) bool { return strings.EqualFold(had, name) }) {
			return nil
		}
	}
	return found
}

// refuses reports whether the forgeries of a request had no effect.
func (f *Facts) refuses(report *v1alpha1.SourceIPReport, sight *v1alpha1.Sight) bool {
	if sight.Seen == v1alpha1.SeenNobody || sight.Seen == v1alpha1.SeenUnsigned {
		return Refusing(sight)
	}
	return f.arrives(report, sight)
}

// unreadable is how a server ends a connection that begins with a PROXY header which it does not expect (package
// probe). A request that met nobody, or whose answer may have been lost, was not refused.
var unreadable = []string{"TLSFailed", "ConnectionReset", "ClosedWithoutAnswer", "NotHTTP"}

// noRefusals are errors that have other reasons than what a request says: a spent challenge, and too much to do.
var noRefusals = []string{"HTTP 404", "HTTP 408", "HTTP 429"}

// Refusing reports whether this is how a request is refused because of its forgeries: with an error about them, or
// because a PROXY header makes it unreadable.
func Refusing(sight *v1alpha1.Sight) bool {
	if len(sight.Forgeries) == 0 || (sight.Seen != v1alpha1.SeenNobody && sight.Seen != v1alpha1.SeenUnsigned) {
		return false
	}
	byProxy := !slices.ContainsFunc(sight.Forgeries, func(name string) bool { return name != ForgedProxyV1 && name != ForgedProxyV2 })
	return (byProxy && slices.Contains(unreadable, sight.Detail)) || (strings.HasPrefix(sight.Detail, "HTTP 4") && !slices.Contains(noRefusals, sight.Detail))
}
