package registry

import (
	"os"
	"slices"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// The API offers the engines that the operator has, and no others.
func TestTheAPIOffersTheEnginesOfTheRegistry(t *testing.T) {
	content, err := os.ReadFile("../../../config/crd/bases/edgeingress.dev_edgeingresses.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var crd apiextensionsv1.CustomResourceDefinition
	if err := yaml.UnmarshalStrict(content, &crd); err != nil {
		t.Fatal(err)
	}
	field := crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"].Properties["controller"].Properties["engine"]
	var offered, known []string
	for _, value := range field.Enum {
		offered = append(offered, strings.Trim(string(value.Raw), `"`))
	}
	for _, engine := range All() {
		known = append(known, string(engine.Name()))
	}
	slices.Sort(offered)
	slices.Sort(known)
	if !slices.Equal(offered, known) {
		t.Errorf("the API offers %v, the registry has %v", offered, known)
	}
	if standard := strings.Trim(string(field.Default.Raw), `"`); standard != string(All()[0].Name()) {
		t.Errorf("the API's default is %s, the registry's %s", standard, All()[0].Name())
	}
}

func TestFor(t *testing.T) {
	for name, test := range map[string]struct {
		asked v1alpha1.Engine
		want  v1alpha1.Engine
		says  string
	}{
		"the default":           {want: v1alpha1.EngineIngressNGINX},
		"by name":               {asked: v1alpha1.EngineIngressNGINX, want: v1alpha1.EngineIngressNGINX},
		"of a newer version":    {asked: "Traefik", says: `does not have "Traefik"`},
		"names are as they are": {asked: "ingressnginx", says: "change spec.controller.engine"},
	} {
		t.Run(name, func(t *testing.T) {
			edge := &v1alpha1.EdgeIngress{}
			edge.Spec.Controller.Engine = test.asked
			got, err := For(edge)
			switch {
			case test.says != "" && (err == nil || !strings.Contains(err.Error(), test.says)):
				t.Errorf("got %v, want an error that says %q", err, test.says)
			case test.says == "" && (err != nil || got.Name() != test.want):
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}
