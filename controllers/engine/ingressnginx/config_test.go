package ingressnginx

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/engine"
)

func configOf(settings map[string]string) (map[string]string, []engine.Problem) {
	return Engine{}.Configure(edgeIngress(func(e *v1alpha1.EdgeIngress) {
		e.Spec.Controller.Config = map[string]v1alpha1.ConfigValue{}
		for key, value := range settings {
			e.Spec.Controller.Config[key] = v1alpha1.ConfigValue(value)
		}
	}), nil)
}

func TestSettingsThatAreWritten(t *testing.T) {
	tests := []struct{ key, value string }{
		{key: "proxy-body-size", value: "64m"},
		{key: "proxy-body-size", value: "0"},
		{key: "proxy-buffer-size", value: "16K"},
		{key: "proxy-busy-buffers-size", value: ""},
		{key: "proxy-read-timeout", value: "120"},
		{key: "proxy-buffering", value: "on"},
		{key: "proxy-request-buffering", value: "off"},
		{key: "proxy-http-version", value: "1.1"},
		{key: "proxy-cookie-path", value: "/one/ /two/"},
		{key: "proxy-next-upstream", value: "error timeout http_502"},
		{key: "proxy-stream-timeout", value: "1h30m"},
		{key: "proxy-protocol-header-timeout", value: "1500ms"},
		{key: "use-gzip", value: "true"},
		{key: "use-http2", value: "F"},
		{key: "hsts", value: "0"},
		{key: "hsts-max-age", value: "63072000"},
		{key: "ssl-protocols", value: "TLSv1.3"},
		{key: "ssl-ciphers", value: "ECDHE-ECDSA-AES128-GCM-SHA256:!aNULL"},
		{key: "ssl-dh-param", value: "edge/dhparam"},
		{key: "ssl-session-timeout", value: "10m"},
		{key: "large-client-header-buffers", value: "4 16k"},
		{key: "custom-http-errors", value: "404, 503"},
		{key: "custom-http-errors", value: ""},
		{key: "http-redirect-code", value: "301"},
		{key: "worker-processes", value: "auto"},
		{key: "worker-processes", value: "4"},
		{key: "worker-shutdown-timeout", value: "10s"},
		{key: "worker-shutdown-timeout", value: "1h"},
		{key: "max-worker-connections", value: "65536"},
		{key: "whitelist-source-range", value: "10.0.0.0/8,2001:db8::1"},
		{key: "block-cidrs", value: "203.0.113.7"},
		{key: "block-user-agents", value: `~*bot,~*crawl\s+er$`},
		{key: "block-referers", value: "~*example\\.com"},
		{key: "bind-address", value: "10.0.0.1,2001:db8::1"},
		{key: "skip-access-log-urls", value: "/healthz,/ping#x"},
		{key: "hide-headers", value: "X-Powered-By, Server"},
		{key: "add-headers", value: "edge/response-headers"},
		{key: "log-format-upstream", value: `{"client": "$remote_addr", "uri": "$request_uri"}`},
		{key: "log-format-upstream", value: `$remote_addr \"$request\" \'$status\'`},
		{key: "log-format-escape-json", value: "true"},
		{key: "gzip-disable", value: "msie6"},
		{key: "lua-shared-dicts", value: "configuration_data: 40M, my_dict:128, other: 512k"},
		{key: "otel-sampler-ratio", value: "0.25"},
		{key: "otel-service-name", value: "edge nginx"},
		{key: "otlp-collector-port", value: "4318"},
		{key: "load-balance", value: "ewma"},
		{key: "error-log-level", value: "warn"},
		{key: "access-log-path", value: "/dev/stdout"},
		{key: "error-log-path", value: "/var/log/nginx/edge.log"},
		{key: "global-auth-url", value: "https://auth.example.com/verify"},
		{key: "global-auth-signin", value: "https://auth.example.com/#/start?rd=$scheme"},
		{key: "global-auth-response-headers", value: "X-Auth-Request-User,X-Auth-Request-Email"},
		{key: "global-auth-cache-key", value: "$remote_user$http_authorization"},
		{key: "global-auth-method", value: "GET"},
		{key: "limit-conn-zone-variable", value: "$binary_remote_addr"},
		{key: "limit-req-status-code", value: "429"},
		{key: "annotations-risk-level", value: "Low"},
		{key: "strict-validate-path-type", value: "true"},
		{key: "allow-cross-namespace-resources", value: "false"},
		{key: "upstream-hash-by", value: "$request_uri"},
		{key: "access-log-params", value: "buffer=16k flush=5s gzip=4"},
		{key: "access-log-params", value: "gzip"},
		{key: "app-root", value: "/app?lang=$arg_lang"},
		{key: "skip-access-log-urls", value: `/healthz,~*^/(a|b)$,\default`},
		{key: "block-user-agents", value: `~(?=look)ahead,~a++`},
		{key: "gzip-types", value: "*"},
		{key: "brotli-types", value: "text/css image/svg+xml"},
		{key: "default-type", value: "application/octet-stream"},
		{key: "global-auth-cache-duration", value: "200 202 10m, 401 30s,1h"},
		{key: "global-auth-signin", value: "https://$host/oauth2/start?rd=$request_uri"},
		{key: "global-auth-signin-redirect-param", value: "rd"},
		{key: "global-auth-request-redirect", value: "https://$host$request_uri"},
		{key: "gzip-disable", value: "MSIE [1-6]\\.(?!.*SV1)"},
		{key: "large-client-header-buffers", value: "8  64K"},
		{key: "limit-conn-zone-variable", value: "$http_x_api_key"},
		{key: "log-format-upstream", value: "${remote_addr} $HTTP_X_ANY $namespace $proxy_protocol_tlv_alpn"},
		{key: "log-format-stream", value: "$remote_addr $bytes_received [$proxy_upstream_name]"},
		{key: "opentelemetry-operation-name", value: "HTTP $request_method $service_name"},
		{key: "proxy-buffers-number", value: "3"},
		{key: "proxy-cookie-domain", value: "off"},
		{key: "proxy-cookie-domain", value: "~\\.one\\.(.+)$ $1.$host"},
		{key: "proxy-cookie-path", value: "~(?<rest>/.*)$ /app$rest"},
		{key: "proxy-max-temp-file-size", value: "0"},
		{key: "proxy-next-upstream", value: "off"},
		{key: "proxy-redirect-from", value: "default"},
		{key: "proxy-redirect-from", value: "http://one/$uri"},
		{key: "proxy-redirect-to", value: "https://$host/$1"},
		{key: "ssl-ciphers", value: "@SECLEVEL=0:kECDHE+AES:!MD5:-RC4"},
		{key: "ssl-ecdh-curve", value: "X25519:P-256"},
		{key: "ssl-protocols", value: "TLSv1.1  TLSv1.2"},
		{key: "ssl-session-cache-size", value: "32k"},
		{key: "ssl-session-ticket-key", value: strings.Repeat("AAAA", 16)},
		{key: "ssl-session-timeout", value: "1h30m"},
		{key: "syslog-host", value: "logs.example.com"},
		{key: "syslog-host", value: "[2001:db8::1]"},
		{key: "worker-cpu-affinity", value: "auto 01010101"},
		{key: "worker-cpu-affinity", value: "0001 0010"},
		{key: "proxy-busy-buffers-size", value: "12k"},
		{key: "access-log-path", value: "/var/log/edge.log"},
		{key: "Proxy-Body-Size", value: "1m"},
		{key: "PROXY-READ-TIMEOUT", value: "5"},
	}
	for _, test := range tests {
		t.Run(test.key+"="+test.value, func(t *testing.T) {
			data, problems := configOf(map[string]string{test.key: test.value})
			if len(problems) > 0 {
				t.Fatalf("refused: %s", problems[0].Message)
			}
			if got, there := data[strings.ToLower(test.key)]; !there || got != test.value {
				t.Errorf("wrote %q (there: %v), want %q", got, there, test.value)
			}
		})
	}
}

