package provider

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// writtenByBalancers are annotations that a balancer puts on the Service itself; taking them away would start a quarrel with it.
var writtenByBalancers = []string{digitalOceanType, metalLBPool, metalLBPoolBefore, kubeVIPHost}

// annotationsRead are the keys that annotations.go names for this package to read.
func annotationsRead(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "annotations.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, declaration := range file.Decls {
		constants, ok := declaration.(*ast.GenDecl)
		if !ok || constants.Tok != token.CONST {
			continue
		}
		for _, spec := range constants.Specs {
			key, err := strconv.Unquote(spec.(*ast.ValueSpec).Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			keys = append(keys, key)
		}
	}
	return keys
}

func TestEveryAnnotationThatIsReadCountsUnlessABalancerWritesIt(t *testing.T) {
	keys := annotationsRead(t)
	if len(keys) < len(ClientAddressAnnotations) {
		t.Fatalf("%d keys found in annotations.go", len(keys))
	}
	for _, key := range keys {
		want := !slices.Contains(writtenByBalancers, key) && key != ServiceProxyName
		if got := IsClientAddressAnnotation(key); got != want {
			t.Errorf("%s: counts as about the client's address: %t, want %t", key, got, want)
		}
	}
}

func TestIsClientAddressAnnotation(t *testing.T) {
	for key, want := range map[string]bool{
		awsTargetType:                 true,
		hetznerProtocol:               true,
		linodePortPrefix + "443":      true,
		TrafficPolicyFallback:         true,
		digitalOceanType:              false,
		metalLBPool:                   false,
		"metallb.io/address-pool":     false,
		"kube-vip.io/loadbalancerIPs": false,
		strings.ToUpper(awsType):      false,
		"":                            false,
	} {
		t.Run(key, func(t *testing.T) {
			if got := IsClientAddressAnnotation(key); got != want {
				t.Errorf("got %t, want %t", got, want)
			}
		})
	}
}
