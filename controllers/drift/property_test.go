package drift_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"sigs.k8s.io/yaml"

	"github.com/edge-ingress/edge-ingress-operator/controllers/drift"
	"github.com/edge-ingress/edge-ingress-operator/controllers/drift/drifttest"
)

// plain is a controller as the operator requests it. full also has fields that the operator does
// not set today.
const (
	plain = `
serviceAccountName: a
automountServiceAccountToken: true
enableServiceLinks: false
nodeSelector: {kubernetes.io/os: linux}
tolerations: [{key: edge, operator: Exists}]
dnsPolicy: ClusterFirst
terminationGracePeriodSeconds: 300
containers:
- name: controller
  image: example.com/controller:1
  args: [/controller, --configmap=a/b]
  env:
  - {name: POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
  - {name: PLAIN, value: a}
  lifecycle: {preStop: {exec: {command: [/bin/sh, -c, sleep 30]}}}
  livenessProbe: {httpGet: {path: /healthz, port: 10254, scheme: HTTP}, timeoutSeconds: 5}
  readinessProbe: {httpGet: {path: /healthz, port: 10254, scheme: HTTP}, timeoutSeconds: 5}
  ports:
  - {containerPort: 80, name: http, protocol: TCP}
  - {containerPort: 443, name: https, protocol: TCP}
  resources: {requests: {cpu: 100m}}
  securityContext: {allowPrivilegeEscalation: false, runAsUser: 101, capabilities: {add: [NET_BIND_SERVICE], drop: [ALL]}}
`
	full = plain + `
  workingDir: /a
  volumeMounts: [{name: v, mountPath: /v}]
  startupProbe: {exec: {command: [a]}}
  envFrom: [{configMapRef: {name: a}}]
initContainers: [{name: before, image: example.com/before:1}]
volumes: [{name: v, configMap: {name: v}}]
hostNetwork: true
shareProcessNamespace: true
securityContext: {sysctls: [{name: net.core.somaxconn, value: "9"}]}
hostAliases: [{ip: 192.0.2.9, hostnames: [a]}]
`
)

func podSpecOf(t testing.TB, text string) corev1.PodSpec {
	t.Helper()
	var spec corev1.PodSpec
	if err := yaml.UnmarshalStrict([]byte(text), &spec); err != nil {
		t.Fatal(err)
	}
	return spec
}

// daemonSet is the object as the API server encodes it.
func daemonSet(t testing.TB, spec corev1.PodSpec) *unstructured.Unstructured {
	t.Helper()
	object := &appsv1.DaemonSet{Spec: appsv1.DaemonSetSpec{Template: corev1.PodTemplateSpec{Spec: spec}}}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		t.Fatal(err)
	}
	delete(content, "status")
	converted := &unstructured.Unstructured{Object: content}
	converted.SetGroupVersionKind(appsv1.SchemeGroupVersion.WithKind("DaemonSet"))
	return converted
}

func accepts(t testing.TB, live, wanted *unstructured.Unstructured) bool {
	t.Helper()
	typed := &appsv1.DaemonSet{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(live.Object, typed); err != nil {
		t.Fatal(err)
	}
	same, err := drift.RunsAsWanted(typed.Spec.Template, wanted)
	if err != nil {
		t.Fatal(err)
	}
	return same
}

// repaired changes the live object as the operator does: it removes what was added, and applies the
// desired state.
func repaired(t testing.TB, live, wanted *unstructured.Unstructured, differences []drift.Difference) *unstructured.Unstructured {
	t.Helper()
	content := encode(t, live.Object)
	if operations := drift.Removals(differences); len(operations) > 0 {
		patch, err := jsonpatch.DecodePatch(encode(t, operations))
		if err != nil {
			t.Fatal(err)
		}
		if content, err = patch.Apply(content); err != nil {
			t.Fatalf("applying %s: %v", encode(t, operations), err)
		}
	}
	if drift.NeedsApply(differences) {
		var err error
		if content, err = strategicpatch.StrategicMergePatch(content, encode(t, wanted.Object), appsv1.DaemonSet{}); err != nil {
			t.Fatal(err)
		}
	}
	result := &appsv1.DaemonSet{}
	if err := json.Unmarshal(content, result); err != nil {
		t.Fatal(err)
	}
	return daemonSet(t, result.Spec.Template.Spec)
}

func encode(t testing.TB, value any) []byte {
	t.Helper()
	encoded, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

// TestWhateverTheVerdictRejectsIsRepaired changes every field of a pod spec, one at a time.
func TestWhateverTheVerdictRejectsIsRepaired(t *testing.T) {
	for name, text := range map[string]string{"as the operator asks for": plain, "with more than it asks for": full} {
		t.Run(name, func(t *testing.T) {
			base := podSpecOf(t, text)
			wanted := daemonSet(t, base)
			mutations := drifttest.OfPodSpec(base)
			rejected := 0
			for _, mutation := range mutations {
				live := daemonSet(t, mutation.Spec)
				differences := drift.Find(live, wanted)
				if accepts(t, live, wanted) {
					continue
				}
				rejected++
				if len(differences) == 0 {
					t.Errorf("%s: the verdict rejects it, and nothing is repaired", mutation.Name)
					continue
				}
				after := repaired(t, live, wanted, differences)
				if left := drift.Find(after, wanted); len(left) > 0 || !accepts(t, after, wanted) {
					t.Errorf("%s: the repair of %v leaves %v", mutation.Name, drift.Fields(differences), drift.Fields(left))
				}
			}
			t.Logf("%d of %d changes are rejected", rejected, len(mutations))
			if rejected < 150 {
				t.Errorf("only %d of %d changes are rejected", rejected, len(mutations))
			}
		})
	}
}

// TestWhatIsTheirsIsLeftAlone: nothing is taken away that the verdict does not rest on.
func TestWhatIsTheirsIsLeftAlone(t *testing.T) {
	base := podSpecOf(t, plain)
	wanted := daemonSet(t, base)
	for _, mutation := range drifttest.OfPodSpec(base) {
		live := daemonSet(t, mutation.Spec)
		if !accepts(t, live, wanted) {
			continue
		}
		if operations := drift.Removals(drift.Find(live, wanted)); len(operations) > 0 {
			t.Errorf("%s: the verdict accepts it, and the repair sends %v", mutation.Name, operations)
		}
	}
}

// TestEveryFieldHasARow fails where Kubernetes has a field without a row.
func TestEveryFieldHasARow(t *testing.T) {
	for name, test := range map[string]struct {
		fields reflect.Type
		in     string
	}{
		"a field of the pod":       {fields: reflect.TypeFor[corev1.PodSpec](), in: "PodSpec"},
		"a field of the container": {fields: reflect.TypeFor[corev1.Container](), in: "Container"},
	} {
		t.Run(name, func(t *testing.T) {
			rows := drift.Rows(test.in)
			var fields []string
			for i := range test.fields.NumField() {
				field, _, _ := strings.Cut(test.fields.Field(i).Tag.Get("json"), ",")
				fields = append(fields, field)
				if rows[field] == "" {
					t.Errorf("%s of %s has no row with a reason: decide whether it is ours", field, test.in)
				}
			}
			for row := range rows {
				if !slices.Contains(fields, row) {
					t.Errorf("%s has a row and is no field of %s", row, test.in)
				}
			}
		})
	}
}
