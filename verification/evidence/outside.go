package evidence

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// Crossing is what the outside reports prove about the path up to the edge nodes.
type Crossing struct {
	// Addresses are the legs through the published addresses, in order.
	Addresses []Leg
	// Front is the leg through what writes the header or PROXY protocol in front of the published addresses; nil
	// where neither is taken from there.
	Front *Leg
	// Elsewhere are the legs through other addresses by which the address gets lost.
	Elsewhere []Leg
	// NotCrossed names the serving edge nodes that no outside request is known to have crossed.
	NotCrossed []string
	// Report and Source are the report and the sender of the newest request that arrived with its own address.
	Report, Source string
	// Time is when that one was sent; zero without one.
	Time time.Time
}

// Outside returns what the outside reports prove.
func Outside(f Facts, reports []v1alpha1.SourceIPReport) Crossing {
	f.learnConfigs(reports)
	found, others, looked := f.readOutside(reports)
	crossing := Crossing{}
	for _, address := range f.Published {
		readings := slices.Concat(found[address], others)
		if !looked {
			readings = append(readings, missing(nil)...)
		}
		crossing.Addresses = append(crossing.Addresses, decide(Leg{Address: address}, readings, addressNeeds(address, found[address]), f.replacedOutside))
	}
	if f.HeaderFront || f.ProxyFront {
		front := f.front(found, others, looked)
		crossing.Front = &front
		f.crossThrough(front, crossing.Addresses)
	}
	crossing.Elsewhere = f.elsewhere(found)
	f.summarise(&crossing, found)
	return crossing
}

// crossThrough counts a request through what is in front for the published addresses of which nothing else is
// known. If there is only one, it has crossed that. To addresses of nodes that refuse connections without PROXY
// protocol no client connects itself.
func (f *Facts) crossThrough(front Leg, addresses []Leg) {
	if front.State != Kept || (len(addresses) != 1 && (!f.ProxyFront || !f.NodeAddresses)) {
		return
	}
	for i, leg := range addresses {
		if leg.State == Unknown && !contradiction(leg.Cause) {
			addresses[i] = front
			addresses[i].Address = leg.Address
		}
	}
}

func contradiction(cause Cause) bool { return cause == CauseBelieved || cause == CauseNotRepeated }

// readOutside returns the readings by address. others are those that concern every address, and looked is
// set where there is an outside report at all.
func (f *Facts) readOutside(reports []v1alpha1.SourceIPReport) (found map[string][]reading, others []reading, looked bool) {
	found = map[string][]reading{}
	for i := range reports {
		report := &reports[i]
		if report.Spec.Vantage != v1alpha1.VantageOutside {
			continue
		}
		looked = true
		if report.Status.ServiceUID != f.ServiceUID || report.Status.PathDigest != f.PathDigest {
			others = append(others, reading{report: report, state: Unknown, cause: CauseChanged})
			continue
		}
		for j := range report.Status.Sights {
			sight := &report.Status.Sights[j]
			address := f.published(sight.Address)
			if !f.usedByClients(address, sight) {
				continue
			}
			found[address] = append(found[address], f.readOutsideSight(report, sight))
		}
	}
	return found, others, looked
}

// usedByClients reports whether clients may use the port that was asked at an address. Those of a balancer or proxy in
// front can be any.
func (f *Facts) usedByClients(address string, sight *v1alpha1.Sight) bool {
	return !slices.Contains(f.Published, address) || sight.Port == f.Ports[sight.Scheme]
}

// published returns the published form of an address, or the address itself.
func (f *Facts) published(address string) string {
	parsed := addressOf(address)
	for _, published := range f.Published {
		if published == address || (parsed.IsValid() && addressOf(published) == parsed) {
			return published
		}
	}
	return address
}

func (f *Facts) readOutsideSight(report *v1alpha1.SourceIPReport, sight *v1alpha1.Sight) reading {
	r := reading{sight: sight, report: report, state: Unknown, ends: sight.Time.Add(OutsideLife)}
	if r.cause, r.detail = f.doubtOutside(sight); r.cause != "" {
		return r
	}
	source, seen := addressOf(sight.Source), addressOf(sight.SeenAddress)
	switch {
	case sight.Seen == v1alpha1.SeenOwn:
		r.state = Kept
	case sight.Seen == v1alpha1.SeenForged && f.trustedSender(report, sight):
		r.cause, r.detail = CauseProberTrusted, sight.Source
	case sight.Seen == v1alpha1.SeenForged:
		r.cause = CauseBelieved
	case sight.Seen == v1alpha1.SeenOther:
		r.whose, r.place = f.Places.Whose(seen, ""), f.Places.Of(seen)
		f.judgeOther(&r, Public(source))
	case sight.Seen == v1alpha1.SeenUnsigned:
		r.cause, r.detail = f.refusedOr(report, sight, CauseUnsigned)
	case sight.Seen == v1alpha1.SeenElsewhere:
		r.cause = CauseElsewhere
	default:
		r.cause, r.detail = f.refusedOr(report, sight, CauseUnanswered)
	}
	return r
}

// doubtOutside says why a sight of an outside vantage does not count, whatever it saw; empty where it does.
func (f *Facts) doubtOutside(sight *v1alpha1.Sight) (cause Cause, detail string) {
	_, untimely := f.timely(sight.Time.Time, OutsideLife)
	switch {
	case untimely != "":
		return untimely, ""
	case f.Places.InCluster(addressOf(sight.Source)):
		return CauseFromCluster, sight.Source
	case Answered(sight) && (sight.Node == "" || sight.NodeUID == "" || sight.PodUID == ""):
		return CauseElsewhere, "" // Such as the controller of another EdgeIngress with the same host name.
	case Answered(sight) && !f.countsFor(sight):
		return CauseLoading, ""
	}
	return "", ""
}

