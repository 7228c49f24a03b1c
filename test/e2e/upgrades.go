package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/e2e/lab"
	"github.com/edge-ingress/edge-ingress-operator/test/e2e/scenario"
	"github.com/edge-ingress/edge-ingress-operator/test/e2e/upgrade"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/realcluster"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/supervisor"
)

// Below the directory of all reports, these are the file with the table of upgrades, and the one with what the tools said.
const (
	upgradeReport = "upgrade.md"
	upgradeLog    = "upgrade.log"
)

var errUpgrades = errors.New("an upgrade is not as promised, see above")

// upgrades goes each way whose name matches, on a cluster that has no operator yet.
func upgrades(ctx context.Context, f flags) (err error) {
	command, err := supervisor.Find()
	if err != nil {
		return err
	}
	older, err := upgrade.Older(ctx, command.Repository, f.from, os.Stderr)
	if err != nil {
		return err
	}
	this, err := upgrade.This(ctx, command.Repository, os.Stderr)
	if err != nil {
		return err
	}
	began := time.Now()
	// The probers of the version before are replaced one after the other, each on a node of its own that is no edge node.
	l, err := lab.Start(ctx, lab.Options{Bare: true, SkipBuild: true, SpeakerToleratesEdge: true, Progress: os.Stderr,
		Nodes: append(nodes(), realcluster.NodeOptions{Name: "worker2", ProxyMode: realcluster.NFTables})})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Stop()) }()
	fmt.Fprintf(os.Stderr, "the cluster is ready after %s\n", time.Since(began).Round(time.Second))
	reports := filepath.Dir(f.report)
	if err := os.MkdirAll(reports, 0o755); err != nil {
		return fmt.Errorf("making the directory of reports: %w", err)
	}
	tools, err := os.Create(filepath.Join(reports, upgradeLog))
	if err != nil {
		return fmt.Errorf("making the file with what the tools say: %w", err)
	}
	defer func() { err = errors.Join(err, tools.Close()) }()
	pair := upgrade.Pair{Lab: l, Older: older, This: this, Say: os.Stdout, Log: tools}
	if err := pair.Publish(ctx); err != nil {
		return err
	}
	return goWays(ctx, pair, f.run, filepath.Join(reports, upgradeReport))
}

func goWays(ctx context.Context, pair upgrade.Pair, chosen *regexp.Regexp, file string) error {
	ways := slices.DeleteFunc(upgrade.Ways(pair), func(w upgrade.Way) bool { return !chosen.MatchString(w.Name()) })
	if len(ways) == 0 {
		return fmt.Errorf("no way's name matches %s", chosen)
	}
	var steps []upgrade.Step
	for number, way := range ways {
		fmt.Printf("=== %s\n", way.Name())
		gone, err := upgrade.Run(ctx, pair, way, number, [3]string{scenario.Edge1, scenario.Edge2, scenario.Edge3})
		steps = append(steps, gone...)
		if err := errors.Join(err, writeFile(file, upgrade.Markdown(pair, steps))); err != nil {
			return err
		}
	}
	fmt.Printf("\nThe table is in %s.\n", file)
	problems := upgrade.Problems(steps)
	for _, problem := range problems {
		fmt.Println("  !  " + problem)
	}
	if len(problems) > 0 {
		return errUpgrades
	}
	return nil
}
