package control

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/nodes"
	realnode "github.com/edge-ingress/edge-ingress-operator/test/lab/real"
)

// recorder is a cluster that notes what it is asked for, and does what react says.
type recorder struct {
	asked []string
	react func(ctx context.Context) error
}

func (r *recorder) note(ctx context.Context, format string, args ...any) error {
	r.asked = append(r.asked, fmt.Sprintf(format, args...))
	if r.react == nil {
		return nil
	}
	return r.react(ctx)
}

func (r *recorder) AddNode(ctx context.Context, n Node) error {
	return r.note(ctx, "add %s %s %s %v", n.Name, n.ProxyMode, n.Zone, n.Labels)
}
func (r *recorder) CrashNode(ctx context.Context, name string) error {
	return r.note(ctx, "crash %s", name)
}
func (r *recorder) RestartNode(ctx context.Context, name string) error {
	return r.note(ctx, "restart %s", name)
}
func (r *recorder) RemoveNode(ctx context.Context, name string) error {
	return r.note(ctx, "remove %s", name)
}
func (r *recorder) LoadImages(ctx context.Context, archives ...string) error {
	return r.note(ctx, "load %v", archives)
}
func (r *recorder) PushImage(ctx context.Context, archive, name string) error {
	return r.note(ctx, "push %s as %s", archive, name)
}

// serve returns a client of the cluster.
func serve(t *testing.T, cluster Cluster) (*Client, *Server) {
	t.Helper()
	dir, err := os.MkdirTemp("", "control") //nolint:usetesting // t.TempDir contains the test's name, which may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	server, err := Serve(t.Context(), dir, cluster)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return NewClient(dir), server
}

func TestEveryWishArrives(t *testing.T) {
	cluster := &recorder{}
	client, _ := serve(t, cluster)
	ctx := t.Context()
	node := Node{Node: nodes.Node{Name: "n", Zone: "z", Labels: map[string]string{"a/b": "c"}}, ProxyMode: realnode.NFTables}
	for _, err := range []error{
		client.AddNode(ctx, node), client.CrashNode(ctx, "n"), client.RestartNode(ctx, "n"), client.RemoveNode(ctx, "odd/name"),
		client.LoadImages(ctx, "/a.tar", "/b.tar"), client.PushImage(ctx, "/a.tar", "ghcr.io/a:v1"),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	want := []string{"add n nftables z map[a/b:c]", "crash n", "restart n", "remove odd/name", "load [/a.tar /b.tar]", "push /a.tar as ghcr.io/a:v1"}
	if !reflect.DeepEqual(cluster.asked, want) {
		t.Errorf("the cluster was asked for\n%q, want\n%q", cluster.asked, want)
	}
}

func TestAFailureArrivesInItsOwnWords(t *testing.T) {
	client, _ := serve(t, &recorder{react: func(context.Context) error { return errors.New("no such node") }})
	if err := client.CrashNode(t.Context(), "n"); err == nil || err.Error() != "no such node" {
		t.Errorf("the error is %v", err)
	}
}

// untilCancelled is an action that takes for ever.
func untilCancelled(begun chan<- struct{}) func(context.Context) error {
	return func(ctx context.Context) error {
		close(begun)
		<-ctx.Done()
		return ctx.Err()
	}
}

func TestAWishEndsWhenNobodyWaitsForIt(t *testing.T) {
	begun, ended := make(chan struct{}), make(chan struct{})
	client, _ := serve(t, &recorder{react: func(ctx context.Context) error {
		defer close(ended)
		return untilCancelled(begun)(ctx)
	}})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-begun; cancel() }()
	if err := client.RestartNode(ctx, "n"); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
	<-ended
}

func TestCloseCancelsWishes(t *testing.T) {
	begun := make(chan struct{})
	client, server := serve(t, &recorder{react: untilCancelled(begun)})
	result := make(chan error)
	go func() { result <- client.RestartNode(t.Context(), "n") }()
	<-begun
	if err := server.Close(); err != nil {
		t.Error(err)
	}
	if err := <-result; err == nil {
		t.Error("the wish was fulfilled")
	}
}

func TestWithoutASupervisorTheErrorSaysSo(t *testing.T) {
	err := NewClient(t.TempDir()).CrashNode(t.Context(), "n")
	if err == nil || !strings.Contains(err.Error(), "supervisor") {
		t.Errorf("the error is %v", err)
	}
}

func TestADirectoryWithATooLongNameIsRefused(t *testing.T) {
	_, err := Serve(t.Context(), filepath.Join(t.TempDir(), strings.Repeat("x", maxSocketPath)), &recorder{})
	if err == nil || !strings.Contains(err.Error(), "107") {
		t.Errorf("the error is %v", err)
	}
}
