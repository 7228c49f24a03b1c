// Package netns makes and enters Linux network namespaces. A namespace has no name and no file: it
// lives as long as this process, or a process that runs in it, so nothing can be left behind. All
// of it needs root.
//
// A namespace belongs to a thread, not to a goroutine, and Go moves goroutines between threads. So
// everything that has to happen in a namespace runs in a goroutine of its own that is locked to its
// thread; see Namespace.Do.
package netns

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
)

const currentThread = "/proc/thread-self/ns/net"

// Namespace is a network namespace that this process holds open until Close. It is safe for use by
// several goroutines, but nothing may be done in it during or after Close.
type Namespace struct {
	// fd is a plain number. An os.File closes itself when the garbage collector finds it unused,
	// and the paths in other processes do not count as a use.
	fd    int
	close func() error
}

// New makes a namespace. It has nothing but a loopback interface, which is down.
func New() (*Namespace, error) {
	var made *Namespace
	err := onOwnThread(func() (err error) {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return os.NewSyscallError("unshare", err)
		}
		made, err = Open(currentThread)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("making a network namespace: %w", err)
	}
	return made, nil
}

// Open returns the namespace of a file: one below /proc/PID/ns, the result of Path in another
// process, or one that `ip netns` created.
func Open(path string) (*Namespace, error) {
	fd, err := open(path)
	if err != nil {
		return nil, err
	}
	return &Namespace{fd: fd, close: sync.OnceValue(func() error { return os.NewSyscallError("close", unix.Close(fd)) })}, nil
}

func open(path string) (fd int, err error) {
	fd, err = unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, &os.PathError{Op: "opening network namespace", Path: path, Err: err}
	}
	return fd, nil
}

// FD is the file descriptor of the namespace in this process.
func (n *Namespace) FD() int { return n.fd }

// Path returns a file that names the namespace, for this process and all others, until Close or
// until this process ends.
func (n *Namespace) Path() string {
	return "/proc/" + strconv.Itoa(os.Getpid()) + "/fd/" + strconv.Itoa(n.fd)
}

// Close releases the namespace. The kernel removes it and its links when no process runs in it and
// nothing else holds it. To close it again does nothing.
func (n *Namespace) Close() error { return n.close() }

// Do calls f in the namespace and returns its error. f runs in a goroutine of its own. Programs
// that f starts run in the namespace as well; goroutines that it starts do not.
func (n *Namespace) Do(f func() error) error {
	return onOwnThread(func() error {
		if err := unix.Setns(n.fd, unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("entering a network namespace: %w", os.NewSyscallError("setns", err))
		}
		return f()
	})
}

// onOwnThread calls f on a thread whose namespace f may change.
func onOwnThread(f func() error) error {
	result := make(chan error, 1)
	go func() {
		err := errors.New("a function in a network namespace ended its goroutine instead of returning")
		defer func() { result <- err }()
		err = comeBack(f)
	}()
	return <-result
}

// comeBack calls f and then returns the thread to its previous namespace, however f ends. If that
// fails, the goroutine stays locked, and the thread ends with it.
func comeBack(f func() error) error {
	runtime.LockOSThread()
	home, err := open(currentThread)
	if err != nil {
		runtime.UnlockOSThread()
		return err
	}
	defer func() {
		if unix.Setns(home, unix.CLONE_NEWNET) == nil {
			runtime.UnlockOSThread()
		}
		_ = unix.Close(home)
	}()
	return f()
}
