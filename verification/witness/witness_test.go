package witness

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/verification/answer"
)

const (
	proberAddress = "10.0.0.13:40000"
	controller    = "10.244.1.2"
	nonce         = "0123456789abcdef"
	ownValue      = "the-value-of-the-prober"
)

var nobodysPage = answer.Page{Status: 404, ContentType: "text/html", Body: []byte("<html>\r\n<body><h1>404 Not Found</h1></body>\r\n</html>\r\n")}

// stage is a witness with a clock that the test turns.
type stage struct {
	t *testing.T
	*Witness
	now time.Time
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{t: t, now: time.Now()}
	w, err := New(func() time.Time { return s.now })
	if err != nil {
		t.Fatal(err)
	}
	s.Witness = w
	return s
}

func ofProber(change ...func(*answer.Registration)) answer.Registration {
	r := answer.Registration{
		Prober: ownValue, Nonces: []string{nonce}, LifetimeSeconds: 300,
		Controllers: []string{controller, "2001:db8::2"}, Stranger: nobodysPage,
	}
	for _, c := range change {
		c(&r)
	}
	return r
}

// post sends a body to the port for challenges.
func (s *stage) post(sender, body string) *httptest.ResponseRecorder {
	request := httptest.NewRequestWithContext(s.t.Context(), http.MethodPost, answer.ChallengesPath, strings.NewReader(body))
	request.RemoteAddr = sender
	recorder := httptest.NewRecorder()
	s.Direct().ServeHTTP(recorder, request)
	return recorder
}

// register sends a registration and returns what the witness says, or its status if that is not 200.
func (s *stage) register(sender string, r answer.Registration) (registered answer.Registered, status int) {
	s.t.Helper()
	body, err := json.Marshal(r)
	if err != nil {
		s.t.Fatal(err)
	}
	recorder := s.post(sender, string(body))
	if recorder.Code == http.StatusOK {
		if err := json.Unmarshal(recorder.Body.Bytes(), &registered); err != nil {
			s.t.Fatal(err)
		}
	}
	return registered, recorder.Code
}

func (s *stage) mustRegister(sender string, r answer.Registration) answer.Registered {
	s.t.Helper()
	registered, status := s.register(sender, r)
	if status != http.StatusOK {
		s.t.Fatalf("registering gives status %d", status)
	}
	return registered
}

// ask is a request as a controller passes it on.
type ask struct {
	method, target, peer string
	header               http.Header
}

func (s *stage) ask(a ask) *httptest.ResponseRecorder {
	if a.method == "" {
		a.method = http.MethodGet
	}
	if a.peer == "" {
		a.peer = controller + ":51000"
	}
	request := httptest.NewRequestWithContext(s.t.Context(), a.method, a.target, nil)
	request.RemoteAddr = a.peer
	for key, values := range a.header {
		request.Header[key] = values
	}
	recorder := httptest.NewRecorder()
	s.Answer(recorder, request)
	return recorder
}

// opened is the answer, or false for anything that the witness did not sign for this token.
func (s *stage) opened(recorder *httptest.ResponseRecorder, token answer.Token) (answer.Answer, bool) {
	s.t.Helper()
	key, err := answer.DecodeKey(s.public)
	if err != nil {
		s.t.Fatal(err)
	}
	a, err := answer.Open(recorder.Body.Bytes(), key, token)
	return a, err == nil
}

func mustLookLike(t *testing.T, recorder *httptest.ResponseRecorder, page answer.Page) {
	t.Helper()
	want := http.Header{"Content-Length": {fmt.Sprint(len(page.Body))}}
	if page.ContentType != "" {
		want["Content-Type"] = []string{page.ContentType}
	}
	got := recorder.Result()
	for key, values := range got.Header {
		if len(values) > 0 && !slices.Equal(values, want[key]) {
			t.Errorf("header %s is %q, want %q", key, values, want[key])
		}
	}
	if got.StatusCode != page.Status || recorder.Body.String() != string(page.Body) || got.Header.Get("Content-Type") != page.ContentType {
		t.Errorf("got status %d, %q and %q, want it to look like %d, %q and %q",
			got.StatusCode, got.Header.Get("Content-Type"), recorder.Body, page.Status, page.ContentType, page.Body)
	}
}

