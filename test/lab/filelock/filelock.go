// Package filelock lets processes take turns. The kernel gives a lock back when
// the process that holds it ends, however it ends.
package filelock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

const pollInterval = 50 * time.Millisecond

// Acquire takes an exclusive lock on a file, which is created when it is missing,
// and returns how to give it back. When somebody else holds the lock, it calls
// onWait once and waits until the context ends.
func Acquire(ctx context.Context, path string, onWait func()) (release func() error, err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening a lock: %w", err)
	}
	if err := acquire(ctx, file, onWait); err != nil {
		return nil, errors.Join(fmt.Errorf("waiting for lock %s: %w", path, err), file.Close())
	}
	return file.Close, nil
}

func acquire(ctx context.Context, file *os.File, onWait func()) error {
	if err := tryLock(file); !errors.Is(err, syscall.EWOULDBLOCK) {
		return err
	}
	onWait()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
		}
		if err := tryLock(file); !errors.Is(err, syscall.EWOULDBLOCK) {
			return err
		}
	}
}

func tryLock(file *os.File) error {
	return syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}

// Quietly is an onWait that does nothing.
func Quietly() {}
