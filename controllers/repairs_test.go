package controllers

import (
	"testing"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// TestWhatTheOperatorDeletesIsForgotten: a spec that asks for an object, for none, and for the
// object again is not somebody who deletes it.
func TestWhatTheOperatorDeletesIsForgotten(t *testing.T) {
	const edge = "uid-public"
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	pruned, stays := snapshot.Ref{Kind: "Service", Name: "pruned"}, snapshot.Ref{Kind: "Service", Name: "stays"}
	log := &repairLog{}
	log.note(edge, []snapshot.Write{{Ref: pruned, Fields: []string{""}}, {Ref: pruned, Fields: []string{"spec.type"}}, {Ref: stays, Fields: []string{""}}}, nil, now)
	log.note(edge, nil, []snapshot.Ref{pruned}, now)
	if after := log.of(edge); len(after[pruned]) > 0 || after[stays][""].Count != 1 {
		t.Errorf("remembered: %v", after)
	}
	log.note(edge, []snapshot.Write{{Ref: pruned, Fields: []string{""}}}, nil, now)
	if count := log.of(edge)[pruned][""].Count; count != 1 {
		t.Errorf("creating the object again counts as repair %d", count)
	}
}
