package loss

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/test/e2e/lab"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/balancer"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/objects"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/realcluster"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic/load"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic/loadprocess"
)

// LoadCommand is the argument with which this program is called in the client's network. It runs
// loadprocess.Serve then.
const LoadCommand = "load"

// The load on each of the two ways.
const (
	rate      = 150
	keptAlive = 20
	interval  = 250 * time.Millisecond
)

// The limits for a lost new connection. A dropped SYN, for example at a node whose kube-proxy does
// not know yet that it serves, is repeated after 1 and after 3 s. The third one must count, because
// it does for all clients that matter: Envoy gives up after 5 s, Go's dialer after 30, curl after 300.
// An answer may take as long: on a busy machine one took 2 s while a node booted, though nothing
// was lost on the way.
const (
	connectTimeout = 5 * time.Second
	answerTimeout  = 5 * time.Second
)

// How long the load runs before and after an event: before it until all kept connections are open,
// which takes an interval, and after it for as long as a kube-proxy may be behind.
const (
	lead  = 2 * interval
	trail = time.Second
)

// steadyAnswers in a row take longer than the haproxy's two questions, after which it knows who serves.
const (
	steadyAnswers = 25
	steadyPause   = 100 * time.Millisecond
)

// runner measures events.
type runner struct {
	stage    *stage
	process  *loadprocess.Process
	progress io.Writer
	// observations are those of the events that are over.
	observations []Observation
}

// Run measures all events on a lab with three edge nodes, in their current state, and prints each
// to progress as soon as it is over. With compare it also measures what is lost without the
// operator. At the end it removes what it created. An error means that the stage could not be set
// up. The observation of an event holds its own errors.
func Run(ctx context.Context, l *lab.Lab, edge [3]string, compare bool, progress io.Writer) ([]Observation, error) {
	if err := MakeRoom(ctx, l); err != nil {
		return nil, err
	}
	var observations []Observation
	shape := Shape{Name: "lossless", Nodes: edge[:2], Port: balancerPort, FromPorts: allPorts, Clients: allClients}
	err := onStage(ctx, l, shape, progress, func(r *runner) error {
		defer func() { observations = r.observations }()
		s := r.stage
		if err := r.onFront(ctx, s.key(), s.Port, func(f *front) { r.all(ctx, f, s.events(edge)) }); err != nil {
			return err
		}
		if compare {
			return r.comparePlain(ctx)
		}
		return nil
	})
	return observations, err
}

// repeatLikeAnyKernel makes the network of the calling thread repeat a SYN after 1, 3 and 7 s.
// Since Linux 6.5 the default is every second, which forgives more than other clients do.
func repeatLikeAnyKernel() error {
	err := os.WriteFile("/proc/sys/net/ipv4/tcp_syn_linear_timeouts", []byte("0"), 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// front is the way by which clients reach a set of edge nodes.
type front struct {
	address netip.Addr
	targets []load.Target
	// labels select the pods behind it.
	labels map[string]string
}

// Ports of the haproxy, for the operator's Service and for the one that it is compared with.
const (
	balancerPort      = 8100
	plainBalancerPort = 8101
)

// onFront starts a haproxy in front of the nodes of a Service, and calls do with it and the
// Service's own address.
func (r *runner) onFront(ctx context.Context, key client.ObjectKey, port uint16, do func(*front)) (err error) {
	service := &corev1.Service{}
	err = objects.Await(ctx, fmt.Sprintf("Service %s to have an address", key), restLimit, func(ctx context.Context) (bool, string, error) {
		err := r.stage.lab.Client.Get(ctx, key, service)
		return len(service.Status.LoadBalancer.Ingress) > 0, "none", err
	})
	if err != nil {
		return err
	}
	address, err := netip.ParseAddr(service.Status.LoadBalancer.Ingress[0].IP)
	if err != nil {
		return fmt.Errorf("reading the address of Service %s: %w", key, err)
	}
	dir := r.stage.lab.Directory(fmt.Sprintf("loss-balancer-%d", port))
	listener := r.listener(service, port)
	inFront, err := balancer.Start(ctx, r.stage.lab.Cluster.Host(realcluster.LoadBalancer), r.stage.lab.Dialer(realcluster.Client),
		dir, []balancer.Listener{listener})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, inFront.Stop()) }()
	f := &front{address: address, labels: service.Spec.Selector, targets: []load.Target{
		{Name: ThroughMetalLB, Address: net.JoinHostPort(address.String(), "80"), Host: r.stage.host(), ClientAddress: load.XRealIP},
		// It passes bytes on and does not send the client's address.
		{Name: ThroughHAProxy, Address: listener.Address.String(), Host: r.stage.host(), ClientAddress: load.XRealIP, Client: realcluster.Balancer},
	}}
	if err := r.awaitSteady(ctx, f); err != nil {
		return err
	}
	before := len(r.observations)
	do(f)
	if len(Problems(r.observations[before:])) > 0 {
		r.tellLog(filepath.Join(dir, "haproxy.log"))
	}
	return nil
}

