package command_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/plugin/command"
	"github.com/edge-ingress/edge-ingress-operator/verification/answer"
	"github.com/edge-ingress/edge-ingress-operator/verification/probe"
)

const (
	group = "/apis/edgeingress.dev/v1alpha1/"
	nonce = "0123456789abcdef"
)

// world is a cluster with an EdgeIngress whose addresses are on loopback, a controller and a witness behind
// them.
type world struct {
	t   *testing.T
	key ed25519.PrivateKey

	mutex   sync.Mutex
	edges   map[string]*v1alpha1.EdgeIngress
	reports map[string]*v1alpha1.SourceIPReport
	nodes   *corev1.NodeList // nil: forbidden
	spent   map[string]bool
	hosts   map[string]bool // that requests named
	// onList changes the world when reports are read the n-th time.
	onList func(w *world, n int)
	lists  int
	// source is how the controller knows the loopback of this machine, and from where requests seem to leave.
	source netip.Addr
	// serve is what the controller passes on of a request: X-Real-IP and X-Forwarded-For.
	serve func(peer string, request *http.Request) (realIP, forwardedFor string)
	// answers replaces the witness's answer where it is not nil.
	answers func(writer http.ResponseWriter, token answer.Token) bool

	server      *httptest.Server
	http, https int
	local       []netip.Addr
	environment map[string]string
	resolved    map[string][]netip.Addr
}

// newWorld is a cluster in which everything is as it should be. Its clock is an hour behind.
func newWorld(t *testing.T) *world {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, key: key, spent: map[string]bool{}, hosts: map[string]bool{}, environment: map[string]string{},
		edges: map[string]*v1alpha1.EdgeIngress{}, reports: map[string]*v1alpha1.SourceIPReport{}, resolved: map[string][]netip.Addr{}}
	w.serve = func(peer string, _ *http.Request) (string, string) { return peer, peer }
	w.source = netip.MustParseAddr("192.168.1.7")
	w.local = []netip.Addr{netip.MustParseAddr("198.51.100.9")}
	edge := &v1alpha1.EdgeIngress{ObjectMeta: metav1.ObjectMeta{Name: "public", UID: "edge-uid"}}
	edge.Status.Addresses = []string{"127.0.0.1"}
	w.edges["public"] = edge
	inside := &v1alpha1.SourceIPReport{ObjectMeta: metav1.ObjectMeta{Name: "public-inside-1"}}
	inside.Spec = v1alpha1.SourceIPReportSpec{EdgeIngress: "public", Vantage: v1alpha1.VantageInside, Node: "worker-1"}
	inside.Status = v1alpha1.SourceIPReportStatus{
		PublicKey: answer.EncodeKey(key.Public().(ed25519.PublicKey)), ServiceUID: "service-uid", PathDigest: "path",
		Challenges:  []v1alpha1.Challenge{{Nonce: nonce, Issued: metav1.NewTime(w.now().Add(-time.Minute))}},
		Controllers: []v1alpha1.ReportedController{{Name: "controller-1", PodUID: "pod-uid", Node: "edge-1", NodeUID: "node-uid"}},
		Sights: []v1alpha1.Sight{{Address: "10.0.0.11", Port: 30080, Scheme: v1alpha1.SchemeHTTP, Family: "IPv4", Node: "edge-1",
			Source: "10.0.0.21", Seen: v1alpha1.SeenOwn, Time: metav1.NewTime(w.now())}},
	}
	w.reports[inside.Name] = inside
	w.server = httptest.NewServer(http.HandlerFunc(w.api))
	t.Cleanup(w.server.Close)
	w.http = w.listen("127.0.0.1", 0, false)
	w.https = w.listen("127.0.0.1", 0, true)
	return w
}

// now is the time by the API server's clock.
func (w *world) now() time.Time { return time.Now().Add(-time.Hour).Truncate(time.Second) }

// listen serves the controller at an address, and returns its port.
func (w *world) listen(address string, port int, secure bool) int {
	w.t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(w.t.Context(), "tcp", net.JoinHostPort(address, strconv.Itoa(port)))
	if err != nil {
		w.t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(w.controller))
	_ = server.Listener.Close()
	server.Listener = listener
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	if secure {
		server.StartTLS()
	} else {
		server.Start()
	}
	w.t.Cleanup(server.Close)
	return int(netip.MustParseAddrPort(listener.Addr().String()).Port())
}

