package oci

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// sample adds the same things as another sample, in another order.
func sample(t *testing.T, reversed bool) Image {
	t.Helper()
	program := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(program, []byte("a program"), 0o600); err != nil {
		t.Fatal(err)
	}
	tree := NewTree()
	steps := []func(){
		func() { tree.AddDir("/tmp", 0o1777, Root) },
		func() { tree.AddFile("/etc/app/config", 0o640, Owner{UID: 101, GID: 82}, []byte("x = 1\n")) },
		func() {
			if err := tree.AddProgram("/usr/bin/app", program); err != nil {
				t.Fatal(err)
			}
		},
		func() { tree.AddSymlink("/bin", "usr/bin") },
	}
	if reversed {
		slices.Reverse(steps)
	}
	for _, step := range steps {
		step()
	}
	if err := tree.GrantBindingLowPorts("/usr/bin/app"); err != nil {
		t.Fatal(err)
	}
	return Image{Repository: "lab.test/app", Tag: "e2e", Config: Config{User: "101:82", Entrypoint: []string{"/usr/bin/app"}}, Tree: tree}
}

func write(t *testing.T, image Image) (digest string, archive []byte) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "image.tar")
	digest, err := image.WriteFile(file)
	if err != nil {
		t.Fatal(err)
	}
	archive, err = os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return digest, archive
}

func TestTheSameContentGivesTheSameBytes(t *testing.T) {
	digest, archive := write(t, sample(t, false))
	otherDigest, otherArchive := write(t, sample(t, true))
	if digest != otherDigest || !bytes.Equal(archive, otherArchive) {
		t.Errorf("archives of the same content differ: %s and %s", digest, otherDigest)
	}
	changed := sample(t, false)
	changed.Tree.AddFile("/etc/app/config", 0o640, Owner{UID: 101, GID: 82}, []byte("x = 2\n"))
	if changedDigest, _ := write(t, changed); changedDigest == digest {
		t.Error("another content has the same digest")
	}
}

// members reads a tar archive into memory.
func members(t *testing.T, archive []byte) (headers map[string]*tar.Header, data map[string][]byte, names []string) {
	t.Helper()
	headers, data = map[string]*tar.Header{}, map[string][]byte{}
	reader := tar.NewReader(bytes.NewReader(archive))
	for {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return headers, data, names
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(reader)
		if err != nil {
			t.Fatal(err)
		}
		headers[header.Name], data[header.Name] = header, content
		names = append(names, header.Name)
	}
}

func decode[T any](t *testing.T, data []byte) T {
	t.Helper()
	var value T
	if err := json.Unmarshal(data, &value); err != nil {
		t.Fatalf("parsing %q: %v", data, err)
	}
	return value
}

func TestArchiveIsAnImageLayout(t *testing.T) {
	digest, archive := write(t, sample(t, false))
	_, files, _ := members(t, archive)
	blob := func(d descriptor) []byte {
		data, ok := files["blobs/sha256/"+strings.TrimPrefix(d.Digest, "sha256:")]
		sum := sha256.Sum256(data)
		if !ok || int64(len(data)) != d.Size || "sha256:"+hex.EncodeToString(sum[:]) != d.Digest {
			t.Errorf("the blob of %+v is there: %t, with %d bytes and sum %x", d, ok, len(data), sum)
		}
		return data
	}
	if got := string(files["oci-layout"]); got != `{"imageLayoutVersion":"1.0.0"}` {
		t.Errorf("oci-layout is %s", got)
	}
	top := decode[index](t, files["index.json"])
	var names []string
	for _, d := range top.Manifests {
		names = append(names, d.Annotations["io.containerd.image.name"])
		if d.Digest != digest {
			t.Errorf("the index refers to %s, want %s", d.Digest, digest)
		}
	}
	if want := []string{"lab.test/app:e2e", "lab.test/app@" + digest}; !slices.Equal(names, want) {
		t.Errorf("the image is named %q, want %q", names, want)
	}
	m := decode[manifest](t, blob(top.Manifests[0]))
	config := decode[imageConfig](t, blob(m.Config))
	blob(m.Layers[0])
	if len(m.Layers) != 1 || !slices.Equal(config.RootFS.DiffIDs, []string{m.Layers[0].Digest}) {
		t.Errorf("the config names layers %q, the manifest %+v", config.RootFS.DiffIDs, m.Layers)
	}
	if config.OS != "linux" || config.Config.User != "101:82" || !slices.Equal(config.Config.Entrypoint, []string{"/usr/bin/app"}) {
		t.Errorf("the config is %+v", config)
	}
}

func layer(t *testing.T, tree *Tree) (map[string]*tar.Header, map[string][]byte, []string) {
	t.Helper()
	var out bytes.Buffer
	if err := tree.WriteTar(&out); err != nil {
		t.Fatal(err)
	}
	return members(t, out.Bytes())
}

