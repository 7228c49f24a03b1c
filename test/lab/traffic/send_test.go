package traffic

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"testing"
	"time"
)

// short is a time-out that a test waits for on purpose.
const short = 50 * time.Millisecond

func plain(ctx context.Context, network, address string) (net.Conn, error) {
	return Direct(ctx, network, netip.AddrPort{}, address)
}

// serve accepts connections on loopback until the test ends and calls handle for each. It returns
// the address.
func serve(t *testing.T, handle func(conn *net.TCPConn)) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
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
			go handle(conn.(*net.TCPConn))
		}
	}()
	return listener.Addr().String()
}

// readRequest reads all that the client sent, so that closing the connection sends no reset.
func readRequest(conn net.Conn) { _, _ = http.ReadRequest(bufio.NewReader(conn)) }

// answering returns a server that reads a request, writes a text and closes the connection.
func answering(t *testing.T, text string) string {
	t.Helper()
	return serve(t, func(conn *net.TCPConn) {
		defer func() { _ = conn.Close() }()
		readRequest(conn)
		_, _ = io.WriteString(conn, text)
	})
}

// unused returns an address on loopback without a listener.
func unused(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	return address
}

func echoHandler(t *testing.T) http.Handler {
	t.Helper()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := json.NewEncoder(w).Encode(Echo{
			RemoteAddress: r.RemoteAddr, Method: r.Method, Host: r.Host, Path: r.URL.Path, Proto: r.Proto,
			TLS: r.TLS != nil, Headers: r.Header, Node: "edge1", Pod: "echo-1",
		})
		if err != nil {
			t.Errorf("answering: %v", err)
		}
	})
}

