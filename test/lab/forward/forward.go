// Package forward lets processes in one network namespace reach a TCP server in another one.
package forward

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
)

// Dial connects to the server. The context ends when the forwarder is closed.
type Dial func(ctx context.Context) (net.Conn, error)

// Forwarder copies what arrives at a listener to a server, and back.
type Forwarder struct {
	listener net.Listener
	dial     Dial
	cancel   context.CancelFunc
	tasks    sync.WaitGroup
}

// Start serves a listener until Close, even after the context ends. It closes a connection at once
// if it cannot reach the server.
func Start(ctx context.Context, listener net.Listener, dial Dial) *Forwarder {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &Forwarder{listener: listener, dial: dial, cancel: cancel}
	f.tasks.Go(func() { f.accept(ctx) })
	return f
}

// Addr is the address of the listener.
func (f *Forwarder) Addr() net.Addr { return f.listener.Addr() }

// Close ends all connections, and returns when that is done.
func (f *Forwarder) Close() error {
	f.cancel()
	err := f.listener.Close()
	f.tasks.Wait()
	return err
}

func (f *Forwarder) accept(ctx context.Context) {
	for {
		client, err := f.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			f.tasks.Go(func() { f.serve(ctx, client) })
		}
	}
}

func (f *Forwarder) serve(ctx context.Context, client net.Conn) {
	defer func() { _ = client.Close() }()
	server, err := f.dial(ctx)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	stop := context.AfterFunc(ctx, func() {
		_ = client.Close()
		_ = server.Close()
	})
	defer stop()
	var directions sync.WaitGroup
	directions.Go(func() { pass(server, client) })
	directions.Go(func() { pass(client, server) })
	directions.Wait()
}

// pass copies until the sender is done, and then closes that direction of the receiver's
// connection. The receiver may still answer. After an error both connections are of no use.
func pass(to, from net.Conn) {
	_, err := io.Copy(to, from)
	if half, ok := to.(interface{ CloseWrite() error }); ok && err == nil {
		_ = half.CloseWrite()
		return
	}
	_ = to.Close()
	_ = from.Close()
}
