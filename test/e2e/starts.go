package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/edge-ingress/edge-ingress-operator/test/e2e/lab"
	"github.com/edge-ingress/edge-ingress-operator/test/e2e/scenario"
	"github.com/edge-ingress/edge-ingress-operator/test/e2e/startup"
)

var errStarts = errors.New("controllers that were Ready did not answer, see above")

// measureStarts compares how long controllers take until they are Ready. Only requests that fail are
// an error.
func measureStarts(ctx context.Context, l *lab.Lab, rounds int) error {
	options := startup.Options{Nodes: []string{scenario.Edge1, scenario.Edge2}, From: scenario.Worker1, Rounds: rounds}
	starts, err := startup.Run(ctx, l, options, os.Stdout)
	fmt.Printf("\n%s", startup.Summary(starts))
	problems := startup.Problems(starts)
	for _, problem := range problems {
		fmt.Println("  !  " + problem)
	}
	if len(problems) > 0 {
		return errors.Join(err, errStarts)
	}
	return err
}
