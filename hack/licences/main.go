// Command licences writes the licence texts that a program has to bring with it: ours, and those of Go and of every
// module that is linked into one of the given packages. It needs no network where the modules are there.
//
//	go run ./hack/licences --out=DIR [--os=linux,windows] PACKAGE...
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	out := flag.String("out", "", "the `directory` for LICENSE and THIRD-PARTY")
	systems := flag.String("os", "linux", "the operating `systems` that the packages are built for")
	flag.Parse()
	if err := run(context.Background(), *out, strings.Split(*systems, ","), flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out string, systems, packages []string) error {
	linked, err := modules(ctx, systems, packages)
	if err != nil {
		return err
	}
	for i, m := range linked {
		if linked[i].text, err = licenceText(os.DirFS(m.dir)); err != nil {
			return fmt.Errorf("reading the licence of %s: %w", m.name, err)
		}
	}
	own, err := os.ReadFile("LICENSE")
	if err != nil {
		return fmt.Errorf("reading our licence: %w", err)
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return fmt.Errorf("making the directory for licences: %w", err)
	}
	for name, text := range map[string]string{"LICENSE": string(own), "THIRD-PARTY": render(linked)} {
		if err := os.WriteFile(filepath.Join(out, name), []byte(text), 0o644); err != nil {
			return fmt.Errorf("writing a licence: %w", err)
		}
	}
	return nil
}

// modules returns Go and the modules that are linked into the packages, in the order of their names.
func modules(ctx context.Context, systems, packages []string) ([]module, error) {
	root, err := output(ctx, "", "env", "GOROOT", "GOVERSION")
	if err != nil {
		return nil, fmt.Errorf("asking where Go is: %w", err)
	}
	var list string
	for _, system := range systems {
		more, err := output(ctx, system, append([]string{"list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}\t{{.Dir}}{{end}}{{end}}"}, packages...)...)
		if err != nil {
			return nil, fmt.Errorf("listing modules for %s: %w", system, err)
		}
		list += more + "\n"
	}
	goroot, version, _ := strings.Cut(root, "\n")
	return append([]module{{name: "Go " + strings.TrimPrefix(version, "go"), dir: goroot}}, parse(list)...), nil
}

func output(ctx context.Context, system string, arguments ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", arguments...)
	cmd.Env = append(os.Environ(), "GOOS="+system, "CGO_ENABLED=0") // An empty GOOS counts as none.
	cmd.Stderr = os.Stderr
	text, err := cmd.Output()
	return strings.TrimSpace(string(text)), err
}
