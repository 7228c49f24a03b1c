package ingressnginx

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// workersAddress and statusAddress are where the startup probe asks: all workers, by a question of our
// own, and one of them, as the controller does.
const (
	workersAddress = "127.0.0.2:10246"
	statusAddress  = "127.0.0.1:10246"
)

// answerer answers questions after a path: the first ones with one status, the later ones with another.
type answerer struct {
	path         string
	first, later int
	// after is how many questions have the first answer.
	after int32
	// enough is called with the question of this number.
	enoughAt int32
	enough   func()
}

func (a answerer) start(t *testing.T) (address string, asked *atomic.Int32) {
	t.Helper()
	asked = &atomic.Int32{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != a.path {
			t.Errorf("the probe asks for %s, want %s", r.URL.Path, a.path)
		}
		number := asked.Add(1)
		if number == a.enoughAt {
			a.enough()
		}
		if number <= a.after {
			w.WriteHeader(a.first)
			return
		}
		w.WriteHeader(a.later)
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://"), asked
}

// startupScript returns the script of the startup probe, with other addresses. patience replaces the
// number of unanswered questions after which it gives up.
func startupScript(t *testing.T, workers, status, patience string) string {
	t.Helper()
	command := templateOf(t, edgeIngress(nil)).Spec.Containers[0].StartupProbe.Exec.Command
	if len(command) != 3 || command[0] != "/bin/sh" || command[1] != "-c" {
		t.Fatalf("the startup probe runs %q", command)
	}
	script := command[2]
	spaced := func(address string) string { return " " + strings.Replace(address, ":", " ", 1) + " " }
	for from, to := range map[string]string{
		spaced(workersAddress): spaced(workers), spaced(statusAddress): spaced(status), `-lt 100 ]`: "-lt " + patience + " ]",
	} {
		if strings.Count(script, from) != 1 {
			t.Fatalf("the script has %q %d times", from, strings.Count(script, from))
		}
		script = strings.Replace(script, from, to, 1)
	}
	return script
}

// imageWith is a PATH with these programs only, as an image may have them.
func imageWith(t *testing.T, programs ...string) string {
	t.Helper()
	directory := t.TempDir()
	for _, program := range programs {
		path, err := exec.LookPath(program)
		if err != nil {
			t.Skipf("this machine has no %s", program)
		}
		if err := os.Symlink(path, filepath.Join(directory, program)); err != nil {
			t.Fatal(err)
		}
	}
	return "PATH=" + directory
}

// run runs the script for at most many times what it needs.
func run(ctx context.Context, script, path string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	command := exec.CommandContext(ctx, "/bin/sh", "-c", script)
	command.Env = []string{path}
	command.WaitDelay = time.Second
	return command.Run()
}

func TestTheStartupProbeAsksEveryWorker(t *testing.T) {
	const ok, unavailable, notFound, broken = http.StatusOK, http.StatusServiceUnavailable, http.StatusNotFound, http.StatusInternalServerError
	tests := map[string]struct {
		workers, workersLater int
		// after is how many questions have the first answer.
		after       int32
		status      int
		leastAsked  int32
		wantStarted bool
	}{
		"all of them serve":                              {workers: ok, status: ok, leastAsked: 1, wantStarted: true},
		"one serves later than the others":               {workers: unavailable, workersLater: ok, after: 3, status: ok, leastAsked: 4, wantStarted: true},
		"the controller has not sent the endpoints":      {workers: unavailable, after: 1000, status: broken, leastAsked: 8},
		"nginx has not read its configuration":           {workers: notFound, after: 1000, status: notFound, leastAsked: 8},
		"one of them never serves":                       {workers: unavailable, after: 1000, status: ok, leastAsked: 6, wantStarted: true},
		"this build of the engine has no such question":  {workers: notFound, after: 1000, status: ok, leastAsked: 6, wantStarted: true},
		"this build of the engine cannot answer":         {workers: broken, after: 1000, status: ok, leastAsked: 6, wantStarted: true},
		"it answers when the others had been waited for": {workers: broken, workersLater: ok, after: 5, status: ok, leastAsked: 6, wantStarted: true},
	}
	for _, client := range []string{"wget", "bash"} {
		for name, test := range tests {
			t.Run(client+": "+name, func(t *testing.T) {
				t.Parallel()
				later := test.workersLater
				if later == 0 {
					later = test.workers
				}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				askWorkers := answerer{path: "/every-worker-serves", first: test.workers, later: later, after: test.after}
				askStatus := answerer{path: "/is-dynamic-lb-initialized", first: test.status, later: test.status}
				if !test.wantStarted {
					// It asks for ever. Its end is this test's.
					askStatus.enoughAt, askStatus.enough = test.leastAsked, cancel
				}
				workers, asked := askWorkers.start(t)
				status, askedStatus := askStatus.start(t)
				if !test.wantStarted {
					asked = askedStatus
				}
				err := run(ctx, startupScript(t, workers, status, "6"), imageWith(t, "sleep", client))
				if started := err == nil; started != test.wantStarted || asked.Load() < test.leastAsked {
					t.Errorf("started %t (%v) after %d questions, want %t after at least %d", started, err, asked.Load(), test.wantStarted, test.leastAsked)
				}
			})
		}
	}
}

// Without a program to ask with, the probe waits as long as upstream's chart does.
func TestTheStartupProbeWaitsWhereItCannotAsk(t *testing.T) {
	const crashes, refuses = "kill -s SEGV $$", "exit 1"
	tests := map[string]struct{ wget, bash string }{
		"there is nothing":                      {},
		"wget crashes":                          {wget: crashes},
		"bash has no sockets":                   {bash: refuses},
		"wget crashes, and bash has no sockets": {wget: crashes, bash: refuses},
		"wget may not be run, and bash crashes": {wget: "exit 126", bash: crashes},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			directory := t.TempDir()
			slept := filepath.Join(directory, "slept")
			for program, does := range map[string]string{"sleep": "echo \"$1\" >>" + slept, "wget": test.wget, "bash": test.bash} {
				if does == "" {
					continue
				}
				if err := os.WriteFile(filepath.Join(directory, program), []byte("#!/bin/sh\n"+does+"\n"), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			if err := run(t.Context(), startupScript(t, "127.0.0.1:1", "127.0.0.1:1", "6"), "PATH="+directory); err != nil {
				t.Fatal(err)
			}
			if seconds := string(must(os.ReadFile(slept))); seconds != "10\n" {
				t.Errorf("it slept for %q", seconds)
			}
		})
	}
}

func TestOnlyOurOwnSnippetIsNoReasonForDoubt(t *testing.T) {
	for name, test := range map[string]struct {
		key, value string
		doubt      bool
	}{
		"ours":                           {key: httpSnippetKey, value: httpSnippet},
		"ours in another spelling":       {key: "HTTP-Snippet", value: httpSnippet},
		"none":                           {key: httpSnippetKey, value: ""},
		"ours with a line more":          {key: httpSnippetKey, value: httpSnippet + "set_real_ip_from 0.0.0.0/0;\n", doubt: true},
		"ours with a line before":        {key: httpSnippetKey, value: "real_ip_header X-Real-IP;\n" + httpSnippet, doubt: true},
		"a part of ours":                 {key: httpSnippetKey, value: httpSnippet[:len(httpSnippet)-1], doubt: true},
		"another":                        {key: httpSnippetKey, value: "x", doubt: true},
		"ours where other directives go": {key: "server-snippet", value: httpSnippet, doubt: true},
		"ours where the main part goes":  {key: "main-snippet", value: httpSnippet, doubt: true},
	} {
		t.Run(name, func(t *testing.T) {
			overrides := Engine{}.Beliefs(map[string]string{test.key: test.value}).Overrides
			if doubt := len(overrides) > 0; doubt != test.doubt {
				t.Errorf("overrides are %v, want doubt %t", overrides, test.doubt)
			}
		})
	}
}

func TestUsersCannotWriteOurSnippet(t *testing.T) {
	for _, key := range []string{httpSnippetKey, "HTTP-Snippet", "http_snippet"} {
		if problem := check(key, httpSnippet); problem == nil {
			t.Errorf("%s is accepted from a user", key)
		}
	}
}

func TestTheSnippetAndTheProbeAgree(t *testing.T) {
	script := templateOf(t, edgeIngress(nil)).Spec.Containers[0].StartupProbe.Exec.Command[2]
	const question = "/every-worker-serves"
	if !strings.Contains(script, strings.Replace(workersAddress, ":", " ", 1)+" "+question) ||
		!strings.Contains(httpSnippet, workersAddress) || !strings.Contains(httpSnippet, question) {
		t.Errorf("the probe does not ask %s%s, or nginx does not answer there", workersAddress, question)
	}
}
