package command

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/instance"
)

func TestRemainsThatCannotBeReadAreNotInAnotherClustersWay(t *testing.T) {
	repository := t.TempDir()
	remains := filepath.Join(repository, "bin", "run", "old")
	record := filepath.Join(instance.NodesDir(remains), "edge1", "group.json")
	if err := os.MkdirAll(filepath.Dir(record), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(record, []byte(`{"memory":"/sys/fs/cg`), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &settings{root: repository}
	if dir, err := (&runner{settings: s, name: "new"}).claim(t.Context()); err != nil || filepath.Base(dir) != "new" {
		t.Errorf("the new cluster has directory %q, error %v", dir, err)
	}
	if _, err := os.Stat(record); err != nil {
		t.Errorf("nobody can find out any more what is left: %v", err)
	}
	if _, err := (&runner{settings: s, name: "old"}).claim(t.Context()); err == nil {
		t.Error("a cluster took the directory with the remains")
	}
}
