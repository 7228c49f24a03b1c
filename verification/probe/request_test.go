package probe

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/verification/answer"
)

// server answers connections on loopback with what answer writes, after it has read what comes first.
func server(t *testing.T, reply func(conn net.Conn, first string)) netip.AddrPort {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				first := make([]byte, 4096)
				n, _ := conn.Read(first)
				reply(conn, string(first[:n]))
			}()
		}
	}()
	return netip.MustParseAddrPort(listener.Addr().String())
}

func keys(t *testing.T) (ed25519.PublicKey, ed25519.PrivateKey) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return public, private
}

func signed(t *testing.T, token answer.Token, key ed25519.PrivateKey) string {
	t.Helper()
	return signedFor(t, "http://web.edge-ingress.invalid", token, key)
}

func signedFor(t *testing.T, asked string, token answer.Token, key ed25519.PrivateKey) string {
	t.Helper()
	body, err := answer.Sign(answer.Answer{Token: token.String(), RealIP: "127.0.0.2", ForwardedFor: "127.0.0.2", Pod: "web-1", Asked: asked}, key)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func page(status, body string) string {
	return fmt.Sprintf("HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", status, len(body), body)
}

func TestSendReturnsTheAnswerOrHowItFailed(t *testing.T) {
	public, private := keys(t)
	_, stranger := keys(t)
	token := answer.Token{Nonce: "abcdefghijklmnop", Index: 7}
	write := func(text string) func(net.Conn, string) {
		return func(conn net.Conn, _ string) { _, _ = io.WriteString(conn, text) }
	}
	silent := func(conn net.Conn, _ string) { _, _ = conn.Read(make([]byte, 1)) }
	closed, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused := netip.MustParseAddrPort(closed.Addr().String())
	_ = closed.Close()
	tests := map[string]struct {
		target   netip.AddrPort
		scheme   v1alpha1.Scheme
		source   string
		direct   bool
		failure  Failure
		answered bool
	}{
		"the witness's answer":                     {target: server(t, write(page("200 OK", signed(t, token, private)))), answered: false},
		"an answer to a relay's request":           {target: server(t, write(page("200 OK", signedFor(t, "http://relay.example.com", token, private)))), failure: OtherHost, answered: true},
		"an answer for a longer host name":         {target: server(t, write(page("200 OK", signedFor(t, "http://web.edge-ingress.invalid.example.com", token, private)))), failure: OtherHost, answered: true},
		"an answer about no host name":             {target: server(t, write(page("200 OK", signedFor(t, "", token, private)))), failure: HostNotTold, answered: true},
		"an answer about a scheme alone":           {target: server(t, write(page("200 OK", signedFor(t, "http://", token, private)))), failure: OtherHost, answered: true},
		"TLS ends in front":                        {target: server(t, write(page("200 OK", signedFor(t, "https://web.edge-ingress.invalid", token, private))))},
		"TLS where the controller is asked":        {target: server(t, write(page("200 OK", signedFor(t, "https://web.edge-ingress.invalid", token, private)))), direct: true, failure: OtherScheme, answered: true},
		"the scheme where the controller is asked": {target: server(t, write(page("200 OK", signed(t, token, private)))), direct: true},
		"the answer of another key":                {target: server(t, write(page("200 OK", signed(t, token, stranger)))), failure: NotSigned, answered: true},
		"the answer to another token":              {target: server(t, write(page("200 OK", signed(t, answer.Token{Nonce: token.Nonce, Index: 8}, private)))), failure: NotSigned, answered: true},
		"an answer that is cut off":                {target: server(t, write(page("200 OK", signed(t, token, private))[:150])), failure: NotSigned, answered: true},
		"a signed answer behind 8 KiB":             {target: server(t, write(page("200 OK", strings.Repeat(" ", 9000)+signed(t, token, private)))), failure: NotSigned, answered: true},
		"a page of a default backend":              {target: server(t, write(page("404 Not Found", "no"))), failure: "HTTP 404", answered: true},
		"a controller that wants no PROXY header":  {target: server(t, write(page("400 Bad Request", ""))), failure: "HTTP 400", answered: true},
		"a signed answer with a redirect":          {target: server(t, write(page("302 Found", signed(t, token, private)))), failure: "HTTP 302", answered: true},
		"something that is not HTTP":               {target: server(t, write("SSH-2.0-OpenSSH\r\n")), failure: NotHTTP, answered: true},
		"headers without an end":                   {target: server(t, write("HTTP/1.1 200 OK\r\nA: "+strings.Repeat("a", 20000))), failure: NotHTTP, answered: true},
		"a connection that closes":                 {target: server(t, func(net.Conn, string) {}), failure: ClosedWithoutAnswer},
		"a connection that is reset":               {target: server(t, func(conn net.Conn, _ string) { _ = conn.(*net.TCPConn).SetLinger(0) }), failure: ConnectionReset},
		"silence":                                  {target: server(t, silent), failure: AnswerTimedOut},
		"a port without a listener":                {target: refused, failure: ConnectRefused},
		"an address that is not here":              {target: refused, source: "192.0.2.1", failure: SourceNotHere},
		"TLS with a server that has none":          {target: server(t, write(page("400 Bad Request", ""))), scheme: v1alpha1.SchemeHTTPS, failure: TLSFailed},
		"TLS with a server that closes":            {target: server(t, func(net.Conn, string) {}), scheme: v1alpha1.SchemeHTTPS, failure: ClosedWithoutAnswer},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := Request{
				Target: test.target, Source: netip.MustParseAddr("127.0.0.2"), Scheme: test.scheme, Host: "web.edge-ingress.invalid",
				Token: token, Key: public, Version: "v1", Direct: test.direct, Timeout: 300 * time.Millisecond,
			}
			if test.source != "" {
				request.Source = netip.MustParseAddr(test.source)
			}
			reply := Send(t.Context(), request)
			if reply.Failure != test.failure || reply.Failure.Answered() != test.answered {
				t.Fatalf("the reply is %+v (answered: %v), want failure %q", reply, reply.Failure.Answered(), test.failure)
			}
			if test.failure == "" && (reply.Answer.Pod != "web-1" || reply.Local.Addr() != request.Source) {
				t.Errorf("the reply is %+v, want web-1's answer to 127.0.0.2", reply)
			}
		})
	}
}

