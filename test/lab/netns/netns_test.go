package netns_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/netns"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/netns/netnstest"
)

// holdVariable makes this test binary make a namespace, print its path, and wait to be killed.
const holdVariable = "NETNS_TEST_HOLD"

func TestMain(m *testing.M) {
	if os.Getenv(holdVariable) == "" {
		os.Exit(m.Run())
	}
	namespace, err := netns.New()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(namespace.Path())
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// identity distinguishes the namespace of a thread or of a file from all others.
func identity(t *testing.T, path string) string {
	t.Helper()
	target, err := os.Readlink(path)
	if err != nil {
		t.Fatal(err)
	}
	return target
}

func TestDoRunsInTheNamespaceAndLeavesAllOtherThreadsAlone(t *testing.T) {
	namespace := netnstest.New(t)
	home := identity(t, "/proc/self/ns/net")
	if identity(t, namespace.Path()) == home {
		t.Fatal("the new namespace is the machine's")
	}
	for range 20 {
		var inside string
		if err := namespace.Do(func() (err error) { inside, err = os.Readlink("/proc/thread-self/ns/net"); return err }); err != nil {
			t.Fatal(err)
		}
		if inside != identity(t, namespace.Path()) {
			t.Fatalf("the function ran in %s, want %s", inside, identity(t, namespace.Path()))
		}
	}
	threads, err := filepath.Glob("/proc/self/task/*/ns/net")
	if err != nil || len(threads) == 0 {
		t.Fatalf("threads %v, error %v", threads, err)
	}
	for _, thread := range threads {
		if link, err := os.Readlink(thread); err == nil && link != home {
			t.Errorf("%s was left in %s", thread, link)
		}
	}
}

func TestDoReturnsTheErrorOfTheFunction(t *testing.T) {
	cause := errors.New("cause")
	if err := netnstest.New(t).Do(func() error { return cause }); !errors.Is(err, cause) {
		t.Errorf("the error is %v", err)
	}
}

func TestAFunctionThatDoesNotReturnIsAnError(t *testing.T) {
	namespace := netnstest.New(t)
	if err := namespace.Do(func() error { runtime.Goexit(); return nil }); err == nil {
		t.Error("no error was returned")
	}
	if err := namespace.Do(func() error { return nil }); err != nil {
		t.Error(err)
	}
}

func TestConnectionsStayWithinTheirNamespace(t *testing.T) {
	namespace, other := netnstest.New(t), netnstest.New(t)
	listener, err := namespace.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	go echo(listener)
	address := listener.Addr().String()
	if connection, err := other.Dial(t.Context(), "tcp", address); err == nil {
		_ = connection.Close()
		t.Error("another namespace reached the listener")
	}
	var clients sync.WaitGroup
	for i := range 50 {
		clients.Go(func() { expectEcho(t, namespace, address, fmt.Sprint("message ", i)) })
	}
	clients.Wait()
}

func echo(listener net.Listener) {
	for {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			_, _ = io.Copy(connection, connection)
			_ = connection.Close()
		}()
	}
}

func expectEcho(t *testing.T, namespace *netns.Namespace, address, message string) {
	t.Helper()
	connection, err := namespace.Dial(t.Context(), "tcp", address)
	if err != nil {
		t.Error(err)
		return
	}
	defer func() { _ = connection.Close() }()
	if _, err := connection.Write([]byte(message)); err != nil {
		t.Error(err)
		return
	}
	answer := make([]byte, len(message))
	if _, err := io.ReadFull(connection, answer); err != nil || string(answer) != message {
		t.Errorf("got %q, error %v, want %q", answer, err, message)
	}
}

func TestNamesAreNotLookedUp(t *testing.T) {
	namespace := netnstest.New(t)
	if _, err := namespace.Dial(t.Context(), "tcp", "localhost:80"); err == nil || !strings.Contains(err.Error(), "an IP address and a port") {
		t.Errorf("dialing a name returned %v", err)
	}
	if _, err := namespace.Listen(t.Context(), "tcp", ":0"); err == nil {
		t.Error("listening without an address succeeded")
	}
}

func TestACancelledDialEnds(t *testing.T) {
	namespace := netnstest.New(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := namespace.Dial(ctx, "tcp", "127.0.0.1:1"); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}

func TestANamespaceServesOtherProcessesAndVanishesWithItsHolder(t *testing.T) {
	netnstest.SkipWithoutRoot(t)
	holder := exec.CommandContext(t.Context(), os.Args[0])
	holder.Env = append(os.Environ(), holdVariable+"=1")
	stdin, err := holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stdin.Close() }()
	output, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	var path string
	if _, err := fmt.Fscanln(output, &path); err != nil {
		t.Fatal(err)
	}
	awaitRemoval := netnstest.Watch(t, path)
	_ = holder.Process.Kill()
	_ = holder.Wait()
	awaitRemoval()
}
