package testcluster_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/testcluster"
)

// sacrificeVariable makes this test binary start a cluster, print its directory
// and wait to be killed.
const sacrificeVariable = "TESTCLUSTER_SACRIFICE"

// deadline only ends a test that would hang; nothing is measured by it.
const deadline = 2 * time.Minute

// waitToBeKilled runs in the sacrificed process once its cluster is ready.
func waitToBeKilled(ready *testcluster.Cluster) {
	fmt.Println("sacrifice", ready.Dir)
	select {}
}

func TestAKilledTestProcessTakesItsClusterAlong(t *testing.T) {
	dir, kill := startSacrifice(t)
	if processes := processesOf(t, dir); len(processes) < 2 {
		t.Fatalf("found %d processes that work in %s, want etcd and an API server", len(processes), dir)
	}
	kill()
	waitUntilNothingIsLeft(t, dir)
}

func TestACancelledStartIsReportedAsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	// The supervisor's first line of progress says that it is starting programs.
	_, err := testcluster.Start(ctx, testcluster.Options{Progress: writerFunc(cancel)})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("a cancelled start returned %v", err)
	}
}

// writerFunc calls a function when something is written.
type writerFunc func()

func (w writerFunc) Write(p []byte) (int, error) {
	w()
	return len(p), nil
}

// startSacrifice runs this test binary once more and returns the directory of its
// cluster and how to kill it.
func startSacrifice(t *testing.T) (dir string, kill func()) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), sacrificeVariable+"=1")
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	t.Cleanup(kill)
	for lines := bufio.NewScanner(output); lines.Scan(); {
		if dir, found := strings.CutPrefix(lines.Text(), "sacrifice "); found {
			return dir, kill
		}
	}
	t.Fatal("the sacrificed process ended before its cluster was ready")
	return "", nil
}

func waitUntilNothingIsLeft(t *testing.T, dir string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		processes := processesOf(t, dir)
		_, err := os.Stat(dir)
		if len(processes) == 0 && errors.Is(err, fs.ErrNotExist) {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("processes %v are left, and the directory is gone: %t", processes, errors.Is(err, fs.ErrNotExist))
		case <-ticker.C:
		}
	}
}

// processesOf returns the numbers of all processes with the directory on their
// command line.
func processesOf(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err == nil && strings.Contains(string(content), dir) {
			found = append(found, filepath.Base(filepath.Dir(file)))
		}
	}
	return found
}
