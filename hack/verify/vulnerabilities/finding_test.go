package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

const (
	config   = `{"config": {"protocol_version": "v1.0.0"}}`
	contents = `{"SBOM": {"modules": [{"path": "a"}, {"path": "b"}], "roots": ["a"]}}`
	entry    = `{"osv": {"id": "GO-1", "summary": "Names are too long"}}`
	// A vulnerability leads to up to three kinds of findings: its module is required, its package is imported, its function is called.
	required = `{"finding": {"osv": "GO-1", "fixed_version": "v0.60.0", "trace": [{"module": "golang.org/x/net", "version": "v0.57.0"}]}}`
	imported = `{"finding": {"osv": "GO-1", "fixed_version": "v0.60.0", "trace": [{"module": "golang.org/x/net", "version": "v0.57.0", "package": "golang.org/x/net/http2"}]}}`
	called   = `{"finding": {"osv": "GO-1", "fixed_version": "v0.60.0", "trace": [
		{"module": "golang.org/x/net", "version": "v0.57.0", "package": "golang.org/x/net/http2", "function": "Read", "receiver": "*Framer", "position": {"filename": "http2/frame.go", "line": 5}},
		{"module": "github.com/edge-ingress/edge-ingress-operator", "package": "github.com/edge-ingress/edge-ingress-operator/a", "function": "near", "position": {"filename": "a/a.go", "line": 7}},
		{"module": "github.com/edge-ingress/edge-ingress-operator", "package": "github.com/edge-ingress/edge-ingress-operator", "function": "main", "position": {"filename": "main.go", "line": 9}}]}}`
)

func TestVulnerabilitiesAreJudgedByWhetherTheyAreCalledAndHaveAFix(t *testing.T) {
	withoutFix := func(message string) string { return strings.Replace(message, `"fixed_version": "v0.60.0", `, "", 1) }
	inStdlib := strings.NewReplacer(`"golang.org/x/net"`, `"stdlib"`, "v0.57.0", "v1.26.8", "v0.60.0", "v1.26.10", "golang.org/x/net/http2", "net/http")
	for name, c := range map[string]struct {
		messages         []string
		fixable, unfixed []string
		imported         int
	}{
		"nothing is found":               {},
		"a module is only required":      {messages: []string{entry, required}},
		"a package is only imported":     {messages: []string{entry, required, imported}, imported: 1},
		"two scans find the same import": {messages: []string{entry, imported, imported}, imported: 1},
		"a function is called": {
			messages: []string{required, imported, called, entry},
			fixable: []string{"a/a.go:7: GO-1 (Names are too long): our code reaches golang.org/x/net/http2.*Framer.Read of golang.org/x/net v0.57.0. " +
				"Run: go get golang.org/x/net@v0.60.0 && go mod tidy"},
		},
		"it is called twice, and by one program more than by another": {
			messages: []string{entry, called, called, imported},
			fixable: []string{"a/a.go:7: GO-1 (Names are too long): our code reaches golang.org/x/net/http2.*Framer.Read of golang.org/x/net v0.57.0. " +
				"Run: go get golang.org/x/net@v0.60.0 && go mod tidy"},
		},
		"a function without a fix is called": {
			messages: []string{entry, withoutFix(imported), withoutFix(called)},
			unfixed:  []string{"a/a.go:7: GO-1 (Names are too long): our code reaches golang.org/x/net/http2.*Framer.Read of golang.org/x/net v0.57.0. There is no fix yet."},
		},
		"Go itself has it": {
			messages: []string{entry, inStdlib.Replace(called)},
			fixable: []string{"a/a.go:7: GO-1 (Names are too long): our code reaches net/http.*Framer.Read of stdlib v1.26.8. " +
				"Raise the toolchain in go.mod and Dockerfile to Go 1.26.10."},
		},
	} {
		t.Run(name, func(t *testing.T) {
			answer, err := read(strings.NewReader(strings.Join(append([]string{config, contents}, c.messages...), "\n")))
			if err != nil {
				t.Fatal(err)
			}
			if answer.modules != 2 {
				t.Errorf("%d modules, want 2", answer.modules)
			}
			v := judge(answer.findings)
			if got := texts(v.fixable); !slices.Equal(got, c.fixable) {
				t.Errorf("with a fix %q, want %q", got, c.fixable)
			}
			if got := texts(v.unfixed); !slices.Equal(got, c.unfixed) {
				t.Errorf("without a fix %q, want %q", got, c.unfixed)
			}
			if v.imported != c.imported {
				t.Errorf("%d imported only, want %d", v.imported, c.imported)
			}
		})
	}
}

func texts(found []finding) []string {
	var result []string
	for _, f := range found {
		result = append(result, fmt.Sprint(f))
	}
	return result
}

func TestAnAnswerThatSaysNothingIsNoCleanBill(t *testing.T) {
	for name, messages := range map[string]string{
		"it is empty":             "",
		"it is cut off":           config + contents + `{"finding": {`,
		"it has no configuration": contents,
		"it has another format":   strings.Replace(config, "v1", "v2", 1) + contents,
		"it is about no package":  config + `{"SBOM": {"modules": [{"path": "a"}]}}`,
	} {
		t.Run(name, func(t *testing.T) {
			if answer, err := read(strings.NewReader(messages)); err == nil {
				t.Errorf("it was read as %+v, want an error", answer)
			}
		})
	}
}

func TestTheGoThatShipsIsNamedTwiceAlike(t *testing.T) {
	for name, c := range map[string]struct{ mod, dockerfile, want string }{
		"both are the same":            {"go 1.26.0\n\ntoolchain go1.26.10\n", "# syntax\nFROM --platform=$BUILDPLATFORM docker.io/library/golang:1.26.10 AS build\n", "go1.26.10"},
		"the image is older":           {"toolchain go1.26.10\n", "FROM golang:1.26.9 AS build\n", ""},
		"the image names no patch":     {"toolchain go1.26.10\n", "FROM golang:1.26 AS build\n", ""},
		"go.mod has no toolchain":      {"go 1.26.0\n", "FROM golang:1.26.0 AS build\n", ""},
		"the image is built elsewhere": {"toolchain go1.26.10\n", "FROM scratch\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := shippedToolchain(fstest.MapFS{"go.mod": {Data: []byte(c.mod)}, "Dockerfile": {Data: []byte(c.dockerfile)}})
			if got != c.want || (err == nil) != (c.want != "") {
				t.Errorf("%q and the error %v, want %q", got, err, c.want)
			}
		})
	}
}
