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
	// Guarded is what the condition said on the way and at the end; empty where no operator comes.
	Guarded []string
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

// Run takes one way from the version before to this one, back, and away, while clients send requests. It prints each
// step to p.Say as soon as it is over. The number of the way on this lab counts from zero. An error means that the way could
// not be gone to its end.
func Run(ctx context.Context, p Pair, way Way, number int, edge [3]string) ([]Step, error) {
	s := &story{Pair: p, way: way}
	err := s.install(ctx)
	if err != nil {
		return nil, fmt.Errorf("installing the version before with %s: %w", way.Name(), err)
	}
	if err := s.onBenches(ctx, shapes(edge, number)); err != nil {
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
	if err := s.Lab.AwaitDeployment(ctx, lab.OperatorNamespace, lab.OperatorName); err != nil {
		return err
	}
	if way, is := s.way.(besides); is {
		if err := way.ApplyBeside(ctx, s.Older); err != nil {
			return err
		}
	}
	return errors.Join(s.Lab.AwaitDeployment(ctx, lab.OperatorNamespace, names.Witness),
		s.Lab.AwaitDeployment(ctx, lab.ProberNamespace, lab.ProberName), awaitLeader(ctx, s.Lab, s.Older), awaitPrograms(ctx, s.Lab, s.Older))
}

// onBenches makes an EdgeIngress of each shape, and then goes through the steps.
func (s *story) onBenches(ctx context.Context, left []loss.Shape) error {
	if len(left) > 0 {
		return loss.OnBench(ctx, s.Lab, left[0], s.Say, func(bench *loss.Bench) error {
			s.benches = append(s.benches, bench)
			return s.onBenches(ctx, left[1:])
		})
	}
	if err := s.onEach(func(name string) error { return awaitGuarded(ctx, s.Lab.Client, s.Older, name, true) }); err != nil {
		return err
	}
	s.all(ctx)
	return nil
}

// onEach does something with each EdgeIngress, until it fails.
func (s *story) onEach(do func(name string) error) error {
	for _, bench := range s.benches {
		if err := do(bench.Shape().Name); err != nil {
			return err
		}
	}
	return nil
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
	if len(t.Problems()) > 0 {
		s.logState(ctx)
	}
	s.steps = append(s.steps, t)
	fmt.Fprint(s.Say, t.Text())
}

// logState writes into the log what shows why a step failed: what the operator and its programs say and wrote.
func (s *story) logState(ctx context.Context) {
	for _, arguments := range [][]string{
		{"get", "edgeingresses,sourceipreports,events", "--all-namespaces", "--output=yaml"},
		{"get", "pods", "--all-namespaces", "--output=wide"},
		{"logs", "--namespace=" + lab.OperatorNamespace, "--selector=app.kubernetes.io/name=edge-ingress-operator", "--prefix", "--tail=-1"},
		{"logs", "--namespace=" + lab.ProberNamespace, "--selector=app.kubernetes.io/name=edge-ingress-operator", "--prefix", "--tail=-1"},
	} {
		if err := s.run(ctx, "kubectl", arguments...); err != nil {
			fmt.Fprintln(s.Log, err)
		}
	}
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
	if err := s.applyBeside(ctx, t, *comes); err != nil {
		return err
	}
	err := s.onEach(func(name string) error { return touch(ctx, s.Lab.Client, name) })
	if err == nil {
		err = s.onEach(func(name string) error { return awaitServed(ctx, s.Lab.Client, *comes, name) })
	}
	if err != nil {
		return err
	}
	t.Served = time.Since(began)
	if err := s.awaitGuarded(ctx, t, *comes, true); err != nil {
		return err
	}
	if err := awaitPrograms(ctx, s.Lab, *comes); err != nil {
		return err
	}
	if err := s.onEach(func(name string) error { return awaitMeasured(ctx, s.Lab.Client, name, leads) }); err != nil {
		return err
	}
	t.Measured = time.Since(began)
	return nil
}

// applyBeside applies what the way's tool did not install. Before that, the operator that came works beside the policies of
// another version, or beside none, and has to say so.
func (s *story) applyBeside(ctx context.Context, t *Step, comes Release) error {
	way, is := s.way.(besides)
	if !is {
		return nil
	}
	if err := s.onEach(func(name string) error { return touch(ctx, s.Lab.Client, name) }); err != nil {
		return err
	}
	if err := s.awaitGuarded(ctx, t, comes, way.InForce(comes)); err != nil {
		return err
	}
	// The API server may refuse what the operator writes now. The log shows what the conditions say of it.
	if err := s.run(ctx, "kubectl", "get", "edgeingresses", "--output=jsonpath="+conditionsNotTrue); err != nil {
		return err
	}
	return way.ApplyBeside(ctx, comes)
}

// conditionsNotTrue are the conditions of each EdgeIngress that are not True, with their messages.
const conditionsNotTrue = `{range .items[*]}{.metadata.name}{"\n"}{range .status.conditions[?(@.status!="True")]}  {.type} {.status} {.reason}: {.message}{"\n"}{end}{end}`

// awaitGuarded waits until each EdgeIngress says what it has to say of the guard, and keeps that.
func (s *story) awaitGuarded(ctx context.Context, t *Step, r Release, inForce bool) error {
	err := s.onEach(func(name string) error { return awaitGuarded(ctx, s.Lab.Client, r, name, inForce) })
	if err == nil {
		t.Guarded = append(t.Guarded, r.guarded(inForce))
	}
	return err
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
	err = s.onEach(func(name string) error {
		if err := s.Lab.Client.Get(ctx, client.ObjectKey{Name: name}, &v1alpha1.EdgeIngress{}); err != nil {
			return fmt.Errorf("looking whether EdgeIngress %s is still there: %w", name, err)
		}
		return nil
	})
	if err != nil {
		return err
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
