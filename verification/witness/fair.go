package witness

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// grace is how long a connection stays open for certain. An exchange takes a few milliseconds.
const grace = 100 * time.Millisecond

// fairListener accepts so many connections at once. Beyond that, others wait until one ends, and after the grace
// the oldest one of the peer that has most makes room. So nobody keeps others out by connections that stay open.
type fairListener struct {
	net.Listener
	most  int
	freed chan struct{}

	mu   sync.Mutex
	open []*fairConn // The oldest first.
}

type fairConn struct {
	net.Conn
	peer  netip.Addr
	since time.Time
	close func()
}

func newFairListener(listener net.Listener, most int) *fairListener {
	return &fairListener{Listener: listener, most: most, freed: make(chan struct{}, 1)}
}

// Accept returns the next connection when there is room for it.
func (l *fairListener) Accept() (net.Conn, error) {
	accepted, err := l.Listener.Accept()
	if err != nil {
		return nil, fmt.Errorf("accepting a connection: %w", err)
	}
	l.makeRoom()
	peer, _ := netip.ParseAddrPort(accepted.RemoteAddr().String())
	conn := &fairConn{Conn: accepted, peer: plain(peer.Addr()), since: time.Now()}
	conn.close = sync.OnceFunc(func() { l.remove(conn) })
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open = append(l.open, conn)
	return conn, nil
}

// Close closes the connection and makes room.
func (c *fairConn) Close() error {
	c.close()
	return c.Conn.Close() //nolint:wrapcheck // The server compares errors of connections.
}

func (l *fairListener) makeRoom() {
	for {
		greedy := l.greedy()
		if greedy == nil {
			return
		}
		wait := grace - time.Since(greedy.since)
		if wait <= 0 {
			_ = greedy.Close() // Its peer notices.
			return
		}
		timer := time.NewTimer(wait)
		select {
		case <-l.freed:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// greedy is the oldest connection of the peer that has most, or nil if there is room.
func (l *fairListener) greedy() *fairConn {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.open) < l.most {
		return nil
	}
	counts := map[netip.Addr]int{}
	for _, conn := range l.open {
		counts[conn.peer]++
	}
	return slices.MaxFunc(l.open, func(a, b *fairConn) int { return counts[a.peer] - counts[b.peer] })
}

func (l *fairListener) remove(conn *fairConn) {
	l.mu.Lock()
	l.open = slices.DeleteFunc(l.open, func(other *fairConn) bool { return other == conn })
	l.mu.Unlock()
	select {
	case l.freed <- struct{}{}:
	default:
	}
}
