// Package helm renders charts that are embedded in the operator. It is the only importer of Helm. It
// installs nothing and keeps no releases: the operator uses server-side apply. It is pure.
package helm

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/releaseutil"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/lru"
)

// remembered limits the cache of rendered releases. It drops the least recently used one first.
const remembered = 128

// Chart is an embedded chart. It is safe for concurrent use.
type Chart struct {
	load func() (*chart.Chart, error)
	// rendered holds the last rendering of each release, so that a pass that changes nothing does not
	// render again.
	rendered *lru.Cache
}

// Release identifies the release for which a chart is rendered.
type Release struct {
	Name      string
	Namespace string
}

type rendering struct {
	values  [sha256.Size]byte
	objects []*unstructured.Unstructured
}

// New returns the chart in this directory of the files. It parses the chart on first use.
func New(files fs.FS, directory string) *Chart {
	return &Chart{
		load:     sync.OnceValues(func() (*chart.Chart, error) { return load(files, directory) }),
		rendered: lru.New(remembered),
	}
}

// Render returns the objects of the chart, in the order in which to apply them. They have no status and no
// owner references, and the same form as objects from the API server. The same values give the same
// objects. The caller owns the result.
//
// It fails if the values do not match the chart's schema, a template fails, or the chart renders an object
// of a kind that is not in [Kinds].
func (c *Chart) Render(release Release, values map[string]any) ([]*unstructured.Unstructured, error) {
	encoded, err := json.Marshal(values)
	if err != nil {
		return nil, fmt.Errorf("encoding the values of the chart for %q: %w", release.Name, err)
	}
	sum := sha256.Sum256(encoded)
	if last, ok := c.rendered.Get(release); ok {
		if last, ok := last.(rendering); ok && last.values == sum {
			return copied(last.objects), nil
		}
	}
	objects, err := c.render(release, values)
	if err != nil {
		return nil, err
	}
	c.rendered.Add(release, rendering{values: sum, objects: objects})
	return copied(objects), nil
}

// AppVersion returns the version of the application in the chart.
func (c *Chart) AppVersion() (string, error) {
	loaded, err := c.load()
	if err != nil {
		return "", err
	}
	return loaded.Metadata.AppVersion, nil
}

func (c *Chart) render(release Release, given map[string]any) ([]*unstructured.Unstructured, error) {
	loaded, err := c.load()
	if err != nil {
		return nil, err
	}
	options := chartutil.ReleaseOptions{Name: release.Name, Namespace: release.Namespace, IsInstall: true}
	values, err := chartutil.ToRenderValues(loaded, given, options, chartutil.DefaultCapabilities)
	if err != nil {
		return nil, fmt.Errorf("checking the values of the chart for %q: %w", release.Name, err)
	}
	files, err := engine.Engine{Strict: true}.Render(loaded, values)
	if err != nil {
		return nil, fmt.Errorf("rendering the chart for %q: %w", release.Name, err)
	}
	return objectsOf(files)
}

func load(files fs.FS, directory string) (*chart.Chart, error) {
	var buffered []*loader.BufferedFile
	err := fs.WalkDir(files, directory, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(files, path)
		buffered = append(buffered, &loader.BufferedFile{Name: strings.TrimPrefix(path, directory+"/"), Data: data})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the embedded chart: %w", err)
	}
	loaded, err := loader.LoadFiles(buffered)
	if err != nil {
		return nil, fmt.Errorf("loading the embedded chart: %w", err)
	}
	return loaded, nil
}

func objectsOf(files map[string]string) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	var errs []error
	for file, content := range files {
		if !strings.HasSuffix(file, ".yaml") {
			continue
		}
		for _, manifest := range releaseutil.SplitManifests(content) {
			object, err := decode([]byte(manifest))
			if err != nil {
				errs = append(errs, fmt.Errorf("decoding what %s rendered: %w", file, err))
				continue
			}
			objects = append(objects, object)
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	slices.SortFunc(objects, func(a, b *unstructured.Unstructured) int {
		return applyPosition(a.GetKind()) - applyPosition(b.GetKind())
	})
	return objects, nil
}

func copied(objects []*unstructured.Unstructured) []*unstructured.Unstructured {
	copies := make([]*unstructured.Unstructured, 0, len(objects))
	for _, object := range objects {
		copies = append(copies, object.DeepCopy())
	}
	return copies
}
