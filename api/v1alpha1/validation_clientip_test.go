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
		"PROXY protocol from a balancer":                {spec: "clientIP: {proxyProtocol: {trustedCIDRs: [10.0.0.0/24]}}", want: accepted},
		"a header from a CDN":                           {spec: "clientIP: {forwardedHeader: {trustedCIDRs: [203.0.113.0/24]}}", want: accepted},
		"a CDN behind a balancer with PROXY protocol":   {spec: "clientIP: {proxyProtocol: {trustedCIDRs: [10.0.0.0/24]}, forwardedHeader: {protoAndHost: TrustFromAnyone, trustedCIDRs: [203.0.113.0/24]}}", want: accepted},
		"a CDN behind a balancer without saying so":     {spec: "clientIP: {proxyProtocol: {trustedCIDRs: [10.0.0.0/24]}, forwardedHeader: {trustedCIDRs: [203.0.113.0/24]}}", want: "write forwardedHeader.protoAndHost: TrustFromAnyone to accept that"},
		"clientIP that says nothing":                    {spec: "clientIP: {}", want: "write what stands in front of the edge nodes, or remove clientIP"},
		"PROXY protocol from nobody":                    {spec: "clientIP: {proxyProtocol: {}}", want: "write the addresses of the balancer, as the edge nodes see them, such as 10.0.0.0/24"},
		"PROXY protocol from an empty list":             {spec: "clientIP: {proxyProtocol: {trustedCIDRs: []}}", want: "write the addresses of what stands in front"},
		"a header from nobody":                          {spec: "clientIP: {forwardedHeader: {header: X-Forwarded-For}}", want: "write the addresses of the proxies, such as 203.0.113.0/24"},
		"a header from an empty list":                   {spec: "clientIP: {forwardedHeader: {trustedCIDRs: []}}", want: "write the addresses of what stands in front"},
		"a proxy that appends":                          {spec: "clientIP: {forwardedHeader: {policy: Append, trustedCIDRs: [203.0.113.0/24]}}", want: accepted},
		"a proxy that does what none does":              {spec: "clientIP: {forwardedHeader: {policy: IfNone, trustedCIDRs: [203.0.113.0/24]}}", want: `supported values: "Append", "Replace"`},
		"Proto and Host believed":                       {spec: "clientIP: {forwardedHeader: {protoAndHost: TrustFromAnyone, trustedCIDRs: [203.0.113.0/24]}}", want: accepted},
		"Proto and Host believed in another way":        {spec: "clientIP: {forwardedHeader: {protoAndHost: Trust, trustedCIDRs: [203.0.113.0/24]}}", want: `supported values: "Ignore", "TrustFromAnyone"`},
		"the header of a CDN":                           {spec: header("CF-Connecting-IP"), want: accepted},
		"a header in lower case":                        {spec: header("x-real-ip"), want: accepted},
		"a header with an underscore":                   {spec: header("X_Real_IP"), want: "spec.clientIP.forwardedHeader.header: Invalid value: clientIP.forwardedHeader.header must not have an underscore, because the engine IngressNGINX drops such headers: write X-Forwarded-For"},
		"the name that means PROXY protocol":            {spec: header("proxy_protocol"), want: "must not have an underscore"},
		"a header with a space":                         {spec: header("X Real IP"), want: headerName},
		"a header with a colon":                         {spec: header("'X-Real-IP:'"), want: headerName},
		"a header that breaks the line":                 {spec: header(`"X-Real-IP\nX"`), want: headerName},
		"a header that ends in a line break":            {spec: header(`"X-Real-IP\n"`), want: headerName},
		"a header that would end a directive":           {spec: header("'X;deny'"), want: headerName},
		"a header of 101 characters":                    {spec: header(strings.Repeat("a", 101)), want: "may not be more than 100"},
		"Forwarded holds more than an address":          {spec: header("Forwarded"), want: addressesAlone},
		"Host holds no address":                         {spec: header("HOST"), want: addressesAlone},
		"X-Forwarded-Proto holds no address":            {spec: header("X-Forwarded-Proto"), want: addressesAlone},
		"X-Forwarded-Host holds no address":             {spec: header("X-Forwarded-Host"), want: addressesAlone},
		"Cookie holds no address":                       {spec: header("cookie"), want: addressesAlone},
		"the engine's copy of what the client sent":     {spec: header("X-Original-Forwarded-For"), want: ownHeader},
		"the header that the engine would use inside":   {spec: header("X-Forwarded-For-Proxy-Protocol"), want: ownHeader},
		"trusted addresses that are a text, not a list": {spec: "clientIP: {proxyProtocol: {trustedCIDRs: 10.0.0.0/24}}", want: `must be of type array: "string"`},
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
		"a network":                                     {cidrs: "203.0.113.0/24", want: accepted},
		"a single address":                              {cidrs: "203.0.113.7/32", want: accepted},
		"IPv4 and IPv6":                                 {cidrs: "203.0.113.0/24, '2001:db8::/32'", want: accepted},
		"a single address of IPv6":                      {cidrs: "'2001:db8::1/128'", want: accepted},
		"IPv6 written out":                              {cidrs: "'2001:0DB8:0:0::/64'", want: accepted},
		"this host":                                     {cidrs: "127.0.0.1/32, '::1/128'", want: accepted},
		"the private networks":                          {cidrs: "10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10, 'fd00::/16'", want: accepted},
		"an address without a length":                   {cidrs: "203.0.113.7", want: noRange},
		"a name":                                        {cidrs: "proxy.example.com", want: noRange},
		"a range with a hyphen":                         {cidrs: "203.0.113.1-203.0.113.9", want: noRange},
		"a netmask":                                     {cidrs: "10.0.0.0/255.0.0.0", want: noRange},
		"a length that does not exist":                  {cidrs: "10.0.0.0/33", want: noRange},
		"a length of IPv6 that does not exist":          {cidrs: "'2001:db8::/129'", want: noRange},
		"a negative length":                             {cidrs: "10.0.0.0/-1", want: noRange},
		"a length with a zero in front":                 {cidrs: "10.0.0.0/08", want: noRange},
		"an octet with a zero in front":                 {cidrs: "010.0.0.0/8", want: noRange},
		"an octet too large":                            {cidrs: "10.0.0.256/32", want: noRange},
		"a short spelling":                              {cidrs: "10/8", want: noRange},
		"everyone in two letters":                       {cidrs: "all", want: noRange},
		"a space in front":                              {cidrs: "' 10.0.0.0/24'", want: noRange},
		"two ranges in one text":                        {cidrs: "'10.0.0.0/24,0.0.0.0/0'", want: noRange},
		"a zone":                                        {cidrs: "'fe80::%eth0/64'", want: noRange},
		"a zone behind the length":                      {cidrs: "'fe80::/64%eth0'", want: noRange},
		"IPv4 as IPv6":                                  {cidrs: "'::ffff:10.0.0.0/104'", want: noRange},
		"IPv4 as IPv6 in hexadecimal":                   {cidrs: "'::ffff:a00:0/104'", want: noRange},
		"host bits":                                     {cidrs: "10.0.0.5/8", want: hostBits},
		"host bits of IPv6":                             {cidrs: "'2001:db8::1/64'", want: hostBits},
		"host bits of a single network":                 {cidrs: "203.0.113.1/31", want: hostBits},
		"everyone":                                      {cidrs: "0.0.0.0/0", want: "and 0.0.0.0/0 comes close to it (the shortest prefix is /8 for IPv4 and /16 for IPv6)"},
		"everyone among others":                         {cidrs: "203.0.113.0/24, 0.0.0.0/0", want: everyone},
		"everyone with IPv6":                            {cidrs: "'::/0'", want: everyone},
		"everyone with IPv6, in full":                   {cidrs: "'0:0:0:0:0:0:0:0/0'", want: everyone},
		"everyone in two halves":                        {cidrs: "0.0.0.0/1, 128.0.0.0/1", want: everyone},
		"everyone with IPv6 in two halves":              {cidrs: "'::/1, 8000::/1'", want: noRange},
		"half of everyone":                              {cidrs: "128.0.0.0/1", want: everyone},
		"half of everyone with IPv6":                    {cidrs: "'8000::/1'", want: everyone},
		"a /7":                                          {cidrs: "10.0.0.0/7", want: everyone},
		"a /8":                                          {cidrs: "10.0.0.0/8", want: accepted},
		"all addresses of IPv6 that are given out":      {cidrs: "'2000::/3'", want: everyone},
		"an IPv6 /15":                                   {cidrs: "'2a00::/15'", want: everyone},
		"an IPv6 /16":                                   {cidrs: "'2a00::/16'", want: accepted},
		"unique local addresses as a whole":             {cidrs: "'fc00::/7'", want: everyone},
		"four /8":                                       {cidrs: blocks("%d.0.0.0/8", 10, 4), want: accepted},
		"five /8":                                       {cidrs: blocks("%d.0.0.0/8", 10, 5), want: fourOf4},
		"four /8 and one address":                       {cidrs: blocks("%d.0.0.0/8", 10, 4) + ", 203.0.113.7/32", want: fourOf4},
		"three /8 and many networks":                    {cidrs: blocks("%d.0.0.0/8", 10, 3) + ", " + blocks("203.0.%d.0/24", 0, 200), want: accepted},
		"eight /9":                                      {cidrs: blocks("%d.0.0.0/9", 10, 8), want: accepted},
		"many /9":                                       {cidrs: blocks("%d.0.0.0/9", 10, 9), want: fourOf4},
		"everyone in 256 parts":                         {cidrs: blocks("%d.0.0.0/8", 0, 256), want: fourOf4},
		"many /10":                                      {cidrs: blocks("%d.0.0.0/10", 0, 17), want: fourOf4},
		"256 networks":                                  {cidrs: blocks("10.0.%d.0/24", 0, 256), want: accepted},
		"257 networks":                                  {cidrs: blocks("10.0.%d.0/24", 0, 256) + ", 10.1.0.0/24", want: "must have at most 256 items"},
		"four IPv6 /16":                                 {cidrs: blocks("'2a%02x::/16'", 0, 4), want: accepted},
		"five IPv6 /16":                                 {cidrs: blocks("'2a%02x::/16'", 0, 5), want: fourOf6},
		"all of IPv6 that is in use":                    {cidrs: blocks("'26%02x::/16'", 0, 128), want: fourOf6},
		"256 networks of IPv6":                          {cidrs: blocks("'2001:db8:%x::/48'", 0, 256), want: accepted},
		"all of IPv4 behind NAT64":                      {cidrs: "'64:ff9b::/96'", want: embedded},
		"all of IPv4 behind NAT64 and more":             {cidrs: "'64:ff9b::/32'", want: embedded},
		"half of IPv4 behind NAT64":                     {cidrs: "'64:ff9b::/97'", want: embedded},
		"a network behind NAT64":                        {cidrs: "'64:ff9b::cb00:7100/120'", want: accepted},
		"all of IPv4 behind NAT64, in parts":            {cidrs: blocks("'64:ff9b::%x00:0/104'", 0, 8), want: fourOf4},
		"all of IPv4 behind a local NAT64":              {cidrs: "'64:ff9b:1::/48'", want: embedded},
		"all of IPv4 behind a local NAT64, at its end":  {cidrs: "'64:ff9b:1:ffff::/96'", want: embedded},
		"all of 6to4":                                   {cidrs: "'2002::/16'", want: embedded},
		"half of 6to4":                                  {cidrs: "'2002:8000::/17'", want: embedded},
		"a network of 6to4":                             {cidrs: "'2002:cb00:7100::/40'", want: accepted},
		"all of 6to4 in parts":                          {cidrs: blocks("'2002:%x00::/24'", 1, 8), want: fourOf4},
		"all of Teredo":                                 {cidrs: "'2001::/32'", want: embedded},
		"a server of Teredo":                            {cidrs: "'2001:0:cb00:7107::/64'", want: embedded},
		"a range with Teredo inside":                    {cidrs: "'2001::/23'", want: embedded},
		"a network beside Teredo":                       {cidrs: "'2001:4860::/32'", want: accepted},
		"all of IPv4-mapped":                            {cidrs: "'::ffff:0:0/96'", want: noRange},
		"a range with all of IPv4-mapped inside":        {cidrs: "'::fffe:0:0/95'", want: embedded},
		"a wider range with all of IPv4-mapped inside":  {cidrs: "'::/80'", want: embedded},
		"a range with all special addresses inside":     {cidrs: "'::/16'", want: embedded},
		"all of IPv4-compatible":                        {cidrs: "'::/96'", want: embedded},
		"all of IPv4-translated":                        {cidrs: "'::ffff:0:0:0/96'", want: embedded},
		"IPv4 /8 and its like behind NAT64 add up":      {cidrs: blocks("%d.0.0.0/8", 10, 4) + ", '64:ff9b::b00:0/104'", want: fourOf4},
		"a /8 that is written five times counts once":   {cidrs: "10.0.0.0/8, 10.0.0.0/8, 10.0.0.0/8, 10.0.0.0/8, 10.0.0.0/8", want: accepted},
		"four /8, all written twice":                    {cidrs: blocks("%d.0.0.0/8", 10, 4) + ", " + blocks("%d.0.0.0/8", 10, 4), want: accepted},
		"five /8, all written twice":                    {cidrs: blocks("%d.0.0.0/8", 10, 5) + ", " + blocks("%d.0.0.0/8", 10, 5), want: fourOf4},
		"four /8 and networks inside them":              {cidrs: blocks("%d.0.0.0/8", 10, 4) + ", " + blocks("10.%d.0.0/16", 0, 200), want: accepted},
		"four /8 and halves inside them":                {cidrs: blocks("%d.0.0.0/8", 10, 4) + ", " + blocks("%d.0.0.0/9", 10, 4) + ", " + blocks("%d.128.0.0/10", 10, 4), want: accepted},
		"a /9 that is written many times":               {cidrs: blocks("10.%d.0.0/9", 0, 1) + strings.Repeat(", 10.0.0.0/9", 40), want: accepted},
		"an IPv6 /16 that is written five times":        {cidrs: "'2a00::/16'" + strings.Repeat(", '2a00::/16'", 4), want: accepted},
		"four IPv6 /16 and networks inside them":        {cidrs: blocks("'2a%02x::/16'", 0, 4) + ", " + blocks("'2a00:%x::/32'", 0, 200), want: accepted},
		"a network of NAT64 that is written five times": {cidrs: "'64:ff9b::a00:0/104'" + strings.Repeat(", '64:ff9b::a00:0/104'", 4), want: accepted},
		"a network of 6to4 that is written five times":  {cidrs: "'2002:a00::/24'" + strings.Repeat(", '2002:a00::/24'", 4), want: accepted},
		"IPv6 and IPv4 at their limits together":        {cidrs: blocks("%d.0.0.0/8", 10, 4) + ", " + blocks("'2a%02x::/16'", 0, 4), want: accepted},
		"IPv6 that ends as IPv4 is written":             {cidrs: "'2001:db8::203.0.113.7/128'", want: accepted},
		"a text that only looks like trust of everyone": {cidrs: "'*'", want: noRange},
	}
	asProxy, asHeader := map[string]verdict{}, map[string]verdict{}
	for name, row := range rows {
		asProxy[name] = verdict{spec: "clientIP: {proxyProtocol: {trustedCIDRs: [" + row.cidrs + "]}}", want: row.want}
		asHeader[name] = verdict{spec: "clientIP: {forwardedHeader: {trustedCIDRs: [" + row.cidrs + "]}}", want: row.want}
	}
	t.Run("for PROXY protocol", func(t *testing.T) { judge(t, someNodes, asProxy) })
	t.Run("for a header", func(t *testing.T) { judge(t, someNodes, asHeader) })
}

