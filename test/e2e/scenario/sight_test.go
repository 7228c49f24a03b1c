package scenario

import (
	"net/http"
	"net/netip"
	"testing"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic"
)

func TestSee(t *testing.T) {
	client := netip.MustParseAddr("203.0.113.10")
	atlas := Atlas{
		Known: map[netip.Addr]Who{netip.MustParseAddr("203.0.113.50"): TheBalancer},
		Nodes: []netip.Addr{netip.MustParseAddr("10.77.0.11")},
		Pods:  netip.MustParsePrefix("10.244.0.0/16"),
	}
	for _, test := range []struct {
		name, forwardedFor string
		want               Who
		forged             bool
	}{
		{name: "the client", forwardedFor: "203.0.113.10", want: TheSender, forged: false},
		{name: "the balancer", forwardedFor: "203.0.113.50", want: TheBalancer, forged: false},
		{name: "a node", forwardedFor: "10.77.0.11", want: ANode, forged: false},
		{name: "the gateway of a node's pods", forwardedFor: "10.244.11.1", want: ANode, forged: false},
		{name: "a pod", forwardedFor: "10.244.11.7", want: APod, forged: false},
		{name: "the forged address", forwardedFor: ForgedAddress.String(), want: TheForged, forged: true},
		{name: "the forged address before the client's", forwardedFor: ForgedAddress.String() + ", 203.0.113.10", want: Several, forged: true},
		{name: "no header", forwardedFor: "", want: Unset, forged: false},
		{name: "an address of nobody", forwardedFor: "192.0.2.99", want: SomebodyElse, forged: false},
	} {
		t.Run(test.name, func(t *testing.T) {
			headers := http.Header{}
			if test.forwardedFor != "" {
				headers.Set("X-Forwarded-For", test.forwardedFor)
			}
			headers.Set("X-Real-Ip", "203.0.113.10")
			seen := atlas.See(traffic.Answer{Status: http.StatusOK, Echo: &traffic.Echo{RemoteAddress: "10.244.11.7:1234", Headers: headers}}, client)
			if seen.ForwardedFor != test.want || seen.RealIP != TheSender || seen.Peer != APod || !seen.Reached || seen.ShowsForged != test.forged {
				t.Errorf("got %+v, want %s", seen, test.want)
			}
		})
	}
	if seen := atlas.See(traffic.Answer{Outcome: traffic.Answered, Status: http.StatusBadRequest}, client); seen.Reached || seen.Ending != (Ending{traffic.Answered, http.StatusBadRequest}) {
		t.Errorf("an answer of somebody else: got %+v", seen)
	}
}

func TestApply(t *testing.T) {
	for _, forge := range append(headerForgeries, proxyForgeries...) {
		var request traffic.Request
		request.Target = "203.0.113.1:80"
		forge.Apply(&request)
		changed := request.Proxy != nil || len(request.Headers) > 0 || request.Forged.XForwardedFor != nil || request.Forged.XRealIP != nil || request.Forged.Forwarded != nil
		if changed == (forge == Plain) {
			t.Errorf("%s: got %+v", forge, request)
		}
	}
}
