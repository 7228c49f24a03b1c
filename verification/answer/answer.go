// Package answer is what the witness, the prober and the outside vantage say to each other: the challenge in
// a request, the signed answer, and the names of headers and paths. It is pure.
package answer

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

const (
	// Path is the reserved path of the witness on every host name. A token follows it.
	Path = "/.well-known/edge-ingress/"
	// UserAgent is in every request of a vantage, so that logs and statistics can leave them out.
	UserAgent = "edge-ingress-verification"
	// ConfigHeader and PodHeader are the headers in which the engine tells the witness, and no other
	// application, the digest of the configuration that it has loaded, and the name of its host.
	ConfigHeader = "X-Edge-Ingress-Config"
	// PodHeader is explained at ConfigHeader.
	PodHeader = "X-Edge-Ingress-Pod"
	// AskedHeader is one more of them. It says what the controller was asked for: scheme and host name of the
	// request, such as "https://www.example.com", as they were on the connection. No header of a client changes them.
	AskedHeader = "X-Edge-Ingress-Asked"
	// PeersHeader is one more of them. It says from where the controller was reached: the address at the other end of its
	// connection and, where that connection began with a PROXY header, a space and the address in it.
	PeersHeader = "X-Edge-Ingress-Peers"
	// MaxSize is the size of an answer in bytes, at most.
	MaxSize = 1024
	// PerChallenge is how many requests one challenge is good for. Each has an index below it.
	PerChallenge = 256
)

// Token is the part of a request's path that makes the witness answer, once.
type Token struct {
	Nonce string
	Index int
}

// String is the token as it stands in the path.
func (t Token) String() string { return t.Nonce + "." + strconv.Itoa(t.Index) }

// ParseToken reads a token from the path of a request.
func ParseToken(path string) (Token, bool) {
	rest, reserved := strings.CutPrefix(path, Path)
	nonce, index, complete := strings.Cut(rest, ".")
	number, err := strconv.Atoi(index)
	if !reserved || !complete || nonce == "" || err != nil || number < 0 || number >= PerChallenge || strconv.Itoa(number) != index {
		return Token{}, false
	}
	return Token{nonce, number}, true
}

// Answer is what the witness saw of one request. Long values are cut.
type Answer struct {
	// Token of the request.
	Token string `json:"token"`
	// Peer is the address of the connection's other end: a controller pod, or its node.
	Peer string `json:"peer"`
	// RealIP and ForwardedFor are the values of X-Real-IP and X-Forwarded-For.
	RealIP       string `json:"realIP"`
	ForwardedFor string `json:"forwardedFor"`
	// Config and Pod are the values of ConfigHeader and PodHeader.
	Config string `json:"config,omitempty"`
	Pod    string `json:"pod,omitempty"`
	// Asked is the value of AskedHeader. A relay that asks the controller on its own connection has to ask for another
	// host name than the one that leads to it, and so cannot pass the answer off as one to the request that it got.
	Asked string `json:"asked,omitempty"`
	// Peers is the value of PeersHeader.
	Peers string `json:"peers,omitempty"`
}

// The values of an answer are cut to these sizes in bytes, so that it fits into MaxSize: addresses, headers that hold
// addresses, names, and what was asked for.
const (
	maxAddress   = 45
	maxAddresses = 128
	maxPeers     = 2*39 + 1 // IPv6 in text has 39 bytes at most.
	maxName      = 64
	maxAsked     = len("https://") + 253
)

// ErrNotSigned is returned for an answer that the owner of the key did not give.
var ErrNotSigned = errors.New("the answer is not signed by the witness")

// Sign returns the body of an answer: a line of JSON, and a line with its Ed25519 signature in base64
// (RFC 8032).
func Sign(a Answer, key ed25519.PrivateKey) ([]byte, error) {
	for value, most := range map[*string]int{
		&a.Peer: maxAddress, &a.RealIP: maxAddresses, &a.ForwardedFor: maxAddresses, &a.Config: maxName, &a.Pod: maxName, &a.Asked: maxAsked, &a.Peers: maxPeers,
	} {
		*value = (*value)[:min(len(*value), most)]
	}
	line, err := json.Marshal(a)
	if err != nil {
		return nil, fmt.Errorf("encoding the answer: %w", err)
	}
	body := fmt.Appendf(nil, "%s\n%s\n", line, base64.StdEncoding.EncodeToString(ed25519.Sign(key, line)))
	if len(body) > MaxSize {
		return nil, fmt.Errorf("encoding the answer: it has %d bytes, and at most %d are allowed", len(body), MaxSize)
	}
	return body, nil
}

// Open returns the answer in a body if the owner of the key signed it for this token, and otherwise
// [ErrNotSigned].
func Open(body []byte, key ed25519.PublicKey, token Token) (Answer, error) {
	lines := bytes.Split(bytes.TrimSuffix(body, []byte("\n")), []byte("\n"))
	if len(lines) != 2 || len(key) != ed25519.PublicKeySize {
		return Answer{}, ErrNotSigned
	}
	signature, err := base64.StdEncoding.DecodeString(string(lines[1]))
	if err != nil || !ed25519.Verify(key, lines[0], signature) {
		return Answer{}, ErrNotSigned
	}
	var a Answer
	if err := json.Unmarshal(lines[0], &a); err != nil || a.Token != token.String() {
		return Answer{}, ErrNotSigned
	}
	return a, nil
}

// EncodeKey and DecodeKey convert a public key to and from the form in which reports hold it.
func EncodeKey(key ed25519.PublicKey) string { return base64.StdEncoding.EncodeToString(key) }

// DecodeKey returns the key, or an error for anything that is not an Ed25519 key in base64.
func DecodeKey(text string) (ed25519.PublicKey, error) {
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(key) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("reading the witness's public key %q: it is not an Ed25519 key in base64", text)
	}
	return key, nil
}
