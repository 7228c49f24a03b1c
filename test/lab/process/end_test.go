package process

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestEndIsNoFailureAndFreesTheName(t *testing.T) {
	s := newSupervisor(t)
	first := start(t, s, sleeper("node"))
	if err := s.Start(sleeper("node")); err == nil {
		t.Fatal("two children could have the same name")
	}
	if err := s.End("node", deadline); err != nil {
		t.Fatal(err)
	}
	if first.Alive() {
		t.Error("the child is alive after End")
	}
	if _, err := LoadIdentity(s.identityPath("node")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the identity of an ended child is still there: %v", err)
	}
	second := start(t, s, sleeper("node"))
	select {
	case err := <-s.Failed():
		t.Errorf("ending a child on purpose counts as a failure: %v", err)
	default:
	}
	if !second.Alive() {
		t.Error("the second child of that name is not alive")
	}
}

func TestEndWithoutGraceAsksNothing(t *testing.T) {
	s := newSupervisor(t)
	dir := t.TempDir()
	asked, ready := filepath.Join(dir, "asked"), filepath.Join(dir, "ready")
	child := start(t, s, shell("node", "trap 'touch "+asked+"' TERM; touch "+ready+"; while :; do sleep 0.01; done", deadline))
	if err := s.Await(t.Context(), "the trap", fileExists(ready)); err != nil {
		t.Fatal(err)
	}
	if err := s.End("node", 0); err != nil {
		t.Fatal(err)
	}
	if child.Alive() {
		t.Error("the child is alive after End")
	}
	if _, err := os.Stat(asked); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a child that was to be killed at once was sent SIGTERM (%v)", err)
	}
}

func TestAChildThatDiedBeforeCanBeEnded(t *testing.T) {
	s := newSupervisor(t)
	start(t, s, shell("unlucky", "exec sleep 0.1", deadline))
	if err := s.Await(t.Context(), "its end", func(context.Context) error { return errors.New("not yet") }); err == nil {
		t.Fatal("the death of a child was not reported")
	}
	if err := s.End("unlucky", deadline); err != nil {
		t.Error(err)
	}
	start(t, s, sleeper("unlucky"))
}

func TestEndingWhatIsNotThereIsAnError(t *testing.T) {
	if err := newSupervisor(t).End("nobody", 0); err == nil {
		t.Error("a child that never was could be ended")
	}
}
