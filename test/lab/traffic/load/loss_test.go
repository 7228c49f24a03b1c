package load

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic"
)

// patient is a time-out that no test runs into, however busy the machine is.
const patient = time.Minute

// start starts a load that ends with the test at the latest.
func start(t testing.TB, config Config) *Run {
	t.Helper()
	run, err := Start(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { run.Stop() })
	return run
}

// countingDialer dials with dial and closes enough at the given number of connections.
func countingDialer(dial traffic.LocalDialer, number int32) (counting traffic.LocalDialer, enough chan struct{}) {
	var dialled atomic.Int32
	enough = make(chan struct{})
	return func(ctx context.Context, network string, local netip.AddrPort, address string) (net.Conn, error) {
		defer func() {
			if dialled.Add(1) == number {
				close(enough)
			}
		}()
		return dial(ctx, network, local, address)
	}, enough
}

func neverAccepted(ctx context.Context, _ string, _ netip.AddrPort, _ string) (net.Conn, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func failing(err error) traffic.LocalDialer {
	return func(context.Context, string, netip.AddrPort, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: err}
	}
}

func TestLossesAreCountedByCause(t *testing.T) {
	const short = 20 * time.Millisecond
	for _, test := range []struct {
		name            string
		behave          behaviour
		dial            traffic.LocalDialer
		connect, answer time.Duration
		want            traffic.Outcome
		detail          string
	}{
		{name: "nobody listens", want: traffic.Refused, detail: "Refused"},
		{name: "no way", dial: failing(syscall.EHOSTUNREACH), want: traffic.Unreachable, detail: "Unreachable: dial tcp: no route to host"},
		{name: "no port", dial: failing(syscall.EADDRINUSE), want: traffic.NoLocalPort, detail: "NoLocalPort: dial tcp: address already in use"},
		{name: "something else", dial: failing(errors.New("odd")), want: traffic.OtherFailure, detail: "OtherFailure: dial tcp: odd"},
		{name: "never accepted", dial: neverAccepted, connect: short, want: traffic.ConnectTimedOut, detail: "ConnectTimedOut"},
		{name: "never answered", behave: silent, answer: short, want: traffic.AnswerTimedOut, detail: "AnswerTimedOut"},
		{name: "reset", behave: resetting, want: traffic.Reset, detail: "Reset"},
		{name: "closed", behave: hangingUp, want: traffic.ClosedWithoutAnswer, detail: "ClosedWithoutAnswer"},
		{name: "closed in the middle", behave: cuttingOff, want: traffic.CutOff, detail: "CutOff"},
		{name: "not HTTP", behave: speakingSSH, want: traffic.NotHTTP, detail: `NotHTTP: malformed HTTP response "SSH-2.0-OpenSSH_9.2"`},
		{name: "masqueraded", behave: masquerading, want: WrongAddress, detail: "WrongAddress: 10.77.0.11"},
		{name: "no endpoints", behave: unavailable, want: WrongStatus, detail: "WrongStatus: 503 Service Unavailable"},
		{name: "another application", behave: foreign, want: NotEcho, detail: "NotEcho"},
	} {
		for clients, config := range map[string]Config{"new": {Rate: 200}, "kept": {KeptAlive: 2, Interval: 5 * time.Millisecond}} {
			t.Run(test.name+", "+clients, func(t *testing.T) {
				address := refusing(t)
				if test.behave != nil {
					address = serve(t, test.behave)
				}
				dial := traffic.LocalDialer(traffic.Direct)
				if test.dial != nil {
					dial = test.dial
				}
				number := int32(10)
				if clients == "kept" {
					// Where the answer is only wrong, the connection is kept.
					number = 2
				}
				counting, enough := countingDialer(dial, number)
				config.Dial = counting
				config.Targets = []Target{{Name: "server", Address: address}}
				config.ConnectTimeout, config.AnswerTimeout = orPatient(test.connect), orPatient(test.answer)
				run := start(t, config)
				<-enough
				result := run.Stop().Targets[0]
				tally := result.New
				if clients == "kept" {
					tally = result.Kept
				}
				if tally.Sent == 0 || tally.Lost() != tally.Sent {
					t.Errorf("%d of %d requests were lost, want all", tally.Lost(), tally.Sent)
				}
				if want := map[traffic.Outcome]int{test.want: tally.Sent}; !cmp.Equal(tally.Failed, want) {
					t.Errorf("lost by cause: %v, want %v", tally.Failed, want)
				}
				if want := map[string]int{test.detail: tally.Sent}; !cmp.Equal(tally.Details, want) {
					t.Errorf("details: %v, want %v", tally.Details, want)
				}
				if clients == "new" {
					expectOpened(t, tally.Failures, test.behave != nil)
				}
			})
		}
	}
}

