package command

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestArchiveFilesAreNamesOfImagesOrFiles(t *testing.T) {
	root := t.TempDir()
	manager := filepath.Join(root, "bin", "manager")
	if err := os.MkdirAll(filepath.Dir(manager), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(manager, []byte("the operator"), 0o755); err != nil {
		t.Fatal(err)
	}
	s := &settings{root: root}
	got, err := s.archiveFiles(t.Context(), []string{"some/file.tar", "operator"})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"some/file.tar", filepath.Join(root, "bin", "images", "operator.tar")}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if err := os.Remove(manager); err != nil {
		t.Fatal(err)
	}
	if _, err := s.archiveFiles(t.Context(), []string{"operator"}); err == nil || !strings.Contains(err.Error(), "make build") {
		t.Errorf("got %v, want what to run", err)
	}
}
