package look

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"math/rand/v2"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/verification/answer"
)

const (
	// usable is how long after it was made a challenge is still used. The witness answers it for five
	// minutes; the rest is for the requests themselves.
	usable = 4 * time.Minute
	// ahead is how far in the future a challenge may have been made.
	ahead = 2 * time.Minute
	// between is the time between two reads while waiting.
	between = 2 * time.Second
)

// Permit is one request's permission to be answered, with the key that signs the answer.
type Permit struct {
	Token  answer.Token
	Key    ed25519.PublicKey
	Issued metav1.Time
	// Inside is the report that published the challenge.
	Inside *v1alpha1.SourceIPReport
}

// Newest is the inside report with the newest challenge that is still good at this time. Reports about an older
// generation of the EdgeIngress do not count: they may describe another path. Where there is none, why says what is
// missing.
func Newest(reports []v1alpha1.SourceIPReport, generation int64, now time.Time, spent func(nonce string) bool) (newest *v1alpha1.SourceIPReport, why string) {
	var latest time.Time
	why = "no prober has written a report"
	for i := range reports {
		r := &reports[i]
		if r.Spec.Vantage != v1alpha1.VantageInside {
			continue
		}
		if newest == nil {
			why = missing(r, generation)
		}
		if _, err := answer.DecodeKey(r.Status.PublicKey); err != nil || outdated(r, generation) {
			continue
		}
		for _, challenge := range good(r, now, spent) {
			if challenge.Issued.After(latest) {
				newest, latest, why = r, challenge.Issued.Time, ""
			}
		}
	}
	return newest, why
}

// outdated reports whether a prober measured with an older spec. One that does not say, because it is older than this
// program, counts.
func outdated(r *v1alpha1.SourceIPReport, generation int64) bool {
	return r.Status.ObservedGeneration != 0 && r.Status.ObservedGeneration < generation
}

// missing says why a report has nothing to offer.
func missing(r *v1alpha1.SourceIPReport, generation int64) string {
	switch {
	case outdated(r, generation):
		return "the prober on " + r.Spec.Node + " has not seen the newest spec yet"
	case r.Status.Problem == v1alpha1.ReportWitnessMissing:
		return "the prober on " + r.Spec.Node + " finds no witness"
	case r.Status.Problem != "" && len(r.Status.Challenges) == 0:
		return fmt.Sprintf("the prober on %s cannot measure (%s)", r.Spec.Node, r.Status.Problem)
	case r.Status.PublicKey == "":
		return "the prober on " + r.Spec.Node + " has not reached the witness yet"
	default:
		return "the prober on " + r.Spec.Node + " has published no fresh challenge"
	}
}

// good are the challenges of a report that may still be used.
func good(r *v1alpha1.SourceIPReport, now time.Time, spent func(string) bool) (challenges []v1alpha1.Challenge) {
	for _, challenge := range r.Status.Challenges {
		age := now.Sub(challenge.Issued.Time)
		if age < usable && age > -ahead && !spent(challenge.Nonce) {
			challenges = append(challenges, challenge)
		}
	}
	return challenges
}

// permits hands out permits, and waits for fresh challenges where it has none.
type permits struct {
	// generation is that of the EdgeIngress.
	generation int64

	reports  func(context.Context) ([]v1alpha1.SourceIPReport, error)
	now      func() time.Time
	progress func(string)

	stock []Permit
	spent map[string]bool
}

// NoChallengeError says that no fresh challenge was published in time.
type NoChallengeError struct{ Why string }

func (e *NoChallengeError) Error() string { return "no fresh challenge: " + e.Why }

// next returns a permit that was not handed out before.
func (p *permits) next(ctx context.Context) (Permit, error) {
	for waited := 0; ; waited++ {
		for len(p.stock) > 0 {
			permit := p.stock[len(p.stock)-1]
			p.stock = p.stock[:len(p.stock)-1]
			if ctx.Err() != nil {
				return Permit{}, ErrTimeOver
			}
			if p.now().Sub(permit.Issued.Time) < usable {
				return permit, nil
			}
		}
		reports, err := p.reports(ctx)
		if err != nil && ctx.Err() == nil {
			return Permit{}, err
		}
		why := "the API server did not answer in time"
		if err == nil {
			var newest *v1alpha1.SourceIPReport
			if newest, why = Newest(reports, p.generation, p.now(), func(nonce string) bool { return p.spent[nonce] }); newest != nil {
				p.fill(newest)
				continue
			}
		}
		if waited%5 == 0 {
			p.progress(fmt.Sprintf("Waiting for a fresh challenge: %s (%s so far).", why, time.Duration(waited)*between))
		}
		select {
		case <-ctx.Done():
			return Permit{}, &NoChallengeError{why}
		case <-time.After(between):
		}
	}
}

// fill takes one of the good challenges of a report, and leaves the others to whoever measures next: the prober replaces
// used ones, but not at once. Others may use the same one, so the requests take their indexes in a random order.
func (p *permits) fill(inside *v1alpha1.SourceIPReport) {
	key, err := answer.DecodeKey(inside.Status.PublicKey)
	challenges := good(inside, p.now(), func(nonce string) bool { return p.spent[nonce] })
	if err != nil || len(challenges) == 0 {
		return
	}
	challenge := challenges[rand.IntN(len(challenges))] //nolint:gosec // It keeps no secret.
	p.spent[challenge.Nonce] = true
	for index := range answer.PerChallenge {
		p.stock = append(p.stock, Permit{answer.Token{Nonce: challenge.Nonce, Index: index}, key, challenge.Issued, inside})
	}
	rand.Shuffle(len(p.stock), func(i, j int) { p.stock[i], p.stock[j] = p.stock[j], p.stock[i] }) //nolint:gosec // It keeps no secret.
}

// latest is when a report was last known to be written: the time of its newest challenge or sight.
func latest(r *v1alpha1.SourceIPReport) (newest time.Time) {
	for _, challenge := range r.Status.Challenges {
		if challenge.Issued.After(newest) {
			newest = challenge.Issued.Time
		}
	}
	for i := range r.Status.Sights {
		if r.Status.Sights[i].Time.After(newest) {
			newest = r.Status.Sights[i].Time.Time
		}
	}
	return newest
}