// tellLog prints what haproxy said of servers that failed and connections that broke.
func (r *runner) tellLog(file string) {
	said, err := os.ReadFile(file)
	if err != nil {
		said = []byte(err.Error())
	}
	fmt.Fprintf(r.progress, "haproxy said:\n%s\n", said)
}

// listener sends to all edge nodes, and asks each of them whether it serves. It uses its ports in turn,
// each again after two minutes at the earliest. When a controller resets a kept connection, its node
// sends a new connection from the same port to that controller for another ten seconds, even if it
// has ended (nf_conntrack_tcp_timeout_close, Documentation/networking/nf_conntrack-sysctl.rst of
// Linux). No operator can prevent that. A balancer that reuses ports so soon has to repeat a refused
// connection.
func (r *runner) listener(service *corev1.Service, port uint16) balancer.Listener {
	var nodePort uint16
	for _, p := range service.Spec.Ports {
		if p.Port == 80 {
			nodePort = uint16(p.NodePort)
		}
	}
	listener := balancer.Listener{
		Address: netip.AddrPortFrom(realcluster.Balancer, port), Mode: balancer.TCP,
		Check:     &balancer.Check{HealthPort: int(service.Spec.HealthCheckNodePort), Interval: time.Second, Fall: 2, Rise: 2},
		FromPorts: &r.stage.FromPorts,
	}
	for _, node := range r.stage.nodes {
		listener.Servers = append(listener.Servers, netip.AddrPortFrom(node, nodePort))
	}
	return listener
}

// awaitSteady returns when many requests in a row are answered on both ways. A haproxy that just
// started treats every node as serving.
func (r *runner) awaitSteady(ctx context.Context, f *front) error {
	pause := time.NewTicker(steadyPause)
	defer pause.Stop()
	inRow := 0
	return objects.Await(ctx, "answers on both ways", restLimit, func(ctx context.Context) (bool, string, error) {
		for inRow < steadyAnswers {
			for _, target := range f.targets {
				answer, err := traffic.Send(ctx, r.stage.lab.Dialer(realcluster.Client), traffic.Request{Target: target.Address, Host: target.Host})
				if err != nil || answer.Echo == nil {
					inRow = 0
					return false, target.Name + ": " + answer.String(), err
				}
			}
			inRow++
			<-pause.C
		}
		return true, "", nil
	})
}

// all measures events one after the other.
func (r *runner) all(ctx context.Context, f *front, events []event) {
	for _, e := range events {
		if ctx.Err() != nil {
			return
		}
		o := r.measure(ctx, f, e)
		r.tell(o)
	}
}

// tell keeps an observation, and prints it.
func (r *runner) tell(o Observation) {
	r.observations = append(r.observations, o)
	fmt.Fprint(r.progress, o.Text())
	if len(o.Problems()) > 0 {
		fmt.Fprintln(r.progress, o.Result.String())
	}
}

// measure has an event happen under the load.
func (r *runner) measure(ctx context.Context, f *front, e event) Observation {
	o := Observation{Event: e.name, Claim: e.claim, Rate: r.stage.Rate}
	wrong := func(err error) bool {
		if err != nil {
			o.Wrong = append(o.Wrong, err.Error())
		}
		return err != nil
	}
	address, err := r.stage.watchAddress(f.address)
	if wrong(err) {
		return o
	}
	controllers, err := r.stage.watchControllers(ctx, f.labels)
	if !wrong(err) {
		o.Took, err = r.under(ctx, f, &scene{&o, address}, e)
		wrong(err)
		o.Controllers = controllers.stop()
	}
	o.Moves, err = address.stop()
	wrong(err)
	return o
}

// under runs the load around the event, and returns how long the event took.
func (r *runner) under(ctx context.Context, f *front, o *scene, e event) (took time.Duration, err error) {
	err = r.process.Start(loadprocess.Load{
		Targets: f.targets, Rate: cmp.Or(r.stage.Rate, rate), KeptAlive: cmp.Or(r.stage.Kept, keptAlive),
		Interval: interval, ConnectTimeout: connectTimeout, AnswerTimeout: answerTimeout,
	})
	if err != nil {
		return 0, err
	}
	pause(ctx, lead)
	if err := r.process.Mark(e.name); err != nil {
		return 0, err
	}
	began := time.Now()
	err = e.do(ctx, o)
	took = time.Since(began)
	pause(ctx, trail)
	var stopping error
	o.Result, stopping = r.process.Stop()
	return took, errors.Join(err, stopping)
}

// pause lets the load run for a while.
func pause(ctx context.Context, length time.Duration) {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
