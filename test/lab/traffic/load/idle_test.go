package load

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic"
)

// connect returns both ends of a TCP connection on loopback.
func connect(t *testing.T) (ours net.Conn, theirs *net.TCPConn) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	ours, err = traffic.Direct(t.Context(), "tcp", netip.AddrPort{}, listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ours.Close() })
	accepted, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = accepted.Close() })
	return ours, accepted.(*net.TCPConn)
}

func TestIdleTellsHowAConnectionEnded(t *testing.T) {
	for want, act := range map[end]func(*net.TCPConn, context.CancelFunc){
		closed:  func(conn *net.TCPConn, _ context.CancelFunc) { _ = conn.Close() },
		reset:   func(conn *net.TCPConn, _ context.CancelFunc) { _ = conn.SetLinger(0); _ = conn.Close() },
		unasked: func(conn *net.TCPConn, _ context.CancelFunc) { _, _ = conn.Write([]byte("?")) },
		stopped: func(_ *net.TCPConn, stop context.CancelFunc) { stop() },
	} {
		ours, theirs := connect(t)
		sending, stop := context.WithCancel(t.Context())
		act(theirs, stop)
		if got := idle(sending, ours, bufio.NewReader(ours), time.Now().Add(patient)); got != want {
			t.Errorf("the end is %d, want %d", got, want)
		}
		stop()
	}
	ours, _ := connect(t)
	if got := idle(t.Context(), ours, bufio.NewReader(ours), time.Now()); got != stillOpen {
		t.Errorf("the end of an open connection is %d, want %d", got, stillOpen)
	}
}

// TestIdleLooksEvenWhenItIsLate simulates a delayed client: its request is overdue and the server
// has closed the connection.
func TestIdleLooksEvenWhenItIsLate(t *testing.T) {
	ours, theirs := connect(t)
	reader := bufio.NewReader(ours)
	_ = theirs.Close()
	if got := idle(t.Context(), ours, reader, time.Now().Add(patient)); got != closed {
		t.Fatalf("the end is %d, want %d", got, closed)
	}
	if got := idle(t.Context(), ours, reader, time.Now().Add(-time.Second)); got != closed {
		t.Errorf("the end is %d for a request that is overdue, want %d", got, closed)
	}
}

// TestLastLook leaves out the reset: to wait for it without taking it away there is no way.
func TestLastLook(t *testing.T) {
	for want, act := range map[end]func(*net.TCPConn){
		stillOpen: func(*net.TCPConn) {},
		closed:    func(conn *net.TCPConn) { _ = conn.Close() },
		unasked:   func(conn *net.TCPConn) { _, _ = conn.Write([]byte("?")) },
	} {
		ours, theirs := connect(t)
		act(theirs)
		if want != stillOpen {
			awaitReadable(t, ours)
		}
		if got := lastLook(ours); got != want {
			t.Errorf("the end is %d, want %d", got, want)
		}
	}
}

// awaitReadable waits until there is something to read, be it an end, without reading it.
func awaitReadable(t *testing.T, conn net.Conn) {
	t.Helper()
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	err = raw.Read(func(fd uintptr) bool {
		_, _, err := syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		return !errors.Is(err, syscall.EAGAIN)
	})
	if err != nil {
		t.Fatal(err)
	}
}
