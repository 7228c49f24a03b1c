package decisiontable

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// codebase holds what the checks read from the Go files.
type codebase struct {
	// functions are test functions by name; packages may use the same one.
	functions map[string][]testFunction
	// mentions are the rows that code names in comments and texts. Comments outside of tests say
	// which rows the code answers.
	mentions []mention
}

type testFunction struct {
	texts []string
	// cases are the rows of the table tests in controllers/assess, with what each shows.
	cases map[string]claim
}

type mention struct {
	row  int
	file string
	// inCode reports whether the comment is outside of tests.
	inCode bool
}

var mentionText = regexp.MustCompile(`\b[Rr]ows? (\d+(?:(?:, | and | to )\d+)*)`)

// rowsIn are the numbers in texts such as "row 5", "rows 5 and 7" and "rows 4, 12 to 14".
func rowsIn(text string) []int {
	var numbers []int
	for _, found := range mentionText.FindAllStringSubmatch(text, -1) {
		for _, part := range strings.Split(strings.ReplaceAll(found[1], " and ", ", "), ", ") {
			first, last, isRange := strings.Cut(part, " to ")
			from, _ := strconv.Atoi(first)
			to := from
			if isRange {
				to, _ = strconv.Atoi(last)
			}
			for number := from; number <= to; number++ {
				numbers = append(numbers, number)
			}
		}
	}
	return numbers
}

// readCode reads every Go file of the repository except those of this package and build results.
// constants are those of the API.
func readCode(t *testing.T, root string, constants map[string]string) codebase {
	t.Helper()
	code := codebase{functions: map[string][]testFunction{}}
	packages := map[string][]*ast.File{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains([]string{".git", "bin", "decisiontable"}, entry.Name()):
			return filepath.SkipDir
		case entry.IsDir() || filepath.Ext(path) != ".go":
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		isTest := strings.HasSuffix(path, "_test.go")
		code.mentions = append(code.mentions, mentionsIn(file, path, isTest)...)
		if isTest {
			packages[filepath.Dir(path)] = append(packages[filepath.Dir(path)], file)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, files := range packages {
		code.addFunctions(files, constants)
	}
	return code
}

func mentionsIn(file *ast.File, path string, isTest bool) []mention {
	var found []mention
	for _, group := range file.Comments {
		for _, number := range rowsIn(group.Text()) {
			found = append(found, mention{row: number, file: path, inCode: !isTest})
		}
	}
	for _, text := range textsIn(file) {
		for _, number := range rowsIn(text) {
			found = append(found, mention{row: number, file: path, inCode: false})
		}
	}
	return found
}

// textsIn are the string literals below a node.
func textsIn(node ast.Node) []string {
	var texts []string
	ast.Inspect(node, func(n ast.Node) bool {
		if text, is := textOf(n); is {
			texts = append(texts, text)
		}
		return true
	})
	return texts
}

func textOf(n ast.Node) (string, bool) {
	literal, is := n.(*ast.BasicLit)
	if !is || literal.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(literal.Value)
	return text, err == nil
}

func (code *codebase) addFunctions(files []*ast.File, constants map[string]string) {
	ofPackage := names{constants: constants, aliases: map[string]ast.Expr{}}
	for _, file := range files {
		for _, declaration := range file.Decls {
			if general, is := declaration.(*ast.GenDecl); is {
				ofPackage.declare(general)
			}
		}
	}
	for _, file := range files {
		for _, declaration := range file.Decls {
			function, is := declaration.(*ast.FuncDecl)
			if is && function.Recv == nil && strings.HasPrefix(function.Name.Name, "Test") {
				read := testFunction{texts: textsIn(function.Body), cases: casesIn(function.Body, ofPackage)}
				code.functions[function.Name.Name] = append(code.functions[function.Name.Name], read)
			}
		}
	}
}

// names maps an expression to its value: constants of the API by name, and constants of tests that
// rename one.
type names struct {
	constants map[string]string
	aliases   map[string]ast.Expr
}

func (n names) declare(general *ast.GenDecl) {
	if general.Tok != token.CONST {
		return
	}
	for _, spec := range general.Specs {
		values := spec.(*ast.ValueSpec)
		for i, value := range values.Values {
			n.aliases[values.Names[i].Name] = value
		}
	}
}

func (n names) valueOf(expression ast.Expr) string {
	switch e := expression.(type) {
	case *ast.SelectorExpr:
		return n.constants[e.Sel.Name]
	case *ast.Ident:
		if statuses[e.Name] != "" {
			return statuses[e.Name]
		}
		if alias, known := n.aliases[e.Name]; known {
			return n.valueOf(alias)
		}
	}
	return ""
}

// statuses are the names that the tests of controllers/assess use.
var statuses = map[string]string{"yes": "True", "no": "False", "unknown": "Unknown"}

// casesIn are those of every call runRows(t, condition, map[string]row{...}).
func casesIn(body *ast.BlockStmt, ofPackage names) map[string]claim {
	local := names{constants: ofPackage.constants, aliases: map[string]ast.Expr{}}
	for name, value := range ofPackage.aliases {
		local.aliases[name] = value
	}
	cases := map[string]claim{}
	ast.Inspect(body, func(n ast.Node) bool {
		switch found := n.(type) {
		case *ast.GenDecl:
			local.declare(found)
		case *ast.CallExpr:
			function, is := found.Fun.(*ast.Ident)
			if is && function.Name == "runRows" && len(found.Args) == 3 {
				local.addCases(cases, local.valueOf(found.Args[1]), found.Args[2])
			}
		}
		return true
	})
	return cases
}

func (n names) addCases(cases map[string]claim, condition string, table ast.Expr) {
	literal, is := table.(*ast.CompositeLit)
	if !is {
		return
	}
	for _, element := range literal.Elts {
		entry := element.(*ast.KeyValueExpr)
		name, _ := textOf(entry.Key)
		shows := claim{condition: condition}
		for _, field := range entry.Value.(*ast.CompositeLit).Elts {
			keyed := field.(*ast.KeyValueExpr)
			switch keyed.Key.(*ast.Ident).Name {
			case "status":
				shows.status = n.valueOf(keyed.Value)
			case "reason":
				shows.reason = n.valueOf(keyed.Value)
			}
		}
		cases[name] = shows
	}
}

// apiConstants are the values of the string constants of a Go file by name.
func apiConstants(t *testing.T, path string) map[string]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	constants := map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, is := n.(*ast.ValueSpec); is && len(spec.Values) == 1 {
			if text, is := textOf(spec.Values[0]); is {
				constants[spec.Names[0].Name] = text
			}
		}
		return true
	})
	return constants
}
