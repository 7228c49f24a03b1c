// Package decisiontable compares docs/source-ip.md with the code. Every row says whether the
// operator reports it, a test shows each claim, and the document has every row that the code names.
// The package has tests only, on purpose.
package decisiontable

import (
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/edge-ingress/edge-ingress-operator/test/e2e/scenario"
)

// lastRow is the last number without a gap below it. No number is used twice, not even when its row is gone.
const lastRow = 76

const root = "../../"

func TestTheDecisionTableIsWhatTestsShow(t *testing.T) {
	text, err := os.ReadFile(root + "docs/source-ip.md")
	if err != nil {
		t.Fatal(err)
	}
	constants := apiConstants(t, root+"api/v1alpha1/condition_types.go")
	rows, code := parseRows(string(text)), readCode(t, root, constants)
	problems := slices.Concat(problemsOfRows(string(text), rows, lastRow), problemsOfClaims(rows, code, constants, scenarioNames()), problemsOfMentions(rows, code))
	for _, problem := range problems {
		t.Error(problem)
	}
	// A check that reads nothing finds nothing.
	if len(code.mentions) < lastRow || len(code.functions) < 100 || len(constants) < 50 {
		t.Errorf("read %d mentions of rows, %d test functions and %d constants: too few to be all", len(code.mentions), len(code.functions), len(constants))
	}
}

func scenarioNames() []string {
	var names []string
	for _, phase := range scenario.Plan() {
		for _, group := range phase {
			for _, s := range group.Scenarios {
				names = append(names, s.Name)
			}
		}
	}
	return names
}

// problemsOfClaims checks that every test and scenario that a row names exists, and that one of its
// tests shows what the row says about a condition.
func problemsOfClaims(rows []row, code codebase, constants map[string]string, scenarios []string) []string {
	var problems []string
	add := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	known := map[string]bool{}
	for _, value := range constants {
		known[value] = true
	}
	for _, r := range rows {
		var shown []claim
		for _, reference := range r.tests {
			found, shows := code.find(r.number, reference)
			if !found {
				add("row %d names the test %s %q, which does not exist or does not name the row", r.number, reference.function, reference.name)
			}
			shown = append(shown, shows...)
		}
		for _, name := range r.scenarios {
			if !slices.Contains(scenarios, name) {
				add("row %d names the scenario %q, which does not exist", r.number, name)
			}
		}
		for _, c := range r.claims {
			switch {
			case !known[c.condition] || !known[c.reason]:
				add("row %d claims %s, which is no condition with a reason of the API", r.number, c)
			case !slices.Contains(shown, c):
				add("row %d claims %s, and none of the tests that it names shows that", r.number, c)
			}
		}
	}
	return problems
}

// find reports whether the test that a row names exists, and returns what its cases show.
func (code codebase) find(number int, reference testReference) (found bool, shows []claim) {
	for _, function := range code.functions[reference.function] {
		if reference.name != "" && slices.Contains(function.texts, reference.name) {
			found = true
		}
		for name, c := range function.cases {
			if name == reference.name || (reference.name == "" && slices.Contains(rowsIn(name), number)) {
				found, shows = true, append(shows, c)
			}
		}
	}
	return found, shows
}

// problemsOfMentions checks that the document has every row that code names, that a row answered by
// code claims that, and that a row names each test that names the row.
func problemsOfMentions(rows []row, code codebase) []string {
	var problems []string
	byNumber := map[int]row{}
	for _, r := range rows {
		byNumber[r.number] = r
	}
	for _, m := range code.mentions {
		switch r, there := byNumber[m.row]; {
		case !there:
			problems = append(problems, fmt.Sprintf("%s names row %d, which does not exist", m.file, m.row))
		case m.inCode && r.status == notReported:
			problems = append(problems, fmt.Sprintf("%s answers row %d, and the document says that it is not reported", m.file, m.row))
		}
	}
	for name, functions := range code.functions {
		for _, function := range functions {
			for number, c := range function.rows() {
				if r := byNumber[number]; !slices.ContainsFunc(r.tests, func(reference testReference) bool { return reference.function == name }) {
					problems = append(problems, fmt.Sprintf("%s has the case %q, and row %d does not name the test", name, c, number))
				}
			}
		}
	}
	return problems
}

// rows are those that the names of the cases have, each with one of the names.
func (f testFunction) rows() map[int]string {
	named := map[int]string{}
	for name := range f.cases {
		for _, number := range rowsIn(name) {
			named[number] = name
		}
	}
	return named
}
