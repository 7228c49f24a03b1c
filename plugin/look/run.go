package look

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
	"github.com/edge-ingress/edge-ingress-operator/verification/evidence"
	"github.com/edge-ingress/edge-ingress-operator/verification/probe"
)

// Vantage measures one EdgeIngress.
type Vantage struct {
	Edge *v1alpha1.EdgeIngress
	// Reports reads the reports about it, for fresh challenges.
	Reports func(context.Context) ([]v1alpha1.SourceIPReport, error)
	// Now is the time by the API server's clock.
	Now func() time.Time
	// Progress gets a line for each thing that it waits for.
	Progress func(string)
	// Send sends one request.
	Send func(context.Context, probe.Request) probe.Reply
	// Version of the program, for the User-Agent.
	Version string
}

const (
	// attempts is how often a request is repeated that did not show the vantage's own address.
	attempts = 3
	// pause is the time before a repetition.
	pause = 500 * time.Millisecond
	// slow is after how long a request is named in the progress.
	slow = time.Second
	// timeout of one request; connecting over an ocean takes a part of a second.
	timeout, connectTimeout = 8 * time.Second, 5 * time.Second
)

// Result is what a measurement saw.
type Result struct {
	Sights []v1alpha1.Sight
	// Inside are the reports whose challenges were used, as they were then: each names the Service and the path.
	Inside []*v1alpha1.SourceIPReport
	// Probes counts the requests by result.
	Probes map[v1alpha1.Seen]int64
}

// atOnce is how many targets are asked at the same time.
const atOnce = 8

// ErrTimeOver says that the time was over before everything was asked.
var ErrTimeOver = errors.New("the time was over before everything was asked")

// Ask asks every target with every kind of request. Where the time was over before, the error is
// [ErrTimeOver], or a [NoChallengeError] if that was because no fresh challenge came. The result then holds
// what was seen before.
func (v *Vantage) Ask(ctx context.Context, targets []Target) (Result, error) {
	r := &run{Vantage: v, probes: map[v1alpha1.Seen]int64{}}
	r.permits = &permits{generation: v.Edge.Generation, reports: v.Reports, now: v.Now, progress: r.say, spent: map[string]bool{}}
	sights := make([][]v1alpha1.Sight, len(targets))
	group := errgroup.Group{}
	group.SetLimit(atOnce)
	for i, target := range targets {
		group.Go(func() (err error) {
			r.say(fmt.Sprintf("Asking %s (%d of %d).", target, i+1, len(targets)))
			sights[i], err = r.target(ctx, target)
			return err
		})
	}
	err := group.Wait()
	return Result{Sights: grouped(slices.Concat(sights...)), Inside: r.inside, Probes: r.probes}, err
}

type run struct {
	*Vantage

	mutex   sync.Mutex
	permits *permits
	inside  []*v1alpha1.SourceIPReport
	probes  map[v1alpha1.Seen]int64

	voice sync.Mutex
}

// say shows a line of progress, one at a time.
func (r *run) say(line string) {
	r.voice.Lock()
	defer r.voice.Unlock()
	r.Progress(line)
}

// permit takes the next permit. While one request waits for a fresh challenge, all others wait too.
func (r *run) permit(ctx context.Context) (Permit, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	permit, err := r.permits.next(ctx)
	if err == nil && !slices.Contains(r.inside, permit.Inside) {
		r.inside = append(r.inside, permit.Inside)
	}
	return permit, err
}

// target sends the plain request, and the forged ones that can reach the witness.
func (r *run) target(ctx context.Context, t Target) ([]v1alpha1.Sight, error) {
	plain, err := r.confirmed(ctx, t, probe.Forgery{}, v1alpha1.Sight{Seen: v1alpha1.SeenOwn})
	if err != nil {
		return nil, err
	}
	sights := []v1alpha1.Sight{plain}
	for _, forgery := range r.forgeries(t, plain) {
		if err := overIf(ctx); err != nil {
			return sights, err
		}
		sight, err := r.confirmed(ctx, t, forgery, plain)
		if err != nil {
			return sights, err
		}
		sights = append(sights, sight)
	}
	return sights, overIf(ctx)
}

