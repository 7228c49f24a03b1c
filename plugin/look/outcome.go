package look

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/verification/evidence"
)

// Verdict is what a measurement from outside proves.
type Verdict string

// The values of Verdict, from the best to the worst.
const (
	// Kept: the vantage's own address arrived everywhere, and no forgery was believed.
	Kept Verdict = "Kept"
	// Undecided: the requests do not show whether the address is kept.
	Undecided Verdict = "Undecided"
	// Lost: another address arrived, and it can only have been put there on the way.
	Lost Verdict = "Lost"
	// Forged: an address that the request claimed was believed.
	Forged Verdict = "Forged"
)

var severity = map[Verdict]int{Kept: 0, Undecided: 1, Lost: 2, Forged: 3}

// Finding is what one sight says, unless that is good.
type Finding struct {
	Verdict Verdict `json:"verdict"`
	// Reason in one word.
	Reason string `json:"reason"`
	// Where it was seen, and what.
	Message string `json:"message"`
	// Remedy is what to do about it.
	Remedy string `json:"remedy"`
}

// Outcome is what all sights together prove.
type Outcome struct {
	Verdict Verdict `json:"verdict"`
	// Findings are those that are not good, the worst first; empty for Kept.
	Findings []Finding `json:"findings,omitempty"`
}

// Decide says what the sights prove. stated is the address that a person gave for this machine; it proves
// nothing.
func Decide(sights []v1alpha1.Sight, places *evidence.Places, stated string) Outcome {
	if len(sights) == 0 {
		return Outcome{Undecided, []Finding{{Undecided, "NothingAsked", "Nothing was asked.", "Name an address with --address."}}}
	}
	outcome := Outcome{Verdict: Kept}
	for i := range sights {
		if finding := judge(sights, i, places, stated); finding.Verdict != Kept {
			outcome.Add(finding)
		}
	}
	slices.SortStableFunc(outcome.Findings, func(a, b Finding) int { return cmp.Compare(severity[b.Verdict], severity[a.Verdict]) })
	return outcome
}

// Add adds a finding, and makes the verdict at least as bad.
func (o *Outcome) Add(f Finding) {
	o.Findings = append(o.Findings, f)
	if severity[f.Verdict] > severity[o.Verdict] {
		o.Verdict = f.Verdict
	}
}

// judge says what one of the sights proves.
func judge(sights []v1alpha1.Sight, index int, places *evidence.Places, stated string) Finding {
	s := sights[index]
	where := describe(s)
	source, _ := netip.ParseAddr(s.Source)
	if evidence.Answered(&s) && places.InCluster(source) {
		return fromCluster(s, where, source, places)
	}
	if s.Seen == v1alpha1.SeenElsewhere || (evidence.Answered(&s) && (s.Node == "" || s.PodUID == "")) {
		return Finding{Undecided, unknownController,
			where + ": the answer came through a controller that the prober does not know, such as that of another EdgeIngress.",
			"If a controller was just replaced, run this again. Otherwise look whether the address leads to this EdgeIngress."}
	}
	switch s.Seen {
	case v1alpha1.SeenOwn:
		return Finding{Verdict: Kept}
	case v1alpha1.SeenForged:
		if places.Trusts(source) {
			return Finding{Undecided, "SenderTrusted",
				fmt.Sprintf("%s: the claimed address was believed, as it should be, because %s is in trustedCIDRs.", where, s.Source),
				"Run this on a machine that is no trusted proxy."}
		}
		return Finding{Forged, "ForgeryBelieved",
			fmt.Sprintf("%s: the application saw an address that the request only claimed.", where),
			"Let the proxy in front replace these headers or append to them, and name only proxies in clientIP.trustedCIDRs."}
	case v1alpha1.SeenOther:
		if sameAsPlain(sights, s) {
			return Finding{Verdict: Kept} // The plain request says it already.
		}
		return other(s, where, source, places, stated)
	case v1alpha1.SeenUnsigned, v1alpha1.SeenNobody:
		if refused(sights, s) {
			return Finding{Verdict: Kept}
		}
		return unanswered(s, where)
	default:
		return Finding{Undecided, "NotUnderstood", where + ": this version does not know " + string(s.Seen) + ".", "Update the plugin."}
	}
}

// fromCluster judges an answer to a request that did not cross what is in front: through a tunnel or a forwarded
// port, it leaves from this machine's loopback.
func fromCluster(s v1alpha1.Sight, where string, source netip.Addr, places *evidence.Places) Finding {
	whose := "this machine's loopback"
	if !source.IsLoopback() {
		whose = places.Whose(source, "")
	}
	return Finding{Undecided, "FromCluster",
		fmt.Sprintf("%s: the request left from %s (%s), so it did not cross what is in front of the cluster.", where, s.Source, whose),
		"Run this on a machine outside, and ask the published addresses without a tunnel or a forwarded port."}
}

