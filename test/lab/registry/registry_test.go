package registry

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/images/oci"
)

const (
	imageType = "application/vnd.oci.image.manifest.v1+json"
	indexType = "application/vnd.oci.image.index.v1+json"
)

// serve starts an empty registry and returns its URL.
func serve(t *testing.T) (*Registry, string) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := Start(t.Context(), listener)
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r, "http://" + listener.Addr().String()
}

// single makes an archive as `ctr images import` reads it, with one manifest under two names.
func single(t *testing.T, content string) (archive, digest string) {
	t.Helper()
	tree := oci.NewTree()
	tree.AddFile("/content", 0o644, oci.Root, []byte(content))
	archive = filepath.Join(t.TempDir(), "image.tar")
	digest, err := oci.Image{Repository: "lab.test/app", Tag: "e2e", Tree: tree}.WriteFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	return archive, digest
}

// layout writes an archive in which index.json lists the last of the texts. Each text is a blob.
func layout(t *testing.T, mediaType string, texts ...string) (archive, digest string) {
	t.Helper()
	var content bytes.Buffer
	writer := tar.NewWriter(&content)
	add := func(name, text string) {
		if err := writer.WriteHeader(&tar.Header{Name: name, Size: int64(len(text)), Mode: 0o644}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(writer, text); err != nil {
			t.Fatal(err)
		}
	}
	for _, text := range texts {
		digest = digestOf(text)
		add("./"+blobName(digest), text)
	}
	add("index.json", listOf(t, descriptor{mediaType, digest}))
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	archive = filepath.Join(t.TempDir(), "layout.tar")
	if err := os.WriteFile(archive, content.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return archive, digest
}

func digestOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256:" + hex.EncodeToString(sum[:])
}

func listOf(t *testing.T, descriptors ...descriptor) string {
	t.Helper()
	text, err := json.Marshal(map[string]any{"schemaVersion": 2, "mediaType": indexType, "manifests": descriptors})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func request(t *testing.T, method, url string) (status int, header http.Header, body []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if body, err = io.ReadAll(response.Body); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header, body
}

func TestAnImageIsPulledByItsRealName(t *testing.T) {
	registry, url := serve(t)
	archive, digest := single(t, "one")
	_, unknown := single(t, "another")
	if err := registry.Add(t.Context(), archive, "ghcr.io/owner/name:v1"); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(archive); err != nil { // It may be made again while the registry serves it.
		t.Fatal(err)
	}
	for path, want := range map[string]int{
		"/v2/": http.StatusOK,
		"/v2/owner/name/manifests/" + digest + "?ns=ghcr.io":     http.StatusOK,
		"/v2/owner/name/manifests/v1?ns=ghcr.io":                 http.StatusOK,
		"/v2/ghcr.io/owner/name/manifests/" + digest:             http.StatusOK,
		"/v2/owner/name/manifests/v2?ns=ghcr.io":                 http.StatusNotFound,
		"/v2/owner/name/manifests/" + unknown + "?ns=ghcr.io":    http.StatusNotFound,
		"/v2/owner/other/manifests/" + digest + "?ns=ghcr.io":    http.StatusNotFound,
		"/v2/owner/name/manifests/" + digest + "?ns=docker.io":   http.StatusNotFound,
		"/v2/owner/name/manifests/" + digest:                     http.StatusNotFound,
		"/v2/owner/name/blobs/" + unknown + "?ns=ghcr.io":        http.StatusNotFound,
		"/v2/owner/name/manifests/" + digest + "?ns=registry.k8": http.StatusNotFound,
	} {
		for _, method := range []string{http.MethodHead, http.MethodGet} {
			if status, _, body := request(t, method, url+path); status != want {
				t.Errorf("%s %s is answered with %d %s, want %d", method, path, status, body, want)
			}
		}
	}
	pull(t, url, "ghcr.io/owner/name", digest)
}

// pull gets a manifest and everything that it refers to, and checks all digests.
func pull(t *testing.T, url, repository, digest string) {
	t.Helper()
	status, header, body := request(t, http.MethodGet, url+"/v2/"+repository+"/manifests/"+digest)
	if status != http.StatusOK || digestOf(string(body)) != digest || header.Get("Docker-Content-Digest") != digest {
		t.Fatalf("%s is answered with %d and %s", digest, status, body)
	}
	var m struct {
		MediaType string       `json:"mediaType"`
		Config    *descriptor  `json:"config"`
		Layers    []descriptor `json:"layers"`
		Manifests []descriptor `json:"manifests"`
	}
	if err := json.Unmarshal(body, &m); err != nil {
		t.Fatal(err)
	}
	if m.MediaType != header.Get("Content-Type") {
		t.Errorf("%s is announced as %s", m.MediaType, header.Get("Content-Type"))
	}
	for _, child := range m.Manifests {
		pull(t, url, repository, child.Digest)
	}
	if m.Config == nil {
		return
	}
	for _, blob := range append(m.Layers, *m.Config) {
		status, _, content := request(t, http.MethodGet, url+"/v2/"+repository+"/blobs/"+blob.Digest)
		if status != http.StatusOK || digestOf(string(content)) != blob.Digest {
			t.Errorf("the blob %s is answered with %d and %d bytes", blob.Digest, status, len(content))
		}
	}
}

func TestAListOfImagesIsPulledWithItsImages(t *testing.T) {
	registry, url := serve(t)
	config := `{"os": "linux"}`
	image := func(architecture string) string {
		return `{"schemaVersion": 2, "mediaType": "` + imageType + `", "annotations": {"for": "` + architecture +
			`"}, "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "size": 15, "digest": "` + digestOf(config) + `"}, "layers": []}`
	}
	list := listOf(t, descriptor{imageType, digestOf(image("amd64"))}, descriptor{imageType, digestOf(image("arm64"))})
	archive, digest := layout(t, indexType, config, image("amd64"), image("arm64"), list)
	if err := registry.Add(t.Context(), archive, "ghcr.io/owner/name"); err != nil {
		t.Fatal(err)
	}
	pull(t, url, "ghcr.io/owner/name", digest)
	if got, err := Digest(archive); got != digest || err != nil {
		t.Errorf("the archive's digest is %s (%v), want %s", got, err, digest)
	}
}

func TestNothingIsPushedOverTheNetwork(t *testing.T) {
	_, url := serve(t)
	for _, method := range []string{http.MethodPut, http.MethodPost, http.MethodPatch, http.MethodDelete} {
		if status, _, _ := request(t, method, url+"/v2/owner/name/blobs/uploads/"); status != http.StatusMethodNotAllowed {
			t.Errorf("%s is answered with %d", method, status)
		}
	}
}

func TestWhatIsNoImageIsRefused(t *testing.T) {
	registry, _ := serve(t)
	sound, _ := single(t, "one")
	missing, _ := layout(t, indexType, listOf(t, descriptor{imageType, digestOf("nowhere")}))
	several, _ := layout(t, indexType, "blob")
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte(strings.Repeat("no archive ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ archive, image, want string }{
		"the name has no registry":   {sound, "owner/name:v1", "is not a name"},
		"the name has a digest":      {sound, "ghcr.io/owner/name@" + digestOf("x"), "is not a name"},
		"the name is empty":          {sound, "", "is not a name"},
		"there is no such file":      {text + "2", "ghcr.io/owner/name", "no such file"},
		"it is no archive":           {text, "ghcr.io/owner/name", "reading an archive"},
		"a part is missing":          {missing, "ghcr.io/owner/name", "it has no file blobs/sha256/"},
		"the list is not in JSON":    {several, "ghcr.io/owner/name", "decoding"},
		"a name may have everything": {sound, "registry.example.com:5000/a/b-c_d/e.f:v1.2-x_3", ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := registry.Add(t.Context(), c.archive, c.image)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("the error is %v, want %q", err, c.want)
			}
		})
	}
}

func TestItServesAfterTheContextOfItsStart(t *testing.T) {
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	registry := Start(ctx, listener)
	cancel()
	if status, _, _ := request(t, http.MethodGet, "http://"+listener.Addr().String()+"/v2/"); status != http.StatusOK {
		t.Errorf("it answers with %d", status)
	}
	if err := registry.Close(); err != nil {
		t.Error(err)
	}
}
