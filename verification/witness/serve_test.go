package witness

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/verification/answer"
)

// serve runs a witness on this address of the host and returns where it listens.
func serve(t *testing.T, address string) (w *Witness, answers, direct string) {
	t.Helper()
	w, err := New(time.Now)
	if err != nil {
		t.Fatal(err)
	}
	var listening net.ListenConfig
	listen := func() net.Listener {
		listener, err := listening.Listen(t.Context(), "tcp", address)
		if err != nil {
			t.Skipf("this machine has no address %s: %v", address, err)
		}
		return listener
	}
	first, second := listen(), listen()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- w.Serve(ctx, first, second) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the witness ends with %v", err)
		}
	})
	return w, first.Addr().String(), second.Addr().String()
}

func registerAt(t *testing.T, direct string, r answer.Registration) {
	t.Helper()
	body, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+direct+answer.ChallengesPath, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("registering gives %s (%v)", response.Status, err)
	}
}

// received is what came back.
type received struct {
	status int
	header http.Header
	body   string
	// last is set where the witness closes the connection.
	last bool
}

// exchange sends bytes and returns what comes back.
func exchange(t *testing.T, address, request string) received {
	t.Helper()
	var dialer net.Dialer
	connection, err := dialer.DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	_, sendErr := io.WriteString(connection, request)
	response, receiveErr := http.ReadResponse(bufio.NewReader(connection), nil)
	if err := errors.Join(sendErr, receiveErr); err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close(), connection.Close()); err != nil {
		t.Fatal(err)
	}
	return received{status: response.StatusCode, header: response.Header, body: string(body), last: response.Close}
}

func TestTheWitnessOnSockets(t *testing.T) {
	for name, row := range map[string]struct{ listen, own string }{
		"IPv4": {"127.0.0.1:0", "127.0.0.1"},
		"IPv6": {"[::1]:0", "::1"},
	} {
		t.Run(name, func(t *testing.T) {
			w, answers, direct := serve(t, row.listen)
			registerAt(t, direct, ofProber(func(r *answer.Registration) { r.Controllers = []string{row.own} }))
			key, err := answer.DecodeKey(w.public)
			if err != nil {
				t.Fatal(err)
			}
			token := answer.Token{Nonce: nonce}
			request := "GET " + answer.Path + token.String() + " HTTP/1.1\r\nHost: web.edge-ingress.invalid\r\nX-Real-IP: 203.0.113.9\r\n\r\n"
			got := exchange(t, answers, request)
			if got, err := answer.Open([]byte(got.body), key, token); err != nil || got.Peer != row.own || got.RealIP != "203.0.113.9" {
				t.Errorf("got %+v (%v), want an answer about a peer %s", got, err, row.own)
			}
			if !got.last {
				t.Error("the connection stays open, and so holds a place")
			}
			if got := exchange(t, answers, request); got.status != nobodysPage.Status || got.body != string(nobodysPage.Body) {
				t.Errorf("the second request gets %d and %q", got.status, got.body)
			}
		})
	}
}

func TestRequestsOfStrangersThatControllersPassOn(t *testing.T) {
	_, answers, direct := serve(t, "127.0.0.1:0")
	registerAt(t, direct, ofProber())
	start := "GET / HTTP/1.1\r\nHost: www.example.com\r\n"
	upload := strings.Repeat("x", 1<<20)
	for name, request := range map[string]string{
		"large headers":               start + strings.Repeat("X-Large: "+strings.Repeat("x", 8000)+"\r\n", 4) + "\r\n",
		"a body":                      fmt.Sprintf("POST / HTTP/1.1\r\nHost: www.example.com\r\nContent-Length: %d\r\n\r\n%s", len(upload), upload),
		"HTTP/1.0":                    "GET / HTTP/1.0\r\nHost: www.example.com\r\n\r\n",
		"a method that nobody knows":  "BREW / HTTP/1.1\r\nHost: www.example.com\r\n\r\n",
		"a question about the server": "OPTIONS * HTTP/1.1\r\nHost: www.example.com\r\n\r\n",
		"the kubelet's question":      strings.Replace(start, "/", "/healthz", 1) + "\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			got := exchange(t, answers, request)
			if got.status != nobodysPage.Status || got.body != string(nobodysPage.Body) {
				t.Errorf("got %d and %q, want the page of strangers", got.status, got.body)
			}
			for header := range got.header {
				if header != "Content-Type" && header != "Content-Length" && header != "Date" {
					t.Errorf("the header %s tells the witness apart", header)
				}
			}
		})
	}
}

func TestHeadersHaveALimit(t *testing.T) {
	_, answers, _ := serve(t, "127.0.0.1:0")
	start := "GET / HTTP/1.1\r\nHost: a\r\nX-Large: "
	// Go's server reads 4 KiB more than its limit. What it does not read could reset the connection before the answer.
	got := exchange(t, answers, start+strings.Repeat("x", maxHeader+4<<10-len(start)))
	if got.status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("headers beyond %d bytes get %d", maxHeader, got.status)
	}
}

func TestTheKubeletAsksOnThePortThatControllersDoNotKnow(t *testing.T) {
	_, _, direct := serve(t, "127.0.0.1:0")
	if got := exchange(t, direct, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"); got.status != http.StatusOK {
		t.Errorf("the kubelet gets %d", got.status)
	}
	if got := exchange(t, direct, "GET "+answer.Path+nonce+".0 HTTP/1.1\r\nHost: a\r\n\r\n"); got.status != http.StatusNotFound {
		t.Errorf("the port for challenges gives answers: %d", got.status)
	}
}

func TestRequestsAtTheSameTimeGetOneAnswerForEachToken(t *testing.T) {
	_, answers, direct := serve(t, "127.0.0.1:0")
	var tasks sync.WaitGroup
	var mu sync.Mutex
	answered := map[string]int{}
	for worker := range 8 {
		tasks.Go(func() {
			for index := range 16 {
				registerAt(t, direct, ofProber(func(r *answer.Registration) { r.Controllers = []string{"127.0.0.1"} }))
				token := answer.Token{Nonce: nonce, Index: (index + worker) % 16}
				got := exchange(t, answers, "GET "+answer.Path+token.String()+" HTTP/1.1\r\nHost: a\r\n\r\n")
				mu.Lock()
				if got.status == http.StatusOK {
					answered[token.String()]++
				}
				mu.Unlock()
			}
		})
	}
	tasks.Wait()
	for token, times := range answered {
		if times != 1 {
			t.Errorf("%s is answered %d times", token, times)
		}
	}
	if len(answered) != 16 {
		t.Errorf("%d of 16 tokens are answered", len(answered))
	}
}
