package provider

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// enumOfAPI are the values of Provider that the API server accepts, Auto first.
func enumOfAPI(t *testing.T) []v1alpha1.Provider {
	t.Helper()
	source, err := os.ReadFile("../../api/v1alpha1/exposure_types.go")
	if err != nil {
		t.Fatal(err)
	}
	enum := regexp.MustCompile(`Enum=(Auto;PacketForwarding;\S+)`).FindSubmatch(source)
	if enum == nil {
		t.Fatal("the API's list of providers was not found")
	}
	var providers []v1alpha1.Provider
	for name := range strings.SplitSeq(string(enum[1]), ";") {
		providers = append(providers, v1alpha1.Provider(name))
	}
	return providers
}

func TestEveryProviderOfTheAPIIsRegisteredOnce(t *testing.T) {
	enum := enumOfAPI(t)
	for _, p := range enum {
		if there := registration(p) != nil; there == (p == v1alpha1.ProviderAuto) {
			t.Errorf("%s: registered is %t", p, there)
		}
	}
	for i, lb := range registered {
		if !slices.Contains(enum, lb.provider) {
			t.Errorf("%s is registered, and the API does not accept it", lb.provider)
		}
		if i > 0 && registered[i-1].provider == lb.provider {
			t.Errorf("%s is registered twice", lb.provider)
		}
	}
}

func TestRegistrationsAreComplete(t *testing.T) {
	for _, lb := range registered {
		if lb.name == "" || lb.describe == nil {
			t.Errorf("%s has no name or nothing that describes it", lb.provider)
		}
		if per := lb.signs.agentPerService; (per.namePrefix == "") != (per.label == "") {
			t.Errorf("%s: DaemonSets of single Services need a prefix of the name and a label: %+v", lb.provider, per)
		}
		if len(lb.signs.marks) > 0 && len(lb.signs.agents) == 0 {
			t.Errorf("%s: a mark on the Service counts only where an agent runs, and no agent is known", lb.provider)
		}
		if (lb.signs.onNodesOf == "") != (lb.signs.onNodesOfIf == "") {
			t.Errorf("%s: name both the provider whose nodes it uses and the annotation that shows it", lb.provider)
		}
		for _, mark := range lb.signs.marks {
			if !slices.Contains(lb.annotations.written, mark) {
				t.Errorf("%s: %s is a mark, so it belongs to the annotations that are written", lb.provider, mark)
			}
		}
	}
}

// clashes are claims that more than one load balancer makes on the same thing, or one twice.
func clashes(of []*loadBalancer) []string {
	var found []string
	claimed := map[string]v1alpha1.Provider{}
	for _, lb := range of {
		claims := map[string][]string{
			"class ": lb.signs.classes, "condition ": lb.signs.conditions, "annotation ": slices.Concat(lb.annotations.decide, lb.annotations.decidePrefixes, lb.annotations.written),
		}
		for _, sign := range lb.signs.agents {
			claims["image "] = append(claims["image "], sign.images...)
		}
		for kind, values := range claims {
			for _, value := range values {
				if other, there := claimed[kind+value]; there {
					found = append(found, kind+value+": "+string(other)+" and "+string(lb.provider))
				}
				claimed[kind+value] = lb.provider
			}
		}
		for _, other := range of {
			if claimsBeginningOf(lb, other) {
				found = append(found, "beginning of a providerID or annotation: "+string(lb.provider)+" and "+string(other.provider))
			}
		}
	}
	return found
}

// claimsBeginningOf reports whether a prefix of one load balancer is the beginning of another
// claim, of another load balancer or its own.
func claimsBeginningOf(lb, other *loadBalancer) bool {
	begins := func(prefixes, values []string) bool {
		for i, prefix := range prefixes {
			for j, value := range values {
				if strings.HasPrefix(value, prefix) && (lb != other || i != j) {
					return true
				}
			}
		}
		return false
	}
	pattern := lb.signs.providerIDPattern
	return begins(lb.signs.providerIDs, other.signs.providerIDs) ||
		begins(lb.annotations.decidePrefixes, other.annotations.decidePrefixes) ||
		lb != other && begins(lb.annotations.decidePrefixes, slices.Concat(other.annotations.decide, other.annotations.written)) ||
		lb != other && pattern != nil && other.signs.providerIDPattern != nil && pattern.String() == other.signs.providerIDPattern.String() ||
		pattern != nil && slices.ContainsFunc(other.signs.providerIDs, func(prefix string) bool { return pattern.MatchString(prefix + "i-1") })
}

