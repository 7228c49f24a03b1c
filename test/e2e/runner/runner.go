// Package runner runs scenarios on a lab: it brings the EdgeIngress into the state of a scenario,
// waits until everything is at rest, sends the requests, and judges the results.
package runner

import (
	"context"
	"fmt"
	"io"
	"slices"
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
			if err := r.makeRoom(ctx, group); err != nil {
				return rows, err
			}
			groups.Go(func() error {
				for _, s := range group.Scenarios {
					if err := context.Cause(ctx); err != nil {
						return fmt.Errorf("running %q: %w", s.Name, err)
					}
					ofGroup[i] = append(ofGroup[i], r.rows(ctx, group.Object(s), s)...)
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

// makeRoom deletes all other EdgeIngresses for a group that has to be alone.
func (r *Runner) makeRoom(ctx context.Context, group scenario.Group) error {
	if !group.Alone {
		return nil
	}
	r.objects = map[string]*object{}
	return r.lab.RemoveEdgeIngresses(ctx, []string{group.EdgeIngress})
}

func (r *Runner) report(row table.Row) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintln(r.progress, row.Line())
}

// rows runs one scenario with all its steps, on the EdgeIngress of that name, if it has one.
func (r *Runner) rows(ctx context.Context, name string, s scenario.Scenario) []table.Row {
	var rows []table.Row
	done := &done{object: r.object(name)}
	for _, part := range s.Parts() {
		row, err := r.row(ctx, name, part, done)
		rows = append(rows, row)
		r.report(row)
		if err != nil {
			break
		}
	}
	if err := done.undo(context.WithoutCancel(ctx)); err != nil {
		last := &rows[len(rows)-1]
		last.Wrong = append(last.Wrong, err.Error())
		r.report(*last)
	}
	return rows
}

// row runs a scenario without its steps, or a step.
func (r *Runner) row(ctx context.Context, name string, s scenario.Scenario, done *done) (table.Row, error) {
	began := time.Now()
	row := table.Row{Scenario: s}
	var err error
	if name == "" {
		var sent sent
		sent, err = r.sendAll(ctx, nil, s)
		row.Observed.Sights, row.Notes = sent.sights, sent.notes
	} else {
		row.Observed, row.Notes, err = r.observe(ctx, s, done)
	}
	row.Wrong = scenario.Judge(s, row.Observed)
	if err != nil {
		row.Wrong = append([]string{err.Error()}, row.Wrong...)
	}
	row.Took = time.Since(began)
	return row, err
}

func (r *Runner) object(name string) *object {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.objects[name] == nil {
		r.objects[name] = &object{runner: r, name: name}
	}
	return r.objects[name]
}

// observe brings a scenario or a step about on its EdgeIngress, sends the requests, and lets a vantage
// outside look.
func (r *Runner) observe(ctx context.Context, s scenario.Scenario, done *done) (observed scenario.Observation, notes []string, err error) {
	o, before := done.object, len(done.notes)
	if !s.Step {
		if err := o.forget(ctx); err != nil {
			return observed, nil, err
		}
	}
	reported, err := o.follow(ctx)
	if err != nil {
		return observed, nil, err
	}
	defer reported.stop()
	if err := r.begin(ctx, s, done); err != nil {
		return observed, nil, err
	}
	passed, err := o.follow(ctx)
	if err != nil {
		return observed, nil, err
	}
	defer passed.stop()
	for _, deed := range s.Deeds {
		if err := done.do(ctx, deed); err != nil {
			return observed, done.notes[before:], fmt.Errorf("doing %s manually: %w", deed, err)
		}
	}
	if err := o.settle(ctx, s, done, passed); err != nil {
		return observed, done.notes[before:], err
	}
	observed, notes, err = r.look(ctx, o, s)
	observed.Reported, observed.Passed = reported.conditions(), passed.conditions()
	notes = slices.Concat(done.notes[before:], notes)
	if err == nil && s.Looks() {
		observed.Look, err = r.lookOutside(ctx, o, s)
	}
	return observed, notes, err
}

// begin writes the spec of a scenario, or takes back the deeds of the steps before.
func (r *Runner) begin(ctx context.Context, s scenario.Scenario, done *done) error {
	if s.Undo {
		return done.undo(ctx)
	}
	if s.Step && s.Spec == nil {
		return nil
	}
	return done.object.bring(ctx, s.Spec)
}
