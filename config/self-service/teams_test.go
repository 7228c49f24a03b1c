package selfservice_test

import (
	"context"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/test/configfiles"
)

const ownNodes = "nodes: {selector: {matchLabels: {node-restriction.kubernetes.io/edge-team: lamps}}}"

// edgeIngress has a spec in YAML. Where it says nothing of nodes, it has those of the team.
func edgeIngress(name, spec string) *unstructured.Unstructured {
	if !strings.Contains(spec, "nodes:") {
		spec += "\n" + ownNodes
	}
	object := &unstructured.Unstructured{Object: map[string]any{}}
	var parsed map[string]any
	if err := yaml.Unmarshal([]byte(spec), &parsed); err != nil {
		panic(err)
	}
	object.Object["spec"] = parsed
	object.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("EdgeIngress"))
	object.SetName(name)
	return object
}

// choices are specs, and what the refusal says to write instead. Nothing is said of those that a team may choose.
var choices = map[string]struct{ spec, instead string }{
	"nothing":                          {"", ""},
	"fewer of its nodes":               {"nodes: {selector: {matchLabels: {node-restriction.kubernetes.io/edge-team: lamps, zone: a}, matchExpressions: [{key: arch, operator: In, values: [amd64]}]}}", ""},
	"a Deployment":                     {"controller: {kind: Deployment, replicas: 2, resources: {requests: {cpu: 1}}}", ""},
	"tolerations":                      {"controller: {tolerations: [{key: pool, operator: Exists}]}", ""},
	"settings of requests":             {"controller: {config: {proxy-body-size: 8m, use-gzip: 'true'}}", ""},
	"its namespace and class by name":  {"namespace: edge-lamps\ningressClass: {name: lamps, default: Disabled}", ""},
	"a load balancer":                  {"exposure: {type: LoadBalancer, drainDelay: 1m, loadBalancer: {sourceRanges: [192.0.2.0/24]}}", ""},
	"whose addresses it trusts":        {"clientIP: {forwardedHeader: {header: X-Forwarded-For, trustedCIDRs: [192.0.2.0/24]}}", ""},
	"other nodes":                      {"nodes: {selector: {matchLabels: {pool: edge}}}", "set spec.nodes.selector.matchLabels to node-restriction.kubernetes.io/edge-team: lamps"},
	"nodes of another team":            {"nodes: {selector: {matchLabels: {node-restriction.kubernetes.io/edge-team: chairs}}}", "set spec.nodes.selector.matchLabels to"},
	"nodes by expression":              {"nodes: {selector: {matchExpressions: [{key: node-restriction.kubernetes.io/edge-team, operator: In, values: [lamps, chairs]}]}}", "set spec.nodes.selector.matchLabels to"},
	"nodes by name":                    {"nodes: {names: [edge-1]}", "leave spec.nodes.names out"},
	"another namespace":                {"namespace: lamps-web", "leave spec.namespace out"},
	"another program":                  {"controller: {image: {repository: a.example.com/b, tag: v1, digest: 'sha256:" + digest + "'}}", "leave spec.controller.image out"},
	"settings that send requests away": {"controller: {config: {use-gzip: 'true', global-auth-url: 'https://a.example.com'}}", "leave global-auth-url in spec.controller.config out"},
	"settings that send spans away":    {"controller: {config: {otlp-collector-host: b}}", "leave otlp-collector-host in spec.controller.config out"},
	"another class":                    {"ingressClass: {name: public}", "leave spec.ingressClass out"},
	"the default class":                {"ingressClass: {default: Enabled}", "leave spec.ingressClass out"},
	"node ports":                       {"exposure: {type: NodePort, nodePorts: {http: 30080}}", "set spec.exposure.type to LoadBalancer"},
	"the network of the node":          {"exposure: {type: HostNetwork}", "set spec.exposure.type to LoadBalancer"},
	"ports of the node":                {"exposure: {type: HostPort}", "set spec.exposure.type to LoadBalancer"},
	"an address":                       {"exposure: {loadBalancer: {annotations: {metallb.io/loadBalancerIPs: 192.0.2.1}}}", "leave annotations and class of spec.exposure.loadBalancer out"},
	"another load balancer":            {"exposure: {loadBalancer: {class: example.com/other}}", "leave annotations and class of spec.exposure.loadBalancer out"},
}

var digest = strings.Repeat("0123456789abcdef", 4)

func TestWhatATeamMayChoose(t *testing.T) {
	c := as(t, team)
	for name, row := range choices {
		t.Run(name, func(t *testing.T) {
			judge(t, c.Create(t.Context(), edgeIngress(team, row.spec), client.DryRunAll), row.instead)
		})
	}
}

