package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strconv"
	"strings"
)

// constant is a condition type, a reason of a condition or a reason of an event.
type constant struct {
	// name in Go, and value in the API.
	name, value string
	// status is the text in parentheses: True, False, Unknown or a choice. Reasons of conditions
	// have one.
	status string
	// says is the documentation without the name.
	says string
}

// group is a block of constants with its own comment.
type group struct {
	says      string
	constants []constant
}

// The beginnings of the constants' names.
const (
	conditionPrefix = "Condition"
	reasonPrefix    = "Reason"
)

// documented is "Name (status): sentence", where the status may be missing, or "Name sentence".
var documented = regexp.MustCompile(`^\w+(?: \(([^)]*)\))?:? (.+)$`)

var statuses = regexp.MustCompile(`^(True|False|Unknown)(( or |; of \w+ )(True|False|Unknown))*$`)

// parse reads the blocks of constants of a file. A constant without documentation, or a reason of a
// condition without a status, is an error.
func parse(code []byte) ([]group, error) {
	file, err := parser.ParseFile(token.NewFileSet(), "", code, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	var groups []group
	var errs []error
	for _, declaration := range file.Decls {
		block, isBlock := declaration.(*ast.GenDecl)
		if !isBlock || block.Tok != token.CONST {
			continue
		}
		g := group{says: oneLine(block.Doc.Text())}
		for _, spec := range block.Specs {
			c, err := parseConstant(spec.(*ast.ValueSpec))
			if err != nil {
				errs = append(errs, err)
				continue
			}
			g.constants = append(g.constants, c)
		}
		groups = append(groups, g)
	}
	return groups, errors.Join(errs...)
}

func parseConstant(spec *ast.ValueSpec) (constant, error) {
	c := constant{name: spec.Names[0].Name}
	if len(spec.Values) != 1 {
		return c, fmt.Errorf("%s has no value of its own", c.name)
	}
	literal, isLiteral := spec.Values[0].(*ast.BasicLit)
	if !isLiteral {
		return c, fmt.Errorf("%s is no string", c.name)
	}
	value, err := strconv.Unquote(literal.Value)
	if err != nil {
		return c, fmt.Errorf("%s is no string: %w", c.name, err)
	}
	c.value = value
	comment := oneLine(spec.Doc.Text())
	match := documented.FindStringSubmatch(comment)
	if match == nil || !strings.HasPrefix(comment, c.name) {
		return c, fmt.Errorf("the comment of %s does not begin with its name and say something: %q", c.name, comment)
	}
	c.status, c.says = match[1], match[2]
	if strings.HasPrefix(c.name, reasonPrefix) && !statuses.MatchString(c.status) {
		return c, fmt.Errorf("the comment of %s does not name its status in parentheses: %q", c.name, comment)
	}
	return c, nil
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
