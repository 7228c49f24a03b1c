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
	program := filepath.Join(root, "bin", "program")
	if err := os.MkdirAll(filepath.Dir(program), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, []byte("a static program"), 0o755); err != nil {
		t.Fatal(err)
	}
	s := &settings{root: root}
	got, err := s.archiveFiles(t.Context(), []string{"some/file.tar", "program=" + program})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"some/file.tar", filepath.Join(root, "bin", "images", "program.tar")}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if err := os.Remove(program); err != nil {
		t.Fatal(err)
	}
	if _, err := s.archiveFiles(t.Context(), []string{"program=" + program}); err == nil || !strings.Contains(err.Error(), program) {
		t.Errorf("got %v, want the file that is missing", err)
	}
}
