package network

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/netns"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/netns/netnstest"
)

// holdVariable makes this test binary create a network with a node, print the paths of all
// namespaces, and wait until it is killed.
const holdVariable = "NETWORK_TEST_HOLD"

// patience is how long a connection may take that must not come about. All others take milliseconds.
const patience = 3 * time.Second

func TestMain(m *testing.M) {
	if os.Getenv(holdVariable) == "" {
		os.Exit(m.Run())
	}
	if err := hold(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func hold() error {
	network, err := New(context.Background())
	if err != nil {
		return err
	}
	node, err := network.AddNode("n")
	if err != nil {
		return err
	}
	for _, host := range network.Hosts() {
		fmt.Println(host.Path())
	}
	fmt.Println(node.Namespace.Path())
	fmt.Println()
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func newNetwork(t *testing.T) *Network {
	t.Helper()
	netnstest.SkipWithoutRoot(t)
	network, err := New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := network.Close(); err != nil {
			t.Error(err)
		}
	})
	return network
}

func addNode(t *testing.T, network *Network, name string) Node {
	t.Helper()
	node, err := network.AddNode(name)
	if err != nil {
		t.Fatal(err)
	}
	return node
}

// addPod gives a node an address of its pod range.
func addPod(t *testing.T, node Node) netip.Addr {
	t.Helper()
	pod := node.Pods.Addr().Next().Next()
	add := exec.CommandContext(t.Context(), "ip", "address", "add", pod.String(), "dev", "lo")
	if err := node.Namespace.Do(add.Run); err != nil {
		t.Fatal(err)
	}
	return pod
}

// serve answers each connection to port 80 with the address that it comes from.
func serve(t *testing.T, namespace *netns.Namespace) {
	t.Helper()
	listener, err := namespace.Listen(t.Context(), "tcp", "0.0.0.0:80")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			fmt.Fprintln(connection, connection.RemoteAddr().(*net.TCPAddr).IP)
			_ = connection.Close()
		}
	}()
}

// ask returns what the server at an address answers.
func ask(ctx context.Context, from *netns.Namespace, address netip.Addr) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	connection, err := from.Dial(ctx, "tcp", netip.AddrPortFrom(address, 80).String())
	if err != nil {
		return "", err
	}
	defer func() { _ = connection.Close() }()
	line, err := bufio.NewReader(connection).ReadString('\n')
	return strings.TrimSpace(line), err
}

func expectSeen(t *testing.T, from *netns.Namespace, to netip.Addr, want string) {
	t.Helper()
	if seen, err := ask(t.Context(), from, to); err != nil || seen != want {
		t.Errorf("the server at %s saw %q (error %v), want %s", to, seen, err, want)
	}
}

func expectUnreachable(t *testing.T, from *netns.Namespace, to netip.Addr) {
	t.Helper()
	if seen, err := ask(t.Context(), from, to); err == nil {
		t.Errorf("the server at %s was reached and saw %q", to, seen)
	}
}

func TestEverybodyReachesNodesAndPodsWithTheirOwnAddress(t *testing.T) {
	network := newNetwork(t)
	first, second := addNode(t, network, "first"), addNode(t, network, "second")
	pod := addPod(t, second)
	serve(t, second.Namespace)
	hosts := network.Hosts()
	for _, to := range []netip.Addr{second.Address, pod} {
		expectSeen(t, first.Namespace, to, first.Address.String())
		expectSeen(t, hosts[Fabric], to, ControlPlane.String())
		expectSeen(t, hosts["client"], to, "203.0.113.10")
		expectSeen(t, hosts["lb"], to, "203.0.113.50")
	}
	if !Pods.Contains(pod) || first.Pods == second.Pods {
		t.Errorf("the pod ranges are %s and %s", first.Pods, second.Pods)
	}
}

func TestWhoIsBehindTheRouterIsSeenWithTheRoutersAddress(t *testing.T) {
	network := newNetwork(t)
	node := addNode(t, network, "node")
	serve(t, node.Namespace)
	expectSeen(t, network.Hosts()["natclient"], node.Address, "203.0.113.60")
	expectSeen(t, network.Hosts()["natrouter"], node.Address, "203.0.113.60")
}

func TestNodesReachClients(t *testing.T) {
	network := newNetwork(t)
	node := addNode(t, network, "node")
	serve(t, network.Hosts()["client"])
	expectSeen(t, node.Namespace, netip.MustParseAddr("203.0.113.10"), node.Address.String())
	expectSeen(t, node.Namespace, netip.MustParseAddr("203.0.113.30"), node.Address.String())
}

func TestACrashedNodeIsCutOffAndComesBackWithItsAddresses(t *testing.T) {
	network := newNetwork(t)
	client := network.Hosts()["client"]
	node, other := addNode(t, network, "node"), addNode(t, network, "other")
	serve(t, node.Namespace)
	expectSeen(t, client, node.Address, "203.0.113.10")
	if err := network.CrashNode("node"); err != nil {
		t.Fatal(err)
	}
	expectUnreachable(t, client, node.Address)
	if err := network.CrashNode("node"); err == nil {
		t.Error("a node crashed twice")
	}
	late := addNode(t, network, "late")
	restarted, err := network.RestartNode("node")
	if err != nil {
		t.Fatal(err)
	}
	if restarted.Address != node.Address || restarted.Pods != node.Pods {
		t.Errorf("the node came back as %+v, was %+v", restarted, node)
	}
	serve(t, restarted.Namespace)
	pod := addPod(t, restarted)
	for _, from := range []Node{other, late} {
		expectSeen(t, from.Namespace, pod, from.Address.String())
	}
	if _, err := network.RestartNode("node"); err == nil {
		t.Error("a running node was restarted")
	}
}

