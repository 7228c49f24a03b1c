package runner

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/test/e2e/scenario"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/objects"
)

// repairLimit is how long a repair of a manual change may take. A pod that must start again takes
// longest.
const repairLimit = 30 * time.Second

// repair is manual damage that others than the runner repair. Until then the runner writes nothing:
// any write would make the operator look at everything, also at what it would not have noticed by
// itself.
type repair struct {
	what     string
	asBefore func(context.Context) (done bool, seen string, err error)
}

// expectBack remembers how a part of an object is before it is damaged, as what it has to be again.
func expectBack[T any, O interface {
	*T
	client.Object
}](ctx context.Context, d *done, what string, key client.ObjectKey, part func(O) any) error {
	read := func(ctx context.Context) (any, error) {
		live := O(new(T))
		err := d.object.client().Get(ctx, key, live)
		return part(live), err
	}
	before, err := read(ctx)
	if err != nil {
		return fmt.Errorf("reading %s before it is changed: %w", what, err)
	}
	d.repairs = append(d.repairs, repair{what, func(ctx context.Context) (bool, string, error) {
		now, err := read(ctx)
		return equality.Semantic.DeepEqual(now, before), fmt.Sprint(now), err
	}})
	return nil
}

// awaitRepairs returns when all damage is repaired and the conditions have reported what they must,
// meanwhile and now, without a write by the runner. It notes how long the repairs took.
func (d *done) awaitRepairs(ctx context.Context, s scenario.Scenario, passed *history) error {
	damaged := time.Now()
	for _, repair := range d.repairs {
		if err := objects.Await(ctx, repair.what+" to be as before without a write of ours", repairLimit, repair.asBefore); err != nil {
			return err
		}
		d.notes = append(d.notes, fmt.Sprintf("%s: as before after %s, without a write of ours", repair.what, time.Since(damaged).Round(10*time.Millisecond)))
	}
	passed.await(ctx, s.Meanwhile)
	return objects.Await(ctx, "the conditions to tell of the repair without a write of ours", repairLimit, func(ctx context.Context) (bool, string, error) {
		live, err := d.object.get(ctx)
		return err == nil && saysAll(live, s.Says), "other conditions", err
	})
}
