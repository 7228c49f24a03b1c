package upgrade

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
	"github.com/edge-ingress/edge-ingress-operator/test/e2e/lab"
	"github.com/edge-ingress/edge-ingress-operator/test/e2e/loss"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/balancer"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/objects"
)

// Step is what happened to the operator under load.
type Step struct {
	Way, Name string
	// Observations are the losses of each EdgeIngress.
	Observations []loss.Observation
	// Replaced are the controller pods that went, and Changed what else is not as before.
	Replaced, Changed []string
	// Served is after how long the operator had written every status, and Measured after how long every edge node was
	// measured again. They are zero where no operator comes.
	Served, Measured time.Duration
	// Wrong lists other faults.
	Wrong []string
	// Control is set for the step that must lose requests and pods.
	Control bool
}

// story is one way on a lab.
type story struct {
	Pair
	way     Way
	benches []*loss.Bench
	steps   []Step
}

// haproxies of the two EdgeIngress objects.
const (
	firstPort  = 8102
	secondPort = 8103
)

// rate is half of what the measurement of losses sends, since there are two EdgeIngress objects.
const rate = 75

// shapes are one EdgeIngress of each kind. The Deployment has a node without a pod.
func shapes(edge [3]string) [2]loss.Shape {
	return [2]loss.Shape{
		{Name: "each-node", Nodes: edge[:2], Measured: true, Rate: rate, Clients: [2]byte{11, 20},
			Port: firstPort, FromPorts: balancer.Ports{First: 10000, Last: 20999}},
		{Name: "replicas", Nodes: edge[:], Replicas: 2, Measured: true, Rate: rate, Clients: [2]byte{21, 30},
			Port: secondPort, FromPorts: balancer.Ports{First: 21000, Last: 32000}},
	}
}

// Run takes one way from the version before to this one, back, and away, while clients send requests. It prints each
// step to p.Say as soon as it is over. An error means that the way could not be gone to its end.
func Run(ctx context.Context, p Pair, way Way, edge [3]string) ([]Step, error) {
	s := &story{Pair: p, way: way}
	err := s.install(ctx)
	if err != nil {
		return nil, fmt.Errorf("installing the version before with %s: %w", way.Name(), err)
	}
	first, second := shapes(edge)[0], shapes(edge)[1]
	err = loss.OnBench(ctx, p.Lab, first, p.Say, func(a *loss.Bench) error {
		return loss.OnBench(ctx, p.Lab, second, p.Say, func(b *loss.Bench) error {
			s.benches = []*loss.Bench{a, b}
			s.all(ctx)
			return nil
		})
	})
	if err != nil {
		return s.steps, err
	}
	if err := loss.MakeRoom(ctx, p.Lab); err != nil {
		return s.steps, err
	}
	return s.steps, way.Remove(ctx)
}

func (s *story) install(ctx context.Context) error {
	if err := s.way.InstallOlder(ctx); err != nil {
		return err
	}
	return errors.Join(s.Lab.AwaitDeployment(ctx, lab.OperatorNamespace, lab.OperatorName), s.Lab.AwaitDeployment(ctx, lab.OperatorNamespace, names.Witness),
		s.Lab.AwaitDeployment(ctx, lab.ProberNamespace, lab.ProberName), awaitLeader(ctx, s.Lab, s.Older))
}

// all goes through the steps. Each begins where the one before ended.
func (s *story) all(ctx context.Context) {
	s.step(ctx, "upgrade", s.way.Upgrade, &s.This, false)
	s.step(ctx, "downgrade", s.way.Downgrade, &s.Older, s.way.RemovesToDowngrade())
	s.step(ctx, "upgrade again", s.way.Upgrade, &s.This, false)
	s.step(ctx, "uninstall", s.way.Uninstall, nil, true)
	s.step(ctx, "install again", s.way.Reinstall, &s.This, true)
	s.control(ctx)
}

// step does something to the operator under load. When the witness's Service goes or comes, every engine loads its
// settings again, and ends kept connections.
func (s *story) step(ctx context.Context, name string, do func(context.Context) error, comes *Release, reloads bool) {
	if ctx.Err() != nil {
		return
	}
	s.around(ctx, Step{Way: s.way.Name(), Name: name}, func(t *Step) {
		s.under(ctx, t, loss.NothingLost, reloads, func(ctx context.Context) error { return s.doing(ctx, t, do, comes) })
	})
}

