package decisiontable

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// smallTable is a document without a problem, for a codebase that is smallCode and a scenario "a request".
const smallTable = `
<a id="row-1"></a>
#### 1. A fault

It loses the address. See [row 2](#row-2).

- **Operator:** Reported. ` + "`ConditionA` False\n  `ReasonA`" + `.
- **Do:** Mend it.
- **Tests:** ` + "`TestA`" + `; scenario "a request"

<a id="row-2"></a>
#### 2. Something unseen

- **Operator:** Not reported. No object shows it.
- **Do:** Look outside.

## The end
`

const smallCode = `package a

// Answers row 1.
func decide() {}
`

const smallTests = `package a

const no = "False"
const shared = v1alpha1.ReasonA

func TestA(t *testing.T) {
	const condition = v1alpha1.ConditionA
	runRows(t, condition, map[string]row{
		"row 1: a fault": {status: no, reason: shared},
		"something else": {status: yes, reason: v1alpha1.ReasonB},
	})
}
`

// found are the problems that all checks find.
func found(t *testing.T, table, code, tests string) []string {
	t.Helper()
	constants := map[string]string{"ConditionA": "ConditionA", "ReasonA": "ReasonA", "ReasonB": "ReasonB"}
	parse := func(name, source string) *ast.File {
		file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		return file
	}
	base := codebase{functions: map[string][]testFunction{}}
	codeFile, testFile := parse("a.go", code), parse("a_test.go", tests)
	base.mentions = append(mentionsIn(codeFile, "a.go", false), mentionsIn(testFile, "a_test.go", true)...)
	base.addFunctions([]*ast.File{testFile}, constants)
	rows := parseRows(table)
	return slices.Concat(problemsOfRows(table, rows, 2), problemsOfClaims(rows, base, constants, []string{"a request"}), problemsOfMentions(rows, base))
}

func TestAProblemIsFound(t *testing.T) {
	table := func(old, changed string) [3]string {
		return [3]string{strings.Replace(smallTable, old, changed, 1), smallCode, smallTests}
	}
	code := func(old, changed string) [3]string {
		return [3]string{smallTable, strings.Replace(smallCode, old, changed, 1), smallTests}
	}
	tests := func(old, changed string) [3]string {
		return [3]string{smallTable, smallCode, strings.Replace(smallTests, old, changed, 1)}
	}
	cases := map[string]struct {
		// given are the table, the code and its tests.
		given [3]string
		// says is a part of the problem.
		says string
	}{
		"a row without a status":                   {given: table("Reported. ", ""), says: "row 1 does not say whether the operator reports it"},
		"a row without a remedy":                   {given: table("- **Do:** Look outside.\n", ""), says: "row 2 does not say what to do"},
		"a row that is not reported for no reason": {given: table(" No object shows it.", ""), says: "does not say why"},
		"a reported row without a condition":       {given: table("`ConditionA` False\n  `ReasonA`", "Somewhere"), says: "names no condition"},
		"a claimed row without a test":             {given: table("`TestA`; ", ""), says: "row 1 is claimed and names no test"},
		"a prevented row without a test":           {given: table("Not reported.", "Prevented."), says: "row 2 is claimed and names no test"},
		"a row that is missing":                    {given: table("#### 2.", "#### Two."), says: "row 2 is there 0 times"},
		"a row that is there twice":                {given: table("#### 2.", "#### 1."), says: "row 1 is there 2 times"},
		"a number that is no row's":                {given: table("#### 2.", "#### 0."), says: "row 0 is there 1 times"},
		"a row with the anchor of another":         {given: table(`<a id="row-2">`, `<a id="row-1">`), says: `row 2 has the anchor "row-1"`},
		"a link to nowhere":                        {given: table("(#row-2)", "(#row-7)"), says: "a link leads to row-7"},
		"a test that does not exist":               {given: table("`TestA`", "`TestB`"), says: "names the test TestB"},
		"a case that does not exist":               {given: table("`TestA`", "`TestA` \"another case\""), says: `names the test TestA "another case"`},
		"a test without a case of the row":         {given: tests("row 1: a fault", "a fault"), says: "does not name the row"},
		"a scenario that does not exist":           {given: table(`"a request"`, `"a response"`), says: `names the scenario "a response"`},
		"a condition that does not exist":          {given: table("`ConditionA`", "`ConditionB`"), says: "is no condition with a reason of the API"},
		"a verdict that no named test shows":       {given: table("`ReasonA`", "`ReasonB`"), says: "claims ConditionA False ReasonB, and none of the tests"},
		"a status that no named test shows":        {given: table("False\n", "True\n"), says: "claims ConditionA True ReasonA, and none of the tests"},
		"a row that only code knows":               {given: code("row 1", "rows 1 and 5"), says: "a.go names row 5, which does not exist"},
		"a row that only a range of code knows":    {given: code("row 1", "rows 1 to 3"), says: "a.go names row 3, which does not exist"},
		"a row that only a test knows":             {given: tests("something else", "row 4: something else"), says: "a_test.go names row 4, which does not exist"},
		"a row that code answers, not reported":    {given: code("row 1", "row 2"), says: "a.go answers row 2, and the document says that it is not reported"},
		"a test that its row does not name":        {given: tests("something else", "row 2: something else"), says: `TestA has the case "row 2: something else", and row 2 does not name the test`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			problems := found(t, c.given[0], c.given[1], c.given[2])
			if !slices.ContainsFunc(problems, func(problem string) bool { return strings.Contains(problem, c.says) }) {
				t.Errorf("found %q, want one that says %q", problems, c.says)
			}
		})
	}
}

func TestATableWithoutAProblemHasNone(t *testing.T) {
	if problems := found(t, smallTable, smallCode, smallTests); len(problems) > 0 {
		t.Errorf("found %q", problems)
	}
}
