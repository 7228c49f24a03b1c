package witness

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/verification/answer"
)

// dial connects from one of the addresses of this host.
func dial(t *testing.T, from, to string) net.Conn {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	conn, err := dialer.DialContext(t.Context(), "tcp", to)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// Pods that keep all connections open do not keep the prober out, nor the controllers. With idle connections that
// stay until their own time is over, the requests would come to an end of their own first.
func TestConnectionsThatStayOpenKeepNobodyOut(t *testing.T) {
	for name, from := range map[string]func(i int) string{
		"of one pod":   func(int) string { return "127.0.0.7" },
		"of many pods": func(i int) string { return fmt.Sprintf("127.0.7.%d", i+1) },
	} {
		t.Run(name, func(t *testing.T) {
			_, answers, direct := serve(t, "127.0.0.1:0")
			for i := range max(maxConnections, maxRegistrars) + 8 {
				dial(t, from(i), direct)
				dial(t, from(i), answers)
			}
			client := http.Client{Timeout: headerTimeout - time.Second}
			body, err := json.Marshal(ofProber(func(r *answer.Registration) { r.Controllers = []string{"127.0.0.1"} }))
			if err != nil {
				t.Fatal(err)
			}
			for _, ask := range []struct {
				method, url string
				body        []byte
			}{{http.MethodPost, "http://" + direct + answer.ChallengesPath, body}, {http.MethodGet, "http://" + answers + answer.Path + nonce + ".0", nil}} {
				request, err := http.NewRequestWithContext(t.Context(), ask.method, ask.url, bytes.NewReader(ask.body))
				if err != nil {
					t.Fatal(err)
				}
				response, err := client.Do(request)
				if err != nil {
					t.Fatalf("while others keep connections open: %v", err)
				}
				if err := response.Body.Close(); err != nil || response.StatusCode != http.StatusOK {
					t.Errorf("%s %s gives %s (%v)", ask.method, ask.url, response.Status, err)
				}
			}
		})
	}
}

func TestTheGreediestPeerMakesRoom(t *testing.T) {
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	fair := newFairListener(listener, 3)
	accept := func(from string) net.Conn {
		dial(t, from, listener.Addr().String())
		conn, err := fair.Accept()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		return conn
	}
	first, greedy, younger, last := accept("127.0.0.2"), accept("127.0.0.3"), accept("127.0.0.3"), accept("127.0.0.4")
	for name, row := range map[string]struct {
		conn net.Conn
		open bool
	}{"the oldest one": {first, true}, "the older one of two": {greedy, false}, "the younger one of two": {younger, true}, "the newest one": {last, true}} {
		if err := row.conn.SetDeadline(time.Now().Add(time.Hour)); (err == nil) != row.open {
			t.Errorf("%s: open should be %v, and setting its deadline gives %v", name, row.open, err)
		}
	}
	_ = first.Close()
	_ = first.Close()
	if len(fair.open) != 2 {
		t.Errorf("%d connections are open, want 2", len(fair.open))
	}
}
