package binaries

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/filelock"
)

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// helloProgram is a module without dependencies; nothing is downloaded.
func helloProgram(t *testing.T, modulesDir string) program {
	t.Helper()
	dir := filepath.Join(modulesDir, "hello")
	writeFile(t, filepath.Join(dir, "go.mod"), "module example.test/hello\n\ngo 1.26.0\n")
	writeFile(t, filepath.Join(dir, "go.sum"), "")
	writeFile(t, filepath.Join(dir, "main.go"), "package main\n\nvar version = \"unset\"\n\nfunc main() { print(version) }\n")
	return program{name: "hello", module: "hello", pkg: "example.test/hello", version: "v1", variables: map[string]string{"main.version": "v1"}}
}

func newStore(t *testing.T) Store {
	t.Helper()
	return Store{Dir: filepath.Join(t.TempDir(), "programs"), ModulesDir: t.TempDir(), Progress: io.Discard}
}

func build(t *testing.T, s Store, p program) {
	t.Helper()
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := s.buildMissing(t.Context(), []program{p}); err != nil {
		t.Fatal(err)
	}
}

func isMissing(t *testing.T, s Store, p program) bool {
	t.Helper()
	missing, err := s.missing([]program{p})
	if err != nil {
		t.Fatal(err)
	}
	return len(missing) == 1
}

func TestCatalogueMatchesModuleFiles(t *testing.T) {
	requirements := map[string]string{
		"kubernetes":        "k8s.io/kubernetes " + Newest.Version(),
		"kubernetes-oldest": "k8s.io/kubernetes " + Oldest.Version(),
		"metallb":           "go.universe.tf/metallb " + MetalLBVersion,
		"ingress-nginx":     "k8s.io/ingress-nginx " + IngressNGINXVersion,
		"etcd":              "go.etcd.io/etcd/server/v3 " + EtcdVersion,
		"kwok":              "sigs.k8s.io/kwok " + KwokVersion,
		"olm":               "github.com/operator-framework/operator-lifecycle-manager " + OLMVersion,
	}
	for _, p := range append(catalogue(Newest), catalogue(Oldest)...) {
		content, err := os.ReadFile(filepath.Join("..", "modules", p.module, "go.mod"))
		if err != nil {
			t.Fatal(err)
		}
		wanted := []string{requirements[p.module], p.pkg}
		if p.name == OPM {
			wanted = append(wanted, "github.com/operator-framework/operator-registry "+RegistryVersion)
		}
		for _, want := range wanted {
			if !strings.Contains(string(content), want) {
				t.Errorf("%s: go.mod of module %s does not contain %q", p.name, p.module, want)
			}
		}
	}
}

// The control plane of the oldest version is beside that of the newest; both share everything else.
func TestOnlyTheControlPlaneDiffersBetweenVersions(t *testing.T) {
	s := Store{Dir: "k8s"}
	oldest := map[string]program{}
	for _, p := range catalogue(Oldest) {
		oldest[p.name] = p
	}
	for _, newest := range catalogue(Newest) {
		file := s.path(newest)
		if want := filepath.Join("k8s", newest.name); file != want {
			t.Errorf("the newest %s is %s, want %s", newest.name, file, want)
		}
		own := slices.Contains([]string{APIServer, ControllerManager, Scheduler}, newest.name)
		if differs := s.path(oldest[newest.name]) != file && oldest[newest.name].version != newest.version; differs != own {
			t.Errorf("%s has a file and a version of its own: %t, want %t", newest.name, differs, own)
		}
	}
}

func TestEachProgramIsOfOneKindOfCluster(t *testing.T) {
	all, onNodes, olm := All(), ForRealNodes(), ForOLM()
	if !slices.Equal(olm, []string{OLMOperator, CatalogOperator, OPM}) {
		t.Errorf("the programs of OLM are %v", olm)
	}
	if !slices.Equal(onNodes[:len(all)], all) || len(onNodes) != len(all)+len(realNodes) || len(onNodes)+len(olm) != len(catalogue(Newest)) {
		t.Errorf("programs are %v, for real nodes %v, for OLM %v, and %d in all", all, onNodes, olm, len(catalogue(Newest)))
	}
}

func TestAVersionOfKubernetesIsReadFromItsName(t *testing.T) {
	for value, want := range map[string]Kubernetes{"": Newest, "newest": Newest, "oldest": Oldest} {
		if got, err := ParseKubernetes(value); err != nil || got != want {
			t.Errorf("%q is read as %q (error %v), want %q", value, got, err, want)
		}
	}
	if _, err := ParseKubernetes("1.32"); err == nil {
		t.Error("a version that is no name was accepted")
	}
}