func TestNoTwoLoadBalancersClaimTheSame(t *testing.T) {
	for _, clash := range clashes(registered) {
		t.Error(clash)
	}
}

func TestClashesAreFound(t *testing.T) {
	with := func(change func(*loadBalancer)) []*loadBalancer {
		added := &loadBalancer{provider: "Added"}
		change(added)
		return append(slices.Clone(registered), added)
	}
	tests := map[string]struct {
		change func(*loadBalancer)
		want   string
	}{
		"nothing is claimed twice":                     {change: func(lb *loadBalancer) { lb.signs.classes = []string{"example.com/own"} }},
		"a class":                                      {change: func(lb *loadBalancer) { lb.signs.classes = []string{ciliumBGPClass} }, want: "class"},
		"an annotation that decides":                   {change: func(lb *loadBalancer) { lb.annotations.decide = []string{hetznerProtocol} }, want: "annotation"},
		"an annotation that is written":                {change: func(lb *loadBalancer) { lb.annotations.written = []string{metalLBPool} }, want: "annotation"},
		"an annotation that another one's agent marks": {change: func(lb *loadBalancer) { lb.annotations.decide = []string{kubeVIPHost} }, want: "annotation"},
		"the same annotation in two roles": {change: func(lb *loadBalancer) {
			lb.annotations.decide, lb.annotations.written = []string{"example.com/a"}, []string{"example.com/a"}
		}, want: "annotation"},
		"a family of annotations":                 {change: func(lb *loadBalancer) { lb.annotations.decidePrefixes = []string{hetznerProtocol[:10]} }, want: "beginning"},
		"an annotation of a family":               {change: func(lb *loadBalancer) { lb.annotations.decide = []string{linodePortPrefix + "80"} }, want: "beginning"},
		"the beginning of a providerID":           {change: func(lb *loadBalancer) { lb.signs.providerIDs = []string{"aws://"} }, want: "beginning"},
		"a shorter beginning of a providerID":     {change: func(lb *loadBalancer) { lb.signs.providerIDs = []string{"h"} }, want: "beginning"},
		"a longer beginning of a providerID":      {change: func(lb *loadBalancer) { lb.signs.providerIDs = []string{"aws:///eu"} }, want: "beginning"},
		"a pattern that fits another's beginning": {change: func(lb *loadBalancer) { lb.signs.providerIDPattern = regexp.MustCompile("^gce") }, want: "beginning"},
		"the same pattern": {change: func(lb *loadBalancer) {
			lb.signs.providerIDPattern = registration(v1alpha1.ProviderAlibaba).signs.providerIDPattern
		}, want: "beginning"},
		"a condition":          {change: func(lb *loadBalancer) { lb.signs.conditions = []string{ciliumPoolCondition} }, want: "condition"},
		"an image of an agent": {change: func(lb *loadBalancer) { lb.signs.agents = []agentSign{{images: []string{"cilium/cilium"}}} }, want: "image"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			found := strings.Join(clashes(with(test.change)), "\n")
			if (found == "") != (test.want == "") || !strings.Contains(found, test.want) {
				t.Errorf("got %q, want %q", found, test.want)
			}
		})
	}
}

