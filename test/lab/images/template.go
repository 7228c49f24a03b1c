package images

import (
	"fmt"
	"strings"
)

// dynamicModules are the modules that are built into the released image's nginx and that Debian's
// nginx loads, in an order in which they can be loaded.
var dynamicModules = []string{"ndk_http_module", "ngx_http_lua_module", "ngx_http_headers_more_filter_module"}

func loadModules() string {
	var lines strings.Builder
	for _, module := range dynamicModules {
		fmt.Fprintf(&lines, "load_module /usr/lib/nginx/modules/%s.so;\n", module)
	}
	return lines.String()
}

// adaptation replaces a part of the template that Debian's nginx 1.22 cannot do.
type adaptation struct{ what, from, to string }

func adaptations() []adaptation {
	const pid = "pid {{ .PID }};\n"
	const defaultServer = "    # default server, used for NGINX healthcheck and access to nginx stats\n"
	return []adaptation{
		{what: "loading modules", from: pid, to: pid + "\n" + loadModules()},
		// Before 1.25.1, HTTP/2 is a parameter of listen and not a directive. buildHTTPSListener
		// ends each listen with a semicolon.
		{
			what: "HTTP/2 as a directive",
			from: "        {{ if $cfg.UseHTTP2 }}\n            http2 on;\n        {{ end }}\n\n",
		},
		{
			what: "HTTP/2 as a parameter",
			from: "        {{ buildHTTPSListener $all $server.Hostname }}\n",
			to: "        {{ range $listen := split (buildHTTPSListener $all $server.Hostname) \";\" }}{{ if contains $listen \"listen\" }}" +
				"{{ $listen }}{{ if $all.Cfg.UseHTTP2 }} http2{{ end }};{{ end }}{{ end }}\n",
		},
		// The controller sends the TCP and UDP services to the stream part of nginx, even if there
		// are none. It reports an error when no one listens.
		{
			what: "the port of the stream part",
			from: defaultServer,
			to:   "    server {\n        listen 127.0.0.1:{{ .StreamPort }};\n        access_log off;\n        return 204;\n    }\n\n" + defaultServer,
		},
	}
}

// adaptTemplate adapts the controller's template to Debian's nginx. It fails if it does not know
// the template.
func adaptTemplate(template string) (string, error) {
	for _, a := range adaptations() {
		if n := strings.Count(template, a.from); n != 1 {
			return "", fmt.Errorf("adapting the controller's template, %s: what is to be replaced is there %d times, want once", a.what, n)
		}
		template = strings.Replace(template, a.from, a.to, 1)
	}
	return withoutStream(template)
}

// withoutStream removes the block for TCP and UDP services: it needs Lua in nginx's stream module,
// which Debian lacks.
func withoutStream(template string) (string, error) {
	before, rest, found := strings.Cut(template, "\nstream {\n")
	_, after, ended := strings.Cut(rest, "\n}\n")
	if !found || !ended {
		return "", fmt.Errorf("adapting the controller's template: it has no stream block")
	}
	return before + after, nil
}
