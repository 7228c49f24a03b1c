package ingressnginx

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

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
			data, problems := Engine{}.Configure(edgeIngress(func(e *v1alpha1.EdgeIngress) { e.Spec.ClientIP, e.Spec.Controller.Config = clientIP, config }), nil)
			if diff := cmp.Diff(Engine{}.Beliefs(trustData), Engine{}.Beliefs(data)); diff != "" {
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

// checkDirectives puts a value where the engine's template puts it, and reads the result as nginx
// does. It must find the two directives of the template, and no others.
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

// directivesOf returns the names of the directives in a text, read as nginx reads its
// configuration. Words end at spaces, semicolons and braces. Quotes and comments count at the
// beginning of a word. A backslash escapes the next character. A directive that does not end is
// shown as "...".
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
