package command_test

import (
	"bufio"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
)

// proxyListener accepts connections that begin with a PROXY header of version 1, and believes it. It closes
// all others.
type proxyListener struct{ net.Listener }

func (l proxyListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		reader := bufio.NewReader(conn)
		line, _ := reader.ReadString('\n')
		words := strings.Fields(line)
		if len(words) != 6 || words[0] != "PROXY" {
			_ = conn.Close()
			continue
		}
		return proxied{conn, reader, words[2]}, nil
	}
}

// proxied is a connection with the address that its PROXY header claims.
type proxied struct {
	net.Conn

	reader *bufio.Reader
	claims string
}

func (c proxied) Read(b []byte) (int, error) { return c.reader.Read(b) }
func (c proxied) RemoteAddr() net.Addr {
	return &net.TCPAddr{IP: net.ParseIP(c.claims), Port: 40000}
}

// listenForProxy serves a controller that reads PROXY protocol, at the port for HTTP.
func (w *world) listenForProxy(address string) {
	w.t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(w.t.Context(), "tcp", net.JoinHostPort(address, strconv.Itoa(w.http)))
	if err != nil {
		w.t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(w.controller))
	_ = server.Listener.Close()
	server.Listener = proxyListener{listener}
	server.Start()
	w.t.Cleanup(server.Close)
}
