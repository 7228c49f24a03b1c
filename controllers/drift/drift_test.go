package drift_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/edge-ingress/edge-ingress-operator/controllers/drift"
)

func parse(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	// Through JSON, as objects come from the API server: whole numbers are int64.
	encoded, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	object := &unstructured.Unstructured{}
	if err := object.UnmarshalJSON(encoded); err != nil {
		t.Fatal(err)
	}
	return object
}

func TestWhatIsMissingFromALiveObject(t *testing.T) {
	const head = "{apiVersion: v1, kind: X, metadata: {name: x}, "
	for name, test := range map[string]struct {
		wanted, live string
		missing      bool
	}{
		"the same":                                   {`spec: {a: 1, b: x}}`, `spec: {a: 1, b: x}}`, false},
		"a default beside what was asked for":        {`spec: {a: 1}}`, `spec: {a: 1, defaulted: true}}`, false},
		"another value":                              {`spec: {a: 1}}`, `spec: {a: 2}}`, true},
		"a value of another type":                    {`spec: {a: 1}}`, `spec: {a: "1"}}`, true},
		"a missing field":                            {`spec: {a: 1}}`, `spec: {}}`, true},
		"a missing block":                            {`spec: {a: {b: 1}}}`, `spec: {}}`, true},
		"an empty block that was not kept":           {`spec: {a: {}}}`, `spec: {}}`, false},
		"a plain list in another order":              {`spec: {args: [a, b]}}`, `spec: {args: [b, a]}}`, true},
		"a plain list with one more":                 {`spec: {args: [a, b]}}`, `spec: {args: [a, b, c]}}`, true},
		"a plain list with one less":                 {`spec: {args: [a, b]}}`, `spec: {args: [a]}}`, true},
		"an empty list that was not kept":            {`spec: {args: []}}`, `spec: {}}`, false},
		"containers in another order":                {`spec: {containers: [{name: a, image: x}, {name: b, image: y}]}}`, `spec: {containers: [{name: b, image: y}, {name: a, image: x}]}}`, false},
		"a container that somebody added":            {`spec: {containers: [{name: a, image: x}]}}`, `spec: {containers: [{name: sidecar, image: y}, {name: a, image: x}]}}`, false},
		"a container with another image":             {`spec: {containers: [{name: a, image: x}]}}`, `spec: {containers: [{name: a, image: y}]}}`, true},
		"a missing container":                        {`spec: {containers: [{name: a, image: x}]}}`, `spec: {containers: [{name: b, image: x}]}}`, true},
		"a port of a container with a default":       {`spec: {ports: [{containerPort: 80, protocol: TCP, name: http}]}}`, `spec: {ports: [{containerPort: 80, protocol: TCP, name: http, hostPort: 80}]}}`, false},
		"a missing port of a container":              {`spec: {ports: [{containerPort: 80, protocol: TCP}]}}`, `spec: {ports: [{containerPort: 81, protocol: TCP}]}}`, true},
		"a port of a Service with its node port":     {`spec: {ports: [{port: 80, protocol: TCP, targetPort: http}]}}`, `spec: {ports: [{port: 80, protocol: TCP, targetPort: http, nodePort: 30080}]}}`, false},
		"a port of a Service with another target":    {`spec: {ports: [{port: 80, protocol: TCP, targetPort: http}]}}`, `spec: {ports: [{port: 80, protocol: TCP, targetPort: 8080}]}}`, true},
		"a port that somebody added to a Service":    {`spec: {ports: [{port: 80, protocol: TCP}]}}`, `spec: {ports: [{port: 80, protocol: TCP}, {port: 8080, protocol: TCP}]}}`, false},
		"a selector with one more label":             {`spec: {selector: {app: x}}}`, `spec: {selector: {app: x, version: canary}}}`, true},
		"a nodeSelector with one more label":         {`spec: {nodeSelector: {a: b}}}`, `spec: {nodeSelector: {a: b, c: d}}}`, true},
		"a nodeSelector that was removed":            {`spec: {nodeSelector: {a: b}}}`, `spec: {}}`, true},
		"a label that somebody added":                {`spec: {labels: {a: b}}}`, `spec: {labels: {a: b, c: d}}}`, false},
		"a toleration that somebody added":           {`spec: {tolerations: [{key: a}]}}`, `spec: {tolerations: [{key: a}, {key: b}]}}`, true},
		"an environment variable with another value": {`spec: {env: [{name: A, value: x}]}}`, `spec: {env: [{name: A, value: y}]}}`, true},
	} {
		t.Run(name, func(t *testing.T) {
			got := drift.Find(parse(t, head+test.live), parse(t, head+test.wanted))
			if drift.NeedsApply(got) != test.missing {
				t.Errorf("missing: want %t, got %q", test.missing, drift.Fields(got))
			}
			if operations := drift.Removals(got); len(operations) > 0 {
				t.Errorf("%v is taken away", operations)
			}
		})
	}
}

