package witness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

const (
	// maxConnections are open at once for answers, and maxRegistrars for challenges, which take more memory.
	maxConnections = 64
	maxRegistrars  = 16
	// maxHeader is more than controllers pass on, so that a stranger does not meet a limit of the witness.
	maxHeader = 48 << 10
	// headerTimeout, exchangeTimeout and stopTimeout are how long a request's header, a whole request with its
	// answer, and the requests that are open at the end may take.
	headerTimeout   = 5 * time.Second
	exchangeTimeout = 10 * time.Second
	stopTimeout     = 5 * time.Second
)

// Serve answers on both listeners until the context ends, and closes them.
func (w *Witness) Serve(ctx context.Context, answers, direct net.Listener) error {
	servers := []*http.Server{newServer(http.HandlerFunc(w.Answer)), newServer(w.Direct())}
	ended := make(chan error, len(servers))
	for i, listener := range []net.Listener{newFairListener(answers, maxConnections), newFairListener(direct, maxRegistrars)} {
		go func() { ended <- servers[i].Serve(listener) }()
	}
	var failed error
	select {
	case <-ctx.Done():
	case err := <-ended:
		failed = fmt.Errorf("serving the witness: %w", err)
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	for _, server := range servers {
		if err := server.Shutdown(stopping); err != nil && failed == nil {
			failed = fmt.Errorf("stopping the witness: %w", err)
		}
	}
	return failed
}

// newServer returns a server that says nothing about its peers, not even in errors, and closes each connection
// after one exchange: connections that are kept would fill the limit.
func newServer(handler http.Handler) *http.Server {
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: headerTimeout, ReadTimeout: exchangeTimeout, WriteTimeout: exchangeTimeout,
		MaxHeaderBytes: maxHeader, DisableGeneralOptionsHandler: true, ErrorLog: log.New(io.Discard, "", 0),
	}
	server.SetKeepAlivesEnabled(false)
	return server
}

// Run serves on these addresses of the host until the context ends.
func Run(ctx context.Context, answerAddress, directAddress string) error {
	w, err := New(time.Now)
	if err != nil {
		return err
	}
	var listening net.ListenConfig
	answers, err := listening.Listen(ctx, "tcp", answerAddress)
	if err != nil {
		return fmt.Errorf("listening for requests: %w", err)
	}
	direct, err := listening.Listen(ctx, "tcp", directAddress)
	if err != nil {
		return errors.Join(fmt.Errorf("listening for challenges: %w", err), answers.Close())
	}
	return w.Serve(ctx, answers, direct)
}
