package runner

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
	"github.com/edge-ingress/edge-ingress-operator/test/e2e/lab"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/objects"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/realcluster"
	"github.com/edge-ingress/edge-ingress-operator/verification/answer"
)

// witness and prober are the Deployments that measure.
var (
	witness = client.ObjectKey{Namespace: lab.OperatorNamespace, Name: names.Witness}
	prober  = client.ObjectKey{Namespace: lab.ProberNamespace, Name: lab.ProberName}
)

func (d *done) killWitness(ctx context.Context) error {
	return errors.Join(d.kill(ctx, witness), d.awaitWitness(ctx))
}
func (d *done) killProbers(ctx context.Context) error { return d.kill(ctx, prober) }

// kill deletes all pods of a Deployment at once, and returns when another one is ready. As many as before may
// not find a node.
func (d *done) kill(ctx context.Context, key client.ObjectKey) error {
	before, err := d.podsOf(ctx, key)
	if err != nil {
		return err
	}
	for i := range before {
		if err := client.IgnoreNotFound(d.object.client().Delete(ctx, &before[i], client.GracePeriodSeconds(0))); err != nil {
			return fmt.Errorf("deleting pod %s: %w", before[i].Name, err)
		}
	}
	return objects.Await(ctx, fmt.Sprintf("a new pod of Deployment %s", key), restLimit, func(ctx context.Context) (bool, string, error) {
		now, err := d.podsOf(ctx, key)
		fresh := slices.ContainsFunc(now, func(pod corev1.Pod) bool {
			return isReady(pod) && !slices.ContainsFunc(before, func(b corev1.Pod) bool { return b.UID == pod.UID })
		})
		return fresh, fmt.Sprintf("%d pods", len(now)), err
	})
}

func (d *done) podsOf(ctx context.Context, key client.ObjectKey) ([]corev1.Pod, error) {
	deployment, err := d.deployment(ctx, key)
	if err != nil {
		return nil, err
	}
	pods := &corev1.PodList{}
	if err := d.object.client().List(ctx, pods, client.InNamespace(key.Namespace), client.MatchingLabels(deployment.Spec.Selector.MatchLabels)); err != nil {
		return nil, fmt.Errorf("listing the pods of Deployment %s: %w", key, err)
	}
	return pods.Items, nil
}

func (d *done) deployment(ctx context.Context, key client.ObjectKey) (*appsv1.Deployment, error) {
	live := &appsv1.Deployment{}
	if err := d.object.client().Get(ctx, key, live); err != nil {
		return nil, fmt.Errorf("reading Deployment %s: %w", key, err)
	}
	return live, nil
}

// awaitReady returns when that many pods of a Deployment are ready.
func (d *done) awaitReady(ctx context.Context, key client.ObjectKey, ready int32) error {
	return objects.Await(ctx, fmt.Sprintf("%d ready pods of Deployment %s", ready, key), restLimit, func(ctx context.Context) (bool, string, error) {
		live, err := d.deployment(ctx, key)
		if err != nil {
			return false, "", err
		}
		return live.Status.ObservedGeneration == live.Generation && live.Status.ReadyReplicas == ready, fmt.Sprintf("%d are ready", live.Status.ReadyReplicas), nil
	})
}

// stopWitness removes the witness's pods and lets none come back.
func (d *done) stopWitness(ctx context.Context) error {
	before, err := d.deployment(ctx, witness)
	if err != nil {
		return err
	}
	d.later(func(ctx context.Context) error {
		return errors.Join(d.scale(ctx, witness, *before.Spec.Replicas), d.awaitWitness(ctx))
	})
	return d.scale(ctx, witness, 0)
}

// awaitWitness returns when the controller reaches the witness.
func (d *done) awaitWitness(ctx context.Context) error {
	return objects.Await(ctx, "the controller to reach the witness", restLimit, func(ctx context.Context) (bool, string, error) {
		page, err := d.ask(ctx, names.WitnessHost(d.object.name), answer.Path)
		return page.Status == http.StatusNotFound, page.String(), err
	})
}

func (d *done) scale(ctx context.Context, key client.ObjectKey, replicas int32) error {
	deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name}}
	patch := fmt.Appendf(nil, `{"spec":{"replicas":%d}}`, replicas)
	if err := d.object.client().Patch(ctx, deployment, client.RawPatch(types.MergePatchType, patch)); err != nil {
		return fmt.Errorf("scaling Deployment %s: %w", key, err)
	}
	return d.awaitReady(ctx, key, replicas)
}

// recreateNode removes the first edge node, and adds another one that has its name.
func (d *done) recreateNode(ctx context.Context) error {
	node := &corev1.Node{}
	if err := d.object.client().Get(ctx, client.ObjectKey{Name: d.firstEdge()}, node); err != nil {
		return fmt.Errorf("reading node %s: %w", d.firstEdge(), err)
	}
	cluster := d.object.runner.lab.Cluster
	if err := cluster.RemoveNode(ctx, node.Name); err != nil {
		return err
	}
	return cluster.AddNode(ctx, realcluster.NodeOptions{Name: node.Name, ProxyMode: realcluster.NFTables})
}
