package process

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// inNetNS calls do while the calling thread is in the network namespace of the
// file path. The caller must be locked to its thread.
//
// It panics when the thread cannot return: everything that it started later would
// silently be in a wrong network.
func inNetNS(path string, do func() error) error {
	home, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		return fmt.Errorf("opening the present network namespace: %w", err)
	}
	defer func() { _ = home.Close() }()
	target, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("opening a network namespace: %w", err)
	}
	defer func() { _ = target.Close() }()
	if err := unix.Setns(int(target.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("entering network namespace %s: %w", path, err)
	}
	defer func() {
		if err := unix.Setns(int(home.Fd()), unix.CLONE_NEWNET); err != nil {
			panic(fmt.Sprintf("returning from network namespace %s: %v", path, err))
		}
	}()
	return do()
}
