package instance

import (
	"strings"
	"testing"
)

func TestAHostIsFoundUntilItIsForgotten(t *testing.T) {
	root := Root(t.TempDir())
	dir := claim(t, root, "dev")
	want := Host{NetNS: "/proc/1/fd/2", PID: 3}
	for _, name := range []string{"edge1", "client"} {
		if err := SaveHost(dir, name, want); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := root.Host("dev", "edge1"); err != nil || got != want {
		t.Errorf("found %+v, error %v", got, err)
	}
	if err := RemoveHost(dir, "edge1"); err != nil {
		t.Fatal(err)
	}
	if _, err := root.Host("dev", "edge1"); err == nil || !strings.Contains(err.Error(), "[client]") {
		t.Errorf("the error is %v, want one that names the other host", err)
	}
	if err := RemoveHost(dir, "edge1"); err != nil {
		t.Errorf("forgetting it again: %v", err)
	}
}

func TestHostsOfACrashedClusterAreNotFound(t *testing.T) {
	root := Root(t.TempDir())
	dir := claim(t, root, "dev")
	if err := SaveHost(dir, "client", Host{}); err != nil {
		t.Fatal(err)
	}
	crash(t, dir)
	if _, err := root.Host("dev", "client"); err == nil {
		t.Error("a host was found")
	}
}
