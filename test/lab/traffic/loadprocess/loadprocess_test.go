package loadprocess_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic/load"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic/loadprocess"
)

// serveVariable makes this test binary be the process.
const serveVariable = "LOADPROCESS_TEST_SERVE"

func TestMain(m *testing.M) {
	if os.Getenv(serveVariable) == "" {
		os.Exit(m.Run())
	}
	if err := loadprocess.Serve(context.Background(), os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

var sources = loadprocess.Sources{Addresses: []netip.Addr{netip.MustParseAddr("127.0.0.3"), netip.MustParseAddr("127.0.0.4")}, FirstPort: 20000, LastPort: 21000}

func open(t *testing.T) *loadprocess.Process {
	t.Helper()
	command := exec.Command(os.Args[0]) //nolint:noctx // it ends with its standard input
	command.Env = append(os.Environ(), serveVariable+"=1")
	process, err := loadprocess.Open(command, sources)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := process.Close(); err != nil {
			t.Error(err)
		}
	})
	return process
}

// application echoes as the real one does, and remembers the peers.
func application(t *testing.T) (address string, peers func() []string) {
	t.Helper()
	var mutex sync.Mutex
	var seen []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mutex.Lock()
		seen = append(seen, r.RemoteAddr)
		mutex.Unlock()
		fmt.Fprintf(w, `{"remoteAddress":%q}`, r.RemoteAddr)
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String(), func() []string {
		mutex.Lock()
		defer mutex.Unlock()
		return append([]string(nil), seen...)
	}
}

// runUntil runs a load with a mark until the application has had n requests.
func runUntil(t *testing.T, process *loadprocess.Process, target load.Target, peers func() []string, n int) load.Result {
	t.Helper()
	if err := process.Start(loadprocess.Load{Targets: []load.Target{target}, Rate: 200}); err != nil {
		t.Fatal(err)
	}
	if err := process.Mark("now"); err != nil {
		t.Fatal(err)
	}
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for len(peers()) < n {
		<-poll.C
	}
	result, err := process.Stop()
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestALoadRunsInTheOtherProcessFromTheGivenSources(t *testing.T) {
	address, peers := application(t)
	result := runUntil(t, open(t), load.Target{Name: "app", Address: address}, peers, 10)
	if len(result.Targets) != 1 || len(result.Marks) != 1 || result.Marks[0].Name != "now" {
		t.Fatalf("the result is %+v", result)
	}
	if tally := result.Targets[0].New; tally.Lost() != 0 || tally.Sent < 10 {
		t.Errorf("%d requests were sent and %d lost: %v", tally.Sent, tally.Lost(), tally.Details)
	}
	for _, peer := range peers() {
		if !strings.HasPrefix(peer, "127.0.0.3:20") && !strings.HasPrefix(peer, "127.0.0.4:20") {
			t.Errorf("a connection came from %s", peer)
		}
	}
}

func TestLocalEndsDoNotComeBackInTheNextLoad(t *testing.T) {
	address, peers := application(t)
	process := open(t)
	target := load.Target{Name: "app", Address: address}
	runUntil(t, process, target, peers, 5)
	runUntil(t, process, target, peers, len(peers())+5)
	seen := map[string]bool{}
	for _, peer := range peers() {
		if seen[peer] {
			t.Errorf("%s was used twice", peer)
		}
		seen[peer] = true
	}
}

func TestOrdersThatCannotBeCarriedOutSayWhy(t *testing.T) {
	process := open(t)
	if err := process.Mark("early"); err == nil || !strings.Contains(err.Error(), "no load is running") {
		t.Errorf("a mark without a load: %v", err)
	}
	if _, err := process.Stop(); err == nil {
		t.Error("there was a result without a load")
	}
	if err := process.Start(loadprocess.Load{}); err == nil || !strings.Contains(err.Error(), "target") {
		t.Errorf("a load without a target: %v", err)
	}
	refuses, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed at once
	if err != nil {
		t.Fatal(err)
	}
	_ = refuses.Close()
	good := loadprocess.Load{Targets: []load.Target{{Name: "nobody", Address: refuses.Addr().String()}}, KeptAlive: 1}
	if err := process.Start(good); err != nil {
		t.Fatal(err)
	}
	if err := process.Start(good); err == nil {
		t.Error("a second load was started beside the first")
	}
}
