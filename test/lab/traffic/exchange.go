package traffic

import (
	"bufio"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// bodyLimit is the largest part of an answer's body that is kept, in bytes. The echo application's
// answers are far smaller.
const bodyLimit = 64 << 10

// Answer is the result of a request.
type Answer struct {
	Outcome Outcome
	// Detail is the error of the operating system, the parser or TLS. It is for people, not for
	// comparison.
	Detail string
	// Status, Header and Body are the HTTP answer's, if the outcome is Answered. Of a long body
	// only the first 64 KiB are kept.
	Status int
	Header http.Header
	Body   []byte
	// Closing reports whether the server announced that it closes the connection after this answer.
	Closing bool
	// Echo is the echo application's report; nil if another server answered.
	Echo *Echo
	// Certificate is the server's certificate; nil without TLS.
	Certificate *x509.Certificate
	// Local is the client's end of the connection; zero if there was none.
	Local netip.AddrPort
	// Connecting is the time until the connection was open, Answering from then until the answer
	// was complete or had failed.
	Connecting, Answering time.Duration
}

// Sight returns what the application saw; false if the echo application did not answer.
func (a Answer) Sight() (Sight, bool) {
	if a.Echo == nil {
		return Sight{}, false
	}
	return a.Echo.Sight(), true
}

// String returns the outcome in one line.
func (a Answer) String() string {
	switch {
	case a.Echo != nil:
		return fmt.Sprintf("%d, %s", a.Status, a.Echo.Sight())
	case a.Outcome == Answered:
		return fmt.Sprintf("%d, not by the echo application", a.Status)
	case a.Detail != "":
		return fmt.Sprintf("%s (%s)", a.Outcome, a.Detail)
	default:
		return string(a.Outcome)
	}
}

// Open dials within the timeout. It sets Local and Connecting of the answer, and without a
// connection the outcome.
func Open(ctx context.Context, dial Dialer, address string, timeout time.Duration) (net.Conn, Answer) {
	began := time.Now()
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	conn, err := dial(limited, "tcp", address)
	answer := Answer{Connecting: time.Since(began)}
	if err != nil {
		answer.fail(ctx, dialOutcome(err), err)
		return nil, answer
	}
	answer.Local = addrPort(conn.LocalAddr())
	return conn, answer
}

// Exchange writes a request to an open connection and reads the whole answer, within the timeout.
// reader must be the one that reads from conn. The connection is usable again if the outcome is
// Answered and the answer not Closing. Exchange does not reset the deadlines of conn.
func Exchange(ctx context.Context, conn net.Conn, reader *bufio.Reader, request []byte, timeout time.Duration) Answer {
	began := time.Now()
	defer limit(ctx, conn, began.Add(timeout))()
	answer := Answer{Local: addrPort(conn.LocalAddr())}
	if _, err := conn.Write(request); err != nil {
		answer.fail(ctx, exchangeOutcome(err, false), err)
	} else {
		answer.read(ctx, reader)
	}
	answer.Answering = time.Since(began)
	return answer
}

// limit makes reads and writes of conn fail at the deadline, or as soon as ctx ends. The function
// it returns stops watching ctx.
func limit(ctx context.Context, conn net.Conn, deadline time.Time) func() bool {
	// An error means that the connection is closed, which the next read says as well.
	_ = conn.SetDeadline(deadline)
	return context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
}

func (a *Answer) read(ctx context.Context, reader *bufio.Reader) {
	if _, err := reader.Peek(1); err != nil {
		a.fail(ctx, exchangeOutcome(err, false), err)
		return
	}
	response, err := http.ReadResponse(reader, nil)
	if err != nil {
		a.fail(ctx, headOutcome(err), err)
		return
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, bodyLimit))
	if err == nil {
		_, err = io.Copy(io.Discard, response.Body)
	}
	if err != nil {
		a.fail(ctx, exchangeOutcome(err, true), err)
		return
	}
	a.Outcome, a.Status, a.Header, a.Body, a.Closing = Answered, response.StatusCode, response.Header, body, response.Close
}

// headOutcome distinguishes a broken connection from an answer that is not HTTP.
func headOutcome(err error) Outcome {
	if outcome := exchangeOutcome(err, true); outcome != OtherFailure {
		return outcome
	}
	var network net.Error
	if errors.As(err, &network) {
		return OtherFailure
	}
	return NotHTTP
}

// fail notes a failure. Whatever a connection says after its caller has given up is the caller's doing.
func (a *Answer) fail(ctx context.Context, outcome Outcome, err error) {
	if errors.Is(ctx.Err(), context.Canceled) {
		outcome = Cancelled
	}
	a.Outcome, a.Detail = outcome, err.Error()
}

// addrPort returns the zero AddrPort for what is not a TCP address.
func addrPort(address net.Addr) netip.AddrPort {
	tcp, ok := address.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	both := tcp.AddrPort()
	return netip.AddrPortFrom(both.Addr().Unmap(), both.Port())
}
