// Package witness is the application behind the controllers that says which address of a client it sees. It
// answers only requests with a fresh challenge that come from a controller, each once, and signs its answers with a
// key that never leaves it. To everybody else it looks like a host name that nobody has. It keeps no address but
// those of refused peers, of which it tells their prober, and logs none.
package witness

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/verification/answer"
)

const (
	// answersPerSecond and answersAtOnce limit what the witness signs for one sender. A full round of two probers at a hundred
	// edge nodes asks about 4,000 times.
	answersPerSecond = 500
	answersAtOnce    = 8000
	// maxIgnored is how much of a stranger's request the witness reads, in bytes. A controller that cannot get rid
	// of it would answer with an error of its own.
	maxIgnored = 2 << 20
	// maxRegistration is the size of a registration in bytes, at most.
	maxRegistration = 1 << 18
)

// Witness is one witness with its key.
type Witness struct {
	key    ed25519.PrivateKey
	public string
	now    func() time.Time
	book   *book
}

// New returns a witness with a new key. now is the clock; only what passes on it counts.
func New(now func() time.Time) (*Witness, error) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, fmt.Errorf("making the witness's key: %w", err)
	}
	return &Witness{
		key: private, public: answer.EncodeKey(public), now: now, book: newBook(),
	}, nil
}

// Answer is the handler of requests that controllers pass on.
func (w *Witness) Answer(response http.ResponseWriter, request *http.Request) {
	peer := peerOf(request)
	body, err := w.answer(peer, request)
	if err != nil {
		_, _ = io.Copy(io.Discard, io.LimitReader(request.Body, maxIgnored))
		w.beStrange(response, peer)
		return
	}
	header := response.Header()
	header.Set("Cache-Control", "no-store, no-transform")
	header.Set("Content-Type", "text/plain; charset=utf-8")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	write(response, http.StatusOK, body)
}

var errStranger = errors.New("no answer for a stranger")

// answer is the signed answer, or an error for a request that must not get one.
func (w *Witness) answer(peer netip.Addr, request *http.Request) ([]byte, error) {
	token, reserved := answer.ParseToken(request.RequestURI)
	now := w.now()
	if !reserved || request.Method != http.MethodGet || !w.book.take(token, peer, now) {
		return nil, errStranger
	}
	all := func(header string) string { return strings.Join(request.Header.Values(header), ", ") }
	return answer.Sign(answer.Answer{
		Token: token.String(), Peer: peer.String(),
		RealIP: all("X-Real-IP"), ForwardedFor: all("X-Forwarded-For"),
		Config: all(answer.ConfigHeader), Pod: all(answer.PodHeader), Asked: all(answer.AskedHeader),
		Peers: all(answer.PeersHeader),
	}, w.key)
}

// beStrange answers as the controller does for a host name that nobody has.
func (w *Witness) beStrange(response http.ResponseWriter, peer netip.Addr) {
	page, header := w.book.stranger(peer), response.Header()
	if page.ContentType != "" {
		header.Set("Content-Type", page.ContentType)
	}
	header.Set("Content-Length", strconv.Itoa(len(page.Body)))
	write(response, page.Status, page.Body)
}

// Direct is the handler of the port that controllers do not know: for challenges, and for the kubelet.
func (w *Witness) Direct() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(response http.ResponseWriter, _ *http.Request) { write(response, http.StatusOK, []byte("ok\n")) })
	mux.HandleFunc("POST "+answer.ChallengesPath, w.register)
	return mux
}

func (w *Witness) register(response http.ResponseWriter, request *http.Request) {
	sender, now := peerOf(request), w.now()
	if !w.book.admit(sender, now) {
		write(response, http.StatusTooManyRequests, []byte("too many registrations\n"))
		return
	}
	var sent answer.Registration
	if err := json.NewDecoder(http.MaxBytesReader(response, request.Body, maxRegistration)).Decode(&sent); err != nil {
		write(response, http.StatusBadRequest, []byte("reading a registration: it is not JSON of at most 256 KiB\n"))
		return
	}
	valid, err := read(sent)
	if err != nil {
		write(response, http.StatusBadRequest, []byte(err.Error()+"\n"))
		return
	}
	registered, err := w.book.register(sender, valid, now)
	if err != nil {
		write(response, http.StatusServiceUnavailable, []byte(err.Error()+"\n"))
		return
	}
	registered.PublicKey = w.public
	body, err := json.Marshal(registered)
	if err != nil {
		write(response, http.StatusInternalServerError, nil)
		return
	}
	response.Header().Set("Content-Type", "application/json")
	write(response, http.StatusOK, body)
}

// write sends an answer. Whether it arrives is the client's business.
func write(response http.ResponseWriter, status int, body []byte) {
	response.WriteHeader(status)
	_, _ = response.Write(body) //nolint:gosec // Answers are text that browsers do not run, and pages are harmless.
}

// peerOf is the address of the connection's other end.
func peerOf(request *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(request.RemoteAddr)
	if err != nil {
		return netip.Addr{} // No controller has it.
	}
	return plain(peer.Addr())
}
