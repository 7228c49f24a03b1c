package load

import (
	"bufio"
	"context"
	"net"
	"sync"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic"
)

// schedule records how well new connections kept to their times. It may be read when keepOpening
// has returned.
type schedule struct {
	late    time.Duration
	skipped int
}

// keepOpening opens connections at the configured rate, from the offset on, until sending ends,
// however long each of them takes. It returns when the last of them is over.
func (c *client) keepOpening(flight, sending context.Context, offset time.Duration) {
	config := c.run.config
	var open sync.WaitGroup
	defer open.Wait()
	// Twice as many as can be open while every request takes as long as it may.
	slots := make(chan struct{}, 2*config.Rate*int((config.ConnectTimeout+config.AnswerTimeout)/time.Second+1))
	for number := 0; ; number++ {
		due := offset + time.Duration(number)*time.Second/time.Duration(config.Rate)
		if !c.run.sleepUntil(sending, due) {
			return
		}
		c.schedule.late = max(c.schedule.late, time.Since(c.run.began)-due)
		select {
		case slots <- struct{}{}:
			open.Go(func() {
				c.sendFresh(flight)
				<-slots
			})
		default:
			c.schedule.skipped++
		}
	}
}

// sleepUntil waits for an offset. It returns false as soon as ctx ends.
func (r *Run) sleepUntil(ctx context.Context, at time.Duration) bool {
	wait := at - time.Since(r.began)
	if wait <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// sendFresh sends one request on a connection of its own.
func (c *client) sendFresh(flight context.Context) {
	request := c.begin()
	conn, answer := c.open(flight, c.fresh)
	if conn != nil {
		opened := answer.Connecting
		answer = c.exchangeOnce(flight, conn)
		answer.Connecting = opened
	}
	c.finish(c.fresh, request, answer)
}

func (c *client) exchangeOnce(flight context.Context, conn net.Conn) traffic.Answer {
	defer func() { _ = conn.Close() }()
	reader := c.readers.Get().(*bufio.Reader)
	defer c.readers.Put(reader)
	reader.Reset(conn)
	return traffic.Exchange(flight, conn, reader, c.freshText, c.run.config.AnswerTimeout)
}
