// Package chart knows the engine, ingress-nginx: its Helm chart, its flags, its paths and the keys of its ConfigMap. Nothing outside
// this package names any of them, and nothing outside imports Helm. It is pure: it reads nothing but what is embedded in it.
package chart

import (
	"embed"
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

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

//go:embed all:ingress-nginx
var files embed.FS

const chartDirectory = "ingress-nginx"

// Input is what the objects of one EdgeIngress are rendered from.
type Input struct {
	EdgeIngress *v1alpha1.EdgeIngress
	// Config is the data of the ConfigMap, from [Config].
	Config map[string]string
	// ControllerClusterRole is bound in the whole cluster, ElectionClusterRole in the controller's namespace. Both exist already.
	ControllerClusterRole, ElectionClusterRole string
	// HealthCheckNodePort is the port to ask for; 0 lets Kubernetes allocate one. It counts with exposure type LoadBalancer only.
	HealthCheckNodePort int32
	// Move is the value of [v1alpha1.MoveAnnotation] in the template of a Deployment's pods; without one there is no such annotation.
	Move string
}

// Render makes the objects that run the controller, in the order in which they are to be applied (the controller ends at start where its
// Service does not exist). They have no status, no owner references, and are written as the API server writes them. The same input
// gives the same objects.
func Render(in Input) ([]*unstructured.Unstructured, error) {
	loaded, err := loadChart()
	if err != nil {
		return nil, err
	}
	given, err := valuesOf(in).asMap()
	if err != nil {
		return nil, err
	}
	release := chartutil.ReleaseOptions{Name: in.EdgeIngress.Name, Namespace: in.EdgeIngress.ControllerNamespace(), IsInstall: true}
	values, err := chartutil.ToRenderValues(loaded, given, release, chartutil.DefaultCapabilities)
	if err != nil {
		return nil, fmt.Errorf("checking the values of the chart for EdgeIngress %q: %w", in.EdgeIngress.Name, err)
	}
	rendered, err := engine.Engine{Strict: true}.Render(loaded, values)
	if err != nil {
		return nil, fmt.Errorf("rendering the chart for EdgeIngress %q: %w", in.EdgeIngress.Name, err)
	}
	return objectsOf(rendered)
}

// loadChart parses the embedded chart, once for the process.
var loadChart = sync.OnceValues(func() (*chart.Chart, error) {
	var buffered []*loader.BufferedFile
	err := fs.WalkDir(files, chartDirectory, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := files.ReadFile(path)
		buffered = append(buffered, &loader.BufferedFile{Name: strings.TrimPrefix(path, chartDirectory+"/"), Data: data})
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
})

func objectsOf(rendered map[string]string) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	var errs []error
	for file, content := range rendered {
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
