package prober

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/verification/answer"
	"github.com/edge-ingress/edge-ingress-operator/verification/probe"
	"github.com/edge-ingress/edge-ingress-operator/verification/serverclock"
)

// edgeNodes is how many the cost is measured with.
const edgeNodes = 100

// hundred is a cluster of this many edge nodes, whose controllers are all on loopback and answer as the witness does.
type hundred struct {
	*fixture
	m      *measurer
	status v1alpha1.SourceIPReportStatus
}

func newHundred(b *testing.B) *hundred {
	b.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		b.Fatal(err)
	}
	h := &hundred{fixture: cluster2()}
	h.view.nodes, h.view.pods = nil, map[string][]pod{}
	h.addNode(own, "127.0.0.1")
	h.addNode("worker-2", "127.0.0.3")
	port := 0
	for i := range edgeNodes {
		name, address := fmt.Sprintf("edge-%03d", i), fmt.Sprintf("127.1.0.%d", i+1)
		h.addNode(name, address)
		h.addPod("web", "web-"+strconv.Itoa(i), name)
		listener, err := (&net.ListenConfig{}).Listen(b.Context(), "tcp", net.JoinHostPort(address, strconv.Itoa(port)))
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = listener.Close() })
		port = listener.Addr().(*net.TCPAddr).Port
		go answerAll(listener, private, "web-"+strconv.Itoa(i))
	}
	h.service().Spec.Ports = h.service().Spec.Ports[:1]
	h.service().Spec.Ports[0].NodePort = int32(port)
	began := time.Now()
	s := &shared{
		Options: Options{Node: own, Version: "test", Log: slog.New(slog.DiscardHandler)}, clock: serverclock.New(), witness: newWitness(nil), send: probe.Send,
		view: func() *view { return h.view }, serviceProxy: func(context.Context) string { return "iptables" },
		fetch: func(context.Context, probe.Request) (answer.Page, error) { return answer.Page{Status: 404}, nil },
		register: func(_ context.Context, _ registration, count int, _ time.Duration) (registered, error) {
			return registered{key: public, nonces: make([]string, count)}.filled(), nil
		},
		write: func(_ context.Context, _ *v1alpha1.EdgeIngress, status v1alpha1.SourceIPReportStatus) error {
			h.status = status
			return nil
		},
	}
	s.clock.Set(began, began)
	h.m = newMeasurer(s, h.edge)
	return h
}

func (r registered) filled() registered {
	for i := range r.nonces {
		r.nonces[i] = fmt.Sprintf("nonce-%010d", i)
	}
	return r
}

// answerAll answers as a controller with the witness behind it does.
func answerAll(listener net.Listener, key ed25519.PrivateKey, pod string) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer func() { _ = conn.Close() }()
			request, err := http.ReadRequest(bufio.NewReader(conn))
			if err != nil {
				_, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
				return
			}
			sender := conn.RemoteAddr().(*net.TCPAddr).IP.String()
			body, err := answer.Sign(answer.Answer{
				Token: strings.TrimPrefix(request.URL.Path, answer.Path), Peer: "10.244.1.1", RealIP: sender, ForwardedFor: sender, Config: "0123456789abcdef", Pod: pod,
				Asked: "http://" + request.Host,
			}, key)
			if err != nil {
				return
			}
			_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		}()
	}
}

// cpu is the time that this process has used.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkCost measures rounds at a hundred edge nodes on real sockets. The time includes that of the controllers
// and of the witness's signatures, which are in the same process, so the prober itself costs less. Run it with
// -run '^$' -bench Cost -benchtime 30x.
func BenchmarkCost(b *testing.B) {
	h := newHundred(b)
	began := cpu(b)
	h.m.step(b.Context())
	first := cpu(b) - began
	if len(h.status.Sights) < 2*edgeNodes {
		b.Fatalf("the first round has %d sights: %s %s", len(h.status.Sights), h.status.Problem, h.status.Detail)
	}
	for _, one := range h.status.Sights {
		refused := one.Seen == v1alpha1.SeenUnsigned && strings.HasPrefix(strings.Join(one.Forgeries, ""), "PROXY")
		if one.Seen != v1alpha1.SeenOwn && !refused {
			b.Fatalf("a sight is %+v", one)
		}
	}
	began = cpu(b)
	for b.Loop() {
		h.m.schedule.round = time.Time{}
		h.m.step(b.Context())
	}
	each := (cpu(b) - began) / time.Duration(b.N)
	text, err := json.Marshal(h.status)
	if err != nil {
		b.Fatal(err)
	}
	perMinute := float64(time.Minute/restingRound)*each.Seconds() + first.Seconds()*float64(time.Minute)/float64(fullInterval)
	b.ReportMetric(each.Seconds()*1000, "CPU-ms/round")
	b.ReportMetric(first.Seconds()*1000, "CPU-ms/full-round")
	b.ReportMetric(perMinute/60*100, "%-of-a-core")
	b.ReportMetric(float64(len(text))/1024, "KiB/report")
	b.ReportMetric(float64(time.Hour/restInterval), "writes/h")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkPlan plans in a cluster of 5,000 nodes.
func BenchmarkPlan(b *testing.B) {
	f := cluster2()
	for i := range 5000 {
		f.view.nodes = append(f.view.nodes, node{
			name: fmt.Sprintf("node-%04d", i), uid: types.UID(fmt.Sprint(i)), ready: true,
			addresses: []netip.Addr{netip.AddrFrom4([4]byte{10, 1, byte(i / 250), byte(i % 250)})},
		})
	}
	slices.SortFunc(f.view.nodes, func(a, b node) int { return strings.Compare(a.name, b.name) })
	for i := range edgeNodes {
		f.addPod("web", fmt.Sprintf("web-x%d", i), fmt.Sprintf("node-%04d", i))
	}
	if asked := len(f.plan().targets); asked != edgeNodes+2 {
		b.Fatalf("%d targets are planned", asked)
	}
	for b.Loop() {
		_ = f.plan().fingerprint()
	}
}
