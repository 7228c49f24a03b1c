package selfservice_test

import (
	"path/filepath"
	"slices"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/edge-ingress/edge-ingress-operator/test/configfiles"
)

// ofTeams are the fields of a spec that a team chooses: they concern its own nodes and its own requests.
var ofTeams = []string{
	"clientIP.forwardedHeader.header", "clientIP.forwardedHeader.policy", "clientIP.forwardedHeader.protoAndHost", "clientIP.forwardedHeader.trustedCIDRs",
	"clientIP.proxyProtocol.trustedCIDRs", "controller.engine", "controller.kind", "controller.replicas", "controller.resources.limits",
	"controller.resources.requests", "controller.rollout.maxSurge", "controller.rollout.maxUnavailable", "controller.tolerations", "exposure.drainDelay",
	"exposure.ipFamilies", "exposure.ipFamilyPolicy", "exposure.loadBalancer.nodePorts", "exposure.loadBalancer.provider",
	"exposure.loadBalancer.sourceRanges", "nodes.isolation", "nodes.label", "nodes.selector.matchExpressions", "verification.hosts", "verification.probes",
}

// ofPlatform are those that the policy limits. The API server refuses node ports with type LoadBalancer.
var ofPlatform = []string{
	"controller.config", "controller.image.digest", "controller.image.repository", "controller.image.tag", "exposure.loadBalancer.annotations",
	"exposure.loadBalancer.class", "exposure.nodePorts.http", "exposure.nodePorts.https", "exposure.type", "ingressClass.default", "ingressClass.name",
	"namespace", "nodes.names", "nodes.selector.matchLabels",
}

// A new field of the API may reach beyond a team's nodes. Then the policy needs a rule, and otherwise docs/self-service.md a word.
func TestEachFieldIsATeamsOrThePlatformTeams(t *testing.T) {
	definition := &apiextensionsv1.CustomResourceDefinition{}
	if err := configfiles.Read(filepath.Join("..", "crd", "bases", "edgeingress.dev_edgeingresses.yaml"), definition); err != nil {
		t.Fatal(err)
	}
	known := slices.Sorted(slices.Values(slices.Concat(ofTeams, ofPlatform)))
	for _, version := range definition.Spec.Versions {
		fields := fieldsBelow("", version.Schema.OpenAPIV3Schema.Properties["spec"])
		slices.Sort(fields)
		for _, field := range fields {
			if !slices.Contains(known, field) {
				t.Errorf("spec.%s is in neither list: add it to ofTeams, or to ofPlatform with a rule in teams_policy.yaml", field)
			}
		}
		for _, field := range known {
			if !slices.Contains(fields, field) {
				t.Errorf("the API has no spec.%s any more: remove it here, and its rule from teams_policy.yaml", field)
			}
		}
	}
}

// fieldsBelow are the paths of the fields that are no structs.
func fieldsBelow(path string, schema apiextensionsv1.JSONSchemaProps) (fields []string) {
	if len(schema.Properties) == 0 {
		return []string{path}
	}
	for name, property := range schema.Properties {
		below := name
		if path != "" {
			below = path + "." + name
		}
		fields = append(fields, fieldsBelow(below, property)...)
	}
	return fields
}
