package filelock

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
)

func TestOnlyOneHoldsALockAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	release, err := Acquire(t.Context(), path, Quietly)
	if err != nil {
		t.Fatal(err)
	}
	waiting, cancel := context.WithCancel(t.Context())
	if _, err := Acquire(waiting, path, cancel); !errors.Is(err, context.Canceled) {
		t.Errorf("a second holder got %v, want to wait until cancelled", err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	again, err := Acquire(t.Context(), path, func() { t.Error("a lock that was given back is waited for") })
	if err != nil {
		t.Fatal(err)
	}
	if err := again(); err != nil {
		t.Fatal(err)
	}
}