// expectOpened checks that failures know whether, and when, their connections were open.
func expectOpened(t *testing.T, failures []Failure, opened bool) {
	t.Helper()
	for _, failure := range failures {
		if (failure.Open > 0) != opened || failure.Open > failure.After {
			t.Errorf("a connection was open after %s, failed after %s; opened: %t", failure.Open, failure.After, opened)
		}
	}
}

func orPatient(timeout time.Duration) time.Duration {
	if timeout == 0 {
		return patient
	}
	return timeout
}

// seenAddresses answers like healthy and notes who asked.
type seenAddresses struct {
	mutex sync.Mutex
	seen  map[netip.AddrPort]int
}

func (s *seenAddresses) behave(conn *net.TCPConn) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.seen == nil {
		s.seen = map[netip.AddrPort]int{}
	}
	s.seen[conn.RemoteAddr().(*net.TCPAddr).AddrPort()]++
	return echo(conn, conn.RemoteAddr().String())
}

func TestLoadComesFromAllSources(t *testing.T) {
	addresses := []netip.Addr{netip.MustParseAddr("127.0.0.2"), netip.MustParseAddr("127.0.0.3")}
	sources, err := NewSources(addresses, 20000, 60000)
	if err != nil {
		t.Fatal(err)
	}
	var seen seenAddresses
	dial, enough := countingDialer(traffic.Direct, 20)
	target := serve(t, func(conn *net.TCPConn, _ *http.Request) bool { return seen.behave(conn) })
	run := start(t, Config{
		Targets: []Target{{Name: "server", Address: target}}, Dial: dial, Sources: sources,
		Rate: 200, ConnectTimeout: patient, AnswerTimeout: patient,
	})
	<-enough
	tally := run.Stop().Targets[0].New
	if tally.Lost() != 0 {
		t.Errorf("lost: %v", tally.Details)
	}
	count := map[netip.Addr]int{}
	for source, times := range seen.seen {
		count[source.Addr()]++
		if times != 1 {
			t.Errorf("%s was used %d times", source, times)
		}
	}
	if len(count) != 2 || count[addresses[0]] == 0 || count[addresses[1]] == 0 {
		t.Errorf("the server saw %v, want both of %s", count, addresses)
	}
}

