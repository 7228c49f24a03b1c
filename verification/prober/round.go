package prober

import (
	"context"
	"crypto/ed25519"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
	"github.com/edge-ingress/edge-ingress-operator/verification/answer"
	"github.com/edge-ingress/edge-ingress-operator/verification/probe"
)

// atOnce is how many targets are asked at the same time.
const atOnce = 8

// sendFunc sends one request.
type sendFunc func(context.Context, probe.Request) probe.Reply

// round is one round of requests for one EdgeIngress.
type round struct {
	plan
	version string
	send    sendFunc
	// key of the witness, and nonces of challenges that were issued now, for all requests of the round.
	key    ed25519.PublicKey
	nonces []string
	issued time.Time
	spent  atomic.Int64
	// slowest is the longest time that a witness's answer took, in nanoseconds.
	slowest atomic.Int64
}

// errand is what to ask of one target.
type errand struct {
	target
	// plain: send the plain request, and all others if it says that they are due.
	plain bool
	due   func(plain result) bool
	// kinds to repeat.
	kinds []kind
}

// outcome are the results of an errand.
type outcome struct {
	errand
	results map[kind]result
	// complete: all kinds of requests were sent.
	complete bool
}

// run does all errands, and the negative control beside them. It reports whether the control was answered; the
// second result is false where there was none.
func (r *round) run(ctx context.Context, errands []errand) (outcomes []outcome, answered, controlled bool) {
	outcomes = make([]outcome, len(errands))
	var group errgroup.Group
	group.SetLimit(atOnce)
	controlContext, stopControl := context.WithCancel(ctx)
	defer stopControl()
	var wait sync.WaitGroup
	if r.control.address.IsValid() {
		wait.Go(func() { answered, controlled = r.ask(controlContext) })
	}
	began := time.Now()
	for i, e := range errands {
		group.Go(func() error {
			outcomes[i] = r.do(ctx, e)
			return nil
		})
	}
	_ = group.Wait() // No errand returns an error.
	// Where connections are translated, an answer to the control takes as long as the others.
	rest := time.NewTimer(time.Until(began.Add(max(leastPatience, patience*time.Duration(r.slowest.Load())))))
	defer rest.Stop()
	asked := make(chan struct{})
	go func() { wait.Wait(); close(asked) }()
	select {
	case <-asked:
	case <-rest.C:
		stopControl()
		<-asked
	}
	return outcomes, answered, controlled
}

// The control is given up when the slowest answer would have come this many times over, and not before
// leastPatience.
const (
	patience      = 4
	leastPatience = 300 * time.Millisecond
)

// ask sends the control.
func (r *round) ask(ctx context.Context) (answered, controlled bool) {
	scheme := v1alpha1.SchemeHTTP
	if r.targets[0].http == 0 {
		scheme = v1alpha1.SchemeHTTPS
	}
	request := r.request(target{source: r.control.source, address: r.control.address, http: r.control.port, https: r.control.port}, scheme, probe.Forgery{})
	reply := r.send(ctx, request)
	return reply.Failure == "", reply.Failure != probe.SourceNotHere
}

func (r *round) do(ctx context.Context, e errand) outcome {
	done := outcome{errand: e, results: map[kind]result{}}
	forgeries := probe.Forgeries(r.edge, e.family)
	all := kinds(e.target, forgeries)
	if e.plain {
		k := e.target.plain()
		plain, ok := r.try(ctx, e.target, k, probe.Forgery{})
		if !ok {
			return done
		}
		done.results[k] = plain
		if plain.Seen == v1alpha1.SeenNobody || plain.Seen == v1alpha1.SeenUnsigned {
			return done
		}
		if e.due(plain) {
			e.kinds, done.complete = slices.Collect(maps.Keys(all)), true
		}
	}
	for _, k := range e.kinds {
		if _, asked := done.results[k]; asked {
			continue
		}
		found, ok := r.try(ctx, e.target, k, all[k])
		if !ok {
			done.complete = false
			continue
		}
		done.results[k] = found
	}
	return done
}

