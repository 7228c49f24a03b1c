package prober

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/verification/answer"
)

// The lifetimes of challenges. Those of a round are used at once, those of a report within its next few minutes.
const (
	roundLifetime  = 30 * time.Second
	reportLifetime = 5 * time.Minute
)

const (
	// registerTimeout limits one registration.
	registerTimeout = 3 * time.Second
	maxRegistered   = 1 << 18
)

// errNoWitness is returned where no pod of the witness is ready.
var errNoWitness = errors.New("no pod of the witness is ready")

// registration is what all registrations of this prober have in common.
type registration struct {
	// witnesses are the addresses of the witness's pods.
	witnesses []netip.Addr
	// controllers are the peers that the witness may answer.
	controllers []string
}

// witness registers challenges. It is safe for concurrent use.
type witness struct {
	// secret distinguishes this prober's challenges from everybody else's. Only the witness knows it.
	secret string
	client *http.Client

	mu       sync.Mutex
	stranger answer.Page
	learned  time.Time
	used     map[string]bool
}

// registered is the result of a registration.
type registered struct {
	key     ed25519.PublicKey
	nonces  []string
	refused []string
}

func newWitness(dial func(ctx context.Context, network, address string) (net.Conn, error)) *witness {
	return &witness{secret: rand.Text(), client: &http.Client{
		Timeout: registerTimeout,
		// Nobody may redirect the prober, or choose a proxy for it.
		Transport:     &http.Transport{DisableKeepAlives: true, DialContext: dial},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// register makes so many challenges and registers them with the witness, which answers with its key.
func (w *witness) register(ctx context.Context, r registration, count int, lifetime time.Duration) (registered, error) {
	if len(r.witnesses) == 0 {
		return registered{}, errNoWitness
	}
	nonces := make([]string, count)
	for i := range nonces {
		nonces[i] = rand.Text()
	}
	w.mu.Lock()
	stranger := w.stranger
	w.mu.Unlock()
	answered, err := w.post(ctx, r.witnesses[0], answer.Registration{
		Prober: w.secret, Nonces: nonces, LifetimeSeconds: int(lifetime / time.Second), Controllers: r.controllers, Stranger: stranger,
	})
	if err != nil {
		return registered{}, err
	}
	key, err := answer.DecodeKey(answered.PublicKey)
	if err != nil {
		return registered{}, fmt.Errorf("registering challenges with the witness: %w", err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.used = map[string]bool{}
	for _, nonce := range answered.Used {
		w.used[nonce] = true
	}
	return registered{key: key, nonces: nonces, refused: slices.Clone(answered.RefusedPeers)}, nil
}

// wasUsed reports whether the witness answered a request with this challenge, as of the last registration.
func (w *witness) wasUsed(nonce string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.used[nonce]
}

// show makes the witness answer strangers with this page, from the next registration on.
func (w *witness) show(page answer.Page) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stranger = page
}

func (w *witness) post(ctx context.Context, to netip.Addr, r answer.Registration) (answer.Registered, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return answer.Registered{}, fmt.Errorf("encoding a registration: %w", err)
	}
	url := "http://" + netip.AddrPortFrom(to, answer.DirectPort).String() + answer.ChallengesPath
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return answer.Registered{}, fmt.Errorf("registering challenges with the witness: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := w.client.Do(request)
	if err != nil {
		return answer.Registered{}, fmt.Errorf("registering challenges with the witness: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return answer.Registered{}, fmt.Errorf("registering challenges with the witness: it answers %s", response.Status)
	}
	var answered answer.Registered
	if err := json.NewDecoder(io.LimitReader(response.Body, maxRegistered)).Decode(&answered); err != nil {
		return answer.Registered{}, fmt.Errorf("registering challenges with the witness: reading its answer: %w", err)
	}
	return answered, nil
}

// claimStranger reports whether the page for strangers is to be learned again. Then nobody else has to.
func (w *witness) claimStranger(now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.learned.IsZero() && now.Sub(w.learned) < fullInterval {
		return false
	}
	w.learned = now
	return true
}
