package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/test/e2e/manifests"
)

// MetalLBNamespace is where MetalLB runs.
const MetalLBNamespace = "metallb-system"

// rolloutLimit is how long a few pods may take to be replaced.
const rolloutLimit = time.Minute

// installMetalLB installs MetalLB. Its CustomResourceDefinitions and roles are those of the release, as its Go module has them; the Deployment and the
// DaemonSet are written here, with the images that were built here.
func (l *Lab) installMetalLB(ctx context.Context) error {
	dir, err := l.moduleDirectory(ctx, "metallb", "go.universe.tf/metallb")
	if err != nil {
		return err
	}
	if err := l.applyManifest(ctx, manifests.MetalLB); err != nil {
		return err
	}
	for _, pattern := range []string{"config/crd/bases/*.yaml", "config/rbac/service-accounts.yaml", "config/rbac/role.yaml"} {
		if err := l.applyFiles(ctx, filepath.Join(dir, pattern), MetalLBNamespace); err != nil {
			return err
		}
	}
	return l.applyManifest(ctx, manifests.Pool)
}

// moduleDirectory is where the Go command keeps a dependency of one of the modules that pin the programs of the cluster.
func (l *Lab) moduleDirectory(ctx context.Context, pinnedBy, module string) (string, error) {
	download := exec.CommandContext(ctx, "go", "mod", "download", "-json", module)
	download.Dir = filepath.Join(l.root, "hack", "cluster", "modules", pinnedBy)
	download.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	output, err := download.Output()
	if err != nil {
		return "", fmt.Errorf("finding the Go module %s: %w", module, err)
	}
	var found struct{ Dir string }
	if err := json.Unmarshal(output, &found); err != nil || found.Dir == "" {
		return "", fmt.Errorf("finding the Go module %s: the Go command says %s", module, output)
	}
	return found.Dir, nil
}

// applyFiles applies manifests into a namespace, as kustomize does it: what has no namespace gets this one, subjects of bindings as well.
func (l *Lab) applyFiles(ctx context.Context, pattern, namespace string) error {
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		return fmt.Errorf("finding manifests: there is none at %s (error %w)", pattern, err)
	}
	for _, file := range files {
		documents, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("reading manifests: %w", err)
		}
		objects, err := manifests.Decode(documents)
		if err != nil {
			return fmt.Errorf("reading %s: %w", file, err)
		}
		for _, object := range objects {
			if err := placeIn(object, namespace); err != nil {
				return fmt.Errorf("reading %s: %w", file, err)
			}
		}
		if err := l.Apply(ctx, objects...); err != nil {
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

// TolerateEdgeTaint gives the speaker the toleration for edge nodes and returns when all speakers have it.
func (l *Lab) TolerateEdgeTaint(ctx context.Context) error {
	edge := corev1.Toleration{Key: v1alpha1.DefaultRoleLabel, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule}
	return l.setSpeakerTolerations(ctx, edge)
}

// ignoreEdgeTaint makes the speaker as it was installed: without a toleration for edge nodes.
func (l *Lab) ignoreEdgeTaint(ctx context.Context) error { return l.setSpeakerTolerations(ctx) }

func (l *Lab) setSpeakerTolerations(ctx context.Context, tolerations ...corev1.Toleration) error {
	speaker := &appsv1.DaemonSet{}
	if err := l.Client.Get(ctx, client.ObjectKey{Namespace: MetalLBNamespace, Name: "speaker"}, speaker); err != nil {
		return fmt.Errorf("reading MetalLB's speaker: %w", err)
	}
	before := speaker.DeepCopy()
	speaker.Spec.Template.Spec.Tolerations = tolerations
	if err := l.Client.Patch(ctx, speaker, client.MergeFrom(before), fieldManager); err != nil {
		return fmt.Errorf("writing the speaker's tolerations: %w", err)
	}
	return l.AwaitDaemonSet(ctx, MetalLBNamespace, "speaker")
}

// Announcer is the node that announces a Service's address, as the speakers say it.
func (l *Lab) Announcer(ctx context.Context, namespace, service string) (node string, err error) {
	statuses := &unstructured.UnstructuredList{}
	statuses.SetAPIVersion("metallb.io/v1beta1")
	statuses.SetKind("ServiceL2StatusList")
	if err := l.Client.List(ctx, statuses, client.InNamespace(MetalLBNamespace)); err != nil {
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

// AwaitDaemonSet returns when all pods of a DaemonSet are of its current template and ready.
func (l *Lab) AwaitDaemonSet(ctx context.Context, namespace, name string) error {
	return Await(ctx, fmt.Sprintf("DaemonSet %s/%s", namespace, name), rolloutLimit, func(ctx context.Context) (bool, string, error) {
		set := &appsv1.DaemonSet{}
		if err := l.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, set); err != nil {
			return false, "", err
		}
		status := set.Status
		done := status.ObservedGeneration == set.Generation && status.DesiredNumberScheduled > 0 &&
			status.UpdatedNumberScheduled == status.DesiredNumberScheduled && status.NumberReady == status.DesiredNumberScheduled
		return done, fmt.Sprintf("%d of %d pods are ready, %d updated", status.NumberReady, status.DesiredNumberScheduled, status.UpdatedNumberScheduled), nil
	})
}

// AwaitDeployment returns when all pods of a Deployment are of its current template and ready.
func (l *Lab) AwaitDeployment(ctx context.Context, namespace, name string) error {
	return Await(ctx, fmt.Sprintf("Deployment %s/%s", namespace, name), rolloutLimit, func(ctx context.Context) (bool, string, error) {
		deployment := &appsv1.Deployment{}
		if err := l.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, deployment); err != nil {
			return false, "", err
		}
		status, want := deployment.Status, *deployment.Spec.Replicas
		done := status.ObservedGeneration == deployment.Generation && status.Replicas == want && status.UpdatedReplicas == want && status.ReadyReplicas == want
		return done, fmt.Sprintf("%d of %d pods are ready", status.ReadyReplicas, want), nil
	})
}
