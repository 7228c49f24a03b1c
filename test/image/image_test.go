// Package image_test builds the operator's image as a release does, and looks at what a node would get of it.
package image_test

import (
	"archive/tar"
	"bytes"
	"debug/buildinfo"
	"debug/elf"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
)

const (
	version  = "v9.8.7"
	revision = "0123456789ab"
	user     = 65532
)

// programs are those in the image, with the package of each.
var programs = map[string]string{
	"manager":                   "github.com/edge-ingress/edge-ingress-operator",
	"edge-ingress-verification": "github.com/edge-ingress/edge-ingress-operator/verification",
}

func TestTheImageIsWhatItShouldBe(t *testing.T) {
	if os.Getenv("TEST_IMAGE") != "1" {
		t.Skip("TEST_IMAGE is not 1: this needs root, buildah, and minutes for the first time; run make test-image")
	}
	built, written := build(t, version, revision)
	digest, images, err := built.list()
	if err != nil {
		t.Fatal(err)
	}
	if digest != written {
		t.Errorf("dist/digest is %s, and what was pushed has %s", written, digest)
	}
	var platforms []platform
	for _, i := range images {
		platforms = append(platforms, i.platform)
		t.Run(i.Architecture, func(t *testing.T) {
			t.Logf("%.1f MB to pull, %.1f MB unpacked", float64(i.size)/1e6, float64(unpacked(i))/1e6)
			checkConfig(t, i)
			checkFiles(t, i)
			for name, pkg := range programs {
				checkProgram(t, i, name, pkg)
			}
			if i.Architecture == runtime.GOARCH {
				checkRuns(t, i)
			}
		})
	}
	// Both are built at the same time, and the one that is ready first comes first.
	slices.SortFunc(platforms, func(a, b platform) int { return strings.Compare(a.Architecture, b.Architecture) })
	if want := []platform{{"amd64", "linux"}, {"arm64", "linux"}}; !slices.Equal(platforms, want) {
		t.Errorf("the platforms are %v, want %v", platforms, want)
	}
}

func unpacked(i image) (size int64) {
	for _, f := range i.files {
		size += f.Size
	}
	return size
}

func checkConfig(t *testing.T, i image) {
	t.Helper()
	c := i.Config
	if c.User != "65532:65532" || !slices.Equal(c.Entrypoint, []string{"/manager"}) || len(c.Cmd) > 0 || len(c.Volumes) > 0 {
		t.Errorf("user %q, entrypoint %q, command %q, volumes %v", c.User, c.Entrypoint, c.Cmd, c.Volumes)
	}
	if others := slices.DeleteFunc(slices.Clone(c.Env), func(e string) bool { return strings.HasPrefix(e, "PATH=") }); len(others) > 0 {
		t.Errorf("it sets the environment %q", others)
	}
	want := map[string]string{
		"org.opencontainers.image.title":       "edge-ingress-operator",
		"org.opencontainers.image.description": "Kubernetes operator for dedicated ingress nodes that keep the client's address",
		"org.opencontainers.image.url":         "https://github.com/edge-ingress/edge-ingress-operator",
		"org.opencontainers.image.source":      "https://github.com/edge-ingress/edge-ingress-operator",
		"org.opencontainers.image.licenses":    "Apache-2.0",
		"org.opencontainers.image.version":     version,
		"org.opencontainers.image.revision":    revision,
	}
	labels := maps.Clone(c.Labels)
	delete(labels, "io.buildah.version") // buildah signs its work.
	if !maps.Equal(labels, want) {
		t.Errorf("the labels are %v, want %v", labels, want)
	}
}

// checkFiles wants the programs, the licences, and nothing else.
func checkFiles(t *testing.T, i image) {
	t.Helper()
	want := []string{"edge-ingress-verification", "licenses", "licenses/LICENSE", "licenses/THIRD-PARTY", "manager"}
	if names := slices.Sorted(maps.Keys(i.files)); !slices.Equal(names, want) {
		t.Errorf("it contains %q, want %q", names, want)
	}
	for name, f := range i.files {
		mode := int64(0o644)
		if f.Typeflag == tar.TypeDir || programs[name] != "" {
			mode = 0o755
		}
		if f.Uid != 0 || f.Gid != 0 || f.Mode&0o7777 != mode || len(f.PAXRecords) > 0 && f.PAXRecords["SCHILY.xattr.security.capability"] != "" {
			t.Errorf("%s has the owner %d:%d and the mode %o, want root and %o", name, f.Uid, f.Gid, f.Mode, mode)
		}
	}
	if own, err := os.ReadFile("../../LICENSE"); err != nil || !bytes.Equal(i.files["licenses/LICENSE"].content, own) {
		t.Errorf("licenses/LICENSE is not ours (%v)", err)
	}
}

// checkProgram looks into a program without running it.
func checkProgram(t *testing.T, i image, name, pkg string) {
	t.Helper()
	content := bytes.NewReader(i.files[name].content)
	parsed, err := elf.NewFile(content)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	machine := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}[i.Architecture]
	if libraries, err := parsed.ImportedLibraries(); parsed.Machine != machine || err != nil || len(libraries) > 0 {
		t.Errorf("%s is for %s and wants the libraries %q (%v)", name, parsed.Machine, libraries, err)
	}
	info, err := buildinfo.Read(content)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if want := "go" + field(t, "toolchain go"); info.GoVersion != want || info.Path != pkg {
		t.Errorf("%s is %s and built with %s, want %s and %s", name, info.Path, info.GoVersion, pkg, want)
	}
	notices := string(i.files["licenses/THIRD-PARTY"].content)
	for _, m := range info.Deps {
		if !strings.Contains(notices, "\n"+m.Path+" "+m.Version+"\n") {
			t.Errorf("licenses/THIRD-PARTY lacks %s %s, which is in %s", m.Path, m.Version, name)
		}
	}
}

// checkRuns starts the programs in the image's own file system, as its own user.
func checkRuns(t *testing.T, i image) {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := i.write(dir); err != nil {
		t.Fatal(err)
	}
	for name := range programs {
		cmd := exec.CommandContext(t.Context(), "/"+name, "--version")
		cmd.Dir, cmd.Env = "/", []string{}
		cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: dir, Credential: &syscall.Credential{Uid: user, Gid: user}, Pdeathsig: syscall.SIGKILL}
		output, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(output), version) || !strings.Contains(string(output), revision) {
			t.Errorf("%s --version: %q (%v), want %s and %s in it", name, output, err, version, revision)
		}
	}
}
