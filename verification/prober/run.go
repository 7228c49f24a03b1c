package prober

import (
	"context"

	"k8s.io/apimachinery/pkg/types"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// running is a measurer that runs.
type running struct {
	*measurer
	stop context.CancelFunc
	done chan struct{}
}

func (s *shared) start(ctx context.Context, e *v1alpha1.EdgeIngress) running {
	own, stop := context.WithCancel(ctx)
	one := running{measurer: newMeasurer(s, e), stop: stop, done: make(chan struct{})}
	go func() { defer close(one.done); one.run(own) }()
	return one
}

func (r running) end() {
	r.stop()
	<-r.done
}

// runAll runs a measurer for each EdgeIngress that is measured, until the context ends.
func (s *shared) runAll(ctx context.Context, changed <-chan struct{}) {
	all := map[types.UID]running{}
	defer func() {
		for _, one := range all {
			one.end()
		}
	}()
	for {
		measured := map[types.UID]*v1alpha1.EdgeIngress{}
		for _, e := range s.view().measured() {
			measured[e.UID] = e
		}
		for uid, one := range all {
			if measured[uid] == nil {
				one.end()
				delete(all, uid)
			}
		}
		for uid, e := range measured {
			if one, runs := all[uid]; runs {
				one.wakeUp()
			} else {
				all[uid] = s.start(ctx, e)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
	}
}
