package loss

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/test/e2e/peer"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/objects"
)

func (s *stage) plainKey() client.ObjectKey {
	return client.ObjectKey{Namespace: s.namespace(), Name: peer.Name}
}

// comparePlain runs the same load on a plain DaemonSet on the same nodes.
func (r *runner) comparePlain(ctx context.Context) (err error) {
	s := r.stage
	nodes := slices.Clone(s.spec.Nodes.Names)
	defer func() { err = errors.Join(err, s.removePlain(context.WithoutCancel(ctx), nodes)) }()
	// Neither is under load, and both mostly wait.
	both, waiting := errgroup.WithContext(ctx)
	both.Go(func() error { return s.recoverCrashed(waiting) })
	both.Go(func() error { return s.installPlain(waiting, nodes) })
	if err := both.Wait(); err != nil {
		return fmt.Errorf("installing what to compare with: %w", err)
	}
	return r.onFront(ctx, s.plainKey(), plainBalancerPort, func(f *front) {
		r.all(ctx, f, []event{
			{name: "without the operator: a rolling update of a plain DaemonSet", claim: Comparison, do: s.rollPlain},
			{name: "without the operator: the label removed from the node that announces the address", claim: Comparison, do: s.unlabelAnnouncer},
		})
	})
}

func (s *stage) installPlain(ctx context.Context, nodes []string) error {
	for _, node := range nodes {
		if err := s.labelPlain(ctx, node, `""`); err != nil {
			return err
		}
	}
	ours := &appsv1.DaemonSet{}
	if err := s.lab.Client.Get(ctx, s.key(), ours); err != nil {
		return err
	}
	if err := s.recreate(ctx, peer.DaemonSet(ours)); err != nil {
		return err
	}
	if err := s.recreate(ctx, peer.Service(s.namespace())); err != nil {
		return err
	}
	return s.awaitPlain(ctx, len(nodes))
}

// recreate creates an object where it is not left over from a run before.
func (s *stage) recreate(ctx context.Context, object client.Object) error {
	if err := s.lab.Client.Create(ctx, object); err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	}
	return nil
}

// labelPlain sets the label of the plain installation on a node to a JSON value, null for none.
func (s *stage) labelPlain(ctx context.Context, node, value string) error {
	patch := fmt.Sprintf(`{"metadata":{"labels":{%q:%s}}}`, peer.NodeLabel, value)
	if err := s.lab.Client.Patch(ctx, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: node}}, client.RawPatch(types.MergePatchType, []byte(patch))); err != nil {
		return fmt.Errorf("labelling node %s: %w", node, err)
	}
	return nil
}

// awaitPlain returns when the DaemonSet is rolled out to that many nodes, and no other pod of it is left.
func (s *stage) awaitPlain(ctx context.Context, nodes int) error {
	return objects.Await(ctx, "the plain DaemonSet", restLimit, func(ctx context.Context) (bool, string, error) {
		set, pods := &appsv1.DaemonSet{}, &corev1.PodList{}
		if err := s.lab.Client.Get(ctx, s.plainKey(), set); err != nil {
			return false, "", err
		}
		if err := s.lab.Client.List(ctx, pods, client.InNamespace(s.namespace()), client.MatchingLabels(peer.Labels())); err != nil {
			return false, "", err
		}
		done := set.Status.ObservedGeneration == set.Generation && int(set.Status.UpdatedNumberScheduled) == nodes &&
			int(set.Status.NumberReady) == nodes && len(pods.Items) == nodes
		return done, fmt.Sprintf("%d of %d ready, %d pods", set.Status.NumberReady, nodes, len(pods.Items)), nil
	})
}

// rollPlain does what kubectl rollout restart does.
func (s *stage) rollPlain(ctx context.Context, _ *scene) error {
	set := &appsv1.DaemonSet{}
	if err := s.lab.Client.Get(ctx, s.plainKey(), set); err != nil {
		return err
	}
	nodes := int(set.Status.DesiredNumberScheduled)
	patch := fmt.Sprintf(`{"spec":{"template":{"metadata":{"annotations":{"restarted":%q}}}}}`, time.Now().Format(time.RFC3339))
	if err := s.lab.Client.Patch(ctx, set, client.RawPatch(types.MergePatchType, []byte(patch))); err != nil {
		return fmt.Errorf("restarting the plain DaemonSet: %w", err)
	}
	return s.awaitPlain(ctx, nodes)
}

// upAgain is longer than the haproxy takes to notice that a node serves: two checks, and one that
// just ended.
const upAgain = 3 * time.Second

// unlabelAnnouncer removes the announcing node while every client sends to it. Unlike ours, the
// roll-out before is over as soon as its last pod is ready.
func (s *stage) unlabelAnnouncer(ctx context.Context, o *scene) error {
	pause(ctx, upAgain)
	node, err := s.lab.Announcer(ctx, s.namespace(), peer.Name)
	if err != nil {
		return err
	}
	o.Notes = append(o.Notes, node+" lost the label")
	if err := s.labelPlain(ctx, node, "null"); err != nil {
		return err
	}
	return s.awaitPlain(ctx, len(s.spec.Nodes.Names)-1)
}

func (s *stage) removePlain(ctx context.Context, nodes []string) error {
	var errs []error
	for _, object := range []client.Object{&corev1.Service{}, &appsv1.DaemonSet{}} {
		object.SetNamespace(s.plainKey().Namespace)
		object.SetName(peer.Name)
		errs = append(errs, client.IgnoreNotFound(s.lab.Client.Delete(ctx, object)))
	}
	for _, node := range nodes {
		errs = append(errs, s.labelPlain(ctx, node, "null"))
	}
	return errors.Join(errs...)
}