func TestBusyPortIsSkipped(t *testing.T) {
	busy, err := netip.ParseAddrPort(serve(t, healthy))
	if err != nil {
		t.Fatal(err)
	}
	sources, err := NewSources([]netip.Addr{busy.Addr()}, busy.Port(), min(busy.Port(), 65535-localTries)+localTries)
	if err != nil {
		t.Fatal(err)
	}
	client, err := newClient(&Run{config: Config{Dial: traffic.Direct, Sources: sources, ConnectTimeout: patient}}, Target{Address: serve(t, healthy)})
	if err != nil {
		t.Fatal(err)
	}
	conn, answer := client.open(t.Context(), client.fresh)
	if conn == nil {
		t.Fatalf("no connection: %s", answer)
	}
	if answer.Local == busy {
		t.Errorf("dialled from %s, where a server listens", answer.Local)
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
}

func TestSourcesTakeTurns(t *testing.T) {
	a, b := netip.MustParseAddr("203.0.113.11"), netip.MustParseAddr("203.0.113.12")
	sources, err := NewSources([]netip.Addr{a, b}, 65534, 65535)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for range 5 {
		got = append(got, sources.next().String())
	}
	want := "203.0.113.11:65534 203.0.113.12:65534 203.0.113.11:65535 203.0.113.12:65535 203.0.113.11:65534"
	if strings.Join(got, " ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, " "), want)
	}
	whole, err := NewSources([]netip.Addr{a}, 1, 65535)
	if err != nil || whole.ports != 65535 {
		t.Errorf("all ports are %d (error %v), want 65535", whole.ports, err)
	}
	for name, test := range map[string]func() (*Sources, error){
		"no address":     func() (*Sources, error) { return NewSources(nil, 1, 2) },
		"port 0":         func() (*Sources, error) { return NewSources([]netip.Addr{a}, 0, 2) },
		"ports reversed": func() (*Sources, error) { return NewSources([]netip.Addr{a}, 2, 1) },
	} {
		if _, err := test(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestWhereTheAddressIsFound(t *testing.T) {
	const address, other = "203.0.113.10", "198.51.100.66"
	for name, test := range map[string]struct {
		where Where
		seen  traffic.Echo
		want  traffic.Outcome
	}{
		"peer":                      {where: Peer, seen: traffic.Echo{RemoteAddress: address + ":1"}, want: traffic.Answered},
		"peer, IPv4 in IPv6":        {where: Peer, seen: traffic.Echo{RemoteAddress: "[::ffff:" + address + "]:1"}, want: traffic.Answered},
		"another peer":              {where: Peer, seen: traffic.Echo{RemoteAddress: other + ":1"}, want: WrongAddress},
		"another peer, not looked":  {where: Nowhere, seen: traffic.Echo{RemoteAddress: other + ":1"}, want: traffic.Answered},
		"X-Real-IP":                 {where: XRealIP, seen: traffic.Echo{RemoteAddress: other + ":1", Headers: map[string][]string{"X-Real-Ip": {address}}}, want: traffic.Answered},
		"another X-Real-IP":         {where: XRealIP, seen: traffic.Echo{RemoteAddress: address + ":1", Headers: map[string][]string{"X-Real-Ip": {other}}}, want: WrongAddress},
		"no X-Real-IP":              {where: XRealIP, seen: traffic.Echo{RemoteAddress: address + ":1"}, want: WrongAddress},
		"X-Forwarded-For":           {where: XForwardedFor, seen: traffic.Echo{RemoteAddress: other + ":1", Headers: map[string][]string{"X-Forwarded-For": {address}}}, want: traffic.Answered},
		"X-Forwarded-For and more":  {where: XForwardedFor, seen: traffic.Echo{RemoteAddress: other + ":1", Headers: map[string][]string{"X-Forwarded-For": {other, address}}}, want: WrongAddress},
		"another X-Forwarded-For":   {where: XForwardedFor, seen: traffic.Echo{RemoteAddress: address + ":1", Headers: map[string][]string{"X-Forwarded-For": {other}}}, want: WrongAddress},
		"a peer that is not parsed": {where: Peer, seen: traffic.Echo{RemoteAddress: "unix"}, want: WrongAddress},
	} {
		body, err := json.Marshal(test.seen)
		if err != nil {
			t.Fatal(err)
		}
		got, _, _ := (&client{target: Target{ClientAddress: test.where}}).judge(traffic.Answer{
			Outcome: traffic.Answered, Status: 200, Body: body, Local: netip.MustParseAddrPort(address + ":4711"),
		})
		if got != test.want {
			t.Errorf("%s: counted as %s, want %s", name, got, test.want)
		}
	}
}

func TestAProxyStandsInForTheClient(t *testing.T) {
	const proxy, other = "203.0.113.50", "10.77.0.11"
	c := &client{target: Target{ClientAddress: XRealIP, Client: netip.MustParseAddr(proxy)}}
	for seen, want := range map[string]traffic.Outcome{proxy: traffic.Answered, other: WrongAddress} {
		body, err := json.Marshal(traffic.Echo{RemoteAddress: "10.244.12.3:40000", Headers: map[string][]string{"X-Real-Ip": {seen}}})
		if err != nil {
			t.Fatal(err)
		}
		got, _, served := c.judge(traffic.Answer{Outcome: traffic.Answered, Status: 200, Body: body, Local: netip.MustParseAddrPort("203.0.113.10:4711")})
		if got != want || served.String() != "10.244.12.3" {
			t.Errorf("%s: counted as %s, served by %s; want %s", seen, got, served, want)
		}
	}
}

func TestAHandshakeIsOverBeforeASlowClientNoticesIt(t *testing.T) {
	ours, _ := connect(t)
	<-time.After(50 * time.Millisecond)
	const noticed = time.Second
	if got := handshake(ours, noticed); got > noticed-30*time.Millisecond {
		t.Errorf("a connection that is open for 50 ms was open after %s of %s", got, noticed)
	}
	if got := handshake(memoryConn{}, noticed); got != noticed {
		t.Errorf("a connection in memory was open after %s, want %s", got, noticed)
	}
}
