package ingressnginx

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// variableSet holds the variables that nginx knows in one of its contexts. nginx does not start if a
// text names another variable.
type variableSet struct {
	names []string
	// prefixes begin names whose rest comes from the client, the upstream or PROXY protocol.
	prefixes []string
}

// These are the variables of nginx 1.27 as the engine's image builds it (nginx.org/en/docs/varindex.html),
// and those that the engine's template defines in every nginx.conf. The variables of geoip2 are not among
// them, because the image has no databases. Neither are variables that only an annotation defines,
// because no Ingress may have it.
var (
	httpVariables = sync.OnceValue(func() variableSet {
		return variableSet{
			names: strings.Fields(coreHTTPVariables + sharedVariables + tlsVariables + templateVariables),
			prefixes: []string{"http_", "sent_http_", "sent_trailer_", "arg_", "cookie_", "upstream_http_", "upstream_trailer_", "upstream_cookie_",
				"proxy_protocol_tlv_"},
		}
	})
	streamVariables = sync.OnceValue(func() variableSet {
		return variableSet{names: strings.Fields(coreStreamVariables + sharedVariables + tlsVariables), prefixes: []string{"proxy_protocol_tlv_"}}
	})
)

const (
	sharedVariables = ` binary_remote_addr bytes_sent connection hostname limit_conn_status msec nginx_version pid proxy_protocol_addr
 proxy_protocol_port proxy_protocol_server_addr proxy_protocol_server_port proxy_upstream_name realip_remote_addr realip_remote_port
 remote_addr remote_port server_addr server_port status time_iso8601 time_local upstream_addr upstream_bytes_received
 upstream_bytes_sent upstream_connect_time `

	coreHTTPVariables = ` ancient_browser args body_bytes_sent connection_requests connection_time connections_active connections_reading
 connections_waiting connections_writing content_length content_type date_gmt date_local document_root document_uri
 fastcgi_path_info fastcgi_script_name gzip_ratio host http2 https invalid_referer is_args limit_rate limit_req_status
 modern_browser msie pipe proxy_add_x_forwarded_for proxy_host proxy_port query_string realpath_root remote_user request
 request_body request_body_file request_completion request_filename request_id request_length request_method request_time
 request_uri scheme secure_link secure_link_expires server_name ssl_client_i_dn_legacy
 ssl_client_s_dn_legacy ssl_early_data server_protocol tcpinfo_rcv_space tcpinfo_rtt tcpinfo_rttvar
 tcpinfo_snd_cwnd uid_got uid_reset uid_set upstream_cache_status upstream_header_time upstream_response_length
 upstream_response_time upstream_status uri `

	coreStreamVariables = ` bytes_received protocol session_time ssl_preread_alpn_protocols ssl_preread_protocol ssl_preread_server_name
 upstream_first_byte_time upstream_session_time `

	tlsVariables = ` ssl_alpn_protocol ssl_cipher ssl_ciphers ssl_client_cert ssl_client_fingerprint ssl_client_i_dn ssl_client_raw_cert
 ssl_client_s_dn ssl_client_serial ssl_client_v_end ssl_client_v_remain ssl_client_v_start ssl_client_verify ssl_curve ssl_curves
 ssl_protocol ssl_server_name ssl_session_id ssl_session_reused ssl_client_escaped_cert `

	templateVariables = ` balancer_ewma_score best_http_host connection_upgrade ingress_name literal_dollar location_path loggable
 namespace pass_access_scheme pass_port pass_server_port proxy_alternative_upstream_name req_id service_name service_port `
)

var (
	variableName = regexp.MustCompile(`\$(?:\{([A-Za-z0-9_]+)\}|([A-Za-z0-9_]+)|)`)
	captureName  = regexp.MustCompile(`^[1-9]$`)
	namedCapture = regexp.MustCompile(`\(\?P?<[A-Za-z_]|\(\?'`)
)

// knows reports whether nginx could compile a text: every dollar sign must begin a variable of the set.
// nginx compares names without regard to case.
func (v variableSet) knows(text string) bool {
	for _, name := range variablesIn(text) {
		if !v.has(strings.ToLower(name)) {
			return false
		}
	}
	return true
}

func (v variableSet) has(name string) bool {
	return slices.Contains(v.names, name) ||
		slices.ContainsFunc(v.prefixes, func(prefix string) bool { return strings.HasPrefix(name, prefix) && name != prefix })
}

// variablesIn returns the names after dollar signs, and "" where no name follows.
func variablesIn(text string) []string {
	var names []string
	for _, found := range variableName.FindAllStringSubmatch(text, -1) {
		names = append(names, found[1]+found[2])
	}
	return names
}

func hasHTTPVariables(text string) bool { return httpVariables().knows(text) }

func hasStreamVariables(text string) bool { return streamVariables().knows(text) }

// isHTTPVariable reports whether a value is a single variable without braces.
func isHTTPVariable(value string) bool {
	names := variablesIn(value)
	return len(names) == 1 && value == "$"+names[0] && hasHTTPVariables(value)
}

// isRewrite reports whether from is a text or ~pattern, and to is a replacement that uses known
// variables and captures.
func isRewrite(from, to string) bool {
	pattern, isPattern := strings.CutPrefix(from, "~")
	if !isPattern {
		return hasHTTPVariables(from) && hasHTTPVariables(to)
	}
	if brokenPattern(strings.TrimPrefix(pattern, "*")) {
		return false
	}
	// A named capture becomes a variable of its own.
	return namedCapture.MatchString(pattern) || !slices.ContainsFunc(variablesIn(to), func(name string) bool {
		return !captureName.MatchString(name) && !httpVariables().has(strings.ToLower(name))
	})
}
