// Command vulnerabilities asks govulncheck about the programs that we ship, with a database that is a Go module, so that it
// needs no network. It prints what reaches our code. It exits 1 if something of it has a fix.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// programs are those that we ship, with the operating systems that they run on. What a program calls hardly depends on the
// processor.
var programs = []program{
	{pkg: ".", os: "linux"},
	{pkg: "./verification", os: "linux"},
	{pkg: "./plugin", os: "linux"},
	{pkg: "./plugin", os: "darwin"},
	{pkg: "./plugin", os: "windows"},
}

type program struct{ pkg, os string }

func main() {
	govulncheck := flag.String("govulncheck", "bin/tools/govulncheck", "the `program` govulncheck")
	database := flag.String("database", "", "the `directory` of the module golang.org/x/vulndb")
	flag.Parse()
	failed, err := run(context.Background(), *govulncheck, *database)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if failed {
		os.Exit(1)
	}
}

// run scans all programs, and reports whether one of them calls something vulnerable that has a fix.
func run(ctx context.Context, govulncheck, database string) (bool, error) {
	entries, err := filepath.Abs(filepath.Join(database, "data", "osv"))
	if err != nil {
		return false, fmt.Errorf("locating the database %s: %w", database, err)
	}
	toolchain, err := shippedToolchain(os.DirFS("."))
	if err != nil {
		return false, err
	}
	scan := scanner{program: govulncheck, database: "file://" + filepath.ToSlash(entries), toolchain: toolchain}
	var found []finding
	for _, p := range programs {
		more, err := scan.called(ctx, p)
		if err != nil {
			return false, err
		}
		found = append(found, more...)
	}
	v := judge(found)
	for _, f := range v.unfixed {
		fmt.Println(f)
	}
	for _, f := range v.fixable {
		fmt.Fprintln(os.Stderr, f)
	}
	fmt.Printf("%s and %d modules: %d vulnerabilities reach our code and have a fix, %d reach it and have none, and %d are in imported packages and do not reach it\n",
		toolchain, scan.modules, len(v.fixable), len(v.unfixed), v.imported)
	return len(v.fixable) > 0, nil
}

// scanner runs govulncheck.
type scanner struct {
	program, database, toolchain string
	// modules is how many modules the largest scan looked at.
	modules int
}

// called returns what a program imports or calls. Whether it imports a vulnerable package is known within a second. Only then
// comes the question whether it calls something vulnerable there, which takes most of a minute.
func (s *scanner) called(ctx context.Context, p program) ([]finding, error) {
	found, err := s.scan(ctx, p, "package")
	if err != nil || !anyImported(found) {
		return nil, err
	}
	return s.scan(ctx, p, "symbol")
}

func (s *scanner) scan(ctx context.Context, p program, level string) ([]finding, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, s.program, "-format", "json", "-scan", level, "-db", s.database, p.pkg)
	// The Go that ships, however new the one that runs this, and without cgo, as all our programs are built.
	cmd.Env = append(os.Environ(), "GOTOOLCHAIN="+s.toolchain, "CGO_ENABLED=0", "GOOS="+p.os)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("scanning %s for %s: %w\n%s", p.pkg, p.os, err, stderr.String())
	}
	answer, err := read(&stdout)
	if err != nil {
		return nil, fmt.Errorf("reading what govulncheck says of %s for %s: %w", p.pkg, p.os, err)
	}
	s.modules = max(s.modules, answer.modules)
	return answer.findings, nil
}
