// Package loss shows that no request is lost. It sends a constant load from outside, through
// MetalLB and through a health-checking haproxy at the same time. Meanwhile edge nodes are rolled
// out, added, released, swapped, drained and rebooted, and the operator is upgraded and killed. The
// same load on a plain DaemonSet shows the difference.
package loss

import (
	"net/netip"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic/load"
)

// The two ways to the edge nodes.
const (
	// ThroughMetalLB is the way by the Service's address, which a node announces.
	ThroughMetalLB = "MetalLB"
	// ThroughHAProxy is the way by a proxy that asks every node whether it serves.
	ThroughHAProxy = "haproxy"
)

// Claim is the claim about an event.
type Claim string

// The claims.
const (
	// NothingLost is the operator's promise: no new connection is lost, and no kept one before its
	// node was released.
	NothingLost Claim = "nothing is lost"
	// Comparison shows what happens without the operator.
	Comparison Claim = "comparison"
	// Exception is a loss that no operator can prevent.
	Exception Claim = "exception"
)

// Observation holds the measurements of one event.
type Observation struct {
	Event string
	Claim Claim
	// Result is the load's; its one mark is the moment at which the event began.
	Result load.Result
	// Rate is how many new connections were opened on each way in a second; zero for the usual number.
	Rate int
	// Took is how long the event took until everything was at rest.
	Took time.Duration
	// Moves are the moments at which the router in front of the nodes noticed the address on
	// another node.
	Moves []Move
	// Controllers are the proxies behind the targets, by the address of their pod. The CNI plugin
	// assigns addresses in turn, so none comes back in an event.
	Controllers map[netip.Addr]Controller
	// Crash is that of a node that nothing had prepared for.
	Crash Crash
	// Reloaded is when the engine was made to load a new host name; zero where it was not. Its old workers
	// then close kept connections that are idle.
	Reloaded time.Time
	// Notes are facts about the event that belong into the table.
	Notes []string
	// Wrong lists the faults other than lost requests.
	Wrong []string
}

// Controller is a pod that serves.
type Controller struct {
	Node string
	// Drained is when it had served for as long as it promises after it had to end. From then on it
	// may close connections. Zero if it did not have to end.
	Drained time.Time
}

// Crash is when a node crashed, and which; the zero value if none did.
type Crash struct {
	At   time.Time
	Node string
}

// Move is the address changing over to a node.
type Move struct {
	At time.Time
	// To is the node, or its hardware address if that is of no node that is known.
	To string
}
