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
		"nothing at all":                        {nil, trust.Beliefs{}},
		"everything written and off":            {off, trust.Beliefs{}},
		"a list that nothing uses":              {data{"proxy-real-ip-cidr": "0.0.0.0/0"}, trust.Beliefs{}},
		"compute-full alone does nothing":       {data{"compute-full-forwarded-for": "true"}, trust.Beliefs{}},
		"PROXY protocol, no list":               {data{"use-proxy-protocol": "true"}, trust.Beliefs{ProxyProtocol: true, CIDRs: everyone, TrustsAnyone: true}},
		"PROXY protocol, a list":                {data{"use-proxy-protocol": "true", "proxy-real-ip-cidr": "10.0.0.0/24"}, trust.Beliefs{ProxyProtocol: true, CIDRs: lb}},
		"PROXY protocol, an empty list":         {data{"use-proxy-protocol": "true", "proxy-real-ip-cidr": ""}, trust.Beliefs{ProxyProtocol: true}},
		"PROXY protocol, commas alone":          {data{"use-proxy-protocol": "true", "proxy-real-ip-cidr": ",,"}, trust.Beliefs{ProxyProtocol: true}},
		"PROXY protocol and real ip: no header": {data{"use-proxy-protocol": "true", "enable-real-ip": "true", "proxy-real-ip-cidr": "10.0.0.0/24"}, trust.Beliefs{ProxyProtocol: true, CIDRs: lb}},
		"real ip": {data{"enable-real-ip": "true", "proxy-real-ip-cidr": "10.0.0.0/24"},
			trust.Beliefs{Header: "X-Forwarded-For", Position: trust.Last, CIDRs: lb}},
		"real ip and compute-full, which it ignores": {data{"enable-real-ip": "true", "proxy-real-ip-cidr": "10.0.0.0/24", "compute-full-forwarded-for": "true"},
			trust.Beliefs{Header: "X-Forwarded-For", Position: trust.Last, CIDRs: lb}},
		"real ip from a CDN's header": {data{"enable-real-ip": "1", "forwarded-for-header": "CF-Connecting-IP", "proxy-real-ip-cidr": "10.0.0.0/24"},
			trust.Beliefs{Header: "CF-Connecting-IP", Position: trust.First, CIDRs: lb}},
		"forwarded headers, no list": {data{"use-forwarded-headers": "true"},
			trust.Beliefs{Header: "X-Forwarded-For", Position: trust.Last, ProtoAndHost: true, CIDRs: everyone, TrustsAnyone: true}},
		"forwarded headers and compute-full": {data{"use-forwarded-headers": "true", "compute-full-forwarded-for": "t", "proxy-real-ip-cidr": "10.0.0.0/24"},
			trust.Beliefs{Header: "X-Forwarded-For", Position: trust.Last, ProtoAndHost: true, PassesClientsHeader: true, CIDRs: lb}},
		"both, with upstream's internal header": {data{"use-forwarded-headers": "true", "use-proxy-protocol": "true", "proxy-real-ip-cidr": "10.0.0.0/24"},
			trust.Beliefs{ProxyProtocol: true, Header: "X-Forwarded-For", Position: trust.Last, ProtoAndHost: true, CIDRs: lb, InternalHeaderForgeable: true}},
		"both, with a hidden internal header": {
			data{"use-forwarded-headers": "true", "use-proxy-protocol": "true", "proxy-real-ip-cidr": "10.0.0.0/24", "forwarded-for-proxy-protocol-header": "X_Any"},
			trust.Beliefs{ProxyProtocol: true, Header: "X-Forwarded-For", Position: trust.Last, ProtoAndHost: true, CIDRs: lb}},
		"both, hidden, but underscores let in": {
			data{"use-forwarded-headers": "true", "use-proxy-protocol": "true", "proxy-real-ip-cidr": "10.0.0.0/24", "forwarded-for-proxy-protocol-header": "X_Any",
				"enable-underscores-in-headers": "true"},
			trust.Beliefs{ProxyProtocol: true, Header: "X-Forwarded-For", Position: trust.Last, ProtoAndHost: true, CIDRs: lb, InternalHeaderForgeable: true}},
		"both, hidden, but invalid headers let in": {
			data{"use-forwarded-headers": "true", "use-proxy-protocol": "true", "proxy-real-ip-cidr": "10.0.0.0/24", "forwarded-for-proxy-protocol-header": "X_Any",
				"ignore-invalid-headers": "false"},
			trust.Beliefs{ProxyProtocol: true, Header: "X-Forwarded-For", Position: trust.Last, ProtoAndHost: true, CIDRs: lb, InternalHeaderForgeable: true}},
		"both, hidden, and an empty bool, which is false": {
			data{"use-forwarded-headers": "true", "use-proxy-protocol": "true", "proxy-real-ip-cidr": "10.0.0.0/24", "forwarded-for-proxy-protocol-header": "X_Any",
				"ignore-invalid-headers": ""},
			trust.Beliefs{ProxyProtocol: true, Header: "X-Forwarded-For", Position: trust.Last, ProtoAndHost: true, CIDRs: lb, InternalHeaderForgeable: true}},
		"a bool that cannot be read leaves the default": {data{"use-forwarded-headers": "on", "use-proxy-protocol": "yes"}, trust.Beliefs{}},
		"another spelling counts":                       {data{"Use-Proxy-Protocol": "true", "proxy-real-ip-cidr": "10.0.0.0/24"}, trust.Beliefs{ProxyProtocol: true, CIDRs: lb}},
		"the documented spelling goes before another":   {data{"Use-Proxy-Protocol": "true", "use-proxy-protocol": "false"}, trust.Beliefs{}},
		"of two others the worse is assumed": {data{"Use-Proxy-Protocol": "false", "USE-PROXY-PROTOCOL": "true", "proxy-real-ip-cidr": "10.0.0.0/24"},
			trust.Beliefs{ProxyProtocol: true, CIDRs: lb}},
		"another spelling of the list alone": {data{"use-proxy-protocol": "true", "Proxy-Real-IP-CIDR": "10.0.0.0/24"}, trust.Beliefs{ProxyProtocol: true, CIDRs: lb}},
		"another spelling of the list overwrites a part": {data{"use-proxy-protocol": "true", "proxy-real-ip-cidr": "10.0.0.0/24", "Proxy-Real-IP-CIDR": "0.0.0.0/0"},
			trust.Beliefs{ProxyProtocol: true, CIDRs: []string{"10.0.0.0/24", "0.0.0.0/0"}, TrustsAnyone: true}},
		"spaces and empty items in the list": {data{"use-proxy-protocol": "true", "proxy-real-ip-cidr": " 10.0.0.0/24 ,, 10.0.1.1"},
			trust.Beliefs{ProxyProtocol: true, CIDRs: []string{"10.0.0.0/24", "10.0.1.1"}}},
		"two halves": {data{"use-proxy-protocol": "true", "proxy-real-ip-cidr": "0.0.0.0/1,128.0.0.0/1"},
			trust.Beliefs{ProxyProtocol: true, CIDRs: []string{"0.0.0.0/1", "128.0.0.0/1"}, TrustsAnyone: true}},
		"mapped IPv4": {data{"use-proxy-protocol": "true", "proxy-real-ip-cidr": "::ffff:0:0/96"},
			trust.Beliefs{ProxyProtocol: true, CIDRs: []string{"::ffff:0:0/96"}, TrustsAnyone: true}},
		"host bits, which nginx masks": {data{"use-proxy-protocol": "true", "proxy-real-ip-cidr": "1.2.3.4/0"},
			trust.Beliefs{ProxyProtocol: true, CIDRs: []string{"1.2.3.4/0"}, TrustsAnyone: true}},
		"what cannot be read may be everyone": {data{"use-proxy-protocol": "true", "proxy-real-ip-cidr": "0.0.0.0/00"},
			trust.Beliefs{ProxyProtocol: true, CIDRs: []string{"0.0.0.0/00"}, TrustsAnyone: true}},
		"a name may be everyone": {data{"use-proxy-protocol": "true", "proxy-real-ip-cidr": "proxy.example.com"},
			trust.Beliefs{ProxyProtocol: true, CIDRs: []string{"proxy.example.com"}, TrustsAnyone: true}},
		"a snippet":                        {data{"http-snippet": "x"}, trust.Beliefs{Overrides: []string{"http-snippet"}}},
		"an empty snippet":                 {data{"http-snippet": ""}, trust.Beliefs{}},
		"a snippet in capitals":            {data{"Server-Snippet": "x"}, trust.Beliefs{Overrides: []string{"Server-Snippet"}}},
		"headers for applications":         {data{"proxy-set-headers": "a/b"}, trust.Beliefs{Overrides: []string{"proxy-set-headers"}}},
		"snippets of Ingress objects":      {data{"allow-snippet-annotations": "true"}, trust.Beliefs{Overrides: []string{"allow-snippet-annotations"}}},
		"no snippets of Ingress objects":   {data{"allow-snippet-annotations": "false"}, trust.Beliefs{}},
		"critical annotations":             {data{"annotations-risk-level": "Critical"}, trust.Beliefs{Overrides: []string{"annotations-risk-level"}}},
		"paths that are not checked":       {data{"strict-validate-path-type": "false"}, trust.Beliefs{Overrides: []string{"strict-validate-path-type"}}},
		"a service that names the client":  {data{"global-auth-response-headers": "X-Real-IP"}, trust.Beliefs{Overrides: []string{"global-auth-response-headers"}}},
		"a directive in a harmless value":  {data{"proxy-body-size": "1m; real_ip_header X"}, trust.Beliefs{Overrides: []string{"proxy-body-size"}}},
		"a directive in the header's name": {data{"forwarded-for-header": "X; set_real_ip_from ::/0"}, trust.Beliefs{Overrides: []string{"forwarded-for-header"}}},
		"keys of other controllers":        {data{"real-ip-header": "X", "set-real-ip-from": "0.0.0.0/0"}, trust.Beliefs{}},
		"several, in order":                {data{"server-snippet": "x", "main-snippet": "x"}, trust.Beliefs{Overrides: []string{"main-snippet", "server-snippet"}}},
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
		"nothing in front": {nil, trust.Beliefs{}},
		"PROXY protocol":   {&v1alpha1.ClientIPSpec{ProxyProtocol: proxyProtocol("10.0.0.0/24")}, trust.Beliefs{ProxyProtocol: true, CIDRs: []string{"10.0.0.0/24"}}},
		"PROXY protocol, refused": {
			&v1alpha1.ClientIPSpec{ProxyProtocol: proxyProtocol("0.0.0.0/0")}, trust.Beliefs{ProxyProtocol: true},
		},
		"a header": {
			&v1alpha1.ClientIPSpec{ForwardedHeader: header("X-Real-IP", ignore, "10.0.0.0/24")},
			trust.Beliefs{Header: "X-Real-IP", Position: trust.First, CIDRs: []string{"10.0.0.0/24"}},
		},
		"a header, refused": {&v1alpha1.ClientIPSpec{ForwardedHeader: header("X-Real-IP", anyone, "::/0")}, trust.Beliefs{}},
		"a header and Proto": {
			&v1alpha1.ClientIPSpec{ForwardedHeader: header("", anyone, "10.0.0.0/24")},
			trust.Beliefs{Header: "X-Forwarded-For", Position: trust.Last, ProtoAndHost: true, CIDRs: []string{"10.0.0.0/24"}},
		},
		"both": {
			&v1alpha1.ClientIPSpec{ProxyProtocol: proxyProtocol("10.0.0.0/24"), ForwardedHeader: header("", ignore, "198.51.100.0/24")},
			trust.Beliefs{ProxyProtocol: true, Header: "X-Forwarded-For", Position: trust.Last, ProtoAndHost: true, CIDRs: []string{"10.0.0.0/24", "198.51.100.0/24"}},
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
