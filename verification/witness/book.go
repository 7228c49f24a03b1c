package witness

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/edge-ingress/edge-ingress-operator/verification/answer"
)

// What one sender can register.
const (
	maxProbers     = 8
	maxChallenges  = 4096
	maxControllers = 4096
	maxLifetime    = 10 * time.Minute
	// keptPeers is how many refused peers are kept.
	keptPeers = 8
	// registrationsPerSecond and registrationsAtOnce limit the registrations of one sender.
	registrationsPerSecond = 20
	registrationsAtOnce    = 200
)

// errFull is returned for a registration that the witness has no room for.
var errFull = errors.New("registering challenges: there is no room, because earlier ones are still good")

// book keeps challenges until they end. Times are compared by the monotonic clock that [time.Now] includes.
type book struct {
	mu sync.Mutex
	// limits are those of registrations, and unknown is the one of all senders that have none there.
	limits     map[netip.Addr]*rate.Limiter
	unknown    *rate.Limiter
	senders    map[netip.Addr]*sender
	probers    map[string]*prober
	challenges map[string]*challenge
	// registered counts registrations, and so tells which prober came first.
	registered int
}

// prober is whoever registers challenges under one value of Registration.Prober.
type prober struct {
	sender      *sender
	since       int
	ends        time.Time
	controllers []netip.Addr // sorted
	stranger    answer.Page
	refused     []netip.Addr
}

type challenge struct {
	owner *prober
	ends  time.Time
	used  [answer.PerChallenge / 64]uint64
}

func (c *challenge) wasUsed(index int) bool { return c.used[index/64]&(1<<(index%64)) != 0 }

func newBook() *book {
	return &book{
		limits: map[netip.Addr]*rate.Limiter{}, unknown: newLimit(), senders: map[netip.Addr]*sender{},
		probers: map[string]*prober{}, challenges: map[string]*challenge{},
	}
}

// register takes a registration that [read] found valid, from this address.
func (b *book) register(from netip.Addr, r registration, now time.Time) (answer.Registered, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.forget(now)
	if p := b.probers[r.prober]; p != nil {
		from = p.sender.address
	}
	added := slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(r.nonces))), func(nonce string) bool { return b.challenges[nonce] != nil })
	if !b.room(from, r, len(added)) {
		return answer.Registered{}, errFull
	}
	s := b.senders[from]
	if s == nil {
		s = newSender(from)
		b.senders[from] = s
	}
	p := s.probers[r.prober]
	if p == nil {
		b.registered++
		p = &prober{sender: s, since: b.registered}
		b.probers[r.prober], s.probers[r.prober] = p, p
	}
	s.last, p.controllers, p.stranger = now, r.controllers, r.stranger
	if ends := now.Add(r.lifetime); ends.After(p.ends) {
		p.ends = ends
	}
	for _, nonce := range added {
		b.challenges[nonce] = &challenge{owner: p, ends: now.Add(r.lifetime)}
	}
	s.challenges += len(added)
	return b.news(p), nil
}

// forget drops what has ended. Challenges end no later than their prober.
func (b *book) forget(now time.Time) {
	for nonce, c := range b.challenges {
		if !now.Before(c.ends) {
			delete(b.challenges, nonce)
			c.owner.sender.challenges--
		}
	}
	for value, p := range b.probers {
		if now.Before(p.ends) {
			continue
		}
		delete(b.probers, value)
		delete(p.sender.probers, value)
		if len(p.sender.probers) == 0 {
			delete(b.senders, p.sender.address)
		}
	}
}

// room reports whether the sender may register so many challenges more, and makes room for them.
func (b *book) room(from netip.Addr, r registration, added int) bool {
	more := added*challengeWeight + (&prober{controllers: r.controllers, stranger: r.stranger}).weight()
	if s := b.senders[from]; s != nil {
		known := s.probers[r.prober]
		if known != nil {
			more -= known.weight()
		} else if len(s.probers) >= maxProbers {
			return false
		}
		added += s.challenges
	} else {
		more += senderWeight
	}
	return added <= maxChallenges && b.makeRoom(from, more)
}

