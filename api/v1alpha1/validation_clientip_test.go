package v1alpha1_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestClientIP(t *testing.T) {
	const addressesAlone, headerName = "must be a header that holds addresses alone", "must be a header name of letters, digits, hyphens and underscores"
	const ownHeader = "must not be a header that the engine IngressNGINX writes itself"
	header := func(name string) string {
		return "clientIP: {forwardedHeader: {header: " + name + ", trustedCIDRs: [203.0.113.0/24]}}"
	}
	judge(t, someNodes, map[string]verdict{
		"PROXY protocol from a balancer":                {"clientIP: {proxyProtocol: {trustedCIDRs: [10.0.0.0/24]}}", accepted},
		"a header from a CDN":                           {"clientIP: {forwardedHeader: {trustedCIDRs: [203.0.113.0/24]}}", accepted},
		"a CDN behind a balancer with PROXY protocol":   {"clientIP: {proxyProtocol: {trustedCIDRs: [10.0.0.0/24]}, forwardedHeader: {protoAndHost: TrustFromAnyone, trustedCIDRs: [203.0.113.0/24]}}", accepted},
		"a CDN behind a balancer without saying so":     {"clientIP: {proxyProtocol: {trustedCIDRs: [10.0.0.0/24]}, forwardedHeader: {trustedCIDRs: [203.0.113.0/24]}}", "write forwardedHeader.protoAndHost: TrustFromAnyone to accept that"},
		"clientIP that says nothing":                    {"clientIP: {}", "write what stands in front of the edge nodes, or remove clientIP"},
		"PROXY protocol from nobody":                    {"clientIP: {proxyProtocol: {}}", "write the addresses of the balancer, as the edge nodes see them, such as 10.0.0.0/24"},
		"PROXY protocol from an empty list":             {"clientIP: {proxyProtocol: {trustedCIDRs: []}}", "write the addresses of what stands in front"},
		"a header from nobody":                          {"clientIP: {forwardedHeader: {header: X-Forwarded-For}}", "write the addresses of the proxies, such as 203.0.113.0/24"},
		"a header from an empty list":                   {"clientIP: {forwardedHeader: {trustedCIDRs: []}}", "write the addresses of what stands in front"},
		"a proxy that appends":                          {"clientIP: {forwardedHeader: {policy: Append, trustedCIDRs: [203.0.113.0/24]}}", accepted},
		"a proxy that does what none does":              {"clientIP: {forwardedHeader: {policy: IfNone, trustedCIDRs: [203.0.113.0/24]}}", `supported values: "Append", "Replace"`},
		"Proto and Host believed":                       {"clientIP: {forwardedHeader: {protoAndHost: TrustFromAnyone, trustedCIDRs: [203.0.113.0/24]}}", accepted},
		"Proto and Host believed in another way":        {"clientIP: {forwardedHeader: {protoAndHost: Trust, trustedCIDRs: [203.0.113.0/24]}}", `supported values: "Ignore", "TrustFromAnyone"`},
		"the header of a CDN":                           {header("CF-Connecting-IP"), accepted},
		"a header in lower case":                        {header("x-real-ip"), accepted},
		"a header with an underscore":                   {header("X_Real_IP"), "spec.clientIP.forwardedHeader.header: Invalid value: clientIP.forwardedHeader.header must not have an underscore, because the engine IngressNGINX drops such headers: write X-Forwarded-For"},
		"the name that means PROXY protocol":            {header("proxy_protocol"), "must not have an underscore"},
		"a header with a space":                         {header("X Real IP"), headerName},
		"a header with a colon":                         {header("'X-Real-IP:'"), headerName},
		"a header that breaks the line":                 {header(`"X-Real-IP\nX"`), headerName},
		"a header that ends in a line break":            {header(`"X-Real-IP\n"`), headerName},
		"a header that would end a directive":           {header("'X;deny'"), headerName},
		"a header of 101 characters":                    {header(strings.Repeat("a", 101)), "may not be more than 100"},
		"Forwarded holds more than an address":          {header("Forwarded"), addressesAlone},
		"Host holds no address":                         {header("HOST"), addressesAlone},
		"X-Forwarded-Proto holds no address":            {header("X-Forwarded-Proto"), addressesAlone},
		"X-Forwarded-Host holds no address":             {header("X-Forwarded-Host"), addressesAlone},
		"Cookie holds no address":                       {header("cookie"), addressesAlone},
		"the engine's copy of what the client sent":     {header("X-Original-Forwarded-For"), ownHeader},
		"the header that the engine would use inside":   {header("X-Forwarded-For-Proxy-Protocol"), ownHeader},
		"trusted addresses that are a text, not a list": {"clientIP: {proxyProtocol: {trustedCIDRs: 10.0.0.0/24}}", `must be of type array: "string"`},
	})
}

