// Package loadprocess runs loads in a separate process, which may live in another network
// namespace. Dialling into a namespace from outside would hold a thread of the operating system for
// each connection that is being opened.
//
// The process reads orders from its standard input and answers each on its standard output, all as
// JSON. It ends when its input does. All loads of one process share the local ends of connections,
// so that none comes back while something on the way still remembers it.
package loadprocess

import (
	"net/netip"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic/load"
)

// Sources are the local ends of all connections: addresses of the process' network, and a range of
// ports that no other program uses.
type Sources struct {
	Addresses           []netip.Addr
	FirstPort, LastPort uint16
}

// Load is the part of load.Config that can be sent to another process.
type Load struct {
	Targets                       []load.Target
	Rate, KeptAlive               int
	Interval                      time.Duration
	ConnectTimeout, AnswerTimeout time.Duration
}

// order is one of its fields.
type order struct {
	Sources *Sources `json:",omitempty"`
	Start   *Load    `json:",omitempty"`
	Mark    string   `json:",omitempty"`
	Stop    bool     `json:",omitempty"`
}

// reply answers an order. Only Stop has a result.
type reply struct {
	Error  string       `json:",omitempty"`
	Result *load.Result `json:",omitempty"`
}
