package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const root = "../../"

func vocabulary(t *testing.T) []group {
	t.Helper()
	code, err := os.ReadFile(root + source)
	if err != nil {
		t.Fatal(err)
	}
	groups, err := parse(code)
	if err != nil {
		t.Fatal(err)
	}
	return groups
}

func TestThePageIsCurrent(t *testing.T) {
	page, err := os.ReadFile(root + "docs/conditions.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(page) != render(vocabulary(t)) {
		t.Error("docs/conditions.md is not what the constants say: go run ./hack/conditions-doc > docs/conditions.md")
	}
}

// TestEveryReasonIsDocumentedAndGiven checks that every reason that the deciding code gives is
// documented, and that the code gives every documented reason.
func TestEveryReasonIsDocumentedAndGiven(t *testing.T) {
	known := map[string]bool{}
	for _, g := range vocabulary(t) {
		for _, c := range g.constants {
			if strings.HasPrefix(c.name, reasonPrefix) {
				known[c.name] = true
			}
		}
	}
	given := reasonsIn(t, "controllers/assess", "controllers/desired")
	if len(given) == 0 {
		t.Fatal("no reason was found in the code")
	}
	for name := range given {
		if !known[name] {
			t.Errorf("%s is given and not documented", name)
		}
	}
	for name := range known {
		if !given[name] {
			t.Errorf("%s is documented and never given", name)
		}
	}
}

// TestAReasonIsGivenWithAStatusThatIsDocumented checks the calls of is, isNot and unclear in the
// deciding code that name their reason.
func TestAReasonIsGivenWithAStatusThatIsDocumented(t *testing.T) {
	documented := map[string]string{}
	for _, g := range vocabulary(t) {
		for _, c := range g.constants {
			documented[c.name] = c.status
		}
	}
	statuses := map[string]string{"is": "True", "isNot": "False", "unclear": "Unknown"}
	calls := 0
	inCode(t, func(n ast.Node) {
		call, is := n.(*ast.CallExpr)
		if !is || len(call.Args) == 0 {
			return
		}
		verdict, is := call.Fun.(*ast.Ident)
		reason := reasonOf(call.Args[0])
		if !is || statuses[verdict.Name] == "" || reason == "" {
			return
		}
		calls++
		if !strings.Contains(documented[reason], statuses[verdict.Name]) {
			t.Errorf("%s is given with %s, and documented with %q", reason, statuses[verdict.Name], documented[reason])
		}
	}, "controllers/assess")
	if calls < 50 {
		t.Errorf("found %d verdicts with a reason: too few to be all", calls)
	}
}

// reasonsIn are the constants v1alpha1.Reason… that the packages use, tests aside.
func reasonsIn(t *testing.T, directories ...string) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	inCode(t, func(n ast.Node) {
		if reason := reasonOf(n); reason != "" {
			found[reason] = true
		}
	}, directories...)
	return found
}

// reasonOf is the name of a constant v1alpha1.Reason…; of anything else it is empty.
func reasonOf(n ast.Node) string {
	selector, is := n.(*ast.SelectorExpr)
	if !is || !strings.HasPrefix(selector.Sel.Name, reasonPrefix) {
		return ""
	}
	if pkg, is := selector.X.(*ast.Ident); !is || pkg.Name != "v1alpha1" {
		return ""
	}
	return selector.Sel.Name
}

// inCode shows every node of the packages' files, tests aside.
func inCode(t *testing.T, look func(ast.Node), directories ...string) {
	t.Helper()
	for _, directory := range directories {
		files, err := filepath.Glob(root + directory + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				look(n)
				return true
			})
		}
	}
}

func TestParse(t *testing.T) {
	tests := map[string]struct {
		code string
		want string
		err  string
	}{
		"a reason":                           {code: "// Reasons of A. More.\nconst (\n// ReasonA (True): it is so.\nReasonA = \"A\"\n)", want: "| `A` | True | It is so. |", err: ""},
		"a reason with a choice":             {code: "const (\n// ReasonA (False or Unknown): maybe.\nReasonA = \"A\"\n)", want: "| `A` | False or Unknown | Maybe. |", err: ""},
		"a reason that differs elsewhere":    {code: "const (\n// ReasonA (False; of B Unknown): maybe.\nReasonA = \"A\"\n)", want: "| `A` | False; of B Unknown | Maybe. |", err: ""},
		"a condition":                        {code: "const (\n// ConditionA asks: is it?\nConditionA = \"A\"\n)", want: "| `A` | Is it? |", err: ""},
		"a comment of two lines":             {code: "const (\n// ReasonA (True): it\n// is so.\nReasonA = \"A\"\n)", want: "It is so.", err: ""},
		"an event":                           {code: "// Reasons of events, written.\nconst (\n// EventA: it was made.\nEventA = \"A\"\n)", want: "| `A` | It was made. |", err: ""},
		"a bar in a comment":                 {code: "const (\n// EventA: a|b.\nEventA = \"A\"\n)", want: `A\|b.`, err: ""},
		"a reason without a status":          {code: "const (\n// ReasonA: it is so.\nReasonA = \"A\"\n)", want: "", err: "does not name its status"},
		"a reason with another status":       {code: "const (\n// ReasonA (Perhaps): it is so.\nReasonA = \"A\"\n)", want: "", err: "does not name its status"},
		"a reason without a comment":         {code: "const (\nReasonA = \"A\"\n)", want: "", err: "does not begin with its name"},
		"a comment of something else":        {code: "const (\n// ReasonB (True): it is so.\nReasonA = \"A\"\n)", want: "", err: "does not begin with its name"},
		"a constant that is no string":       {code: "const (\n// ReasonA (True): it is so.\nReasonA = 1\n)", want: "", err: "no string"},
		"a constant that is an expression":   {code: "const (\n// ReasonA (True): it is so.\nReasonA = \"A\" + \"B\"\n)", want: "", err: "no string"},
		"a constant that repeats the former": {code: "const (\n// ReasonA (True): it is so.\nReasonA = \"A\"\n// ReasonB (True): it is so.\nReasonB\n)", want: "", err: "no value of its own"},
		"no Go":                              {code: "const (", want: "", err: "expected"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			groups, err := parse([]byte("package p\n" + test.code))
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("got %v, want an error that says %q", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if page := render(groups); !strings.Contains(page, test.want) {
				t.Errorf("%q is not in\n%s", test.want, page)
			}
		})
	}
}
