package v1alpha1_test

import (
	"fmt"
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

func TestObjectAsAWhole(t *testing.T) {
	for name, row := range map[string]struct{ object, want string }{
		"the short form is complete":                         {"metadata: {name: public}\nspec: {nodes: {names: [edge-1]}}", accepted},
		"a name of 50 characters fits":                       {"metadata: {name: " + strings.Repeat("a", 50) + "}\nspec: {nodes: {names: [edge-1]}}", accepted},
		"a name of 51 characters is too long":                {"metadata: {name: " + strings.Repeat("a", 51) + "}\nspec: {nodes: {names: [edge-1]}}", "at most 50 characters"},
		"a name with dots cannot name a Service":             {"metadata: {name: www.example.com}\nspec: {nodes: {names: [edge-1]}}", "write a name such as public-web"},
		"a name that begins with a digit cannot either":      {"metadata: {name: 2nd}\nspec: {nodes: {names: [edge-1]}}", "must begin with a letter"},
		"a name whose namespace would be the operator's":     {"metadata: {name: ingress-operator-system}\nspec: {nodes: {names: [edge-1]}}", "choose another name, or write spec.namespace"},
		"that name with another namespace is fine":           {"metadata: {name: ingress-operator-system}\nspec: {namespace: edge-public, nodes: {names: [edge-1]}}", accepted},
		"a spec is needed":                                   {"metadata: {name: public}", "spec: Required value"},
		"nodes are needed":                                   {"metadata: {name: public}\nspec: {}", "spec.nodes: Required value"},
		"a misspelt field is named":                          {"metadata: {name: public}\nspec: {nodes: {names: [edge-1]}, exposre: {}}", `unknown field "spec.exposre"`},
		"a misspelt field deep inside is named":              {"metadata: {name: public}\nspec: {nodes: {selector: {matchLabel: {pool: edge}}}}", `unknown field "spec.nodes.selector.matchLabel"`},
		"a text where an object belongs is told what to be":  {"metadata: {name: public}\nspec: {nodes: edge-1}", `must be of type object: "string"`},
		"an object of another version of the API is unknown": {"metadata: {name: public}\nspec: {nodes: {names: [edge-1]}, version: v2}", `unknown field "spec.version"`},
	} {
		t.Run(name, func(t *testing.T) {
			requireVerdict(t, strict.Create(t.Context(), manifest(t, row.object), client.DryRunAll), row.want)
		})
	}
}

func TestNodes(t *testing.T) {
	const noLabelKey, noLabelValue = "no label key: write name or example.com/name", "at most 63 letters, digits"
	const absence = "by the absence of nodes.label, because the operator gives that label to the nodes it chose"
	judge(t, "", map[string]verdict{
		"neither selector nor names says which nodes":       {"nodes: {}", "write nodes.selector (by label) or nodes.names"},
		"both selector and names contradict each other":     {"nodes: {names: [edge-1], selector: {matchLabels: {pool: edge}}}", "exclude each other: remove one"},
		"a selector by label is enough":                     {"nodes: {selector: {matchLabels: {pool: edge}}}", accepted},
		"a selector with an empty selector would take all":  {"nodes: {selector: {}}", "write matchLabels or matchExpressions"},
		"a selector with empty matchLabels would take all":  {"nodes: {selector: {matchLabels: {}}}", "it would take every node"},
		"a selector with nothing in either would take all":  {"nodes: {selector: {matchLabels: {}, matchExpressions: []}}", "it would take every node"},
		"an empty label value is a value":                   {`nodes: {selector: {matchLabels: {edge: ""}}}`, accepted},
		"a label key may have a domain":                     {"nodes: {selector: {matchLabels: {example.com/pool: edge}}}", accepted},
		"a label key with a space is named":                 {`nodes: {selector: {matchLabels: {"my pool": edge}}}`, `has "my pool", which is ` + noLabelKey},
		"a label key with two slashes is no key":            {"nodes: {selector: {matchLabels: {a/b/c: edge}}}", noLabelKey},
		"a label key whose name is too long is no key":      {"nodes: {selector: {matchLabels: {" + strings.Repeat("a", 64) + ": edge}}}", noLabelKey},
		"an endless label key is no key":                    {"nodes: {selector: {matchLabels: {" + strings.Repeat("a", 400) + ": edge}}}", noLabelKey},
		"a label value with a space is no value":            {`nodes: {selector: {matchLabels: {pool: "the edge"}}}`, "spec.nodes.selector.matchLabels[pool]: Invalid value: \"the edge\": must be a label value"},
		"a label value that ends in a hyphen is no value":   {"nodes: {selector: {matchLabels: {pool: edge-}}}", noLabelValue},
		"a label value that is too long is no value":        {"nodes: {selector: {matchLabels: {pool: " + strings.Repeat("a", 64) + "}}}", "may not be more than 63"},
		"a label value must be quoted where it is true":     {"nodes: {selector: {matchLabels: {pool: true}}}", `must be of type string: "boolean"`},
		"a selector takes at most 16 labels":                {"nodes: {selector: {matchLabels: {" + numbered("l%d: a", 17) + "}}}", "must have at most 16"},
		"the operator's own node label cannot choose nodes": {`nodes: {selector: {matchLabels: {edgeingress.node-restriction.kubernetes.io/public: ""}}}`, "write another label, such as pool"},

		"In with values is an expression":                {"nodes: {selector: {matchExpressions: [{key: pool, operator: In, values: [a, b]}]}}", accepted},
		"NotIn with values is an expression":             {"nodes: {selector: {matchExpressions: [{key: pool, operator: NotIn, values: [a]}]}}", accepted},
		"Exists is an expression":                        {"nodes: {selector: {matchExpressions: [{key: edge, operator: Exists}]}}", accepted},
		"DoesNotExist is an expression":                  {"nodes: {selector: {matchExpressions: [{key: gpu, operator: DoesNotExist}]}}", accepted},
		"labels and expressions go together":             {"nodes: {selector: {matchLabels: {a: b}, matchExpressions: [{key: edge, operator: Exists}]}}", accepted},
		"an operator of affinity is not one of labels":   {"nodes: {selector: {matchExpressions: [{key: cores, operator: Gt, values: ['4']}]}}", `supported values: "In", "NotIn", "Exists", "DoesNotExist"`},
		"an operator in lower case is not known":         {"nodes: {selector: {matchExpressions: [{key: pool, operator: in, values: [a]}]}}", `Unsupported value: "in"`},
		"In needs values":                                {"nodes: {selector: {matchExpressions: [{key: pool, operator: In}]}}", "write values with the operators In and NotIn"},
		"NotIn needs values that are not empty":          {"nodes: {selector: {matchExpressions: [{key: pool, operator: NotIn, values: []}]}}", "write values with the operators In and NotIn"},
		"Exists takes no values":                         {"nodes: {selector: {matchExpressions: [{key: pool, operator: Exists, values: [a]}]}}", "none with Exists and DoesNotExist"},
		"an expression needs a key":                      {"nodes: {selector: {matchExpressions: [{operator: Exists}]}}", "matchExpressions[0].key: Required value"},
		"an expression's key must be a label key":        {"nodes: {selector: {matchExpressions: [{key: 'my pool', operator: Exists}]}}", "must be a label key"},
		"an expression's value must be a label value":    {"nodes: {selector: {matchExpressions: [{key: pool, operator: In, values: ['a b']}]}}", noLabelValue},
		"an expression cannot use the own label":         {"nodes: {selector: {matchExpressions: [{key: edgeingress.node-restriction.kubernetes.io/public, operator: Exists}]}}", "write another label"},
		"the role may be what chooses":                   {`nodes: {selector: {matchLabels: {node-role.kubernetes.io/edge: ""}}}`, accepted},
		"the role may be what must exist":                {"nodes: {selector: {matchExpressions: [{key: node-role.kubernetes.io/edge, operator: Exists}]}}", accepted},
		"the role may be what has one of the values":     {`nodes: {selector: {matchExpressions: [{key: node-role.kubernetes.io/edge, operator: In, values: [""]}]}}`, accepted},
		"nodes without the role would flap":              {"nodes: {selector: {matchExpressions: [{key: node-role.kubernetes.io/edge, operator: DoesNotExist}]}}", absence},
		"nodes without the role's value would flap":      {`nodes: {selector: {matchExpressions: [{key: node-role.kubernetes.io/edge, operator: NotIn, values: [""]}]}}`, absence},
		"nodes without the written role would flap":      {"nodes: {label: edgeingress.dev/dmz, selector: {matchExpressions: [{key: edgeingress.dev/dmz, operator: DoesNotExist}]}}", absence},
		"nodes that would flap beside another condition": {"nodes: {selector: {matchLabels: {pool: edge}, matchExpressions: [{key: gpu, operator: DoesNotExist}, {key: node-role.kubernetes.io/edge, operator: DoesNotExist}]}}", absence},
		"nodes without the role of others do not flap":   {"nodes: {label: edgeingress.dev/dmz, selector: {matchExpressions: [{key: node-role.kubernetes.io/edge, operator: DoesNotExist}]}}", accepted},
		"a selector takes at most 16 expressions":        {"nodes: {selector: {matchExpressions: [" + numbered("{key: k%d, operator: Exists}", 17) + "]}}", "must have at most 16 items"},
		"one hundred values are the most one expression": {"nodes: {selector: {matchExpressions: [{key: pool, operator: In, values: [" + numbered("v%d", 101) + "]}]}}", "must have at most 100 items"},

		"a name with a domain is the name of a node": {"nodes: {names: [edge-1.example.com]}", accepted},
		"500 names fit":                                    {"nodes: {names: [" + numbered("edge-%d", 500) + "]}", accepted},
		"an empty name is no name of a node":               {`nodes: {names: [""]}`, `has "", which cannot be the name of a node`},
		"501 names are too many: a selector is better":     {"nodes: {names: [" + numbered("edge-%d", 501) + "]}", "must have at most 500 items"},
		"no names choose no node":                          {"nodes: {names: []}", "write at least one node, or nodes.selector instead"},
		"a name that is written twice is named":            {"nodes: {names: [edge-1, edge-2, edge-1]}", `spec.nodes.names[2]: Duplicate value: "edge-1"`},
		"a name in upper case is no name of a node":        {"nodes: {names: [edge-1, Edge-2]}", "has \"Edge-2\", which cannot be the name of a node: write names as kubectl get nodes shows them"},
		"a name with an underscore is no name of a node":   {"nodes: {names: [edge_1]}", "cannot be the name of a node"},
		"a name that is longer than 253 characters is not": {"nodes: {names: [" + strings.Repeat("a", 254) + "]}", "may not be more than 253"},

		"isolation may be Shared":                  {"nodes: {names: [edge-1], isolation: Shared}", accepted},
		"another isolation is told the known ones": {"nodes: {names: [edge-1], isolation: None}", `supported values: "Dedicated", "Shared"`},
	})
}

func TestRoleLabel(t *testing.T) {
	const foreign, remedy = "other roles are not this operator's to give", "write node-role.kubernetes.io/edge, or remove nodes.label"
	rows := map[string]verdict{}
	for label, want := range map[string]string{
		"node-role.kubernetes.io/edge":                            accepted,
		"node-role.kubernetes.io/ingress":                         accepted,
		"node-role.kubernetes.io/edge-internal":                   accepted,
		"node-role.kubernetes.io/ingress-dmz.2":                   accepted,
		"edgeingress.dev/x":                                       accepted,
		"edgeingress.dev/edge-internal":                           accepted,
		"node-role.kubernetes.io/control-plane":                   foreign,
		"node-role.kubernetes.io/master":                          foreign,
		"node-role.kubernetes.io/worker":                          foreign,
		"node-role.kubernetes.io/edgeless":                        foreign,
		"node.kubernetes.io/exclude-from-external-load-balancers": foreign,
		"node.kubernetes.io/unschedulable":                        foreign,
		"kubernetes.io/hostname":                                  foreign,
		"topology.kubernetes.io/zone":                             foreign,
		"node-restriction.kubernetes.io/edge":                     foreign,
		"edgeingress.node-restriction.kubernetes.io/x":            foreign,
		"taint.edgeingress.dev/x":                                 foreign,
		"xedgeingress.dev/x":                                      foreign,
		"example.com/edge":                                        foreign,
		"edge":                                                    foreign,
		"edgeingress.dev/name":                                    remedy,
		"node-role.kubernetes.io/edge-":                           remedy,
		"node-role.kubernetes.io/edge-" + strings.Repeat("a", 59): "at most 63 characters after the slash",
		"edgeingress.dev/a/b":                                     remedy,
		"edgeingress.dev/" + strings.Repeat("a", 85):              "may not be more than 100",
	} {
		verb := "can be given: "
		if want != accepted {
			verb = "cannot be given: "
		}
		rows["the role "+verb+strings.ReplaceAll(label, "/", " ")] = verdict{"nodes: {names: [edge-1], label: " + label + "}", want}
	}
	judge(t, "", rows)
}

// numbered writes a list with the numbers from 0.
func numbered(format string, count int) string {
	items := make([]string, count)
	for i := range items {
		items[i] = fmt.Sprintf(format, i)
	}
	return strings.Join(items, ", ")
}
