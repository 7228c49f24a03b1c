package ingressnginx

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/trust"
)

func TestBeliefs(t *testing.T) {
	lb := []string{"10.0.0.0/24"}
	everyone := []string{"0.0.0.0/0"}
	type data = map[string]string
	tests := map[string]struct {
		data data
		want trust.Beliefs
	}{
		"nothing at all":                        {data: nil, want: trust.Beliefs{}},
		"everything written and off":            {data: off, want: trust.Beliefs{}},
		"a list that nothing uses":              {data: data{"proxy-real-ip-cidr": "0.0.0.0/0"}, want: trust.Beliefs{}},
		"compute-full alone does nothing":       {data: data{"compute-full-forwarded-for": "true"}, want: trust.Beliefs{}},
		"PROXY protocol, no list":               {data: data{"use-proxy-protocol": "true"}, want: trust.Beliefs{ProxyProtocol: true, CIDRs: everyone, TrustsAnyone: true}},
		"PROXY protocol, a list":                {data: data{"use-proxy-protocol": "true", "proxy-real-ip-cidr": "10.0.0.0/24"}, want: trust.Beliefs{ProxyProtocol: true, CIDRs: lb}},
		"PROXY protocol, an empty list":         {data: data{"use-proxy-protocol": "true", "proxy-real-ip-cidr": ""}, want: trust.Beliefs{ProxyProtocol: true}},
		"PROXY protocol, commas alone":          {data: data{"use-proxy-protocol": "true", "proxy-real-ip-cidr": ",,"}, want: trust.Beliefs{ProxyProtocol: true}},
		"PROXY protocol and real ip: no header": {data: data{"use-proxy-protocol": "true", "enable-real-ip": "true", "proxy-real-ip-cidr": "10.0.0.0/24"}, want: trust.Beliefs{ProxyProtocol: true, CIDRs: lb}},
		"real ip": {data: data{"enable-real-ip": "true", "proxy-real-ip-cidr": "10.0.0.0/24"},
			want: trust.Beliefs{Header: "X-Forwarded-For", Position: trust.Last, CIDRs: lb}},
		"real ip and compute-full, which it ignores": {data: data{"enable-real-ip": "true", "proxy-real-ip-cidr": "10.0.0.0/24", "compute-full-forwarded-for": "true"},
			want: trust.Beliefs{Header: "X-Forwarded-For", Position: trust.Last, CIDRs: lb}},
		"real ip from a CDN's header": {data: data{"enable-real-ip": "1", "forwarded-for-header": "CF-Connecting-IP", "proxy-real-ip-cidr": "10.0.0.0/24"},
			want: trust.Beliefs{Header: "CF-Connecting-IP", Position: trust.First, CIDRs: lb}},
		"forwarded headers, no list": {data: data{"use-forwarded-headers": "true"},
			want: trust.Beliefs{Header: "X-Forwarded-For", Position: trust.Last, ProtoAndHost: true, CIDRs: everyone, TrustsAnyone: true}},
		"forwarded headers and compute-full": {data: data{"use-forwarded-headers": "true", "compute-full-forwarded-for": "t", "proxy-real-ip-cidr": "10.0.0.0/24"},
			want: trust.Beliefs{Header: "X-Forwarded-For", Position: trust.Last, ProtoAndHost: true, PassesClientsHeader: true, CIDRs: lb}},
		"both, with upstream's internal header": {data: data{"use-forwarded-headers": "true", "use-proxy-protocol": "true", "proxy-real-ip-cidr": "10.0.0.0/24"},
			want: trust.Beliefs{ProxyProtocol: true, Header: "X-Forwarded-For", Position: trust.Last, ProtoAndHost: true, CIDRs: lb, InternalHeaderForgeable: true}},
		"both, with a hidden internal header": {
			data: data{"use-forwarded-headers": "true", "use-proxy-protocol": "true", "proxy-real-ip-cidr": "10.0.0.0/24", "forwarded-for-proxy-protocol-header": "X_Any"},
			want: trust.Beliefs{ProxyProtocol: true, Header: "X-Forwarded-For", Position: trust.Last, ProtoAndHost: true, CIDRs: lb}},
		"both, hidden, but underscores let in": {
			data: data{"use-forwarded-headers": "true", "use-proxy-protocol": "true", "proxy-real-ip-cidr": "10.0.0.0/24", "forwarded-for-proxy-protocol-header": "X_Any",
				"enable-underscores-in-headers": "true"},
			want: trust.Beliefs{ProxyProtocol: true, Header: "X-Forwarded-For", Position: trust.Last, ProtoAndHost: true, CIDRs: lb, InternalHeaderForgeable: true}},
		"both, hidden, but invalid headers let in": {
			data: data{"use-forwarded-headers": "true", "use-proxy-protocol": "true", "proxy-real-ip-cidr": "10.0.0.0/24", "forwarded-for-proxy-protocol-header": "X_Any",
				"ignore-invalid-headers": "false"},
			want: trust.Beliefs{ProxyProtocol: true, Header: "X-Forwarded-For", Position: trust.Last, ProtoAndHost: true, CIDRs: lb, InternalHeaderForgeable: true}},
		"both, hidden, and an empty bool, which is false": {
			data: data{"use-forwarded-headers": "true", "use-proxy-protocol": "true", "proxy-real-ip-cidr": "10.0.0.0/24", "forwarded-for-proxy-protocol-header": "X_Any",
				"ignore-invalid-headers": ""},
			want: trust.Beliefs{ProxyProtocol: true, Header: "X-Forwarded-For", Position: trust.Last, ProtoAndHost: true, CIDRs: lb, InternalHeaderForgeable: true}},
		"a bool that cannot be read leaves the default": {data: data{"use-forwarded-headers": "on", "use-proxy-protocol": "yes"}, want: trust.Beliefs{}},
		"another spelling counts":                       {data: data{"Use-Proxy-Protocol": "true", "proxy-real-ip-cidr": "10.0.0.0/24"}, want: trust.Beliefs{ProxyProtocol: true, CIDRs: lb}},
		"the documented spelling goes before another":   {data: data{"Use-Proxy-Protocol": "true", "use-proxy-protocol": "false"}, want: trust.Beliefs{}},
		"of two others the worse is assumed": {data: data{"Use-Proxy-Protocol": "false", "USE-PROXY-PROTOCOL": "true", "proxy-real-ip-cidr": "10.0.0.0/24"},
			want: trust.Beliefs{ProxyProtocol: true, CIDRs: lb}},
		"another spelling of the list alone": {data: data{"use-proxy-protocol": "true", "Proxy-Real-IP-CIDR": "10.0.0.0/24"}, want: trust.Beliefs{ProxyProtocol: true, CIDRs: lb}},
		"another spelling of the list overwrites a part": {data: data{"use-proxy-protocol": "true", "proxy-real-ip-cidr": "10.0.0.0/24", "Proxy-Real-IP-CIDR": "0.0.0.0/0"},
			want: trust.Beliefs{ProxyProtocol: true, CIDRs: []string{"10.0.0.0/24", "0.0.0.0/0"}, TrustsAnyone: true}},
		"spaces and empty items in the list": {data: data{"use-proxy-protocol": "true", "proxy-real-ip-cidr": " 10.0.0.0/24 ,, 10.0.1.1"},
			want: trust.Beliefs{ProxyProtocol: true, CIDRs: []string{"10.0.0.0/24", "10.0.1.1"}}},
		"two halves": {data: data{"use-proxy-protocol": "true", "proxy-real-ip-cidr": "0.0.0.0/1,128.0.0.0/1"},
			want: trust.Beliefs{ProxyProtocol: true, CIDRs: []string{"0.0.0.0/1", "128.0.0.0/1"}, TrustsAnyone: true}},
		"mapped IPv4": {data: data{"use-proxy-protocol": "true", "proxy-real-ip-cidr": "::ffff:0:0/96"},
			want: trust.Beliefs{ProxyProtocol: true, CIDRs: []string{"::ffff:0:0/96"}, TrustsAnyone: true}},
		"host bits, which nginx masks": {data: data{"use-proxy-protocol": "true", "proxy-real-ip-cidr": "1.2.3.4/0"},
			want: trust.Beliefs{ProxyProtocol: true, CIDRs: []string{"1.2.3.4/0"}, TrustsAnyone: true}},
		"what cannot be read may be everyone": {data: data{"use-proxy-protocol": "true", "proxy-real-ip-cidr": "0.0.0.0/00"},
			want: trust.Beliefs{ProxyProtocol: true, CIDRs: []string{"0.0.0.0/00"}, TrustsAnyone: true}},
		"a name may be everyone": {data: data{"use-proxy-protocol": "true", "proxy-real-ip-cidr": "proxy.example.com"},
			want: trust.Beliefs{ProxyProtocol: true, CIDRs: []string{"proxy.example.com"}, TrustsAnyone: true}},
		"a snippet":                        {data: data{"http-snippet": "x"}, want: trust.Beliefs{Overrides: []string{"http-snippet"}}},
		"an empty snippet":                 {data: data{"http-snippet": ""}, want: trust.Beliefs{}},
		"a snippet in capitals":            {data: data{"Server-Snippet": "x"}, want: trust.Beliefs{Overrides: []string{"Server-Snippet"}}},
		"headers for applications":         {data: data{"proxy-set-headers": "a/b"}, want: trust.Beliefs{Overrides: []string{"proxy-set-headers"}}},
		"snippets of Ingress objects":      {data: data{"allow-snippet-annotations": "true"}, want: trust.Beliefs{Overrides: []string{"allow-snippet-annotations"}}},
		"no snippets of Ingress objects":   {data: data{"allow-snippet-annotations": "false"}, want: trust.Beliefs{}},
		"critical annotations":             {data: data{"annotations-risk-level": "Critical"}, want: trust.Beliefs{Overrides: []string{"annotations-risk-level"}}},
		"paths that are not checked":       {data: data{"strict-validate-path-type": "false"}, want: trust.Beliefs{Overrides: []string{"strict-validate-path-type"}}},
		"a service that names the client":  {data: data{"global-auth-response-headers": "X-Real-IP"}, want: trust.Beliefs{Overrides: []string{"global-auth-response-headers"}}},
		"a directive in a harmless value":  {data: data{"proxy-body-size": "1m; real_ip_header X"}, want: trust.Beliefs{Overrides: []string{"proxy-body-size"}}},
		"a directive in the header's name": {data: data{"forwarded-for-header": "X; set_real_ip_from ::/0"}, want: trust.Beliefs{Overrides: []string{"forwarded-for-header"}}},
		"keys of other controllers":        {data: data{"real-ip-header": "X", "set-real-ip-from": "0.0.0.0/0"}, want: trust.Beliefs{}},
		"several, in order":                {data: data{"server-snippet": "x", "main-snippet": "x"}, want: trust.Beliefs{Overrides: []string{"main-snippet", "server-snippet"}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, Engine{}.Beliefs(test.data), cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What is written is read back as what was asked for.
func TestBeliefsOfWhatWasWritten(t *testing.T) {
	const ignore, anyone = v1alpha1.ProtoAndHostIgnore, v1alpha1.ProtoAndHostTrustFromAnyone
	tests := map[string]struct {
		clientIP *v1alpha1.ClientIPSpec
		want     trust.Beliefs
	}{
		"nothing in front": {clientIP: nil, want: trust.Beliefs{}},
		"PROXY protocol":   {clientIP: &v1alpha1.ClientIPSpec{ProxyProtocol: proxyProtocol("10.0.0.0/24")}, want: trust.Beliefs{ProxyProtocol: true, CIDRs: []string{"10.0.0.0/24"}}},
		"PROXY protocol, refused": {
			clientIP: &v1alpha1.ClientIPSpec{ProxyProtocol: proxyProtocol("0.0.0.0/0")}, want: trust.Beliefs{ProxyProtocol: true},
		},
		"a header": {
			clientIP: &v1alpha1.ClientIPSpec{ForwardedHeader: header("X-Real-IP", ignore, "10.0.0.0/24")},
			want:     trust.Beliefs{Header: "X-Real-IP", Position: trust.First, CIDRs: []string{"10.0.0.0/24"}},
		},
		"a header, refused": {clientIP: &v1alpha1.ClientIPSpec{ForwardedHeader: header("X-Real-IP", anyone, "::/0")}, want: trust.Beliefs{}},
		"a header and Proto": {
			clientIP: &v1alpha1.ClientIPSpec{ForwardedHeader: header("", anyone, "10.0.0.0/24")},
			want:     trust.Beliefs{Header: "X-Forwarded-For", Position: trust.Last, ProtoAndHost: true, CIDRs: []string{"10.0.0.0/24"}},
		},
		"both": {
			clientIP: &v1alpha1.ClientIPSpec{ProxyProtocol: proxyProtocol("10.0.0.0/24"), ForwardedHeader: header("", ignore, "198.51.100.0/24")},
			want:     trust.Beliefs{ProxyProtocol: true, Header: "X-Forwarded-For", Position: trust.Last, ProtoAndHost: true, CIDRs: []string{"10.0.0.0/24", "198.51.100.0/24"}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			data, _ := trustOf(test.clientIP)
			if diff := cmp.Diff(test.want, Engine{}.Beliefs(data), cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
