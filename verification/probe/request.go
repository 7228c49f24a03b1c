// Package probe sends single requests to the witness, and says which address arrived. The prober and the
// outside vantage both use it, so that their sights mean the same.
package probe

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/verification/answer"
)

// Request is one request for the witness. Each uses a connection of its own, because address translation
// is decided on the first packet of a connection.
type Request struct {
	// Source is the address that the socket is bound to. The zero value lets the system choose one.
	Source netip.Addr
	// Target is the address that is asked.
	Target netip.AddrPort
	Scheme v1alpha1.Scheme
	// Host is the host name of the request, and the server name in TLS. The certificate is not checked:
	// nobody has one for the witness's host name, and the answer is signed.
	Host string
	// Token makes the witness answer, and Key opens its answer.
	Token answer.Token
	Key   ed25519.PublicKey
	// Forgery is how the request claims another address. The zero value claims none.
	Forgery Forgery
	// Direct: the target is a port of the controller itself, so nothing in front of it can end TLS or begin it.
	Direct bool
	// Version of the program, for the User-Agent.
	Version string
	// ConnectTimeout and Timeout limit the connection and the whole request. Zero means the default.
	ConnectTimeout, Timeout time.Duration
}

// The defaults of a request's timeouts.
const (
	DefaultConnectTimeout = 1500 * time.Millisecond
	DefaultTimeout        = 4 * time.Second
)

// maxRead is how many bytes of a reply are read at most, its headers included.
const maxRead = 8 << 10

// Failure is what the sender got instead of the witness's answer, as a short word.
type Failure string

// The values of Failure. Besides these there is "HTTP 404" and the like; see [Failure.Answered].
const (
	// SourceNotHere: this machine does not have the address that the socket should have.
	SourceNotHere       Failure = "SourceNotHere"
	ConnectRefused      Failure = "ConnectRefused"
	ConnectTimedOut     Failure = "ConnectTimedOut"
	NoRoute             Failure = "NoRoute"
	NotPermitted        Failure = "NotPermitted"
	ConnectFailed       Failure = "ConnectFailed"
	TLSFailed           Failure = "TLSFailed"
	AnswerTimedOut      Failure = "AnswerTimedOut"
	ConnectionReset     Failure = "ConnectionReset"
	ClosedWithoutAnswer Failure = "ClosedWithoutAnswer"
	// NotHTTP: something came back that is not HTTP, or ends too early.
	NotHTTP Failure = "NotHTTP"
	// NotSigned: an answer that the witness did not sign for this token.
	NotSigned Failure = "NotSigned"
	// OtherHost and OtherScheme: the witness answered a request for another host name or scheme, so somebody
	// asked it in the sender's place.
	OtherHost   Failure = "OtherHost"
	OtherScheme Failure = "OtherScheme"
	// HostNotTold: the controller did not tell the witness which host name it was asked for. So it has not loaded
	// the operator's settings, or it was not the witness's own Ingress that led to the witness.
	HostNotTold Failure = "HostNotTold"
	// Canceled: the caller's context ended.
	Canceled Failure = "Canceled"
)

const httpFailure = "HTTP "

// Answered reports whether somebody other than the witness answered. Where it is false, nobody did.
func (f Failure) Answered() bool {
	return f == NotSigned || f == OtherHost || f == OtherScheme || f == HostNotTold || f == NotHTTP || len(f) > len(httpFailure) && f[:len(httpFailure)] == httpFailure
}

// Reply is the result of a request.
type Reply struct {
	// Answer of the witness. It counts only if Failure is empty.
	Answer  answer.Answer
	Failure Failure
	// Local is the address of the socket that sent the request; invalid if none was opened.
	Local netip.AddrPort
}

// Send sends a request, and returns when the answer is there, or when it is clear that none comes.
func Send(ctx context.Context, r Request) Reply {
	ctx, cancel := context.WithTimeout(ctx, orDefault(r.Timeout, DefaultTimeout))
	defer cancel()
	conn, failure := connect(ctx, r)
	if failure != "" {
		return Reply{Failure: failure}
	}
	defer func() { _ = conn.Close() }()
	local, _ := netip.ParseAddrPort(conn.LocalAddr().String())
	reply := Reply{Local: netip.AddrPortFrom(plain(local.Addr()), local.Port())}
	page, err := exchange(ctx, conn, r)
	switch {
	case err != nil && !errors.Is(err, errCutOff): // What is cut off has a status, and no signature.
		reply.Failure = failureOf(ctx, err)
	case page.Status != http.StatusOK:
		reply.Failure = Failure(fmt.Sprintf("%s%d", httpFailure, page.Status))
	default:
		if reply.Answer, err = answer.Open(page.Body, r.Key, r.Token); err != nil {
			reply.Failure = NotSigned
		} else {
			reply.Failure = r.misled(reply.Answer)
		}
	}
	return reply
}

// misled returns why the answer is not one to this request, although the witness signed it for its token: a relay
// can pass the token on. It asks the controller from an address of its own, which would look like a loss.
func (r Request) misled(a answer.Answer) Failure {
	scheme, host, _ := strings.Cut(a.Asked, "://")
	switch {
	case a.Asked == "":
		return HostNotTold
	case !strings.EqualFold(host, strings.TrimSuffix(r.Host, ".")):
		return OtherHost
	case r.Direct && (scheme == "https") != (r.Scheme == v1alpha1.SchemeHTTPS):
		return OtherScheme
	}
	return ""
}

