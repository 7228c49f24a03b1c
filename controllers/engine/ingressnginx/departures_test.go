package ingressnginx

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDepartures(t *testing.T) {
	annotated := func(pairs ...string) map[string]string {
		annotations := map[string]string{"example.com/note": "x"}
		for i := 0; i < len(pairs); i += 2 {
			annotations[annotationPrefix+pairs[i]] = pairs[i+1]
		}
		return annotations
	}
	snippets := map[string]string{allowSnippetsKey: "true"}
	auth := []string{"auth-url", "http://auth.example.com", "auth-response-headers"}
	tests := map[string]struct {
		annotations, settings map[string]string
		// want is a part of the clause; empty for none.
		want string
	}{
		"none":                               {annotations: annotated()},
		"one that changes no address":        {annotations: annotated("rewrite-target", "/", "ssl-passthrough", "true", "custom-headers", "a/b")},
		"a snippet that is not allowed":      {annotations: annotated("configuration-snippet", "x"), settings: measured(nil)},
		"a snippet without settings":         {annotations: annotated("configuration-snippet", "x")},
		"a snippet that somebody allowed":    {annotations: annotated("configuration-snippet", "x"), settings: snippets, want: "configuration-snippet"},
		"a snippet of the server":            {annotations: annotated("server-snippet", "x"), settings: snippets, want: "server-snippet"},
		"an empty snippet":                   {annotations: annotated("server-snippet", ""), settings: snippets},
		"headers of a service, harmless":     {annotations: annotated(append(auth, "X-User, X-Groups")...)},
		"headers of a service, the client's": {annotations: annotated(append(auth, "X-User, x_real_ip,Forwarded")...), want: "set x_real_ip, Forwarded"},
		"headers of no service":              {annotations: annotated("auth-response-headers", "X-Real-IP")},
		"headers, and a level of risk":       {annotations: annotated(append(auth, "X-Real-IP")...), settings: map[string]string{riskLevelKey: "Low"}},
		"FastCGI":                            {annotations: annotated("backend-protocol", "fcgi"), want: "FCGI"},
		"another protocol":                   {annotations: annotated("backend-protocol", "GRPC")},
		"a snippet of another controller":    {annotations: map[string]string{"example.com/configuration-snippet": "x"}, settings: snippets},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			signs := Engine{}.AddressSigns(test.annotations)
			if diff := cmp.Diff(signs, Engine{}.AddressSigns(signs)); diff != "" {
				t.Errorf("the signs of signs differ:\n%s", diff)
			}
			got := Engine{}.Departure(signs, test.settings)
			if (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
			for _, value := range signs {
				if len(value) > len("x_real_ip,Forwarded") {
					t.Errorf("the signs have the long value %q", value)
				}
			}
		})
	}
}
