package image_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/images/oci"
)

// repository is the root of this repository.
var repository = filepath.Join("..", "..")

// build makes the image for all platforms with the Dockerfile as it is and `make image-push`, the command of the release, which
// pushes it into a layout instead of a registry. It returns the layout and the digest that the command wrote.
//
// The build runs offline. The base image golang cannot be pulled everywhere, so the build finds another one under its name: a
// shell, and the Go of go.mod as a mount.
func build(t *testing.T, version, revision string) (layout, string) {
	t.Helper()
	dir := scratch(t)
	writeFile(t, filepath.Join(dir, "storage.conf"), fmt.Sprintf("[storage]\ndriver = \"vfs\"\nrunroot = %q\ngraphroot = %q\n", dir+"/run", dir+"/root"))
	toolchain := "go" + field(t, "toolchain go")
	base := "docker.io/library/golang:" + strings.TrimPrefix(toolchain, "go")
	standIn(t, dir, base)
	run(t, dir, "go", "mod", "download") // The build has no network.

	goEnv := func(name string) string { return strings.TrimSpace(run(t, dir, "go", "env", name)) }
	t.Setenv("GOTOOLCHAIN", toolchain)
	mounts := fmt.Sprintf("--volume=%s:/usr/local/go:ro --volume=%s:/go/pkg/mod --volume=%s:/root/.cache/go-build",
		goEnv("GOROOT"), goEnv("GOMODCACHE"), goEnv("GOCACHE"))
	run(t, dir, "make", "--no-print-directory", "image-push", "CONTAINER_TOOL=buildah", "VERSION="+version, "REVISION="+revision,
		"BUILD_FLAGS=--pull-never --network=none "+mounts, "DESTINATION=oci:"+dir+"/layout:image", "DIGEST_FILE="+dir+"/digest")
	digest, err := os.ReadFile(filepath.Join(dir, "digest"))
	if err != nil {
		t.Fatal(err)
	}
	return layout(filepath.Join(dir, "layout")), strings.TrimSpace(string(digest))
}

// scratch is a directory for buildah's storage. It is always the same one, so that a run removes what a killed one left.
func scratch(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join(repository, "bin", "image-test"))
	if err != nil {
		t.Fatal(err)
	}
	remove := func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("removing the storage of images: %v", err)
		}
	}
	remove()
	t.Cleanup(remove)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// standIn makes an image with the shell that the Dockerfile needs.
func standIn(t *testing.T, dir, name string) {
	t.Helper()
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		t.Fatal(err)
	}
	tree := oci.NewTree()
	if err := tree.AddProgram("/bin/busybox", busybox); err != nil {
		t.Fatal(err)
	}
	tree.AddSymlink("/bin/sh", "busybox")
	tree.AddDir("/tmp", 0o1777, oci.Root)
	var files bytes.Buffer
	if err := tree.WriteTar(&files); err != nil {
		t.Fatal(err)
	}
	base := filepath.Join(dir, "golang")
	if err := os.Mkdir(base, 0o700); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(base, "files.tar"), files.String())
	writeFile(t, filepath.Join(base, "Dockerfile"), "FROM scratch\nADD files.tar /\n"+
		"ENV PATH=/usr/local/go/bin:/bin GOPATH=/go HOME=/root GOTOOLCHAIN=local GOPROXY=off\n")
	run(t, dir, "buildah", "build", "--tag", name, base)
}

// run runs a command in the repository, and returns what it printed. The mounts that it makes are in a namespace of its own, and
// the processes that it starts end with it. So nothing can be removed through a mount that a killed build left.
func run(t *testing.T, dir string, command ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "unshare", append([]string{"--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--"}, command...)...)
	cmd.Dir = repository
	cmd.Env = append(os.Environ(), "CONTAINERS_STORAGE_CONF="+filepath.Join(dir, "storage.conf"), "BUILDAH_ISOLATION=chroot")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	output, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", strings.Join(command, " "), err, output, stderr.String())
	}
	return string(output)
}

// field returns the rest of the line of go.mod that begins so.
func field(t *testing.T, prefix string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, found := strings.CutPrefix(line, prefix); found {
			return strings.TrimSpace(rest)
		}
	}
	t.Fatalf("go.mod has no line %q", prefix)
	return ""
}

func writeFile(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