// key matches strings that look like the key of an annotation or label, or like a class or
// condition: a domain, a slash and more.
var key = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)+/[A-Za-z0-9._-]+$`)

// TestEveryKeyThatAFileNamesIsRegistered finds annotations that a file reads without registering
// them. A change of such an annotation that decides about the client's address would not count as
// drift.
func TestEveryKeyThatAFileNamesIsRegistered(t *testing.T) {
	checked := 0
	for name, file := range filesThatRegister(t) {
		known := map[string]bool{}
		for _, lb := range file.registers {
			for _, k := range slices.Concat(lb.annotations.decide, lb.annotations.decidePrefixes, lb.annotations.written, lb.signs.classes, lb.signs.conditions,
				[]string{lb.signs.agentPerService.label}) {
				known[k] = true
			}
			for _, sign := range slices.Concat(lb.excludes, lb.mayExclude) {
				known[sign.Key] = true
			}
			for _, sign := range lb.signs.agents {
				for label := range sign.labels {
					known[label] = true
				}
			}
		}
		for _, literal := range file.literals {
			if !key.MatchString(literal) {
				continue
			}
			checked++
			if !known[literal] {
				t.Errorf("%s names %q, and registers it neither as an annotation (decide, decidePrefixes, written) nor as a sign", name, literal)
			}
		}
	}
	if checked < 50 {
		t.Errorf("only %d keys were found in the files", checked)
	}
}

func TestEveryAnnotationThatDecidesCounts(t *testing.T) {
	for _, lb := range registered {
		for _, k := range lb.annotations.decide {
			if !IsClientAddressAnnotation(k) {
				t.Errorf("%s of %s does not count", k, lb.provider)
			}
		}
		for _, prefix := range lb.annotations.decidePrefixes {
			if !IsClientAddressAnnotation(prefix + "443") {
				t.Errorf("%s443 of %s does not count", prefix, lb.provider)
			}
		}
		for _, k := range lb.annotations.written {
			if IsClientAddressAnnotation(k) {
				t.Errorf("%s, which %s writes itself, counts as somebody's change", k, lb.provider)
			}
		}
	}
}

func TestIsClientAddressAnnotation(t *testing.T) {
	for key, want := range map[string]bool{
		awsTargetType:        true,
		hetznerProtocol:      true,
		awsTargetNodes:       true,
		hetznerNodes:         true,
		oracleNetworkNodes:   true,
		linodeCheckType:      true,
		digitalOceanTLSPorts: true,
		azurePortPrefix + "443" + azurePortProbePort: true,
		linodePortPrefix + "443":                     true,
		TrafficPolicyFallback:                        true,
		ServiceProxyName:                             false,
		digitalOceanType:                             false,
		metalLBPool:                                  false,
		"metallb.io/address-pool":                    false,
		"kube-vip.io/loadbalancerIPs":                false,
		strings.ToUpper(awsType):                     false,
		"":                                           false,
	} {
		t.Run(key, func(t *testing.T) {
			if got := IsClientAddressAnnotation(key); got != want {
				t.Errorf("got %t, want %t", got, want)
			}
		})
	}
}

// registeringFile is a file that registers load balancers, and the strings that it names.
type registeringFile struct {
	registers []*loadBalancer
	literals  []string
}

// filesThatRegister are the files of this directory with a call of register, by name. All providers have one.
func filesThatRegister(t *testing.T) map[string]*registeringFile {
	t.Helper()
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	files, found := map[string]*registeringFile{}, 0
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		file := readFile(t, parsed)
		if len(file.registers) > 0 {
			files[path] = file
			found += len(file.registers)
		}
	}
	if found != len(registered) {
		t.Fatalf("%d registrations were found in the files, and there are %d", found, len(registered))
	}
	return files
}

func readFile(t *testing.T, parsed *ast.File) *registeringFile {
	t.Helper()
	constants := map[string]v1alpha1.Provider{}
	for _, lb := range registered {
		constants["Provider"+string(lb.provider)] = lb.provider
	}
	file := &registeringFile{}
	ast.Inspect(parsed, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.BasicLit:
			if n.Kind == token.STRING {
				literal, err := strconv.Unquote(n.Value)
				if err != nil {
					t.Fatal(err)
				}
				file.literals = append(file.literals, literal)
			}
		case *ast.KeyValueExpr:
			name, isName := n.Key.(*ast.Ident)
			constant, isConstant := n.Value.(*ast.SelectorExpr)
			if isName && isConstant && name.Name == "provider" {
				file.registers = append(file.registers, registration(constants[constant.Sel.Name]))
			}
		}
		return true
	})
	return file
}
