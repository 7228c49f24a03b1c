// Package configfiles applies the manifests of config/ in tests.
package configfiles

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// Read decodes a file with one object.
func Read(path string, into any) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading a manifest: %w", err)
	}
	if err := yaml.Unmarshal(content, into); err != nil {
		return fmt.Errorf("decoding %s: %w", path, err)
	}
	return nil
}

// Objects are those of the files that the directory's kustomization lists, in its order. Patches and other directories
// are not supported.
func Objects(directory string) ([]*unstructured.Unstructured, error) {
	path := filepath.Join(directory, "kustomization.yaml")
	var kustomization struct {
		Resources []string `json:"resources"`
	}
	if err := Read(path, &kustomization); err != nil {
		return nil, err
	}
	if len(kustomization.Resources) == 0 {
		return nil, fmt.Errorf("reading %s: it lists nothing", path)
	}
	var objects []*unstructured.Unstructured
	for _, file := range kustomization.Resources {
		object := &unstructured.Unstructured{}
		if err := Read(filepath.Join(directory, file), &object.Object); err != nil {
			return nil, err
		}
		objects = append(objects, object)
	}
	return objects, nil
}

// Apply applies objects as kubectl apply --server-side does.
func Apply(ctx context.Context, c client.Client, objects ...*unstructured.Unstructured) error {
	for _, object := range objects {
		if err := c.Apply(ctx, client.ApplyConfigurationFromUnstructured(object), client.FieldOwner("kubectl")); err != nil {
			return fmt.Errorf("applying %s %s: %w", object.GetKind(), object.GetName(), err)
		}
	}
	return nil
}

// ApplyFiles applies the objects of files.
func ApplyFiles(ctx context.Context, c client.Client, paths ...string) error {
	for _, path := range paths {
		object := &unstructured.Unstructured{}
		if err := Read(path, &object.Object); err != nil {
			return err
		}
		if err := Apply(ctx, c, object); err != nil {
			return err
		}
	}
	return nil
}

// ApplyDirectory applies the objects that the directory's kustomization lists.
func ApplyDirectory(ctx context.Context, c client.Client, directory string) error {
	objects, err := Objects(directory)
	if err != nil {
		return err
	}
	return Apply(ctx, c, objects...)
}
