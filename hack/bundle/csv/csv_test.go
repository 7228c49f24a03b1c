package csv

import (
	"strings"
	"testing"

	"github.com/operator-framework/api/pkg/operators/v1alpha1"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/edge-ingress/edge-ingress-operator/hack/bundle/manifest"
	"github.com/edge-ingress/edge-ingress-operator/hack/bundle/release"
)

const base = `
apiVersion: operators.coreos.com/v1alpha1
kind: ClusterServiceVersion
metadata:
  name: lamp-operator
  annotations: {capabilities: Basic Install}
spec:
  displayName: Lamps
  description: Lamps of $VERSION.
  install: {strategy: deployment, spec: {deployments: null}}
  customresourcedefinitions:
    owned: [{name: lamps.example.com, kind: Lamp, version: v1}]
`

const operator = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: lamps.example.com}
spec:
  group: example.com
  scope: Cluster
  names: {kind: Lamp, plural: lamps}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              clientIP: {type: object, properties: {trustedCIDRs: {type: array, description: "who is\nbelieved"}}}
              count: {type: integer}
              colour: {type: string, enum: [Red, Green]}
              resources: {type: object, properties: {limits: {type: object}}}
          status:
            type: object
            properties:
              conditions: {type: array}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: lamp-operator, namespace: lamps, labels: {app: lamps}}
