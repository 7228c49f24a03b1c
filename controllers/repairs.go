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
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

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

// repaired returns how often the most often repaired field of the write was repaired, including this
// write.
func (w *writer) repaired(write snapshot.Write) int {
	most := 0
	for _, field := range write.Fields {
		most = max(most, drift.Next(w.repairs.of(w.edge.UID)[write.Ref], field, write.Version))
	}
	return most
}

// wrote notes a write and the client that undoes it, which the answer to the write or the managed
// fields show.
func (w *writer) wrote(change desired.Change, answer *unstructured.Unstructured) {
	write := change.Write()
	write.Rival, write.Overruled = w.rivals[change.Ref], overruled(change, answer)
	if len(write.Overruled) > 0 {
		write.Rival = admission
		w.lookAgain(conflictRetry) // An object that stays as it was causes no event.
	}
	w.outcome.Written = append(w.outcome.Written, write)
}

// overruled returns those of the written fields that the answer has with other values.
func overruled(change desired.Change, answer *unstructured.Unstructured) []string {
	if change.Kind == desired.Apply {
		if wanted := change.Wanted.GetAnnotations()[v1alpha1.AppliedAnnotation]; answer.GetAnnotations()[v1alpha1.AppliedAnnotation] != wanted {
			return change.Fields
		}
		return nil
	}
	differ := drift.Fields(drift.Find(answer, change.Wanted))
	return slices.DeleteFunc(slices.Clone(change.Fields), func(field string) bool { return !slices.Contains(differ, field) })
}

// wasOverruled reports whether the last write of one of these fields of the object did not hold.
func (w *writer) wasOverruled(write snapshot.Write) bool {
	repairs := w.repairs.of(w.edge.UID)[write.Ref]
	return slices.ContainsFunc(write.Overruled, func(field string) bool { return repairs[field].Overruled })
}

// findRival keeps who wrote the fields of a contested object last.
func (w *writer) findRival(ctx context.Context, change desired.Change) {
	if w.rivals == nil {
		w.rivals = map[snapshot.Ref]string{}
	}
	w.rivals[change.Ref] = w.rivalOf(ctx, change.Live.GroupVersionKind(), change.Write())
}

// rivalOf reads who wrote the contested fields of an object last, before they are written again. The
// caches do not hold that. It returns nothing where nothing is contested, or where no one holds the
// fields, as after a removal.
func (w *writer) rivalOf(ctx context.Context, kind schema.GroupVersionKind, write snapshot.Write) string {
	if w.repaired(write) < drift.ContestedAfter-1 {
		return ""
	}
	live := &metav1.PartialObjectMetadata{}
	live.SetGroupVersionKind(kind)
	if err := w.Reader.Get(ctx, types.NamespacedName{Namespace: write.Ref.Namespace, Name: write.Ref.Name}, live); err != nil {
		return "" // Who it is only makes the message better.
	}
	return strings.Join(managersOf(live.ManagedFields, write.Fields), ", ")
}

// managersOf returns the field managers, except ours, that hold one of these fields. It compares
// the last part of a field's path.
func managersOf(entries []metav1.ManagedFieldsEntry, fields []string) []string {
	var managers []string
	for _, entry := range entries {
		holds := func(field string) bool {
			return entry.FieldsV1 != nil && strings.Contains(entry.FieldsV1.GetRawString(), field[strings.LastIndex(field, ".")+1:]+`":`)
		}
		ours := entry.Manager == v1alpha1.FieldManager || strings.HasPrefix(entry.Manager, v1alpha1.NodeFieldManagerPrefix)
		if !ours && slices.ContainsFunc(fields, holds) {
			managers = append(managers, entry.Manager)
		}
	}
	slices.Sort(managers)
	return slices.Compact(managers)
}
