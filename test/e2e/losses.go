package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/e2e/lab"
	"github.com/edge-ingress/edge-ingress-operator/test/e2e/loss"
	"github.com/edge-ingress/edge-ingress-operator/test/e2e/scenario"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic/loadprocess"
)

// lossReport is the file with the table of lost requests, below the directory of all reports.
const lossReport = "loss.md"

var errLosses = errors.New("requests were lost, see above")

// serveLoad runs loads in the client's network, where this process was started for that.
func serveLoad(ctx context.Context, arguments []string) (served bool, err error) {
	if len(arguments) == 0 || arguments[0] != loss.LoadCommand {
		return false, nil
	}
	return true, loadprocess.Serve(ctx, os.Stdin, os.Stdout)
}

// measureLosses runs all events under load and writes their table to a file.
func measureLosses(ctx context.Context, l *lab.Lab, compare bool, file string) error {
	began := time.Now()
	observations, err := loss.Run(ctx, l, [3]string{scenario.Edge1, scenario.Edge2, scenario.Edge3}, compare, os.Stdout)
	if writing := writeFile(file, loss.Markdown(observations)); writing != nil {
		return errors.Join(err, writing)
	}
	fmt.Printf("\n%s It took %s. The table is in %s.\n", loss.Summary(observations), time.Since(began).Round(time.Second), file)
	problems := loss.Problems(observations)
	for _, problem := range problems {
		fmt.Println("  !  " + problem)
	}
	if len(problems) > 0 {
		return errors.Join(err, errLosses)
	}
	return err
}
