package look

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/verification/evidence"
)

// Text is the result for people.
func Text(edgeIngress string, sights []v1alpha1.Sight, outcome Outcome) string {
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 3, ' ', 0)
	if len(sights) > 0 {
		fmt.Fprintln(table, "ADDRESS\tPORT\tSCHEME\tHOST\tFROM\tSEEN\tFORGERIES\tTHROUGH")
	}
	for _, s := range sights {
		if len(s.Forgeries) == 0 {
			refused, all := forgeries(sights, s)
			forged := "not asked"
			if all > 0 {
				forged = fmt.Sprintf("%d of %d refused", refused, all)
			}
			fmt.Fprintf(table, "%s\t%d\t%s\t%s\t%s\t%s\t%s\t%s\n", s.Address, s.Port, s.Scheme, dash(s.Host), dash(s.Source), seen(s), forged, dash(s.Node))
		}
	}
	if err := table.Flush(); err != nil {
		panic(err) // A strings.Builder takes everything.
	}
	if len(sights) > 0 {
		text.WriteString("\n")
	}
	text.WriteString(headline(edgeIngress, outcome.Verdict) + "\n")
	for _, finding := range outcome.Findings {
		fmt.Fprintf(&text, "\n%s: %s\n  %s\n", finding.Reason, finding.Message, finding.Remedy)
	}
	return text.String()
}

func headline(edgeIngress string, verdict Verdict) string {
	switch verdict {
	case Kept:
		return edgeIngress + ": applications see this machine's address everywhere, and no forged address was believed."
	case Lost:
		return edgeIngress + ": applications see another address instead of this machine's."
	case Forged:
		return edgeIngress + ": a client can choose the address that applications see."
	case Undecided:
		return edgeIngress + ": undecided. It could not be shown whether applications see this machine's address."
	default:
		return edgeIngress + ": " + string(verdict)
	}
}

// forgeries counts the forged requests to the target of a plain one.
func forgeries(sights []v1alpha1.Sight, plain v1alpha1.Sight) (refusedOnes, all int) {
	for _, s := range sights {
		if len(s.Forgeries) == 0 || !evidence.SameTarget(&s, &plain) {
			continue
		}
		all += len(s.Forgeries)
		if s.Seen == v1alpha1.SeenOwn || s.Seen == v1alpha1.SeenOther || refused(sights, s) {
			refusedOnes += len(s.Forgeries)
		}
	}
	return refusedOnes, all
}

func seen(s v1alpha1.Sight) string {
	switch s.Seen {
	case v1alpha1.SeenOwn:
		return "own address"
	case v1alpha1.SeenOther:
		return dash(s.SeenAddress)
	case v1alpha1.SeenForged:
		return "a claimed address"
	case v1alpha1.SeenElsewhere:
		return "another controller"
	case v1alpha1.SeenNobody:
		return "nobody answered (" + s.Detail + ")"
	case v1alpha1.SeenUnsigned:
		return "not the witness (" + s.Detail + ")"
	default:
		return string(s.Seen)
	}
}

func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// NoChallenge is the finding where no fresh challenge was published in time.
func NoChallenge(edgeIngress, why string) Finding {
	return Finding{Undecided, "NoChallenge", "Not everything was asked, because there was no fresh challenge: " + why + ".",
		"Look at the prober with `kubectl get pods -n edge-ingress-verification`, and install it with `kubectl apply -k config/verification` where it is missing. " +
			"`kubectl edge-ingress path " + edgeIngress + "` shows what it reported."}
}

// TimeOver is the finding where the time was over before everything was asked.
func TimeOver() Finding {
	return Finding{Undecided, "TimeOver", "Not everything was asked, because the time of --timeout was over.", "Write a longer --timeout."}
}

// Inside is the newest inside report, or nil.
func Inside(reports []v1alpha1.SourceIPReport) *v1alpha1.SourceIPReport {
	var newest *v1alpha1.SourceIPReport
	for i := range reports {
		if reports[i].Spec.Vantage == v1alpha1.VantageInside && (newest == nil || latest(&reports[i]).After(latest(newest))) {
			newest = &reports[i]
		}
	}
	return newest
}
