package testcluster_test

import (
	"os"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/testcluster"
)

var cluster *testcluster.Cluster

func TestMain(m *testing.M) {
	os.Exit(testcluster.Run(m, testcluster.Options{}, func(started *testcluster.Cluster) error {
		cluster = started
		if os.Getenv(sacrificeVariable) != "" {
			waitToBeKilled(cluster)
		}
		return nil
	}))
}

func newClient(t *testing.T, config *rest.Config) client.Client {
	t.Helper()
	c, err := client.New(config, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func namespace(name string) *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
}

func TestRequestsAreRecordedByKind(t *testing.T) {
	var requests testcluster.Requests
	config := rest.CopyConfig(cluster.Config)
	config.Wrap(requests.Record)
	c := newClient(t, config)

	created := namespace("recorded")
	if err := c.Create(t.Context(), created); err != nil {
		t.Fatal(err)
	}
	requests.Reset()

	if err := c.Get(t.Context(), client.ObjectKeyFromObject(created), created); err != nil {
		t.Fatal(err)
	}
	if writes := requests.Writes(); len(writes) != 0 {
		t.Errorf("a read was recorded as writes %v", writes)
	}
	if err := c.Patch(t.Context(), created, client.RawPatch("application/merge-patch+json", []byte(`{}`)), client.DryRunAll); err != nil {
		t.Fatal(err)
	}
	want := testcluster.Request{Method: "PATCH", Path: "/api/v1/namespaces/recorded", Query: "dryRun=All"}
	if writes := requests.Writes(); !slices.Equal(writes, []testcluster.Request{want}) {
		t.Errorf("a dry run of a patch without effect was recorded as %v, want %v", writes, want)
	}
	read := testcluster.Request{Method: "GET", Path: "/api/v1/namespaces/recorded"}
	if reads := requests.Reads(); !slices.Equal(reads, []testcluster.Request{read}) {
		t.Errorf("recorded reads %v, want %v", reads, read)
	}
}

func TestServiceAccountConfigHasOnlyThePermissionsOfTheServiceAccount(t *testing.T) {
	err := newClient(t, cluster.ServiceAccountConfig("somewhere", "nobody")).Create(t.Context(), namespace("forbidden"))
	if !apierrors.IsForbidden(err) {
		t.Errorf("a ServiceAccount without any role created a namespace: %v", err)
	}
}

func TestNodesAreAddedAndRemoved(t *testing.T) {
	c := newClient(t, cluster.Config)
	node := &corev1.Node{}
	key := client.ObjectKey{Name: "added"}

	err := cluster.AddNode(t.Context(), testcluster.Node{Name: "added", Zone: "z1", Labels: map[string]string{"pool": "edge", "a/b": ""}})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Get(t.Context(), key, node); err != nil {
		t.Fatal(err)
	}
	for label, want := range map[string]string{corev1.LabelTopologyZone: "z1", "pool": "edge", "a/b": ""} {
		if got, ok := node.Labels[label]; !ok || got != want {
			t.Errorf("label %s is %q (present: %t), want %q", label, got, ok, want)
		}
	}
	if err := cluster.RemoveNode(t.Context(), "added"); err != nil {
		t.Fatal(err)
	}
	if err := c.Get(t.Context(), key, node); !apierrors.IsNotFound(err) {
		t.Errorf("the removed node is still there: %v", err)
	}
}

func TestAddingANodeTwiceIsAnError(t *testing.T) {
	if err := cluster.AddNode(t.Context(), testcluster.Node{Name: "twice"}); err != nil {
		t.Fatal(err)
	}
	if err := cluster.AddNode(t.Context(), testcluster.Node{Name: "twice"}); err == nil {
		t.Error("adding a node that exists succeeded")
	}
}