func TestTheFieldThatIsMissingIsNamed(t *testing.T) {
	const head = "{apiVersion: v1, kind: X, metadata: {name: x}, "
	for name, test := range map[string]struct {
		wanted, live string
		want         []string
	}{
		"a field":                {`spec: {policy: Local}}`, `spec: {policy: Cluster}}`, []string{"spec.policy"}},
		"a field of a container": {`spec: {containers: [{name: a, image: x}]}}`, `spec: {containers: [{name: a, image: y}]}}`, []string{"spec.containers.image"}},
		"a plain list":           {`spec: {args: [a, b]}}`, `spec: {args: [a]}}`, []string{"spec.args"}},
		"a selector":             {`spec: {selector: {a: b}}}`, `spec: {selector: {a: b, c: d}}}`, []string{"spec.selector"}},
		"several fields":         {`spec: {a: 1, b: 2}}`, `spec: {}}`, []string{"spec.a", "spec.b"}},
		"nothing":                {`spec: {a: 1}}`, `spec: {a: 1}}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := drift.Fields(drift.Find(parse(t, head+test.live), parse(t, head+test.wanted)))
			if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("fields (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFieldsThatSomebodyAdded(t *testing.T) {
	for name, test := range map[string]struct {
		wanted, live string
		want         []string
	}{
		"a configuration as wanted": {
			`{kind: ConfigMap, apiVersion: v1, data: {a: "1"}}`, `{kind: ConfigMap, apiVersion: v1, data: {a: "1"}}`, nil},
		"settings added to the configuration": {
			`{kind: ConfigMap, apiVersion: v1, data: {a: "1"}}`, `{kind: ConfigMap, apiVersion: v1, data: {a: "1", use-forwarded-headers: "true", http-snippet: x}, binaryData: {x: eA==}}`,
			[]string{"/data/http-snippet", "/data/use-forwarded-headers", "/binaryData"}},
		"an annotation that switches PROXY protocol": {
			`{kind: Service, apiVersion: v1}`, `{kind: Service, apiVersion: v1, metadata: {annotations: {"load-balancer.hetzner.cloud/uses-proxyprotocol": "true", "example.com/note": x}}}`,
			[]string{"/metadata/annotations/load-balancer.hetzner.cloud~1uses-proxyprotocol"}},
		"the same annotation where it was asked for": {
			`{kind: Service, apiVersion: v1, metadata: {annotations: {"load-balancer.hetzner.cloud/uses-proxyprotocol": "true"}}}`,
			`{kind: Service, apiVersion: v1, metadata: {annotations: {"load-balancer.hetzner.cloud/uses-proxyprotocol": "true"}}}`, nil},
		"what a load balancer writes for itself": {
			`{kind: Service, apiVersion: v1}`, `{kind: Service, apiVersion: v1, metadata: {annotations: {"metallb.io/ip-allocated-from-pool": a, "kubernetes.digitalocean.com/load-balancer-id": b}}}`, nil},
		"addresses added to the Service": {
			`{kind: Service, apiVersion: v1, spec: {}}`, `{kind: Service, apiVersion: v1, spec: {externalIPs: [192.0.2.1], publishNotReadyAddresses: true}}`,
			[]string{"/spec/externalIPs", "/spec/publishNotReadyAddresses"}},
		"host network added to the workload": {
			`{kind: DaemonSet, apiVersion: apps/v1, spec: {template: {spec: {containers: [{name: controller, ports: [{containerPort: 80, protocol: TCP}]}]}}}}`,
			`{kind: DaemonSet, apiVersion: apps/v1, spec: {template: {spec: {hostNetwork: true, containers: [{name: sidecar}, {name: controller, ports: [{containerPort: 80, protocol: TCP, hostPort: 80}]}]}}}}`,
			[]string{"/spec/template/spec/containers/1/ports/0/hostPort", "/spec/template/spec/containers/0", "/spec/template/spec/hostNetwork"}},
		"a file mounted over the engine's template": {
			`{kind: DaemonSet, apiVersion: apps/v1, spec: {template: {spec: {containers: [{name: controller, env: [{name: A, value: x}], lifecycle: {preStop: {exec: {command: [a]}}}}]}}}}`,
			`{kind: DaemonSet, apiVersion: apps/v1, spec: {template: {spec: {volumes: [{name: t}], priorityClassName: kept, containers: [{name: controller, imagePullPolicy: Always, volumeMounts: [{mountPath: /etc/engine/template, name: t}], env: [{name: LUA, value: y}, {name: A, value: x}, {name: B, value: z}], lifecycle: {postStart: {exec: {command: [b]}}, preStop: {exec: {command: [a]}}}}]}}}}`,
			[]string{"/spec/template/spec/containers/0/env/2", "/spec/template/spec/containers/0/env/0", "/spec/template/spec/containers/0/lifecycle/postStart", "/spec/template/spec/containers/0/volumeMounts", "/spec/template/spec/volumes"}},
		"processes beside the controller": {
			`{kind: Deployment, apiVersion: apps/v1, spec: {template: {spec: {containers: [{name: controller}]}}}}`,
			`{kind: Deployment, apiVersion: apps/v1, spec: {template: {spec: {shareProcessNamespace: true, initContainers: [{name: init}], containers: [{name: a}, {name: controller, envFrom: [{secretRef: {name: x}}]}, {name: b}]}}}}`,
			[]string{"/spec/template/spec/containers/1/envFrom", "/spec/template/spec/containers/2", "/spec/template/spec/containers/0", "/spec/template/spec/initContainers", "/spec/template/spec/shareProcessNamespace"}},
		"a label that takes the Service from kube-proxy": {
			`{kind: Service, apiVersion: v1, metadata: {labels: {a: b}}}`, `{kind: Service, apiVersion: v1, metadata: {labels: {a: b, service.kubernetes.io/service-proxy-name: x, c: d}}}`,
			[]string{"/metadata/labels/service.kubernetes.io~1service-proxy-name"}},
		"host network where it was asked for": {
			`{kind: DaemonSet, apiVersion: apps/v1, spec: {template: {spec: {hostNetwork: true, containers: [{name: controller, ports: [{containerPort: 80, protocol: TCP, hostPort: 80}]}]}}}}`,
			`{kind: DaemonSet, apiVersion: apps/v1, spec: {template: {spec: {hostNetwork: true, containers: [{name: controller, ports: [{containerPort: 80, protocol: TCP, hostPort: 80}]}]}}}}`, nil},
		"a command in the place of the image's own": {
			`{kind: DaemonSet, apiVersion: apps/v1, spec: {template: {spec: {containers: [{name: controller, args: [a]}]}}}}`,
			`{kind: DaemonSet, apiVersion: apps/v1, spec: {template: {spec: {containers: [{name: controller, args: [a], command: [sh]}]}}}}`,
			[]string{"/spec/template/spec/containers/0/command"}},
		"the node's processes, a directory and an address of the node": {
			`{kind: DaemonSet, apiVersion: apps/v1, spec: {template: {spec: {containers: [{name: controller, ports: [{containerPort: 80, protocol: TCP}]}]}}}}`,
			`{kind: DaemonSet, apiVersion: apps/v1, spec: {template: {spec: {hostPID: true, hostIPC: true, containers: [{name: controller, workingDir: /tmp, ports: [{containerPort: 80, hostIP: 192.0.2.1, protocol: TCP}]}]}}}}`,
			[]string{
				"/spec/template/spec/containers/0/ports/0/hostIP", "/spec/template/spec/containers/0/workingDir", "/spec/template/spec/hostIPC", "/spec/template/spec/hostPID",
			}},
		"rights over the node, and a program that probes": {
			`{kind: DaemonSet, apiVersion: apps/v1, spec: {template: {spec: {containers: [{name: controller, livenessProbe: {httpGet: {port: 80}}}]}}}}`,
			`{kind: DaemonSet, apiVersion: apps/v1, spec: {template: {spec: {runtimeClassName: x, securityContext: {runAsNonRoot: true, sysctls: [{name: a, value: b}]}, containers: [{name: controller, securityContext: {privileged: true, procMount: Unmasked, readOnlyRootFilesystem: true}, livenessProbe: {exec: {command: [x]}}}]}}}}`,
			[]string{
				"/spec/template/spec/containers/0/livenessProbe", "/spec/template/spec/containers/0/securityContext/privileged",
				"/spec/template/spec/containers/0/securityContext/procMount", "/spec/template/spec/runtimeClassName", "/spec/template/spec/securityContext/sysctls",
			}},
		"what only concerns where the pods run": {
			`{kind: DaemonSet, apiVersion: apps/v1, spec: {template: {spec: {containers: [{name: controller}]}}}}`,
			`{kind: DaemonSet, apiVersion: apps/v1, spec: {template: {spec: {priorityClassName: a, affinity: {nodeAffinity: {}}, dnsConfig: {options: [{name: ndots}]}, imagePullSecrets: [{name: a}], hostAliases: [{ip: 192.0.2.1}], containers: [{name: controller, resources: {limits: {cpu: "1"}}, tty: true}]}}}}`, nil},
		"a kind that does not touch the client's address": {
			`{kind: ServiceAccount, apiVersion: v1}`, `{kind: ServiceAccount, apiVersion: v1, metadata: {annotations: {x: y}}}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, operation := range drift.Removals(drift.Find(parse(t, test.live), parse(t, test.wanted))) {
				got = append(got, operation.Path)
			}
			if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("added (-want +got):\n%s", diff)
			}
		})
	}
}
