package v1alpha1_test

import (
	"fmt"
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

func TestObjectAsAWhole(t *testing.T) {
	for name, row := range map[string]struct{ object, want string }{
		"the short form is complete":                         {object: "metadata: {name: public}\nspec: {nodes: {names: [edge-1]}}", want: accepted},
		"a name of 50 characters fits":                       {object: "metadata: {name: " + strings.Repeat("a", 50) + "}\nspec: {nodes: {names: [edge-1]}}", want: accepted},
		"a name of 51 characters is too long":                {object: "metadata: {name: " + strings.Repeat("a", 51) + "}\nspec: {nodes: {names: [edge-1]}}", want: "at most 50 characters"},
		"a name with dots cannot name a Service":             {object: "metadata: {name: www.example.com}\nspec: {nodes: {names: [edge-1]}}", want: "write a name such as public-web"},
		"a name that begins with a digit cannot either":      {object: "metadata: {name: 2nd}\nspec: {nodes: {names: [edge-1]}}", want: "must begin with a letter"},
		"a name whose namespace would be the operator's":     {object: "metadata: {name: ingress-operator-system}\nspec: {nodes: {names: [edge-1]}}", want: "choose another name, or write spec.namespace"},
		"that name with another namespace is fine":           {object: "metadata: {name: ingress-operator-system}\nspec: {namespace: edge-public, nodes: {names: [edge-1]}}", want: accepted},
		"a spec is needed":                                   {object: "metadata: {name: public}", want: "spec: Required value"},
		"nodes are needed":                                   {object: "metadata: {name: public}\nspec: {}", want: "spec.nodes: Required value"},
		"a misspelt field is named":                          {object: "metadata: {name: public}\nspec: {nodes: {names: [edge-1]}, exposre: {}}", want: `unknown field "spec.exposre"`},
		"a misspelt field deep inside is named":              {object: "metadata: {name: public}\nspec: {nodes: {selector: {matchLabel: {pool: edge}}}}", want: `unknown field "spec.nodes.selector.matchLabel"`},
		"a text where an object belongs":                     {object: "metadata: {name: public}\nspec: {nodes: edge-1}", want: `must be of type object: "string"`},
		"an object of another version of the API is unknown": {object: "metadata: {name: public}\nspec: {nodes: {names: [edge-1]}, version: v2}", want: `unknown field "spec.version"`},
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
		"neither selector nor names says which nodes":       {spec: "nodes: {}", want: "write nodes.selector (by label) or nodes.names"},
		"both selector and names contradict each other":     {spec: "nodes: {names: [edge-1], selector: {matchLabels: {pool: edge}}}", want: "exclude each other: remove one"},
		"a selector by label is enough":                     {spec: "nodes: {selector: {matchLabels: {pool: edge}}}", want: accepted},
		"a selector with an empty selector would take all":  {spec: "nodes: {selector: {}}", want: "write matchLabels or matchExpressions"},
		"a selector with empty matchLabels would take all":  {spec: "nodes: {selector: {matchLabels: {}}}", want: "it would take every node"},
		"a selector with nothing in either would take all":  {spec: "nodes: {selector: {matchLabels: {}, matchExpressions: []}}", want: "it would take every node"},
		"an empty label value is a value":                   {spec: `nodes: {selector: {matchLabels: {edge: ""}}}`, want: accepted},
		"a label key may have a domain":                     {spec: "nodes: {selector: {matchLabels: {example.com/pool: edge}}}", want: accepted},
		"a label key with a space is named":                 {spec: `nodes: {selector: {matchLabels: {"my pool": edge}}}`, want: `has "my pool", which is ` + noLabelKey},
		"a label key with two slashes is no key":            {spec: "nodes: {selector: {matchLabels: {a/b/c: edge}}}", want: noLabelKey},
		"a label key whose name is too long is no key":      {spec: "nodes: {selector: {matchLabels: {" + strings.Repeat("a", 64) + ": edge}}}", want: noLabelKey},
		"an endless label key is no key":                    {spec: "nodes: {selector: {matchLabels: {" + strings.Repeat("a", 400) + ": edge}}}", want: noLabelKey},
		"a label value with a space is no value":            {spec: `nodes: {selector: {matchLabels: {pool: "the edge"}}}`, want: "spec.nodes.selector.matchLabels[pool]: Invalid value: \"the edge\": must be a label value"},
		"a label value that ends in a hyphen is no value":   {spec: "nodes: {selector: {matchLabels: {pool: edge-}}}", want: noLabelValue},
		"a label value that is too long is no value":        {spec: "nodes: {selector: {matchLabels: {pool: " + strings.Repeat("a", 64) + "}}}", want: "may not be more than 63"},
		"a label value must be quoted where it is true":     {spec: "nodes: {selector: {matchLabels: {pool: true}}}", want: `must be of type string: "boolean"`},
		"a selector takes at most 16 labels":                {spec: "nodes: {selector: {matchLabels: {" + numbered("l%d: a", 17) + "}}}", want: "must have at most 16"},
		"the operator's own node label cannot choose nodes": {spec: `nodes: {selector: {matchLabels: {edgeingress.node-restriction.kubernetes.io/public: ""}}}`, want: "write another label, such as pool"},

		"In with values is an expression":                {spec: "nodes: {selector: {matchExpressions: [{key: pool, operator: In, values: [a, b]}]}}", want: accepted},
		"NotIn with values is an expression":             {spec: "nodes: {selector: {matchExpressions: [{key: pool, operator: NotIn, values: [a]}]}}", want: accepted},
		"Exists is an expression":                        {spec: "nodes: {selector: {matchExpressions: [{key: edge, operator: Exists}]}}", want: accepted},
		"DoesNotExist is an expression":                  {spec: "nodes: {selector: {matchExpressions: [{key: gpu, operator: DoesNotExist}]}}", want: accepted},
		"labels and expressions go together":             {spec: "nodes: {selector: {matchLabels: {a: b}, matchExpressions: [{key: edge, operator: Exists}]}}", want: accepted},
		"an operator of affinity is not one of labels":   {spec: "nodes: {selector: {matchExpressions: [{key: cores, operator: Gt, values: ['4']}]}}", want: `supported values: "In", "NotIn", "Exists", "DoesNotExist"`},
		"an operator in lower case is not known":         {spec: "nodes: {selector: {matchExpressions: [{key: pool, operator: in, values: [a]}]}}", want: `Unsupported value: "in"`},
		"In needs values":                                {spec: "nodes: {selector: {matchExpressions: [{key: pool, operator: In}]}}", want: "write values with the operators In and NotIn"},
		"NotIn needs values that are not empty":          {spec: "nodes: {selector: {matchExpressions: [{key: pool, operator: NotIn, values: []}]}}", want: "write values with the operators In and NotIn"},
		"Exists takes no values":                         {spec: "nodes: {selector: {matchExpressions: [{key: pool, operator: Exists, values: [a]}]}}", want: "none with Exists and DoesNotExist"},
		"an expression needs a key":                      {spec: "nodes: {selector: {matchExpressions: [{operator: Exists}]}}", want: "matchExpressions[0].key: Required value"},
		"an expression's key must be a label key":        {spec: "nodes: {selector: {matchExpressions: [{key: 'my pool', operator: Exists}]}}", want: "must be a label key"},
		"an expression's value must be a label value":    {spec: "nodes: {selector: {matchExpressions: [{key: pool, operator: In, values: ['a b']}]}}", want: noLabelValue},
		"an expression cannot use the own label":         {spec: "nodes: {selector: {matchExpressions: [{key: edgeingress.node-restriction.kubernetes.io/public, operator: Exists}]}}", want: "write another label"},
		"the role may be what chooses":                   {spec: `nodes: {selector: {matchLabels: {node-role.kubernetes.io/edge: ""}}}`, want: accepted},
		"the role may be what must exist":                {spec: "nodes: {selector: {matchExpressions: [{key: node-role.kubernetes.io/edge, operator: Exists}]}}", want: accepted},
		"the role may be what has one of the values":     {spec: `nodes: {selector: {matchExpressions: [{key: node-role.kubernetes.io/edge, operator: In, values: [""]}]}}`, want: accepted},
		"nodes without the role would flap":              {spec: "nodes: {selector: {matchExpressions: [{key: node-role.kubernetes.io/edge, operator: DoesNotExist}]}}", want: absence},
		"nodes without the role's value would flap":      {spec: `nodes: {selector: {matchExpressions: [{key: node-role.kubernetes.io/edge, operator: NotIn, values: [""]}]}}`, want: absence},
		"nodes without the written role would flap":      {spec: "nodes: {label: edgeingress.dev/dmz, selector: {matchExpressions: [{key: edgeingress.dev/dmz, operator: DoesNotExist}]}}", want: absence},
		"nodes that would flap beside another condition": {spec: "nodes: {selector: {matchLabels: {pool: edge}, matchExpressions: [{key: gpu, operator: DoesNotExist}, {key: node-role.kubernetes.io/edge, operator: DoesNotExist}]}}", want: absence},
		"nodes without the role of others do not flap":   {spec: "nodes: {label: edgeingress.dev/dmz, selector: {matchExpressions: [{key: node-role.kubernetes.io/edge, operator: DoesNotExist}]}}", want: accepted},
		"a selector takes at most 16 expressions":        {spec: "nodes: {selector: {matchExpressions: [" + numbered("{key: k%d, operator: Exists}", 17) + "]}}", want: "must have at most 16 items"},
		"one hundred values are the most one expression": {spec: "nodes: {selector: {matchExpressions: [{key: pool, operator: In, values: [" + numbered("v%d", 101) + "]}]}}", want: "must have at most 100 items"},

		"a name with a domain is the name of a node": {spec: "nodes: {names: [edge-1.example.com]}", want: accepted},
		"500 names fit":                                    {spec: "nodes: {names: [" + numbered("edge-%d", 500) + "]}", want: accepted},
		"an empty name is no name of a node":               {spec: `nodes: {names: [""]}`, want: `has "", which cannot be the name of a node`},
		"501 names are too many: a selector is better":     {spec: "nodes: {names: [" + numbered("edge-%d", 501) + "]}", want: "must have at most 500 items"},
		"no names choose no node":                          {spec: "nodes: {names: []}", want: "write at least one node, or nodes.selector instead"},
		"a name that is written twice is named":            {spec: "nodes: {names: [edge-1, edge-2, edge-1]}", want: `spec.nodes.names[2]: Duplicate value: "edge-1"`},
		"a name in upper case is no name of a node":        {spec: "nodes: {names: [edge-1, Edge-2]}", want: "has \"Edge-2\", which cannot be the name of a node: write names as kubectl get nodes shows them"},
		"a name with an underscore is no name of a node":   {spec: "nodes: {names: [edge_1]}", want: "cannot be the name of a node"},
		"a name that is longer than 253 characters is not": {spec: "nodes: {names: [" + strings.Repeat("a", 254) + "]}", want: "may not be more than 253"},

		"isolation may be Shared":               {spec: "nodes: {names: [edge-1], isolation: Shared}", want: accepted},
		"another isolation than the known ones": {spec: "nodes: {names: [edge-1], isolation: None}", want: `supported values: "Dedicated", "Shared"`},
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
		rows["the role "+verb+strings.ReplaceAll(label, "/", " ")] = verdict{spec: "nodes: {names: [edge-1], label: " + label + "}", want: want}
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