spec:
  selector: {matchLabels: {app: lamps}}
  template:
    metadata: {labels: {app: lamps}}
    spec:
      serviceAccountName: lamp-operator
      containers: [{name: manager, image: placeholder}]
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: lamp-operator, namespace: lamps}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: lamp-operator}
rules: [{apiGroups: [example.com], resources: [lamps], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: lamp-viewer}
rules: [{apiGroups: [example.com], resources: [lamps], verbs: [list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: lamp-election, namespace: lamps}
rules: [{apiGroups: [coordination.k8s.io], resources: [leases], verbs: [update]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: lamp-operator}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: lamp-operator}
subjects: [{kind: ServiceAccount, name: lamp-operator, namespace: lamps}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: lamp-election, namespace: lamps}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: lamp-election}
subjects: [{kind: ServiceAccount, name: lamp-operator, namespace: lamps}]
---
apiVersion: v1
kind: Service
metadata: {name: lamp-metrics, namespace: lamps}
spec: {ports: [{port: 8443}]}
`

func input(t *testing.T, extra ...string) Input {
	t.Helper()
	objects, err := manifest.Read(strings.NewReader(strings.Join(append([]string{operator}, extra...), "\n---\n")))
	if err != nil {
		t.Fatal(err)
	}
	version, err := release.Parse("v1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	return Input{
		Base: []byte(base), Icon: []byte("<svg/>"), Objects: objects, Version: version, CreatedAt: "2026-01-02T00:00:00Z",
		OperatorImage: "registry.example.com/lamp@sha256:1", RelatedImages: map[string]string{"bulb": "registry.example.com/bulb@sha256:2"},
	}
}

func build(t *testing.T, in Input) Result {
	t.Helper()
	result, err := Build(in)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestBuildTakesPermissionsFromTheBindings(t *testing.T) {
	strategy := build(t, input(t)).CSV.Spec.InstallStrategy.StrategySpec
	checkRule(t, "cluster", strategy.ClusterPermissions, rbacv1.PolicyRule{APIGroups: []string{"example.com"}, Resources: []string{"lamps"}, Verbs: []string{"get"}})
	checkRule(t, "namespaced", strategy.Permissions, rbacv1.PolicyRule{APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, Verbs: []string{"update"}})
}

func checkRule(t *testing.T, which string, got []v1alpha1.StrategyDeploymentPermissions, want rbacv1.PolicyRule) {
	t.Helper()
	if len(got) != 1 || got[0].ServiceAccountName != "lamp-operator" || len(got[0].Rules) != 1 || got[0].Rules[0].String() != want.String() {
		t.Errorf("%s permissions are %v, want lamp-operator with %v", which, got, want)
	}
}

func TestBuildPutsBesideTheCSVWhatOLMDoesNotMake(t *testing.T) {
	var got []string
	for _, object := range build(t, input(t)).Beside {
		got = append(got, object.GetKind()+"/"+object.GetName())
		if object.GetNamespace() != "" {
			t.Errorf("%s has the namespace %q, which OLM has to choose", object.GetName(), object.GetNamespace())
		}
	}
	want := "CustomResourceDefinition/lamps.example.com ClusterRole/lamp-viewer Service/lamp-metrics"
	if strings.Join(got, " ") != want {
		t.Errorf("beside the ClusterServiceVersion are %v, want %s", got, want)
	}
}

func TestBuildNamesVersionAndImages(t *testing.T) {
	csv := build(t, input(t)).CSV
	if csv.Name != "lamp-operator.v1.2.3" || csv.Spec.Version.String() != "1.2.3" {
		t.Errorf("name and version are %q and %q", csv.Name, csv.Spec.Version)
	}
	if csv.Spec.Description != "Lamps of v1.2.3." || csv.Annotations["olm.skipRange"] != "<1.2.3" {
		t.Errorf("the description is %q and the range %q", csv.Spec.Description, csv.Annotations["olm.skipRange"])
	}
	if image := csv.Spec.InstallStrategy.StrategySpec.DeploymentSpecs[0].Spec.Template.Spec.Containers[0].Image; image != "registry.example.com/lamp@sha256:1" {
		t.Errorf("the operator runs %q", image)
	}
	if related := csv.Spec.RelatedImages; len(related) != 2 || related[1].Name != "bulb" || related[1].Image != "registry.example.com/bulb@sha256:2" {
		t.Errorf("related images are %v", related)
	}
}

// OpenShift shows this to people whose cluster has no internet.
func TestOnlyDigestsCanBeMirrored(t *testing.T) {
	for name, test := range map[string]struct{ operator, bulb, want string }{
		"digests":                {"a.example.com/lamp@sha256:1", "a.example.com/bulb@sha256:2", "true"},
		"the operator has a tag": {"a.example.com/lamp:v1.2.3", "a.example.com/bulb@sha256:2", "false"},
		"another image has one":  {"a.example.com/lamp@sha256:1", "a.example.com/bulb:v1", "false"},
	} {
		t.Run(name, func(t *testing.T) {
			in := input(t)
			in.OperatorImage, in.RelatedImages["bulb"] = test.operator, test.bulb
			if got := build(t, in).CSV.Annotations["features.operators.openshift.io/disconnected"]; got != test.want {
				t.Errorf("it says %q, want %q", got, test.want)
			}
		})
	}
}

func TestBuildDescribesEveryField(t *testing.T) {
	owned := build(t, input(t)).CSV.Spec.CustomResourceDefinitions.Owned[0]
	var got []string
	for _, d := range owned.SpecDescriptors {
		got = append(got, d.Path+"="+d.DisplayName+"="+d.Description+"="+strings.Join(d.XDescriptors, ","))
	}
	want := []string{
		"clientIP=Client IP==",
		"clientIP.trustedCIDRs=Client IP Trusted CIDRs=who is believed=",
		"colour=Colour==" + drawChoice + "Red," + drawChoice + "Green",
		"count=Count==" + drawNumber,
		"resources=Resources==" + drawResources,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("descriptors are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if len(owned.StatusDescriptors) != 1 || owned.StatusDescriptors[0].XDescriptors[0] != drawConditions {
		t.Errorf("status descriptors are %v", owned.StatusDescriptors)
	}
}

func TestBuildRefusesWhatItWouldLose(t *testing.T) {
	for name, test := range map[string]struct{ extra, want string }{
		"an object of a kind that it does not know": {
			extra: "apiVersion: v1\nkind: Secret\nmetadata: {name: key}", want: "Secret key",
		},
		"a binding of another ServiceAccount": {
			extra: `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: strangers}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: lamp-viewer}
subjects: [{kind: ServiceAccount, name: stranger, namespace: lamps}]`, want: "strangers",
		},
		"a binding of a role that is not there": {
			extra: `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: dangling}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: absent}
subjects: [{kind: ServiceAccount, name: lamp-operator, namespace: lamps}]`, want: "absent",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Build(input(t, test.extra)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v, want one about %q", err, test.want)
			}
		})
	}
}

func TestDisplayNameIsThePathInWords(t *testing.T) {
	for path, want := range map[string]string{
		"nodes":                               "Nodes",
		"controller.kind":                     "Controller Kind",
		"clientIP.proxyProtocol.trustedCIDRs": "Proxy Protocol Trusted CIDRs",
		"exposure.ipFamilyPolicy":             "Exposure IP Family Policy",
		"exposure.nodePorts.https":            "Node Ports HTTPS",
	} {
		if got := displayName(path); got != want {
			t.Errorf("%s is named %q, want %q", path, got, want)
		}
	}
}
