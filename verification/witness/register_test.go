package witness

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/verification/answer"
)

func TestAProberLearnsWhatItsOwnChallengesMet(t *testing.T) {
	s := newStage(t)
	first := s.mustRegister(proberAddress, ofProber())
	if key, err := answer.DecodeKey(first.PublicKey); err != nil || len(key) == 0 || len(first.Used) > 0 || len(first.RefusedPeers) > 0 {
		t.Errorf("at first the witness says %+v", first)
	}
	s.ask(ask{target: answer.Path + nonce + ".7"})
	for i := range 20 {
		s.ask(ask{target: answer.Path + nonce + ".8", peer: fmt.Sprintf("10.244.7.%d:1", i%10)})
	}
	more := s.mustRegister(proberAddress, ofProber(func(r *answer.Registration) { r.Nonces = []string{"another-nonce-16"} }))
	if !slices.Equal(more.Used, []string{nonce}) || len(more.RefusedPeers) != keptPeers || !slices.Contains(more.RefusedPeers, "10.244.7.9") {
		t.Errorf("after requests the witness says %+v, want one used nonce and the last %d refused peers", more, keptPeers)
	}
	other := s.mustRegister("10.0.0.14:1", ofProber(func(r *answer.Registration) { r.Prober = "the-other-prober" }))
	if len(other.Used) > 0 || len(other.RefusedPeers) > 0 {
		t.Errorf("another prober learns %+v", other)
	}
	s.now = s.now.Add(300 * time.Second)
	if late := s.mustRegister(proberAddress, ofProber(func(r *answer.Registration) { r.Nonces = nil })); len(late.Used) > 0 || len(late.RefusedPeers) > 0 {
		t.Errorf("after the challenges ended the witness still says %+v", late)
	}
}

func TestRegistrationsThatAreRefused(t *testing.T) {
	valid, err := json.Marshal(ofProber())
	if err != nil {
		t.Fatal(err)
	}
	with := func(change func(*answer.Registration)) string {
		body, err := json.Marshal(ofProber(change))
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	for name, row := range map[string]struct {
		body string
		want int
	}{
		"a valid one is taken":      {string(valid), http.StatusOK},
		"nothing":                   {"", http.StatusBadRequest},
		"garbage":                   {"\x00\xff{", http.StatusBadRequest},
		"another type":              {`{"nonces":7}`, http.StatusBadRequest},
		"a list":                    {`[]`, http.StatusBadRequest},
		"an empty object":           {`{}`, http.StatusBadRequest},
		"no prober":                 {with(func(r *answer.Registration) { r.Prober = "" }), http.StatusBadRequest},
		"a short prober":            {with(func(r *answer.Registration) { r.Prober = "short" }), http.StatusBadRequest},
		"a short nonce":             {with(func(r *answer.Registration) { r.Nonces = []string{"short"} }), http.StatusBadRequest},
		"a long nonce":              {with(func(r *answer.Registration) { r.Nonces = []string{strings.Repeat("a", 65)} }), http.StatusBadRequest},
		"a nonce with a dot":        {with(func(r *answer.Registration) { r.Nonces = []string{"0123456789abcdef.1"} }), http.StatusBadRequest},
		"no lifetime":               {with(func(r *answer.Registration) { r.LifetimeSeconds = 0 }), http.StatusBadRequest},
		"a negative lifetime":       {with(func(r *answer.Registration) { r.LifetimeSeconds = -1 }), http.StatusBadRequest},
		"a lifetime of a year":      {with(func(r *answer.Registration) { r.LifetimeSeconds = 31536000 }), http.StatusBadRequest},
		"a lifetime that overflows": {with(func(r *answer.Registration) { r.LifetimeSeconds = 1 << 62 }), http.StatusBadRequest},
		"a network as a controller": {with(func(r *answer.Registration) { r.Controllers = []string{"10.0.0.0/8"} }), http.StatusBadRequest},
		"too many nonces":           {with(func(r *answer.Registration) { r.Nonces = nonces("n", maxChallenges+1) }), http.StatusBadRequest},
		"too many controllers":      {with(func(r *answer.Registration) { r.Controllers = slices.Repeat([]string{controller}, maxControllers+1) }), http.StatusBadRequest},
		"too many bytes":            {with(func(r *answer.Registration) { r.Stranger.Body = make([]byte, maxRegistration) }), http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			if got := s.post(proberAddress, row.body).Code; got != row.want {
				t.Errorf("status is %d, want %d", got, row.want)
			}
			if row.want == http.StatusOK {
				return
			}
			mustLookLike(t, s.ask(ask{target: answer.Path + nonce + ".0"}), answer.Page{Status: 404})
		})
	}
	if got := newStage(t).ask(ask{target: answer.ChallengesPath, method: http.MethodPost}).Code; got != http.StatusNotFound {
		t.Errorf("the port of controllers takes challenges: status %d", got)
	}
}

