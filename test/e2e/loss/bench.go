package loss

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/test/e2e/lab"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/realcluster"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic/loadprocess"
)

// Bench is an EdgeIngress under load, for events that are not the package's own.
type Bench struct {
	runner *runner
	front  *front
}

// OnBench makes an EdgeIngress of this shape with a haproxy in front of it, and calls do once requests arrive on both
// ways. At the end it deletes the EdgeIngress, without waiting until it is gone.
func OnBench(ctx context.Context, l *lab.Lab, shape Shape, progress io.Writer, do func(*Bench) error) error {
	return onStage(ctx, l, shape, progress, func(r *runner) (err error) {
		if shape.Measured {
			if err := r.stage.awaitMeasured(ctx); err != nil {
				return err
			}
		}
		opening := r.onFront(ctx, r.stage.key(), shape.Port, func(f *front) { err = do(&Bench{runner: r, front: f}) })
		if opening != nil {
			return opening
		}
		return err
	})
}

// Shape is what the EdgeIngress is like.
func (b *Bench) Shape() Shape { return b.runner.stage.Shape }

// Key is of the workload that runs the controllers.
func (b *Bench) Key() client.ObjectKey { return b.runner.stage.key() }

// Measure has an event happen under the load, and prints it to progress. What do returns is wrong with the event.
func (b *Bench) Measure(ctx context.Context, name string, claim Claim, do func(context.Context, *Observation) error) Observation {
	o := b.runner.measure(ctx, b.front, event{name: name, claim: claim, do: func(ctx context.Context, s *scene) error { return do(ctx, s.Observation) }})
	b.runner.tell(o)
	return o
}

// onStage prepares an EdgeIngress, opens the process of its clients, and calls do. At the end it removes what it created.
func onStage(ctx context.Context, l *lab.Lab, shape Shape, progress io.Writer, do func(*runner) error) (err error) {
	s := &stage{lab: l, Shape: shape}
	defer func() { err = errors.Join(err, s.remove(context.WithoutCancel(ctx))) }()
	if err := s.prepare(ctx); err != nil {
		return fmt.Errorf("preparing the measurement of losses: %w", err)
	}
	clients := l.Cluster.Host(realcluster.Client)
	if err := clients.Do(repeatLikeAnyKernel); err != nil {
		return fmt.Errorf("setting when clients repeat a SYN: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding the own program: %w", err)
	}
	process, err := loadprocess.Open(clients.Command(context.WithoutCancel(ctx), self, LoadCommand), shape.sources())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, process.Close()) }()
	return do(&runner{stage: s, process: process, progress: progress})
}
