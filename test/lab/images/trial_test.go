package images

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/process"
	"golang.org/x/sys/unix"
)

// trialVariable makes this test binary try out the program that it names, for ever.
const trialVariable = "IMAGES_TEST_TRIAL"

func TestMain(m *testing.M) {
	if program := os.Getenv(trialVariable); program != "" {
		runtime.LockOSThread()
		fmt.Println(inside(context.Background(), "/", "/", program, "600").Run())
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func TestAProgramThatIsTriedOutEndsWithWhoeverIsKilled(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("namespaces take root")
	}
	program := capableSleep(t)
	trial := exec.CommandContext(t.Context(), os.Args[0])
	trial.Env = append(os.Environ(), trialVariable+"="+program)
	trial.Stdout, trial.Stderr = os.Stderr, os.Stderr
	if err := trial.Start(); err != nil {
		t.Fatal(err)
	}
	kill := func() {
		_ = trial.Process.Kill()
		_ = trial.Wait()
	}
	t.Cleanup(kill)
	var running process.Identity
	waitFor(t, func() (found bool) {
		running, found = processOf(program)
		return found
	})
	kill()
	if !running.GoneWithin(10 * time.Second) {
		t.Errorf("process %d is still there", running.PID)
	}
}

// capableSleep returns a sleep program that every user may run, with a file capability, like the
// programs of ingress-nginx.
func capableSleep(t *testing.T) string {
	t.Helper()
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(sleep)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "sleep")
	if err := os.WriteFile(program, content, 0o755); err != nil {
		t.Fatal(err)
	}
	// Version 2, effective, with CAP_NET_BIND_SERVICE permitted: struct vfs_cap_data.
	capability := append([]byte{1, 0, 0, 2, 0, 4}, make([]byte, 14)...)
	if err := unix.Setxattr(program, "security.capability", capability, 0); err != nil {
		t.Fatal(err)
	}
	return program
}

// processOf finds the process that has become a program.
func processOf(program string) (process.Identity, bool) {
	links, _ := filepath.Glob("/proc/[0-9]*/exe") // the pattern is well-formed
	for _, link := range links {
		if target, err := os.Readlink(link); err != nil || target != program {
			continue
		}
		pid, _ := strconv.Atoi(strings.Split(link, "/")[2])
		if identity, err := process.Identify(pid); err == nil {
			return identity, true
		}
	}
	return process.Identity{}, false
}

func TestTrialsOfKilledProcessesAreRemoved(t *testing.T) {
	parent := t.TempDir()
	for _, name := range []string{"trial-1/etc/nginx", "packages"} {
		if err := os.MkdirAll(filepath.Join(parent, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := removeTrials(parent); err != nil {
		t.Fatal(err)
	}
	if left, err := filepath.Glob(filepath.Join(parent, "*")); err != nil || len(left) != 1 || filepath.Base(left[0]) != "packages" {
		t.Errorf("there are %v, error %v", left, err)
	}
}