func nonces(prefix string, count int) []string {
	made := make([]string, count)
	for i := range made {
		made[i] = fmt.Sprintf("%s-%020d", prefix, i)
	}
	return made
}

func TestAFloodOfRegistrationsIsBoundedAndDoesNotKeepTheProberOut(t *testing.T) {
	s := newStage(t)
	s.mustRegister(proberAddress, ofProber())
	taken := 0
	for sender := range 12 {
		for i := range 10 {
			_, status := s.register(fmt.Sprintf("10.244.7.%d:1", sender), ofProber(func(r *answer.Registration) {
				r.Prober = fmt.Sprintf("flood-of-registrations-%d-%d", sender, i)
				r.Nonces = nonces(r.Prober, 1000)
			}))
			if status == http.StatusOK {
				taken++
			}
			s.now = s.now.Add(time.Millisecond)
		}
	}
	if most := 12 * (maxChallenges / 1000); taken == 0 || taken > most {
		t.Errorf("%d of 120 registrations of a flood are taken, and at most %d may be", taken, most)
	}
	if got := s.book.weight(); got > maxWeight {
		t.Errorf("the witness keeps %d bytes, and at most %d are allowed", got, maxWeight)
	}
	token := answer.Token{Nonce: "during-the-flood"}
	s.mustRegister(proberAddress, ofProber(func(r *answer.Registration) { r.Nonces = []string{token.Nonce} }))
	recorder := s.ask(ask{target: answer.Path + token.String()})
	if _, signed := s.opened(recorder, token); !signed {
		t.Errorf("during the flood the prober's own challenge gets status %d and no answer", recorder.Code)
	}
	s.now = s.now.Add(maxLifetime)
	s.mustRegister(proberAddress, ofProber())
	if len(s.book.challenges) != 1 || len(s.book.probers) != 1 || len(s.book.senders) != 1 {
		t.Errorf("after the flood %d challenges of %d probers and %d senders are left", len(s.book.challenges), len(s.book.probers), len(s.book.senders))
	}
}

func TestOneSenderHasAFewProbers(t *testing.T) {
	s := newStage(t)
	register := func(i int) int {
		_, status := s.register(proberAddress, ofProber(func(r *answer.Registration) { r.Prober, r.Nonces = fmt.Sprintf("prober-of-a-sender-%d", i), nil }))
		return status
	}
	for i := range maxProbers + 1 {
		want := http.StatusOK
		if i == maxProbers {
			want = http.StatusServiceUnavailable
		}
		if got := register(i); got != want {
			t.Errorf("prober %d of a sender gets status %d, want %d", i, got, want)
		}
	}
	if got := register(0); got != http.StatusOK {
		t.Errorf("a prober that is known gets status %d", got)
	}
}

func TestOneSenderCannotRegisterAllTheTime(t *testing.T) {
	s, limited := newStage(t), 0
	for range 10 * registrationsAtOnce {
		if _, status := s.register(proberAddress, ofProber()); status == http.StatusTooManyRequests {
			limited++
		}
	}
	if want := 9 * registrationsAtOnce; limited < want {
		t.Errorf("%d registrations are refused, want at least %d", limited, want)
	}
	if _, status := s.register("10.0.0.14:1", ofProber(func(r *answer.Registration) { r.Prober = "the-other-prober" })); status != http.StatusOK {
		t.Errorf("another prober gets status %d", status)
	}
}

func (s *stage) limitAnswers(atOnce int) {
	for _, sender := range s.book.senders {
		sender.answers.SetBurst(atOnce)
	}
}

func TestAnswersAreLimited(t *testing.T) {
	s, answered := newStage(t), 0
	s.mustRegister(proberAddress, ofProber())
	s.limitAnswers(100)
	for index := range answer.PerChallenge {
		token := answer.Token{Nonce: nonce, Index: index}
		if _, signed := s.opened(s.ask(ask{target: answer.Path + token.String()}), token); signed {
			answered++
		}
	}
	if answered != 100 {
		t.Errorf("%d requests at once are answered, want 100", answered)
	}
}

