package answer

import (
	"crypto/ed25519"
	"errors"
	"strings"
	"testing"
)

func TestOnlyTheWitnessSignsAnswersAndOnlyForOneToken(t *testing.T) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	_, stranger, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	token := Token{"abc", 3}
	given := Answer{Token: token.String(), Peer: "10.244.1.2", RealIP: "203.0.113.9", ForwardedFor: "203.0.113.9", Config: "c0ffee", Pod: "web-1", Asked: "https://www.example.com"}
	body, err := Sign(given, private)
	if err != nil {
		t.Fatal(err)
	}
	if opened, err := Open(body, public, token); err != nil || opened != given {
		t.Errorf("opening a signed answer gives %+v, %v", opened, err)
	}
	forged, err := Sign(given, stranger)
	if err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		body  []byte
		key   ed25519.PublicKey
		token Token
	}{
		"another key":         {forged, public, token},
		"another index":       {body, public, Token{"abc", 4}},
		"another nonce":       {body, public, Token{"abd", 3}},
		"another host name":   {[]byte(strings.Replace(string(body), "www.example.com", "wwx.example.com", 1)), public, token},
		"another address":     {[]byte(strings.Replace(string(body), "203.0.113.9", "203.0.113.8", 1)), public, token},
		"a page":              {[]byte("<html>404</html>"), public, token},
		"nothing":             {nil, public, token},
		"no key":              {body, nil, token},
		"a line more":         {append([]byte("{}\n"), body...), public, token},
		"half of a signature": {body[:len(body)-10], public, token},
	} {
		if _, err := Open(row.body, row.key, row.token); !errors.Is(err, ErrNotSigned) {
			t.Errorf("%s: the answer counts as signed (error %v)", name, err)
		}
	}
}

func TestAnswersAreSmallWhateverClientsSend(t *testing.T) {
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	long, longest := strings.Repeat("1", 9000), Token{strings.Repeat("n", 64), PerChallenge - 1}.String()
	if body, err := Sign(Answer{Token: longest, Peer: long, RealIP: long, ForwardedFor: long, Config: long, Pod: long, Peers: long, Asked: long}, private); err != nil {
		t.Errorf("signing long values: %v (%d bytes)", err, len(body))
	}
}

func TestParseToken(t *testing.T) {
	for path, want := range map[string]Token{
		Path + "abc.0":      {"abc", 0},
		Path + "abc.255":    {"abc", 255},
		Path + "abc.256":    {},
		Path + "abc.-1":     {},
		Path + "abc.01":     {},
		Path + "abc":        {},
		Path + ".1":         {},
		Path:                {},
		"/abc.1":            {},
		Path + "abc.1/more": {},
	} {
		if got, ok := ParseToken(path); got != want || ok != (want != Token{}) {
			t.Errorf("ParseToken(%q) = %v, %v", path, got, ok)
		}
	}
}
