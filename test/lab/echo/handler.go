package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"time"
)

// longestDelay bounds what a request may ask for.
const longestDelay = time.Minute

// answer holds what the application saw of a request.
type answer struct {
	// RemoteAddress is the other end of the TCP connection, as host:port.
	RemoteAddress string `json:"remoteAddress"`
	Method        string `json:"method"`
	Host          string `json:"host"`
	Path          string `json:"path"`
	// Query is as it was sent, without the question mark.
	Query string `json:"query"`
	Proto string `json:"proto"`
	TLS   bool   `json:"tls"`
	// Headers holds the lines of a header in the order in which they came. Host is not among them.
	Headers http.Header `json:"headers"`
	place
}

// place is the application's node and pod, from the environment variables NODE_NAME and POD_NAME.
type place struct {
	Node string `json:"node"`
	Pod  string `json:"pod"`
}

func placeFromEnvironment() place {
	return place{Node: os.Getenv("NODE_NAME"), Pod: os.Getenv("POD_NAME")}
}

func newHandler(where place) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if err := wait(r); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		// Encoding strings cannot fail, and a client that is gone needs no answer.
		_ = json.NewEncoder(w).Encode(describe(r, where))
	})
	return mux
}

func describe(r *http.Request, where place) answer {
	return answer{
		RemoteAddress: r.RemoteAddr, Method: r.Method, Host: r.Host, Path: r.URL.Path, Query: r.URL.RawQuery,
		Proto: r.Proto, TLS: r.TLS != nil, Headers: r.Header, place: where,
	}
}

// wait waits for as long as the query parameter delay says, so that a test can have requests in
// flight. It ends early when the client disconnects.
func wait(r *http.Request) error {
	text := r.URL.Query().Get("delay")
	if text == "" {
		return nil
	}
	delay, err := time.ParseDuration(text)
	if err != nil || delay < 0 || delay > longestDelay {
		return fmt.Errorf("delay is %q: write a duration from 0s to %s", text, longestDelay)
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	}
	return nil
}