// kinds are all kinds of requests for a target: each forgery over HTTP, and over HTTPS, whose handshake costs
// most of what a round costs, the forgery of the trusted header alone.
func kinds(t target, forgeries []probe.Forgery) map[kind]probe.Forgery {
	all := map[kind]probe.Forgery{}
	if t.https != 0 {
		all[kind{scheme: v1alpha1.SchemeHTTPS}] = probe.Forgery{}
		all[kind{scheme: v1alpha1.SchemeHTTPS, forgery: forgeries[0].Name}] = forgeries[0]
	}
	if t.http != 0 {
		all[plainHTTP] = probe.Forgery{}
		for _, forgery := range forgeries {
			all[kind{scheme: v1alpha1.SchemeHTTP, forgery: forgery.Name}] = forgery
		}
	}
	return all
}

// try sends one request. It returns false where the result says nothing about the target: the context ended, there
// is no token left, or a pod answered that does not serve there by the plan and is about to come or go.
func (r *round) try(ctx context.Context, t target, k kind, forgery probe.Forgery) (result, bool) {
	request := r.request(t, k.scheme, forgery)
	if ctx.Err() != nil || request.Token.Nonce == "" {
		return result{}, false
	}
	began := time.Now()
	reply := r.send(ctx, request)
	if reply.Failure == probe.Canceled {
		return result{}, false
	}
	found := result{Result: reply.Result(t.source, request.Forgery.Claims), issued: r.issued}
	if reply.Failure != "" {
		return found, true
	}
	r.slow(time.Since(began))
	found.digest = reply.Answer.Config
	who, known := whoAnswered(reply.Answer, r.controllers)
	switch {
	case !known:
		found.Result = probe.Result{Seen: v1alpha1.SeenElsewhere, Detail: "The pod that answered is unknown: " + quoted(reply.Answer.Pod)}
	case who.node.name != t.node:
		found.Result, found.pod = probe.Result{Seen: v1alpha1.SeenElsewhere, Detail: "Node " + who.node.name + " answered"}, who.pod.uid
	case !slices.ContainsFunc(r.serving, func(c controller) bool { return c.pod.uid == who.pod.uid }):
		return result{}, false
	default:
		found.pod = who.pod.uid
	}
	return found, true
}

// maxQuoted is how many bytes of a text from outside a report quotes.
const maxQuoted = 64

func quoted(text string) string {
	if text == "" {
		return "it has no name"
	}
	clean := []byte(text[:min(len(text), maxQuoted)])
	for i, c := range clean {
		if c < ' ' || c > '~' {
			clean[i] = '?'
		}
	}
	return string(clean)
}

func (r *round) slow(took time.Duration) {
	for {
		slowest := r.slowest.Load()
		if int64(took) <= slowest || r.slowest.CompareAndSwap(slowest, int64(took)) {
			return
		}
	}
}

func (r *round) request(t target, scheme v1alpha1.Scheme, forgery probe.Forgery) probe.Request {
	port := t.http
	if scheme == v1alpha1.SchemeHTTPS {
		port = t.https
	}
	return probe.Request{
		Source: t.source, Target: netip.AddrPortFrom(t.address, port), Scheme: scheme, Host: names.WitnessHost(r.edge.Name),
		Token: r.token(), Key: r.key, Direct: true, Forgery: r.begin(forgery, familyOf(t.address)), Version: r.version,
	}
}

// begin puts a PROXY header in front where controllers refuse connections without one. They do not trust the
// prober, so the address that it claims must not arrive.
func (r *round) begin(forgery probe.Forgery, family corev1.IPFamily) probe.Forgery {
	if !r.proxyProtocol {
		return forgery
	}
	return forgery.WithProxy(probe.ProxyV1, family)
}

// token is a new one for each request, and none when all are spent.
func (r *round) token() answer.Token {
	next := int(r.spent.Add(1)) - 1
	if next/answer.PerChallenge >= len(r.nonces) {
		return answer.Token{}
	}
	return answer.Token{Nonce: r.nonces[next/answer.PerChallenge], Index: next % answer.PerChallenge}
}

// challenges is how many the errands may need, and the control.
func challenges(errands []errand, forgeries int) int {
	requests := 1
	for _, e := range errands {
		requests += len(e.kinds)
		if e.plain {
			requests += 1 + forgeries + 2
		}
	}
	return (requests + answer.PerChallenge - 1) / answer.PerChallenge
}
