package v1alpha1_test

import (
	"fmt"
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

func TestVerification(t *testing.T) {
	const name = "write a name such as www.example.com"
	var many []string
	for i := range 17 {
		many = append(many, fmt.Sprintf("a%d.example.com", i))
	}
	judge(t, someNodes, map[string]verdict{
		"nothing is said":                    {spec: "verification: {}", want: accepted},
		"probes are switched on":             {spec: "verification: {probes: Enabled}", want: accepted},
		"probes are switched off":            {spec: "verification: {probes: Disabled}", want: accepted},
		"probes are neither on nor off":      {spec: "verification: {probes: Sometimes}", want: `supported values: "Enabled", "Disabled"`},
		"host names":                         {spec: "verification: {hosts: [www.example.com, shop.example.com]}", want: accepted},
		"a host name in upper case":          {spec: "verification: {hosts: [WWW.example.com]}", want: name},
		"a wildcard is no host name":         {spec: "verification: {hosts: ['*.example.com']}", want: name},
		"a URL is no host name":              {spec: "verification: {hosts: ['https://www.example.com/']}", want: name},
		"an address with a port is no name":  {spec: "verification: {hosts: ['192.0.2.1:80']}", want: name},
		"a host name twice":                  {spec: "verification: {hosts: [a.example.com, a.example.com]}", want: "Duplicate value"},
		"a host name that would add a key":   {spec: `verification: {hosts: ["a.example.com\n  - host: b"]}`, want: name},
		"more host names than anybody needs": {spec: "verification: {hosts: [" + strings.Join(many, ", ") + "]}", want: "must have at most 16 items"},
	})
}

func TestReports(t *testing.T) {
	const node = "node is the node of an inside vantage"
	for name, row := range map[string]verdict{
		"from a node":                {spec: "{edgeIngress: public, vantage: Inside, node: a}", want: accepted},
		"from outside":               {spec: "{edgeIngress: public, vantage: Outside}", want: accepted},
		"from inside without a node": {spec: "{edgeIngress: public, vantage: Inside}", want: node},
		"from outside with a node":   {spec: "{edgeIngress: public, vantage: Outside, node: a}", want: node},
		"from nowhere":               {spec: "{edgeIngress: public}", want: "vantage"},
		"from elsewhere":             {spec: "{edgeIngress: public, vantage: Moon}", want: `supported values: "Inside", "Outside"`},
		"about nothing":              {spec: "{vantage: Outside}", want: "edgeIngress"},
	} {
		t.Run(name, func(t *testing.T) {
			report := manifest(t, "metadata: {name: a}\nspec: "+row.spec)
			report.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("SourceIPReport"))
			requireVerdict(t, strict.Create(t.Context(), report, client.DryRunAll), row.want)
		})
	}
}

// A report keeps its vantage: otherwise whoever may write reports from outside could turn one into a report
// from inside.
func TestAReportKeepsItsVantage(t *testing.T) {
	before := manifest(t, "metadata: {name: vantage}\nspec: {edgeIngress: public, vantage: Outside}")
	before.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("SourceIPReport"))
	create(t, before)
	for name, spec := range map[string]string{
		"from inside":          "{edgeIngress: public, vantage: Inside, node: a}",
		"about something else": "{edgeIngress: other, vantage: Outside}",
	} {
		t.Run(name, func(t *testing.T) {
			after := manifest(t, "metadata: {name: vantage}\nspec: "+spec)
			after.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("SourceIPReport"))
			after.SetResourceVersion(before.GetResourceVersion())
			requireVerdict(t, strict.Update(t.Context(), after, client.DryRunAll), "spec cannot be changed: create another SourceIPReport")
		})
	}
}