func TestLayer(t *testing.T) {
	headers, data, names := layer(t, sample(t, false).Tree)
	if want := []string{"bin", "etc/", "etc/app/", "etc/app/config", "tmp/", "usr/", "usr/bin/", "usr/bin/app"}; !slices.Equal(names, want) {
		t.Fatalf("the layer holds %q, want %q", names, want)
	}
	for name, header := range headers {
		if header.ModTime.Unix() != 0 || header.Uname != "" || header.Gname != "" {
			t.Errorf("%s is of %s and belongs to %q:%q, want fixed times and numbers only", name, header.ModTime, header.Uname, header.Gname)
		}
	}
	if h := headers["etc/app/config"]; h.Mode != 0o640 || h.Uid != 101 || h.Gid != 82 || string(data[h.Name]) != "x = 1\n" {
		t.Errorf("the file is %+v with %q", h, data[h.Name])
	}
	if h := headers["etc/"]; h.Mode != 0o755 || h.Uid != 0 {
		t.Errorf("a directory that came along is %+v", h)
	}
	if h := headers["tmp/"]; h.Mode != 0o1777 {
		t.Errorf("/tmp has mode %o", h.Mode)
	}
	if h := headers["bin"]; h.Typeflag != tar.TypeSymlink || h.Linkname != "usr/bin" {
		t.Errorf("the link is %+v", h)
	}
	// What `setcap cap_net_bind_service=+ep` writes.
	const want = "0100000200040000000000000000000000000000"
	if got := hex.EncodeToString([]byte(headers["usr/bin/app"].PAXRecords["SCHILY.xattr.security.capability"])); got != want {
		t.Errorf("the capability is %s, want %s", got, want)
	}
}

func TestGrantingACapabilityToNothingFails(t *testing.T) {
	tree := sample(t, false).Tree
	for _, name := range []string{"/usr/bin/other", "/bin", "/etc"} {
		if err := tree.GrantBindingLowPorts(name); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestAddTar(t *testing.T) {
	var archive bytes.Buffer
	writer := tar.NewWriter(&archive)
	for _, header := range []tar.Header{
		{Name: "./", Typeflag: tar.TypeDir, Mode: 0o755},
		{Name: "./lib/", Typeflag: tar.TypeDir, Mode: 0o755},
		{Name: "./lib/one.so", Typeflag: tar.TypeReg, Mode: 0o644, Uid: 5, Gid: 6, Uname: "someone"},
		{Name: "./lib/two.so", Typeflag: tar.TypeLink, Linkname: "./lib/one.so"},
		{Name: "./lib/three.so", Typeflag: tar.TypeSymlink, Linkname: "one.so"},
		{Name: "./doc/readme", Typeflag: tar.TypeReg, Mode: 0o644},
	} {
		if err := writer.WriteHeader(&header); err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	tree := NewTree()
	err := tree.AddTar(&archive, func(name string) string {
		if strings.HasPrefix(name, "/lib/") {
			return "/usr" + name
		}
		return ""
	})
	if err != nil {
		t.Fatal(err)
	}
	headers, _, names := layer(t, tree)
	if want := []string{"usr/", "usr/lib/", "usr/lib/one.so", "usr/lib/three.so", "usr/lib/two.so"}; !slices.Equal(names, want) {
		t.Fatalf("the tree holds %q, want %q", names, want)
	}
	if h := headers["usr/lib/two.so"]; h.Typeflag != tar.TypeReg || h.Uid != 5 || h.Gid != 6 {
		t.Errorf("a hard link became %+v, want a file like the first", h)
	}
}

func TestAddTarRefusesDevices(t *testing.T) {
	var archive bytes.Buffer
	writer := tar.NewWriter(&archive)
	if err := errors.Join(writer.WriteHeader(&tar.Header{Name: "dev/null", Typeflag: tar.TypeChar}), writer.Close()); err != nil {
		t.Fatal(err)
	}
	if err := NewTree().AddTar(&archive, func(name string) string { return name }); err == nil || !strings.Contains(err.Error(), "dev/null") {
		t.Errorf("got %v, want an error that names the file", err)
	}
}

func TestRemoveAndChown(t *testing.T) {
	tree := NewTree()
	for _, name := range []string{"/etc/nginx/a", "/etc/nginx/sub/b", "/etc/nginx-other", "/etc/else"} {
		tree.AddFile(name, 0o644, Root, []byte(name))
	}
	tree.Chown("/etc/nginx", Owner{UID: 101, GID: 82})
	tree.Remove("/etc/nginx/sub")
	headers, _, names := layer(t, tree)
	if want := []string{"etc/", "etc/else", "etc/nginx/", "etc/nginx-other", "etc/nginx/a"}; !slices.Equal(slices.Sorted(slices.Values(names)), slices.Sorted(slices.Values(want))) {
		t.Errorf("the tree holds %q, want %q", names, want)
	}
	for name, uid := range map[string]int{"etc/": 0, "etc/else": 0, "etc/nginx-other": 0, "etc/nginx/": 101, "etc/nginx/a": 101} {
		if headers[name] == nil || headers[name].Uid != uid {
			t.Errorf("%s belongs to %+v, want user %d", name, headers[name], uid)
		}
	}
	if _, err := tree.ReadFile("/etc/nginx/sub/b"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("reading what was removed: got %v", err)
	}
	if data, err := tree.ReadFile("/etc/else"); err != nil || string(data) != "/etc/else" {
		t.Errorf("reading a file: got %q, %v", data, err)
	}
}

func TestAProgramThatIsNotThere(t *testing.T) {
	if err := NewTree().AddProgram("/app", filepath.Join(t.TempDir(), "missing")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
