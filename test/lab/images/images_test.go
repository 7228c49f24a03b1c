package images

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/binaries"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/images/oci"
)

func writeFile(t *testing.T, file, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// newStore is a store of a repository that has a program of a few bytes.
func newStore(t *testing.T) Store {
	t.Helper()
	repository := t.TempDir()
	writeFile(t, filepath.Join(repository, "bin", "own-program"), "the program")
	return Store{Dir: filepath.Join(repository, "bin", "images"), Repository: repository, Progress: io.Discard}
}

// program is the argument for an image of the store's program.
func program(s Store) string { return "own=" + filepath.Join(s.Repository, "bin", "own-program") }

func ensure(t *testing.T, s Store, name string) Archive {
	t.Helper()
	archives, err := s.Ensure(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return archives[0]
}

func TestAnImageIsMadeOnce(t *testing.T) {
	s := newStore(t)
	first := ensure(t, s, program(s))
	if first.Name != "own" || first.Reference != "lab.test/own:e2e" || !strings.HasPrefix(first.Digest, "sha256:") || !filepath.IsAbs(first.File) {
		t.Errorf("got %+v", first)
	}
	before, err := os.Stat(first.File)
	if err != nil {
		t.Fatal(err)
	}
	if again := ensure(t, s, program(s)); again != first {
		t.Errorf("the second time it is %+v, want %+v", again, first)
	}
	after, err := os.Stat(first.File)
	if err != nil || !os.SameFile(before, after) {
		t.Errorf("the archive was written again (error %v)", err)
	}
}

func TestAnImageIsMadeAgainWhen(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, s Store, archive Archive){
		"its program changes": func(t *testing.T, s Store, _ Archive) {
			t.Helper()
			writeFile(t, filepath.Join(s.Repository, "bin", "own-program"), "the programM")
		},
		"its archive is gone": func(t *testing.T, _ Store, archive Archive) {
			t.Helper()
			remove(t, archive.File)
		},
		"its record is gone": func(t *testing.T, _ Store, archive Archive) {
			t.Helper()
			remove(t, recordFile(archive.File))
		},
		"its record cannot be read": func(t *testing.T, _ Store, archive Archive) {
			t.Helper()
			writeFile(t, recordFile(archive.File), "{")
		},
		"its record is of other code": func(t *testing.T, _ Store, archive Archive) {
			t.Helper()
			writeFile(t, recordFile(archive.File), `{"key": "other"}`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			first := ensure(t, s, program(s))
			change(t, s, first)
			var progress strings.Builder
			s.Progress = &progress
			ensure(t, s, program(s))
			if !strings.Contains(progress.String(), "made the image own") {
				t.Errorf("it is not made again; the progress is %q", progress.String())
			}
		})
	}
}

func remove(t *testing.T, file string) {
	t.Helper()
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
}

func TestAnotherProgramIsAnotherDigest(t *testing.T) {
	s := newStore(t)
	first := ensure(t, s, program(s))
	writeFile(t, filepath.Join(s.Repository, "bin", "own-program"), "another program")
	if second := ensure(t, s, program(s)); second.Digest == first.Digest {
		t.Error("the digest is the same")
	}
}

func TestKeyCoversNameIngredientsAndOwnFiles(t *testing.T) {
	key := func(name string, ingredients ...string) string {
		k, err := imageKey(name, ingredients)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	keys := []string{key("a"), key("b"), key("a", "x"), key("a", "x", "y"), key("a", "x y"), key("a", "y", "x")}
	slices.Sort(keys)
	if len(slices.Compact(keys)) != 6 {
		t.Errorf("keys of different images are equal: %q", keys)
	}
	if once, again := key("a", "x"), key("a", "x"); once != again {
		t.Error("the same image has two keys")
	}
	for _, name := range []string{"template.go", "oci/tree.go", "lua/resty/lock.lua"} {
		if _, err := ownFiles.ReadFile(name); err != nil {
			t.Errorf("%s does not go into the keys: %v", name, err)
		}
	}
}

func TestTheProgramOfAnImageHasToBeThere(t *testing.T) {
	s := newStore(t)
	remove(t, filepath.Join(s.Repository, "bin", "own-program"))
	if _, err := s.Ensure(t.Context(), program(s)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want that there is no such file", err)
	}
}

func TestAnImageOfProgramsRunsTheFirstAsSomebodyElseThanRoot(t *testing.T) {
	first, second := filepath.Join(t.TempDir(), "own-program"), filepath.Join(t.TempDir(), "other-program")
	writeFile(t, first, "one")
	writeFile(t, second, "two")
	image := programsImage([]string{first, second})
	if want := []string{"/own-program"}; !slices.Equal(image.config.Entrypoint, want) || image.config.User != "65532:65532" {
		t.Errorf("got %+v, want the first program as its entry point and user 65532", image.config)
	}
	if len(image.programs) != 2 || image.programs[1].path != "/other-program" {
		t.Errorf("got the programs %+v", image.programs)
	}
	before, err := image.ingredients(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, second, "three")
	if after, err := image.ingredients(t.Context()); err != nil || slices.Equal(before, after) {
		t.Errorf("a change of the second program changes no ingredient (%v)", err)
	}
}

func TestParsePrograms(t *testing.T) {
	for argument, want := range map[string][]string{
		"own=bin/x": {"bin/x"}, "own=bin/x,bin/y": {"bin/x", "bin/y"}, "a-b=x=y": {"x=y"},
		"own": nil, "=x": nil, "own=": nil, "own=x,": nil, "own=,x": nil, "a/b=x": nil, "./dir=1/x.tar": nil,
	} {
		if _, files, found := ParsePrograms(argument); found != (want != nil) || found && !slices.Equal(files, want) {
			t.Errorf("%q names the programs %q (%t), want %q", argument, files, found, want)
		}
	}
}

func TestUnknownImage(t *testing.T) {
	if _, err := newStore(t).Ensure(t.Context(), "nginx"); err == nil || !strings.Contains(err.Error(), IngressNGINX) {
		t.Errorf("got %v, want the names that there are", err)
	}
}

func TestEachNameHasARecipe(t *testing.T) {
	for _, name := range Names() {
		if newStore(t).recipe(name) == nil {
			t.Errorf("%s has no recipe", name)
		}
	}
}

func TestOwnProgramsAreBuiltWhenTheirFilesChange(t *testing.T) {
	module := t.TempDir()
	writeFile(t, filepath.Join(module, "go.mod"), "module example.test/hello\n\ngo 1.26.0\n")
	main := filepath.Join(module, "hello", "main.go")
	writeFile(t, main, "package main\n\nfunc main() { print(1) }\n")
	b := ownBuilder{moduleDir: module, pkg: "./hello", output: programFile(t.TempDir(), "hello")}
	sum := func() string {
		t.Helper()
		file, err := b.build(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		s, err := fileChecksum(file)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	first := sum()
	writeFile(t, filepath.Join(module, "hello", "main_test.go"), "package main\n")
	if again := sum(); again != first {
		t.Error("the same program was built differently")
	}
	writeFile(t, main, "package main\n\nfunc main() { print(2) }\n")
	if changed := sum(); changed == first {
		t.Error("the changed program was not built")
	}
	writeFile(t, main, "package main\n\nfunc main() { undefinedFunction() }\n")
	if _, err := b.build(t.Context()); err == nil || !strings.Contains(err.Error(), "undefinedFunction") {
		t.Errorf("got %v, want the compiler's message", err)
	}
}

func TestTemplateOfThePinnedModuleCanBeAdapted(t *testing.T) {
	recipe := ingressNGINX{modulesDir: filepath.Join("..", "modules", "ingress-nginx")}
	dir, err := recipe.moduleDir(t.Context())
	if err != nil {
		t.Skipf("the module of version %s cannot be had here: %v", binaries.IngressNGINXVersion, err)
	}
	original, err := os.ReadFile(filepath.Join(dir, "rootfs", "etc", "nginx", "template", "nginx.tmpl"))
	if err != nil {
		t.Fatal(err)
	}
	adapted, err := adaptTemplate(string(original))
	if err != nil {
		t.Fatal(err)
	}
	for _, gone := range []string{"http2 on;", "\nstream {", "tcp_udp_balancer", "lua_add_variable"} {
		if strings.Contains(adapted, gone) {
			t.Errorf("the template still has %q", gone)
		}
	}
	for _, there := range []string{"load_module /usr/lib/nginx/modules/ngx_http_lua_module.so;", "listen 127.0.0.1:{{ .StreamPort }};", `{{ define "CUSTOM_ERRORS" }}`} {
		if strings.Count(adapted, there) != 1 {
			t.Errorf("the template has %q %d times, want once", there, strings.Count(adapted, there))
		}
	}
	if _, err := adaptTemplate(adapted); err == nil {
		t.Error("a template that is not the one that is known is taken")
	}
}

func TestPlaceInImage(t *testing.T) {
	for name, want := range map[string]string{
		"/bin/bash":                             "/usr/bin/bash",
		"/lib/x86_64-linux-gnu/libc.so.6":       "/usr/lib/x86_64-linux-gnu/libc.so.6",
		"/lib64/ld-linux-x86-64.so.2":           "/usr/lib64/ld-linux-x86-64.so.2",
		"/usr/sbin/nginx":                       "/usr/sbin/nginx",
		"/usr/share/lua/5.1/resty/core.lua":     "/usr/share/lua/5.1/resty/core.lua",
		"/etc/nginx/mime.types":                 "/etc/nginx/mime.types",
		"/bin":                                  "",
		"/etc/nginx/nginx.conf":                 "",
		"/etc/nginx/sites-available/default":    "",
		"/lib/systemd/system/nginx.service":     "",
		"/usr/share/doc/nginx/copyright":        "",
		"/usr/lib/x86_64-linux-gnu/gconv/x.so":  "",
		"/var/lib/nginx":                        "",
		"/library/that/is/not/in/a/merged/path": "",
	} {
		if got := placeInImage(name); got != want {
			t.Errorf("%s belongs to %q, want %q", name, got, want)
		}
	}
}

func TestMissingLibrariesAreFound(t *testing.T) {
	shell, err := filepath.EvalSymlinks("/bin/sh")
	if err != nil {
		t.Skipf("there is no shell to look at: %v", err)
	}
	tree := oci.NewTree()
	if err := tree.AddProgram("/usr/bin/sh", shell); err != nil {
		t.Fatal(err)
	}
	libraries, err := linkedLibraries(tree, "/usr/bin/sh")
	if err != nil || len(libraries) == 0 {
		t.Skipf("the shell is linked with nothing (error %v)", err)
	}
	if err := checkLibraries(tree); err == nil || !strings.Contains(err.Error(), libraries[0]) {
		t.Errorf("got %v, want that %s is missing", err, libraries[0])
	}
	for _, library := range libraries {
		tree.AddFile(filepath.Join(libraryDirs[0], library), 0o644, oci.Root, nil)
	}
	if err := checkLibraries(tree); err != nil {
		t.Errorf("libraries that are there are missed: %v", err)
	}
}

func TestParseURIs(t *testing.T) {
	sum := strings.Repeat("0a", 32)
	got, err := parseURIs("'http://mirror.example/procps_4.0.2-3_amd64.deb' procps_2%3a4.0.2-3_amd64.deb 708712 SHA256:" + sum + "\nsomething else\n")
	if want := []debianPackage{{File: "procps_2%3a4.0.2-3_amd64.deb", SHA256: sum}}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := parseURIs("'http://mirror.example/x.deb' ../x.deb 1 SHA256:" + sum + "\n"); err == nil {
		t.Error("a file outside the directory of packages is taken")
	}
}

// fakeAPT puts an apt-get into the path that answers --print-uris from a file, and counts its
// calls.
func fakeAPT(t *testing.T, answer string) (source packageSource, asked func() int) {
	t.Helper()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "answer"), answer)
	// As apt-get does, it does not name a file that is in the working directory already.
	script := "#!/bin/sh\necho >>" + dir + "/asked\n[ -e nginx_1_amd64.deb ] || cat " + dir + "/answer\n"
	if err := os.WriteFile(filepath.Join(dir, "apt-get"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	source = packageSource{dir: filepath.Join(dir, "packages"), aptLists: filepath.Join(dir, "lists"), aptConfig: filepath.Join(dir, "config"), progress: io.Discard}
	writeFile(t, filepath.Join(source.aptLists, "Packages"), "1")
	writeFile(t, filepath.Join(source.aptConfig, "sources.list"), "1")
	return source, func() int {
		noted, err := os.ReadFile(filepath.Join(dir, "asked"))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		return len(noted)
	}
}

func TestAPTIsAskedAgainWhenItsListsChange(t *testing.T) {
	sum := strings.Repeat("0a", 32)
	source, asked := fakeAPT(t, "'http://mirror.example/nginx_1_amd64.deb' nginx_1_amd64.deb 5 SHA256:"+sum+"\n")
	resolve := func(names ...string) []debianPackage {
		t.Helper()
		packages, err := source.resolve(t.Context(), names)
		if err != nil {
			t.Fatal(err)
		}
		return packages
	}
	want := []debianPackage{{File: "nginx_1_amd64.deb", SHA256: sum}}
	for range 2 {
		if got := resolve("nginx"); !slices.Equal(got, want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	if asked() != 1 {
		t.Errorf("apt was asked %d times, want once", asked())
	}
	writeFile(t, filepath.Join(source.aptLists, "Packages"), "12")
	resolve("nginx")
	resolve("other")
	if asked() != 3 {
		t.Errorf("apt was asked %d times, want again for other lists and for another package", asked())
	}
	if _, err := source.resolve(t.Context(), []string{"nginx", "missing"}); err == nil {
		t.Error("one file for two packages is taken")
	}
}

// apt-get names only files that it would have to fetch.
func TestAPackageThatWasFetchedBeforeIsNamedAllTheSame(t *testing.T) {
	source, _ := fakeAPT(t, "'http://mirror.example/nginx_1_amd64.deb' nginx_1_amd64.deb 5 SHA256:"+strings.Repeat("0a", 32)+"\n")
	writeFile(t, filepath.Join(source.dir, "nginx_1_amd64.deb"), "there")
	if packages, err := source.resolve(t.Context(), []string{"nginx"}); err != nil || len(packages) != 1 {
		t.Errorf("got %+v, error %v", packages, err)
	}
	if left, err := filepath.Glob(filepath.Join(source.dir, "*")); err != nil || len(left) != 2 {
		t.Errorf("the directory of packages has %v (error %v), want the package and what was resolved", left, err)
	}
}

func TestAPTsComplaintSaysWhatToRun(t *testing.T) {
	source, _ := fakeAPT(t, "")
	writeFile(t, filepath.Join(filepath.Dir(source.dir), "apt-get"), "#!/bin/sh\necho 'E: Unable to locate package nginx' >&2\nexit 100\n")
	_, err := source.resolve(context.Background(), []string{"nginx"})
	for _, want := range []string{"apt-get update", "Unable to locate package nginx"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
}

func TestPackagesAreChecked(t *testing.T) {
	source, _ := fakeAPT(t, "")
	writeFile(t, filepath.Join(source.dir, "nginx.deb"), "not what it should be")
	err := source.fetch(t.Context(), []string{"nginx"}, []debianPackage{{File: "nginx.deb", SHA256: strings.Repeat("0a", 32)}})
	if err == nil || !strings.Contains(err.Error(), "nginx.deb has checksum") {
		t.Errorf("got %v, want that the checksum is another", err)
	}
}
