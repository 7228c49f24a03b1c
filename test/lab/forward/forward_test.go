package forward

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
)

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener
}

func start(t *testing.T, dial Dial) *Forwarder {
	t.Helper()
	forwarder := Start(t.Context(), listen(t), dial)
	t.Cleanup(func() { _ = forwarder.Close() })
	return forwarder
}

func dialTo(address net.Addr) Dial {
	return func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, address.Network(), address.String())
	}
}

func connect(t *testing.T, forwarder *Forwarder) *net.TCPConn {
	t.Helper()
	connection, err := dialTo(forwarder.Addr())(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	return connection.(*net.TCPConn)
}

// The server answers only when the client has said all, so that the end of what it says must get through.
func TestBothDirectionsAndTheEndOfEachGetThrough(t *testing.T) {
	server := listen(t)
	go func() {
		for {
			connection, err := server.Accept()
			if err != nil {
				return
			}
			said, _ := io.ReadAll(connection)
			_, _ = connection.Write(append([]byte("heard "), said...))
			_ = connection.Close()
		}
	}()
	forwarder := start(t, dialTo(server.Addr()))
	for _, message := range []string{"one", "two"} {
		connection := connect(t, forwarder)
		if _, err := connection.Write([]byte(message)); err != nil {
			t.Fatal(err)
		}
		if err := connection.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if answer, err := io.ReadAll(connection); err != nil || string(answer) != "heard "+message {
			t.Errorf("the answer is %q (error %v)", answer, err)
		}
	}
}

func TestAClientIsToldThatTheServerCannotBeReached(t *testing.T) {
	forwarder := start(t, func(context.Context) (net.Conn, error) { return nil, errors.New("no server") })
	if n, err := connect(t, forwarder).Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("read %d bytes, error %v", n, err)
	}
}

func TestCloseEndsOpenConnections(t *testing.T) {
	server := listen(t)
	forwarder := start(t, dialTo(server.Addr()))
	client := connect(t, forwarder)
	behind, err := server.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = behind.Close() }()
	if err := forwarder.Close(); err != nil {
		t.Fatal(err)
	}
	for name, connection := range map[string]net.Conn{"client": client, "server": behind} {
		if _, err := connection.Read(make([]byte, 1)); err == nil {
			t.Errorf("the %s's connection is still open", name)
		}
	}
}
