package ingressnginx

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/engine"
)

// off returns every setting about trust, written out, with no trusted address.
var off = map[string]string{
	"use-proxy-protocol":                  "false",
	"use-forwarded-headers":               "false",
	"enable-real-ip":                      "false",
	"proxy-real-ip-cidr":                  "",
	"forwarded-for-header":                "X-Forwarded-For",
	"forwarded-for-proxy-protocol-header": "X_Edge_Ingress_Client",
	"compute-full-forwarded-for":          "false",
	"enable-underscores-in-headers":       "false",
	"ignore-invalid-headers":              "true",
	"allow-snippet-annotations":           "false",
	"http-snippet":                        httpSnippet,
}

func with(changes ...string) map[string]string {
	data := map[string]string{}
	for key, value := range off {
		data[key] = value
	}
	for i := 0; i < len(changes); i += 2 {
		data[changes[i]] = changes[i+1]
	}
	return data
}

func cidrList(cidrs ...string) v1alpha1.TrustedCIDRs {
	list := v1alpha1.TrustedCIDRs{}
	for _, cidr := range cidrs {
		list = append(list, v1alpha1.CIDR(cidr))
	}
	return list
}

func proxyProtocol(cidrs ...string) *v1alpha1.ProxyProtocolSpec {
	return &v1alpha1.ProxyProtocolSpec{TrustedCIDRs: cidrList(cidrs...)}
}

func header(name string, protoAndHost v1alpha1.ProtoAndHost, cidrs ...string) *v1alpha1.ForwardedHeaderSpec {
	return &v1alpha1.ForwardedHeaderSpec{Header: name, ProtoAndHost: protoAndHost, TrustedCIDRs: cidrList(cidrs...)}
}

func trustOf(clientIP *v1alpha1.ClientIPSpec) (map[string]string, []engine.Problem) {
	return Engine{}.Configure(edgeIngress(func(e *v1alpha1.EdgeIngress) { e.Spec.ClientIP = clientIP }), nil)
}

