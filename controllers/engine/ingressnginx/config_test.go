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
	}))
}

func TestSettingsThatAreWritten(t *testing.T) {
	tests := []struct{ key, value string }{
		{"proxy-body-size", "64m"},
		{"proxy-body-size", "0"},
		{"proxy-buffer-size", "16K"},
		{"proxy-busy-buffers-size", ""},
		{"proxy-read-timeout", "120"},
		{"proxy-buffering", "on"},
		{"proxy-request-buffering", "off"},
		{"proxy-http-version", "1.1"},
		{"proxy-cookie-path", "/one/ /two/"},
		{"proxy-next-upstream", "error timeout http_502"},
		{"proxy-stream-timeout", "1h30m"},
		{"proxy-protocol-header-timeout", "1500ms"},
		{"use-gzip", "true"},
		{"use-http2", "F"},
		{"hsts", "0"},
		{"hsts-max-age", "63072000"},
		{"ssl-protocols", "TLSv1.3"},
		{"ssl-ciphers", "ECDHE-ECDSA-AES128-GCM-SHA256:!aNULL"},
		{"ssl-dh-param", "edge/dhparam"},
		{"ssl-session-timeout", "10m"},
		{"large-client-header-buffers", "4 16k"},
		{"custom-http-errors", "404, 503"},
		{"custom-http-errors", ""},
		{"http-redirect-code", "301"},
		{"worker-processes", "auto"},
		{"worker-processes", "4"},
		{"worker-shutdown-timeout", "10s"},
		{"worker-shutdown-timeout", "1h"},
		{"max-worker-connections", "65536"},
		{"whitelist-source-range", "10.0.0.0/8,2001:db8::1"},
		{"block-cidrs", "203.0.113.7"},
		{"block-user-agents", `~*bot,~*crawl\s+er$`},
		{"block-referers", "~*example\\.com"},
		{"bind-address", "10.0.0.1,2001:db8::1"},
		{"skip-access-log-urls", "/healthz,/ping#x"},
		{"hide-headers", "X-Powered-By, Server"},
		{"add-headers", "edge/response-headers"},
		{"log-format-upstream", `{"client": "$remote_addr", "uri": "$request_uri"}`},
		{"log-format-upstream", `$remote_addr \"$request\" \'$status\'`},
		{"log-format-escape-json", "true"},
		{"gzip-disable", "msie6"},
		{"lua-shared-dicts", "configuration_data: 40M, my_dict:128, other: 512k"},
		{"otel-sampler-ratio", "0.25"},
		{"otel-service-name", "edge nginx"},
		{"otlp-collector-port", "4318"},
		{"load-balance", "ewma"},
		{"error-log-level", "warn"},
		{"access-log-path", "/dev/stdout"},
		{"error-log-path", "/var/log/nginx/edge.log"},
		{"global-auth-url", "https://auth.example.com/verify"},
		{"global-auth-signin", "https://auth.example.com/#/start?rd=$scheme"},
		{"global-auth-response-headers", "X-Auth-Request-User,X-Auth-Request-Email"},
		{"global-auth-cache-key", "$remote_user$http_authorization"},
		{"global-auth-method", "GET"},
		{"limit-conn-zone-variable", "$binary_remote_addr"},
		{"limit-req-status-code", "429"},
		{"annotations-risk-level", "Low"},
		{"strict-validate-path-type", "true"},
		{"allow-cross-namespace-resources", "false"},
		{"upstream-hash-by", "$request_uri"},
		{"access-log-params", "buffer=16k flush=5s gzip=4"},
		{"access-log-params", "gzip"},
		{"app-root", "/app?lang=$arg_lang"},
		{"skip-access-log-urls", `/healthz,~*^/(a|b)$,\default`},
		{"block-user-agents", `~(?=look)ahead,~a++`},
		{"gzip-types", "*"},
		{"brotli-types", "text/css image/svg+xml"},
		{"default-type", "application/octet-stream"},
		{"global-auth-cache-duration", "200 202 10m, 401 30s,1h"},
		{"global-auth-signin", "https://$host/oauth2/start?rd=$request_uri"},
		{"global-auth-signin-redirect-param", "rd"},
		{"global-auth-request-redirect", "https://$host$request_uri"},
		{"gzip-disable", "MSIE [1-6]\\.(?!.*SV1)"},
		{"large-client-header-buffers", "8  64K"},
		{"limit-conn-zone-variable", "$http_x_api_key"},
		{"log-format-upstream", "${remote_addr} $HTTP_X_ANY $namespace $proxy_protocol_tlv_alpn"},
		{"log-format-stream", "$remote_addr $bytes_received [$proxy_upstream_name]"},
		{"opentelemetry-operation-name", "HTTP $request_method $service_name"},
		{"proxy-buffers-number", "3"},
		{"proxy-cookie-domain", "off"},
		{"proxy-cookie-domain", "~\\.one\\.(.+)$ $1.$host"},
		{"proxy-cookie-path", "~(?<rest>/.*)$ /app$rest"},
		{"proxy-max-temp-file-size", "0"},
		{"proxy-next-upstream", "off"},
		{"proxy-redirect-from", "default"},
		{"proxy-redirect-from", "http://one/$uri"},
		{"proxy-redirect-to", "https://$host/$1"},
		{"ssl-ciphers", "@SECLEVEL=0:kECDHE+AES:!MD5:-RC4"},
		{"ssl-ecdh-curve", "X25519:P-256"},
		{"ssl-protocols", "TLSv1.1  TLSv1.2"},
		{"ssl-session-cache-size", "32k"},
		{"ssl-session-ticket-key", strings.Repeat("AAAA", 16)},
		{"ssl-session-timeout", "1h30m"},
		{"syslog-host", "logs.example.com"},
		{"syslog-host", "[2001:db8::1]"},
		{"worker-cpu-affinity", "auto 01010101"},
		{"worker-cpu-affinity", "0001 0010"},
		{"proxy-busy-buffers-size", "12k"},
		{"access-log-path", "/var/log/edge.log"},
		{"Proxy-Body-Size", "1m"},
		{"PROXY-READ-TIMEOUT", "5"},
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
		{"real-ip-header", "X-Forwarded-For", engine.ProblemUnknown, "spec.clientIP.forwardedHeader.header"},
		{"set-real-ip-from", "0.0.0.0/0", engine.ProblemUnknown, "trustedCIDRs"},
		{"set_real_ip_from", "10.0.0.0/8", engine.ProblemUnknown, "trustedCIDRs"},
		{"real-ip-recursive", "on", engine.ProblemUnknown, "always searches the header from the right"},
		{"Real-IP-Header", "X-Real-IP", engine.ProblemUnknown, "spec.clientIP.forwardedHeader.header"},
		{"proxy-protocol", "True", engine.ProblemUnknown, "spec.clientIP.proxyProtocol"},
		{"client-max-body-size", "8m", engine.ProblemUnknown, "Use proxy-body-size"},
		{"server-snippets", "return 200;", engine.ProblemUnknown, "Snippets are refused"},
		{"log-format", "$remote_addr", engine.ProblemUnknown, "log-format-upstream"},
		{"use-geoip", "true", engine.ProblemUnknown, "no longer supports it"},
		// Typos.
		{"proxy-body-sise", "8m", engine.ProblemUnknown, "Use proxy-body-size"},
		{"proxy_read_timeout", "60", engine.ProblemUnknown, "Use proxy-read-timeout"},
		{"usegzip", "true", engine.ProblemUnknown, "Use use-gzip"},
		{"use-forwarded-header", "true", engine.ProblemUnknown, "The similar key use-forwarded-headers is reserved. Set spec.clientIP.forwardedHeader"},
		{"proxy-real-ip-cidrs", "10.0.0.0/8", engine.ProblemUnknown, "The similar key proxy-real-ip-cidr is reserved. Set trustedCIDRs"},
		{"http-snipet", "x", engine.ProblemUnknown, "Remove it. The similar key http-snippet is refused, too"},
		{"jaeger-collector-host", "x", engine.ProblemUnknown, "Remove it"},
		{"xyz", "x", engine.ProblemUnknown, "Remove it"},
		{"", "x", engine.ProblemUnknown, "Remove it"},
		{"-", "x", engine.ProblemUnknown, "would ignore it"},
		{"Resolver", "10.0.0.1", engine.ProblemUnknown, "would ignore it"},
		// Keys that fields of the API own.
		{"use-forwarded-headers", "true", engine.ProblemReserved, "Set spec.clientIP.forwardedHeader"},
		{"use-forwarded-headers", "false", engine.ProblemReserved, "Set spec.clientIP.forwardedHeader"},
		{"Use-Forwarded-Headers", "true", engine.ProblemReserved, "Set spec.clientIP.forwardedHeader"},
		{"USE-PROXY-PROTOCOL", "1", engine.ProblemReserved, "spec.clientIP.proxyProtocol"},
		{"enable-real-ip", "true", engine.ProblemReserved, "spec.clientIP.forwardedHeader"},
		{"proxy-real-ip-cidr", "0.0.0.0/0", engine.ProblemReserved, "trustedCIDRs"},
		{"Proxy-Real-Ip-Cidr", "0.0.0.0/0", engine.ProblemReserved, "trustedCIDRs"},
		{"forwarded-for-header", "X-Client", engine.ProblemReserved, "spec.clientIP.forwardedHeader.header"},
		{"forwarded-for-proxy-protocol-header", "X-Any", engine.ProblemReserved, "no client can send"},
		{"compute-full-forwarded-for", "true", engine.ProblemReserved, "text from any client"},
		// Keys that could undo the trust.
		{"http-snippet", "set_real_ip_from 0.0.0.0/0;", engine.ProblemForbidden, "unchecked"},
		{"server-snippet", "", engine.ProblemForbidden, "unchecked"},
		{"location-snippet", "x", engine.ProblemForbidden, "unchecked"},
		{"main-snippet", "x", engine.ProblemForbidden, "unchecked"},
		{"Main-Snippet", "x", engine.ProblemForbidden, "unchecked"},
		{"stream-snippet", "x", engine.ProblemForbidden, "unchecked"},
		{"global-auth-snippet", "x", engine.ProblemForbidden, "unchecked"},
		{"modsecurity-snippet", "x", engine.ProblemForbidden, "unchecked"},
		{"proxy-set-headers", "edge/headers", engine.ProblemForbidden, "X-Forwarded-For"},
		{"enable-underscores-in-headers", "true", engine.ProblemForbidden, "internal header"},
		{"ignore-invalid-headers", "false", engine.ProblemForbidden, "internal header"},
		{"allow-snippet-annotations", "true", engine.ProblemForbidden, "users with write access to Ingress objects"},
		{"annotations-risk-level", "Critical", engine.ProblemForbidden, "Low, Medium or High"},
		{"annotations-risk-level", "critical", engine.ProblemForbidden, "Low, Medium or High"},
		{"strict-validate-path-type", "false", engine.ProblemForbidden, "paths of Ingress objects"},
		{"strict-validate-path-type", "0", engine.ProblemForbidden, "paths of Ingress objects"},
		{"forwarded-host-header", "X-Host", engine.ProblemForbidden, "clients can set freely"},
		{"opentelemetry-config", "/etc/nginx/lua/x.lua", engine.ProblemForbidden, "writes a file"},
		{"bind-address-ipv4", "10.0.0.1", engine.ProblemForbidden, "Use bind-address"},
		{"global-auth-response-headers", "X-User,X-Forwarded-For", engine.ProblemForbidden, "choose the client's address"},
		{"global-auth-response-headers", "x_real_ip", engine.ProblemForbidden, "choose the client's address"},
		// Values that would write directives of their own.
		{"access-log-path", "/dev/stdout; set_real_ip_from 0.0.0.0/0", engine.ProblemForbidden, "end an nginx directive"},
		{"proxy-body-size", "1m; real_ip_header X", engine.ProblemForbidden, "end an nginx directive"},
		{"proxy-body-size", "1m\nreal_ip_header X", engine.ProblemForbidden, "line breaks"},
		{"worker-processes", "1;daemon on", engine.ProblemForbidden, "end an nginx directive"},
		{"ssl-protocols", "TLSv1.3 #", engine.ProblemForbidden, "end an nginx directive"},
		{"gzip-types", "text/css }", engine.ProblemForbidden, "end an nginx directive"},
		{"default-type", `"text/html`, engine.ProblemForbidden, "end an nginx directive"},
		{"block-user-agents", `~*bot 1; } include /tmp/x; map $a $b {`, engine.ProblemForbidden, "end an nginx directive"},
		{"block-user-agents", `~*bot\`, engine.ProblemForbidden, "end an nginx directive"},
		{"log-format-upstream", `$remote_addr'; set_real_ip_from 0.0.0.0/0; log_format x '`, engine.ProblemForbidden, "single-quoted"},
		{"log-format-upstream", `$remote_addr\`, engine.ProblemForbidden, "single-quoted"},
		{"log-format-stream", "a\nb", engine.ProblemForbidden, "single-quoted"},
		{"gzip-disable", `msie"; set_real_ip_from ::/0; gzip_disable "`, engine.ProblemForbidden, "double-quoted"},
		{"hsts-max-age", "0 }; os.execute('id')", engine.ProblemForbidden, "end an nginx directive"},
		{"global-auth-method", "GET; real_ip_header X", engine.ProblemForbidden, "end an nginx directive"},
		{"app-root", "/a;b", engine.ProblemForbidden, "end an nginx directive"},
		{"upstream-hash-by", "$a\x00", engine.ProblemForbidden, "line breaks"},
		{"otel-service-name", "x\xff", engine.ProblemForbidden, "line breaks"},
		// Values that the engine would not take as they are meant.
		{"use-gzip", "on", engine.ProblemInvalid, `Use "true" or "false" (the default is false)`},
		{"use-http2", "yes", engine.ProblemInvalid, `"true" or "false"`},
		{"use-http2", "", engine.ProblemInvalid, `"true" or "false"`},
		{"proxy-read-timeout", "60s", engine.ProblemInvalid, "a whole number"},
		{"proxy-read-timeout", "-1", engine.ProblemInvalid, "a whole number"},
		{"proxy-read-timeout", "010", engine.ProblemInvalid, "a whole number"},
		{"proxy-read-timeout", "", engine.ProblemInvalid, "the default is 60"},
		{"proxy-protocol-header-timeout", "5", engine.ProblemInvalid, "a duration such as 5s"},
		{"otel-sampler-ratio", "2", engine.ProblemInvalid, "from 0 to 1"},
		{"otel-sampler-ratio", "NaN", engine.ProblemInvalid, "from 0 to 1"},
		{"custom-http-errors", "404;503", engine.ProblemInvalid, "separated by commas"},
		{"custom-http-errors", "200", engine.ProblemInvalid, "from 300 to 599"},
		{"http-redirect-code", "303", engine.ProblemInvalid, "301, 302, 307, 308"},
		{"lua-shared-dicts", "configuration_data", engine.ProblemInvalid, "name: size"},
		{"proxy-body-size", "8 megabytes", engine.ProblemInvalid, "8k or 10m"},
		{"proxy-buffering", "true", engine.ProblemInvalid, "on, off"},
		{"worker-processes", "many", engine.ProblemInvalid, "auto or the number"},
		{"worker-shutdown-timeout", "0s", engine.ProblemInvalid, "from 1s to 1h"},
		{"worker-shutdown-timeout", "2h", engine.ProblemInvalid, "from 1s to 1h"},
		{"worker-shutdown-timeout", "soon", engine.ProblemInvalid, "from 1s to 1h"},
		{"whitelist-source-range", "10.0.0.0/33", engine.ProblemInvalid, "addresses or ranges"},
		{"whitelist-source-range", "example.com", engine.ProblemInvalid, "addresses or ranges"},
		{"bind-address", "10.0.0.0/8", engine.ProblemInvalid, "addresses separated by commas"},
		{"access-log-path", "/etc/nginx/nginx.conf", engine.ProblemInvalid, "/var/log/"},
		{"access-log-path", "/var/log/../../etc/nginx/x", engine.ProblemInvalid, "/var/log/"},
		{"ssl-dh-param", "dhparam", engine.ProblemInvalid, "namespace/name"},
		{"skip-access-log-urls", "/a b", engine.ProblemInvalid, "without spaces"},
		{"hide-headers", "X Powered", engine.ProblemInvalid, "header names"},
		{"gzip-level", "11", engine.ProblemInvalid, "from 1 to 9"},
		{"limit-req-status-code", "200", engine.ProblemInvalid, "from 400 to 599"},
		{"limit-conn-zone-variable", "remote_addr", engine.ProblemInvalid, "a variable"},
		{"annotations-risk-level", "Extreme", engine.ProblemInvalid, "Low, Medium, High"},
		{"global-auth-method", "get", engine.ProblemInvalid, "GET"},
		// Values that nginx refuses at its start.
		{"access-log-params", "lots", engine.ProblemInvalid, "buffer=size"},
		{"access-log-params", "flush=5s", engine.ProblemInvalid, "buffer=size"},
		{"access-log-params", "buffer=1k if=$nope", engine.ProblemInvalid, "skip-access-log-urls"},
		{"access-log-params", "gzip=10", engine.ProblemInvalid, "gzip=1 to 9"},
		{"access-log-path", "/var/log/other/x", engine.ProblemInvalid, "in /var/log/"},
		{"error-log-path", "/var/log/nginx", engine.ProblemInvalid, "in /var/log/"},
		{"app-root", "app", engine.ProblemInvalid, "a path"},
		{"app-root", "/$nope", engine.ProblemInvalid, "variables that nginx knows"},
		{"bind-address", "10.0.0.1,10.0.0.1", engine.ProblemInvalid, "each once"},
		{"custom-http-errors", "404,404", engine.ProblemInvalid, "each once"},
		{"custom-http-errors", "499", engine.ProblemInvalid, "except 499"},
		{"block-user-agents", "~*(bot", engine.ProblemInvalid, "regular expression"},
		{"block-referers", "a,A", engine.ProblemInvalid, "each once"},
		{"skip-access-log-urls", "default", engine.ProblemInvalid, "entries"},
		{"skip-access-log-urls", "~", engine.ProblemInvalid, "entries"},
		{"skip-access-log-urls", "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", engine.ProblemInvalid, "Set map-hash-bucket-size to at least \"72\""},
		{"default-type", "html", engine.ProblemInvalid, "text/html"},
		{"gzip-types", "lots", engine.ProblemInvalid, "media types"},
		{"brotli-types", "text", engine.ProblemInvalid, "media types"},
		{"global-auth-cache-duration", "200", engine.ProblemInvalid, "a time"},
		{"global-auth-cache-duration", "any 5m", engine.ProblemInvalid, "status codes"},
		{"global-auth-cache-duration", "200 5ms", engine.ProblemInvalid, "status codes"},
		{"global-auth-cache-key", "$nope", engine.ProblemInvalid, "variables"},
		{"global-auth-request-redirect", "$nope", engine.ProblemInvalid, "variables"},
		{"global-auth-signin", "/start", engine.ProblemInvalid, "a URL"},
		{"global-auth-signin-redirect-param", "a&b", engine.ProblemInvalid, "query parameter"},
		{"global-auth-url", "https://auth.example.com/$nope", engine.ProblemInvalid, "variables"},
		{"global-auth-url", "auth.example.com", engine.ProblemInvalid, "a URL"},
		{"gzip-disable", "(msie", engine.ProblemInvalid, "regular expression"},
		{"large-client-header-buffers", "lots", engine.ProblemInvalid, "4 16k"},
		{"large-client-header-buffers", "4", engine.ProblemInvalid, "4 16k"},
		{"large-client-header-buffers", "0 8k", engine.ProblemInvalid, "4 16k"},
		{"large-client-header-buffers", "4 8g", engine.ProblemInvalid, "4 16k"},
		{"limit-conn-zone-variable", "$nope", engine.ProblemInvalid, "$binary_remote_addr"},
		{"limit-conn-zone-variable", "$uri$host", engine.ProblemInvalid, "a variable"},
		{"log-format-stream", "$request", engine.ProblemInvalid, "stream module"},
		{"log-format-upstream", "$the_real_ip", engine.ProblemInvalid, "such as $remote_addr"},
		{"log-format-upstream", "$geoip2_city", engine.ProblemInvalid, "such as"},
		{"log-format-upstream", "5$", engine.ProblemInvalid, "such as"},
		{"log-format-upstream", "$1", engine.ProblemInvalid, "such as"},
		{"log-format-upstream", "$http_", engine.ProblemInvalid, "such as"},
		{"lua-shared-dicts", "a: 4k", engine.ProblemInvalid, "from 8k"},
		{"lua-shared-dicts", "a: 201", engine.ProblemInvalid, "200m"},
		{"map-hash-bucket-size", "0", engine.ProblemInvalid, "from 1"},
		{"variables-hash-max-size", "0", engine.ProblemInvalid, "from 64"},
		{"variables-hash-bucket-size", "0", engine.ProblemInvalid, "from 64"},
		{"proxy-headers-hash-max-size", "0", engine.ProblemInvalid, "from 1"},
		{"proxy-headers-hash-bucket-size", "0", engine.ProblemInvalid, "from 1"},
		{"server-name-hash-max-size", "0", engine.ProblemInvalid, "from 1"},
		{"opentelemetry-operation-name", "$nope", engine.ProblemInvalid, "variables"},
		{"proxy-body-size", "1t", engine.ProblemInvalid, "8k or 10m"},
		{"proxy-buffer-size", "0", engine.ProblemInvalid, "from 512"},
		{"proxy-buffer-size", "1g", engine.ProblemInvalid, "from 512"},
		{"proxy-buffers-number", "2", engine.ProblemInvalid, "from 3"},
		{"proxy-busy-buffers-size", "2k", engine.ProblemInvalid, "at least proxy-buffer-size"},
		{"proxy-busy-buffers-size", "16k", engine.ProblemInvalid, "at most (proxy-buffers-number - 1)"},
		{"proxy-cookie-domain", "one", engine.ProblemInvalid, "off, or"},
		{"proxy-cookie-domain", "a $nope", engine.ProblemInvalid, "variables"},
		{"proxy-cookie-path", "~( /", engine.ProblemInvalid, "off, or"},
		{"proxy-max-temp-file-size", "1g", engine.ProblemInvalid, "a size"},
		{"proxy-max-temp-file-size", "1k", engine.ProblemInvalid, "Use 0 or"},
		{"proxy-next-upstream", "foo", engine.ProblemInvalid, "http_502"},
		{"proxy-next-upstream", "error,timeout", engine.ProblemInvalid, "separated by spaces"},
		{"proxy-next-upstream", "updating", engine.ProblemInvalid, "http_502"},
		{"proxy-redirect-from", "a b", engine.ProblemInvalid, "one word"},
		{"proxy-redirect-from", "~(", engine.ProblemInvalid, "default or a pattern"},
		{"proxy-redirect-to", "$nope", engine.ProblemInvalid, "variables"},
		{"ssl-buffer-size", "lots", engine.ProblemInvalid, "a size"},
		{"client-body-buffer-size", "1g", engine.ProblemInvalid, "a size"},
		{"client-header-buffer-size", "1g", engine.ProblemInvalid, "a size"},
		{"http2-max-field-size", "1g", engine.ProblemInvalid, "a size"},
		{"http2-max-header-size", "x", engine.ProblemInvalid, "a size"},
		{"ssl-ciphers", "FOO:BAR", engine.ProblemInvalid, "names of OpenSSL"},
		{"ssl-ciphers", "TLS_AES_128_GCM_SHA256", engine.ProblemInvalid, "for TLS 1.2"},
		{"ssl-ciphers", "!aNULL", engine.ProblemInvalid, "names of OpenSSL"},
		{"ssl-ciphers", "HIGH:a$b", engine.ProblemInvalid, "names of OpenSSL"},
		{"ssl-ecdh-curve", "secp42", engine.ProblemInvalid, "names of curves"},
		{"ssl-protocols", "TLSv9", engine.ProblemInvalid, "TLSv1.3"},
		{"ssl-protocols", "TLSv1.2,TLSv1.3", engine.ProblemInvalid, "separated by spaces"},
		{"ssl-session-cache-size", "31k", engine.ProblemInvalid, "from 32k"},
		{"ssl-session-ticket-key", "c2hvcnQ=", engine.ProblemInvalid, "48 or 80"},
		{"ssl-session-timeout", "10ms", engine.ProblemInvalid, "whole seconds"},
		{"syslog-host", "2001:db8::1", engine.ProblemInvalid, "with brackets around an IPv6 address"},
		{"syslog-host", "a b", engine.ProblemInvalid, "a host name"},
		{"enable-syslog", "true", engine.ProblemInvalid, "Set syslog-host"},
		{"upstream-keepalive-connections", "999999999", engine.ProblemInvalid, "from 0 to"},
		{"worker-cpu-affinity", "all", engine.ProblemInvalid, "masks"},
		{"worker-cpu-affinity", "auto 1 0", engine.ProblemInvalid, "masks"},
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
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"kitten", "sitting", 3}, {"abc", "abc", 0}, {"ab", "ba", 2}}
	for _, test := range tests {
		if got := editDistance(test.a, test.b); got != test.want {
			t.Errorf("from %q to %q: %d, want %d", test.a, test.b, got, test.want)
		}
	}
}
