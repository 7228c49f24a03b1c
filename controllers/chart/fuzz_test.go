package chart

import (
	"math/big"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// FuzzTrustedCIDRs looks at what is written with other means than the code that writes it: package net instead of netip, sums of intervals instead
// of prefixes, and probes spread over the whole space.
func FuzzTrustedCIDRs(f *testing.F) {
	for _, seed := range []string{
		"10.0.0.0/24", "0.0.0.0/0", "::/0", "0.0.0.0/1 128.0.0.0/1", "0.0.0.0/2 64.0.0.0/2 128.0.0.0/2 192.0.0.0/2", "::ffff:0:0/96", "::ffff:0.0.0.0/97 ::ffff:128.0.0.0/97",
		"64:ff9b::/96", "64:ff9b::/97 64:ff9b::8000:0/97", "64:ff9b:1::/48", "2002::/16", "2002::/17 2002:8000::/17", "2001::/32", "2001::/16", "::/96", "::/16", "2000::/3",
		"10.0.0.5/8", "010.0.0.0/8", "0.0.0.0/00", "0.0.0.0/0.0.0.0", "0/0", "::", "10.0.0.0/8,0.0.0.0/0", "10.0.0.0/8; 0.0.0.0/0", "2600::/16 2601::/16 2602::/16 2603::/16",
		"10.0.0.0/8 11.0.0.0/8 12.0.0.0/8 13.0.0.0/8", "198.51.100.0/24 2001:db8::/48 198.51.100.0/24", "fe80::%25eth0/64", "١٠.0.0.0/8", "proxy.example.com", "unix:/tmp/x",
		strings.Join(everyIPv4(8), " "), strings.Join(everyIPv4(9)[:256], " "), strings.Join(everyIPv4(10)[:300], " "),
	} {
		f.Add(seed, "")
		f.Add("", seed)
		f.Add(seed, "198.51.100.0/24")
	}
	f.Fuzz(func(t *testing.T, proxies, senders string) {
		clientIP := &v1alpha1.ClientIPSpec{}
		if proxies != "" {
			clientIP.ProxyProtocol = proxyProtocol(strings.Split(proxies, " ")...)
		}
		if senders != "" {
			clientIP.ForwardedHeader = header("", "", strings.Split(senders, " ")...)
		}
		data, problems := trustOf(clientIP)
		written := data["proxy-real-ip-cidr"]
		if len(problems) > 0 && (written != "" || data["use-forwarded-headers"] != "false" || data["enable-real-ip"] != "false") {
			t.Fatalf("refused (%s), and yet %v is trusted", problems[0].Message, data)
		}
		if len(problems) == 0 && (proxies != "" || senders != "") == (written == "") {
			t.Fatalf("accepted %q and %q, and wrote %q", proxies, senders, written)
		}
		if read := ReadTrust(data); read.TrustsAnyone || len(read.Overrides) > 0 || read.InternalHeaderSpoofable {
			t.Fatalf("what was written reads as %+v", read)
		}
		networks := networksOf(t, written)
		checkCoverage(t, networks)
		checkProbes(t, networks)
	})
}

func networksOf(t *testing.T, written string) []*net.IPNet {
	t.Helper()
	var networks []*net.IPNet
	if written == "" {
		return nil
	}
	for _, cidr := range strings.Split(written, ",") {
		ip, network, err := net.ParseCIDR(cidr)
		if err != nil || !ip.Equal(network.IP) {
			t.Fatalf("wrote %q: %v", cidr, err)
		}
		networks = append(networks, network)
	}
	return networks
}

// checkCoverage adds up the intervals from first to last address, family by family, without what overlaps.
func checkCoverage(t *testing.T, networks []*net.IPNet) {
	t.Helper()
	type interval struct{ first, last *big.Int }
	intervals := map[int][]interval{}
	for _, network := range networks {
		ones, bits := network.Mask.Size()
		first := new(big.Int).SetBytes(network.IP)
		last := new(big.Int).Add(first, new(big.Int).Lsh(big.NewInt(1), uint(bits-ones)))
		intervals[bits] = append(intervals[bits], interval{first, last})
	}
	for bits, most := range map[int]*big.Int{32: new(big.Int).Lsh(big.NewInt(4), 24), 128: new(big.Int).Lsh(big.NewInt(4), 112)} {
		slices.SortFunc(intervals[bits], func(a, b interval) int { return a.first.Cmp(b.first) })
		covered, end := new(big.Int), new(big.Int)
		for _, i := range intervals[bits] {
			if i.first.Cmp(end) > 0 {
				end = i.first
			}
			if i.last.Cmp(end) > 0 {
				covered.Add(covered, new(big.Int).Sub(i.last, end))
				end = i.last
			}
		}
		if covered.Cmp(most) > 0 {
			t.Fatalf("%v cover %s addresses of %d bits, more than %s", networks, covered, bits, most)
		}
	}
}

// checkProbes asks for addresses spread over all of IPv4, as they are and inside the forms of IPv6 that hold one, and for addresses of all of IPv6.
func checkProbes(t *testing.T, networks []*net.IPNet) {
	t.Helper()
	forms := map[string]func(a, b, c, d byte) net.IP{
		"IPv4":       net.IPv4,
		"mapped":     func(a, b, c, d byte) net.IP { return net.IP{10: 0xff, 11: 0xff, 12: a, 13: b, 14: c, 15: d} },
		"compatible": func(a, b, c, d byte) net.IP { return net.IP{12: a, 13: b, 14: c, 15: d} },
		"NAT64":      func(a, b, c, d byte) net.IP { return net.IP{1: 0x64, 2: 0xff, 3: 0x9b, 12: a, 13: b, 14: c, 15: d} },
		"local NAT64": func(a, b, c, d byte) net.IP {
			return net.IP{1: 0x64, 2: 0xff, 3: 0x9b, 5: 1, 12: a, 13: b, 14: c, 15: d}
		},
		"6to4":   func(a, b, c, d byte) net.IP { return net.IP{0: 0x20, 1: 2, 2: a, 3: b, 4: c, 5: d, 15: 1} },
		"Teredo": func(a, b, c, d byte) net.IP { return net.IP{0: 0x20, 1: 1, 12: ^a, 13: ^b, 14: ^c, 15: ^d} },
		"IPv6":   func(a, b, c, d byte) net.IP { return net.IP{0: a, 1: b, 2: c, 3: d, 15: 1} },
	}
	const probes = 128
	for name, form := range forms {
		covered := 0
		for i := range probes {
			address := form(byte(i*2), byte(i*37), byte(i*91), byte(i*53))
			if slices.ContainsFunc(networks, func(n *net.IPNet) bool { return n.Contains(address) }) {
				covered++
			}
		}
		if covered > probes/4 {
			t.Fatalf("%v cover %d of %d addresses spread over all of %s", networks, covered, probes, name)
		}
	}
}

func FuzzControllerConfig(f *testing.F) {
	for _, seed := range [][2]string{
		{"use-forwarded-headers", "true"}, {"Use-Forwarded-Headers", "1"}, {"use-proxy-protocol", "T"}, {"Proxy-Real-IP-CIDR", "0.0.0.0/0"}, {"http-snippet", "set_real_ip_from ::/0;"},
		{"access-log-path", "/dev/stdout; set_real_ip_from 0.0.0.0/0"}, {"access-log-params", "buffer=1k;\nreal_ip_header X"}, {"log-format-upstream", "a'; real_ip_header X; #"},
		{"log-format-upstream", `a\`}, {"log-format-upstream", `a\'; real_ip_header X`}, {"log-format-stream", `\\'`}, {"gzip-disable", `a"; real_ip_header X; "`}, {"gzip-types", "a } {"},
		{"gzip-types", `a \ b`}, {"gzip-types", `a "b`}, {"gzip-types", "a # b"}, {"gzip-types", "a ${b} c"}, {"block-user-agents", `~*bot\ 1`}, {"block-user-agents", "a,b;c"},
		{"skip-access-log-urls", "/a 1; default"}, {"proxy-cookie-path", "/ /'"}, {"global-auth-cache-key", "$a\\'"}, {"worker-processes", "auto"}, {"lua-shared-dicts", "a"},
		{"lua-shared-dicts", "a:1;b"}, {"strict-validate-path-type", "F"}, {"annotations-risk-level", "CRITICAL"}, {"global-auth-response-headers", "x-user, X-Forwarded-For"},
		{"ssl-ciphers", "A:B'"}, {"ſsl-ciphers", "A"}, {"app-root", "/\u2028;"}, {"default-type", "a\u00a0#b"}, {"allow-snippet-annotations", "true"}, {"", ""}, {"-", "x"}, {"proxy-body-size", "1m"},
	} {
		f.Add(seed[0], seed[1], "proxy-body-size", "8m")
		f.Add(seed[0], seed[1], strings.ToUpper(seed[0]), seed[1])
	}
	asked := &v1alpha1.ClientIPSpec{ForwardedHeader: header("", "", "198.51.100.0/24")}
	nothing, _ := trustOf(nil)
	proxies, _ := trustOf(asked)
	f.Fuzz(func(t *testing.T, key1, value1, key2, value2 string) {
		config := map[string]v1alpha1.ConfigValue{key1: v1alpha1.ConfigValue(value1), key2: v1alpha1.ConfigValue(value2)}
		for clientIP, trustData := range map[*v1alpha1.ClientIPSpec]map[string]string{nil: nothing, asked: proxies} {
			data, problems := Config(edgeIngress(func(e *v1alpha1.EdgeIngress) { e.Spec.ClientIP, e.Spec.Controller.Config = clientIP, config }))
			if diff := cmp.Diff(ReadTrust(trustData), ReadTrust(data)); diff != "" {
				t.Fatalf("settings changed who is trusted:\n%s", diff)
			}
			for key, value := range trustData {
				if data[key] != value {
					t.Fatalf("settings changed %s to %q", key, data[key])
				}
			}
			if len(data)-len(trustData)+len(problems) != len(config) {
				t.Fatalf("of %d settings %d were written and %d refused", len(config), len(data)-len(trustData), len(problems))
			}
			for key, value := range data {
				if _, ours := trustData[key]; !ours {
					checkDirectives(t, key, value)
				}
			}
		}
	})
}

// checkDirectives puts a value where the engine's template puts it, and reads the result as nginx does: there must be the two directives
// that the template has, and no others.
func checkDirectives(t *testing.T, key, value string) {
	t.Helper()
	values := []string{value}
	if slices.Contains([]string{"block-user-agents", "block-referers", "skip-access-log-urls"}, key) {
		values = splitList(value)
	}
	for _, value := range values {
		var text string
		switch settings()[key].place {
		case inSingleQuotes:
			text = "first '" + value + "';\nsecond on;\n"
		case inDoubleQuotes:
			text = `first "` + value + "\";\nsecond on;\n"
		case inArguments:
			text = "first " + value + " 1;\nsecond on;\n"
		case inNoTemplate:
			continue
		}
		if got := directivesOf(text); !slices.Equal(got, []string{"first", "second"}) {
			t.Fatalf("%s=%q makes nginx read %q in %q", key, value, got, text)
		}
	}
}

// directivesOf are the names of the directives in a text, read as nginx reads its configuration: words end at spaces, semicolons and braces;
// quotes and comments count where a word begins; a backslash takes the next character with it. What does not end is shown as "...".
func directivesOf(text string) []string {
	var names []string
	var word strings.Builder
	inWord, first := false, true
	endWord := func() {
		if inWord && first {
			names = append(names, word.String())
			first = false
		}
		word.Reset()
		inWord = false
	}
	var quote byte
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\\':
			inWord = true
			word.WriteByte(c)
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == ';' || c == '{' || c == '}':
			endWord()
			first = true
			if c != ';' {
				names = append(names, string(c))
			}
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			endWord()
		case !inWord && c == '#':
			for i < len(text) && text[i] != '\n' {
				i++
			}
		case !inWord && (c == '\'' || c == '"'):
			quote, inWord = c, true
		default:
			inWord = true
			word.WriteByte(c)
		}
	}
	if quote != 0 || inWord || !first {
		names = append(names, "...")
	}
	return names
}

// The reader itself must see what it is there to find.
func TestDirectivesOf(t *testing.T) {
	tests := map[string][]string{
		"first a;\nsecond on;\n":               {"first", "second"},
		"first 'a;b';\nsecond on;\n":           {"first", "second"},
		"first a; third b;\nsecond on;\n":      {"first", "third", "second"},
		"first 'a'; third 'b';\nsecond on;\n":  {"first", "third", "second"},
		"first a #b;\nsecond on;\n":            {"first"},
		"first a#b;\nsecond on;\n":             {"first", "second"},
		"first 'a\\';\nsecond on;\n":           {"first", "..."},
		"first a\\;\nsecond on;\n":             {"first"},
		"first a {\n}\nsecond on;\n":           {"first", "{", "}", "second"},
		"first \"a;\nsecond on;\n":             {"first", "..."},
		"first 'a\\'; third b';\nsecond on;\n": {"first", "second"},
	}
	for text, want := range tests {
		if got := directivesOf(text); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
