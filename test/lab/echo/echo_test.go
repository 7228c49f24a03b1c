package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

func newServer(t *testing.T) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(newHandler(place{Node: "edge-a", Pod: "echo-1"}))
	t.Cleanup(server.Close)
	return server
}

func parse(t *testing.T, body []byte) answer {
	t.Helper()
	var got answer
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatalf("parsing %q: %v", body, err)
	}
	return got
}

func TestAnswerTellsWhatWasSeen(t *testing.T) {
	server := newServer(t)
	var out bytes.Buffer
	headers := []string{"Host: shop.example", "X-Forwarded-For: 198.51.100.66", "X-Forwarded-For: 203.0.113.10", "x-real-ip: 198.51.100.66"}
	if err := get(t.Context(), &out, server.URL+"/a/b?c=d", headers); err != nil {
		t.Fatal(err)
	}
	got := parse(t, out.Bytes())
	want := answer{Method: "GET", Host: "shop.example", Path: "/a/b", Query: "c=d", Proto: "HTTP/1.1", place: place{Node: "edge-a", Pod: "echo-1"}}
	seen, remote := got.Headers, got.RemoteAddress
	got.Headers, got.RemoteAddress = nil, ""
	if gotText, wantText := encode(t, got), encode(t, want); gotText != wantText {
		t.Errorf("got  %s\nwant %s", gotText, wantText)
	}
	if host, _, err := net.SplitHostPort(remote); err != nil || host != "127.0.0.1" {
		t.Errorf("the remote address is %q (error %v), want 127.0.0.1 and a port", remote, err)
	}
	if lines := seen.Values("X-Forwarded-For"); !slices.Equal(lines, []string{"198.51.100.66", "203.0.113.10"}) {
		t.Errorf("X-Forwarded-For is %q, want both lines in their order", lines)
	}
	if lines := seen.Values("X-Real-IP"); !slices.Equal(lines, []string{"198.51.100.66"}) {
		t.Errorf("X-Real-IP is %q", lines)
	}
}

func encode(t *testing.T, a answer) string {
	t.Helper()
	text, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestAnswerSaysTLS(t *testing.T) {
	server := httptest.NewTLSServer(newHandler(place{}))
	defer server.Close()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if !parse(t, body).TLS {
		t.Error("a request with TLS is not told from one without")
	}
}

func TestHealthz(t *testing.T) {
	var out bytes.Buffer
	if err := get(t.Context(), &out, newServer(t).URL+"/healthz", nil); err != nil || out.String() != "ok\n" {
		t.Errorf("got %q (error %v), want ok", out.String(), err)
	}
}

func TestDelay(t *testing.T) {
	server := newServer(t)
	start := time.Now()
	if err := get(t.Context(), io.Discard, server.URL+"/?delay=50ms", nil); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took < 50*time.Millisecond {
		t.Errorf("the answer came after %s, want 50ms at least", took)
	}
	for _, delay := range []string{"61s", "-1s", "2", "soon"} {
		var out bytes.Buffer
		err := get(t.Context(), &out, server.URL+"/?delay="+delay, nil)
		if err == nil || !strings.Contains(err.Error(), "400") || !strings.Contains(out.String(), "from 0s to 1m0s") {
			t.Errorf("delay=%s: got %q (error %v), want 400 and what to write instead", delay, out.String(), err)
		}
	}
}

func TestClientEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := get(ctx, io.Discard, newServer(t).URL+"/?delay=60s", nil); err == nil {
		t.Error("there is no error though the answer never came")
	}
}

func TestClientFollowsNoRedirect(t *testing.T) {
	server := httptest.NewServer(http.RedirectHandler("https://elsewhere.example/", http.StatusPermanentRedirect))
	defer server.Close()
	if err := get(t.Context(), io.Discard, server.URL, nil); err == nil || !strings.Contains(err.Error(), "308") {
		t.Errorf("got %v, want the redirect's status", err)
	}
}

func TestClientRefusesAHeaderWithoutColon(t *testing.T) {
	if err := get(t.Context(), io.Discard, "http://127.0.0.1", []string{"X-Real-IP"}); err == nil || !strings.Contains(err.Error(), "Name: value") {
		t.Errorf("got %v, want what to write instead", err)
	}
}

func TestRequestsInFlightAreAnsweredAtTheEnd(t *testing.T) {
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	begun := make(chan struct{})
	handler := newHandler(place{})
	announcing := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(begun)
		handler.ServeHTTP(w, r)
	})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	served := make(chan error, 1)
	go func() { served <- serve(ctx, listener, announcing) }()
	answered := make(chan error, 1)
	var out bytes.Buffer
	go func() { answered <- get(t.Context(), &out, "http://"+listener.Addr().String()+"/?delay=300ms", nil) }()
	<-begun
	stop()
	if err := <-answered; err != nil {
		t.Errorf("the request in flight failed: %v", err)
	}
	if err := <-served; err != nil {
		t.Errorf("serving ended with %v", err)
	}
}

func TestUsage(t *testing.T) {
	for _, arguments := range [][]string{{"get"}, {"serve"}} {
		if err := run(t.Context(), arguments); err == nil || !strings.Contains(err.Error(), "usage") {
			t.Errorf("%q: got %v, want how to use it", arguments, err)
		}
	}
}
