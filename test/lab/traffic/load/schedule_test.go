package load

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic"
)

// These tests run on a fake clock, with connections in memory. synctest fails a test that leaves a
// goroutine behind.

// memoryConn is the client's end of a connection in memory. After a reset by the server, reads
// return that error.
type memoryConn struct {
	net.Conn
	reset *bool
}

func (c memoryConn) LocalAddr() net.Addr {
	return &net.TCPAddr{IP: net.IPv4(203, 0, 113, 10), Port: 4711}
}

func (c memoryConn) Read(into []byte) (int, error) {
	n, err := c.Conn.Read(into)
	if errors.Is(err, io.EOF) && *c.reset {
		err = syscall.ECONNRESET
	}
	return n, err
}

// ending is the action of a server in memory after a request.
type ending int

const (
	keep ending = iota
	announce
	closeIdle
	resetIdle
	talkIdle
	closeUnanswered
)

// inMemory dials a server that answers each request, and ends in the given way after the given
// number of them.
func inMemory(requests int, how ending) traffic.LocalDialer {
	return func(context.Context, string, netip.AddrPort, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		wasReset := how == resetIdle
		go func() {
			defer func() { _ = theirs.Close() }()
			reader := bufio.NewReader(theirs)
			for number := 1; ; number++ {
				request, err := http.ReadRequest(reader)
				if err != nil {
					return
				}
				last := number == requests
				if last && how == closeUnanswered {
					return
				}
				if !answerInMemory(theirs, last && how == announce) || request.Close {
					return
				}
				if last && how == talkIdle {
					_, _ = io.WriteString(theirs, "HTTP/1.1 408 Request Timeout\r\n\r\n")
				}
				if last && how != keep {
					return
				}
			}
		}()
		return memoryConn{Conn: ours, reset: &wasReset}, nil
	}
}

func answerInMemory(conn net.Conn, closing bool) bool {
	const body = `{"remoteAddress":"203.0.113.10:4711"}`
	head := "HTTP/1.1 200 OK\r\nContent-Length: 37\r\n"
	if closing {
		head += "Connection: close\r\n"
	}
	_, err := io.WriteString(conn, head+"\r\n"+body)
	return err == nil
}

func target() []Target { return []Target{{Name: "server", Address: "203.0.113.50:80"}} }

// elapse lets the fake clock run.
func elapse(duration time.Duration) { <-time.After(duration) }

// between is a moment at which no request begins.
const between = time.Millisecond

func TestNewConnectionsKeepTheirRateWhateverBecomesOfThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		run := start(t, Config{Targets: target(), Dial: neverAccepted, Rate: 200})
		elapse(10*time.Second - between)
		result := run.Stop()
		tally := result.Targets[0].New
		if tally.Sent != 2000 || tally.Failed[traffic.ConnectTimedOut] != 2000 {
			t.Errorf("of %d requests %v failed, want all 2000 timed out", tally.Sent, tally.Failed)
		}
		if after := tally.Failures[0].After; after != traffic.DefaultConnectTimeout {
			t.Errorf("the first failed after %s, want the default", after)
		}
		if result.Targets[0].Late != 0 || result.Targets[0].Skipped != 0 {
			t.Errorf("late by %s, %d skipped; want neither", result.Targets[0].Late, result.Targets[0].Skipped)
		}
		if want := (Gap{Length: 10*time.Second - between}); tally.LongestGap != want {
			t.Errorf("the longest gap is %v, want %v", tally.LongestGap, want)
		}
	})
}

func TestClientThatCannotKeepUpSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		deaf := func(context.Context, string, netip.AddrPort, string) (net.Conn, error) {
			<-release
			return nil, syscall.ECONNREFUSED
		}
		run := start(t, Config{Targets: target(), Dial: deaf, Rate: 10})
		elapse(30*time.Second - between)
		close(release)
		result := run.Stop().Targets[0]
		if result.Skipped == 0 || result.New.Sent+result.Skipped != 300 {
			t.Errorf("%d sent and %d skipped, want 300 in all and some skipped", result.New.Sent, result.Skipped)
		}
	})
}

func TestMarksDivideWhatWasLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		whole := inMemory(1, keep)
		brokenFor3s := func(ctx context.Context, network string, local netip.AddrPort, address string) (net.Conn, error) {
			if since := time.Since(began); since > 2*time.Second-between && since < 5*time.Second-between {
				return nil, syscall.ECONNREFUSED
			}
			return whole(ctx, network, local, address)
		}
		run := start(t, Config{Targets: target(), Dial: brokenFor3s, Rate: 200})
		elapse(2*time.Second - between)
		run.Mark("broken")
		elapse(3 * time.Second)
		run.Mark("whole")
		elapse(3 * time.Second)
		result := run.Stop()
		tally := result.Targets[0].New
		want := []Period{
			{Length: 2*time.Second - between, Sent: 400},
			{Name: "broken", From: 2*time.Second - between, Length: 3 * time.Second, Sent: 600, Failures: 600},
			{Name: "whole", From: 5*time.Second - between, Length: 3 * time.Second, Sent: 600},
		}
		if diff := cmp.Diff(want, tally.Periods); diff != "" {
			t.Errorf("periods (-want +got):\n%s", diff)
		}
		if want := (Gap{From: 1995 * time.Millisecond, Length: 3005 * time.Millisecond}); tally.LongestGap != want {
			t.Errorf("the longest gap is %v, want %v", tally.LongestGap, want)
		}
		if first := (Failure{At: 2 * time.Second, Cause: traffic.Refused, Period: 1}); len(tally.Failures) != 600 || tally.Failures[0] != first {
			t.Errorf("%d failures, the first %v, want 600 from %v", len(tally.Failures), tally.Failures[0], first)
		}
		if again := run.Stop(); !cmp.Equal(again, result, cmpopts.EquateComparable(netip.Addr{})) {
			t.Error("stopping again gave another result")
		}
	})
}

func TestSlowConnectsAreNoLosses(t *testing.T) {
	for took, want := range map[time.Duration]SlowConnects{
		800 * time.Millisecond: {}, time.Second: {Once: 20}, 2 * time.Second: {Once: 20}, 3 * time.Second: {More: 20},
	} {
		synctest.Test(t, func(t *testing.T) {
			whole := inMemory(1, keep)
			slow := func(ctx context.Context, network string, local netip.AddrPort, address string) (net.Conn, error) {
				elapse(took)
				return whole(ctx, network, local, address)
			}
			run := start(t, Config{Targets: target(), Dial: slow, Rate: 10, ConnectTimeout: patient})
			elapse(2*time.Second - between)
			tally := run.Stop().Targets[0].New
			if tally.Lost() != 0 || tally.Sent != 20 || tally.SlowConnects != want || tally.Connecting.Median != took {
				t.Errorf("%d sent, %d lost, slow: %s, with a median of %s; want 20, 0, %s, %s",
					tally.Sent, tally.Lost(), tally.SlowConnects, tally.Connecting.Median, want, took)
			}
		})
	}
}

