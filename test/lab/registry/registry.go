// Package registry is a container registry that has images under their real names, such as
// ghcr.io/owner/name, for nodes that reach no other registry. The protocol is that of the package
// registry of go-containerregistry. Images come from archives, and nothing can be pushed over the
// network.
package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
)

// headerTimeout is for the head of a request, which comes from the same machine.
const headerTimeout = 10 * time.Second

// Registry is a running registry. It is safe for use by several goroutines.
type Registry struct {
	blobs   *blobs
	handler http.Handler
	server  *http.Server
}

// Start serves a listener until Close, even after the context ends.
func Start(ctx context.Context, listener net.Listener) *Registry {
	r := &Registry{blobs: &blobs{}}
	r.handler = registry.New(registry.WithBlobHandler(r.blobs), registry.Logger(log.New(io.Discard, "", 0)))
	serving := context.WithoutCancel(ctx)
	r.server = &http.Server{
		Handler: readOnly(byRealName(r.handler)), ReadHeaderTimeout: headerTimeout,
		BaseContext: func(net.Listener) context.Context { return serving },
	}
	go func() { _ = r.server.Serve(listener) }() // ends with Close
	return r
}

// Close ends all connections.
func (r *Registry) Close() error {
	return errors.Join(r.server.Close(), r.blobs.close())
}

// name is the name of an image with the host of its registry, and a tag or none.
var name = regexp.MustCompile(`^([a-z0-9.-]+\.[a-z0-9.-]+(?::[0-9]+)?(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)+)(?::([A-Za-z0-9_][A-Za-z0-9._-]*))?$`)

// Add makes the image of an archive available by its digest, and by the tag if the name has one. The archive is a
// tar file in the OCI image layout, whose layers may be compressed or not. It may be replaced or
// removed afterwards.
func (r *Registry) Add(ctx context.Context, archive, imageName string) error {
	parts := name.FindStringSubmatch(imageName)
	if parts == nil {
		return fmt.Errorf("adding an image to the registry: %q is not a name such as ghcr.io/owner/name or ghcr.io/owner/name:tag", imageName)
	}
	repository, tag := parts[1], parts[2]
	read, err := open(archive)
	if err != nil {
		return fmt.Errorf("adding %s to the registry: %w", archive, err)
	}
	r.blobs.add(read)
	manifests, err := read.manifests()
	if err != nil {
		return fmt.Errorf("adding %s to the registry: %w", archive, err)
	}
	for i, m := range manifests {
		references := []string{m.Digest}
		if i == len(manifests)-1 && tag != "" {
			references = append(references, tag)
		}
		for _, reference := range references {
			if err := r.put(ctx, repository, reference, m); err != nil {
				return fmt.Errorf("adding %s to the registry as %s: %w", archive, imageName, err)
			}
		}
	}
	return nil
}

// put stores a manifest as a client would.
func (r *Registry) put(ctx context.Context, repository, reference string, m manifest) error {
	request := httptest.NewRequestWithContext(ctx, http.MethodPut, "/v2/"+repository+"/manifests/"+reference, bytes.NewReader(m.content))
	request.Header.Set("Content-Type", m.MediaType)
	response := httptest.NewRecorder()
	r.handler.ServeHTTP(response, request)
	if response.Code != http.StatusCreated {
		return fmt.Errorf("the registry answered %d %s", response.Code, strings.TrimSpace(response.Body.String()))
	}
	return nil
}

// byRealName puts the registry that a client means before the repository. containerd names it in the query when it asks a
// mirror (the parameter ns, https://github.com/containerd/containerd/blob/main/docs/hosts.md#registry-host-namespace).
func byRealName(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, below := strings.CutPrefix(r.URL.Path, "/v2/")
		if host := r.URL.Query().Get("ns"); host != "" && below && path != "" {
			r = r.Clone(r.Context())
			r.URL.Path = "/v2/" + host + "/" + path
		}
		next.ServeHTTP(w, r)
	})
}

func readOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.Error(w, "this registry is read-only", http.StatusMethodNotAllowed)
			return
		}
		next.ServeHTTP(w, r)
	})
}
