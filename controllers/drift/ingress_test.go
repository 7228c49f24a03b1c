package drift_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/edge-ingress/edge-ingress-operator/controllers/drift"
)

// What leads requests away from the witness is ours; notes of other tools are not.
func TestAdditionsToTheIngress(t *testing.T) {
	const head = "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: x, annotations: {a.ingress.kubernetes.io/ssl-redirect: 'false'"
	const spec = "}}, spec: {ingressClassName: public, rules: [{host: a.invalid}]"
	wanted := parse(t, head+spec+"}}")
	for name, test := range map[string]struct {
		live string
		want []string
	}{
		"nothing":                       {live: head + spec + "}}"},
		"the status":                    {live: head + spec + "}, status: {loadBalancer: {ingress: [{ip: 192.0.2.1}]}}}"},
		"a note":                        {live: head + ", example.com/note: x" + spec + "}}"},
		"an annotation of a controller": {live: head + ", a.ingress.kubernetes.io/permanent-redirect: x" + spec + "}}", want: []string{"metadata.annotations.a.ingress.kubernetes.io/permanent-redirect"}},
		"a class in the old way":        {live: head + ", kubernetes.io/ingress.class: x" + spec + "}}", want: []string{"metadata.annotations.kubernetes.io/ingress.class"}},
		"a default backend":             {live: head + spec + ", defaultBackend: {service: {name: x}}}}", want: []string{"spec.defaultBackend"}},
		"certificates":                  {live: head + spec + ", tls: [{hosts: [a]}]}}", want: []string{"spec.tls"}},
		"another rule":                  {live: head + "}}, spec: {ingressClassName: public, rules: [{host: a.invalid}, {host: b}]}}", want: []string{"spec.rules"}},
	} {
		t.Run(name, func(t *testing.T) {
			differences := drift.Find(parse(t, test.live), wanted)
			if diff := cmp.Diff(test.want, drift.Fields(differences), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			for _, d := range differences {
				if !d.Decides {
					t.Errorf("%s does not make the verdict Unknown", d.Field)
				}
			}
		})
	}
}
