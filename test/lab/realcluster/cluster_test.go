package realcluster_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/realcluster"
)

// enableVariable with a value runs tests that need root and what `make e2e-deps` installs.
const enableVariable = "LAB_REAL_NODES"

// deadline only ends a test that would hang; nothing is measured by it.
const deadline = 2 * time.Minute

// An application on a node is reached from outside, before and after the node crashed.
func TestPacketsReachARealNode(t *testing.T) {
	if os.Getenv(enableVariable) == "" {
		t.Skipf("real nodes need root and programs: set %s=1", enableVariable)
	}
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	cluster, err := realcluster.Start(ctx, realcluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cluster.Stop(); err != nil {
			t.Error(err)
		}
	})
	node := realcluster.NodeOptions{Name: "edge1", ProxyMode: realcluster.NFTables, Zone: "z", Labels: map[string]string{"pool": "edge"}}
	must(t, cluster.LoadImages(ctx, "echo"))
	must(t, cluster.AddNode(ctx, node))
	c, err := client.New(cluster.Config, client.Options{})
	must(t, err)
	must(t, c.Create(ctx, echo()))
	expectSource(ctx, t, cluster, awaitEcho(ctx, t, c, 0), "203.0.113.25")

	if name, err := cluster.Host("edge1").Command(ctx, "hostname").Output(); err != nil || strings.TrimSpace(string(name)) != "edge1" {
		t.Errorf("the host name is %q, error %v", name, err)
	}
	must(t, cluster.CrashNode(ctx, "edge1"))
	if err := cluster.Host("edge1").Do(func() error { return nil }); err == nil {
		t.Error("a crashed node was entered")
	}
	must(t, cluster.RestartNode(ctx, "edge1"))
	expectSource(ctx, t, cluster, awaitEcho(ctx, t, c, 1), "203.0.113.10")
	must(t, cluster.RemoveNode(ctx, "edge1"))
	nodes := &corev1.NodeList{}
	if err := c.List(ctx, nodes); err != nil || len(nodes.Items) != 0 {
		t.Errorf("%d nodes are left, error %v", len(nodes.Items), err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const echoPort = 8080

func echo() *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "echo", Namespace: metav1.NamespaceDefault},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{
			Name: "echo", Image: "lab.test/echo:e2e", ImagePullPolicy: corev1.PullNever,
		}}},
	}
}

// awaitEcho returns the application's address when it listens after that many restarts.
func awaitEcho(ctx context.Context, t *testing.T, c client.Client, restarts int32) netip.Addr {
	t.Helper()
	pod := echo()
	err := wait.PollUntilContextCancel(ctx, 100*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		if err := c.Get(ctx, client.ObjectKeyFromObject(pod), pod); err != nil {
			return false, err
		}
		statuses := pod.Status.ContainerStatuses
		return len(statuses) == 1 && statuses[0].RestartCount >= restarts && statuses[0].Ready, nil
	})
	if err != nil {
		t.Fatalf("waiting for the application: %v; its status is %+v", err, pod.Status)
	}
	return netip.MustParseAddr(pod.Status.PodIP)
}

// expectSource sends a request from an address of the client and looks which one the application saw.
func expectSource(ctx context.Context, t *testing.T, cluster *realcluster.Cluster, application netip.Addr, from string) {
	t.Helper()
	local := netip.AddrPortFrom(netip.MustParseAddr(from), 0)
	dial := func(ctx context.Context) (net.Conn, error) {
		return cluster.Host(realcluster.Client).DialFrom(ctx, "tcp", local, netip.AddrPortFrom(application, echoPort).String())
	}
	var connection net.Conn
	err := wait.PollUntilContextCancel(ctx, 100*time.Millisecond, true, func(ctx context.Context) (done bool, err error) {
		connection, err = dial(ctx)
		return err == nil, nil // it may have been started, but not listen yet
	})
	must(t, err)
	defer func() { _ = connection.Close() }()
	_, err = fmt.Fprintf(connection, "GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
	must(t, err)
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	must(t, err)
	defer func() { _ = response.Body.Close() }()
	var body strings.Builder
	_, err = bufio.NewReader(response.Body).WriteTo(&body)
	must(t, err)
	if !strings.Contains(body.String(), from) {
		t.Errorf("a request from %s arrived as\n%s", from, body.String())
	}
}

func TestNamesAreNotLookedUp(t *testing.T) {
	_, err := (&realcluster.Cluster{}).Host(realcluster.Client).Dial(t.Context(), "tcp", "localhost:80")
	if err == nil || !strings.Contains(err.Error(), "IP address") {
		t.Errorf("dialing a name returned %v", err)
	}
}