func TestKeptConnectionThatEndsIdleIsNoLoss(t *testing.T) {
	for name, test := range map[string]struct {
		how  ending
		want Connections
	}{
		"never ends":        {how: keep, want: Connections{Opened: 1}},
		"ends as announced": {how: announce, want: Connections{Opened: 10, Announced: 10}},
		"ends unannounced":  {how: closeIdle, want: Connections{Opened: 10, Idle: 10}},
		"is reset":          {how: resetIdle, want: Connections{Opened: 10, IdleReset: 10}},
		"says something":    {how: talkIdle, want: Connections{Opened: 10, IdleData: 10}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				run := start(t, Config{Targets: target(), Dial: inMemory(2, test.how), KeptAlive: 1})
				// Requests at 0, 0.1, ..., 1.9 s; the end of the last connection is noticed at once.
				elapse(2*time.Second - between)
				got := run.Stop().Targets[0]
				if got.Kept.Sent != 20 || got.Kept.Lost() != 0 {
					t.Errorf("%d of %d requests lost (%v), want none of 20", got.Kept.Lost(), got.Kept.Sent, got.Kept.Failed)
				}
				expectServed(t, got.Connections.IdleResets, test.want.IdleReset)
				got.Connections.IdleResets = nil
				if diff := cmp.Diff(test.want, got.Connections); diff != "" {
					t.Errorf("connections (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// expectServed checks that idle resets know who had served the connection, and when it had asked last.
func expectServed(t *testing.T, resets []IdleReset, number int) {
	t.Helper()
	if len(resets) != number {
		t.Errorf("%d idle resets, want %d", len(resets), number)
	}
	for _, reset := range resets {
		if reset.Served.By.String() != "203.0.113.10" || reset.At != reset.Served.Asked {
			t.Errorf("a reset at %s after %+v, want it at once after an answer of the server", reset.At, reset.Served)
		}
	}
}

func TestRequestInFlightOnAKeptConnectionIsALoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		run := start(t, Config{Targets: target(), Dial: inMemory(4, closeUnanswered), KeptAlive: 3})
		elapse(2*time.Second - between)
		got := run.Stop().Targets[0]
		if want := map[traffic.Outcome]int{traffic.ClosedWithoutAnswer: 15}; got.Kept.Sent != 60 || !cmp.Equal(got.Kept.Failed, want) {
			t.Errorf("of %d requests were lost %v, want %v of 60", got.Kept.Sent, got.Kept.Failed, want)
		}
		for _, failure := range got.Kept.Failures {
			if want := (Served{By: netip.MustParseAddr("203.0.113.10"), Asked: failure.At - 100*time.Millisecond}); failure.Served != want {
				t.Errorf("the connection that failed at %s was served %+v, want %+v", failure.At, failure.Served, want)
			}
		}
		if want := (Connections{Opened: 15}); !cmp.Equal(got.Connections, want) {
			t.Errorf("connections: %+v, want %+v", got.Connections, want)
		}
	})
}

func TestBothKindsOfClientsOnSeveralTargets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		whole := inMemory(0, keep)
		var mutex sync.Mutex
		begun := map[time.Duration]int{}
		began := time.Now()
		dial := func(ctx context.Context, network string, local netip.AddrPort, address string) (net.Conn, error) {
			mutex.Lock()
			begun[time.Since(began)]++
			mutex.Unlock()
			if address == "203.0.113.51:80" {
				return nil, syscall.ECONNREFUSED
			}
			return whole(ctx, network, local, address)
		}
		run := start(t, Config{
			Targets: []Target{{Name: "good", Address: "203.0.113.50:80"}, {Name: "bad", Address: "203.0.113.51:80"}},
			Dial:    dial, Rate: 100, KeptAlive: 2, Interval: 200 * time.Millisecond,
		})
		elapse(time.Second - between)
		result := run.Stop()
		for i, lost := range []bool{false, true} {
			target := result.Targets[i]
			for clients, sent := range map[string][2]int{"new": {target.New.Sent, target.New.Lost()}, "kept": {target.Kept.Sent, target.Kept.Lost()}} {
				want := map[string][2]int{"new": {100, 0}, "kept": {10, 0}}[clients]
				if lost {
					want[1] = want[0]
				}
				if sent != want {
					t.Errorf("%s, %s: sent and lost are %v, want %v", target.Name, clients, sent, want)
				}
			}
		}
		if begun[0] > 2 {
			t.Errorf("%d connections were begun at once, want the targets and clients to take turns", begun[0])
		}
	})
}

func TestCancelledRequestsAreNotCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		run, err := Start(ctx, Config{Targets: target(), Dial: neverAccepted, Rate: 10, KeptAlive: 1})
		if err != nil {
			t.Fatal(err)
		}
		elapse(time.Second - between)
		cancel()
		began := time.Now()
		result := run.Stop().Targets[0]
		if result.New.Sent+result.Kept.Sent != 0 {
			t.Errorf("%d and %d requests were counted, want none", result.New.Sent, result.Kept.Sent)
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("stopping took %s, want no waiting for what was cancelled", took)
		}
	})
}

func TestStopDoesNotWaitForTheNextInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		run := start(t, Config{Targets: target(), Dial: inMemory(0, keep), KeptAlive: 1, Interval: time.Hour})
		elapse(time.Second)
		began := time.Now()
		if sent := run.Stop().Targets[0].Kept.Sent; sent != 1 || time.Since(began) != 0 {
			t.Errorf("%d sent, stopped after %s; want 1 and 0s", sent, time.Since(began))
		}
	})
}

func TestConfigThatIsNoLoad(t *testing.T) {
	whole := Config{Targets: target(), Dial: traffic.Direct, Rate: 1}
	for name, spoil := range map[string]func(*Config){
		"no targets":        func(c *Config) { c.Targets = nil },
		"no dialer":         func(c *Config) { c.Dial = nil },
		"no clients":        func(c *Config) { c.Rate = 0 },
		"a negative rate":   func(c *Config) { c.Rate, c.KeptAlive = -1, 2 },
		"a negative time":   func(c *Config) { c.AnswerTimeout = -1 },
		"one name twice":    func(c *Config) { c.Targets = append(target(), target()...) },
		"an unknown place":  func(c *Config) { c.Targets = []Target{{Address: "a:80", ClientAddress: "Nose"}} },
		"a malformed path":  func(c *Config) { c.Targets = []Target{{Address: "a:80", Path: "a b"}} },
		"a missing address": func(c *Config) { c.Targets = []Target{{}} },
	} {
		config := whole
		spoil(&config)
		if run, err := Start(t.Context(), config); err == nil {
			run.Stop()
			t.Errorf("%s: no error", name)
		}
	}
}
