package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

const (
	ours   = "github.com/edge-ingress/edge-ingress-operator"
	stdlib = "stdlib"
)

// finding is a vulnerability in a package that a program imports.
type finding struct {
	id, summary            string
	module, version, fixed string // fixed is empty where no version has a fix
	pkg                    string
	symbol                 string // the vulnerable function that is called; empty if none is
	caller                 string // the place in our code, file:line
}

// reached says that a call leads from our code to the vulnerable function.
func (f finding) reached() bool { return f.symbol != "" }

func (f finding) String() string {
	where := f.caller
	if where == "" {
		where = "go.mod" // Our code passes the function on as a value, and others call it.
	}
	text := fmt.Sprintf("%s: %s (%s): our code reaches %s.%s of %s %s", where, f.id, f.summary, f.pkg, f.symbol, f.module, f.version)
	switch {
	case f.fixed == "":
		return text + ". There is no fix yet."
	case f.module == stdlib:
		return text + fmt.Sprintf(". Raise the toolchain in go.mod and Dockerfile to Go %s.", strings.TrimPrefix(f.fixed, "v"))
	}
	return text + fmt.Sprintf(". Run: go get %s@%s && go mod tidy", f.module, f.fixed)
}

// verdict is about all programs together; each vulnerability of a module is in it once.
type verdict struct {
	fixable, unfixed []finding // reach our code
	imported         int       // how many others are in packages that a program imports
}

func judge(found []finding) verdict {
	found = slices.Clone(found)
	slices.SortStableFunc(found, func(a, b finding) int {
		if a.key() != b.key() {
			return strings.Compare(a.key(), b.key())
		}
		return strings.Compare(b.symbol, a.symbol) // Those that are called come first, and stand for the vulnerability.
	})
	var v verdict
	for _, f := range slices.CompactFunc(found, func(a, b finding) bool { return a.key() == b.key() }) {
		switch {
		case !f.reached():
			v.imported++
		case f.fixed == "":
			v.unfixed = append(v.unfixed, f)
		default:
			v.fixable = append(v.fixable, f)
		}
	}
	return v
}

func (f finding) key() string { return f.id + " " + f.module }

func anyImported(found []finding) bool {
	return slices.ContainsFunc(found, func(f finding) bool { return f.pkg != "" })
}

// message has the parts of govulncheck's messages that matter here. The format is that of protocol version v1.0.0, described in
// golang.org/x/vuln/internal/govulncheck.
type message struct {
	Config *struct {
		ProtocolVersion string `json:"protocol_version"`
	} `json:"config"`
	SBOM *struct {
		Modules []struct{} `json:"modules"`
		Roots   []string   `json:"roots"`
	} `json:"SBOM"`
	OSV *struct {
		ID      string `json:"id"`
		Summary string `json:"summary"`
	} `json:"osv"`
	Finding *struct {
		OSV          string  `json:"osv"`
		FixedVersion string  `json:"fixed_version"`
		Trace        []frame `json:"trace"`
	} `json:"finding"`
}

// frame is a step on the way from a vulnerable function, which comes first, to an entry of our code, which comes last.
type frame struct {
	Module   string `json:"module"`
	Version  string `json:"version"`
	Package  string `json:"package"`
	Function string `json:"function"`
	Receiver string `json:"receiver"`
	Position *struct {
		Filename string `json:"filename"`
		Line     int    `json:"line"`
	} `json:"position"`
}

// answer is what one scan found.
type answer struct {
	modules  int
	findings []finding // in packages that are imported; those in unused parts of a module are left out
}

// read reads the messages of one scan. An answer in another format, or about nothing, is an error and not a clean bill.
func read(messages io.Reader) (answer, error) {
	var result answer
	summaries := map[string]string{}
	known, roots := false, 0
	for decoder := json.NewDecoder(messages); ; {
		var m message
		if err := decoder.Decode(&m); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return answer{}, fmt.Errorf("decoding a message: %w", err)
		}
		switch {
		case m.Config != nil:
			known = m.Config.ProtocolVersion == "v1.0.0"
		case m.SBOM != nil:
			result.modules, roots = len(m.SBOM.Modules), len(m.SBOM.Roots)
		case m.OSV != nil:
			summaries[m.OSV.ID] = m.OSV.Summary
		case m.Finding != nil && len(m.Finding.Trace) > 0 && m.Finding.Trace[0].Package != "":
			f := fromTrace(m.Finding.Trace)
			f.id, f.fixed = m.Finding.OSV, m.Finding.FixedVersion
			result.findings = append(result.findings, f)
		}
	}
	switch {
	case !known:
		return answer{}, errors.New("the format is not v1.0.0, which this program knows")
	case roots == 0:
		return answer{}, errors.New("it scanned no package")
	}
	for i := range result.findings {
		result.findings[i].summary = summaries[result.findings[i].id]
	}
	return result, nil
}

func fromTrace(trace []frame) finding {
	vulnerable := trace[0]
	f := finding{module: vulnerable.Module, version: vulnerable.Version, pkg: vulnerable.Package, symbol: vulnerable.Function}
	if vulnerable.Receiver != "" && vulnerable.Function != "" {
		f.symbol = vulnerable.Receiver + "." + vulnerable.Function
	}
	for _, step := range trace {
		if step.Module == ours && step.Position != nil && step.Position.Line > 0 {
			f.caller = fmt.Sprintf("%s:%d", step.Position.Filename, step.Position.Line)
			break
		}
	}
	return f
}
