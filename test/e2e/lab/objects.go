package lab

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/test/e2e/manifests"
)

// fieldManager owns what the tests apply.
const fieldManager = client.FieldOwner("edge-ingress-e2e")

const pollInterval = 100 * time.Millisecond

// Await returns when look says that what is awaited is there. Its error says what was awaited and what was seen last. An error of look is taken for
// something that passes: a node that starts, an API that is not served yet.
func Await(ctx context.Context, what string, limit time.Duration, look func(context.Context) (done bool, seen string, err error)) error {
	last := "nothing"
	err := wait.PollUntilContextTimeout(ctx, pollInterval, limit, true, func(ctx context.Context) (bool, error) {
		done, seen, err := look(ctx)
		if err != nil {
			last = err.Error()
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
func (l *Lab) Apply(ctx context.Context, objects ...*unstructured.Unstructured) error {
	for _, object := range objects {
		var failed error
		err := Await(ctx, "the API server to know "+described(object), time.Minute, func(ctx context.Context) (bool, string, error) {
			err := l.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(object.DeepCopy()), fieldManager, client.ForceOwnership)
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

func (l *Lab) applyManifest(ctx context.Context, documents []byte) error {
	objects, err := manifests.Decode(documents)
	if err != nil {
		return err
	}
	return l.Apply(ctx, objects...)
}

func described(object *unstructured.Unstructured) string {
	return fmt.Sprintf("%s %s", object.GetKind(), client.ObjectKeyFromObject(object))
}
