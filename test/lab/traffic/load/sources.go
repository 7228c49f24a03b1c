package load

import (
	"fmt"
	"net/netip"
	"sync"
)

// Sources assigns the local ends of connections: addresses in turn, and on each address every port
// of a range before any comes again. The operating system may reuse a port after minutes or at
// once, while a TIME_WAIT socket or a connection-tracking entry of the last connection still exists
// on the way. A loss then is no fault of the tested system. For the same reason, successive runs
// should share one Sources.
type Sources struct {
	addresses []netip.Addr
	first     uint16
	ports     int

	mutex sync.Mutex
	given int
}

// NewSources returns the sources on these addresses with the ports from first to last, both
// included. No other program should use them; net.ipv4.ip_local_port_range has the ports that the
// operating system uses. It returns an error if there are none.
func NewSources(addresses []netip.Addr, first, last uint16) (*Sources, error) {
	if len(addresses) == 0 || first == 0 || last < first {
		return nil, fmt.Errorf("choosing sources: no local end on %d addresses with ports %d to %d", len(addresses), first, last)
	}
	return &Sources{addresses: addresses, first: first, ports: int(last-first) + 1}, nil
}

// next returns the local end whose turn it is.
func (s *Sources) next() netip.AddrPort {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	address := s.addresses[s.given%len(s.addresses)]
	port := s.first + uint16(s.given/len(s.addresses)%s.ports)
	s.given++
	return netip.AddrPortFrom(address, port)
}