func TestNothingOfARemovedNodeIsLeft(t *testing.T) {
	network := newNetwork(t)
	other := addNode(t, network, "other")
	before := state(t, network, other)
	node := addNode(t, network, "node")
	awaitRemoval := netnstest.Watch(t, node.Namespace.Path())
	if slices.Equal(before, state(t, network, other)) {
		t.Error("adding a node changed nothing")
	}
	if err := network.RemoveNode("node"); err != nil {
		t.Fatal(err)
	}
	awaitRemoval()
	if after := state(t, network, other); !slices.Equal(after, before) {
		t.Errorf("links and routes were\n%s\nand are\n%s", before, after)
	}
	if again := addNode(t, network, "again"); again.Address != node.Address {
		t.Errorf("the address %s is not used again, but %s", node.Address, again.Address)
	}
}

// state lists the names of the fabric's links and the routes of the fabric and of a node.
func state(t *testing.T, network *Network, node Node) []string {
	t.Helper()
	var lines []string
	for _, namespace := range []*netns.Namespace{network.Hosts()[Fabric], node.Namespace} {
		for _, arguments := range [][]string{{"-brief", "link"}, {"route"}} {
			list := exec.CommandContext(t.Context(), "ip", arguments...)
			var output []byte
			if err := namespace.Do(func() (err error) { output, err = list.Output(); return err }); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(string(output)) {
				// The kernel reports later whether a link has a carrier, in the link's state and in
				// a route's flags.
				if arguments[0] == "-brief" {
					line, _, _ = strings.Cut(strings.Fields(line)[0], "@")
				}
				lines = append(lines, strings.TrimSpace(strings.ReplaceAll(line, " linkdown", "")))
			}
		}
	}
	slices.Sort(lines)
	return lines
}

func TestANodeThatDoesNotExistIsAnError(t *testing.T) {
	network := newNetwork(t)
	_, restart := network.RestartNode("nobody")
	for what, err := range map[string]error{"crash": network.CrashNode("nobody"), "restart": restart, "removal": network.RemoveNode("nobody")} {
		if err == nil || !strings.Contains(err.Error(), "nobody") {
			t.Errorf("the %s returned %v", what, err)
		}
	}
	addNode(t, network, "n")
	if _, err := network.AddNode("n"); err == nil {
		t.Error("two nodes have the same name")
	}
}

func TestAddressesOfNodesRunOut(t *testing.T) {
	network := &Network{nodes: map[string]*node{}}
	for number := firstNode; number <= lastNode; number++ {
		network.nodes[fmt.Sprint(number)] = &node{number: byte(number)}
	}
	if number, err := network.freeNumber(); err == nil {
		t.Errorf("number %d was given twice", number)
	}
	delete(network.nodes, "42")
	if number, err := network.freeNumber(); err != nil || number != 42 {
		t.Errorf("the number is %d (error %v), want 42", number, err)
	}
}

func TestTheSettingsOfTheMachineDoNotShowThrough(t *testing.T) {
	network := newNetwork(t)
	node := addNode(t, network, "node")
	for _, row := range []struct {
		host      string
		namespace *netns.Namespace
		want      map[string]string
	}{
		{host: "fabric", namespace: network.Hosts()[Fabric], want: map[string]string{"ipv4/ip_forward": "1", "bridge/bridge-nf-call-iptables": "0"}},
		{host: "client", namespace: network.Hosts()["client"], want: map[string]string{"ipv4/ip_forward": "0", "ipv4/conf/eth0/rp_filter": "0"}},
		{host: "node", namespace: node.Namespace, want: map[string]string{"ipv4/ip_forward": "1", "ipv4/conf/eth0/rp_filter": "0", "bridge/bridge-nf-call-iptables": "1"}},
	} {
		for setting, want := range row.want {
			var content []byte
			err := row.namespace.Do(func() (err error) { content, err = os.ReadFile("/proc/sys/net/" + setting); return err })
			if got := strings.TrimSpace(string(content)); got != want || err != nil {
				t.Errorf("%s is %q in %s (error %v), want %q", setting, got, row.host, err, want)
			}
		}
	}
}

func TestNothingIsLeftOfAKilledProcess(t *testing.T) {
	netnstest.SkipWithoutRoot(t)
	holder := exec.CommandContext(t.Context(), os.Args[0])
	holder.Env = append(os.Environ(), holdVariable+"=1")
	holder.Stderr = os.Stderr
	stdin, err := holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stdin.Close() }()
	output, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	var removals []func()
	for lines := bufio.NewScanner(output); lines.Scan() && lines.Text() != ""; {
		removals = append(removals, netnstest.Watch(t, lines.Text()))
	}
	if want := len(topology()) + 1; len(removals) != want {
		t.Errorf("%d namespaces were made, want %d", len(removals), want)
	}
	if err := holder.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = holder.Wait()
	for _, awaitRemoval := range removals {
		awaitRemoval()
	}
}
