package prober

import (
	"context"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/verification/evidence"
)

// restInterval is how old a report gets in which nothing changes.
const restInterval = 3 * time.Minute

// confirmAfter is how long after a change a report is written in any case. By then a controller has had the time to
// load a configuration, and one that did not is known as soon as a report says so.
const confirmAfter = evidence.LoadGrace + 10*time.Second

// A change is written at once, unless there were so many that something changes with each request. A change of the path
// is somebody's doing, so what is seen of a new path is not held back.
const (
	writesAtOnce  = 20
	writeInterval = 15 * time.Second
	writesOfPath  = 5
)

// writeState is what was written.
type writeState struct {
	at           time.Time
	significance string
	failed       bool
}

// publish writes the report if it is worth it. It reports whether to try again soon, because that failed or is held back.
func (m *measurer) publish(ctx context.Context, p plan) (again bool) {
	now := time.Now()
	status := statusOf(p, m.record, m.control)
	status.PublicKey = m.key
	m.explain(status.Sights)
	worth := significance(status)
	used := slices.ContainsFunc(m.challenges, func(c v1alpha1.Challenge) bool { return m.witness.wasUsed(c.Nonce) })
	if !m.written.failed && now.Sub(m.written.at) < restInterval && !m.confirms(now) {
		if !used && worth == m.written.significance {
			return false
		}
		if !m.mayWrite(now) {
			return true
		}
	}
	if p.problem != v1alpha1.ReportWitnessMissing {
		m.renew(ctx)
	} else {
		m.challenges = nil
	}
	status.Challenges, status.PublicKey = m.challenges, m.key
	m.written.failed = true
	if err := m.write(ctx, p.edge, status); err != nil {
		m.Log.Error("Cannot write the report", "edgeIngress", m.name, "error", err)
		return true
	}
	m.written = writeState{at: now, significance: worth}
	return false
}

// confirms reports whether the report has to say once more what runs, some time after a change.
func (m *measurer) confirms(now time.Time) bool {
	due := m.schedule.changed.Add(confirmAfter)
	return m.written.at.Before(due) && !now.Before(due)
}

func (m *measurer) mayWrite(now time.Time) bool {
	if m.free > 0 {
		m.free--
		return true
	}
	return m.writes.AllowN(now, 1)
}

// explain adds to plain sights without an answer that the witness refused a peer: then the address from which a
// controller connects to the witness is not the one that it should have.
func (m *measurer) explain(sights []v1alpha1.Sight) {
	if len(m.refused) == 0 {
		return
	}
	for i := range sights {
		if sights[i].Seen == v1alpha1.SeenUnsigned && len(sights[i].Forgeries) == 0 {
			sights[i].Detail = shortened(sights[i].Detail+"; the witness refused "+m.refused[len(m.refused)-1], maxSightDetail)
		}
	}
}

// maxPublished is how many challenges for outside vantages a report holds.
const maxPublished = 4

// renew replaces the challenges of the report that were used or are about to end.
func (m *measurer) renew(ctx context.Context) {
	issued, ok := m.clock.Now()
	if !ok {
		return
	}
	m.challenges = slices.DeleteFunc(slices.Clone(m.challenges), func(c v1alpha1.Challenge) bool {
		return m.witness.wasUsed(c.Nonce) || issued.Sub(c.Issued.Time) >= reportLifetime/2
	})
	missing := maxPublished - len(m.challenges)
	if missing == 0 {
		return
	}
	known, err := m.register(ctx, m.registration(), missing, reportLifetime)
	if err != nil {
		m.Log.Debug("Cannot register challenges", "edgeIngress", m.name, "error", err)
		return
	}
	m.take(known)
	for _, nonce := range known.nonces {
		m.challenges = append(m.challenges, v1alpha1.Challenge{Nonce: nonce, Issued: metav1.NewTime(issued)})
	}
}
