package traffic

import (
	"cmp"
	"crypto/x509"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Time-outs where a Request names none. A lost SYN is sent again after 1 s, so that one loss is survived.
const (
	DefaultConnectTimeout = 2 * time.Second
	DefaultAnswerTimeout  = 2 * time.Second
)

// Request is one HTTP request without a body, on a connection of its own.
type Request struct {
	// Target is host:port, what is dialled.
	Target string
	// Host is the Host header; empty means Target.
	Host string
	// Method is GET if empty. HEAD is not possible: the answer is read with its body.
	Method string
	// Path is / if empty; with a query if there is to be one.
	Path string
	// TLS makes the request HTTPS.
	TLS *TLS
	// Proxy is written before all else; nil writes none.
	Proxy *ProxyHeader
	// Forged is the client's claim about itself that only proxies should make.
	Forged Forged
	// Headers are further header lines, written in this order and spelled as they are here, also repeatedly.
	Headers []Header
	// ConnectTimeout and AnswerTimeout limit the two halves. A TLS handshake is part of the second.
	// 0 means the defaults.
	ConnectTimeout, AnswerTimeout time.Duration
}

// TLS is how the client speaks TLS.
type TLS struct {
	// ServerName is sent as SNI, and the certificate must be valid for it; empty means the Host
	// header's name.
	ServerName string
	// Roots are the accepted signers of the certificate; nil means the machine's.
	Roots *x509.CertPool
	// InsecureSkipVerify accepts any certificate.
	InsecureSkipVerify bool
}

// Forged holds headers that name a client's address. Each item is a header line of its own.
type Forged struct {
	XForwardedFor         []string
	XRealIP               []string
	XOriginalForwardedFor []string
	Forwarded             []string
}

// Header is one header line.
type Header struct {
	Name, Value string
}

func (f Forged) headers() []Header {
	var headers []Header
	add := func(name string, values []string) {
		for _, value := range values {
			headers = append(headers, Header{Name: name, Value: value})
		}
	}
	add("X-Forwarded-For", f.XForwardedFor)
	add("X-Real-IP", f.XRealIP)
	add("X-Original-Forwarded-For", f.XOriginalForwardedFor)
	add("Forwarded", f.Forwarded)
	return headers
}

// Characters that would end a line or a word of the request early. Anything else is sent unchanged,
// because odd values are worth sending.
const (
	lineEnds   = "\r\n\x00"
	separators = lineEnds + " \t"
)

func isToken(word string) bool {
	return word != "" && !strings.ContainsAny(word, separators+":")
}

// Bytes returns the request as it is sent, without a PROXY header or TLS. It asks the server to
// close the connection unless Headers has a Connection line. It returns an error if a field cannot
// be written as HTTP.
func (r Request) Bytes() ([]byte, error) {
	headers := append(r.Forged.headers(), r.Headers...)
	method, path, host := cmp.Or(r.Method, http.MethodGet), cmp.Or(r.Path, "/"), cmp.Or(r.Host, r.Target)
	if !isToken(method) {
		return nil, fmt.Errorf("writing a request: %q is not a method", method)
	}
	if !strings.HasPrefix(path, "/") || strings.ContainsAny(path, separators) {
		return nil, fmt.Errorf("writing a request: %q is not a path", path)
	}
	if host == "" || strings.ContainsAny(host, separators) {
		return nil, fmt.Errorf("writing a request: %q is not a host", host)
	}
	text := fmt.Appendf(nil, "%s %s HTTP/1.1\r\nHost: %s\r\n", method, path, host)
	closes := true
	for _, header := range headers {
		if !isToken(header.Name) || strings.ContainsAny(header.Value, lineEnds) {
			return nil, fmt.Errorf("writing a request: %q: %q is not a header", header.Name, header.Value)
		}
		text = fmt.Appendf(text, "%s: %s\r\n", header.Name, header.Value)
		closes = closes && !strings.EqualFold(header.Name, "Connection")
	}
	if closes {
		text = append(text, "Connection: close\r\n"...)
	}
	return append(text, "\r\n"...), nil
}