func TestTheWitnessSaysWhatItSees(t *testing.T) {
	full := answer.Answer{RealIP: "203.0.113.9", ForwardedFor: "203.0.113.9", Config: "c0ffee", Pod: "web-1", Asked: "https://www.example.com", Peers: "10.9.0.5 198.51.100.9"}
	header := http.Header{
		"X-Real-Ip": {full.RealIP}, "X-Forwarded-For": {full.ForwardedFor},
		http.CanonicalHeaderKey(answer.ConfigHeader): {full.Config}, http.CanonicalHeaderKey(answer.PodHeader): {full.Pod},
		http.CanonicalHeaderKey(answer.AskedHeader): {full.Asked}, http.CanonicalHeaderKey(answer.PeersHeader): {full.Peers},
	}
	for name, row := range map[string]struct {
		peer, wantPeer string
		change         func(http.Header)
		want           func(*answer.Answer)
	}{
		"a controller with an IPv4 address":       {peer: controller + ":1"},
		"an IPv4 address that is mapped to IPv6":  {peer: "[::ffff:" + controller + "]:1"},
		"a controller with an IPv6 address":       {peer: "[2001:db8::2]:1", wantPeer: "2001:db8::2"},
		"an IPv6 address with a zone":             {peer: "[2001:db8::2%eth0]:1", wantPeer: "2001:db8::2"},
		"two X-Real-IP headers are both reported": {peer: controller + ":1", change: func(h http.Header) { h["X-Real-Ip"] = []string{"203.0.113.9", "192.0.2.1"} }, want: func(a *answer.Answer) { a.RealIP = "203.0.113.9, 192.0.2.1" }},
		"two X-Forwarded-For headers are both reported": {peer: controller + ":1", change: func(h http.Header) { h["X-Forwarded-For"] = []string{"192.0.2.1", "203.0.113.9"} },
			want: func(a *answer.Answer) { a.ForwardedFor = "192.0.2.1, 203.0.113.9" }},
		"a Host of the client's choice": {peer: controller + ":1", change: func(h http.Header) {
			h["X-Forwarded-Host"], h["X-Forwarded-Proto"] = []string{"b.example.com"}, []string{"http"}
		}},
		"no header at all": {peer: controller + ":1", change: func(h http.Header) { clear(h) }, want: func(a *answer.Answer) { *a = answer.Answer{} }},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			s.mustRegister(proberAddress, ofProber())
			sent, want, token := header.Clone(), full, answer.Token{Nonce: nonce, Index: 255}
			if row.change != nil {
				row.change(sent)
			}
			if row.want != nil {
				row.want(&want)
			}
			want.Token, want.Peer = token.String(), controller
			if row.wantPeer != "" {
				want.Peer = row.wantPeer
			}
			recorder := s.ask(ask{target: answer.Path + token.String(), peer: row.peer, header: sent})
			if got, signed := s.opened(recorder, token); !signed || got != want {
				t.Errorf("got %+v (signed: %v), want %+v", got, signed, want)
			}
			if cache := recorder.Header().Get("Cache-Control"); !strings.Contains(cache, "no-store") || !strings.Contains(cache, "no-transform") {
				t.Errorf("Cache-Control is %q: a proxy may keep or change the answer", cache)
			}
		})
	}
}

func TestStrangersSeeAHostNameThatNobodyHas(t *testing.T) {
	fresh := answer.Path + nonce + ".0"
	for name, row := range map[string]struct {
		ask    ask
		before func(*stage)
		after  time.Duration
	}{
		"no token":                     {ask: ask{target: answer.Path}},
		"another path":                 {ask: ask{target: "/"}},
		"another path with a token":    {ask: ask{target: "/" + nonce + ".0"}},
		"a path above the token":       {ask: ask{target: fresh + "/"}},
		"an encoded token":             {ask: ask{target: answer.Path + nonce + "%2e0"}},
		"an unknown nonce":             {ask: ask{target: answer.Path + "fedcba9876543210.0"}},
		"an index beyond the last":     {ask: ask{target: answer.Path + nonce + ".256"}},
		"a negative index":             {ask: ask{target: answer.Path + nonce + ".-1"}},
		"an index with a zero":         {ask: ask{target: answer.Path + nonce + ".00"}},
		"no index":                     {ask: ask{target: answer.Path + nonce}},
		"a query":                      {ask: ask{target: fresh + "?a=b"}},
		"an empty query":               {ask: ask{target: fresh + "?"}},
		"HEAD":                         {ask: ask{target: fresh, method: http.MethodHead}},
		"POST":                         {ask: ask{target: fresh, method: http.MethodPost}},
		"OPTIONS":                      {ask: ask{target: fresh, method: http.MethodOptions}},
		"a peer that is no controller": {ask: ask{target: fresh, peer: "10.244.1.3:1"}},
		"the prober itself":            {ask: ask{target: fresh, peer: proberAddress}},
		"a peer without an address":    {ask: ask{target: fresh, peer: "@"}},
		"a challenge that has ended":   {ask: ask{target: fresh}, after: 300 * time.Second},
		"a token that was used": {ask: ask{target: fresh}, before: func(s *stage) {
			if _, signed := s.opened(s.ask(ask{target: fresh}), answer.Token{Nonce: nonce}); !signed {
				s.t.Fatal("the first request got no answer")
			}
		}},
		"a token that was used before it was registered again": {ask: ask{target: fresh}, before: func(s *stage) {
			s.ask(ask{target: fresh})
			s.mustRegister(proberAddress, ofProber())
		}},
		"a controller that another prober named": {ask: ask{target: fresh, peer: "10.244.7.7:1"}, before: func(s *stage) {
			s.mustRegister("10.244.7.7:1", ofProber(func(r *answer.Registration) { r.Prober, r.Controllers = "somebody-else-here", []string{"10.244.7.7"} }))
		}},
		"a controller that another prober at the same address named": {ask: ask{target: fresh, peer: "10.244.7.7:1"}, before: func(s *stage) {
			s.mustRegister(proberAddress, ofProber(func(r *answer.Registration) { r.Prober, r.Controllers = "somebody-else-here", []string{"10.244.7.7"} }))
		}},
		"a controller that the prober no longer names": {ask: ask{target: fresh}, before: func(s *stage) {
			s.mustRegister(proberAddress, ofProber(func(r *answer.Registration) { r.Nonces, r.Controllers = nil, []string{"10.244.1.9"} }))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			s.mustRegister(proberAddress, ofProber())
			if row.before != nil {
				row.before(s)
			}
			s.now = s.now.Add(row.after)
			mustLookLike(t, s.ask(row.ask), nobodysPage)
		})
	}
}

