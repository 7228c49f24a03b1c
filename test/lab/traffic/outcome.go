package traffic

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// Outcome says what became of a request.
type Outcome string

const (
	// Answered: a complete HTTP answer came, whatever its status.
	Answered Outcome = "Answered"
	// Refused: the connection was answered with a reset, or a firewall rejected it.
	Refused Outcome = "Refused"
	// Unreachable: a router or the own kernel said that there is no way to the address.
	Unreachable Outcome = "Unreachable"
	// ConnectTimedOut: the connection was not accepted in time.
	ConnectTimedOut Outcome = "ConnectTimedOut"
	// AnswerTimedOut: the connection was open, but the answer was not complete in time.
	AnswerTimedOut Outcome = "AnswerTimedOut"
	// Reset: the connection was open and then reset, before the answer was complete.
	Reset Outcome = "Reset"
	// ClosedWithoutAnswer: the server closed the connection properly, but answered nothing.
	ClosedWithoutAnswer Outcome = "ClosedWithoutAnswer"
	// CutOff: the server closed the connection properly in the middle of its answer.
	CutOff Outcome = "CutOff"
	// NotHTTP: what came back is not HTTP; a head that ends within a line is not either.
	NotHTTP Outcome = "NotHTTP"
	// TLSFailed: both sides spoke TLS, or tried to, and did not agree; for example on the certificate.
	TLSFailed Outcome = "TLSFailed"
	// NoLocalPort: the client itself had no free port or not the local address. The server did not
	// see the request.
	NoLocalPort Outcome = "NoLocalPort"
	// Cancelled: the caller gave up.
	Cancelled Outcome = "Cancelled"
	// OtherFailure: none of the above; the detail says more.
	OtherFailure Outcome = "OtherFailure"
)

// dialOutcome returns why a connection could not be opened.
func dialOutcome(err error) Outcome {
	switch {
	case errors.Is(err, syscall.EADDRINUSE), errors.Is(err, syscall.EADDRNOTAVAIL):
		return NoLocalPort
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTDOWN):
		return Unreachable
	case timedOut(err):
		return ConnectTimedOut
	}
	return commonOutcome(err)
}

// exchangeOutcome says why an open connection gave no complete answer. started reports whether a part
// of the answer came.
func exchangeOutcome(err error, started bool) Outcome {
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		if started {
			return CutOff
		}
		return ClosedWithoutAnswer
	case timedOut(err):
		return AnswerTimedOut
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return Unreachable
	}
	return commonOutcome(err)
}

func commonOutcome(err error) Outcome {
	switch {
	case errors.Is(err, context.Canceled):
		return Cancelled
	case errors.Is(err, syscall.ECONNREFUSED):
		return Refused
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return Reset
	}
	return OtherFailure
}

func timedOut(err error) bool {
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, syscall.ETIMEDOUT) {
		return true
	}
	var network net.Error
	return errors.As(err, &network) && network.Timeout()
}