// Node ports belong to the cluster. With the one type that a team may choose, the API server refuses to fix them.
func TestATeamFixesNoNodePorts(t *testing.T) {
	for _, ports := range []string{"{http: 30080}", "{https: 30443}"} {
		spec := "exposure: {type: LoadBalancer, nodePorts: " + ports + "}"
		if err := as(t, team).Create(t.Context(), edgeIngress(team, spec), client.DryRunAll); err == nil {
			t.Errorf("a team may set exposure.nodePorts to %s", ports)
		}
	}
}

func judge(t *testing.T, err error, instead string) {
	t.Helper()
	switch {
	case instead == "" && err != nil:
		t.Errorf("it is refused: %v", err)
	case instead != "" && !refusedByPolicy(err):
		t.Errorf("want it refused by the policy, got %v", err)
	case instead != "" && !strings.Contains(err.Error(), instead):
		t.Errorf("the refusal does not say %q: %v", instead, err)
	}
}

// existing is an EdgeIngress that the platform team made, and ends with the test.
func existing(t *testing.T, name, spec string) *unstructured.Unstructured {
	t.Helper()
	e := edgeIngress(name, spec)
	if err := root.Create(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.IgnoreNotFound(root.Delete(context.WithoutCancel(t.Context()), e)); err != nil {
			t.Errorf("deleting EdgeIngress %s: %v", name, err)
		}
	})
	return e
}

func merge(patch string) client.Patch { return client.RawPatch(types.MergePatchType, []byte(patch)) }

// A change is refused as the creation is, and what the team does not touch is no choice of its own.
func TestATeamChangesWhatItMayChooseAndKeepsTheRest(t *testing.T) {
	const ofPlatform = `
nodes: {names: [edge-1]}
controller: {image: {repository: a.example.com/b, tag: v1, digest: 'sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'}, config: {load-balance: ewma}}
ingressClass: {name: public, default: Enabled}
exposure: {loadBalancer: {class: example.com/other, annotations: {metallb.io/loadBalancerIPs: 192.0.2.1}}}
`
	e, c := existing(t, team, ofPlatform), as(t, team)
	for patch, instead := range map[string]string{
		`{"metadata":{"labels":{"a":"b"}}}`:                                              "",
		`{"spec":{"controller":{"config":{"proxy-body-size":"8m"}}}}`:                    "",
		`{"spec":{"controller":{"config":{"load-balance":null}}}}`:                       "",
		`{"spec":{"controller":{"image":null}}}`:                                         "",
		`{"spec":{"exposure":{"drainDelay":"1m"}}}`:                                      "",
		`{"spec":{"ingressClass":{"default":"Disabled"}}}`:                               "leave spec.ingressClass out",
		`{"spec":{"nodes":{"names":["edge-1","edge-2"]}}}`:                               "leave spec.nodes.names out",
		`{"spec":{"controller":{"image":{"tag":"v2"}}}}`:                                 "leave spec.controller.image out",
		`{"spec":{"controller":{"config":{"load-balance":"round_robin"}}}}`:              "leave load-balance in spec.controller.config out",
		`{"spec":{"exposure":{"type":"HostPort","loadBalancer":null}}}`:                  "set spec.exposure.type to LoadBalancer",
		`{"spec":{"exposure":{"loadBalancer":{"annotations":{"a.example.com/b":"c"}}}}}`: "leave annotations and class of spec.exposure.loadBalancer out",
	} {
		t.Run(patch, func(t *testing.T) {
			judge(t, c.Patch(t.Context(), e.DeepCopy(), merge(patch), client.DryRunAll), instead)
		})
	}
	if err := c.Delete(t.Context(), e.DeepCopy(), client.DryRunAll); err != nil {
		t.Errorf("a team may not delete its EdgeIngress: %v", err)
	}
}

func TestATeamWritesNoOtherEdgeIngress(t *testing.T) {
	const instead = "set metadata.name to lamps"
	e, c := existing(t, "public", "nodes: {names: [edge-1]}"), as(t, team)
	generated := edgeIngress("", "")
	generated.SetGenerateName("lamps-")
	for name, write := range map[string]func() error{
		"create":                        func() error { return c.Create(t.Context(), edgeIngress("another", ""), client.DryRunAll) },
		"create under a longer name":    func() error { return c.Create(t.Context(), edgeIngress("lamps-2", ""), client.DryRunAll) },
		"create under a generated name": func() error { return c.Create(t.Context(), generated, client.DryRunAll) },
		"apply": func() error {
			return c.Apply(t.Context(), client.ApplyConfigurationFromUnstructured(edgeIngress("public", "nodes: {names: [edge-2]}")), client.DryRunAll, client.ForceOwnership, client.FieldOwner("a-writer"))
		},
		"label": func() error {
			return c.Patch(t.Context(), e.DeepCopy(), merge(`{"metadata":{"labels":{"a":"b"}}}`), client.DryRunAll)
		},
		"add a finalizer": func() error {
			return c.Patch(t.Context(), e.DeepCopy(), merge(`{"metadata":{"finalizers":["example.com/stay"]}}`), client.DryRunAll)
		},
		"delete": func() error { return c.Delete(t.Context(), e.DeepCopy(), client.DryRunAll) },
	} {
		t.Run(name, func(t *testing.T) { judge(t, write(), instead) })
	}
	if err := c.DeleteAllOf(t.Context(), &v1alpha1.EdgeIngress{}, client.DryRunAll); err == nil {
		t.Error("a team may delete all EdgeIngress objects")
	}
	if err := c.Status().Patch(t.Context(), e.DeepCopy(), merge(`{"status":{"conditions":[]}}`)); err == nil {
		t.Error("a team may write a status")
	}
}