// unanswered judges a request that the witness did not answer. It never proves a loss.
func unanswered(s v1alpha1.Sight, where string) Finding {
	if s.Seen == v1alpha1.SeenUnsigned {
		return Finding{Undecided, "NotTheWitness",
			fmt.Sprintf("%s: something answered that is not the witness (%s).", where, cmp.Or(s.Detail, "no signature")), unsignedRemedy(s)}
	}
	return Finding{Undecided, "Unanswered",
		fmt.Sprintf("%s: nobody answered (%s).", where, cmp.Or(s.Detail, "no detail")), silenceRemedy(s)}
}

// other judges an address that is neither the sender's nor claimed.
func other(s v1alpha1.Sight, where string, source netip.Addr, places *evidence.Places, stated string) Finding {
	seen, _ := netip.ParseAddr(s.SeenAddress)
	whose := places.Whose(seen, s.Node)
	text := fmt.Sprintf("%s: the application saw %s instead of %s", where, cmp.Or(s.SeenAddress, "no address"), s.Source)
	if whose != "" {
		text += " (" + whose + ")"
	}
	text += "."
	switch {
	case s.Repeated < evidence.Confirmed:
		return Finding{Undecided, "NotRepeated", text + " A second request did not show the same.", "Run this again."}
	case whose != "":
		return Finding{Lost, "AddressReplaced", text, "See `kubectl edge-ingress path` for the place, and docs/source-ip.md for the remedy."}
	case !evidence.Public(source):
		return behindNAT(s, text, stated)
	default:
		return Finding{Lost, "AddressReplaced", text,
			"Find the router or proxy in front that has this address. Let it keep the source, or name it in clientIP.trustedCIDRs if it states the client's address."}
	}
}

// behindNAT judges an address that may be that of the vantage's own NAT.
func behindNAT(s v1alpha1.Sight, text, stated string) Finding {
	if stated != "" && stated == s.SeenAddress {
		return Finding{Undecided, "MeasuredAsStated",
			text + " That is the address given with --client-address, and nothing shows that it is this machine's.",
			"For a proof, run this on a machine whose network interface has a public address."}
	}
	return Finding{Undecided, "BehindNAT",
		text + " This machine's address is private, so that may be its own NAT.",
		"Run this on a machine whose network interface has a public address."}
}

// refused reports whether the request of this sight was refused because of its forgery: the witness answered
// the plain one to the same target.
func refused(sights []v1alpha1.Sight, s v1alpha1.Sight) bool {
	return evidence.Refusing(&s) && slices.ContainsFunc(sights, func(plain v1alpha1.Sight) bool {
		return len(plain.Forgeries) == 0 && evidence.Answered(&plain) && evidence.SameTarget(&plain, &s)
	})
}

// sameAsPlain reports whether the forgery changed nothing: the plain request to the same target showed the
// same other address.
func sameAsPlain(sights []v1alpha1.Sight, s v1alpha1.Sight) bool {
	return len(s.Forgeries) > 0 && slices.ContainsFunc(sights, func(plain v1alpha1.Sight) bool {
		return len(plain.Forgeries) == 0 && evidence.SameTarget(&plain, &s) && plain.Seen == s.Seen && plain.SeenAddress == s.SeenAddress
	})
}

func unsignedRemedy(s v1alpha1.Sight) string {
	if s.Host != "" {
		return fmt.Sprintf("Let everything in front of the cluster pass requests for https://%s/.well-known/edge-ingress/ on uncached.", s.Host)
	}
	return "Look for an Ingress that has the witness's host name. If a proxy or CDN in front knows only real host names, use --host."
}

func silenceRemedy(s v1alpha1.Sight) string {
	switch {
	case s.Family == "IPv6" && strings.Contains(strings.ToLower(s.Detail), "unreachable"):
		return "Run this on a machine that has IPv6, or choose the other addresses with --address."
	case strings.Contains(s.Detail, "Timed"):
		return "Let the firewalls and the balancer in front pass connections from this machine."
	default:
		return fmt.Sprintf("Look whether something serves port %d there, or choose other addresses and ports with --address, --http-port and --https-port.", s.Port)
	}
}

// describe names the target and the kind of request of a sight.
func describe(s v1alpha1.Sight) string {
	text := fmt.Sprintf("%s port %d (%s, %s", s.Address, s.Port, s.Scheme, s.Family)
	if s.Host != "" {
		text += ", as " + s.Host
	}
	if len(s.Forgeries) > 0 {
		text += ", forged " + strings.Join(s.Forgeries, ", ")
	}
	return text + ")"
}