func TestSendEndsWithItsContext(t *testing.T) {
	target := server(t, func(conn net.Conn, _ string) { _, _ = conn.Read(make([]byte, 1)) })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if reply := Send(ctx, Request{Target: target}); reply.Failure != Canceled {
		t.Errorf("the failure is %q, want %q", reply.Failure, Canceled)
	}
}

func TestARequestIsWhatTheWitnessExpects(t *testing.T) {
	got := make(chan string, 1)
	target := server(t, func(_ net.Conn, first string) { got <- first })
	claimed := netip.MustParseAddr("192.0.2.9")
	Send(t.Context(), Request{
		Target: target, Host: "web.edge-ingress.invalid", Token: answer.Token{Nonce: "abc", Index: 3}, Version: "v1",
		Forgery: Forgery{Claims: []netip.Addr{claimed}, Header: http.Header{"X-Forwarded-For": {"192.0.2.8", "192.0.2.9"}}, Proxy: ProxyV1},
	})
	first := <-got
	line, rest, _ := strings.Cut(first, "\r\n")
	if want := fmt.Sprintf("PROXY TCP4 192.0.2.9 127.0.0.1 40000 %d", target.Port()); line != want {
		t.Errorf("the connection begins with %q, want %q", line, want)
	}
	request, err := http.ReadRequest(bufio.NewReader(strings.NewReader(rest)))
	if err != nil {
		t.Fatal(err)
	}
	if token, ok := answer.ParseToken(request.URL.Path); !ok || token.Index != 3 {
		t.Errorf("the path is %s", request.URL.Path)
	}
	if request.Host != "web.edge-ingress.invalid" || request.UserAgent() != "edge-ingress-verification/v1" || !request.Close {
		t.Errorf("host %q, user agent %q, close %v", request.Host, request.UserAgent(), request.Close)
	}
	if values := request.Header["X-Forwarded-For"]; len(values) != 2 {
		t.Errorf("X-Forwarded-For is %q, want two headers", values)
	}
}

func TestHTTPSSendsTheHostNameAndChecksNoCertificate(t *testing.T) {
	public, private := keys(t)
	token := answer.Token{Nonce: "abcdefghijklmnop"}
	name := ""
	witness := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name = r.TLS.ServerName
		_, _ = io.WriteString(w, signed(t, token, private))
	}))
	witness.TLS = &tls.Config{NextProtos: []string{"h2", "http/1.1"}}
	witness.StartTLS()
	t.Cleanup(witness.Close)
	reply := Send(t.Context(), Request{
		Target: netip.MustParseAddrPort(witness.Listener.Addr().String()), Scheme: v1alpha1.SchemeHTTPS, Host: "web.edge-ingress.invalid", Token: token, Key: public,
	})
	if reply.Failure != "" || name != "web.edge-ingress.invalid" {
		t.Errorf("the reply is %+v, and the server name %q", reply, name)
	}
}

func TestFetchReturnsAnyPage(t *testing.T) {
	target := server(t, func(conn net.Conn, _ string) {
		_, _ = io.WriteString(conn, "HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<h1>404</h1>")
	})
	got, err := Fetch(t.Context(), Request{Target: target, Host: "nobody.invalid"})
	if err != nil || got.Status != http.StatusNotFound || got.ContentType != "text/html" || string(got.Body) != "<h1>404</h1>" {
		t.Errorf("the page is %+v, %v", got, err)
	}
}

func TestFetchReturnsNoHalfPages(t *testing.T) {
	large := server(t, func(conn net.Conn, _ string) {
		_, _ = io.WriteString(conn, page("404 Not Found", strings.Repeat("a", 9000)))
	})
	if got, err := Fetch(t.Context(), Request{Target: large, Host: "nobody.invalid"}); err == nil {
		t.Errorf("a page that is too large comes back with %d bytes", len(got.Body))
	}
}
