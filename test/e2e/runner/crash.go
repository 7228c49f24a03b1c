package runner

import (
	"context"
	"fmt"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/e2e/scenario"
)

const (
	// gapLimit is how long an address may be without an answer after its node crashed.
	gapLimit = time.Minute
	// gapTimeout is for each half of a request meanwhile, and gapPause between two requests.
	// Together they are the precision of the measured gap.
	gapTimeout = 200 * time.Millisecond
	gapPause   = 50 * time.Millisecond
)

// crashAnnouncer crashes the node that announces the address, and measures how long the address
// does not answer.
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
	way.request.ConnectTimeout, way.request.AnswerTimeout = gapTimeout, gapTimeout
	d.later(func(ctx context.Context) error { return lab.Cluster.RestartNode(ctx, node) })
	crashed := time.Now()
	if err := lab.Cluster.CrashNode(ctx, node); err != nil {
		return err
	}
	return d.awaitAnswer(ctx, way, node, crashed)
}

func (d *done) awaitAnswer(ctx context.Context, way way, node string, crashed time.Time) error {
	pause := time.NewTicker(gapPause)
	defer pause.Stop()
	for time.Since(crashed) < gapLimit {
		seen, err := d.object.runner.send(ctx, way)
		if err != nil {
			return err
		}
		if seen.Reached {
			d.notes = append(d.notes, fmt.Sprintf("%s, which announced the address, crashed; the next answer came after %s", node, time.Since(crashed).Round(100*time.Millisecond)))
			return nil
		}
		<-pause.C
	}
	return fmt.Errorf("the address did not answer within %s after %s had crashed", gapLimit, node)
}