// judgeOther judges an address that is not the sender's. Where it belongs to the cluster or to what is in
// front, it replaced the sender's. Any other one was put there on the way if the sender has no NAT of its own.
func (f *Facts) judgeOther(r *reading, public bool) {
	switch {
	case r.place == PlaceUnknown && !public && r.report.Status.StatedAddress != "":
		r.cause, r.detail = CauseAsStated, r.report.Status.StatedAddress
	case r.place == PlaceUnknown && !public:
		r.cause, r.detail = CauseBehindNAT, r.sight.Source
	case r.sight.Repeated < Confirmed:
		r.cause = CauseNotRepeated
	default:
		r.state = Lost
	}
}

// trustedSender reports whether the controller believes what this sender claims, as the spec says. Behind a
// NAT of the sender, a plain request shows the address by which the controller knows it.
func (f *Facts) trustedSender(report *v1alpha1.SourceIPReport, forged *v1alpha1.Sight) bool {
	source := addressOf(forged.Source)
	if f.Places.Trusts(source) {
		return true
	}
	if Public(source) {
		return false
	}
	for _, plain := range report.Status.Sights {
		if len(plain.Forgeries) == 0 && plain.Address == forged.Address && plain.Seen == v1alpha1.SeenOther && f.Places.Trusts(addressOf(plain.SeenAddress)) {
			return true
		}
	}
	return false
}

// addressNeeds are the kinds of plain request that have to cross an address: each scheme in its family. A host
// name has to be crossed in each family in which it was asked.
func addressNeeds(address string, readings []reading) []key {
	var families []string
	switch parsed := addressOf(address); {
	case parsed.Is4():
		families = []string{"IPv4"}
	case parsed.IsValid():
		families = []string{"IPv6"}
	default:
		families = familiesAsked(readings)
	}
	return needsOf(Node{Families: families})
}

// familiesAsked are the families of plain requests that are not too old.
func familiesAsked(readings []reading) (families []string) {
	for _, r := range readings {
		if r.sight != nil && r.plain() && r.cause != CauseEnded && r.cause != CauseAhead && !slices.Contains(families, r.sight.Family) {
			families = append(families, r.sight.Family)
		}
	}
	slices.Sort(families)
	return families
}

// replacedOutside reports whether a newer request replaces what an older one saw. It does so only for the same
// edge node, if the older one crossed one that still serves. Of different vantages it does so only between public
// ones: what a private network in front of a vantage does, others do not cross.
func (f *Facts) replacedOutside(by, old reading) bool {
	bothPublic := Public(addressOf(by.sight.Source)) && Public(addressOf(old.sight.Source))
	if by.report.Name != old.report.Name && !bothPublic {
		return false
	}
	node := f.serving(old.sight.Node)
	stands := node != nil && node.UID == old.sight.NodeUID && by.sight.Node != old.sight.Node
	return !stands && by.sight.Time.After(old.sight.Time.Time) && by.sight.Host == old.sight.Host
}

// front decides the leg through what is in front. A proxy may lead one scheme to the other, so one that
// arrives is enough in each family that was asked.
func (f *Facts) front(found map[string][]reading, others []reading, looked bool) Leg {
	readings := slices.Clone(others)
	if !looked {
		readings = append(readings, missing(nil)...)
	}
	best := map[string]key{}
	for _, address := range slices.Sorted(maps.Keys(found)) {
		if slices.Contains(f.Published, address) {
			continue
		}
		for _, r := range found[address] {
			if (f.HeaderFront && r.sight.Host == "") || (r.state == Kept && !f.throughTrusted(r.sight, f.HeaderFront)) {
				continue
			}
			readings = append(readings, r)
			if known, had := best[r.sight.Family]; r.plain() && r.state == Kept && (!had || r.key().before(known)) {
				best[r.sight.Family] = r.key()
			}
		}
	}
	var needs []key
	for _, family := range familiesAsked(readings) {
		needs = append(needs, cmp.Or(best[family], key{v1alpha1.SchemeHTTPS, family}))
	}
	return decide(Leg{}, readings, needs, f.replacedOutside)
}

// elsewhere are the legs through addresses that are not published, where the address gets lost there. The
// witness answered through them, so they lead here.
func (f *Facts) elsewhere(found map[string][]reading) []Leg {
	var lost []Leg
	for _, address := range slices.Sorted(maps.Keys(found)) {
		if slices.Contains(f.Published, address) {
			continue
		}
		if leg := decide(Leg{Address: address}, found[address], nil, f.replacedOutside); leg.State == Lost || contradiction(leg.Cause) {
			lost = append(lost, leg)
		}
	}
	slices.SortStableFunc(lost, func(a, b Leg) int { return cmp.Compare(a.State.rank(), b.State.rank()) })
	return lost
}

// summarise names the nodes that no request crossed, and the newest request that arrived with its own address.
func (f *Facts) summarise(c *Crossing, found map[string][]reading) {
	crossed := map[string]bool{}
	for _, list := range found {
		for _, r := range list {
			if r.state != Kept {
				continue
			}
			if node := f.serving(r.sight.Node); node != nil && (r.sight.NodeUID == "" || r.sight.NodeUID == node.UID) {
				crossed[node.Name] = true
			}
			if r.sight.Time.After(c.Time) {
				c.Time, c.Report, c.Source = r.sight.Time.Time, r.report.Name, r.sight.Source
			}
		}
	}
	for _, node := range f.Serving {
		if !crossed[node.Name] {
			c.NotCrossed = append(c.NotCrossed, node.Name)
		}
	}
}