func TestSomebodyOfTwoTeamsWritesBothAndMixesNothing(t *testing.T) {
	c := as(t, team, "chairs")
	const nodesOfChairs = "nodes: {selector: {matchLabels: {node-restriction.kubernetes.io/edge-team: chairs}}}"
	for name, row := range map[string]struct{ name, spec, instead string }{
		"one":                      {team, "", ""},
		"the other":                {"chairs", nodesOfChairs, ""},
		"the nodes of the other":   {team, nodesOfChairs, "edge-team: lamps"},
		"the class of the other":   {team, "ingressClass: {name: chairs}", "leave spec.ingressClass out"},
		"that of nobody they know": {"public", "", "set metadata.name to lamps or chairs"},
	} {
		t.Run(name, func(t *testing.T) {
			judge(t, c.Create(t.Context(), edgeIngress(row.name, row.spec), client.DryRunAll), row.instead)
		})
	}
}

// A tool that acts for a team, such as Flux or a pipeline, does it as a ServiceAccount.
func TestAServiceAccountOfATeamIsLimitedAsThePeople(t *testing.T) {
	const namespace, name = namespacePrefix + team, "deployer"
	for _, object := range []client.Object{
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}},
		&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}},
	} {
		if err := root.Create(t.Context(), object); err != nil {
			t.Fatal(err)
		}
	}
	// By default an EdgeIngress runs its controllers in edge-NAME (controllers/names), and the guard lets them run there.
	if strings.HasPrefix(namespace, "edge-") {
		t.Errorf("the team may create pods in %s, which is the namespace of the controllers of an EdgeIngress %s", namespace, strings.TrimPrefix(namespace, "edge-"))
	}
	connection, err := configfiles.ConnectionOfPod(t.Context(), root, cluster.Config, namespace, name)
	if err != nil {
		t.Fatal(err)
	}
	c, err := configfiles.Client(connection)
	if err != nil {
		t.Fatal(err)
	}
	judge(t, c.Create(t.Context(), edgeIngress(team, ""), client.DryRunAll), "")
	judge(t, c.Create(t.Context(), edgeIngress("public", ""), client.DryRunAll), "set metadata.name to lamps")
	judge(t, c.Create(t.Context(), edgeIngress(team, choices["the network of the node"].spec), client.DryRunAll), "set spec.exposure.type to LoadBalancer")
}

// The policy is about teams. Everybody else needs the right that they needed before.
func TestOthersAreNotLimited(t *testing.T) {
	if err := root.Create(t.Context(), edgeIngress("anything", "nodes: {names: [edge-1]}\nexposure: {type: HostNetwork}"), client.DryRunAll); err != nil {
		t.Errorf("an administrator is refused: %v", err)
	}
	for name, teams := range map[string][]string{"nobody": nil, "a team without the role": {"tables"}} {
		if err := as(t, teams...).Create(t.Context(), edgeIngress("tables", ownNodes), client.DryRunAll); err == nil || refusedByPolicy(err) {
			t.Errorf("%s: want it refused by RBAC, got %v", name, err)
		}
	}
}

// A team sees what it may not write: which names and ports are taken.
func TestATeamReadsEveryEdgeIngressAndNoSecret(t *testing.T) {
	e, c := existing(t, "read", "nodes: {names: [edge-1]}"), as(t, team)
	if err := c.Get(t.Context(), client.ObjectKeyFromObject(e), &v1alpha1.EdgeIngress{}); err != nil {
		t.Errorf("a team may not read: %v", err)
	}
	secrets := &unstructured.UnstructuredList{}
	secrets.SetAPIVersion("v1")
	secrets.SetKind("SecretList")
	if err := c.List(t.Context(), secrets); err == nil {
		t.Error("a team may read Secrets")
	}
}