// around looks before and after a step, keeps it, and prints it.
func (s *story) around(ctx context.Context, t Step, happens func(*Step)) {
	before, err := look(ctx, s.Lab.Client)
	if err == nil {
		happens(&t)
		var after snapshot
		after, err = look(ctx, s.Lab.Client)
		t.Replaced, t.Changed = replaced(before, after), changed(before, after)
	}
	if err != nil {
		t.Wrong = append(t.Wrong, err.Error())
	}
	s.steps = append(s.steps, t)
	fmt.Fprint(s.Say, t.Text())
}

// under runs the load of every EdgeIngress around what happens.
func (s *story) under(ctx context.Context, t *Step, claim loss.Claim, reloads bool, do func(context.Context) error) {
	nested := do
	for _, bench := range s.benches {
		inner := nested
		nested = func(ctx context.Context) error {
			o := bench.Measure(ctx, t.Way+": "+t.Name+", "+bench.Shape().Name, claim, func(ctx context.Context, o *loss.Observation) error {
				if reloads {
					o.Reloaded = time.Now()
				}
				return inner(ctx)
			})
			t.Observations = append(t.Observations, o)
			return nil
		}
	}
	if err := nested(ctx); err != nil {
		t.Wrong = append(t.Wrong, err.Error())
	}
}

// without is for how long requests go on where no operator comes.
const without = 15 * time.Second

// doing does something, and waits until the operator that comes does its work.
func (s *story) doing(ctx context.Context, t *Step, do func(context.Context) error, comes *Release) error {
	began := time.Now()
	if err := do(ctx); err != nil {
		return err
	}
	if comes == nil {
		return s.awaitNobody(ctx)
	}
	if err := awaitLeader(ctx, s.Lab, *comes); err != nil {
		return err
	}
	leads := time.Now()
	for _, bench := range s.benches {
		if err := touch(ctx, s.Lab.Client, bench.Shape().Name); err != nil {
			return err
		}
	}
	for _, bench := range s.benches {
		if err := awaitServed(ctx, s.Lab.Client, *comes, bench.Shape().Name); err != nil {
			return err
		}
	}
	t.Served = time.Since(began)
	if err := awaitProber(ctx, s.Lab, *comes); err != nil {
		return err
	}
	for _, bench := range s.benches {
		if err := awaitMeasured(ctx, s.Lab.Client, bench.Shape().Name, leads); err != nil {
			return err
		}
	}
	t.Measured = time.Since(began)
	return nil
}

// awaitNobody returns when no operator runs any more, makes sure that every EdgeIngress is there, and
// lets requests go on.
func (s *story) awaitNobody(ctx context.Context) error {
	err := objects.Await(ctx, "the operator to be gone", patience, func(ctx context.Context) (bool, string, error) {
		pods := &corev1.PodList{}
		err := s.Lab.Client.List(ctx, pods, client.InNamespace(lab.OperatorNamespace))
		return len(pods.Items) == 0, fmt.Sprintf("%d pods in its namespace", len(pods.Items)), err
	})
	if err != nil {
		return err
	}
	for _, bench := range s.benches {
		live := &v1alpha1.EdgeIngress{}
		if err := s.Lab.Client.Get(ctx, client.ObjectKey{Name: bench.Shape().Name}, live); err != nil {
			return fmt.Errorf("looking whether EdgeIngress %s is still there: %w", bench.Shape().Name, err)
		}
	}
	pause(ctx, without)
	return nil
}

// pause lets requests go on for a while.
func pause(ctx context.Context, length time.Duration) {
	select {
	case <-time.After(length):
	case <-ctx.Done():
	}
}

// control kills all controllers at once. A load that loses nothing then would not see the losses of the other steps
// either, and neither would a comparison that misses the pods.
func (s *story) control(ctx context.Context) {
	s.around(ctx, Step{Way: s.way.Name(), Name: "for comparison: all controllers are killed", Control: true}, func(t *Step) {
		s.under(ctx, t, loss.Exception, false, s.kill)
	})
}

// afterKill is longer than Kubernetes takes to end a pod.
const afterKill = 3 * time.Second

func (s *story) kill(ctx context.Context) error {
	for _, bench := range s.benches {
		err := s.Lab.Client.DeleteAllOf(ctx, &corev1.Pod{}, client.InNamespace(bench.Key().Namespace),
			client.MatchingLabels{v1alpha1.OwnerLabel: bench.Shape().Name}, client.GracePeriodSeconds(0))
		if err != nil {
			return fmt.Errorf("killing the controllers: %w", err)
		}
	}
	pause(ctx, afterKill)
	return nil
}
