package testcluster

import (
	"net/http"
	"slices"
	"sync"
)

// Request is a request that a client sent to the API server.
type Request struct {
	Method string
	Path   string
	// Query is the encoded query, without "?"; a dry run shows there.
	Query string
}

// String is the request as it is written in an HTTP request line.
func (r Request) String() string {
	if r.Query == "" {
		return r.Method + " " + r.Path
	}
	return r.Method + " " + r.Path + "?" + r.Query
}

// IsWrite reports whether the request asks for a change, dry runs and changes without
// an effect included.
func (r Request) IsWrite() bool {
	return !slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodOptions}, r.Method)
}

// Requests records what clients send. Its zero value is ready for use, by several
// goroutines and clients at the same time:
//
//	var requests testcluster.Requests
//	config := rest.CopyConfig(cluster.Config)
//	config.Wrap(requests.Record)
type Requests struct {
	mu   sync.Mutex
	sent []Request
}

// Record returns a round tripper that notes each request before it hands it to next.
func (r *Requests) Record(next http.RoundTripper) http.RoundTripper {
	return recorder{requests: r, next: next}
}

// All returns the requests since the last Reset, in the order in which they were sent.
func (r *Requests) All() []Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.sent)
}

// Writes returns those requests that ask for a change.
func (r *Requests) Writes() []Request {
	return slices.DeleteFunc(r.All(), func(request Request) bool { return !request.IsWrite() })
}

// Reads returns those requests that do not ask for a change.
func (r *Requests) Reads() []Request {
	return slices.DeleteFunc(r.All(), Request.IsWrite)
}

// Reset forgets all requests.
func (r *Requests) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent = nil
}

type recorder struct {
	requests *Requests
	next     http.RoundTripper
}

func (r recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	r.requests.mu.Lock()
	r.requests.sent = append(r.requests.sent, Request{
		Method: request.Method, Path: request.URL.Path, Query: request.URL.RawQuery,
	})
	r.requests.mu.Unlock()
	return r.next.RoundTrip(request)
}
