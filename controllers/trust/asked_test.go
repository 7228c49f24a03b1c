package trust

import (
	"fmt"
	"strings"
	"testing"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

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

// anyHeader is an engine that takes the address from any header.
func anyHeader(string) string { return "" }

func TestRangesThatMayBeTrusted(t *testing.T) {
	tests := map[string][]string{
		"one address":                             {"203.0.113.7/32"},
		"the widest IPv4 range":                   {"10.0.0.0/8"},
		"four of the widest":                      {"10.0.0.0/8", "11.0.0.0/8", "172.0.0.0/8", "192.0.0.0/8"},
		"four of the widest and ranges in them":   {"10.0.0.0/8", "11.0.0.0/8", "172.0.0.0/8", "192.0.0.0/8", "10.1.0.0/16", "192.168.0.0/16", "10.0.0.0/8"},
		"the widest written five times":           {"10.0.0.0/8", "10.0.0.0/8", "10.0.0.0/8", "10.0.0.0/8", "10.0.0.0/8"},
		"eight halves":                            {"10.0.0.0/9", "10.128.0.0/9", "11.0.0.0/9", "11.128.0.0/9", "12.0.0.0/9", "12.128.0.0/9", "13.0.0.0/9", "13.128.0.0/9"},
		"the widest IPv6 range":                   {"2600::/16"},
		"four of the widest of IPv6":              {"2600::/16", "2601::/16", "2602::/16", "2603::/16"},
		"both families":                           {"10.0.0.0/8", "fd00::/16"},
		"documentation addresses, beside Teredo":  {"2001:db8::/32"},
		"one address of its own machine":          {"::1/128", "127.0.0.0/8"},
		"NAT64 of one network":                    {"64:ff9b::c633:6400/120"},
		"6to4 of one network":                     {"2002:c633:6400::/40"},
		"local NAT64 of one network":              {"64:ff9b:1::c633:6400/120"},
		"256 single addresses":                    manySingles(256),
		"six real ranges of a content delivery":   {"173.245.48.0/20", "103.21.244.0/22", "141.101.64.0/18", "104.16.0.0/13", "2400:cb00::/32", "2a06:98c0::/29"},
		"link-local and unique local of IPv6":     {"fe80::/16", "fc00::/16"},
		"an uncommon but exact way to write IPv6": {"2001:DB8:0:0::/64"},
	}
	for name, cidrs := range tests {
		t.Run(name, func(t *testing.T) {
			if _, problems := AskedBy(&v1alpha1.ClientIPSpec{ProxyProtocol: proxyProtocol(cidrs...)}, anyHeader); len(problems) > 0 {
				t.Errorf("refused: %s", problems[0].Message)
			}
		})
	}
}

func TestRangesThatMustNotBeTrusted(t *testing.T) {
	tests := map[string]struct {
		cidrs []string
		says  string
	}{
		"all of IPv4":                         {cidrs: []string{"0.0.0.0/0"}, says: "/8"},
		"all of IPv4 as two halves":           {cidrs: []string{"0.0.0.0/1", "128.0.0.0/1"}, says: "/8"},
		"one bit too wide":                    {cidrs: []string{"10.0.0.0/7"}, says: "/8"},
		"five of the widest":                  {cidrs: []string{"10.0.0.0/8", "11.0.0.0/8", "12.0.0.0/8", "13.0.0.0/8", "14.0.0.0/8"}, says: "more than 4 IPv4 /8"},
		"four of the widest and one address":  {cidrs: []string{"10.0.0.0/8", "11.0.0.0/8", "12.0.0.0/8", "13.0.0.0/8", "14.0.0.1/32"}, says: "more than 4 IPv4 /8"},
		"all of IPv4 in 256 parts":            {cidrs: everyIPv4(8), says: "more than 4 IPv4 /8"},
		"half of IPv4 in parts of nine bits":  {cidrs: everyIPv4(9)[:256], says: "more than 4 IPv4 /8"},
		"all of IPv6":                         {cidrs: []string{"::/0"}, says: "/16"},
		"all of IPv6 as two halves":           {cidrs: []string{"::/1", "8000::/1"}, says: "/16"},
		"what is routed of IPv6":              {cidrs: []string{"2000::/3"}, says: "/16"},
		"five of the widest of IPv6":          {cidrs: []string{"2600::/16", "2601::/16", "2602::/16", "2603::/16", "2604::/16"}, says: "more than 4 IPv6 /16"},
		"IPv4 inside IPv6, mapped":            {cidrs: []string{"::ffff:0:0/96"}, says: "as IPv4"},
		"IPv4 inside IPv6, mapped, two parts": {cidrs: []string{"::ffff:0.0.0.0/97", "::ffff:128.0.0.0/97"}, says: "as IPv4"},
		"a range around the mapped one":       {cidrs: []string{"::/80"}, says: "IPv4-mapped"},
		"NAT64":                               {cidrs: []string{"64:ff9b::/96"}, says: "NAT64"},
		"NAT64 as two halves":                 {cidrs: []string{"64:ff9b::/97", "64:ff9b::8000:0/97"}, says: "NAT64"},
		"a range around NAT64":                {cidrs: []string{"64:ff9b::/32"}, says: "NAT64"},
		"local NAT64":                         {cidrs: []string{"64:ff9b:1::/48"}, says: "local NAT64"},
		"NAT64 of five wide networks": {cidrs: []string{"64:ff9b::a00:0/104", "64:ff9b::b00:0/104", "64:ff9b::c00:0/104", "64:ff9b::d00:0/104", "64:ff9b::e00:0/104"},
			says: "more than 4 IPv4 /8"},
		"NAT64 of a wide network beside four": {cidrs: []string{"10.0.0.0/8", "11.0.0.0/8", "12.0.0.0/8", "13.0.0.0/8", "64:ff9b::e00:0/104"}, says: "more than 4 IPv4 /8"},
		"6to4":                                {cidrs: []string{"2002::/16"}, says: "6to4"},
		"6to4 as two halves":                  {cidrs: []string{"2002::/17", "2002:8000::/17"}, says: "6to4"},
		"Teredo":                              {cidrs: []string{"2001::/32"}, says: "Teredo"},
		"a range around Teredo":               {cidrs: []string{"2001::/16"}, says: "Teredo"},
		"IPv4-compatible":                     {cidrs: []string{"::/96"}, says: "IPv4-compatible"},
		"host bits":                           {cidrs: []string{"10.0.0.5/8"}, says: "Use 10.0.0.0/8, or a single address with /32"},
		"host bits of IPv6":                   {cidrs: []string{"2001:db8::1/32"}, says: "Use 2001:db8::/32, or a single address with /128"},
		"an address alone":                    {cidrs: []string{"10.0.0.1"}, says: "is not an address range"},
		"a prefix too long":                   {cidrs: []string{"10.0.0.0/33"}, says: "is not an address range"},
		"a prefix with a leading zero":        {cidrs: []string{"0.0.0.0/00"}, says: "is not an address range"},
		"an octet with a leading zero":        {cidrs: []string{"010.0.0.0/8"}, says: "is not an address range"},
		"a mask in place of a prefix":         {cidrs: []string{"0.0.0.0/0.0.0.0"}, says: "is not an address range"},
		"a zone":                              {cidrs: []string{"fe80::%eth0/64"}, says: "is not an address range"},
		"a range with a space":                {cidrs: []string{" 10.0.0.0/8"}, says: "is not an address range"},
		"two ranges in one":                   {cidrs: []string{"10.0.0.0/8,0.0.0.0/0"}, says: "is not an address range"},
		"a directive":                         {cidrs: []string{"10.0.0.0/8; real_ip_header X"}, says: "is not an address range"},
		"nothing":                             {cidrs: []string{""}, says: "is not an address range"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			asked, problems := AskedBy(&v1alpha1.ClientIPSpec{ForwardedHeader: header("", "", test.cidrs...)}, anyHeader)
			if len(problems) != 1 || !strings.Contains(problems[0].Message, test.says) {
				t.Errorf("got %v, want one problem that says %q", problems, test.says)
			}
			if asked.ProxyProtocol || asked.Header != "" || len(asked.CIDRs) > 0 {
				t.Errorf("trusts %+v", asked)
			}
		})
	}
}

func manySingles(n int) []string {
	var cidrs []string
	for i := range n {
		cidrs = append(cidrs, fmt.Sprintf("203.0.%d.1/32", i))
	}
	return cidrs
}

// everyIPv4 is all of IPv4 in prefixes of this length.
func everyIPv4(bits int) []string {
	var cidrs []string
	for i := range 1 << bits {
		cidrs = append(cidrs, fmt.Sprintf("%d.%d.0.0/%d", i>>(bits-8), i<<(16-bits)&0xff, bits))
	}
	return cidrs
}