func TestSettingsThatAreRefused(t *testing.T) {
	tests := []struct {
		key, value string
		kind       engine.ProblemKind
		// says is a part of the message: what to write instead, or why not.
		says string
	}{
		// Keys of other controllers.
		{key: "real-ip-header", value: "X-Forwarded-For", kind: engine.ProblemUnknown, says: "spec.clientIP.forwardedHeader.header"},
		{key: "set-real-ip-from", value: "0.0.0.0/0", kind: engine.ProblemUnknown, says: "trustedCIDRs"},
		{key: "set_real_ip_from", value: "10.0.0.0/8", kind: engine.ProblemUnknown, says: "trustedCIDRs"},
		{key: "real-ip-recursive", value: "on", kind: engine.ProblemUnknown, says: "always searches the header from the right"},
		{key: "Real-IP-Header", value: "X-Real-IP", kind: engine.ProblemUnknown, says: "spec.clientIP.forwardedHeader.header"},
		{key: "proxy-protocol", value: "True", kind: engine.ProblemUnknown, says: "spec.clientIP.proxyProtocol"},
		{key: "client-max-body-size", value: "8m", kind: engine.ProblemUnknown, says: "Use proxy-body-size"},
		{key: "server-snippets", value: "return 200;", kind: engine.ProblemUnknown, says: "Snippets are refused"},
		{key: "log-format", value: "$remote_addr", kind: engine.ProblemUnknown, says: "log-format-upstream"},
		{key: "use-geoip", value: "true", kind: engine.ProblemUnknown, says: "no longer supports it"},
		// Typos.
		{key: "proxy-body-sise", value: "8m", kind: engine.ProblemUnknown, says: "Use proxy-body-size"},
		{key: "proxy_read_timeout", value: "60", kind: engine.ProblemUnknown, says: "Use proxy-read-timeout"},
		{key: "usegzip", value: "true", kind: engine.ProblemUnknown, says: "Use use-gzip"},
		{key: "use-forwarded-header", value: "true", kind: engine.ProblemUnknown, says: "The similar key use-forwarded-headers is reserved. Set spec.clientIP.forwardedHeader"},
		{key: "proxy-real-ip-cidrs", value: "10.0.0.0/8", kind: engine.ProblemUnknown, says: "The similar key proxy-real-ip-cidr is reserved. Set trustedCIDRs"},
		{key: "http-snipet", value: "x", kind: engine.ProblemUnknown, says: "Remove it. The similar key http-snippet is refused, too"},
		{key: "jaeger-collector-host", value: "x", kind: engine.ProblemUnknown, says: "Remove it"},
		{key: "xyz", value: "x", kind: engine.ProblemUnknown, says: "Remove it"},
		{key: "", value: "x", kind: engine.ProblemUnknown, says: "Remove it"},
		{key: "-", value: "x", kind: engine.ProblemUnknown, says: "would ignore it"},
		{key: "Resolver", value: "10.0.0.1", kind: engine.ProblemUnknown, says: "would ignore it"},
		// Keys that fields of the API own.
		{key: "use-forwarded-headers", value: "true", kind: engine.ProblemReserved, says: "Set spec.clientIP.forwardedHeader"},
		{key: "use-forwarded-headers", value: "false", kind: engine.ProblemReserved, says: "Set spec.clientIP.forwardedHeader"},
		{key: "Use-Forwarded-Headers", value: "true", kind: engine.ProblemReserved, says: "Set spec.clientIP.forwardedHeader"},
		{key: "USE-PROXY-PROTOCOL", value: "1", kind: engine.ProblemReserved, says: "spec.clientIP.proxyProtocol"},
		{key: "enable-real-ip", value: "true", kind: engine.ProblemReserved, says: "spec.clientIP.forwardedHeader"},
		{key: "proxy-real-ip-cidr", value: "0.0.0.0/0", kind: engine.ProblemReserved, says: "trustedCIDRs"},
		{key: "Proxy-Real-Ip-Cidr", value: "0.0.0.0/0", kind: engine.ProblemReserved, says: "trustedCIDRs"},
		{key: "forwarded-for-header", value: "X-Client", kind: engine.ProblemReserved, says: "spec.clientIP.forwardedHeader.header"},
		{key: "forwarded-for-proxy-protocol-header", value: "X-Any", kind: engine.ProblemReserved, says: "no client can send"},
		{key: "compute-full-forwarded-for", value: "true", kind: engine.ProblemReserved, says: "text from any client"},
		// Keys that could undo the trust.
		{key: "http-snippet", value: "set_real_ip_from 0.0.0.0/0;", kind: engine.ProblemForbidden, says: "unchecked"},
		{key: "server-snippet", value: "", kind: engine.ProblemForbidden, says: "unchecked"},
		{key: "location-snippet", value: "x", kind: engine.ProblemForbidden, says: "unchecked"},
		{key: "main-snippet", value: "x", kind: engine.ProblemForbidden, says: "unchecked"},
		{key: "Main-Snippet", value: "x", kind: engine.ProblemForbidden, says: "unchecked"},
		{key: "stream-snippet", value: "x", kind: engine.ProblemForbidden, says: "unchecked"},
		{key: "global-auth-snippet", value: "x", kind: engine.ProblemForbidden, says: "unchecked"},
		{key: "modsecurity-snippet", value: "x", kind: engine.ProblemForbidden, says: "unchecked"},
		{key: "proxy-set-headers", value: "edge/headers", kind: engine.ProblemForbidden, says: "X-Forwarded-For"},
		{key: "enable-underscores-in-headers", value: "true", kind: engine.ProblemForbidden, says: "internal header"},
		{key: "ignore-invalid-headers", value: "false", kind: engine.ProblemForbidden, says: "internal header"},
		{key: "allow-snippet-annotations", value: "true", kind: engine.ProblemForbidden, says: "users with write access to Ingress objects"},
		{key: "annotations-risk-level", value: "Critical", kind: engine.ProblemForbidden, says: "Low, Medium or High"},
		{key: "annotations-risk-level", value: "critical", kind: engine.ProblemForbidden, says: "Low, Medium or High"},
		{key: "strict-validate-path-type", value: "false", kind: engine.ProblemForbidden, says: "paths of Ingress objects"},
		{key: "strict-validate-path-type", value: "0", kind: engine.ProblemForbidden, says: "paths of Ingress objects"},
		{key: "forwarded-host-header", value: "X-Host", kind: engine.ProblemForbidden, says: "clients can set freely"},
		{key: "opentelemetry-config", value: "/etc/nginx/lua/x.lua", kind: engine.ProblemForbidden, says: "writes a file"},
		{key: "bind-address-ipv4", value: "10.0.0.1", kind: engine.ProblemForbidden, says: "Use bind-address"},
		{key: "global-auth-response-headers", value: "X-User,X-Forwarded-For", kind: engine.ProblemForbidden, says: "choose the client's address"},
		{key: "global-auth-response-headers", value: "x_real_ip", kind: engine.ProblemForbidden, says: "choose the client's address"},
		// Values that would write directives of their own.
		{key: "access-log-path", value: "/dev/stdout; set_real_ip_from 0.0.0.0/0", kind: engine.ProblemForbidden, says: "end an nginx directive"},
		{key: "proxy-body-size", value: "1m; real_ip_header X", kind: engine.ProblemForbidden, says: "end an nginx directive"},
		{key: "proxy-body-size", value: "1m\nreal_ip_header X", kind: engine.ProblemForbidden, says: "line breaks"},
		{key: "worker-processes", value: "1;daemon on", kind: engine.ProblemForbidden, says: "end an nginx directive"},
		{key: "ssl-protocols", value: "TLSv1.3 #", kind: engine.ProblemForbidden, says: "end an nginx directive"},
		{key: "gzip-types", value: "text/css }", kind: engine.ProblemForbidden, says: "end an nginx directive"},
		{key: "default-type", value: `"text/html`, kind: engine.ProblemForbidden, says: "end an nginx directive"},
		{key: "block-user-agents", value: `~*bot 1; } include /tmp/x; map $a $b {`, kind: engine.ProblemForbidden, says: "end an nginx directive"},
		{key: "block-user-agents", value: `~*bot\`, kind: engine.ProblemForbidden, says: "end an nginx directive"},
		{key: "log-format-upstream", value: `$remote_addr'; set_real_ip_from 0.0.0.0/0; log_format x '`, kind: engine.ProblemForbidden, says: "single-quoted"},
		{key: "log-format-upstream", value: `$remote_addr\`, kind: engine.ProblemForbidden, says: "single-quoted"},
		{key: "log-format-stream", value: "a\nb", kind: engine.ProblemForbidden, says: "single-quoted"},
		{key: "gzip-disable", value: `msie"; set_real_ip_from ::/0; gzip_disable "`, kind: engine.ProblemForbidden, says: "double-quoted"},
		{key: "hsts-max-age", value: "0 }; os.execute('id')", kind: engine.ProblemForbidden, says: "end an nginx directive"},
		{key: "global-auth-method", value: "GET; real_ip_header X", kind: engine.ProblemForbidden, says: "end an nginx directive"},
		{key: "app-root", value: "/a;b", kind: engine.ProblemForbidden, says: "end an nginx directive"},
		{key: "upstream-hash-by", value: "$a\x00", kind: engine.ProblemForbidden, says: "line breaks"},
		{key: "otel-service-name", value: "x\xff", kind: engine.ProblemForbidden, says: "line breaks"},
		// Values that the engine would not take as they are meant.
		{key: "use-gzip", value: "on", kind: engine.ProblemInvalid, says: `Use "true" or "false" (the default is false)`},
		{key: "use-http2", value: "yes", kind: engine.ProblemInvalid, says: `"true" or "false"`},
		{key: "use-http2", value: "", kind: engine.ProblemInvalid, says: `"true" or "false"`},
		{key: "proxy-read-timeout", value: "60s", kind: engine.ProblemInvalid, says: "a whole number"},
		{key: "proxy-read-timeout", value: "-1", kind: engine.ProblemInvalid, says: "a whole number"},
		{key: "proxy-read-timeout", value: "010", kind: engine.ProblemInvalid, says: "a whole number"},
		{key: "proxy-read-timeout", value: "", kind: engine.ProblemInvalid, says: "the default is 60"},
		{key: "proxy-protocol-header-timeout", value: "5", kind: engine.ProblemInvalid, says: "a duration such as 5s"},
		{key: "otel-sampler-ratio", value: "2", kind: engine.ProblemInvalid, says: "from 0 to 1"},
		{key: "otel-sampler-ratio", value: "NaN", kind: engine.ProblemInvalid, says: "from 0 to 1"},
		{key: "custom-http-errors", value: "404;503", kind: engine.ProblemInvalid, says: "separated by commas"},
		{key: "custom-http-errors", value: "200", kind: engine.ProblemInvalid, says: "from 300 to 599"},
		{key: "http-redirect-code", value: "303", kind: engine.ProblemInvalid, says: "301, 302, 307, 308"},
		{key: "lua-shared-dicts", value: "configuration_data", kind: engine.ProblemInvalid, says: "name: size"},
		{key: "proxy-body-size", value: "8 megabytes", kind: engine.ProblemInvalid, says: "8k or 10m"},
		{key: "proxy-buffering", value: "true", kind: engine.ProblemInvalid, says: "on, off"},
		{key: "worker-processes", value: "many", kind: engine.ProblemInvalid, says: "auto or the number"},
		{key: "worker-shutdown-timeout", value: "0s", kind: engine.ProblemInvalid, says: "from 1s to 1h"},
		{key: "worker-shutdown-timeout", value: "2h", kind: engine.ProblemInvalid, says: "from 1s to 1h"},
		{key: "worker-shutdown-timeout", value: "soon", kind: engine.ProblemInvalid, says: "from 1s to 1h"},
		{key: "whitelist-source-range", value: "10.0.0.0/33", kind: engine.ProblemInvalid, says: "addresses or ranges"},
		{key: "whitelist-source-range", value: "example.com", kind: engine.ProblemInvalid, says: "addresses or ranges"},
		{key: "bind-address", value: "10.0.0.0/8", kind: engine.ProblemInvalid, says: "addresses separated by commas"},
		{key: "access-log-path", value: "/etc/nginx/nginx.conf", kind: engine.ProblemInvalid, says: "/var/log/"},
		{key: "access-log-path", value: "/var/log/../../etc/nginx/x", kind: engine.ProblemInvalid, says: "/var/log/"},
		{key: "ssl-dh-param", value: "dhparam", kind: engine.ProblemInvalid, says: "namespace/name"},
		{key: "skip-access-log-urls", value: "/a b", kind: engine.ProblemInvalid, says: "without spaces"},
		{key: "hide-headers", value: "X Powered", kind: engine.ProblemInvalid, says: "header names"},
		{key: "gzip-level", value: "11", kind: engine.ProblemInvalid, says: "from 1 to 9"},
		{key: "limit-req-status-code", value: "200", kind: engine.ProblemInvalid, says: "from 400 to 599"},
		{key: "limit-conn-zone-variable", value: "remote_addr", kind: engine.ProblemInvalid, says: "a variable"},
		{key: "annotations-risk-level", value: "Extreme", kind: engine.ProblemInvalid, says: "Low, Medium, High"},
		{key: "global-auth-method", value: "get", kind: engine.ProblemInvalid, says: "GET"},
		// Values that nginx refuses at its start.
		{key: "access-log-params", value: "lots", kind: engine.ProblemInvalid, says: "buffer=size"},
		{key: "access-log-params", value: "flush=5s", kind: engine.ProblemInvalid, says: "buffer=size"},
		{key: "access-log-params", value: "buffer=1k if=$nope", kind: engine.ProblemInvalid, says: "skip-access-log-urls"},
		{key: "access-log-params", value: "gzip=10", kind: engine.ProblemInvalid, says: "gzip=1 to 9"},
		{key: "access-log-path", value: "/var/log/other/x", kind: engine.ProblemInvalid, says: "in /var/log/"},
		{key: "error-log-path", value: "/var/log/nginx", kind: engine.ProblemInvalid, says: "in /var/log/"},
		{key: "app-root", value: "app", kind: engine.ProblemInvalid, says: "a path"},
		{key: "app-root", value: "/$nope", kind: engine.ProblemInvalid, says: "variables that nginx knows"},
		{key: "bind-address", value: "10.0.0.1,10.0.0.1", kind: engine.ProblemInvalid, says: "each once"},
		{key: "custom-http-errors", value: "404,404", kind: engine.ProblemInvalid, says: "each once"},
		{key: "custom-http-errors", value: "499", kind: engine.ProblemInvalid, says: "except 499"},
		{key: "block-user-agents", value: "~*(bot", kind: engine.ProblemInvalid, says: "regular expression"},
		{key: "block-referers", value: "a,A", kind: engine.ProblemInvalid, says: "each once"},
		{key: "skip-access-log-urls", value: "default", kind: engine.ProblemInvalid, says: "entries"},
		{key: "skip-access-log-urls", value: "~", kind: engine.ProblemInvalid, says: "entries"},
		{key: "skip-access-log-urls", value: "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", kind: engine.ProblemInvalid, says: "Set map-hash-bucket-size to at least \"72\""},
		{key: "default-type", value: "html", kind: engine.ProblemInvalid, says: "text/html"},
		{key: "gzip-types", value: "lots", kind: engine.ProblemInvalid, says: "media types"},
		{key: "brotli-types", value: "text", kind: engine.ProblemInvalid, says: "media types"},
		{key: "global-auth-cache-duration", value: "200", kind: engine.ProblemInvalid, says: "a time"},
		{key: "global-auth-cache-duration", value: "any 5m", kind: engine.ProblemInvalid, says: "status codes"},
		{key: "global-auth-cache-duration", value: "200 5ms", kind: engine.ProblemInvalid, says: "status codes"},
		{key: "global-auth-cache-key", value: "$nope", kind: engine.ProblemInvalid, says: "variables"},
		{key: "global-auth-request-redirect", value: "$nope", kind: engine.ProblemInvalid, says: "variables"},
		{key: "global-auth-signin", value: "/start", kind: engine.ProblemInvalid, says: "a URL"},
		{key: "global-auth-signin-redirect-param", value: "a&b", kind: engine.ProblemInvalid, says: "query parameter"},
		{key: "global-auth-url", value: "https://auth.example.com/$nope", kind: engine.ProblemInvalid, says: "variables"},
		{key: "global-auth-url", value: "auth.example.com", kind: engine.ProblemInvalid, says: "a URL"},
		{key: "gzip-disable", value: "(msie", kind: engine.ProblemInvalid, says: "regular expression"},
		{key: "large-client-header-buffers", value: "lots", kind: engine.ProblemInvalid, says: "4 16k"},
		{key: "large-client-header-buffers", value: "4", kind: engine.ProblemInvalid, says: "4 16k"},
		{key: "large-client-header-buffers", value: "0 8k", kind: engine.ProblemInvalid, says: "4 16k"},
		{key: "large-client-header-buffers", value: "4 8g", kind: engine.ProblemInvalid, says: "4 16k"},
		{key: "limit-conn-zone-variable", value: "$nope", kind: engine.ProblemInvalid, says: "$binary_remote_addr"},
		{key: "limit-conn-zone-variable", value: "$uri$host", kind: engine.ProblemInvalid, says: "a variable"},
		{key: "log-format-stream", value: "$request", kind: engine.ProblemInvalid, says: "stream module"},
		{key: "log-format-upstream", value: "$the_real_ip", kind: engine.ProblemInvalid, says: "such as $remote_addr"},
		{key: "log-format-upstream", value: "$geoip2_city", kind: engine.ProblemInvalid, says: "such as"},
		{key: "log-format-upstream", value: "5$", kind: engine.ProblemInvalid, says: "such as"},
		{key: "log-format-upstream", value: "$1", kind: engine.ProblemInvalid, says: "such as"},
		{key: "log-format-upstream", value: "$http_", kind: engine.ProblemInvalid, says: "such as"},
		{key: "lua-shared-dicts", value: "a: 4k", kind: engine.ProblemInvalid, says: "from 8k"},
		{key: "lua-shared-dicts", value: "a: 201", kind: engine.ProblemInvalid, says: "200m"},
		{key: "map-hash-bucket-size", value: "0", kind: engine.ProblemInvalid, says: "from 1"},
		{key: "variables-hash-max-size", value: "0", kind: engine.ProblemInvalid, says: "from 64"},
		{key: "variables-hash-bucket-size", value: "0", kind: engine.ProblemInvalid, says: "from 64"},
		{key: "proxy-headers-hash-max-size", value: "0", kind: engine.ProblemInvalid, says: "from 1"},
		{key: "proxy-headers-hash-bucket-size", value: "0", kind: engine.ProblemInvalid, says: "from 1"},
		{key: "server-name-hash-max-size", value: "0", kind: engine.ProblemInvalid, says: "from 1"},
		{key: "opentelemetry-operation-name", value: "$nope", kind: engine.ProblemInvalid, says: "variables"},
		{key: "proxy-body-size", value: "1t", kind: engine.ProblemInvalid, says: "8k or 10m"},
		{key: "proxy-buffer-size", value: "0", kind: engine.ProblemInvalid, says: "from 512"},
		{key: "proxy-buffer-size", value: "1g", kind: engine.ProblemInvalid, says: "from 512"},
		{key: "proxy-buffers-number", value: "2", kind: engine.ProblemInvalid, says: "from 3"},
		{key: "proxy-busy-buffers-size", value: "2k", kind: engine.ProblemInvalid, says: "at least proxy-buffer-size"},
		{key: "proxy-busy-buffers-size", value: "16k", kind: engine.ProblemInvalid, says: "at most (proxy-buffers-number - 1)"},
		{key: "proxy-cookie-domain", value: "one", kind: engine.ProblemInvalid, says: "off, or"},
		{key: "proxy-cookie-domain", value: "a $nope", kind: engine.ProblemInvalid, says: "variables"},
		{key: "proxy-cookie-path", value: "~( /", kind: engine.ProblemInvalid, says: "off, or"},
		{key: "proxy-max-temp-file-size", value: "1g", kind: engine.ProblemInvalid, says: "a size"},
		{key: "proxy-max-temp-file-size", value: "1k", kind: engine.ProblemInvalid, says: "Use 0 or"},
		{key: "proxy-next-upstream", value: "foo", kind: engine.ProblemInvalid, says: "http_502"},
		{key: "proxy-next-upstream", value: "error,timeout", kind: engine.ProblemInvalid, says: "separated by spaces"},
		{key: "proxy-next-upstream", value: "updating", kind: engine.ProblemInvalid, says: "http_502"},
		{key: "proxy-redirect-from", value: "a b", kind: engine.ProblemInvalid, says: "one word"},
		{key: "proxy-redirect-from", value: "~(", kind: engine.ProblemInvalid, says: "default or a pattern"},
		{key: "proxy-redirect-to", value: "$nope", kind: engine.ProblemInvalid, says: "variables"},
		{key: "ssl-buffer-size", value: "lots", kind: engine.ProblemInvalid, says: "a size"},
		{key: "client-body-buffer-size", value: "1g", kind: engine.ProblemInvalid, says: "a size"},
		{key: "client-header-buffer-size", value: "1g", kind: engine.ProblemInvalid, says: "a size"},
		{key: "http2-max-field-size", value: "1g", kind: engine.ProblemInvalid, says: "a size"},
		{key: "http2-max-header-size", value: "x", kind: engine.ProblemInvalid, says: "a size"},
		{key: "ssl-ciphers", value: "FOO:BAR", kind: engine.ProblemInvalid, says: "names of OpenSSL"},
		{key: "ssl-ciphers", value: "TLS_AES_128_GCM_SHA256", kind: engine.ProblemInvalid, says: "for TLS 1.2"},
		{key: "ssl-ciphers", value: "!aNULL", kind: engine.ProblemInvalid, says: "names of OpenSSL"},
		{key: "ssl-ciphers", value: "HIGH:a$b", kind: engine.ProblemInvalid, says: "names of OpenSSL"},
		{key: "ssl-ecdh-curve", value: "secp42", kind: engine.ProblemInvalid, says: "names of curves"},
		{key: "ssl-protocols", value: "TLSv9", kind: engine.ProblemInvalid, says: "TLSv1.3"},
		{key: "ssl-protocols", value: "TLSv1.2,TLSv1.3", kind: engine.ProblemInvalid, says: "separated by spaces"},
		{key: "ssl-session-cache-size", value: "31k", kind: engine.ProblemInvalid, says: "from 32k"},
		{key: "ssl-session-ticket-key", value: "c2hvcnQ=", kind: engine.ProblemInvalid, says: "48 or 80"},
		{key: "ssl-session-timeout", value: "10ms", kind: engine.ProblemInvalid, says: "whole seconds"},
		{key: "syslog-host", value: "2001:db8::1", kind: engine.ProblemInvalid, says: "with brackets around an IPv6 address"},
		{key: "syslog-host", value: "a b", kind: engine.ProblemInvalid, says: "a host name"},
		{key: "enable-syslog", value: "true", kind: engine.ProblemInvalid, says: "Set syslog-host"},
		{key: "upstream-keepalive-connections", value: "999999999", kind: engine.ProblemInvalid, says: "from 0 to"},
		{key: "worker-cpu-affinity", value: "all", kind: engine.ProblemInvalid, says: "masks"},
		{key: "worker-cpu-affinity", value: "auto 1 0", kind: engine.ProblemInvalid, says: "masks"},
	}
	nothing, _ := configOf(nil)
	for _, test := range tests {
		t.Run(test.key+"="+test.value, func(t *testing.T) {
			data, problems := configOf(map[string]string{test.key: test.value})
			if len(problems) != 1 {
				t.Fatalf("got %d problems, want one: %v", len(problems), problems)
			}
			p := problems[0]
			if p.Kind != test.kind || p.Key != test.key || !strings.Contains(p.Message, test.says) {
				t.Errorf("got %s %q: %s\nwant %s with %q", p.Kind, p.Key, p.Message, test.kind, test.says)
			}
			if strings.ContainsAny(p.Message, "\n\x00") {
				t.Errorf("the message %q is not one line", p.Message)
			}
			if diff := cmp.Diff(nothing, data); diff != "" {
				t.Errorf("it changed what is written:\n%s", diff)
			}
		})
	}
}

func TestSettingsThatFitEachOther(t *testing.T) {
	tests := map[string]map[string]string{
		"busy buffers within larger buffers":   {"proxy-busy-buffers-size": "16k", "proxy-buffer-size": "8k"},
		"a temporary file of one buffer":       {"proxy-max-temp-file-size": "8k", "Proxy-Buffer-Size": "8k"},
		"a long URL in a large bucket":         {"skip-access-log-urls": "/" + strings.Repeat("a", 90), "map-hash-bucket-size": "128"},
		"the longest URL in the usual buckets": {"skip-access-log-urls": "/" + strings.Repeat("a", 45)},
		"syslog with a host":                   {"enable-syslog": "true", "syslog-host": "10.0.0.1"},
		"no syslog without a host":             {"enable-syslog": "false"},
	}
	for name, config := range tests {
		t.Run(name, func(t *testing.T) {
			if _, problems := configOf(config); len(problems) > 0 {
				t.Error(problems[0].Message)
			}
		})
	}
}

func TestTwoSpellingsOfOneKeyAreBothRefused(t *testing.T) {
	data, problems := configOf(map[string]string{"proxy-body-size": "1m", "Proxy-Body-Size": "2m", "use-gzip": "true"})
	if _, written := data["proxy-body-size"]; written || data["use-gzip"] != "true" {
		t.Errorf("wrote %v", data)
	}
	want := []engine.Problem{
		{Kind: engine.ProblemInvalid, Key: "Proxy-Body-Size", Message: "Proxy-Body-Size appears in several spellings. Keep only proxy-body-size"},
		{Kind: engine.ProblemInvalid, Key: "proxy-body-size", Message: "proxy-body-size appears in several spellings. Keep only proxy-body-size"},
	}
	if diff := cmp.Diff(want, problems); diff != "" {
		t.Error(diff)
	}
}

func TestProblemsAreOrderedAndBounded(t *testing.T) {
	_, problems := configOf(map[string]string{"z": "", "a": "", "use-gzip": strings.Repeat("x", 4096)})
	var keys []string
	for _, p := range problems {
		keys = append(keys, p.Key)
		if len(p.Message) > 500 {
			t.Errorf("the message about %s has %d bytes", p.Key, len(p.Message))
		}
	}
	if diff := cmp.Diff([]string{"a", "use-gzip", "z"}, keys); diff != "" {
		t.Error(diff)
	}
}

func TestKeysTable(t *testing.T) {
	if len(settings()) != 196 {
		t.Errorf("the table has %d keys, upstream has 196", len(settings()))
	}
	refused := 0
	for key, s := range settings() {
		if key != strings.ToLower(key) || s.accepts == nil || s.advice == "" || s.standard == "" {
			t.Errorf("%q is not complete", key)
		}
		_, isReserved := reserved[key]
		_, isForbidden := forbidden[key]
		if isReserved || isForbidden {
			refused++
		}
		if s.advice == formats[formatRefused].advice && !isReserved && !isForbidden {
			t.Errorf("%q takes no value, and nothing says why", key)
		}
		if isReserved && isForbidden {
			t.Errorf("%q is both reserved and forbidden", key)
		}
	}
	if all := len(reserved) + len(forbidden); refused != all {
		t.Errorf("%d of the %d reserved and forbidden keys are in the table", refused, all)
	}
	for key := range elsewhere {
		if _, known := settings()[key]; known {
			t.Errorf("%q is said to be unknown, and is known", key)
		}
	}
}

// What the engine has as a default must be a value that a user may write, unless it is one of these.
func TestDefaultsAreAccepted(t *testing.T) {
	except := []string{"worker-processes", "custom-http-errors", "global-auth-signin-redirect-param"}
	for key, s := range settings() {
		_, isReserved := reserved[key]
		_, isForbidden := forbidden[key]
		value := strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(s.standard, `"`), `"`), `\"`, `"`)
		if isReserved || isForbidden || slices.Contains(except, key) || s.emptyByDefault() || strings.HasPrefix(s.standard, "[") {
			continue
		}
		if problem := check(key, value); problem != nil {
			t.Errorf("%s", problem.Message)
		}
	}
}

func TestNearest(t *testing.T) {
	candidates := slices.Sorted(maps.Keys(settings()))
	tests := map[string]string{
		"use-gzipp":             "use-gzip",
		"hsts-maxage":           "hsts-max-age",
		"worker-process":        "worker-processes",
		"proxy-connect-timeuot": "proxy-connect-timeout",
		"keep-alives":           "keep-alive",
		"":                      "",
		"completely-different":  "",
	}
	for word, want := range tests {
		if got := nearest(word, candidates); got != want {
			t.Errorf("nearest(%q) is %q, want %q", word, got, want)
		}
	}
}

func TestEditDistance(t *testing.T) {
	tests := []struct {
		a, b string
		want int
	}{{a: "", b: "", want: 0}, {a: "", b: "abc", want: 3}, {a: "abc", b: "", want: 3}, {a: "kitten", b: "sitting", want: 3}, {a: "abc", b: "abc", want: 0}, {a: "ab", b: "ba", want: 2}}
	for _, test := range tests {
		if got := editDistance(test.a, test.b); got != test.want {
			t.Errorf("from %q to %q: %d, want %d", test.a, test.b, got, test.want)
		}
	}
}
