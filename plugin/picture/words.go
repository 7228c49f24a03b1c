package picture

import (
	"cmp"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/verification/evidence"
)

// evidence puts what is known of a leg into words.
func (d *drawing) evidence(leg evidence.Leg, subject string) Evidence {
	e := Evidence{State: leg.State, Subject: subject, Cause: leg.Cause, Report: leg.Report}
	if !leg.Newest.IsZero() {
		at := metav1.NewTime(leg.Newest)
		e.Time, e.AgeSeconds = &at, int64(d.now.Sub(leg.Newest).Seconds())
	}
	switch {
	case leg.State == evidence.Kept && leg.Node != "":
		e.Text = "the prober's address arrived"
	case leg.State == evidence.Kept:
		e.Text = "the sender's own address arrived"
	case leg.State == evidence.Lost:
		e.Text = lost(leg)
	default:
		e.Text = cmp.Or(causes[leg.Cause], strings.ToLower(string(leg.Cause)))
		if leg.Detail != "" {
			e.Text += " (" + leg.Detail + ")"
		}
	}
	return e
}

func lost(leg evidence.Leg) string {
	if leg.Sight == nil {
		return "another address arrived"
	}
	if leg.Sight.Seen == v1alpha1.SeenForged {
		return fmt.Sprintf("a request from %s was believed to come from an address that it only claimed", leg.Sight.Source)
	}
	text := fmt.Sprintf("connections from %s arrive as %s", cmp.Or(leg.Sight.Source, "the sender"), cmp.Or(leg.Sight.SeenAddress, "no address"))
	if leg.Whose != "" {
		text += ", " + leg.Whose
	}
	return text
}

// causes are the causes of Unknown in words.
var causes = map[evidence.Cause]string{
	evidence.CauseBelieved:       "an address that a request only claimed was believed",
	evidence.CauseNotRepeated:    "another address arrived once, and was not seen again yet",
	evidence.CauseTranslated:     "the prober's connections do not cross the nodes that it asks",
	evidence.CauseNoControl:      "nothing shows that the prober's connections cross the nodes that it asks",
	evidence.CauseProberTrusted:  "the sender is in trustedCIDRs, so what it claims is believed",
	evidence.CauseWitnessMissing: "the witness does not run",
	evidence.CauseNoNodePorts:    "there are no node ports to ask",
	evidence.CauseNotRead:        "the prober could not read what it needs",
	evidence.CauseBehindNAT:      "another address arrived, which may be that of the sender's own NAT",
	evidence.CauseAsStated:       "the address arrived that a person stated, which is no measurement",
	evidence.CauseUnsigned:       "something answered that is not the witness",
	evidence.CauseElsewhere:      "the controller of another node answered",
	evidence.CauseUnanswered:     "nobody answered",
	evidence.CauseReplaced:       "the controller pod was replaced since",
	evidence.CauseLoading:        "the controller had another configuration",
	evidence.CauseChanged:        "the Service or the spec changed since",
	evidence.CauseOnlyNode:       "the only serving node is the prober's own",
	evidence.CauseFromCluster:    "the request came from inside the cluster",
	evidence.CauseEnded:          "the evidence is too old",
	evidence.CauseAhead:          "the evidence is from the future",
	evidence.CauseNotAsked:       "not asked with each kind of request yet",
	evidence.CauseNoReport:       "no vantage has reported yet",
}
