package probe

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/verification/answer"
)

func TestResultSaysWhoseAddressArrived(t *testing.T) {
	const own, own6 = "10.0.0.13", "2001:db8:1::13"
	claims := []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2"), netip.MustParseAddr("2001:db8::1")}
	long := strings.Repeat("ü", 60)
	tests := map[string]struct {
		own, realIP, forwardedFor string
		failure                   Failure
		want                      Result
	}{
		"the sender in both":                        {own: own, realIP: own, forwardedFor: own, want: Result{v1alpha1.SeenOwn, own, ""}},
		"the sender with a port":                    {own: own, realIP: own + ":4711", forwardedFor: own, want: Result{v1alpha1.SeenOwn, own, ""}},
		"the sender in IPv6's form of IPv4":         {own: own, realIP: "::ffff:10.0.0.13", forwardedFor: "::FFFF:10.0.0.13", want: Result{v1alpha1.SeenOwn, own, ""}},
		"a socket with IPv6's form of IPv4":         {own: "::ffff:10.0.0.13", realIP: own, forwardedFor: own, want: Result{v1alpha1.SeenOwn, own, ""}},
		"IPv6":                                      {own: own6, realIP: own6, forwardedFor: own6, want: Result{v1alpha1.SeenOwn, own6, ""}},
		"IPv6, written otherwise":                   {own: own6, realIP: "2001:DB8:1:0:0::13", forwardedFor: "[2001:db8:1::13]:443", want: Result{v1alpha1.SeenOwn, own6, ""}},
		"IPv6 in brackets and quotes":               {own: own6, realIP: own6, forwardedFor: `"[2001:db8:1::13]"`, want: Result{v1alpha1.SeenOwn, own6, ""}},
		"a link-local socket with a zone":           {own: "fe80::1%eth0", realIP: "fe80::1", forwardedFor: "fe80::1", want: Result{v1alpha1.SeenOwn, "fe80::1", ""}},
		"another address":                           {own: own, realIP: "10.244.1.1", forwardedFor: "10.244.1.1", want: Result{v1alpha1.SeenOther, "10.244.1.1", ""}},
		"another address in X-Real-IP only":         {own: own, realIP: "10.244.1.1", forwardedFor: own, want: Result{v1alpha1.SeenOther, "10.244.1.1", ""}},
		"another address in X-Forwarded-For only":   {own: own, realIP: own, forwardedFor: "10.244.1.1", want: Result{v1alpha1.SeenOther, "10.244.1.1", ""}},
		"a proxy's address behind the sender's":     {own: own, realIP: own, forwardedFor: own + ", 10.9.9.9", want: Result{v1alpha1.SeenOther, "10.9.9.9", ""}},
		"the sender's address twice":                {own: own, realIP: own, forwardedFor: own + "," + own, want: Result{v1alpha1.SeenOther, own, SeveralAddresses}},
		"an address that begins like the sender's":  {own: "10.0.0.1", realIP: own, forwardedFor: own, want: Result{v1alpha1.SeenOther, own, ""}},
		"the claimed address in both":               {own: own, realIP: "192.0.2.1", forwardedFor: "192.0.2.1", want: Result{v1alpha1.SeenForged, "", ""}},
		"the claimed address in X-Real-IP":          {own: own, realIP: "192.0.2.2", forwardedFor: own, want: Result{v1alpha1.SeenForged, "", ""}},
		"the claimed address before the sender's":   {own: own, realIP: own, forwardedFor: "192.0.2.1, " + own, want: Result{v1alpha1.SeenForged, "", ""}},
		"the claimed address behind another":        {own: own, realIP: "10.244.1.1", forwardedFor: "10.244.1.1,192.0.2.1", want: Result{v1alpha1.SeenForged, "", ""}},
		"the claimed address with a port":           {own: own, realIP: own, forwardedFor: "192.0.2.1:80," + own, want: Result{v1alpha1.SeenForged, "", ""}},
		"the claimed address of IPv6":               {own: own6, realIP: own6, forwardedFor: "[2001:DB8::1]", want: Result{v1alpha1.SeenForged, "", ""}},
		"an address for documentation, not claimed": {own: own, realIP: "192.0.2.77", forwardedFor: "192.0.2.77", want: Result{v1alpha1.SeenOther, "192.0.2.77", ""}},
		"a sender with a claimed address":           {own: "192.0.2.1", realIP: "192.0.2.1", forwardedFor: "192.0.2.1", want: Result{v1alpha1.SeenOwn, "192.0.2.1", ""}},
		"no header at all":                          {own: own, want: Result{v1alpha1.SeenOther, "", NoAddress}},
		"X-Real-IP alone":                           {own: own, realIP: own, want: Result{v1alpha1.SeenOther, "", NoAddress}},
		"X-Forwarded-For alone":                     {own: own, forwardedFor: own, want: Result{v1alpha1.SeenOther, "", NoAddress}},
		"a word":                                    {own: own, realIP: "unknown", forwardedFor: "unknown", want: Result{v1alpha1.SeenOther, "unknown", ""}},
		"an empty value behind the sender's":        {own: own, realIP: own, forwardedFor: own + ",", want: Result{v1alpha1.SeenOther, "", ""}},
		"a long text":                               {own: own, realIP: long, forwardedFor: long, want: Result{v1alpha1.SeenOther, strings.Repeat("ü", 32), ""}},
		"half a bracket":                            {own: own6, realIP: "[2001:db8:1::13", forwardedFor: own6, want: Result{v1alpha1.SeenOther, "[2001:db8:1::13", ""}},
		"nobody":                                    {own: own, failure: ConnectTimedOut, want: Result{v1alpha1.SeenNobody, "", "ConnectTimedOut"}},
		"somebody else":                             {own: own, failure: "HTTP 404", want: Result{v1alpha1.SeenUnsigned, "", "HTTP 404"}},
		"an answer that nobody signed":              {own: own, realIP: own, forwardedFor: own, failure: NotSigned, want: Result{v1alpha1.SeenUnsigned, "", "NotSigned"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			reply := Reply{Answer: answer.Answer{RealIP: test.realIP, ForwardedFor: test.forwardedFor}, Failure: test.failure}
			if got := reply.Result(netip.MustParseAddr(test.own), claims); got != test.want {
				t.Errorf("the result is %+v, want %+v", got, test.want)
			}
		})
	}
}