// forgeries are those to send after the plain request. If the witness did not answer that, they are PROXY
// headers of this client, where the controller reads no connection without one: a balancer in front may pass
// them on unread.
func (r *run) forgeries(t Target, plain v1alpha1.Sight) []probe.Forgery {
	all := probe.Forgeries(r.Edge, corev1.IPFamily(t.Family()))
	switch expectsProxy := r.Edge.Spec.ClientIP != nil && r.Edge.Spec.ClientIP.ProxyProtocol != nil; {
	case evidence.Answered(&plain):
		return all
	case expectsProxy:
		return slices.DeleteFunc(all, func(forgery probe.Forgery) bool { return forgery.Proxy == 0 })
	default:
		return nil
	}
}

// overIf returns [ErrTimeOver] if the time is over: what was asked last may have been cut off.
func overIf(ctx context.Context) error {
	if ctx.Err() != nil {
		return ErrTimeOver
	}
	return nil
}

// confirmed sends a request, and repeats it until the answers speak for themselves. expected is what an answer
// shows that is no surprise.
func (r *run) confirmed(ctx context.Context, t Target, forgery probe.Forgery, expected v1alpha1.Sight) (v1alpha1.Sight, error) {
	var seen []v1alpha1.Sight
	for len(seen) == 0 || !settled(seen, expected) && ctx.Err() == nil {
		if len(seen) > 0 {
			select {
			case <-ctx.Done():
			case <-time.After(pause):
			}
		}
		sight, err := r.once(ctx, t, forgery)
		if errors.Is(err, ErrTimeOver) && len(seen) > 0 {
			break
		}
		if err != nil {
			return sight, err
		}
		seen = append(seen, sight)
	}
	return summed(seen, expected), nil
}

// once sends one request.
func (r *run) once(ctx context.Context, t Target, forgery probe.Forgery) (v1alpha1.Sight, error) {
	permit, err := r.permit(ctx)
	if err != nil {
		return v1alpha1.Sight{}, err
	}
	kind := "plain"
	if forgery.Name != "" {
		kind = "forged " + forgery.Name
	}
	waiting := time.AfterFunc(slow, func() { r.say(fmt.Sprintf("Waiting for the answer of %s (%s).", t, kind)) })
	defer waiting.Stop()
	reply := r.Send(ctx, probe.Request{
		Target: netip.AddrPortFrom(t.IP, uint16(t.Port)), //nolint:gosec // The flag and the API allow no larger port.
		Scheme: t.Scheme, Host: cmp.Or(t.Host, names.WitnessHost(r.Edge.Name)), Token: permit.Token, Key: permit.Key,
		Forgery: forgery, Version: r.Version, ConnectTimeout: connectTimeout, Timeout: timeout,
	})
	if errors.Is(ctx.Err(), context.Canceled) {
		return v1alpha1.Sight{}, errors.New("interrupted")
	}
	sight := sightOf(t, forgery, reply, permit)
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.probes[sight.Seen]++
	return sight, nil
}

// maxPeers is how many peers a sight has.
const maxPeers = 2

// unknownController is the detail of an answer by a controller that is not known to belong to the EdgeIngress.
const unknownController = "UnknownController"

// served notes which controller answered. What one of another EdgeIngress saw says nothing about this one: both may
// have the same real host name.
func served(sight *v1alpha1.Sight, pod string, controllers []v1alpha1.ReportedController) {
	at := slices.IndexFunc(controllers, func(c v1alpha1.ReportedController) bool { return c.Name == pod && pod != "" })
	if at < 0 {
		sight.Seen, sight.SeenAddress, sight.Detail = v1alpha1.SeenElsewhere, "", unknownController
		return
	}
	sight.Node, sight.NodeUID, sight.PodUID = controllers[at].Node, controllers[at].NodeUID, controllers[at].PodUID
}

// sightOf is the sight of one reply.
func sightOf(t Target, forgery probe.Forgery, reply probe.Reply, permit Permit) v1alpha1.Sight {
	result := reply.Result(reply.Local.Addr(), forgery.Claims)
	sight := v1alpha1.Sight{
		Address: t.Address, Port: t.Port, Scheme: t.Scheme, Family: t.Family(), Host: t.Host,
		Seen: result.Seen, SeenAddress: result.Address, Detail: result.Detail, Time: permit.Issued,
	}
	if forgery.Name != "" {
		sight.Forgeries = []string{forgery.Name}
	}
	if reply.Local.IsValid() {
		sight.Source = reply.Local.Addr().String()
	}
	if reply.Failure == "" {
		sight.ConfigDigest = reply.Answer.Config
		peers := strings.Fields(reply.Answer.Peers)
		sight.Peers = peers[:min(len(peers), maxPeers)]
		served(&sight, reply.Answer.Pod, permit.Inside.Status.Controllers)
	}
	return sight
}
