// Package startup measures how long two controllers take from the first command until both are Ready,
// with the operator and without, and counts what they answer from that moment on. Times are printed,
// and none is asserted.
package startup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
	"github.com/edge-ingress/edge-ingress-operator/test/e2e/lab"
	"github.com/edge-ingress/edge-ingress-operator/test/e2e/peer"
)

// How the three installations are called in the report.
const (
	Operator = "the operator"
	Peer     = "kubectl label and upstream's settings"
	// Unguarded shows that requests can see a pod that is Ready too early.
	Unguarded = "upstream's settings without the first delay"
)

const (
	edgeIngress = "startup"
	host        = edgeIngress + ".e2e.test"
	// limit is many times what a start takes.
	limit = 3 * time.Minute
)

// Options say what is measured.
type Options struct {
	// Nodes are the edge nodes.
	Nodes []string
	// From is the host that requests are sent from.
	From string
	// Rounds is how many times each of the three installations is started.
	Rounds int
}

// bench is one measurement on a lab.
type bench struct {
	lab   *lab.Lab
	nodes []string
	from  string
}

// Run starts the installations in turns, prints each start to progress, and removes what it made.
func Run(ctx context.Context, l *lab.Lab, o Options, progress io.Writer) (_ []Start, err error) {
	b := &bench{lab: l, nodes: o.Nodes, from: o.From}
	defer func() { err = errors.Join(err, b.remove(context.WithoutCancel(ctx))) }()
	if err := b.writeIngress(ctx); err != nil {
		return nil, err
	}
	var starts []Start
	for range o.Rounds {
		for _, measure := range []func(context.Context) (Start, error){b.startOurs, b.startPeer, b.startUnguarded} {
			start, err := measure(ctx)
			if err != nil {
				return starts, err
			}
			starts = append(starts, start)
			fmt.Fprint(progress, start.Text())
		}
		if err := b.makeRoom(ctx); err != nil {
			return starts, err
		}
	}
	return starts, nil
}

func (b *bench) object() *v1alpha1.EdgeIngress {
	image := b.lab.Controller
	edge := &v1alpha1.EdgeIngress{ObjectMeta: metav1.ObjectMeta{Name: edgeIngress}}
	edge.Spec.Nodes.Names = b.nodes
	edge.Spec.Controller.Image = &image
	// Several workers take up the endpoints at different times.
	edge.Spec.Controller.Config = map[string]v1alpha1.ConfigValue{"worker-processes": "4", "worker-shutdown-timeout": "1s"}
	edge.Spec.Exposure.DrainDelay = &metav1.Duration{}
	return edge
}

func (b *bench) namespace() string { return b.object().ControllerNamespace() }

func (b *bench) startOurs(ctx context.Context) (Start, error) {
	if err := b.makeRoom(ctx); err != nil {
		return Start{}, err
	}
	return b.measure(ctx, Operator, map[string]string{v1alpha1.OwnerLabel: edgeIngress}, func(ctx context.Context) error {
		return b.lab.Client.Create(ctx, b.object())
	})
}

func (b *bench) startPeer(ctx context.Context) (Start, error) {
	return b.startPlain(ctx, Peer, func(*corev1.Container) {})
}

func (b *bench) startUnguarded(ctx context.Context) (Start, error) {
	return b.startPlain(ctx, Unguarded, func(c *corev1.Container) {
		c.ReadinessProbe.InitialDelaySeconds, c.ReadinessProbe.PeriodSeconds = 0, 1
	})
}

// startPlain installs the peer beside ours, whose account and ConfigMap it uses: what Helm would have
// to create besides is there already.
func (b *bench) startPlain(ctx context.Context, who string, change func(*corev1.Container)) (_ Start, err error) {
	defer func() { err = errors.Join(err, b.removePlain(context.WithoutCancel(ctx))) }()
	ours := &appsv1.DaemonSet{}
	if err := b.lab.Client.Get(ctx, client.ObjectKey{Namespace: b.namespace(), Name: names.Service(edgeIngress)}, ours); err != nil {
		return Start{}, fmt.Errorf("reading the operator's DaemonSet: %w", err)
	}
	set := peer.DaemonSet(ours)
	change(&set.Spec.Template.Spec.Containers[0])
	return b.measure(ctx, who, peer.Labels(), func(ctx context.Context) error {
		arguments := append(append([]string{"label", "nodes"}, b.nodes...), peer.NodeLabel+"=")
		if output, err := b.lab.Kubectl(ctx, arguments...).CombinedOutput(); err != nil {
			return fmt.Errorf("labelling nodes: %w: %s", err, output)
		}
		return errors.Join(b.lab.Client.Create(ctx, peer.Service(b.namespace())), b.lab.Client.Create(ctx, set))
	})
}
