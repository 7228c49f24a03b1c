// Command echo is the application of the end-to-end tests: it answers each request with what it saw
// of it, as JSON. It is also a client, for pods whose image has no other.
//
//	echo                               serves on :8080 until SIGTERM or SIGINT
//	echo get URL ['Header: value'...]  sends a request and prints the answer's body
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const (
	listenAddress = ":8080"
	// shutdownGrace is longer than any delay that a request can ask for: no request in flight is cut off.
	shutdownGrace = longestDelay + 5*time.Second
	// requestTimeout is for a whole request of the client; it is longer than any delay as well.
	requestTimeout = longestDelay + 5*time.Second
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string) error {
	switch {
	case len(arguments) == 0:
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listenAddress)
		if err != nil {
			return fmt.Errorf("listening: %w", err)
		}
		return serve(ctx, listener, newHandler(placeFromEnvironment()))
	case arguments[0] == "get" && len(arguments) > 1:
		return get(ctx, os.Stdout, arguments[1], arguments[2:])
	default:
		return errors.New("usage: echo | echo get URL ['Header: value'...]")
	}
}

// serve answers requests until the context ends, and then those that have begun.
func serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		return fmt.Errorf("ending requests in flight: %w", err)
	}
	return nil
}