func TestABuiltProgramIsNotBuiltAgain(t *testing.T) {
	s := newStore(t)
	p := helloProgram(t, s.ModulesDir)
	if !isMissing(t, s, p) {
		t.Error("a program that was never built is not missing")
	}
	build(t, s, p)
	if isMissing(t, s, p) {
		t.Error("a program is missing right after its build")
	}
	output, err := exec.CommandContext(t.Context(), s.path(p)).CombinedOutput()
	if err != nil || string(output) != "v1" {
		t.Errorf("the built program says %q (error %v), want v1", output, err)
	}
}

func TestAProgramIsBuiltAgainWhen(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, s Store, p *program){
		"its go.mod changes": func(t *testing.T, s Store, _ *program) {
			t.Helper()
			writeFile(t, filepath.Join(s.ModulesDir, "hello", "go.mod"), "module example.test/hello\n\ngo 1.26.1\n")
		},
		"its go.sum changes": func(t *testing.T, s Store, _ *program) {
			t.Helper()
			writeFile(t, filepath.Join(s.ModulesDir, "hello", "go.sum"), "example.test/x v1.0.0 h1:x=\n")
		},
		"its version changes":  func(_ *testing.T, _ Store, p *program) { p.version = "v2" },
		"its variables change": func(_ *testing.T, _ Store, p *program) { p.variables["main.version"] = "v2" },
		"its package changes":  func(_ *testing.T, _ Store, p *program) { p.pkg += "/cmd" },
		"its tags change":      func(_ *testing.T, _ Store, p *program) { p.tags = "json1" },
		"its file is gone": func(t *testing.T, s Store, p *program) {
			t.Helper()
			remove(t, s.path(*p))
		},
		"its build was aborted": func(t *testing.T, s Store, p *program) {
			t.Helper()
			remove(t, s.keyPath(*p))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			p := helloProgram(t, s.ModulesDir)
			writeFile(t, s.path(p), "program")
			key, err := buildKey(p, filepath.Join(s.ModulesDir, p.module))
			if err != nil {
				t.Fatal(err)
			}
			writeFile(t, s.keyPath(p), key)
			if isMissing(t, s, p) {
				t.Fatal("it is missing before the change")
			}
			change(t, s, &p)
			if !isMissing(t, s, p) {
				t.Error("it is not built again")
			}
		})
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

func TestAFailedBuildKeepsNothingAndQuotesTheCompiler(t *testing.T) {
	s := newStore(t)
	p := helloProgram(t, s.ModulesDir)
	build(t, s, p)
	writeFile(t, filepath.Join(s.ModulesDir, "hello", "main.go"), "package main\n\nfunc main() { undefinedFunction() }\n")
	p.version = "v2"
	err := s.buildMissing(t.Context(), []program{p})
	if err == nil || !strings.Contains(err.Error(), "undefinedFunction") {
		t.Errorf("the error is %v, want the compiler's message", err)
	}
	if !isMissing(t, s, p) {
		t.Error("a program whose build failed is not missing")
	}
}

func TestAssetsArePreferredProgramByProgram(t *testing.T) {
	s := newStore(t)
	s.Assets = t.TempDir()
	writeFile(t, filepath.Join(s.Assets, Etcd), "ready")
	if err := os.Mkdir(filepath.Join(s.Assets, Kwok), 0o755); err != nil {
		t.Fatal(err)
	}
	paths, err := s.Ensure(t.Context(), Etcd)
	if err != nil || paths[Etcd] != filepath.Join(s.Assets, Etcd) {
		t.Errorf("etcd is %q (error %v), want the asset", paths[Etcd], err)
	}
	for _, name := range []string{Scheduler, Kwok} {
		if got := s.asset(name); got != "" {
			t.Errorf("%s is taken from %q, which is no program", name, got)
		}
	}
}

func TestWaitingForTheBuildLockEndsWithTheContext(t *testing.T) {
	s := newStore(t)
	s.ModulesDir = filepath.Join("..", "modules")
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	release, err := filelock.Acquire(ctx, filepath.Join(s.Dir, ".lock"), filelock.Quietly)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = release() }()
	s.Progress = writerFunc(cancel)
	if _, err := s.Ensure(ctx, Etcd); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want a cancellation", err)
	}
}

// writerFunc calls a function when something is written.
type writerFunc func()

func (w writerFunc) Write(p []byte) (int, error) {
	w()
	return len(p), nil
}
