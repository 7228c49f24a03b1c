// Command plugin builds the kubectl plugin for every platform, packs each in an archive, and writes the manifest
// by which krew installs it (https://krew.sigs.k8s.io/docs/developer-guide/plugin-manifest/). Equal sources give
// equal archives.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
)

// program is how kubectl finds the plugin: `kubectl edge-ingress` looks for kubectl-edge_ingress.
const program = "kubectl-edge_ingress"

// platforms are those for which the plugin is built.
var platforms = []platform{
	{"linux", "amd64"}, {"linux", "arm64"}, {"darwin", "amd64"}, {"darwin", "arm64"}, {"windows", "amd64"}, {"windows", "arm64"},
}

type platform struct{ os, arch string }

// binary is the file name of the program.
func (p platform) binary() string {
	if p.os == "windows" {
		return program + ".exe"
	}
	return program
}

// archive is the file name of the archive.
func (p platform) archive() string {
	extension := ".tar.gz"
	if p.os == "windows" {
		extension = ".zip"
	}
	return fmt.Sprintf("%s-%s-%s%s", program, p.os, p.arch, extension)
}

type options struct{ version, ldflags, url, license, notices, out string }

func main() {
	o := options{}
	flag.StringVar(&o.version, "version", "", "version of the plugin, such as v1.2.3")
	flag.StringVar(&o.ldflags, "ldflags", "", "flags of the linker")
	flag.StringVar(&o.url, "url", "", "URL below which the archives of this version can be downloaded")
	flag.StringVar(&o.license, "license", "LICENSE", "licence, which goes into each archive")
	flag.StringVar(&o.notices, "third-party", "", "licences of what is linked into the plugin, which go into each archive (see hack/licences)")
	flag.StringVar(&o.out, "out", "dist/plugin", "directory for the archives and the manifest")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o, build); err != nil {
		fmt.Fprintln(os.Stderr, err)
		stop()
		os.Exit(1) //nolint:gocritic // stop has run.
	}
}

// run makes everything. compile builds the program of a platform into a file.
func run(ctx context.Context, o options, compile func(context.Context, platform, options, string) error) error {
	if o.version == "" || o.url == "" || o.notices == "" {
		return errors.New("--version, --url and --third-party are needed")
	}
	if err := os.MkdirAll(o.out, 0o750); err != nil {
		return fmt.Errorf("making the directory: %w", err)
	}
	scratch, err := os.MkdirTemp("", "plugin")
	if err != nil {
		return fmt.Errorf("making a directory: %w", err)
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	license, err := os.ReadFile(o.license)
	if err != nil {
		return fmt.Errorf("reading the licence: %w", err)
	}
	notices, err := os.ReadFile(o.notices)
	if err != nil {
		return fmt.Errorf("reading the licences of others: %w", err)
	}
	sums := map[platform]string{}
	for _, p := range platforms {
		path := filepath.Join(scratch, p.binary())
		if err := compile(ctx, p, o, path); err != nil {
			return err
		}
		binary, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("reading the program: %w", err)
		}
		files := []file{{"LICENSE", 0o644, license}, {"THIRD-PARTY", 0o644, notices}, {p.binary(), 0o755, binary}}
		if sums[p], err = pack(filepath.Join(o.out, p.archive()), files); err != nil {
			return err
		}
		fmt.Println(filepath.Join(o.out, p.archive()))
	}
	return writeTexts(o, sums)
}

func build(ctx context.Context, p platform, o options, path string) error {
	command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", o.ldflags, "-o", path, "./plugin")
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+p.os, "GOARCH="+p.arch)
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	if err := command.Run(); err != nil {
		return fmt.Errorf("building for %s/%s: %w", p.os, p.arch, err)
	}
	return nil
}
