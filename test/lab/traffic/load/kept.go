package load

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic"
)

// keepAlive keeps one connection and sends a request at each interval from the offset on, until
// sending ends. When the connection ends it opens the next with the next request.
func (c *client) keepAlive(flight, sending context.Context, offset time.Duration) {
	due := offset
	for c.run.sleepUntil(sending, due) {
		due = c.keepOne(flight, sending, due)
	}
}

// keepOne opens a connection and keeps it as long as it lives. It returns when the next request is
// due, on another one.
func (c *client) keepOne(flight, sending context.Context, due time.Duration) time.Duration {
	request := c.begin()
	conn, answer := c.open(flight, c.kept)
	if conn == nil {
		c.finish(c.kept, request, answer)
		return c.run.nextDue(due)
	}
	defer func() { _ = conn.Close() }()
	c.connections.opened()
	reader, opened := bufio.NewReader(conn), answer.Connecting
	for {
		answer := traffic.Exchange(flight, conn, reader, c.keptText, c.run.config.AnswerTimeout)
		answer.Connecting, opened = opened, 0
		served := Served{By: c.finish(c.kept, request, answer), Asked: request.at}
		due = c.run.nextDue(due)
		if answer.Outcome != traffic.Answered {
			return due
		}
		end := announced
		if !answer.Closing {
			end = idle(sending, conn, reader, c.run.began.Add(due))
		}
		request = c.begin()
		request.served = served
		c.connections.ended(end, IdleReset{At: request.at, Served: served})
		if end != stillOpen {
			return due
		}
	}
}

// nextDue returns the next multiple of the interval after due that is not over yet. It skips those
// that a slow answer used up.
func (r *Run) nextDue(due time.Duration) time.Duration {
	interval := r.config.Interval
	passed := max(time.Since(r.began)-due, 0)
	return due + passed - passed%interval + interval
}

// end is how a kept connection ended between two requests.
type end int

const (
	stillOpen end = iota
	stopped
	announced
	closed
	reset
	unasked
)

// idle waits until a request is due and watches whether the connection is still open.
func idle(sending context.Context, conn net.Conn, reader *bufio.Reader, due time.Time) end {
	// An error means that the connection is closed, which Peek says as well.
	_ = conn.SetReadDeadline(due)
	release := context.AfterFunc(sending, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })
	_, err := reader.Peek(1)
	release()
	switch {
	case sending.Err() != nil:
		return stopped
	case err == nil:
		return unasked
	case errors.Is(err, os.ErrDeadlineExceeded):
		return lastLook(conn)
	case errors.Is(err, io.EOF):
		return closed
	default:
		return reset
	}
}

// lastLook reports without waiting whether the connection is still open. If the client was delayed,
// its deadline is over although the server may have closed the connection long before. A request
// then would be lost through the client's own fault. A connection that is no socket counts as open.
func lastLook(conn net.Conn) end {
	socket, ok := conn.(syscall.Conn)
	if !ok {
		return stillOpen
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return reset
	}
	_ = conn.SetReadDeadline(time.Time{})
	var n int
	var receiving error
	err = raw.Read(func(fd uintptr) bool {
		n, _, receiving = syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		return true
	})
	switch {
	case errors.Is(receiving, syscall.EAGAIN):
		return stillOpen
	case err != nil, receiving != nil:
		return reset
	case n == 0:
		return closed
	default:
		return unasked
	}
}

// keptMoments bounds how many moments of idle resets are kept.
const keptMoments = 10_000

// connections counts how kept connections begin and end.
type connections struct {
	mutex sync.Mutex
	count Connections
}

func (c *connections) opened() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.count.Opened++
}

func (c *connections) ended(how end, moment IdleReset) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	switch how {
	case stillOpen, stopped:
	case announced:
		c.count.Announced++
	case closed:
		c.count.Idle++
	case unasked:
		c.count.IdleData++
	case reset:
		c.count.IdleReset++
		if len(c.count.IdleResets) < keptMoments {
			c.count.IdleResets = append(c.count.IdleResets, moment)
		}
	}
}

func (c *connections) result() Connections {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	count := c.count
	count.IdleResets = slices.Clone(count.IdleResets)
	return count
}
