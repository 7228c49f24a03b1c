package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"testing"
)

// TestProgramsSetALogger looks at the programs that use controller-runtime's client. It complains
// with a stack trace, 30 seconds after the start, where no logger was set.
func TestProgramsSetALogger(t *testing.T) {
	for _, file := range []string{"main.go", "../e2e/main.go", "../../main.go"} {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		calls := false
		ast.Inspect(parsed, func(n ast.Node) bool {
			call, isCall := n.(*ast.CallExpr)
			if isCall {
				function, isSelected := call.Fun.(*ast.SelectorExpr)
				calls = calls || isSelected && function.Sel.Name == "SetLogger"
			}
			return true
		})
		if !calls {
			t.Errorf("%s sets no logger", file)
		}
	}
}