// news are what this prober's challenges met.
func (b *book) news(p *prober) answer.Registered {
	var news answer.Registered
	for nonce, c := range b.challenges {
		if c.owner == p && c.used != [answer.PerChallenge / 64]uint64{} {
			news.Used = append(news.Used, nonce)
		}
	}
	slices.Sort(news.Used)
	for _, peer := range p.refused {
		news.RefusedPeers = append(news.RefusedPeers, peer.String())
	}
	return news
}

// take reports whether the witness has to answer a request with this token from this peer, and uses the token up.
func (b *book) take(token answer.Token, peer netip.Addr, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.challenges[token.Nonce]
	if c == nil || !now.Before(c.ends) || c.wasUsed(token.Index) {
		return false
	}
	if !c.owner.knows(peer) {
		c.owner.refuse(peer)
		return false
	}
	c.used[token.Index/64] |= 1 << (token.Index % 64)
	return c.owner.sender.answers.AllowN(now, 1)
}

func (p *prober) knows(peer netip.Addr) bool {
	_, found := slices.BinarySearchFunc(p.controllers, peer, netip.Addr.Compare)
	return found
}

func (p *prober) refuse(peer netip.Addr) {
	if slices.Contains(p.refused, peer) {
		return
	}
	p.refused = append(p.refused, peer)
	p.refused = p.refused[max(0, len(p.refused)-keptPeers):]
}

// stranger is the page for this peer: of the prober that came first among those that know it, or else of the one
// that came first. So nobody can replace the page of a prober that is there.
func (b *book) stranger(peer netip.Addr) answer.Page {
	b.mu.Lock()
	defer b.mu.Unlock()
	var first *prober
	for _, p := range b.probers {
		if first == nil || p.knows(peer) && !first.knows(peer) || p.knows(peer) == first.knows(peer) && p.since < first.since {
			first = p
		}
	}
	if first == nil {
		return bare
	}
	return first.stranger
}

// registration is an [answer.Registration] that was found valid.
type registration struct {
	prober      string
	nonces      []string
	lifetime    time.Duration
	controllers []netip.Addr
	stranger    answer.Page
}

// read returns the registration, or an error that says what is wrong with it.
func read(r answer.Registration) (registration, error) {
	valid := registration{prober: r.Prober, nonces: r.Nonces, lifetime: time.Duration(r.LifetimeSeconds) * time.Second, stranger: harmless(r.Stranger)}
	if !random.MatchString(r.Prober) {
		return registration{}, errors.New("reading a registration: prober is not 16 to 64 letters, digits, hyphens and underscores")
	}
	if r.LifetimeSeconds <= 0 || r.LifetimeSeconds > int(maxLifetime/time.Second) {
		return registration{}, fmt.Errorf("reading a registration: lifetimeSeconds is %d and has to be from 1 to %d", r.LifetimeSeconds, int(maxLifetime/time.Second))
	}
	if len(r.Nonces) > maxChallenges || len(r.Controllers) > maxControllers {
		return registration{}, fmt.Errorf("reading a registration: it has %d nonces and %d controllers, and at most %d and %d are allowed",
			len(r.Nonces), len(r.Controllers), maxChallenges, maxControllers)
	}
	for i, nonce := range r.Nonces {
		if !random.MatchString(nonce) {
			return registration{}, fmt.Errorf("reading a registration: nonce %d is not 16 to 64 letters, digits, hyphens and underscores", i)
		}
	}
	for i, text := range r.Controllers {
		address, err := netip.ParseAddr(text)
		if err != nil {
			return registration{}, fmt.Errorf("reading a registration: controller %d is not an IP address", i)
		}
		valid.controllers = append(valid.controllers, plain(address))
	}
	slices.SortFunc(valid.controllers, netip.Addr.Compare)
	return valid, nil
}

// plain is the address without a zone, and as IPv4 where it is an IPv4 address mapped to IPv6.
func plain(address netip.Addr) netip.Addr { return address.Unmap().WithZone("") }
