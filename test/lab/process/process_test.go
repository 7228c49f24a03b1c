package process

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// supervisorVariable makes this test binary play a supervisor with one child, in
// the directory that the variable names.
const supervisorVariable = "PROCESS_TEST_SUPERVISOR_DIR"

// deadline only ends a test that would hang; nothing is measured by it.
const deadline = time.Minute

func TestMain(m *testing.M) {
	if dir := os.Getenv(supervisorVariable); dir != "" {
		superviseForEver(dir)
	}
	os.Exit(m.Run())
}

func superviseForEver(dir string) {
	s, err := NewSupervisor(dir)
	if err == nil {
		err = s.Start(sleeper("child"))
	}
	fmt.Println("started", err)
	select {}
}

func sleeper(name string) Spec {
	return Spec{Name: name, Path: "/bin/sleep", Args: []string{"600"}, Grace: deadline}
}

func shell(name, script string, grace time.Duration) Spec {
	return Spec{Name: name, Path: "/bin/sh", Args: []string{"-c", script}, Grace: grace}
}

func newSupervisor(t *testing.T) *Supervisor {
	t.Helper()
	s, err := NewSupervisor(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func start(t *testing.T, s *Supervisor, spec Spec) Identity {
	t.Helper()
	if err := s.Start(spec); err != nil {
		t.Fatal(err)
	}
	identity, err := LoadIdentity(filepath.Join(IdentityDir(s.dir), spec.Name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	if !identity.Alive() {
		t.Fatalf("%s is not alive after its start", spec.Name)
	}
	return identity
}

func fileExists(path string) func(context.Context) error {
	return func(context.Context) error {
		_, err := os.Stat(path)
		return err
	}
}

func waitUntilDead(t *testing.T, identity Identity) {
	t.Helper()
	if !identity.GoneWithin(deadline) {
		t.Fatalf("process %d still runs", identity.PID)
	}
}

func TestProcessStateIsReadWhateverTheProcessIsCalled(t *testing.T) {
	fields := "S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 98765 20"
	for name, line := range map[string]string{
		"a plain name":                     "42 (etcd) " + fields,
		"a name with a space":              "42 (kube api) " + fields,
		"a name that looks like the state": "42 (x) Z 1 (y)) " + fields,
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseStat(line)
			if want := (stat{state: "S", threads: 17, startTicks: 98765}); err != nil || got != want {
				t.Errorf("read %+v (error %v), want %+v", got, err, want)
			}
		})
	}
	for name, line := range map[string]string{"an empty line": "", "too few fields": "42 (etcd) S 1 2", "no number": "42 (e) " + strings.Replace(fields, "98765", "x", 1)} {
		t.Run(name, func(t *testing.T) {
			if _, err := parseStat(line); err == nil {
				t.Error("it was read without an error")
			}
		})
	}
}

func TestAProcessHasNotEndedBeforeItsLastThread(t *testing.T) {
	for s, want := range map[stat]bool{
		{state: "S", threads: 1}: false,
		{state: "Z", threads: 1}: true,
		{state: "Z", threads: 0}: true,
		{state: "Z", threads: 2}: false,
	} {
		if got := s.ended(); got != want {
			t.Errorf("%+v counts as ended: %t, want %t", s, got, want)
		}
	}
}

func TestAProcessThatWasGivenTheSameNumberIsNotTouched(t *testing.T) {
	s := newSupervisor(t)
	child := start(t, s, sleeper("bystander"))
	former := Identity{PID: child.PID, StartTicks: child.StartTicks - 1}
	if former.Alive() {
		t.Error("a process that ended counts as alive because its number is in use")
	}
	if err := former.End(deadline); err != nil {
		t.Fatal(err)
	}
	if !child.Alive() {
		t.Error("ending the former process ended the one that has its number now")
	}
}

func TestAProcessThatDoesNotExistHasNoIdentity(t *testing.T) {
	const beyondAnyPID = 1 << 30
	if _, err := Identify(beyondAnyPID); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
}

func TestStopEndsAChildThatIgnoresSIGTERM(t *testing.T) {
	s := newSupervisor(t)
	ready := filepath.Join(t.TempDir(), "ready")
	child := start(t, s, shell("stubborn", "trap '' TERM; touch "+ready+"; while :; do sleep 600; done", time.Millisecond))
	if err := s.Await(t.Context(), "the trap", fileExists(ready)); err != nil {
		t.Fatal(err)
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if child.Alive() {
		t.Error("the child has survived Stop")
	}
}

func TestStopEndsWhatAChildHasStarted(t *testing.T) {
	s := newSupervisor(t)
	pidFile := filepath.Join(t.TempDir(), "pid")
	start(t, s, shell("parent", "sleep 600 & echo $! > "+pidFile+".new; mv "+pidFile+".new "+pidFile+"; wait", deadline))
	if err := s.Await(t.Context(), "the grandchild", fileExists(pidFile)); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil {
		t.Fatal(err)
	}
	grandchild, err := Identify(pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	waitUntilDead(t, grandchild)
}

func TestStopEndsTheLastChildFirst(t *testing.T) {
	s := newSupervisor(t)
	dir := t.TempDir()
	order := filepath.Join(dir, "order")
	for _, name := range []string{"first", "second", "third"} {
		ready := filepath.Join(dir, name)
		start(t, s, shell(name, "trap 'echo "+name+" >> "+order+"; exit' TERM; touch "+ready+"; while :; do sleep 0.01; done", deadline))
		if err := s.Await(t.Context(), name, fileExists(ready)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(order)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(content), "third\nsecond\nfirst\n"; got != want {
		t.Errorf("the children ended in the order\n%swant\n%s", got, want)
	}
}

func TestAwaitFailsAsSoonAsAChildDiesAndQuotesItsLog(t *testing.T) {
	s := newSupervisor(t)
	start(t, s, shell("unlucky", "read line < /dev/null; echo no more memory >&2; exec sleep 0.1", deadline))
	err := s.Await(t.Context(), "something that never happens", func(context.Context) error { return errors.New("not yet") })
	for _, part := range []string{"something that never happens", "unlucky", "no more memory"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("the error %v does not contain %q", err, part)
		}
	}
}

func TestAwaitEndsWithItsContextAndTellsTheLastAnswer(t *testing.T) {
	s := newSupervisor(t)
	ctx, cancel := context.WithCancel(t.Context())
	err := s.Await(ctx, "an answer", func(context.Context) error {
		cancel()
		return errors.New("still busy")
	})
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "still busy") {
		t.Errorf("got %v, want a cancellation with the last answer", err)
	}
}

func TestAProgramThatDoesNotExistIsAnErrorOfStart(t *testing.T) {
	err := newSupervisor(t).Start(Spec{Name: "missing", Path: filepath.Join(t.TempDir(), "missing")})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
}

func TestNothingStartsAfterStop(t *testing.T) {
	s := newSupervisor(t)
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := s.Start(sleeper("late")); err == nil {
		t.Error("a child was started after Stop")
	}
}

func TestAKilledSupervisorTakesItsChildrenAlong(t *testing.T) {
	dir := t.TempDir()
	supervisor := exec.CommandContext(t.Context(), os.Args[0])
	supervisor.Env = append(os.Environ(), supervisorVariable+"="+dir)
	output, err := supervisor.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := supervisor.Start(); err != nil {
		t.Fatal(err)
	}
	kill := func() {
		_ = supervisor.Process.Kill()
		_ = supervisor.Wait()
	}
	t.Cleanup(kill)
	started := make([]byte, len("started"))
	if _, err := output.Read(started); err != nil {
		t.Fatal(err)
	}
	child, err := LoadIdentity(filepath.Join(IdentityDir(dir), "child.json"))
	if err != nil {
		t.Fatal(err)
	}
	if !child.Alive() {
		t.Fatal("the child is not alive before the supervisor is killed")
	}
	kill()
	waitUntilDead(t, child)
}

func TestOnlyTheLastLinesOfALogAreQuoted(t *testing.T) {
	long := filepath.Join(t.TempDir(), "long")
	var text strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&text, "line %d\n", i)
	}
	if err := os.WriteFile(long, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(LogTail(long), "\n")
	if len(lines) != tailLines || lines[len(lines)-1] != "line 4999" {
		t.Errorf("quoted %d lines, the last one %q", len(lines), lines[len(lines)-1])
	}
	if got := lastLines("", tailLines); got != "(empty log)" {
		t.Errorf("an empty log is quoted as %q", got)
	}
}
