// Command pause runs in a pod's sandbox. It holds the pod's namespaces open until a signal ends it,
// and reaps the orphans of the containers that share its process namespace.
package main

import (
	"errors"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	children := make(chan os.Signal, 1)
	signal.Notify(children, syscall.SIGCHLD)
	end := make(chan os.Signal, 1)
	signal.Notify(end, os.Interrupt, syscall.SIGTERM)
	for {
		select {
		case <-end:
			return
		case <-children:
			collect()
		}
	}
}

// collect takes the exit status of every child that has ended: one signal may stand for several.
func collect() {
	for {
		pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
		if pid <= 0 && !errors.Is(err, syscall.EINTR) {
			return
		}
	}
}