func TestTrustedCIDRsOfBothBlocksTogether(t *testing.T) {
	both := func(proxy, header string) string {
		return fmt.Sprintf("clientIP: {proxyProtocol: {trustedCIDRs: [%s]}, forwardedHeader: {protoAndHost: TrustFromAnyone, trustedCIDRs: [%s]}}", proxy, header)
	}
	judge(t, someNodes, map[string]verdict{
		"two and two /8":               {spec: both(blocks("%d.0.0.0/8", 10, 2), blocks("%d.0.0.0/8", 20, 2)), want: accepted},
		"two and three /8":             {spec: both(blocks("%d.0.0.0/8", 10, 2), blocks("%d.0.0.0/8", 20, 3)), want: "the trustedCIDRs of clientIP add up to more than four IPv4 /8 ranges"},
		"the same four /8 count once":  {spec: both(blocks("%d.0.0.0/8", 10, 4), blocks("%d.0.0.0/8", 10, 4)), want: accepted},
		"a /8 and the networks inside": {spec: both(blocks("%d.0.0.0/8", 10, 4), blocks("10.%d.0.0/16", 0, 200)), want: accepted},
		"two and three IPv6 /16":       {spec: both(blocks("'2a%02x::/16'", 0, 2), blocks("'2a%02x::/16'", 8, 3)), want: "add up to more than four IPv6 /16 ranges"},
		"everyone in the second block": {spec: both("10.0.0.0/24", "0.0.0.0/0"), want: "spec.clientIP.forwardedHeader.trustedCIDRs"},
		"256 and 256 networks":         {spec: both(blocks("10.0.%d.0/24", 0, 256), blocks("10.1.%d.0/24", 0, 256)), want: accepted},
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