func TestTrustedCIDRs(t *testing.T) {
	const (
		noRange  = "must be an address range: write it like 203.0.113.0/24 or 2001:db8::/32"
		hostBits = "must not have host bits"
		everyone = "write the addresses that your proxies really have"
		embedded = "in which every IPv4 address has its place"
		fourOf4  = "add up to more than four IPv4 /8 ranges"
		fourOf6  = "add up to more than four IPv6 /16 ranges"
	)
	rows := map[string]struct {
		cidrs string
		want  string
	}{
		"a network":                                     {"203.0.113.0/24", accepted},
		"a single address":                              {"203.0.113.7/32", accepted},
		"IPv4 and IPv6":                                 {"203.0.113.0/24, '2001:db8::/32'", accepted},
		"a single address of IPv6":                      {"'2001:db8::1/128'", accepted},
		"IPv6 written out":                              {"'2001:0DB8:0:0::/64'", accepted},
		"this host":                                     {"127.0.0.1/32, '::1/128'", accepted},
		"the private networks":                          {"10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10, 'fd00::/16'", accepted},
		"an address without a length":                   {"203.0.113.7", noRange},
		"a name":                                        {"proxy.example.com", noRange},
		"a range with a hyphen":                         {"203.0.113.1-203.0.113.9", noRange},
		"a netmask":                                     {"10.0.0.0/255.0.0.0", noRange},
		"a length that does not exist":                  {"10.0.0.0/33", noRange},
		"a length of IPv6 that does not exist":          {"'2001:db8::/129'", noRange},
		"a negative length":                             {"10.0.0.0/-1", noRange},
		"a length with a zero in front":                 {"10.0.0.0/08", noRange},
		"an octet with a zero in front":                 {"010.0.0.0/8", noRange},
		"an octet too large":                            {"10.0.0.256/32", noRange},
		"a short spelling":                              {"10/8", noRange},
		"everyone in two letters":                       {"all", noRange},
		"a space in front":                              {"' 10.0.0.0/24'", noRange},
		"two ranges in one text":                        {"'10.0.0.0/24,0.0.0.0/0'", noRange},
		"a zone":                                        {"'fe80::%eth0/64'", noRange},
		"a zone behind the length":                      {"'fe80::/64%eth0'", noRange},
		"IPv4 as IPv6":                                  {"'::ffff:10.0.0.0/104'", noRange},
		"IPv4 as IPv6 in hexadecimal":                   {"'::ffff:a00:0/104'", noRange},
		"host bits":                                     {"10.0.0.5/8", hostBits},
		"host bits of IPv6":                             {"'2001:db8::1/64'", hostBits},
		"host bits of a single network":                 {"203.0.113.1/31", hostBits},
		"everyone":                                      {"0.0.0.0/0", "and 0.0.0.0/0 comes close to it (the shortest prefix is /8 for IPv4 and /16 for IPv6)"},
		"everyone among others":                         {"203.0.113.0/24, 0.0.0.0/0", everyone},
		"everyone with IPv6":                            {"'::/0'", everyone},
		"everyone with IPv6, in full":                   {"'0:0:0:0:0:0:0:0/0'", everyone},
		"everyone in two halves":                        {"0.0.0.0/1, 128.0.0.0/1", everyone},
		"everyone with IPv6 in two halves":              {"'::/1, 8000::/1'", noRange},
		"half of everyone":                              {"128.0.0.0/1", everyone},
		"half of everyone with IPv6":                    {"'8000::/1'", everyone},
		"a /7":                                          {"10.0.0.0/7", everyone},
		"a /8":                                          {"10.0.0.0/8", accepted},
		"all addresses of IPv6 that are given out":      {"'2000::/3'", everyone},
		"an IPv6 /15":                                   {"'2a00::/15'", everyone},
		"an IPv6 /16":                                   {"'2a00::/16'", accepted},
		"unique local addresses as a whole":             {"'fc00::/7'", everyone},
		"four /8":                                       {blocks("%d.0.0.0/8", 10, 4), accepted},
		"five /8":                                       {blocks("%d.0.0.0/8", 10, 5), fourOf4},
		"four /8 and one address":                       {blocks("%d.0.0.0/8", 10, 4) + ", 203.0.113.7/32", fourOf4},
		"three /8 and many networks":                    {blocks("%d.0.0.0/8", 10, 3) + ", " + blocks("203.0.%d.0/24", 0, 200), accepted},
		"eight /9":                                      {blocks("%d.0.0.0/9", 10, 8), accepted},
		"many /9":                                       {blocks("%d.0.0.0/9", 10, 9), fourOf4},
		"everyone in 256 parts":                         {blocks("%d.0.0.0/8", 0, 256), fourOf4},
		"many /10":                                      {blocks("%d.0.0.0/10", 0, 17), fourOf4},
		"256 networks":                                  {blocks("10.0.%d.0/24", 0, 256), accepted},
		"257 networks":                                  {blocks("10.0.%d.0/24", 0, 256) + ", 10.1.0.0/24", "must have at most 256 items"},
		"four IPv6 /16":                                 {blocks("'2a%02x::/16'", 0, 4), accepted},
		"five IPv6 /16":                                 {blocks("'2a%02x::/16'", 0, 5), fourOf6},
		"all of IPv6 that is in use":                    {blocks("'26%02x::/16'", 0, 128), fourOf6},
		"256 networks of IPv6":                          {blocks("'2001:db8:%x::/48'", 0, 256), accepted},
		"all of IPv4 behind NAT64":                      {"'64:ff9b::/96'", embedded},
		"all of IPv4 behind NAT64 and more":             {"'64:ff9b::/32'", embedded},
		"half of IPv4 behind NAT64":                     {"'64:ff9b::/97'", embedded},
		"a network behind NAT64":                        {"'64:ff9b::cb00:7100/120'", accepted},
		"all of IPv4 behind NAT64, in parts":            {blocks("'64:ff9b::%x00:0/104'", 0, 8), fourOf4},
		"all of IPv4 behind a local NAT64":              {"'64:ff9b:1::/48'", embedded},
		"all of IPv4 behind a local NAT64, at its end":  {"'64:ff9b:1:ffff::/96'", embedded},
		"all of 6to4":                                   {"'2002::/16'", embedded},
		"half of 6to4":                                  {"'2002:8000::/17'", embedded},
		"a network of 6to4":                             {"'2002:cb00:7100::/40'", accepted},
		"all of 6to4 in parts":                          {blocks("'2002:%x00::/24'", 1, 8), fourOf4},
		"all of Teredo":                                 {"'2001::/32'", embedded},
		"a server of Teredo":                            {"'2001:0:cb00:7107::/64'", embedded},
		"a range with Teredo inside":                    {"'2001::/23'", embedded},
		"a network beside Teredo":                       {"'2001:4860::/32'", accepted},
		"all of IPv4-mapped":                            {"'::ffff:0:0/96'", noRange},
		"a range with all of IPv4-mapped inside":        {"'::fffe:0:0/95'", embedded},
		"a wider range with all of IPv4-mapped inside":  {"'::/80'", embedded},
		"a range with all special addresses inside":     {"'::/16'", embedded},
		"all of IPv4-compatible":                        {"'::/96'", embedded},
		"all of IPv4-translated":                        {"'::ffff:0:0:0/96'", embedded},
		"IPv4 /8 and its like behind NAT64 add up":      {blocks("%d.0.0.0/8", 10, 4) + ", '64:ff9b::b00:0/104'", fourOf4},
		"a /8 that is written five times counts once":   {"10.0.0.0/8, 10.0.0.0/8, 10.0.0.0/8, 10.0.0.0/8, 10.0.0.0/8", accepted},
		"four /8, all written twice":                    {blocks("%d.0.0.0/8", 10, 4) + ", " + blocks("%d.0.0.0/8", 10, 4), accepted},
		"five /8, all written twice":                    {blocks("%d.0.0.0/8", 10, 5) + ", " + blocks("%d.0.0.0/8", 10, 5), fourOf4},
		"four /8 and networks inside them":              {blocks("%d.0.0.0/8", 10, 4) + ", " + blocks("10.%d.0.0/16", 0, 200), accepted},
		"four /8 and halves inside them":                {blocks("%d.0.0.0/8", 10, 4) + ", " + blocks("%d.0.0.0/9", 10, 4) + ", " + blocks("%d.128.0.0/10", 10, 4), accepted},
		"a /9 that is written many times":               {blocks("10.%d.0.0/9", 0, 1) + strings.Repeat(", 10.0.0.0/9", 40), accepted},
		"an IPv6 /16 that is written five times":        {"'2a00::/16'" + strings.Repeat(", '2a00::/16'", 4), accepted},
		"four IPv6 /16 and networks inside them":        {blocks("'2a%02x::/16'", 0, 4) + ", " + blocks("'2a00:%x::/32'", 0, 200), accepted},
		"a network of NAT64 that is written five times": {"'64:ff9b::a00:0/104'" + strings.Repeat(", '64:ff9b::a00:0/104'", 4), accepted},
		"a network of 6to4 that is written five times":  {"'2002:a00::/24'" + strings.Repeat(", '2002:a00::/24'", 4), accepted},
		"IPv6 and IPv4 at their limits together":        {blocks("%d.0.0.0/8", 10, 4) + ", " + blocks("'2a%02x::/16'", 0, 4), accepted},
		"IPv6 that ends as IPv4 is written":             {"'2001:db8::203.0.113.7/128'", accepted},
		"a text that only looks like trust of everyone": {"'*'", noRange},
	}
	asProxy, asHeader := map[string]verdict{}, map[string]verdict{}
	for name, row := range rows {
		asProxy[name] = verdict{"clientIP: {proxyProtocol: {trustedCIDRs: [" + row.cidrs + "]}}", row.want}
		asHeader[name] = verdict{"clientIP: {forwardedHeader: {trustedCIDRs: [" + row.cidrs + "]}}", row.want}
	}
	t.Run("for PROXY protocol", func(t *testing.T) { judge(t, someNodes, asProxy) })
	t.Run("for a header", func(t *testing.T) { judge(t, someNodes, asHeader) })
}