func TestTrustThatIsWritten(t *testing.T) {
	const ignore, anyone = v1alpha1.ProtoAndHostIgnore, v1alpha1.ProtoAndHostTrustFromAnyone
	tests := map[string]struct {
		clientIP *v1alpha1.ClientIPSpec
		want     map[string]string
	}{
		"nothing in front": {clientIP: nil, want: off},
		"an empty block":   {clientIP: &v1alpha1.ClientIPSpec{}, want: off},
		"PROXY protocol": {
			clientIP: &v1alpha1.ClientIPSpec{ProxyProtocol: proxyProtocol("10.0.0.0/24")},
			want:     with("use-proxy-protocol", "true", "proxy-real-ip-cidr", "10.0.0.0/24"),
		},
		"PROXY protocol, sorted and each range once": {
			clientIP: &v1alpha1.ClientIPSpec{ProxyProtocol: proxyProtocol("2001:DB8::/48", "10.1.0.0/16", "10.0.0.0/24", "10.1.0.0/16")},
			want:     with("use-proxy-protocol", "true", "proxy-real-ip-cidr", "10.0.0.0/24,10.1.0.0/16,2001:db8::/48"),
		},
		"a header without Proto and Host": {
			clientIP: &v1alpha1.ClientIPSpec{ForwardedHeader: header("X-Forwarded-For", ignore, "198.51.100.0/24")},
			want:     with("enable-real-ip", "true", "proxy-real-ip-cidr", "198.51.100.0/24"),
		},
		"a header, from an object without defaults": {
			clientIP: &v1alpha1.ClientIPSpec{ForwardedHeader: header("", "", "198.51.100.0/24")},
			want:     with("enable-real-ip", "true", "proxy-real-ip-cidr", "198.51.100.0/24"),
		},
		"a CDN's own header": {
			clientIP: &v1alpha1.ClientIPSpec{ForwardedHeader: header("CF-Connecting-IP", ignore, "198.51.100.0/24")},
			want:     with("enable-real-ip", "true", "proxy-real-ip-cidr", "198.51.100.0/24", "forwarded-for-header", "CF-Connecting-IP"),
		},
		"a header with Proto and Host": {
			clientIP: &v1alpha1.ClientIPSpec{ForwardedHeader: header("X-Forwarded-For", anyone, "198.51.100.0/24")},
			want:     with("use-forwarded-headers", "true", "proxy-real-ip-cidr", "198.51.100.0/24"),
		},
		"both, which needs the ranges of both": {
			clientIP: &v1alpha1.ClientIPSpec{ProxyProtocol: proxyProtocol("10.0.0.0/24"), ForwardedHeader: header("X-Real-IP", ignore, "198.51.100.0/24", "10.0.0.0/24")},
			want:     with("use-proxy-protocol", "true", "use-forwarded-headers", "true", "proxy-real-ip-cidr", "10.0.0.0/24,198.51.100.0/24", "forwarded-for-header", "X-Real-IP"),
		},
		"both, with Proto and Host": {
			clientIP: &v1alpha1.ClientIPSpec{ProxyProtocol: proxyProtocol("10.0.0.0/24"), ForwardedHeader: header("", anyone, "198.51.100.0/24")},
			want:     with("use-proxy-protocol", "true", "use-forwarded-headers", "true", "proxy-real-ip-cidr", "10.0.0.0/24,198.51.100.0/24"),
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			data, problems := trustOf(test.clientIP)
			if len(problems) > 0 {
				t.Errorf("refused: %v", problems)
			}
			if diff := cmp.Diff(test.want, data); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTrustThatIsRefusedTrustsNobody(t *testing.T) {
	good := "198.51.100.0/24"
	tests := map[string]struct {
		clientIP *v1alpha1.ClientIPSpec
		field    string
		says     string
	}{
		"PROXY protocol from everyone":      {clientIP: &v1alpha1.ClientIPSpec{ProxyProtocol: proxyProtocol("0.0.0.0/0")}, field: "spec.clientIP.proxyProtocol.trustedCIDRs", says: "everyone"},
		"a header from everyone":            {clientIP: &v1alpha1.ClientIPSpec{ForwardedHeader: header("", "", "::/0")}, field: "spec.clientIP.forwardedHeader.trustedCIDRs", says: "everyone"},
		"no ranges at all":                  {clientIP: &v1alpha1.ClientIPSpec{ForwardedHeader: header("", "")}, field: "spec.clientIP.forwardedHeader.trustedCIDRs", says: "is empty"},
		"something that is no range":        {clientIP: &v1alpha1.ClientIPSpec{ProxyProtocol: proxyProtocol("proxy.example.com")}, field: "spec.clientIP.proxyProtocol.trustedCIDRs", says: "is not an address range"},
		"good ranges and a bad one":         {clientIP: &v1alpha1.ClientIPSpec{ProxyProtocol: proxyProtocol(good, "10.0.0.5/8")}, field: "spec.clientIP.proxyProtocol.trustedCIDRs", says: "host bits"},
		"a good block and a bad one":        {clientIP: &v1alpha1.ClientIPSpec{ProxyProtocol: proxyProtocol(good), ForwardedHeader: header("", "", "0.0.0.0/1")}, field: "spec.clientIP.forwardedHeader.trustedCIDRs", says: "/8"},
		"two good blocks, too wide as one":  {clientIP: &v1alpha1.ClientIPSpec{ProxyProtocol: proxyProtocol("10.0.0.0/8", "11.0.0.0/8", "12.0.0.0/8"), ForwardedHeader: header("", "", "13.0.0.0/8", "14.0.0.0/8")}, field: "spec.clientIP", says: "together"},
		"a header with a directive in it":   {clientIP: &v1alpha1.ClientIPSpec{ForwardedHeader: header("X; set_real_ip_from 0.0.0.0/0", "", good)}, field: "spec.clientIP.forwardedHeader.header", says: "cannot carry"},
		"the module's own word as a header": {clientIP: &v1alpha1.ClientIPSpec{ForwardedHeader: header("proxy_protocol", "", good)}, field: "spec.clientIP.forwardedHeader.header", says: "cannot carry"},
		"a header with more than addresses": {clientIP: &v1alpha1.ClientIPSpec{ForwardedHeader: header("Forwarded", "", good)}, field: "spec.clientIP.forwardedHeader.header", says: "CF-Connecting-IP"},
		"Proto and Host with a bad range":   {clientIP: &v1alpha1.ClientIPSpec{ForwardedHeader: header("", v1alpha1.ProtoAndHostTrustFromAnyone, "2002::/16")}, field: "spec.clientIP.forwardedHeader.trustedCIDRs", says: "6to4"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			data, problems := trustOf(test.clientIP)
			if len(problems) != 1 || problems[0].Kind != engine.ProblemTrust || problems[0].Key != test.field || !strings.Contains(problems[0].Message, test.says) {
				t.Errorf("got %+v, want one about %s that says %q", problems, test.field, test.says)
			}
			want := with("use-proxy-protocol", fmt.Sprint(test.clientIP.ProxyProtocol != nil))
			if diff := cmp.Diff(want, data); diff != "" {
				t.Error(diff)
			}
		})
	}
}
