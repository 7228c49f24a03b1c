package network

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/netns"
)

// Node is the machine of a node, as far as the network goes.
type Node struct {
	Address netip.Addr
	// Pods is the range of the addresses of the node's pods. Everybody routes it to the node.
	Pods netip.Prefix
	// Namespace is another one after each restart.
	Namespace *netns.Namespace
}

// node is a machine that exists. Its namespace is nil while it has no power.
type node struct {
	number    byte
	namespace *netns.Namespace
}

func (n *node) address() netip.Addr { return nodeAddress(n.number).Addr() }
func (n *node) pods() netip.Prefix  { return podRange(n.number) }
func (n *node) machine() string     { return "node" + strconv.Itoa(int(n.number)) }

func (n *node) powerOff() error {
	if n.namespace == nil {
		return nil
	}
	err := n.namespace.Close()
	n.namespace = nil
	return err
}

// AddNode creates the machine of a new node, with its own address and pod range, and the routes to
// and from the pods of all other nodes.
func (n *Network) AddNode(name string) (Node, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.nodes[name] != nil {
		return Node{}, fmt.Errorf("making the machine of node %s: there is one already", name)
	}
	number, err := n.freeNumber()
	if err != nil {
		return Node{}, fmt.Errorf("making the machine of node %s: %w", name, err)
	}
	added := &node{number: number}
	n.nodes[name] = added
	err = n.powerOn(added)
	if err == nil {
		err = n.announce(added)
	}
	if err != nil {
		return Node{}, errors.Join(fmt.Errorf("making the machine of node %s: %w", name, err), n.removeNode(name))
	}
	return added.export(), nil
}

func (n *node) export() Node {
	return Node{Address: n.address(), Pods: n.pods(), Namespace: n.namespace}
}

// CrashNode cuts the power of a node's machine. From then on nothing that it sends arrives
// anywhere, not even the end of its connections. Its address and the routes to it stay. Kill its
// processes afterwards. Until then they run in a namespace without links.
func (n *Network) CrashNode(name string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	crashed := n.nodes[name]
	if crashed == nil || crashed.namespace == nil {
		return fmt.Errorf("crashing the machine of node %s: it does not run", name)
	}
	return errors.Join(n.disconnect(crashed), crashed.powerOff())
}

// RestartNode makes the machine of a crashed node again, with the same addresses.
func (n *Network) RestartNode(name string) (Node, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	restarted := n.nodes[name]
	if restarted == nil || restarted.namespace != nil {
		return Node{}, fmt.Errorf("restarting the machine of node %s: it has not crashed", name)
	}
	if err := n.powerOn(restarted); err != nil {
		return Node{}, errors.Join(fmt.Errorf("restarting the machine of node %s: %w", name, err), n.disconnect(restarted), restarted.powerOff())
	}
	return restarted.export(), nil
}

// RemoveNode removes the machine of a node, running or crashed, and all routes to it. End its
// processes before or afterwards.
func (n *Network) RemoveNode(name string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.nodes[name] == nil {
		return fmt.Errorf("removing the machine of node %s: there is none", name)
	}
	return n.removeNode(name)
}

func (n *Network) freeNumber() (byte, error) {
	used := map[byte]bool{}
	for _, node := range n.nodes {
		used[node.number] = true
	}
	for number := byte(firstNode); number <= lastNode; number++ {
		if !used[number] {
			return number, nil
		}
	}
	return 0, fmt.Errorf("all %d addresses are taken", lastNode-firstNode+1)
}

// powerOn makes a node's namespace and link, and the routes from it to the pods of the others.
func (n *Network) powerOn(started *node) (err error) {
	if started.namespace, err = netns.New(); err != nil {
		return err
	}
	if err := started.namespace.Do(func() error { return prepare(settings{forwards: true, filtersBridged: true}) }); err != nil {
		return err
	}
	if err := n.connect(started.namespace, nodesSegment, started.machine(), []netip.Prefix{nodeAddress(started.number)}); err != nil {
		return err
	}
	for _, other := range n.others(started) {
		if err := started.namespace.Do(func() error { return addRoute(other.pods(), other.address()) }); err != nil {
			return err
		}
	}
	return nil
}

// announce makes everybody else route a node's pods to it.
func (n *Network) announce(added *node) error {
	for _, namespace := range n.routingTo(added) {
		if err := namespace.Do(func() error { return addRoute(added.pods(), added.address()) }); err != nil {
			return err
		}
	}
	return nil
}

// removeNode does all it can, and forgets the node in any case.
func (n *Network) removeNode(name string) error {
	removed := n.nodes[name]
	errs := []error{n.disconnect(removed), removed.powerOff()}
	for _, namespace := range n.routingTo(removed) {
		errs = append(errs, namespace.Do(func() error { return removeRoute(removed.pods(), removed.address()) }))
	}
	delete(n.nodes, name)
	return errors.Join(errs...)
}

func (n *Network) disconnect(node *node) error {
	return n.hosts[Fabric].Do(func() error { return removePort(portName(node.machine())) })
}

// routingTo returns the namespaces that have routes to a node's pods.
func (n *Network) routingTo(node *node) []*netns.Namespace {
	namespaces := []*netns.Namespace{n.hosts[Fabric]}
	for _, other := range n.others(node) {
		if other.namespace != nil {
			namespaces = append(namespaces, other.namespace)
		}
	}
	return namespaces
}

func (n *Network) others(than *node) []*node {
	var others []*node
	for _, candidate := range n.nodes {
		if candidate != than {
			others = append(others, candidate)
		}
	}
	return others
}
