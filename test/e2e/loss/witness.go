package loss

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/realcluster"
)

// addressWitness listens in the router to the claims of an address. The last claimant receives the
// packets.
type addressWitness struct {
	address netip.Addr
	// nodes are the nodes' names by address, owners by hardware address.
	nodes  map[netip.Addr]string
	owners map[string]string
	socket int
	ending chan struct{}
	done   chan error

	mu    sync.Mutex
	last  string
	moves []Move
}

// lookInterval is how often the witness looks whether it is to end.
const lookInterval = 100 * time.Millisecond

// watchAddress watches from now on; stop ends it.
func (s *stage) watchAddress(address netip.Addr) (*addressWitness, error) {
	host := s.lab.Cluster.Host(realcluster.Fabric)
	w := &addressWitness{
		address: address, nodes: map[netip.Addr]string{}, owners: map[string]string{}, ending: make(chan struct{}), done: make(chan error, 1),
	}
	for name, node := range s.nodes {
		w.nodes[node] = name
	}
	if err := host.Do(w.open); err != nil {
		return nil, fmt.Errorf("listening to the nodes' announcements: %w", err)
	}
	var table []byte
	err := host.Do(func() (err error) {
		table, err = os.ReadFile("/proc/thread-self/net/arp")
		return err
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("reading the router's neighbours: %w", err), unix.Close(w.socket))
	}
	for line := range strings.Lines(string(table)) {
		w.know(line)
	}
	go func() { w.done <- w.follow() }()
	return w, nil
}

// open opens a socket that receives all ARP packets of the network, with the moments at which they arrived.
func (w *addressWitness) open() error {
	protocol := binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, unix.ETH_P_ARP))
	socket, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, int(protocol))
	if err != nil {
		return err
	}
	timeout := unix.NsecToTimeval(lookInterval.Nanoseconds())
	err = errors.Join(
		unix.SetsockoptInt(socket, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1),
		unix.SetsockoptTimeval(socket, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout))
	if err != nil {
		return errors.Join(err, unix.Close(socket))
	}
	w.socket = socket
	return nil
}

// complete is the flag of a neighbour whose hardware address is known.
const complete = 0x2

// know takes in a line of what the router knows at first: "ADDRESS 0x1 FLAGS HARDWARE-ADDRESS * DEVICE".
func (w *addressWitness) know(line string) {
	words := strings.Fields(line)
	if len(words) < 4 {
		return
	}
	ip, err := netip.ParseAddr(words[0])
	if err != nil {
		return
	}
	if flags, err := strconv.ParseUint(words[2], 0, 8); err != nil || flags&complete == 0 {
		return
	}
	if ip == w.address {
		w.last = words[3]
	}
	w.meet(ip, words[3])
}

// meet takes in who has an address, which names him if the address is a node's.
func (w *addressWitness) meet(ip netip.Addr, owner string) {
	if name, known := w.nodes[ip]; known {
		w.owners[owner] = name
	}
}

func (w *addressWitness) follow() error {
	packet, control := make([]byte, 64), make([]byte, 128)
	for {
		select {
		case <-w.ending:
			return nil
		default:
		}
		n, controlled, _, from, err := unix.Recvmsg(w.socket, packet, control, 0)
		switch {
		case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return fmt.Errorf("listening to the nodes' announcements: %w", err)
		}
		// What a node tells another is no news to the router; it is seen where somebody traces the network.
		if link, ok := from.(*unix.SockaddrLinklayer); ok && link.Pkttype == unix.PACKET_OTHERHOST {
			continue
		}
		w.see(arrival(control[:controlled]), packet[:n])
	}
}

// arrival is when the kernel received a packet.
func arrival(control []byte) time.Time {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return time.Now()
	}
	for _, message := range messages {
		if message.Header.Type == unix.SCM_TIMESTAMPNS && len(message.Data) >= int(unsafe.Sizeof(unix.Timespec{})) {
			seconds, nanoseconds := binary.NativeEndian.Uint64(message.Data), binary.NativeEndian.Uint64(message.Data[8:])
			return time.Unix(int64(seconds), int64(nanoseconds))
		}
	}
	return time.Now()
}

// Where an ARP packet for IPv4 over Ethernet names its sender.
const (
	senderHardware = 8
	senderAddress  = 14
	senderEnd      = 18
)

// see processes an ARP packet. In requests and in answers, the receiver trusts the sender's own
// address.
func (w *addressWitness) see(at time.Time, packet []byte) {
	if len(packet) < senderEnd {
		return
	}
	ip, owner := netip.AddrFrom4([4]byte(packet[senderAddress:senderEnd])), net.HardwareAddr(packet[senderHardware:senderAddress]).String()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.meet(ip, owner)
	if ip != w.address {
		return
	}
	if w.last != "" && owner != w.last {
		w.moves = append(w.moves, Move{At: at, To: owner})
	}
	w.last = owner
}

// seen are the moves so far.
func (w *addressWitness) seen() []Move {
	w.mu.Lock()
	defer w.mu.Unlock()
	moves := slices.Clone(w.moves)
	for i, move := range moves {
		if name, known := w.owners[move.To]; known {
			moves[i].To = name
		}
	}
	return moves
}

// stop returns the moves that were seen.
func (w *addressWitness) stop() ([]Move, error) {
	close(w.ending)
	err := errors.Join(<-w.done, unix.Close(w.socket))
	return w.seen(), err
}
