package load

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic"
)

// behaviour handles a request of a server. It returns false to close the connection.
type behaviour func(conn *net.TCPConn, request *http.Request) bool

// serve accepts connections on loopback until the test ends. It returns the address.
func serve(t testing.TB, behave behaviour) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go converse(conn.(*net.TCPConn), behave)
		}
	}()
	return listener.Addr().String()
}

func converse(conn *net.TCPConn, behave behaviour) {
	defer func() { _ = conn.Close() }()
	reader := bufio.NewReader(conn)
	for {
		request, err := http.ReadRequest(reader)
		if err != nil || !behave(conn, request) || request.Close {
			return
		}
	}
}

func refusing(t testing.TB) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	return address
}

// echo answers as the echo application does for a client at the address.
func echo(conn net.Conn, address string) bool {
	body, err := json.Marshal(traffic.Echo{RemoteAddress: address})
	if err != nil {
		return false
	}
	return answer(conn, http.StatusOK, string(body))
}

func answer(conn net.Conn, status int, body string) bool {
	text := fmt.Sprintf("HTTP/1.1 %d %s\r\nContent-Length: %d\r\n", status, http.StatusText(status), len(body))
	_, err := io.WriteString(conn, text+"\r\n"+body)
	return err == nil
}

func healthy(conn *net.TCPConn, _ *http.Request) bool {
	return echo(conn, conn.RemoteAddr().String())
}

func resetting(conn *net.TCPConn, _ *http.Request) bool {
	_ = conn.SetLinger(0)
	return false
}

func silent(conn *net.TCPConn, _ *http.Request) bool {
	_, _ = io.Copy(io.Discard, conn)
	return false
}

func hangingUp(*net.TCPConn, *http.Request) bool { return false }

func cuttingOff(conn *net.TCPConn, _ *http.Request) bool {
	_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
	return false
}

func masquerading(conn *net.TCPConn, _ *http.Request) bool {
	return echo(conn, "10.77.0.11:4711")
}

func unavailable(conn *net.TCPConn, _ *http.Request) bool {
	return answer(conn, http.StatusServiceUnavailable, "no endpoints")
}

func foreign(conn *net.TCPConn, _ *http.Request) bool {
	return answer(conn, http.StatusOK, "Welcome to nginx!")
}

func speakingSSH(conn *net.TCPConn, _ *http.Request) bool {
	_, _ = io.WriteString(conn, "SSH-2.0-OpenSSH_9.2\r\n")
	return false
}
