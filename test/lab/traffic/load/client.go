package load

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic"
)

// client sends to one target.
type client struct {
	run                 *Run
	target              Target
	freshText, keptText []byte
	fresh, kept         *recorder
	readers             sync.Pool
	schedule            schedule
	connections         connections
}

func newClient(run *Run, target Target) (*client, error) {
	freshText, err := target.request(false)
	if err != nil {
		return nil, err
	}
	keptText, err := target.request(true)
	if err != nil {
		return nil, err
	}
	return &client{
		run:       run,
		target:    target,
		freshText: freshText,
		keptText:  keptText,
		fresh:     newRecorder(),
		kept:      newRecorder(),
		readers:   sync.Pool{New: func() any { return bufio.NewReader(nil) }},
	}, nil
}

func (c *client) result(length time.Duration, marks []Mark) TargetResult {
	return TargetResult{
		Name:        c.target.Name,
		New:         c.fresh.result(length, marks),
		Kept:        c.kept.result(length, marks),
		Late:        c.schedule.late,
		Skipped:     c.schedule.skipped,
		Connections: c.connections.result(),
	}
}

// localTries is how many local ends are tried for a connection; those of kept connections are taken.
const localTries = 8

// open opens a connection from the next local end that is free. Without one it returns nil and why.
func (c *client) open(ctx context.Context, recorder *recorder) (net.Conn, traffic.Answer) {
	var conn net.Conn
	var answer traffic.Answer
	for range localTries {
		conn, answer = traffic.Open(ctx, c.dial, c.target.Address, c.run.config.ConnectTimeout)
		if answer.Outcome != traffic.NoLocalPort {
			break
		}
	}
	if conn == nil {
		answer.Connecting = wasOpen(answer)
		return nil, answer
	}
	answer.Connecting = handshake(conn, answer.Connecting)
	recorder.connected(answer.Connecting)
	return conn, answer
}

// wasOpen returns a time after which the connection of a failed dial was open, 0 if it never was.
// The kernel reports a reset of a SYN as ECONNREFUSED. It reports ECONNRESET only where the
// connection was open, and was reset before the client looked (tcp_reset in net/ipv4/tcp_input.c).
func wasOpen(answer traffic.Answer) time.Duration {
	if answer.Outcome == traffic.Reset {
		return 1
	}
	return 0
}

// handshake returns how long the connection took to open, which may be less than the time at which
// the client noticed. A client that does not get a CPU at once would otherwise count a move of the
// address in between as an earlier one. A connection that is no socket was open when it was
// noticed.
func handshake(conn net.Conn, noticed time.Duration) time.Duration {
	socket, ok := conn.(syscall.Conn)
	if !ok {
		return noticed
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return noticed
	}
	var info *unix.TCPInfo
	var asking error
	err = raw.Control(func(fd uintptr) { info, asking = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO) })
	if err != nil || asking != nil {
		return noticed
	}
	// The client has sent only the SYN so far, so the last acknowledgement is the answer to that.
	ago := time.Duration(info.Last_ack_recv) * time.Millisecond
	return max(noticed-ago, 1)
}

func (c *client) dial(ctx context.Context, network, address string) (net.Conn, error) {
	var local netip.AddrPort
	if sources := c.run.config.Sources; sources != nil {
		local = sources.next()
	}
	return c.run.config.Dial(ctx, network, local, address)
}

// request is one that began.
type request struct {
	at     time.Duration
	period int
	// served is the answer before on the same connection.
	served Served
}

// begin begins a request now.
func (c *client) begin() request {
	at, period := c.run.now()
	return request{at: at, period: period}
}

// finish notes what became of a request, and returns who served it, if anyone did.
func (c *client) finish(recorder *recorder, r request, answer traffic.Answer) (served netip.Addr) {
	outcome, detail, served := c.judge(answer)
	recorder.record(attempt{
		at:        r.at,
		after:     time.Since(c.run.began) - r.at,
		period:    r.period,
		outcome:   outcome,
		detail:    detail,
		open:      answer.Connecting,
		answering: answer.Answering,
		served:    r.served,
	})
	return served
}

// judge returns the outcome that counts for a request: Answered only if the answer is the right
// one. It also returns the server.
func (c *client) judge(answer traffic.Answer) (outcome traffic.Outcome, detail string, served netip.Addr) {
	switch answer.Outcome {
	case traffic.Answered:
	case traffic.OtherFailure, traffic.NotHTTP, traffic.NoLocalPort, traffic.Unreachable:
		return answer.Outcome, answer.Detail, served
	default:
		return answer.Outcome, "", served
	}
	if answer.Status != http.StatusOK {
		return WrongStatus, fmt.Sprintf("%d %s", answer.Status, http.StatusText(answer.Status)), served
	}
	echo, err := traffic.ParseEcho(answer.Body)
	if err != nil {
		return NotEcho, "", served
	}
	sight := echo.Sight()
	if seen := c.target.ClientAddress.in(sight); c.target.ClientAddress != Nowhere && seen != c.target.client(answer.Local).String() {
		return WrongAddress, seen, sight.Peer
	}
	return traffic.Answered, "", sight.Peer
}

// client is whose address the application must find in a request on a connection with this local end.
func (t Target) client(local netip.AddrPort) netip.Addr {
	if t.Client.IsValid() {
		return t.Client
	}
	return local.Addr()
}

// in returns what the application takes for the client's address.
func (w Where) in(sight traffic.Sight) string {
	switch w {
	case XRealIP:
		return strings.Join(sight.XRealIP, ", ")
	case XForwardedFor:
		return strings.Join(sight.XForwardedFor, ", ")
	default:
		return sight.Peer.String()
	}
}
