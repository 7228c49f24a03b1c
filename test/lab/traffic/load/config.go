// Package load sends a steady load of requests to several targets at once, and returns which of
// them were lost, when, and why. Two kinds of clients run side by side. One opens a new connection
// for each request, at a constant rate whatever the outcome. The other keeps its connection.
package load

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic"
)

// Where says where the application finds the client's address.
type Where string

const (
	// Peer: it is the other end of the application's TCP connection.
	Peer Where = "Peer"
	// XRealIP: it is the X-Real-IP header.
	XRealIP Where = "XRealIP"
	// XForwardedFor: it is the one entry of the X-Forwarded-For header.
	XForwardedFor Where = "XForwardedFor"
	// Nowhere: the path is not expected to preserve it; nothing is compared.
	Nowhere Where = "Nowhere"
)

// Target is the target of requests.
type Target struct {
	// Name stands for the target in results; each has its own.
	Name string
	// Address is host:port, what is dialled.
	Address string
	// Host and Path of the requests; empty means the address and /.
	Host, Path string
	// ClientAddress says where the application must find the client's address. Empty means Peer.
	ClientAddress Where
	// Client is the address of the client, where a proxy replaces it. The zero Addr means the
	// address from which the connection was dialled.
	Client netip.Addr
}

// Config is a load. The zero value of a field that is not required means the default.
type Config struct {
	// Targets get the same load each, all at once. Required.
	Targets []Target
	// Dial opens every connection. Required.
	Dial traffic.LocalDialer
	// Sources are the local ends of the connections; nil leaves them to the operating system.
	Sources *Sources
	// Rate is how many new connections a second each target gets. 0 means none.
	Rate int
	// KeptAlive is how many connections to each target are kept. 0 means none.
	KeptAlive int
	// Interval is the time between two requests on a kept connection; default 100 ms.
	Interval time.Duration
	// ConnectTimeout and AnswerTimeout end a request; default 2 s each.
	ConnectTimeout, AnswerTimeout time.Duration
}

const defaultInterval = 100 * time.Millisecond

func (c Config) withDefaults() Config {
	c.Interval = cmp.Or(c.Interval, defaultInterval)
	c.ConnectTimeout = cmp.Or(c.ConnectTimeout, traffic.DefaultConnectTimeout)
	c.AnswerTimeout = cmp.Or(c.AnswerTimeout, traffic.DefaultAnswerTimeout)
	targets := make([]Target, len(c.Targets))
	for i, target := range c.Targets {
		target.ClientAddress = cmp.Or(target.ClientAddress, Peer)
		targets[i] = target
	}
	c.Targets = targets
	return c
}

func (c Config) validate() error {
	if c.Dial == nil || len(c.Targets) == 0 {
		return errors.New("a load needs a dialer and a target")
	}
	if c.Rate < 0 || c.KeptAlive < 0 || c.Rate+c.KeptAlive == 0 {
		return fmt.Errorf("a load of %d connections a second and %d kept ones is none", c.Rate, c.KeptAlive)
	}
	if min(c.Interval, c.ConnectTimeout, c.AnswerTimeout) <= 0 {
		return errors.New("the times of a load must be positive")
	}
	names := map[string]bool{}
	for _, target := range c.Targets {
		if names[target.Name] {
			return fmt.Errorf("two targets of the load are called %q", target.Name)
		}
		names[target.Name] = true
		switch target.ClientAddress {
		case Peer, XRealIP, XForwardedFor, Nowhere:
		default:
			return fmt.Errorf("target %q: the application cannot find a client's address in %q", target.Name, target.ClientAddress)
		}
	}
	return nil
}

// request returns the bytes that are sent to the target time and again.
func (t Target) request(kept bool) ([]byte, error) {
	request := traffic.Request{Target: t.Address, Host: t.Host, Path: t.Path}
	if kept {
		request.Headers = []traffic.Header{{Name: "Connection", Value: "keep-alive"}}
	}
	return request.Bytes()
}
