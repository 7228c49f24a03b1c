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
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/e2e/traffic"
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
		answer.Connecting = 0
		return nil, answer
	}
	recorder.connected(answer.Connecting)
	return conn, answer
}

func (c *client) dial(ctx context.Context, network, address string) (net.Conn, error) {
	var local netip.AddrPort
	if sources := c.run.config.Sources; sources != nil {
		local = sources.next()
	}
	return c.run.config.Dial(ctx, network, local, address)
}

// finish notes what became of a request that began at that moment and in that period.
func (c *client) finish(recorder *recorder, began time.Duration, period int, answer traffic.Answer) {
	outcome, detail := c.judge(answer)
	recorder.record(attempt{
		at:        began,
		after:     time.Since(c.run.began) - began,
		period:    period,
		outcome:   outcome,
		detail:    detail,
		open:      answer.Connecting,
		answering: answer.Answering,
	})
}

// judge returns what a request is counted as: Answered only if the answer is the right one.
func (c *client) judge(answer traffic.Answer) (outcome traffic.Outcome, detail string) {
	switch answer.Outcome {
	case traffic.Answered:
	case traffic.OtherFailure, traffic.NotHTTP, traffic.NoLocalPort, traffic.Unreachable:
		return answer.Outcome, answer.Detail
	default:
		return answer.Outcome, ""
	}
	if answer.Status != http.StatusOK {
		return WrongStatus, fmt.Sprintf("%d %s", answer.Status, http.StatusText(answer.Status))
	}
	echo, err := traffic.ParseEcho(answer.Body)
	if err != nil {
		return NotEcho, ""
	}
	if seen := c.target.ClientAddress.in(echo.Sight()); c.target.ClientAddress != Nowhere && seen != answer.Local.Addr().String() {
		return WrongAddress, seen
	}
	return traffic.Answered, ""
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