func send(t *testing.T, dial Dialer, request Request) Answer {
	t.Helper()
	answer, err := Send(t.Context(), dial, request)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func TestOutcomes(t *testing.T) {
	silent := func(conn *net.TCPConn) {
		readRequest(conn)
		_, _ = io.Copy(io.Discard, conn)
		_ = conn.Close()
	}
	resetting := func(conn *net.TCPConn) {
		readRequest(conn)
		_ = conn.SetLinger(0)
		_ = conn.Close()
	}
	for want, target := range map[Outcome]string{
		Refused:             unused(t),
		Reset:               serve(t, resetting),
		AnswerTimedOut:      serve(t, silent),
		ClosedWithoutAnswer: answering(t, ""),
		CutOff:              answering(t, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"),
		NotHTTP:             answering(t, "SSH-2.0-OpenSSH_9.2\r\n"),
		Answered:            answering(t, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"),
	} {
		t.Run(string(want), func(t *testing.T) {
			request := Request{Target: target}
			if want == AnswerTimedOut {
				request.AnswerTimeout = short
			}
			answer := send(t, plain, request)
			if answer.Outcome != want {
				t.Errorf("the outcome is %s (%s), want %s", answer.Outcome, answer.Detail, want)
			}
			if want == Answered && (answer.Status != http.StatusServiceUnavailable || answer.Echo != nil) {
				t.Errorf("the status is %d and the echo application saw %v, want 503 and nothing", answer.Status, answer.Echo)
			}
		})
	}
	t.Run("cut off in the head", func(t *testing.T) {
		answer := send(t, plain, Request{Target: answering(t, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n")})
		if answer.Outcome != CutOff {
			t.Errorf("the outcome is %s (%s), want %s", answer.Outcome, answer.Detail, CutOff)
		}
	})
}

// TestConnectTimedOut leaves the time-out to Send: the dialer continues for as long as it may.
func TestConnectTimedOut(t *testing.T) {
	never := func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	answer := send(t, never, Request{Target: "203.0.113.1:80", ConnectTimeout: short})
	if answer.Outcome != ConnectTimedOut || answer.Connecting < short {
		t.Errorf("the outcome is %s after %s, want %s after %s", answer.Outcome, answer.Connecting, ConnectTimedOut, short)
	}
}

func TestNoLocalPort(t *testing.T) {
	target := unused(t)
	for name, local := range map[string]string{"a port in use": answering(t, ""), "a foreign address": "203.0.113.99:0"} {
		dial := func(ctx context.Context, network, address string) (net.Conn, error) {
			return Direct(ctx, network, netip.MustParseAddrPort(local), address)
		}
		if answer := send(t, dial, Request{Target: target}); answer.Outcome != NoLocalPort {
			t.Errorf("%s: the outcome is %s (%s), want %s", name, answer.Outcome, answer.Detail, NoLocalPort)
		}
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	target := serve(t, func(conn *net.TCPConn) {
		readRequest(conn)
		cancel()
		_, _ = io.Copy(io.Discard, conn)
		_ = conn.Close()
	})
	answer, err := Send(ctx, plain, Request{Target: target, AnswerTimeout: time.Minute})
	if err != nil || answer.Outcome != Cancelled {
		t.Errorf("the outcome is %s (%s, error %v), want %s", answer.Outcome, answer.Detail, err, Cancelled)
	}
}

func TestSight(t *testing.T) {
	server := httptest.NewServer(echoHandler(t))
	defer server.Close()
	answer := send(t, LocalDialer(Direct).From(netip.MustParseAddr("127.0.0.2")), Request{
		Target: server.Listener.Addr().String(),
		Host:   "shop.example",
		Forged: Forged{
			XForwardedFor: []string{"198.51.100.66", "198.51.100.67"}, XRealIP: []string{"198.51.100.68"},
			XOriginalForwardedFor: []string{"198.51.100.69"}, Forwarded: []string{"for=198.51.100.70"},
		},
	})
	sight, seen := answer.Sight()
	if !seen {
		t.Fatalf("the echo application did not answer: %s", answer)
	}
	if got := []string{answer.Echo.Host, answer.Echo.Node, answer.Echo.Pod}; !slices.Equal(got, []string{"shop.example", "edge1", "echo-1"}) {
		t.Errorf("host, node and pod are %q", got)
	}
	want := "peer 127.0.0.2, X-Forwarded-For: 198.51.100.66 | 198.51.100.67, X-Real-IP: 198.51.100.68, " +
		"X-Original-Forwarded-For: 198.51.100.69, Forwarded: for=198.51.100.70"
	if sight.String() != want {
		t.Errorf("the application saw %s\nwant %s", sight, want)
	}
	if sight.Peer != answer.Local.Addr() {
		t.Errorf("the application saw %s, the client dialled from %s", sight.Peer, answer.Local)
	}
}

func TestNoSight(t *testing.T) {
	answer := send(t, plain, Request{Target: answering(t, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")})
	if sight, seen := answer.Sight(); seen || answer.Outcome != Answered {
		t.Errorf("the outcome is %s and the application saw %s", answer.Outcome, sight)
	}
}

// TestProxyHeaderIsSentFirst sends one before a plain request and before a TLS handshake.
func TestProxyHeaderIsSentFirst(t *testing.T) {
	forged := netip.MustParseAddrPort("198.51.100.66:4711")
	for name, test := range map[string]struct {
		tls  *TLS
		next string
	}{
		"HTTP":  {tls: nil, next: "GET / HTTP/1.1\r\n"},
		"HTTPS": {tls: &TLS{InsecureSkipVerify: true}, next: "\x16\x03"},
	} {
		t.Run(name, func(t *testing.T) {
			received := make(chan []byte, 1)
			target := serve(t, func(conn *net.TCPConn) {
				raw := make([]byte, 28+len(test.next))
				_, _ = io.ReadFull(conn, raw)
				received <- raw
				_ = conn.Close()
			})
			send(t, plain, Request{Target: target, TLS: test.tls, Proxy: &ProxyHeader{Version: ProxyV2, Source: forged}})
			header, rest, err := parseProxy(<-received)
			want := parsedProxy{source: forged, destination: netip.MustParseAddrPort(target)}
			if err != nil || header != want || string(rest) != test.next {
				t.Errorf("the server read %+v and then %q (error %v), want %+v and then %q", header, rest, err, want, test.next)
			}
		})
	}
}

func TestTLS(t *testing.T) {
	names := make(chan string, 10)
	server := httptest.NewUnstartedServer(echoHandler(t))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		names <- hello.ServerName
		return nil, nil
	}}
	server.StartTLS()
	defer server.Close()
	target := server.Listener.Addr().String()
	trusted := x509.NewCertPool()
	trusted.AddCert(server.Certificate())
	for name, test := range map[string]struct {
		tls      TLS
		host     string
		want     Outcome
		wantName string
	}{
		"signed by the CA":         {tls: TLS{Roots: trusted}, host: "example.com", want: Answered, wantName: "example.com"},
		"with a port":              {tls: TLS{Roots: trusted}, host: "example.com:8443", want: Answered, wantName: "example.com"},
		"a name of its own":        {tls: TLS{Roots: trusted, ServerName: "example.com"}, host: "shop.example", want: Answered, wantName: "example.com"},
		"for another name":         {tls: TLS{Roots: trusted}, host: "shop.example", want: TLSFailed, wantName: "shop.example"},
		"signed by another CA":     {tls: TLS{Roots: x509.NewCertPool()}, host: "example.com", want: TLSFailed, wantName: "example.com"},
		"verified by nobody":       {tls: TLS{InsecureSkipVerify: true}, host: "shop.example", want: Answered, wantName: "shop.example"},
		"an address has no name":   {tls: TLS{Roots: trusted}, host: "", want: Answered, wantName: ""},
		"an IPv6 address has none": {tls: TLS{Roots: trusted}, host: "[::1]:443", want: Answered, wantName: ""},
	} {
		t.Run(name, func(t *testing.T) {
			answer := send(t, plain, Request{Target: target, Host: test.host, TLS: &test.tls})
			if got := <-names; answer.Outcome != test.want || got != test.wantName {
				t.Fatalf("the outcome is %s (%s) with the name %q, want %s with %q", answer.Outcome, answer.Detail, got, test.want, test.wantName)
			}
			if test.want == Answered && (!answer.Echo.TLS || !answer.Certificate.Equal(server.Certificate())) {
				t.Errorf("TLS: %v, certificate of %s", answer.Echo.TLS, answer.Certificate.Subject)
			}
		})
	}
}

func TestTLSWithServersThatDoNotSpeakIt(t *testing.T) {
	closing := serve(t, func(conn *net.TCPConn) {
		// The handshake's first record; what is not read would cause a reset.
		head := make([]byte, 5)
		_, _ = io.ReadFull(conn, head)
		_, _ = io.CopyN(io.Discard, conn, int64(head[3])<<8+int64(head[4]))
		_ = conn.Close()
	})
	silent := serve(t, func(conn *net.TCPConn) {
		_, _ = io.Copy(io.Discard, conn)
		_ = conn.Close()
	})
	speaksHTTP := serve(t, func(conn *net.TCPConn) {
		_, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
		_, _ = io.Copy(io.Discard, conn)
		_ = conn.Close()
	})
	for want, target := range map[Outcome]string{ClosedWithoutAnswer: closing, AnswerTimedOut: silent, TLSFailed: speaksHTTP} {
		answer := send(t, plain, Request{Target: target, TLS: &TLS{}, AnswerTimeout: timeoutFor(want)})
		if answer.Outcome != want {
			t.Errorf("the outcome is %s (%s), want %s", answer.Outcome, answer.Detail, want)
		}
	}
}

// timeoutFor returns a short time-out where that is tested.
func timeoutFor(want Outcome) time.Duration {
	if want == AnswerTimedOut {
		return short
	}
	return time.Minute
}

func TestAnswerInWords(t *testing.T) {
	for want, answer := range map[string]Answer{
		"Refused (no listener)":                            {Outcome: Refused, Detail: "no listener"},
		"503, not by the echo application":                 {Outcome: Answered, Status: 503},
		"200, peer 203.0.113.10, X-Real-IP: 198.51.100.66": {Outcome: Answered, Status: 200, Echo: &Echo{RemoteAddress: "203.0.113.10:1", Headers: http.Header{"X-Real-Ip": {"198.51.100.66"}}}},
		"200, peer invalid IP":                             {Outcome: Answered, Status: 200, Echo: &Echo{RemoteAddress: "unix"}},
		"ClosedWithoutAnswer":                              {Outcome: ClosedWithoutAnswer},
	} {
		if got := answer.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
