package assess

import (
	"fmt"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/verification/evidence"
)

// forgedAddressBelieved finds a request of a vantage that only claimed an address, and was believed (row 62).
func forgedAddressBelieved(sc *scene) *verdict {
	belief := sc.measured.belief
	if belief == nil {
		return nil
	}
	sight := belief.Sight
	how := "PROXY protocol"
	if len(sight.Forgeries) > 0 {
		how = listed(sight.Forgeries)
	}
	where := sight.Address
	if sight.Host != "" {
		where = sight.Host
	}
	return isNot(v1alpha1.ReasonForgedAddressBelieved,
		"A request from %s through %s claimed another address (%s), and applications would have seen that one, although the sender is not in trustedCIDRs "+
			"(SourceIPReport %s, %s). Let what is in front replace the client's own headers or append to them, then run %s again.",
		sight.Source, where, how, belief.Report, sight.Time.UTC().Format("2006-01-02"), sc.verifyAny())
}

// refusal returns the look from outside in which forged addresses were refused by all that the controller
// believes; nil without one.
func (sc *scene) refusal() *evidence.Refusal {
	if !sc.measured.on {
		return nil
	}
	header := ""
	if sc.trust.BelievesHeader() && !sc.trust.BelievesNobody() {
		header = sc.trust.Header
	}
	return evidence.Refused(sc.measured.facts, sc.measured.reports, header, sc.believesProxyProtocol())
}

// measureForgeries is a sentence that begins with a space and names the command that measures it. It is empty
// where nothing is measured.
func (sc *scene) measureForgeries() string {
	if !sc.measured.on {
		return ""
	}
	return fmt.Sprintf(" To measure it, run %s on a machine outside the cluster.", sc.verifyAny())
}

// verifyAny is the command that measures from outside, through what is in front.
func (sc *scene) verifyAny() string {
	switch {
	case sc.headerFront():
		return verifyFrontCommand(sc)
	case sc.proxyFront():
		return fmt.Sprintf("`kubectl edge-ingress verify %s --address ADDRESS --save` (ADDRESS: the one of the balancer in front that clients use)", sc.EdgeIngress.Name)
	}
	return verifyCommand(sc)
}