func TestTrustedCIDRsOfBothBlocksTogether(t *testing.T) {
	both := func(proxy, header string) string {
		return fmt.Sprintf("clientIP: {proxyProtocol: {trustedCIDRs: [%s]}, forwardedHeader: {protoAndHost: TrustFromAnyone, trustedCIDRs: [%s]}}", proxy, header)
	}
	judge(t, someNodes, map[string]verdict{
		"two and two /8":               {both(blocks("%d.0.0.0/8", 10, 2), blocks("%d.0.0.0/8", 20, 2)), accepted},
		"two and three /8":             {both(blocks("%d.0.0.0/8", 10, 2), blocks("%d.0.0.0/8", 20, 3)), "the trustedCIDRs of clientIP add up to more than four IPv4 /8 ranges"},
		"the same four /8 count once":  {both(blocks("%d.0.0.0/8", 10, 4), blocks("%d.0.0.0/8", 10, 4)), accepted},
		"a /8 and the networks inside": {both(blocks("%d.0.0.0/8", 10, 4), blocks("10.%d.0.0/16", 0, 200)), accepted},
		"two and three IPv6 /16":       {both(blocks("'2a%02x::/16'", 0, 2), blocks("'2a%02x::/16'", 8, 3)), "add up to more than four IPv6 /16 ranges"},
		"everyone in the second block": {both("10.0.0.0/24", "0.0.0.0/0"), "spec.clientIP.forwardedHeader.trustedCIDRs"},
		"256 and 256 networks":         {both(blocks("10.0.%d.0/24", 0, 256), blocks("10.1.%d.0/24", 0, 256)), accepted},
	})
}

// blocks writes a list of ranges that are numbered from first.
func blocks(format string, first, count int) string {
	ranges := make([]string, count)
	for i := range ranges {
		ranges[i] = fmt.Sprintf(format, first+i)
	}
	return strings.Join(ranges, ", ")
}