func TestStrangersDoNotUseUpTheLimitOfAnswers(t *testing.T) {
	s, token := newStage(t), answer.Token{Nonce: nonce}
	s.mustRegister(proberAddress, ofProber())
	s.limitAnswers(100)
	for range 200 {
		s.ask(ask{target: answer.Path + "fedcba9876543210.0"})
	}
	if _, signed := s.opened(s.ask(ask{target: answer.Path + token.String()}), token); !signed {
		t.Error("a flood of strangers keeps the witness from answering the prober")
	}
}

func TestPagesOfStrangersAreHarmless(t *testing.T) {
	for name, row := range map[string]struct {
		page answer.Page
		kept bool
	}{
		"simple HTML":                 {nobodysPage, true},
		"HTML with a comment":         {answer.Page{Status: 404, ContentType: "text/html; charset=utf-8", Body: []byte("<!DOCTYPE html><h1>404</h1><hr><!-- a padding -->")}, true},
		"text":                        {answer.Page{Status: 404, ContentType: "text/plain; charset=utf-8", Body: []byte("404 page not found\n")}, true},
		"JSON":                        {answer.Page{Status: 503, ContentType: "application/json", Body: []byte(`{"error":"none"}`)}, true},
		"nothing with status 200":     {answer.Page{Status: 200}, true},
		"a script":                    {answer.Page{Status: 404, ContentType: "text/html", Body: []byte("<script>alert(1)</script>")}, false},
		"a script in pieces":          {answer.Page{Status: 404, ContentType: "text/html", Body: []byte("<<p>script>alert(1)<<p>/script>")}, false},
		"a tag with an attribute":     {answer.Page{Status: 404, ContentType: "text/html", Body: []byte("<p onclick=alert(1)>a</p>")}, false},
		"a tag that does not end":     {answer.Page{Status: 404, ContentType: "text/html", Body: []byte("<img src=x onerror=alert(1)")}, false},
		"a comment with a tag inside": {answer.Page{Status: 404, ContentType: "text/html", Body: []byte("<!--><script>alert(1)</script>-->")}, false},
		"another content type":        {answer.Page{Status: 404, ContentType: "text/javascript", Body: []byte("alert(1)")}, false},
		"SVG":                         {answer.Page{Status: 404, ContentType: "image/svg+xml", Body: []byte("<p>a</p>")}, false},
		"no content type":             {answer.Page{Status: 404, Body: []byte("<p>a</p>")}, false},
		"an encoding that hides tags": {answer.Page{Status: 404, ContentType: "text/html; charset=utf-7", Body: []byte("+ADw-script+AD4-")}, false},
		"a second line of header":     {answer.Page{Status: 404, ContentType: "text/html\r\nSet-Cookie: a=b", Body: []byte("a")}, false},
		"bytes that are not UTF-8":    {answer.Page{Status: 404, ContentType: "text/html", Body: []byte("\xfe\xff\x00<")}, false},
		"a redirect":                  {answer.Page{Status: 302, ContentType: "text/html", Body: []byte("a")}, false},
		"no status":                   {answer.Page{ContentType: "text/html", Body: []byte("a")}, false},
		"a status beyond all":         {answer.Page{Status: 1000, ContentType: "text/html", Body: []byte("a")}, false},
		"a large page":                {answer.Page{Status: 404, ContentType: "text/plain", Body: []byte(strings.Repeat("a", maxPage+1))}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s, want := newStage(t), answer.Page{Status: 404}
			if row.kept {
				want = row.page
			}
			s.mustRegister(proberAddress, ofProber(func(r *answer.Registration) { r.Stranger = row.page }))
			mustLookLike(t, s.ask(ask{target: "/"}), want)
		})
	}
}

func TestThePageIsThatOfTheProberThatWasFirst(t *testing.T) {
	other := answer.Page{Status: 404, ContentType: "text/plain", Body: []byte("other")}
	s := newStage(t)
	s.mustRegister(proberAddress, ofProber())
	s.mustRegister("10.244.7.7:1", ofProber(func(r *answer.Registration) {
		r.Prober, r.Stranger, r.Controllers = "somebody-else-here", other, []string{controller, "10.244.9.9"}
	}))
	for peer, want := range map[string]answer.Page{controller: nobodysPage, "10.244.9.9": other, "10.244.5.5": nobodysPage} {
		mustLookLike(t, s.ask(ask{target: "/", peer: peer + ":1"}), want)
	}
	s.mustRegister(proberAddress, ofProber(func(r *answer.Registration) {
		r.Stranger = answer.Page{Status: 404, ContentType: "text/plain", Body: []byte("new")}
	}))
	if got := s.book.stranger(netip.MustParseAddr(controller)); string(got.Body) != "new" {
		t.Errorf("the prober cannot change its own page: it is %q", got.Body)
	}
}
