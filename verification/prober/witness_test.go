package prober

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/verification/answer"
)

func TestRegister(t *testing.T) {
	public, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	var got answer.Registration
	replies := map[string]string{
		"/challenges": `{"publicKey":"` + answer.EncodeKey(public) + `","used":["used-nonce"],"refusedPeers":["10.0.0.9"]}`,
	}
	asked, status := "", http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(response http.ResponseWriter, r *http.Request) {
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Error(err)
		}
		response.WriteHeader(status)
		_, _ = response.Write([]byte(replies[r.URL.Path]))
	}))
	t.Cleanup(server.Close)
	w := newWitness(func(ctx context.Context, network, address string) (net.Conn, error) {
		asked = address
		return (&net.Dialer{}).DialContext(ctx, network, server.Listener.Addr().String())
	})
	w.show(answer.Page{Status: 404, Body: []byte("no")})
	with := registration{witnesses: []netip.Addr{netip.MustParseAddr("fd01::9")}, controllers: []string{"10.244.1.2"}}
	known, err := w.register(t.Context(), with, 3, roundLifetime)
	if err != nil {
		t.Fatal(err)
	}
	if asked != "[fd01::9]:8081" {
		t.Errorf("asked is %s", asked)
	}
	if !known.key.Equal(public) || len(known.nonces) != 3 || len(known.refused) != 1 || !w.wasUsed("used-nonce") || w.wasUsed(known.nonces[0]) {
		t.Errorf("the witness answered %+v", known)
	}
	if len(got.Nonces) != 3 || got.Nonces[0] == got.Nonces[1] || got.LifetimeSeconds != 30 || len(got.Controllers) != 1 || got.Stranger.Status != 404 || len(got.Prober) < 16 || len(got.Nonces[0]) < 16 {
		t.Errorf("the witness got %+v", got)
	}
	for reply, bad := range map[string]int{"{}": http.StatusOK, "<html>": http.StatusOK, "": http.StatusServiceUnavailable, replies["/challenges"]: http.StatusFound} {
		replies["/challenges"], status = reply, bad
		if _, err := w.register(t.Context(), with, 1, roundLifetime); err == nil {
			t.Errorf("status %d and %q count as a registration", bad, reply)
		}
	}
	if _, err := w.register(t.Context(), registration{}, 1, roundLifetime); !errors.Is(err, errNoWitness) {
		t.Errorf("without a pod the error is %v", err)
	}
}

func TestAProblemWithTheWitnessHasTheSameWordsEachTime(t *testing.T) {
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	w := newWitness(func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, listener.Addr().String())
	})
	_, err = w.register(t.Context(), registration{witnesses: []netip.Addr{netip.MustParseAddr("10.244.9.9")}}, 1, time.Minute)
	if got, want := describe(err), "The witness's pod does not answer the prober: connect: connection refused"; got != want {
		t.Errorf("it is %q, want %q", got, want)
	}
	w = newWitness(func(ctx context.Context, _, _ string) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() })
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err = w.register(ctx, registration{witnesses: []netip.Addr{netip.MustParseAddr("10.244.9.9")}}, 1, time.Minute)
	if got, want := describe(err), "The witness's pod does not answer the prober"; got != want {
		t.Errorf("it is %q, want %q", got, want)
	}
}

func TestServiceProxyMode(t *testing.T) {
	for reply, want := range map[string]string{"nftables": "nftables", "iptables": "iptables", "": "", "<html>": "", "IPTABLES; rm": "", "404 page not found": ""} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(reply)) }))
		s := newServiceProxy()
		s.urls = []string{"http://127.0.0.1:1/proxyMode", server.URL}
		if got := s.ask(t.Context()); got != want {
			t.Errorf("a reply of %q means %q, want %q", reply, got, want)
		}
		server.Close()
		if got := s.ask(t.Context()); got != want {
			t.Errorf("the mode %q is forgotten at once", reply)
		}
	}
}
