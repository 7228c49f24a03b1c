// Package netnstest helps tests that need network namespaces.
package netnstest

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/netns"
	"github.com/vishvananda/netlink"
)

// removalTimeout only ends a test that would hang: the kernel removes a namespace at its leisure.
const removalTimeout = time.Minute

// SkipWithoutRoot skips a test that only root can run.
func SkipWithoutRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("network namespaces need root")
	}
}

// New returns a namespace for the duration of the test, with its loopback interface up. It skips
// the test without root.
func New(t *testing.T) *netns.Namespace {
	t.Helper()
	SkipWithoutRoot(t)
	namespace, err := netns.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = namespace.Close() })
	if err := namespace.Do(raiseLoopback); err != nil {
		t.Fatal(err)
	}
	return namespace
}

func raiseLoopback() error {
	loopback, err := netlink.LinkByName("lo")
	if err != nil {
		return err
	}
	return netlink.LinkSetUp(loopback)
}

// Watch returns a function that waits until the namespace at path is removed, without keeping it.
// One end of a link is in the namespace, and the kernel removes both ends together with it.
func Watch(t *testing.T, path string) (awaitRemoval func()) {
	t.Helper()
	watched, err := netns.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	own := New(t)
	err = own.Do(func() error {
		return netlink.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "watch"}, PeerName: "watched", PeerNamespace: netlink.NsFd(watched.FD())})
	})
	if err := errors.Join(err, watched.Close()); err != nil {
		t.Fatal(err)
	}
	return func() { t.Helper(); awaitLinkRemoval(t, path, own) }
}

func awaitLinkRemoval(t *testing.T, path string, own *netns.Namespace) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), removalTimeout)
	defer cancel()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for {
		err := own.Do(func() error { _, err := netlink.LinkByName("watch"); return err })
		if missing := (netlink.LinkNotFoundError{}); errors.As(err, &missing) {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("the namespace that was %s is still there (%v)", path, err)
		case <-ticker.C:
		}
	}
}
