package runner

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/test/e2e/scenario"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/objects"
)

const (
	// quiet is how long conditions must stay the same to count as at rest.
	quiet = time.Second
	// verdictLimit is how long the conditions may take to say what they must, once the pods are as
	// they should be.
	verdictLimit = 20 * time.Second
	// measureLimit is how long it may take until the prober has measured a change.
	measureLimit = time.Minute
	// unmeasuredLimit is longer than the operator waits for a look at a configuration that was just written.
	unmeasuredLimit = 90 * time.Second
	// reportLimit is longer than the prober takes to write a report in which nothing changed.
	reportLimit = 5 * time.Minute
	// passingLimit is how long the operator may take to report something that it repairs.
	passingLimit = 20 * time.Second
)

// settle returns when the deeds have had their effect, the operator has finished its repairs, and
// the conditions are at rest. Conditions with an unexpected status are no error here. The judge
// decides about them.
func (o *object) settle(ctx context.Context, s scenario.Scenario, done *done, passed *history) error {
	limit, began := verdictLimit, time.Now()
	switch {
	case slices.Contains(s.Deeds, scenario.RefusedConfig):
		limit = reportLimit
	case slices.Contains(s.Deeds, scenario.CrashAnnouncer), slices.Contains(s.Deeds, scenario.RefusePods):
		limit = crashLimit
	case s.Repaired():
		if err := done.awaitRepairs(ctx, s, passed); err != nil {
			return err
		}
		// The loaded configuration may be the one before the deeds or the one during them. A newer
		// one comes after both.
		if err := o.write(ctx); err != nil {
			return err
		}
		if err := o.awaitLoaded(ctx); err != nil {
			return err
		}
	case len(s.Deeds) > 0:
		if err := o.awaitLoaded(ctx); err != nil {
			return err
		}
	}
	if s.Unmeasured != "" {
		limit = unmeasuredLimit
	}
	err := o.awaitVerdict(ctx, s, limit)
	if s.Step || s.ExpectedNodes() == metav1.ConditionFalse {
		done.notes = append(done.notes, fmt.Sprintf("the conditions were as expected after %.1f s", max(0, o.calm.since.Sub(began).Seconds())))
	}
	return err
}

// calm holds the last conditions and the time since which they are the same. It lasts over
// scenarios that change nothing.
type calm struct {
	conditions []metav1.Condition
	since      time.Time
}

// awaitVerdict returns when the conditions say what they must, are about the newest generation, and
// have not changed for a while, or when the limit is over.
func (o *object) awaitVerdict(ctx context.Context, s scenario.Scenario, limit time.Duration) error {
	nodes := s.ExpectedNodes()
	if nodes != "" {
		limit = max(limit, measureLimit)
	}
	return o.awaitCalm(ctx, limit, func(live *v1alpha1.EdgeIngress) bool {
		found := meta.FindStatusCondition(live.Status.Conditions, v1alpha1.ConditionNodesKeepSourceIP)
		preserved := meta.FindStatusCondition(live.Status.Conditions, v1alpha1.ConditionSourceIPPreserved)
		return saysAll(live, s.Says) && hasStatus(found, nodes) && (!s.Unlooked || hasStatus(preserved, s.ExpectedPreserved()))
	})
}

// hasStatus reports whether a condition has a status; "" means any.
func hasStatus(condition *metav1.Condition, want metav1.ConditionStatus) bool {
	return want == "" || (condition != nil && condition.Status == want)
}

// awaitCalm returns when the conditions are right and have not changed for a while, or when the limit is
// over.
func (o *object) awaitCalm(ctx context.Context, limit time.Duration, right func(*v1alpha1.EdgeIngress) bool) error {
	err := objects.Await(ctx, "the conditions to come to rest", limit, func(ctx context.Context) (bool, string, error) {
		live, err := o.get(ctx)
		if err != nil {
			return false, "", err
		}
		if !equality.Semantic.DeepEqual(live.Status.Conditions, o.calm.conditions) || !right(live) {
			o.calm = calm{live.Status.Conditions, time.Now()}
		}
		return time.Since(o.calm.since) >= quiet, "", nil
	})
	if ctx.Err() != nil {
		return err
	}
	return nil
}

func saysAll(live *v1alpha1.EdgeIngress, says scenario.Says) bool {
	for condition, want := range says {
		found := meta.FindStatusCondition(live.Status.Conditions, condition)
		if found == nil || found.ObservedGeneration != live.Generation || found.Status != want.Status || found.Reason != want.Reason {
			return false
		}
	}
	return true
}

// conditions are those of the newest generation. Where the operator has not seen that, there is an error.
func (o *object) conditions(ctx context.Context) ([]metav1.Condition, error) {
	live, err := o.get(ctx)
	if err != nil {
		return nil, err
	}
	for _, condition := range live.Status.Conditions {
		if condition.ObservedGeneration != live.Generation {
			return nil, fmt.Errorf("%s of EdgeIngress %s is about generation %d, not %d", condition.Type, o.name, condition.ObservedGeneration, live.Generation)
		}
	}
	return live.Status.Conditions, nil
}

// history is what an EdgeIngress has reported since it was followed.
type history struct {
	watch watch.Interface

	mu   sync.Mutex
	seen []metav1.Condition
}

func (o *object) follow(ctx context.Context) (*history, error) {
	watching, err := o.client().Watch(ctx, &v1alpha1.EdgeIngressList{}, client.MatchingFields{"metadata.name": o.name})
	if err != nil {
		return nil, fmt.Errorf("watching EdgeIngress %s: %w", o.name, err)
	}
	h := &history{watch: watching}
	go h.record()
	return h, nil
}

func (h *history) record() {
	for event := range h.watch.ResultChan() {
		live, ok := event.Object.(*v1alpha1.EdgeIngress)
		if !ok {
			continue
		}
		h.mu.Lock()
		h.seen = append(h.seen, live.Status.Conditions...)
		h.mu.Unlock()
	}
}

func (h *history) conditions() []metav1.Condition {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.seen)
}

func (h *history) stop() { h.watch.Stop() }

// await returns when all of it was reported, or when that takes too long: then it is for the judge.
func (h *history) await(ctx context.Context, what scenario.Says) {
	_ = objects.Await(ctx, "conditions on the way", passingLimit, func(context.Context) (bool, string, error) {
		var missing []string
		for kind, want := range what {
			if !slices.ContainsFunc(h.conditions(), func(c metav1.Condition) bool {
				return c.Type == kind && c.Status == want.Status && c.Reason == want.Reason
			}) {
				missing = append(missing, kind)
			}
		}
		return len(missing) == 0, strings.Join(missing, ", "), nil
	})
}
