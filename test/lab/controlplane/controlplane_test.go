package controlplane

import (
	"errors"
	"io/fs"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/binaries"
)

func TestPortsAreFreeAndDifferent(t *testing.T) {
	p := &ports{address: Loopback}
	t.Cleanup(func() { _ = p.release() })
	seen := map[int]bool{}
	for range 50 {
		port, err := p.take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if seen[port] {
			t.Errorf("port %d was given twice", port)
		}
		seen[port] = true
		listener, err := listen(t.Context(), "tcp", net.JoinHostPort(Loopback, strconv.Itoa(port)))
		if err != nil {
			t.Errorf("port %d is not free: %v", port, err)
			continue
		}
		_ = listener.Close()
	}
}

func TestAPortThatSomebodyListensOnIsNotFree(t *testing.T) {
	listener, err := listen(t.Context(), "tcp", net.JoinHostPort(Loopback, "0"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	if err := probe(t.Context(), Loopback, listener.Addr().(*net.TCPAddr).Port); err == nil {
		t.Error("a port that is in use counts as free")
	}
}

func TestAReleasedPortCanBeReservedAgain(t *testing.T) {
	p := &ports{address: Loopback}
	if _, err := p.take(t.Context()); err != nil {
		t.Fatal(err)
	}
	name := p.reservations[0].Addr().String()
	if listener, err := listen(t.Context(), "unix", name); err == nil {
		_ = listener.Close()
		t.Errorf("the reserved port %s could be reserved a second time", name)
	}
	if err := p.release(); err != nil {
		t.Fatal(err)
	}
	listener, err := listen(t.Context(), "unix", name)
	if err != nil {
		t.Fatalf("reserving %s again: %v", name, err)
	}
	_ = listener.Close()
}

func TestALostPortIsExplained(t *testing.T) {
	cause := errors.New("listen tcp 127.0.0.1:20001: bind: address already in use")
	if err := explainPortConflict(cause); !strings.Contains(err.Error(), "start again") || !errors.Is(err, cause) {
		t.Errorf("explained as %v", err)
	}
	other := errors.New("no space left on device")
	if err := explainPortConflict(other); !errors.Is(err, other) || err.Error() != other.Error() {
		t.Errorf("another error became %v", err)
	}
}

func TestOnlyTheAPIServerLeavesLoopback(t *testing.T) {
	o := Options{Dir: "/d", ListenAddress: "192.0.2.7", Binaries: binaries.Paths{}}
	if args := apiServerSpec(o, 1, 2).Args; !slices.Contains(args, "--bind-address=192.0.2.7") || slices.Contains(args, "--endpoint-reconciler-type=none") {
		t.Errorf("the API server does not listen on the given address: %v", args)
	}
	for _, arg := range etcdSpec(o, 1, 2).Args {
		if strings.Contains(arg, "192.0.2.7") {
			t.Errorf("etcd leaves loopback: %s", arg)
		}
	}
	o.ListenAddress = ""
	if args := apiServerSpec(o, 1, 2).Args; !slices.Contains(args, "--bind-address=127.0.0.1") || !slices.Contains(args, "--endpoint-reconciler-type=none") {
		t.Errorf("the default is not loopback: %v", args)
	}
}

func TestAFailedStartLeavesNothingRunningAndNamesTheProgram(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	_, err := Start(t.Context(), Options{
		Dir: t.TempDir(), Components: APIServerOnly, Binaries: binaries.Paths{binaries.Etcd: missing, binaries.APIServer: missing},
	})
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), binaries.Etcd) {
		t.Errorf("the error is %v", err)
	}
}

func TestAProgramThatDiesAtOnceEndsTheStartAndIsNamed(t *testing.T) {
	dir := t.TempDir()
	_, err := Start(t.Context(), Options{
		Dir: dir, Components: APIServerOnly, Binaries: binaries.Paths{binaries.Etcd: "/bin/false", binaries.APIServer: "/bin/false"},
	})
	if err == nil || !strings.Contains(err.Error(), binaries.Etcd) && !strings.Contains(err.Error(), binaries.APIServer) {
		t.Errorf("the error is %v", err)
	}
}
