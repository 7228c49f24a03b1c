package real

import (
	"errors"
	"strings"
	"syscall"
	"testing"
)

func TestAMachineWithoutWatchersIsRefused(t *testing.T) {
	// The limit of files ends them as that of watchers would, but for this process only.
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
			t.Error(err)
		}
	})
	const files = 16
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: files, Max: limit.Max}); err != nil {
		t.Fatal(err)
	}
	if err := checkWatchers(files); !errors.Is(err, syscall.EMFILE) || !strings.Contains(err.Error(), "max_user_instances") {
		t.Errorf("the error is %v", err)
	}
	if err := checkWatchers(1); err != nil {
		t.Errorf("those of the first try were kept: %v", err)
	}
}
