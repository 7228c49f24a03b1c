package assess

import (
	"testing"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

func TestTwoDefaultClasses(t *testing.T) {
	const ok, other = v1alpha1.ReasonConfigWritten, v1alpha1.ReasonOtherDefaultClass
	defaults := func(names ...string) option { return func(g *given) { g.s.DefaultClasses.Items = names } }
	wanted := func(g *given) { g.spec().IngressClass = &v1alpha1.IngressClassSpec{Default: v1alpha1.Enabled} }
	disabled := func(g *given) { g.spec().IngressClass = &v1alpha1.IngressClassSpec{Default: v1alpha1.Disabled} }
	named := func(g *given) {
		g.spec().IngressClass = &v1alpha1.IngressClassSpec{Name: "web", Default: v1alpha1.Enabled}
	}
	unreadClasses := func(g *given) { g.s.DefaultClasses = snapshot.List[string]{Err: errNoAPI} }
	runRows(t, v1alpha1.ConditionConfigEffective, map[string]row{
		"another one is newer":                 {given: []option{wanted, defaults("traefik", ingressName)}, status: no, reason: other, says: "IngressClass traefik is marked as the default too and is newer, so Kubernetes gives it to Ingress objects without a class. Remove the annotation"},
		"ours is newer":                        {given: []option{wanted, defaults(ingressName, "traefik")}, status: yes, reason: ok, says: " IngressClass traefik is marked as the default, too. Kubernetes uses public, because it is the newest. Keep one default class."},
		"two others, one of which is newer":    {given: []option{wanted, defaults("nginx", ingressName, "traefik")}, status: no, reason: other, says: "IngressClass nginx"},
		"a class with a name of its own":       {given: []option{named, defaults("nginx", "web")}, status: no, reason: other, says: "IngressClass nginx"},
		"ours is the only one":                 {given: []option{wanted, defaults(ingressName)}, status: yes, reason: ok},
		"ours is not written yet":              {given: []option{wanted, defaults("traefik")}, status: yes, reason: ok},
		"ours should not be the default":       {given: []option{disabled, defaults("traefik", "nginx")}, status: yes, reason: ok},
		"the spec says nothing of the default": {given: []option{defaults("traefik", "nginx")}, status: yes, reason: ok},
		"the classes could not be read":        {given: []option{wanted, unreadClasses}, status: yes, reason: ok, says: "was not checked"},
	})
}
