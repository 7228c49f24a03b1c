package runner

import (
	"context"
	"fmt"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/e2e/scenario"
)

// gapLimit is how long an address may be without an answer after its node crashed.
const gapLimit = time.Minute

// crashAnnouncer crashes the node that announces the address, and measures how long the address does not answer.
func (d *done) crashAnnouncer(ctx context.Context) error {
	key, lab := d.object.key(), d.object.runner.lab
	node, err := lab.Announcer(ctx, key.Namespace, key.Name)
	if err != nil {
		return err
	}
	way, err := d.object.runner.resolve(ctx, d.object, scenario.Request{From: scenario.FromClient, To: scenario.VIP, Forge: scenario.Plain})
	if err != nil {
		return err
	}
	way.request.ConnectTimeout = 200 * time.Millisecond
	way.request.AnswerTimeout = 200 * time.Millisecond
	d.later(func(ctx context.Context) error { return lab.Cluster.RestartNode(ctx, node) })
	if err := lab.Cluster.CrashNode(ctx, node); err != nil {
		return err
	}
	crashed := time.Now()
	for time.Since(crashed) < gapLimit {
		seen, err := d.object.runner.send(ctx, way)
		if err != nil {
			return err
		}
		if seen.Reached {
			d.notes = append(d.notes, fmt.Sprintf("%s, which announced the address, crashed; the next answer came after %s", node, time.Since(crashed).Round(100*time.Millisecond)))
			return nil
		}
	}
	return fmt.Errorf("the address did not answer within %s after %s had crashed", gapLimit, node)
}
