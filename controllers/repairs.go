package controllers

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/desired"
	"github.com/edge-ingress/edge-ingress-operator/controllers/drift"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// repairLog remembers repairs from pass to pass. Its zero value is ready for use. A nil log
// remembers nothing.
type repairLog struct {
	mu sync.Mutex
	// byEdge has the EdgeIngress's uid as its key. Its values are replaced and never changed.
	byEdge map[types.UID]map[snapshot.Ref]snapshot.Repairs
}

func (l *repairLog) of(edge types.UID) map[snapshot.Ref]snapshot.Repairs {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.byEdge[edge]
}

// note adds the writes of a pass, and forgets what is long past and what the operator deleted itself.
func (l *repairLog) note(edge types.UID, writes []snapshot.Write, pruned []snapshot.Ref, now time.Time) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	after := map[snapshot.Ref]snapshot.Repairs{}
	for ref, repairs := range l.byEdge[edge] {
		if recent := drift.Recent(repairs, now); len(recent) > 0 {
			after[ref] = recent
		}
	}
	for _, write := range writes {
		after[write.Ref] = drift.Remember(after[write.Ref], write, now)
	}
	for _, ref := range pruned {
		delete(after, ref)
	}
	if l.byEdge == nil {
		l.byEdge = map[types.UID]map[snapshot.Ref]snapshot.Repairs{}
	}
	l.byEdge[edge] = after
	maps.DeleteFunc(l.byEdge, func(_ types.UID, objects map[snapshot.Ref]snapshot.Repairs) bool { return len(objects) == 0 })
}

// forget is for an EdgeIngress that is gone.
func (l *repairLog) forget(edge types.UID) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.byEdge, edge)
}

// admission is the rival where the API server's answer to a write differs from the write.
const admission = "an admission policy or webhook"

// repaired returns how often the most often repaired field of the change was repaired, including
// this change.
func (w *writer) repaired(change desired.Change) int {
	most := 0
	for _, field := range change.Fields {
		most = max(most, drift.Times(w.repairs.of(w.edge.UID)[change.Ref], field, change.Version))
	}
	return most + 1
}

// wrote notes a write and the client that undoes it, which the answer to the write or the managed
// fields show.
func (w *writer) wrote(change desired.Change, answer *unstructured.Unstructured) {
	write := snapshot.Write{Ref: change.Ref, Fields: change.Fields, Version: change.Version}
	overruled := func(d drift.Difference) bool { return slices.Contains(change.Fields, d.Field) }
	switch {
	case slices.ContainsFunc(drift.Find(answer, change.Wanted), overruled):
		write.Rival = admission
	case change.Kind == desired.Repair:
		write.Rival = w.rivals[change.Ref]
	}
	w.outcome.Written = append(w.outcome.Written, write)
}

// findRival reads who wrote the fields of a contested object last, before the repair. The caches do
// not hold that.
func (w *writer) findRival(ctx context.Context, change desired.Change) {
	if w.repaired(change) < drift.ContestedAfter-1 {
		return
	}
	live := &metav1.PartialObjectMetadata{}
	live.SetGroupVersionKind(change.Live.GroupVersionKind())
	if err := w.Reader.Get(ctx, client.ObjectKeyFromObject(change.Live), live); err != nil {
		return // Who it is only makes the message better.
	}
	if w.rivals == nil {
		w.rivals = map[snapshot.Ref]string{}
	}
	w.rivals[change.Ref] = strings.Join(managersOf(live.ManagedFields, change.Fields), ", ")
}

// managersOf returns the field managers, except ours, that hold one of these fields. It compares
// the last part of a field's path.
func managersOf(entries []metav1.ManagedFieldsEntry, fields []string) []string {
	var managers []string
	for _, entry := range entries {
		holds := func(field string) bool {
			return entry.FieldsV1 != nil && strings.Contains(entry.FieldsV1.GetRawString(), field[strings.LastIndex(field, ".")+1:]+`":`)
		}
		if entry.Manager != v1alpha1.FieldManager && slices.ContainsFunc(fields, holds) {
			managers = append(managers, entry.Manager)
		}
	}
	slices.Sort(managers)
	return slices.Compact(managers)
}
