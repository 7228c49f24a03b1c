package balancer

import (
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func listeners() []Listener {
	server := []netip.AddrPort{netip.MustParseAddrPort("10.77.0.11:80"), netip.MustParseAddrPort("10.77.0.12:80")}
	list := []Listener{
		{Mode: HTTPAppending, Servers: server, Check: &Check{HealthPort: 31990, Interval: 2 * time.Second, Fall: 2, Rise: 3}},
		{Mode: TCPProxyV2, Servers: server, Check: &Check{Interval: 500 * time.Millisecond, Fall: 1, Rise: 1}, FromPorts: &Ports{First: 10000, Last: 32000}},
	}
	for _, mode := range []Mode{TCP, TCPProxyV1, HTTPReplacing, HTTPUnchanged} {
		list = append(list, Listener{Mode: mode, Servers: server})
	}
	for i := range list {
		list[i].Address = netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(20001+i))
	}
	return list
}

func TestConfig(t *testing.T) {
	text := Config(listeners())
	for _, want := range []string{
		"bind 127.0.0.1:20001\n  mode http\n  option httpclose\n  http-reuse never\n  option forwardfor\n  option httpchk GET /healthz\n",
		"server s1 10.77.0.12:80 check inter 2000ms fall 2 rise 3 port 31990\n",
		"bind 127.0.0.1:20002\n  mode tcp\n  server s0 10.77.0.11:80 send-proxy-v2 check inter 500ms fall 1 rise 1 check-send-proxy source 127.0.0.1:10000-32000\n",
		"bind 127.0.0.1:20003\n  mode tcp\n  server s0 10.77.0.11:80\n",
		"server s0 10.77.0.11:80 send-proxy\n",
		"http-request set-header X-Forwarded-For %[src]\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if count := strings.Count(text, "forwardfor"); count != 1 {
		t.Errorf("%d listeners append, want 1", count)
	}
}

func TestHaproxyTakesTheConfig(t *testing.T) {
	program, err := exec.LookPath("haproxy")
	if err != nil {
		t.Skip("haproxy is not installed: make e2e-deps installs it")
	}
	file := filepath.Join(t.TempDir(), "haproxy.cfg")
	if err := os.WriteFile(file, []byte(Config(listeners())), 0o600); err != nil {
		t.Fatal(err)
	}
	if output, err := exec.CommandContext(t.Context(), program, "-c", "-f", file).CombinedOutput(); err != nil {
		t.Errorf("haproxy refuses the configuration: %v\n%s", err, output)
	}
}
