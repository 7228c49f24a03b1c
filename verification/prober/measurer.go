package prober

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"slices"
	"time"

	"golang.org/x/time/rate"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/verification/answer"
	"github.com/edge-ingress/edge-ingress-operator/verification/probe"
	"github.com/edge-ingress/edge-ingress-operator/verification/serverclock"
)

// shared is what the measurers of all EdgeIngress objects share.
type shared struct {
	Options
	clock   *serverclock.Clock
	witness *witness
	view    func() *view
	send    sendFunc
	fetch   func(context.Context, probe.Request) (answer.Page, error)
	// register is witness.register.
	register func(context.Context, registration, int, time.Duration) (registered, error)
	// serviceProxy is the mode of kube-proxy on this node, or empty.
	serviceProxy func(context.Context) string
	// write writes the report of an EdgeIngress.
	write func(context.Context, *v1alpha1.EdgeIngress, v1alpha1.SourceIPReportStatus) error
}

// measurer measures one EdgeIngress.
type measurer struct {
	*shared
	name string
	uid  types.UID
	// wake gets a value when something in the cluster changed.
	wake chan struct{}

	schedule schedule
	record   *record
	control  *v1alpha1.NegativeControl
	key      string
	refused  []string
	// path is the part of the plan whose change makes all requests due.
	path       pathState
	challenges []v1alpha1.Challenge
	written    writeState
	// writes limits those of changes, and free is how many more the last change of the path allows.
	writes *rate.Limiter
	free   int
}

type pathState struct {
	generation int64
	serviceUID types.UID
	digest     string
}

func pathOf(p plan) pathState { return pathState{p.edge.Generation, p.serviceUID, p.pathDigest} }

func newMeasurer(s *shared, e *v1alpha1.EdgeIngress) *measurer {
	return &measurer{
		shared: s, name: e.Name, uid: e.UID, wake: make(chan struct{}, 1), record: newRecord(),
		writes: rate.NewLimiter(rate.Every(writeInterval), writesAtOnce),
	}
}

// settle is how long a change waits for others that belong to it.
const settle = 200 * time.Millisecond

// run measures until the context ends.
func (m *measurer) run(ctx context.Context) {
	for ctx.Err() == nil {
		timer := time.NewTimer(time.Until(m.schedule.next()))
		select {
		case <-ctx.Done():
		case <-timer.C:
			m.step(ctx)
		case <-m.wake:
			if p, ok := m.plan(); ok && m.schedule.differs(p.fingerprint(), time.Now().Add(settle)) {
				m.follow(p)
			}
		}
		timer.Stop()
	}
}

func (m *measurer) wakeUp() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// plan plans by the present view; false where the EdgeIngress is gone.
func (m *measurer) plan() (plan, bool) {
	v := m.view()
	e := v.edges[m.name]
	if e == nil || e.UID != m.uid {
		return plan{}, false
	}
	return planFor(v, e, m.Node), true
}

// follow makes the record one of this plan: it drops what was seen of other targets, and everything when the path
// is another one, because a report says for all its sights on which path they were seen.
func (m *measurer) follow(p plan) {
	m.record.keep(p.targets)
	path := pathOf(p)
	if path == m.path {
		return
	}
	if path.serviceUID != m.path.serviceUID || path.digest != m.path.digest {
		m.record.forget(p.targets)
	}
	m.path, m.free = path, writesOfPath
	m.record.again()
}

// step does what is due: a round, and the report on it.
func (m *measurer) step(ctx context.Context) {
	began := time.Now()
	p, ok := m.plan()
	if !ok {
		m.schedule.idle(began)
		return
	}
	m.schedule.differs(p.fingerprint(), began)
	regular := m.schedule.regular(began)
	m.follow(p)
	if p.problem == "" {
		p = m.round(ctx, p, regular)
	}
	again := m.publish(ctx, p)
	now := time.Now()
	if again || (p.problem == "" && len(m.record.unsettled()) > 0) {
		m.schedule.soon(now)
	}
	if regular {
		m.schedule.rounded(began, now, p.problem == v1alpha1.ReportWitnessMissing || !m.record.decided())
	}
}