// Fetch sends the request, and returns whatever page comes back. It is for the answer that a controller
// gives to strangers.
func Fetch(ctx context.Context, r Request) (answer.Page, error) {
	ctx, cancel := context.WithTimeout(ctx, orDefault(r.Timeout, DefaultTimeout))
	defer cancel()
	conn, failure := connect(ctx, r)
	if failure != "" {
		return answer.Page{}, fmt.Errorf("connecting to %s: %s", r.Target, failure)
	}
	defer func() { _ = conn.Close() }()
	page, err := exchange(ctx, conn, r)
	if err != nil {
		return answer.Page{}, fmt.Errorf("asking %s for a page: %w", r.Target, err)
	}
	return page, nil
}

func orDefault(timeout, usual time.Duration) time.Duration {
	if timeout == 0 {
		return usual
	}
	return timeout
}

func connect(ctx context.Context, r Request) (net.Conn, Failure) {
	dialer := net.Dialer{Timeout: orDefault(r.ConnectTimeout, DefaultConnectTimeout)}
	if r.Source.IsValid() {
		dialer.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(r.Source, 0))
	}
	conn, err := dialer.DialContext(ctx, "tcp", r.Target.String())
	if err == nil {
		return conn, ""
	}
	var timeout net.Error
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return nil, Canceled
	case isErrno(err, syscall.EADDRNOTAVAIL, 10049):
		return nil, SourceNotHere
	case isErrno(err, syscall.ECONNREFUSED, 10061):
		return nil, ConnectRefused
	case isErrno(err, syscall.EHOSTUNREACH, 10065), isErrno(err, syscall.ENETUNREACH, 10051):
		return nil, NoRoute
	case isErrno(err, syscall.EPERM, 10013), isErrno(err, syscall.EACCES, 10013):
		return nil, NotPermitted
	case errors.As(err, &timeout) && timeout.Timeout():
		return nil, ConnectTimedOut
	}
	return nil, ConnectFailed
}

// isErrno reports whether an error has this number. Windows has numbers of its own for sockets (Winsock
// 10000 and above), which Go does not translate.
func isErrno(err error, here, winsock syscall.Errno) bool {
	var number syscall.Errno
	return errors.As(err, &number) && (number == here || number == winsock)
}

var (
	errTLS = errors.New("TLS failed")
	// errNotHTTP: something came back, and no HTTP.
	errNotHTTP = errors.New("not HTTP")
	// errCutOff: the reply ends before its own end, or is too large.
	errCutOff = errors.New("the reply is cut off")
)

// counting counts the bytes that came back, to distinguish silence from nonsense.
type counting struct {
	io.Reader
	read int
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.read += n
	return n, err
}

// exchange sends the request on the connection, and reads what comes back.
func exchange(ctx context.Context, conn net.Conn, r Request) (answer.Page, error) {
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return answer.Page{}, fmt.Errorf("limiting the time: %w", err)
		}
	}
	first := r.Forgery.proxyHeader(r.Target)
	stream := conn
	if r.Scheme == v1alpha1.SchemeHTTPS {
		if _, err := conn.Write(first); err != nil {
			return answer.Page{}, fmt.Errorf("sending the PROXY header: %w", err)
		}
		first = nil
		secure := tls.Client(conn, &tls.Config{ServerName: r.Host, InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}) //nolint:gosec // See Request.Host.
		if err := secure.HandshakeContext(ctx); err != nil {
			return answer.Page{}, fmt.Errorf("%w: %w", errTLS, err)
		}
		stream = secure
	}
	// In one piece: a controller that expects no PROXY header answers it and closes the connection, and would
	// answer a second piece with a reset.
	request, whole := r.http(ctx), bytes.NewBuffer(first)
	if err := request.Write(whole); err != nil {
		return answer.Page{}, fmt.Errorf("writing the request: %w", err)
	}
	if _, err := stream.Write(whole.Bytes()); err != nil {
		return answer.Page{}, fmt.Errorf("sending the request: %w", err)
	}
	from := &counting{Reader: io.LimitReader(stream, maxRead)}
	response, err := http.ReadResponse(bufio.NewReaderSize(from, 1<<10), request)
	if err != nil && from.read > 0 {
		return answer.Page{}, fmt.Errorf("%w: %w", errNotHTTP, err)
	}
	if err != nil {
		return answer.Page{}, fmt.Errorf("reading the answer: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	page := answer.Page{Status: response.StatusCode, ContentType: response.Header.Get("Content-Type"), Body: body}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return page, errCutOff
	}
	if err != nil {
		return answer.Page{}, fmt.Errorf("reading the body: %w", err)
	}
	return page, nil
}

func (r Request) http(ctx context.Context) *http.Request {
	header := http.Header{"User-Agent": {answer.UserAgent + "/" + r.Version}, "Accept-Encoding": {"identity"}}
	for name, values := range r.Forgery.Header {
		header[name] = values
	}
	request := &http.Request{
		Method: http.MethodGet, URL: &url.URL{Scheme: "http", Host: r.Host, Path: answer.Path + r.Token.String()},
		Host: r.Host, Header: header, Close: true, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	return request.WithContext(ctx)
}

func failureOf(ctx context.Context, err error) Failure {
	var timeout net.Error
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return Canceled
	case errors.As(err, &timeout) && timeout.Timeout():
		return AnswerTimedOut
	case errors.Is(err, errNotHTTP):
		return NotHTTP
	case isErrno(err, syscall.ECONNRESET, 10054), isErrno(err, syscall.EPIPE, 10053):
		return ConnectionReset
	case errors.Is(err, errTLS) && !errors.Is(err, io.EOF):
		return TLSFailed
	}
	return ClosedWithoutAnswer
}
