package main

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

const (
	pollInterval = 50 * time.Millisecond
	// patience only ends a demo that would hang; everything takes a second or two.
	patience = time.Minute
)

// look reports whether the awaited state is there, and otherwise describes the current one.
type look func(context.Context) (done bool, seen string, err error)

// await returns when look reports done. The error says what was awaited, and what look saw last.
func await(ctx context.Context, what string, look look) error {
	var last string
	err := wait.PollUntilContextTimeout(ctx, pollInterval, patience, true, func(ctx context.Context) (bool, error) {
		done, seen, err := look(ctx)
		if err == nil {
			last = seen
		}
		return done, err
	})
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("waiting for %s: %w", what, context.Cause(ctx))
	case wait.Interrupted(err):
		return fmt.Errorf("waiting for %s: not seen within %s; the last that was seen: %s", what, patience, last)
	default:
		return fmt.Errorf("waiting for %s: %w", what, err)
	}
}
