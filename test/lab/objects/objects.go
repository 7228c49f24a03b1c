// Package objects applies objects to a cluster and waits until they are ready.
package objects

import (
	"context"
	"errors"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// FieldManager owns what is applied here.
const FieldManager = client.FieldOwner("lab")

// rolloutLimit is how long a few pods may take to be replaced.
const rolloutLimit = time.Minute

const pollInterval = 100 * time.Millisecond

// Await returns when look reports done. Its error says what was awaited and what look saw last. An
// error of look counts as temporary, such as a node that starts, or an API that is not served yet. That
// the time is over is no news of what is awaited.
func Await(ctx context.Context, what string, limit time.Duration, look func(context.Context) (done bool, seen string, err error)) error {
	last := "nothing"
	err := wait.PollUntilContextTimeout(ctx, pollInterval, limit, true, func(ctx context.Context) (bool, error) {
		done, seen, err := look(ctx)
		if err != nil {
			if ctx.Err() == nil {
				last = err.Error()
			}
			return false, nil
		}
		last = seen
		return done, nil
	})
	if err != nil {
		return fmt.Errorf("waiting for %s, at most %s: %w; seen last: %s", what, limit, err, last)
	}
	return nil
}

// Apply applies objects in their order. Kinds that the API server does not serve yet are waited for.
func Apply(ctx context.Context, c client.Client, objects ...*unstructured.Unstructured) error {
	for _, object := range objects {
		var failed error
		err := Await(ctx, "the API server to know "+described(object), time.Minute, func(ctx context.Context) (bool, string, error) {
			err := c.Apply(ctx, client.ApplyConfigurationFromUnstructured(object.DeepCopy()), FieldManager, client.ForceOwnership)
			if meta.IsNoMatchError(err) || apierrors.IsNotFound(err) {
				return false, "", err
			}
			failed = err
			return true, "", nil
		})
		if err := errors.Join(err, failed); err != nil {
			return fmt.Errorf("applying %s: %w", described(object), err)
		}
	}
	return nil
}

// ApplyManifest applies the objects of a manifest.
func ApplyManifest(ctx context.Context, c client.Client, documents []byte) error {
	objects, err := Decode(documents)
	if err != nil {
		return err
	}
	return Apply(ctx, c, objects...)
}

func described(object *unstructured.Unstructured) string {
	return fmt.Sprintf("%s %s", object.GetKind(), client.ObjectKeyFromObject(object))
}

// AwaitDaemonSet returns when all pods of a DaemonSet are of its current template and ready.
func AwaitDaemonSet(ctx context.Context, c client.Client, namespace, name string) error {
	return Await(ctx, fmt.Sprintf("DaemonSet %s/%s", namespace, name), rolloutLimit, func(ctx context.Context) (bool, string, error) {
		set := &appsv1.DaemonSet{}
		if err := c.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, set); err != nil {
			return false, "", err
		}
		status := set.Status
		done := status.ObservedGeneration == set.Generation && status.DesiredNumberScheduled > 0 &&
			status.UpdatedNumberScheduled == status.DesiredNumberScheduled && status.NumberReady == status.DesiredNumberScheduled
		return done, fmt.Sprintf("%d of %d pods are ready, %d updated", status.NumberReady, status.DesiredNumberScheduled, status.UpdatedNumberScheduled), nil
	})
}

// AwaitDeployment returns when all pods of a Deployment are of its current template and ready.
func AwaitDeployment(ctx context.Context, c client.Client, namespace, name string) error {
	return Await(ctx, fmt.Sprintf("Deployment %s/%s", namespace, name), rolloutLimit, func(ctx context.Context) (bool, string, error) {
		deployment := &appsv1.Deployment{}
		if err := c.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, deployment); err != nil {
			return false, "", err
		}
		status, want := deployment.Status, *deployment.Spec.Replicas
		done := status.ObservedGeneration == deployment.Generation && status.Replicas == want && status.UpdatedReplicas == want && status.ReadyReplicas == want
		return done, fmt.Sprintf("%d of %d pods are ready", status.ReadyReplicas, want), nil
	})
}
