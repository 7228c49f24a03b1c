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
		"the same":                                   {wanted: `spec: {a: 1, b: x}}`, live: `spec: {a: 1, b: x}}`, missing: false},
		"a default beside what was asked for":        {wanted: `spec: {a: 1}}`, live: `spec: {a: 1, defaulted: true}}`, missing: false},
		"another value":                              {wanted: `spec: {a: 1}}`, live: `spec: {a: 2}}`, missing: true},
		"a value of another type":                    {wanted: `spec: {a: 1}}`, live: `spec: {a: "1"}}`, missing: true},
		"a missing field":                            {wanted: `spec: {a: 1}}`, live: `spec: {}}`, missing: true},
		"a missing block":                            {wanted: `spec: {a: {b: 1}}}`, live: `spec: {}}`, missing: true},
		"an empty block that was not kept":           {wanted: `spec: {a: {}}}`, live: `spec: {}}`, missing: false},
		"a plain list in another order":              {wanted: `spec: {args: [a, b]}}`, live: `spec: {args: [b, a]}}`, missing: true},
		"a plain list with one more":                 {wanted: `spec: {args: [a, b]}}`, live: `spec: {args: [a, b, c]}}`, missing: true},
		"a plain list with one less":                 {wanted: `spec: {args: [a, b]}}`, live: `spec: {args: [a]}}`, missing: true},
		"an empty list that was not kept":            {wanted: `spec: {args: []}}`, live: `spec: {}}`, missing: false},
		"containers in another order":                {wanted: `spec: {containers: [{name: a, image: x}, {name: b, image: y}]}}`, live: `spec: {containers: [{name: b, image: y}, {name: a, image: x}]}}`, missing: false},
		"a container that somebody added":            {wanted: `spec: {containers: [{name: a, image: x}]}}`, live: `spec: {containers: [{name: sidecar, image: y}, {name: a, image: x}]}}`, missing: false},
		"a container with another image":             {wanted: `spec: {containers: [{name: a, image: x}]}}`, live: `spec: {containers: [{name: a, image: y}]}}`, missing: true},
		"a missing container":                        {wanted: `spec: {containers: [{name: a, image: x}]}}`, live: `spec: {containers: [{name: b, image: x}]}}`, missing: true},
		"a port of a container with a default":       {wanted: `spec: {ports: [{containerPort: 80, protocol: TCP, name: http}]}}`, live: `spec: {ports: [{containerPort: 80, protocol: TCP, name: http, hostPort: 80}]}}`, missing: false},
		"a missing port of a container":              {wanted: `spec: {ports: [{containerPort: 80, protocol: TCP}]}}`, live: `spec: {ports: [{containerPort: 81, protocol: TCP}]}}`, missing: true},
		"a port of a Service with its node port":     {wanted: `spec: {ports: [{port: 80, protocol: TCP, targetPort: http}]}}`, live: `spec: {ports: [{port: 80, protocol: TCP, targetPort: http, nodePort: 30080}]}}`, missing: false},
		"a port of a Service with another target":    {wanted: `spec: {ports: [{port: 80, protocol: TCP, targetPort: http}]}}`, live: `spec: {ports: [{port: 80, protocol: TCP, targetPort: 8080}]}}`, missing: true},
		"a port that somebody added to a Service":    {wanted: `spec: {ports: [{port: 80, protocol: TCP}]}}`, live: `spec: {ports: [{port: 80, protocol: TCP}, {port: 8080, protocol: TCP}]}}`, missing: false},
		"a selector with one more label":             {wanted: `spec: {selector: {app: x}}}`, live: `spec: {selector: {app: x, version: canary}}}`, missing: true},
		"a nodeSelector with one more label":         {wanted: `spec: {nodeSelector: {a: b}}}`, live: `spec: {nodeSelector: {a: b, c: d}}}`, missing: true},
		"a nodeSelector that was removed":            {wanted: `spec: {nodeSelector: {a: b}}}`, live: `spec: {}}`, missing: true},
		"a label that somebody added":                {wanted: `spec: {labels: {a: b}}}`, live: `spec: {labels: {a: b, c: d}}}`, missing: false},
		"a toleration that somebody added":           {wanted: `spec: {tolerations: [{key: a}]}}`, live: `spec: {tolerations: [{key: a}, {key: b}]}}`, missing: true},
		"an environment variable with another value": {wanted: `spec: {env: [{name: A, value: x}]}}`, live: `spec: {env: [{name: A, value: y}]}}`, missing: true},
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
		"a field":                {wanted: `spec: {policy: Local}}`, live: `spec: {policy: Cluster}}`, want: []string{"spec.policy"}},
		"a field of a container": {wanted: `spec: {containers: [{name: a, image: x}]}}`, live: `spec: {containers: [{name: a, image: y}]}}`, want: []string{"spec.containers.image"}},
		"a plain list":           {wanted: `spec: {args: [a, b]}}`, live: `spec: {args: [a]}}`, want: []string{"spec.args"}},
		"a selector":             {wanted: `spec: {selector: {a: b}}}`, live: `spec: {selector: {a: b, c: d}}}`, want: []string{"spec.selector"}},
		"several fields":         {wanted: `spec: {a: 1, b: 2}}`, live: `spec: {}}`, want: []string{"spec.a", "spec.b"}},
		"nothing":                {wanted: `spec: {a: 1}}`, live: `spec: {a: 1}}`, want: nil},
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
			wanted: `{kind: ConfigMap, apiVersion: v1, data: {a: "1"}}`, live: `{kind: ConfigMap, apiVersion: v1, data: {a: "1"}}`, want: nil},
		"settings added to the configuration": {
			wanted: `{kind: ConfigMap, apiVersion: v1, data: {a: "1"}}`, live: `{kind: ConfigMap, apiVersion: v1, data: {a: "1", use-forwarded-headers: "true", http-snippet: x}, binaryData: {x: eA==}}`,
			want: []string{"/data/http-snippet", "/data/use-forwarded-headers", "/binaryData"}},
		"an annotation that switches PROXY protocol": {
			wanted: `{kind: Service, apiVersion: v1}`, live: `{kind: Service, apiVersion: v1, metadata: {annotations: {"load-balancer.hetzner.cloud/uses-proxyprotocol": "true", "example.com/note": x}}}`,
			want: []string{"/metadata/annotations/load-balancer.hetzner.cloud~1uses-proxyprotocol"}},
		"the same annotation where it was asked for": {
			wanted: `{kind: Service, apiVersion: v1, metadata: {annotations: {"load-balancer.hetzner.cloud/uses-proxyprotocol": "true"}}}`,
			live:   `{kind: Service, apiVersion: v1, metadata: {annotations: {"load-balancer.hetzner.cloud/uses-proxyprotocol": "true"}}}`, want: nil},
		"what a load balancer writes for itself": {
			wanted: `{kind: Service, apiVersion: v1}`, live: `{kind: Service, apiVersion: v1, metadata: {annotations: {"metallb.io/ip-allocated-from-pool": a, "kubernetes.digitalocean.com/load-balancer-id": b}}}`, want: nil},
		"addresses added to the Service": {
			wanted: `{kind: Service, apiVersion: v1, spec: {}}`, live: `{kind: Service, apiVersion: v1, spec: {externalIPs: [192.0.2.1], publishNotReadyAddresses: true}}`,
			want: []string{"/spec/externalIPs", "/spec/publishNotReadyAddresses"}},
		"host network added to the workload": {
			wanted: `{kind: DaemonSet, apiVersion: apps/v1, spec: {template: {spec: {containers: [{name: controller, ports: [{containerPort: 80, protocol: TCP}]}]}}}}`,
			live:   `{kind: DaemonSet, apiVersion: apps/v1, spec: {template: {spec: {hostNetwork: true, containers: [{name: sidecar}, {name: controller, ports: [{containerPort: 80, protocol: TCP, hostPort: 80}]}]}}}}`,
			want:   []string{"/spec/template/spec/containers/1/ports/0/hostPort", "/spec/template/spec/containers/0", "/spec/template/spec/hostNetwork"}},
		"a file mounted over the engine's template": {
			wanted: `{kind: DaemonSet, apiVersion: apps/v1, spec: {template: {spec: {containers: [{name: controller, env: [{name: A, value: x}], lifecycle: {preStop: {exec: {command: [a]}}}}]}}}}`,
			live:   `{kind: DaemonSet, apiVersion: apps/v1, spec: {template: {spec: {volumes: [{name: t}], priorityClassName: kept, containers: [{name: controller, imagePullPolicy: Always, volumeMounts: [{mountPath: /etc/engine/template, name: t}], env: [{name: LUA, value: y}, {name: A, value: x}, {name: B, value: z}], lifecycle: {postStart: {exec: {command: [b]}}, preStop: {exec: {command: [a]}}}}]}}}}`,
			want:   []string{"/spec/template/spec/containers/0/env/2", "/spec/template/spec/containers/0/env/0", "/spec/template/spec/containers/0/lifecycle/postStart", "/spec/template/spec/containers/0/volumeMounts", "/spec/template/spec/volumes"}},
		"processes beside the controller": {
			wanted: `{kind: Deployment, apiVersion: apps/v1, spec: {template: {spec: {containers: [{name: controller}]}}}}`,
			live:   `{kind: Deployment, apiVersion: apps/v1, spec: {template: {spec: {shareProcessNamespace: true, initContainers: [{name: init}], containers: [{name: a}, {name: controller, envFrom: [{secretRef: {name: x}}]}, {name: b}]}}}}`,
			want:   []string{"/spec/template/spec/containers/1/envFrom", "/spec/template/spec/containers/2", "/spec/template/spec/containers/0", "/spec/template/spec/initContainers", "/spec/template/spec/shareProcessNamespace"}},
		"a label that takes the Service from kube-proxy": {
			wanted: `{kind: Service, apiVersion: v1, metadata: {labels: {a: b}}}`, live: `{kind: Service, apiVersion: v1, metadata: {labels: {a: b, service.kubernetes.io/service-proxy-name: x, c: d}}}`,
			want: []string{"/metadata/labels/service.kubernetes.io~1service-proxy-name"}},
		"host network where it was asked for": {
			wanted: `{kind: DaemonSet, apiVersion: apps/v1, spec: {template: {spec: {hostNetwork: true, containers: [{name: controller, ports: [{containerPort: 80, protocol: TCP, hostPort: 80}]}]}}}}`,
			live:   `{kind: DaemonSet, apiVersion: apps/v1, spec: {template: {spec: {hostNetwork: true, containers: [{name: controller, ports: [{containerPort: 80, protocol: TCP, hostPort: 80}]}]}}}}`, want: nil},
		"a command in the place of the image's own": {
			wanted: `{kind: DaemonSet, apiVersion: apps/v1, spec: {template: {spec: {containers: [{name: controller, args: [a]}]}}}}`,
			live:   `{kind: DaemonSet, apiVersion: apps/v1, spec: {template: {spec: {containers: [{name: controller, args: [a], command: [sh]}]}}}}`,
			want:   []string{"/spec/template/spec/containers/0/command"}},
		"the node's processes, a directory and an address of the node": {
			wanted: `{kind: DaemonSet, apiVersion: apps/v1, spec: {template: {spec: {containers: [{name: controller, ports: [{containerPort: 80, protocol: TCP}]}]}}}}`,
			live:   `{kind: DaemonSet, apiVersion: apps/v1, spec: {template: {spec: {hostPID: true, hostIPC: true, containers: [{name: controller, workingDir: /tmp, ports: [{containerPort: 80, hostIP: 192.0.2.1, protocol: TCP}]}]}}}}`,
			want: []string{
				"/spec/template/spec/containers/0/ports/0/hostIP", "/spec/template/spec/containers/0/workingDir", "/spec/template/spec/hostIPC", "/spec/template/spec/hostPID",
			}},
		"rights over the node, and a program that probes": {
			wanted: `{kind: DaemonSet, apiVersion: apps/v1, spec: {template: {spec: {containers: [{name: controller, livenessProbe: {httpGet: {port: 80}}}]}}}}`,
			live:   `{kind: DaemonSet, apiVersion: apps/v1, spec: {template: {spec: {runtimeClassName: x, securityContext: {runAsNonRoot: true, sysctls: [{name: a, value: b}]}, containers: [{name: controller, securityContext: {privileged: true, procMount: Unmasked, readOnlyRootFilesystem: true}, livenessProbe: {exec: {command: [x]}}}]}}}}`,
			want: []string{
				"/spec/template/spec/containers/0/livenessProbe", "/spec/template/spec/containers/0/securityContext/privileged",
				"/spec/template/spec/containers/0/securityContext/procMount", "/spec/template/spec/runtimeClassName", "/spec/template/spec/securityContext/sysctls",
			}},
		"what only concerns where the pods run": {
			wanted: `{kind: DaemonSet, apiVersion: apps/v1, spec: {template: {spec: {containers: [{name: controller}]}}}}`,
			live:   `{kind: DaemonSet, apiVersion: apps/v1, spec: {template: {spec: {priorityClassName: a, affinity: {nodeAffinity: {}}, dnsConfig: {options: [{name: ndots}]}, imagePullSecrets: [{name: a}], hostAliases: [{ip: 192.0.2.1}], containers: [{name: controller, resources: {limits: {cpu: "1"}}, tty: true}]}}}}`, want: nil},
		"a kind that does not touch the client's address": {
			wanted: `{kind: ServiceAccount, apiVersion: v1}`, live: `{kind: ServiceAccount, apiVersion: v1, metadata: {annotations: {x: y}}}`, want: nil},
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
