package balancer

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os/exec"
	"testing"
)

// here is this machine.
type here struct{}

func (here) Command(ctx context.Context, program string, arguments ...string) *exec.Cmd {
	return exec.CommandContext(ctx, program, arguments...)
}

func TestItRunsUntilItIsStopped(t *testing.T) {
	if _, err := exec.LookPath("haproxy"); err != nil {
		t.Skip("haproxy is not installed: make e2e-deps installs it")
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Header.Get("X-Forwarded-For"))
	}))
	defer server.Close()
	listener := Listener{
		Address: freeAddress(t), Mode: HTTPAppending,
		Servers:   []netip.AddrPort{netip.MustParseAddrPort(server.Listener.Addr().String())},
		FromPorts: &Ports{First: 10000, Last: 32000},
	}
	running, err := Start(t.Context(), here{}, new(net.Dialer).DialContext, t.TempDir(), []Listener{listener})
	if err != nil {
		t.Fatal(err)
	}
	if body := get(t, "http://"+listener.Address.String()); body != "127.0.0.1" {
		t.Errorf("the server was told of client %q, want 127.0.0.1", body)
	}
	if err := running.Stop(); err != nil {
		t.Fatal(err)
	}
	if conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", listener.Address.String()); err == nil {
		_ = conn.Close()
		t.Error("it still listens after it was stopped")
	}
}

func TestAStartThatFailsSaysWhatHaproxySaid(t *testing.T) {
	if _, err := exec.LookPath("haproxy"); err != nil {
		t.Skip("haproxy is not installed: make e2e-deps installs it")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Start(ctx, here{}, new(net.Dialer).DialContext, t.TempDir(), []Listener{{Address: freeAddress(t), Mode: TCP}}); err == nil {
		t.Error("there is no error though nobody waited")
	}
}

func freeAddress(t *testing.T) netip.AddrPort {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return netip.MustParseAddrPort(listener.Addr().String())
}

func get(t *testing.T, url string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
