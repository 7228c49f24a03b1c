// Package metallb installs MetalLB, in layer-2 mode, in a cluster with real nodes.
package metallb

import (
	"context"
	_ "embed" // the manifests
	"fmt"
	"os"
	"path/filepath"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/binaries"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/objects"
)

// The manifests: MetalLB without its CustomResourceDefinitions and roles, and the addresses that it
// assigns, which need those.
var (
	//go:embed metallb.yaml
	programs []byte
	//go:embed pool.yaml
	pool []byte
)

// Namespace is MetalLB's namespace. Controller and Speaker are its Deployment and its DaemonSet.
const (
	Namespace  = "metallb-system"
	Controller = "controller"
	Speaker    = "speaker"
)

// Install installs MetalLB. Its images must be loaded; root is the root of the repository. The
// CustomResourceDefinitions and roles are those of the release, from its Go module. The Deployment
// and the DaemonSet are in metallb.yaml, with the images that were built here.
func Install(ctx context.Context, c client.Client, root string) error {
	dir, err := binaries.ModuleDirectory(ctx, filepath.Join(root, "test", "lab", "modules", "metallb"), "go.universe.tf/metallb")
	if err != nil {
		return err
	}
	if err := objects.ApplyManifest(ctx, c, programs); err != nil {
		return err
	}
	for _, pattern := range []string{"config/crd/bases/*.yaml", "config/rbac/service-accounts.yaml", "config/rbac/role.yaml"} {
		if err := applyFiles(ctx, c, filepath.Join(dir, pattern), Namespace); err != nil {
			return err
		}
	}
	return objects.ApplyManifest(ctx, c, pool)
}

// applyFiles applies manifests into a namespace, as kustomize does: it sets the namespace where
// there is none, also in the subjects of bindings.
func applyFiles(ctx context.Context, c client.Client, pattern, namespace string) error {
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		return fmt.Errorf("finding manifests: there is none at %s (error %w)", pattern, err)
	}
	for _, file := range files {
		documents, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("reading manifests: %w", err)
		}
		decoded, err := objects.Decode(documents)
		if err != nil {
			return fmt.Errorf("reading %s: %w", file, err)
		}
		for _, object := range decoded {
			if err := placeIn(object, namespace); err != nil {
				return fmt.Errorf("reading %s: %w", file, err)
			}
		}
		if err := objects.Apply(ctx, c, decoded...); err != nil {
			return err
		}
	}
	return nil
}

// clusterWide are the kinds of MetalLB's manifests that have no namespace.
var clusterWide = map[string]bool{"CustomResourceDefinition": true, "ClusterRole": true, "ClusterRoleBinding": true}

func placeIn(object *unstructured.Unstructured, namespace string) error {
	if !clusterWide[object.GetKind()] {
		object.SetNamespace(namespace)
	}
	subjects, found, err := unstructured.NestedSlice(object.Object, "subjects")
	if err != nil || !found {
		return err
	}
	for _, subject := range subjects {
		if fields, ok := subject.(map[string]any); ok {
			fields["namespace"] = namespace
		}
	}
	return unstructured.SetNestedSlice(object.Object, subjects, "subjects")
}

// SetSpeakerTolerations gives the speaker these tolerations and no others, and returns when all
// speakers have them.
func SetSpeakerTolerations(ctx context.Context, c client.Client, tolerations ...corev1.Toleration) error {
	speaker := &appsv1.DaemonSet{}
	if err := c.Get(ctx, client.ObjectKey{Namespace: Namespace, Name: Speaker}, speaker); err != nil {
		return fmt.Errorf("reading MetalLB's speaker: %w", err)
	}
	before := speaker.DeepCopy()
	speaker.Spec.Template.Spec.Tolerations = tolerations
	if err := c.Patch(ctx, speaker, client.MergeFrom(before), objects.FieldManager); err != nil {
		return fmt.Errorf("writing the speaker's tolerations: %w", err)
	}
	return objects.AwaitDaemonSet(ctx, c, Namespace, Speaker)
}

// Announcer is the node that announces a Service's address, as the speakers say it.
func Announcer(ctx context.Context, c client.Client, namespace, service string) (node string, err error) {
	statuses := &unstructured.UnstructuredList{}
	statuses.SetAPIVersion("metallb.io/v1beta1")
	statuses.SetKind("ServiceL2StatusList")
	if err := c.List(ctx, statuses, client.InNamespace(Namespace)); err != nil {
		return "", fmt.Errorf("finding out who announces %s/%s: %w", namespace, service, err)
	}
	for _, status := range statuses.Items {
		fields, _, _ := unstructured.NestedStringMap(status.Object, "status")
		if fields["serviceName"] == service && fields["serviceNamespace"] == namespace {
			return fields["node"], nil
		}
	}
	return "", fmt.Errorf("finding out who announces %s/%s: no speaker says that it does", namespace, service)
}
