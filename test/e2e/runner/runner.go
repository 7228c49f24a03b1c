// Package runner runs scenarios on a lab: it brings the EdgeIngress into the state of a scenario,
// waits until everything is at rest, sends the requests, and judges the results.
package runner

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/edge-ingress/edge-ingress-operator/test/e2e/lab"
	"github.com/edge-ingress/edge-ingress-operator/test/e2e/scenario"
	"github.com/edge-ingress/edge-ingress-operator/test/e2e/table"
)

// Runner runs scenarios.
type Runner struct {
	lab   *lab.Lab
	atlas scenario.Atlas
	// progress gets a line for each row as soon as it is there.
	progress io.Writer

	mu      sync.Mutex
	objects map[string]*object
}

// New returns a runner. The nodes of the lab must be there already.
func New(ctx context.Context, l *lab.Lab, progress io.Writer) (*Runner, error) {
	atlas, err := newAtlas(ctx, l)
	if err != nil {
		return nil, err
	}
	return &Runner{lab: l, atlas: atlas, progress: progress, objects: map[string]*object{}}, nil
}

// Run runs all scenarios and returns their rows in the order of the plan. The groups of a phase run
// at the same time. A scenario that could not be set up is a row that disagrees. Run returns an
// error only when the context ends.
func (r *Runner) Run(ctx context.Context, plan [][]scenario.Group) ([]table.Row, error) {
	var rows []table.Row
	for _, phase := range plan {
		ofGroup := make([][]table.Row, len(phase))
		var groups errgroup.Group
		for i, group := range phase {
			groups.Go(func() error {
				for _, s := range group.Scenarios {
					if err := context.Cause(ctx); err != nil {
						return fmt.Errorf("running %q: %w", s.Name, err)
					}
					row := r.row(ctx, group.Object(s), s)
					ofGroup[i] = append(ofGroup[i], row)
					r.report(row)
				}
				return nil
			})
		}
		err := groups.Wait()
		for _, of := range ofGroup {
			rows = append(rows, of...)
		}
		if err != nil {
			return rows, err
		}
	}
	return rows, nil
}

func (r *Runner) report(row table.Row) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintln(r.progress, row.Line())
}

// row runs one scenario.
func (r *Runner) row(ctx context.Context, name string, s scenario.Scenario) table.Row {
	began := time.Now()
	row := table.Row{Scenario: s}
	var err error
	if name == "" {
		var sent sent
		sent, err = r.sendAll(ctx, nil, s)
		row.Observed.Sights, row.Notes = sent.sights, sent.notes
	} else {
		row.Observed, row.Notes, err = r.observe(ctx, r.object(name), s)
	}
	row.Wrong = scenario.Judge(s, row.Observed)
	if err != nil {
		row.Wrong = append([]string{err.Error()}, row.Wrong...)
	}
	row.Took = time.Since(began)
	return row
}

func (r *Runner) object(name string) *object {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.objects[name] == nil {
		r.objects[name] = &object{runner: r, name: name}
	}
	return r.objects[name]
}

// observe brings a scenario about on its EdgeIngress, and undoes what was done manually.
func (r *Runner) observe(ctx context.Context, o *object, s scenario.Scenario) (observed scenario.Observation, notes []string, err error) {
	reported, err := o.follow(ctx)
	if err != nil {
		return observed, nil, err
	}
	defer reported.stop()
	if err := o.bring(ctx, s.Spec); err != nil {
		return observed, nil, err
	}
	passed, err := o.follow(ctx)
	if err != nil {
		return observed, nil, err
	}
	defer passed.stop()
	done := &done{object: o}
	defer func() {
		if undoing := done.undo(context.WithoutCancel(ctx)); err == nil {
			err = undoing
		}
	}()
	for _, deed := range s.Deeds {
		if err := done.do(ctx, deed); err != nil {
			return observed, done.notes, fmt.Errorf("doing %s manually: %w", deed, err)
		}
	}
	if err := o.settle(ctx, s, done, passed); err != nil {
		return observed, done.notes, err
	}
	observed, notes, err = r.look(ctx, o, s)
	observed.Reported, observed.Passed = reported.conditions(), passed.conditions()
	return observed, append(done.notes, notes...), err
}