func TestBeforeAnyRegistrationTheWitnessAnswersABare404(t *testing.T) {
	mustLookLike(t, newStage(t).ask(ask{target: answer.Path + nonce + ".0"}), answer.Page{Status: 404})
}

func TestEachIndexOfAChallengeIsAnsweredOnce(t *testing.T) {
	s := newStage(t)
	s.mustRegister(proberAddress, ofProber())
	for round, want := range []bool{true, false} {
		for index := range answer.PerChallenge {
			token := answer.Token{Nonce: nonce, Index: index}
			if _, signed := s.opened(s.ask(ask{target: answer.Path + token.String()}), token); signed != want {
				t.Fatalf("round %d: %s is answered: %v, want %v", round, token, signed, want)
			}
		}
	}
}

func TestWhoMustNotHaveAnAnswerUsesNothingUp(t *testing.T) {
	s, token := newStage(t), answer.Token{Nonce: nonce}
	s.mustRegister(proberAddress, ofProber())
	s.ask(ask{target: answer.Path + token.String(), method: http.MethodHead})
	s.ask(ask{target: answer.Path + token.String(), peer: "10.244.7.7:1"})
	if _, signed := s.opened(s.ask(ask{target: answer.Path + token.String()}), token); !signed {
		t.Error("a request of a stranger used up the token of a controller")
	}
}

func TestAnotherRegistrationOfAChallengeDoesNotProlongIt(t *testing.T) {
	s := newStage(t)
	s.mustRegister(proberAddress, ofProber())
	s.now = s.now.Add(299 * time.Second)
	s.mustRegister(proberAddress, ofProber())
	s.now = s.now.Add(time.Second)
	mustLookLike(t, s.ask(ask{target: answer.Path + nonce + ".0"}), nobodysPage)
}

func TestAControllerThatIsNewIsAnsweredForOldChallenges(t *testing.T) {
	s, token := newStage(t), answer.Token{Nonce: nonce}
	s.mustRegister(proberAddress, ofProber())
	s.mustRegister(proberAddress, ofProber(func(r *answer.Registration) { r.Nonces, r.Controllers = nil, []string{"10.244.1.9"} }))
	if _, signed := s.opened(s.ask(ask{target: answer.Path + token.String(), peer: "10.244.1.9:1"}), token); !signed {
		t.Error("the controller that replaced another gets no answer until new challenges are made")
	}
}

// upload is a body that counts what is read of it.
type upload struct{ read int }

func (u *upload) Read(into []byte) (int, error) {
	u.read += len(into)
	return len(into), nil
}

func TestTheBodyOfAStrangerIsReadAndNotWithoutEnd(t *testing.T) {
	s, body := newStage(t), &upload{}
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", body)
	s.Answer(httptest.NewRecorder(), request)
	if body.read < 1<<20 || body.read > 4<<20 {
		t.Errorf("the witness read %d bytes", body.read)
	}
}
