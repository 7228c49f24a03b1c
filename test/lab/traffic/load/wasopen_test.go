package load

import (
	"errors"
	"net"
	"net/netip"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestTheKernelDistinguishesARefusalFromAReset: this is what wasOpen relies on.
func TestTheKernelDistinguishesARefusalFromAReset(t *testing.T) {
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	resetting := func() error {
		conn, err := listener.Accept()
		if err != nil {
			return err
		}
		// With unsent data to be dropped, closing resets.
		return errors.Join(conn.(*net.TCPConn).SetLinger(0), conn.Close())
	}
	for name, test := range map[string]struct {
		address string
		// meanwhile happens before the client looks whether it is connected.
		meanwhile func() error
		want      syscall.Errno
	}{
		"refused":                         {refusing(t), func() error { return nil }, syscall.ECONNREFUSED},
		"reset before the client noticed": {listener.Addr().String(), resetting, syscall.ECONNRESET},
	} {
		if got := connectAndLookLater(t, test.address, test.meanwhile); got != test.want {
			t.Errorf("%s: connecting failed with %v, want %v", name, got, test.want)
		}
	}
}

// connectAndLookLater begins to connect, as Go's dialer does, and asks the kernel afterwards how that ended.
func connectAndLookLater(t *testing.T, address string, meanwhile func() error) syscall.Errno {
	t.Helper()
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Close(socket) }()
	to := netip.MustParseAddrPort(address)
	err = unix.Connect(socket, &unix.SockaddrInet4{Addr: to.Addr().As4(), Port: int(to.Port())})
	if err != nil && !errors.Is(err, unix.EINPROGRESS) {
		t.Fatal(err)
	}
	if err := meanwhile(); err != nil {
		t.Fatal(err)
	}
	waiting := []unix.PollFd{{Fd: int32(socket), Events: unix.POLLIN}}
	if _, err := unix.Poll(waiting, int(patient.Milliseconds())); err != nil {
		t.Fatal(err)
	}
	failed, err := unix.GetsockoptInt(socket, unix.SOL_SOCKET, unix.SO_ERROR)
	if err != nil {
		t.Fatal(err)
	}
	return syscall.Errno(failed)
}

func TestAConnectionThatWasResetAtOnceWasOpen(t *testing.T) {
	for _, test := range []struct {
		err  error
		open bool
	}{
		{syscall.ECONNRESET, true}, {syscall.ECONNREFUSED, false}, {syscall.EHOSTUNREACH, false}, {syscall.ETIMEDOUT, false},
	} {
		counting, enough := countingDialer(failing(test.err), 2)
		run := start(t, Config{
			Rate: 200, Dial: counting, Targets: []Target{{Name: "server", Address: "192.0.2.1:80"}}, ConnectTimeout: patient, AnswerTimeout: patient,
		})
		<-enough
		tally := run.Stop().Targets[0].New
		if len(tally.Failures) == 0 {
			t.Errorf("%v: no failure is listed", test.err)
		}
		for _, failure := range tally.Failures {
			if open := failure.Open > 0; open != test.open {
				t.Errorf("%v: it was open: %t (%v), want %t; cause %s", test.err, open, failure.Open, test.open, failure.Cause)
			}
		}
	}
}