// round asks the targets, and returns the plan with the problem that this met.
func (m *measurer) round(ctx context.Context, p plan, regular bool) plan {
	issued, ok := m.clock.Now()
	if !ok {
		return p.with(v1alpha1.ReportNotRead, "The API server has not answered yet")
	}
	errands := m.errands(p, regular)
	if len(errands) == 0 {
		return p
	}
	forgeries := len(probe.Forgeries(p.edge, ""))
	known, err := m.register(ctx, m.registration(), challenges(errands, forgeries), roundLifetime)
	if err != nil {
		return p.with(v1alpha1.ReportWitnessMissing, describe(err))
	}
	m.take(known)
	r := &round{plan: p, version: m.Version, send: m.send, key: known.key, nonces: known.nonces, issued: issued}
	outcomes, answered, controlled := r.run(ctx, errands)
	now, found := m.plan()
	if ctx.Err() != nil || !found {
		return p
	}
	m.follow(now)
	if m.path != pathOf(p) {
		return now // What was asked is not what is published. The change starts another round.
	}
	if answered && slices.ContainsFunc(now.controllers, func(c controller) bool { return c.node.name == p.control.node }) {
		return now // A pod came to the control's node, so this round says nothing. Its coming starts another one.
	}
	if m.control != nil && m.control.Answered && !answered {
		// Nothing that was seen meanwhile counts from now on, and everything is due.
		m.record.forget(now.targets)
	}
	for _, o := range outcomes {
		m.record.add(o, regular, time.Now())
	}
	if controlled || !p.control.address.IsValid() {
		m.control = &v1alpha1.NegativeControl{Node: p.control.node, Answered: answered, ServiceProxy: m.serviceProxy(ctx), Time: metav1.NewTime(issued)}
	}
	m.learn(ctx, now)
	return now
}

// errands are what this round asks: in a regular one each target, and otherwise what should be repeated soon.
func (m *measurer) errands(p plan, regular bool) []errand {
	var all []errand
	again, now := m.record.unsettled(), time.Now()
	for _, t := range p.targets {
		s := m.record.targets[t]
		e := errand{target: t, kinds: again[t], due: func(plain result) bool { return s.due(plain, now) || regular && s.mends(t, plain) }}
		e.plain = slices.Contains(e.kinds, t.plain()) || regular && (t.primary || s.full.IsZero() || now.Sub(s.full) >= fullInterval || m.record.behind(t))
		if e.plain || len(e.kinds) > 0 {
			all = append(all, e)
		}
	}
	return all
}

func (m *measurer) registration() registration {
	v := m.view()
	return registration{witnesses: v.witnesses, controllers: allPeers(v)}
}

// take notes what the witness answered to a registration. Another key means another witness, which knows none of
// the challenges that were published.
func (m *measurer) take(known registered) {
	if key := answer.EncodeKey(known.key); key != m.key {
		m.key, m.challenges = key, nil
	}
	m.refused = known.refused
}

// learn finds out what a controller answers to strangers.
func (m *measurer) learn(ctx context.Context, p plan) {
	if len(p.targets) == 0 || !m.record.decided() || !m.witness.claimStranger(time.Now()) {
		return
	}
	r := &round{plan: p, version: m.Version}
	request := r.request(p.targets[0], p.targets[0].plain().scheme, probe.Forgery{})
	request.Host = rand.Text() + ".invalid"
	request.Token = answer.Token{Nonce: rand.Text()}
	page, err := m.fetch(ctx, request)
	if err != nil {
		m.Log.Debug("Cannot learn what controllers answer to strangers", "edgeIngress", m.name, "error", err)
		return
	}
	m.witness.show(page)
}

// describe says in the same words each time why the witness cannot be asked, so that a report does not change
// while the problem stays. Ports of sockets are in the text of some errors.
func describe(err error) string {
	var failed *net.OpError
	var timeout net.Error
	switch {
	case errors.Is(err, errNoWitness):
		return "No pod of the witness is ready"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "The witness's pod does not answer the prober"
	case errors.As(err, &failed):
		return "The witness's pod does not answer the prober: " + failed.Err.Error()
	}
	return shortened(err.Error(), maxDetail)
}
