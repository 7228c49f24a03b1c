package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// headerTimeout is for the head of a request, which comes from the same machine.
const headerTimeout = 10 * time.Second

// maxSocketPath is the longest path in a Unix socket's address (unix(7)).
const maxSocketPath = 107

// Server passes requests on to a cluster.
type Server struct{ stop func() error }

// Serve listens in the directory of a cluster until Close, even after the context ends. Only the
// user of this process can connect.
func Serve(ctx context.Context, dir string, cluster Cluster) (*Server, error) {
	path := socketPath(dir)
	if len(path) > maxSocketPath {
		return nil, fmt.Errorf("listening for commands: %s has more than %d bytes, which a socket's name cannot have", path, maxSocketPath)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("listening for commands: %w", err)
	}
	serving := context.WithoutCancel(ctx)
	requests, cancel := context.WithCancel(serving)
	server := &http.Server{
		Handler:           newHandler(cluster),
		ReadHeaderTimeout: headerTimeout,
		BaseContext:       func(net.Listener) context.Context { return requests },
	}
	go func() { _ = server.Serve(listener) }() // ends with Shutdown
	return &Server{stop: func() error {
		cancel()
		return server.Shutdown(serving)
	}}, nil
}

// Close cancels the requests that are being served and returns when they have ended.
func (s *Server) Close() error { return s.stop() }

func newHandler(cluster Cluster) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /nodes", withBody(cluster.AddNode))
	mux.HandleFunc("POST /nodes/{name}/crash", withName(cluster.CrashNode))
	mux.HandleFunc("POST /nodes/{name}/restart", withName(cluster.RestartNode))
	mux.HandleFunc("DELETE /nodes/{name}", withName(cluster.RemoveNode))
	mux.HandleFunc("POST /images", withBody(func(ctx context.Context, wanted imagesRequest) error {
		return cluster.LoadImages(ctx, wanted.Archives...)
	}))
	mux.HandleFunc("POST /registry", withBody(func(ctx context.Context, wanted pushRequest) error {
		return cluster.PushImage(ctx, wanted.Archive, wanted.Name)
	}))
	return mux
}

func withName(do func(ctx context.Context, name string) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		// What was not read hides from the server that the client has gone.
		_, _ = io.Copy(io.Discard, r.Body)
		answer(w, do(r.Context(), r.PathValue("name")))
	}
}

func withBody[T any](do func(context.Context, T) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var body T
		content, err := io.ReadAll(r.Body)
		if err == nil {
			err = json.Unmarshal(content, &body)
		}
		if err != nil {
			answer(w, fmt.Errorf("reading the request: %w", err))
			return
		}
		answer(w, do(r.Context(), body))
	}
}

func answer(w http.ResponseWriter, err error) {
	if err == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusInternalServerError)
	_ = json.NewEncoder(w).Encode(failure{Message: err.Error()}) // the client may have gone
}

// errNoAnswer says that the server did not take a request for what it is.
var errNoAnswer = errors.New("the supervisor gave an unexpected answer; is it of another version?")
