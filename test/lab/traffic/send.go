package traffic

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"time"
)

// Send sends one request on a new connection and closes it. It returns an error only if the request
// cannot be written. Everything that happens on the way is an outcome.
func Send(ctx context.Context, dial Dialer, request Request) (Answer, error) {
	text, err := request.Bytes()
	if err != nil {
		return Answer{}, err
	}
	conn, opened := Open(ctx, dial, request.Target, cmp.Or(request.ConnectTimeout, DefaultConnectTimeout))
	if conn == nil {
		return opened, nil
	}
	defer func() { _ = conn.Close() }()

	var preface []byte
	if request.Proxy != nil {
		if preface, err = request.Proxy.bytes(addrPort(conn.RemoteAddr())); err != nil {
			return Answer{}, err
		}
	}
	timeout := cmp.Or(request.AnswerTimeout, DefaultAnswerTimeout)
	var answer Answer
	if request.TLS == nil {
		// In one segment: a server may look at the first only.
		answer = Exchange(ctx, conn, bufio.NewReader(conn), append(preface, text...), timeout)
	} else {
		answer = exchangeTLS(ctx, conn, request.tlsConfig(), secured{preface, text, timeout})
	}
	answer.Connecting = opened.Connecting
	if answer.Outcome == Answered {
		// The status and the body show whether something else answered.
		answer.Echo, _ = ParseEcho(answer.Body)
	}
	return answer, nil
}

func (r Request) tlsConfig() *tls.Config {
	host := cmp.Or(r.Host, r.Target)
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return &tls.Config{
		ServerName:         cmp.Or(r.TLS.ServerName, strings.Trim(host, "[]")),
		RootCAs:            r.TLS.Roots,
		InsecureSkipVerify: r.TLS.InsecureSkipVerify,
		NextProtos:         []string{"http/1.1"},
	}
}

// secured is a request over TLS: what goes before the handshake, what after it, and the time for both.
type secured struct {
	preface, request []byte
	timeout          time.Duration
}

func exchangeTLS(ctx context.Context, conn net.Conn, config *tls.Config, what secured) Answer {
	began := time.Now()
	answer := Answer{Local: addrPort(conn.LocalAddr())}
	session := tls.Client(conn, config)
	if err := shakeHands(ctx, conn, session, what); err != nil {
		answer.fail(ctx, handshakeOutcome(err), err)
		answer.Answering = time.Since(began)
		return answer
	}
	remaining := what.timeout - time.Since(began)
	answer = Exchange(ctx, session, bufio.NewReader(session), what.request, remaining)
	answer.Certificate = session.ConnectionState().PeerCertificates[0]
	answer.Answering = time.Since(began)
	return answer
}

func shakeHands(ctx context.Context, conn net.Conn, session *tls.Conn, what secured) error {
	defer limit(ctx, conn, time.Now().Add(what.timeout))()
	if len(what.preface) > 0 {
		if _, err := conn.Write(what.preface); err != nil {
			return err
		}
	}
	return session.HandshakeContext(ctx)
}

// handshakeOutcome distinguishes a broken connection from two sides that do not agree.
func handshakeOutcome(err error) Outcome {
	broken := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, os.ErrDeadlineExceeded)
	var number syscall.Errno
	if broken || errors.As(err, &number) {
		return exchangeOutcome(err, false)
	}
	return TLSFailed
}