// controller leads requests to the witness, which answers each token once.
func (w *world) controller(writer http.ResponseWriter, request *http.Request) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	token, ok := answer.ParseToken(request.URL.Path)
	w.hosts[request.Host] = true
	if !ok || w.spent[token.String()] || token.Nonce != nonce {
		http.Error(writer, "default backend", http.StatusNotFound)
		return
	}
	w.spent[token.String()] = true
	if w.answers != nil && w.answers(writer, token) {
		return
	}
	from := netip.MustParseAddrPort(request.RemoteAddr).Addr()
	if from.IsLoopback() {
		from = w.source
	}
	peer := from.String()
	a := answer.Answer{Token: token.String(), Peer: "10.244.1.7", Config: "digest", Pod: "controller-1", Asked: asked(request)}
	a.RealIP, a.ForwardedFor = w.serve(peer, request)
	body, err := answer.Sign(a, w.key)
	if err != nil {
		http.Error(writer, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = writer.Write(body)
}

// asked is what a controller says about a request.
func asked(request *http.Request) string {
	if request.TLS != nil {
		return "https://" + request.Host
	}
	return "http://" + request.Host
}

// api is the part of an API server that the plugin uses.
func (w *world) api(writer http.ResponseWriter, request *http.Request) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	writer.Header().Set("Date", w.now().UTC().Format(http.TimeFormat))
	writer.Header().Set("Content-Type", "application/json")
	resource, rest, _ := strings.Cut(strings.TrimPrefix(request.URL.Path, group), "/")
	name, subresource, _ := strings.Cut(rest, "/")
	switch {
	case request.URL.Path == "/api/v1/nodes" && w.nodes != nil:
		w.send(writer, w.nodes)
	case request.URL.Path == "/api/v1/nodes":
		w.refuse(writer, http.StatusForbidden, metav1.StatusReasonForbidden)
	case resource == "edgeingresses" && name == "":
		list := &v1alpha1.EdgeIngressList{TypeMeta: kind("EdgeIngressList")}
		for _, edge := range w.edges {
			list.Items = append(list.Items, *edge)
		}
		w.send(writer, list)
	case resource == "edgeingresses" && w.edges[name] != nil:
		edge := w.edges[name].DeepCopy()
		edge.TypeMeta = kind("EdgeIngress")
		w.send(writer, edge)
	case resource == "sourceipreports":
		w.report(writer, request, name, subresource)
	default:
		w.refuse(writer, http.StatusNotFound, metav1.StatusReasonNotFound)
	}
}

// report reads and writes reports as an API server does for a kind with the subresource status.
func (w *world) report(writer http.ResponseWriter, request *http.Request, name, subresource string) {
	sent := &v1alpha1.SourceIPReport{}
	if request.Method != http.MethodGet {
		if err := json.NewDecoder(request.Body).Decode(sent); err != nil {
			w.t.Error(err)
		}
	}
	old := w.reports[name]
	switch {
	case request.Method == http.MethodGet && name == "":
		w.lists++
		if w.onList != nil {
			w.onList(w, w.lists)
		}
		list := &v1alpha1.SourceIPReportList{TypeMeta: kind("SourceIPReportList")}
		for _, report := range w.reports {
			list.Items = append(list.Items, *report)
		}
		w.send(writer, list)
		return
	case request.Method == http.MethodPost:
		sent.Status = v1alpha1.SourceIPReportStatus{}
		w.reports[sent.Name] = sent
		name = sent.Name
	case old == nil:
		w.refuse(writer, http.StatusNotFound, metav1.StatusReasonNotFound)
		return
	case request.Method == http.MethodPut && subresource == "status":
		old.Status = sent.Status
	case request.Method == http.MethodPut:
		sent.Status = old.Status
		w.reports[name] = sent
	}
	report := w.reports[name].DeepCopy()
	report.TypeMeta = kind("SourceIPReport")
	w.send(writer, report)
}

func kind(name string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: name}
}

func (w *world) send(writer http.ResponseWriter, object any) {
	if err := json.NewEncoder(writer).Encode(object); err != nil {
		w.t.Error(err)
	}
}

func (w *world) refuse(writer http.ResponseWriter, code int, reason metav1.StatusReason) {
	writer.WriteHeader(code)
	w.send(writer, metav1.Status{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusFailure,
		Code: int32(code), Reason: reason, Message: string(reason) + " by the test"})
}

// ran is what a run of the plugin left behind.
type ran struct {
	code     int
	out, err string
}

// run runs the plugin with the ports of this world, unless the arguments name others.
func (w *world) run(arguments ...string) ran {
	w.t.Helper()
	kubeconfig := filepath.Join(w.t.TempDir(), "kubeconfig")
	text := fmt.Sprintf(`{"apiVersion":"v1","kind":"Config","current-context":"a",
		"clusters":[{"name":"a","cluster":{"server":%q}}],"contexts":[{"name":"a","context":{"cluster":"a","user":""}}]}`, w.server.URL)
	if err := os.WriteFile(kubeconfig, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	arguments = append(arguments, "--kubeconfig", kubeconfig)
	if len(arguments) > 0 && arguments[0] == "verify" && !slices.ContainsFunc(arguments, func(a string) bool { return strings.HasPrefix(a, "--http-port") }) {
		arguments = append(arguments, "--http-port", strconv.Itoa(w.http), "--https-port", strconv.Itoa(w.https))
	}
	var out, errs bytes.Buffer
	code := command.Run(w.t.Context(), arguments, command.Environment{
		Out: &out, Err: &errs, Version: "v1.2.3",
		Getenv: func(name string) string { return w.environment[name] },
		Local:  func() ([]netip.Addr, error) { return w.local, nil },
		Send: func(ctx context.Context, request probe.Request) probe.Reply {
			reply := probe.Send(ctx, request)
			if reply.Local.IsValid() {
				reply.Local = netip.AddrPortFrom(w.source, reply.Local.Port())
			}
			return reply
		},
		Resolve: func(_ context.Context, host string) ([]netip.Addr, error) {
			if addresses := w.resolved[host]; addresses != nil {
				return addresses, nil
			}
			return nil, fmt.Errorf("no such host %q", host)
		},
	})
	w.t.Logf("exit code %d\n--- stdout\n%s--- stderr\n%s", code, out.String(), errs.String())
	return ran{code, out.String(), errs.String()}
}

func port(number int) string { return strconv.Itoa(number) }
