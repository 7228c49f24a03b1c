package enginetest

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/engine"
	"github.com/edge-ingress/edge-ingress-operator/controllers/trust"
)

const (
	balancers = "10.0.0.0/24"
	proxies   = "198.51.100.0/24"
	everyone4 = "0.0.0.0/0"
)

func proxyProtocol(cidrs ...v1alpha1.CIDR) *v1alpha1.ProxyProtocolSpec {
	return &v1alpha1.ProxyProtocolSpec{TrustedCIDRs: cidrs}
}

func header(name string, protoAndHost v1alpha1.ProtoAndHost, cidrs ...v1alpha1.CIDR) *v1alpha1.ForwardedHeaderSpec {
	return &v1alpha1.ForwardedHeaderSpec{Header: name, ProtoAndHost: protoAndHost, TrustedCIDRs: cidrs}
}

// nobodyUnasked checks that the engine trusts no address that the spec does not name or that the
// operator refuses.
func (s suite) nobodyUnasked(t *testing.T) {
	const ignore, anyone = v1alpha1.ProtoAndHostIgnore, v1alpha1.ProtoAndHostTrustFromAnyone
	for name, clientIP := range map[string]*v1alpha1.ClientIPSpec{
		"nothing in front":                   nil,
		"an empty block":                     {},
		"PROXY protocol from everyone":       {ProxyProtocol: proxyProtocol(everyone4)},
		"PROXY protocol from two halves":     {ProxyProtocol: proxyProtocol("0.0.0.0/1", "128.0.0.0/1")},
		"PROXY protocol from nobody":         {ProxyProtocol: proxyProtocol()},
		"a header from everyone of IPv6":     {ForwardedHeader: header("", ignore, "::/0")},
		"a header from a name":               {ForwardedHeader: header("", ignore, "proxy.example.com")},
		"a header with everything of a NAT":  {ForwardedHeader: header("", anyone, "64:ff9b::/96")},
		"a header that holds other things":   {ForwardedHeader: header("Forwarded", anyone, proxies)},
		"a header with a line break":         {ForwardedHeader: header("X-A\nX-B", anyone, proxies)},
		"one good block and a bad one":       {ProxyProtocol: proxyProtocol(balancers), ForwardedHeader: header("", anyone, everyone4)},
		"two good blocks, too wide together": {ProxyProtocol: proxyProtocol("10.0.0.0/8", "11.0.0.0/8", "12.0.0.0/8"), ForwardedHeader: header("", anyone, "13.0.0.0/8", "14.0.0.0/8")},
	} {
		t.Run(name, func(t *testing.T) {
			settings, problems := s.engine.Configure(edgeIngress(func(e *v1alpha1.EdgeIngress) { e.Spec.ClientIP = clientIP }), nil)
			asked := clientIP != nil && (clientIP.ProxyProtocol != nil || clientIP.ForwardedHeader != nil)
			if refused := slices.ContainsFunc(problems, func(p engine.Problem) bool { return p.Kind == engine.ProblemTrust }); refused != asked {
				t.Errorf("refused: %t, want %t (%v)", refused, asked, problems)
			}
			want := trust.Beliefs{ProxyProtocol: clientIP != nil && clientIP.ProxyProtocol != nil}
			if diff := cmp.Diff(want, s.engine.Beliefs(settings), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("beliefs (-want +got):\n%s", diff)
			}
		})
	}
}

// beliefs tests that reading back the settings returns what the spec asks for.
func (s suite) beliefs(t *testing.T) {
	const ignore, anyone = v1alpha1.ProtoAndHostIgnore, v1alpha1.ProtoAndHostTrustFromAnyone
	for name, test := range map[string]struct {
		clientIP *v1alpha1.ClientIPSpec
		want     trust.Beliefs
	}{
		"PROXY protocol": {clientIP: &v1alpha1.ClientIPSpec{ProxyProtocol: proxyProtocol(balancers)},
			want: trust.Beliefs{ProxyProtocol: true, CIDRs: []string{balancers}}},
		"PROXY protocol from both families": {clientIP: &v1alpha1.ClientIPSpec{ProxyProtocol: proxyProtocol("2001:db8::/48", balancers)},
			want: trust.Beliefs{ProxyProtocol: true, CIDRs: []string{balancers, "2001:db8::/48"}}},
		"the standard header": {clientIP: &v1alpha1.ClientIPSpec{ForwardedHeader: header("", ignore, proxies)},
			want: trust.Beliefs{Header: trust.StandardHeader, CIDRs: []string{proxies}}},
		"a CDN's header": {clientIP: &v1alpha1.ClientIPSpec{ForwardedHeader: header("CF-Connecting-IP", ignore, proxies)},
			want: trust.Beliefs{Header: "CF-Connecting-IP", CIDRs: []string{proxies}}},
		"a header, proto and host": {clientIP: &v1alpha1.ClientIPSpec{ForwardedHeader: header("", anyone, proxies)},
			want: trust.Beliefs{Header: trust.StandardHeader, ProtoAndHost: true, CIDRs: []string{proxies}}},
		"PROXY protocol and a header": {clientIP: &v1alpha1.ClientIPSpec{ProxyProtocol: proxyProtocol(balancers), ForwardedHeader: header("", anyone, proxies)},
			want: trust.Beliefs{ProxyProtocol: true, Header: trust.StandardHeader, ProtoAndHost: true, CIDRs: []string{balancers, proxies}}},
	} {
		t.Run(name, func(t *testing.T) {
			settings, problems := s.engine.Configure(edgeIngress(func(e *v1alpha1.EdgeIngress) { e.Spec.ClientIP = test.clientIP }), nil)
			if len(problems) > 0 {
				t.Fatalf("refused: %v", problems)
			}
			got := s.engine.Beliefs(settings)
			if got.BelievesHeader() == (got.Position == "") {
				t.Errorf("header %q, of which %q counts", got.Header, got.Position)
			}
			// Which of several addresses counts is the engine's own.
			test.want.Position = got.Position
			if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("beliefs (-want +got):\n%s", diff)
			}
		})
	}
}

// settingsKeepBeliefs checks that no setting of the golden cases changes which addresses and
// headers the engine trusts.
func (s suite) settingsKeepBeliefs(t *testing.T) {
	for name, edge := range s.cases {
		bare := edge.DeepCopy()
		bare.Spec.Controller.Config = nil
		without, _ := s.engine.Configure(bare, nil)
		with, _ := s.engine.Configure(edge, nil)
		if diff := cmp.Diff(s.engine.Beliefs(without), s.engine.Beliefs(with)); diff != "" {
			t.Errorf("%s: settings change the beliefs:\n%s", name, diff)
		}
	}
}
