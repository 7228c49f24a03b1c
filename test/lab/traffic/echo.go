package traffic

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

// Echo is the echo application's report about a request that reached it.
type Echo struct {
	// RemoteAddress is the other end of the application's TCP connection, as host:port.
	RemoteAddress string `json:"remoteAddress"`
	Method        string `json:"method"`
	Host          string `json:"host"`
	Path          string `json:"path"`
	// Query is as it was sent, without the question mark.
	Query string `json:"query"`
	Proto string `json:"proto"`
	// TLS reports whether the application itself spoke TLS.
	TLS bool `json:"tls"`
	// Headers holds each header line of its own, in the order in which the lines came.
	Headers http.Header `json:"headers"`
	// Node and Pod are where the application runs.
	Node string `json:"node"`
	Pod  string `json:"pod"`
}

// ParseEcho reads the body of an answer. It returns an error if that is not the echo application's.
func ParseEcho(body []byte) (*Echo, error) {
	var echo Echo
	if err := json.Unmarshal(body, &echo); err != nil {
		return nil, fmt.Errorf("parsing the echo application's answer: %w", err)
	}
	if echo.RemoteAddress == "" {
		return nil, fmt.Errorf("parsing the echo application's answer: it names no remote address")
	}
	return &echo, nil
}

// Sight holds everything that the application could take for the client's address. For each header
// it has the lines that came, or none.
type Sight struct {
	// Peer is the other end of the application's TCP connection, or the zero Addr if the
	// application named none that can be parsed.
	Peer                  netip.Addr
	XForwardedFor         []string
	XRealIP               []string
	XOriginalForwardedFor []string
	Forwarded             []string
}

// Sight returns what the application saw.
func (e *Echo) Sight() Sight {
	peer, _ := netip.ParseAddrPort(e.RemoteAddress)
	return Sight{
		Peer:                  peer.Addr().Unmap(),
		XForwardedFor:         e.Headers.Values("X-Forwarded-For"),
		XRealIP:               e.Headers.Values("X-Real-Ip"),
		XOriginalForwardedFor: e.Headers.Values("X-Original-Forwarded-For"),
		Forwarded:             e.Headers.Values("Forwarded"),
	}
}

// String returns the peer and the headers that were there, in one line.
func (s Sight) String() string {
	text := "peer " + s.Peer.String()
	headers := []struct {
		name  string
		lines []string
	}{
		{"X-Forwarded-For", s.XForwardedFor},
		{"X-Real-IP", s.XRealIP},
		{"X-Original-Forwarded-For", s.XOriginalForwardedFor},
		{"Forwarded", s.Forwarded},
	}
	for _, header := range headers {
		if len(header.lines) > 0 {
			text += fmt.Sprintf(", %s: %s", header.name, strings.Join(header.lines, " | "))
		}
	}
	return text
}
