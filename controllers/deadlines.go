package controllers

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// DefaultRequestTimeout is how long a pass waits for the answer to one request. It is longer than
// the API server's default timeout for an admission webhook, 10 seconds. So a webhook that hangs
// and may be ignored does not stop the operator.
const DefaultRequestTimeout = 12 * time.Second

// errOutOfTime means that a request was not sent, or its answer not awaited, because the time of
// the pass was over. The next pass sends it.
var errOutOfTime = errors.New("the time of this pass is over")

// limits are the times that one pass may take. All derive from the time for one request.
type limits struct {
	// request is for one request. hurried is for each request that follows one without an answer in
	// the same pass.
	request, hurried time.Duration
	// nodes is for the writes to nodes, apply for all writes except the status, and pass for
	// everything. Each leaves time for the steps that follow.
	nodes, apply, pass time.Duration
}

func (r *Reconciler) limits() limits {
	request := r.RequestTimeout
	if request <= 0 {
		request = DefaultRequestTimeout
	}
	return limits{
		request: request, hurried: request / 6,
		nodes: request + request/6, apply: 2 * request, pass: 2*request + request/3,
	}
}

// withDeadlines is the Reconciler for one pass: none of its requests takes longer than the limits allow.
func (r *Reconciler) withDeadlines() *Reconciler {
	requests := &deadlines{limits: r.limits()}
	pass := *r
	pass.Client = deadlineClient{r.Client, requests}
	pass.Reader = deadlineReader{r.Reader, requests}
	return &pass
}

// deadlines bounds the requests of one pass. Several requests may be under way at the same time.
type deadlines struct {
	limits
	// unanswered reports whether a request of this pass got no answer. Later requests then have less
	// time, so that one request that hangs does not use up the time of the pass.
	unanswered atomic.Bool
}

func (d *deadlines) do(ctx context.Context, request func(context.Context) error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return errOutOfTime
	}
	limit := d.request
	if d.unanswered.Load() {
		limit = d.hurried
	}
	begin := time.Now()
	passEnds, ends := ctx.Deadline()
	cutShort := ends && passEnds.Before(begin.Add(limit))
	bounded, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := request(bounded)
	switch {
	case err == nil || !errors.Is(bounded.Err(), context.DeadlineExceeded):
		return err
	case cutShort:
		return errOutOfTime // It may be slow or hang: sent early in a pass, it has the time to show which.
	}
	d.unanswered.Store(true)
	return fmt.Errorf("the API server, or an admission webhook, did not answer within %s: %w", time.Since(begin).Round(100*time.Millisecond), err)
}

// deadlineReader is a reader whose requests have deadlines.
type deadlineReader struct {
	client.Reader
	deadlines *deadlines
}

func (c deadlineReader) Get(ctx context.Context, key client.ObjectKey, object client.Object, options ...client.GetOption) error {
	return c.deadlines.do(ctx, func(ctx context.Context) error { return c.Reader.Get(ctx, key, object, options...) })
}

func (c deadlineReader) List(ctx context.Context, list client.ObjectList, options ...client.ListOption) error {
	return c.deadlines.do(ctx, func(ctx context.Context) error { return c.Reader.List(ctx, list, options...) })
}

// deadlineClient is a client whose requests have deadlines, except for Update and DeleteAllOf,
// which the operator may not use.
type deadlineClient struct {
	client.Client
	deadlines *deadlines
}

func (c deadlineClient) Get(ctx context.Context, key client.ObjectKey, object client.Object, options ...client.GetOption) error {
	return deadlineReader{c.Client, c.deadlines}.Get(ctx, key, object, options...)
}

func (c deadlineClient) List(ctx context.Context, list client.ObjectList, options ...client.ListOption) error {
	return deadlineReader{c.Client, c.deadlines}.List(ctx, list, options...)
}

func (c deadlineClient) Apply(ctx context.Context, object runtime.ApplyConfiguration, options ...client.ApplyOption) error {
	return c.deadlines.do(ctx, func(ctx context.Context) error { return c.Client.Apply(ctx, object, options...) })
}

func (c deadlineClient) Create(ctx context.Context, object client.Object, options ...client.CreateOption) error {
	return c.deadlines.do(ctx, func(ctx context.Context) error { return c.Client.Create(ctx, object, options...) })
}

func (c deadlineClient) Patch(ctx context.Context, object client.Object, patch client.Patch, options ...client.PatchOption) error {
	return c.deadlines.do(ctx, func(ctx context.Context) error { return c.Client.Patch(ctx, object, patch, options...) })
}

func (c deadlineClient) Delete(ctx context.Context, object client.Object, options ...client.DeleteOption) error {
	return c.deadlines.do(ctx, func(ctx context.Context) error { return c.Client.Delete(ctx, object, options...) })
}

func (c deadlineClient) Status() client.SubResourceWriter {
	return deadlineStatus{c.Client.Status(), c.deadlines}
}

type deadlineStatus struct {
	client.SubResourceWriter
	deadlines *deadlines
}

func (c deadlineStatus) Patch(ctx context.Context, object client.Object, patch client.Patch, options ...client.SubResourcePatchOption) error {
	return c.deadlines.do(ctx, func(ctx context.Context) error { return c.SubResourceWriter.Patch(ctx, object, patch, options...) })
}
