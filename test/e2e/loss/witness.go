package loss

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/edge-ingress/edge-ingress-operator/test/realcluster"
)

// addressWitness listens in the router to who says that it has an address. Whoever said so last gets the packets.
type addressWitness struct {
	address netip.Addr
	// owners are the nodes' names by hardware address.
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
func (s *stage) watchAddress(ctx context.Context, address netip.Addr) (*addressWitness, error) {
	host := s.lab.Cluster.Host(realcluster.Fabric)
	w := &addressWitness{address: address, owners: map[string]string{}, ending: make(chan struct{}), done: make(chan error, 1)}
	if err := host.Do(w.open); err != nil {
		return nil, fmt.Errorf("listening to the nodes' announcements: %w", err)
	}
	table, err := host.Command(ctx, "ip", "-o", "-4", "neigh", "show").Output()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("reading the router's neighbours: %w", err), unix.Close(w.socket))
	}
	for line := range strings.Lines(string(table)) {
		w.know(line, s.nodes)
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

// know takes in a line of what the router knows at first: "ADDRESS dev NAME lladdr HARDWARE-ADDRESS STATE".
func (w *addressWitness) know(line string, nodes map[string]netip.Addr) {
	words := strings.Fields(line)
	if len(words) < 5 || words[3] != "lladdr" {
		return
	}
	ip, err := netip.ParseAddr(words[0])
	if err != nil {
		return
	}
	owner := words[4]
	if ip == w.address {
		w.last = owner
	}
	for name, address := range nodes {
		if address == ip {
			w.owners[owner] = name
		}
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
		n, controlled, _, _, err := unix.Recvmsg(w.socket, packet, control, 0)
		switch {
		case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return fmt.Errorf("listening to the nodes' announcements: %w", err)
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

// see takes in an ARP packet. Of questions as of answers, the receiver believes what the sender says of itself.
func (w *addressWitness) see(at time.Time, packet []byte) {
	if len(packet) < senderEnd || netip.AddrFrom4([4]byte(packet[senderAddress:senderEnd])) != w.address {
		return
	}
	owner := net.HardwareAddr(packet[senderHardware:senderAddress]).String()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.last != "" && owner != w.last {
		to := owner
		if name, known := w.owners[owner]; known {
			to = name
		}
		w.moves = append(w.moves, Move{At: at, To: to})
	}
	w.last = owner
}

// seen are the moves so far.
func (w *addressWitness) seen() []Move {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]Move(nil), w.moves...)
}

// stop returns the moves that were seen.
func (w *addressWitness) stop() ([]Move, error) {
	close(w.ending)
	err := errors.Join(<-w.done, unix.Close(w.socket))
	return w.seen(), err
}
