package witness

import (
	"cmp"
	"net/netip"
	"time"

	"golang.org/x/time/rate"
)

// Everybody in the cluster can reach the port for challenges. So what the witness keeps has a bound in bytes, and
// where that is reached, the sender that takes most makes room. A prober at hundreds of edge nodes takes less than
// 100 KiB, so many pods together cannot displace it, whoever came first. These are about what each thing takes.
const (
	maxWeight        = 8 << 20
	senderWeight     = 1 << 10
	proberWeight     = 512
	challengeWeight  = 320
	controllerWeight = 24
)

// maxLimits is how many senders have a limit of registrations of their own. Others share one.
const maxLimits = 4096

// sender is an address from which probers register.
type sender struct {
	address netip.Addr
	// last is when it registered last.
	last       time.Time
	probers    map[string]*prober
	challenges int
	// answers limits what the witness signs for its challenges.
	answers *rate.Limiter
}

func newSender(address netip.Addr) *sender {
	return &sender{address: address, probers: map[string]*prober{}, answers: rate.NewLimiter(answersPerSecond, answersAtOnce)}
}

// weight is how many bytes the sender takes, about.
func (s *sender) weight() int {
	weight := senderWeight + s.challenges*challengeWeight
	for _, p := range s.probers {
		weight += p.weight()
	}
	return weight
}

func (p *prober) weight() int {
	return proberWeight + len(p.controllers)*controllerWeight + len(p.stranger.Body)
}

func (b *book) weight() int {
	weight := 0
	for _, s := range b.senders {
		weight += s.weight()
	}
	return weight
}

// makeRoom makes room for so many bytes more of this sender, at the expense of those that take most. It returns
// false if that is the sender itself.
func (b *book) makeRoom(from netip.Addr, more int) bool {
	total, own := b.weight()+more, more
	if s := b.senders[from]; s != nil {
		own += s.weight()
	}
	for total > maxWeight {
		var heaviest *sender
		for _, s := range b.senders {
			if s.address != from && (heaviest == nil || heavier(s, heaviest)) {
				heaviest = s
			}
		}
		if heaviest == nil || heaviest.weight() < own {
			return false
		}
		total -= heaviest.weight()
		b.drop(heaviest)
	}
	return true
}

// heavier reports whether a takes more than b, or as much and came earlier.
func heavier(a, b *sender) bool {
	return cmp.Or(cmp.Compare(a.weight(), b.weight()), b.last.Compare(a.last)) > 0
}

func (b *book) drop(s *sender) {
	for nonce, c := range b.challenges {
		if c.owner.sender == s {
			delete(b.challenges, nonce)
		}
	}
	for value := range s.probers {
		delete(b.probers, value)
	}
	delete(b.senders, s.address)
}

// admit reports whether the sender may register now.
func (b *book) admit(from netip.Addr, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	limit := b.limits[from]
	if limit == nil && len(b.limits) >= maxLimits {
		b.forgetLimits(now)
	}
	switch {
	case limit == nil && len(b.limits) < maxLimits:
		limit = newLimit()
		b.limits[from] = limit
	case limit == nil:
		limit = b.unknown
	}
	return limit.AllowN(now, 1)
}

// forgetLimits drops the limits of senders that have not registered for a while: new ones would be the same.
func (b *book) forgetLimits(now time.Time) {
	for from, limit := range b.limits {
		if limit.TokensAt(now) >= registrationsAtOnce {
			delete(b.limits, from)
		}
	}
}

func newLimit() *rate.Limiter { return rate.NewLimiter(registrationsPerSecond, registrationsAtOnce) }
