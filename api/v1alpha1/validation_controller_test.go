package v1alpha1_test

import (
	"strings"
	"testing"
)

func TestNamespace(t *testing.T) {
	judge(t, someNodes, map[string]verdict{
		"a namespace of one's own is fine":         {"namespace: ingress-public", accepted},
		"the operator's own namespace is not":      {"namespace: edge-ingress-operator-system", "write one of its own, such as edge-public, or remove namespace"},
		"a namespace may begin as the operator's":  {"namespace: edge-ingress-operator-system-2", accepted},
		"a namespace may begin with kube":          {"namespace: kubernetes-edge", accepted},
		"kube-system belongs to Kubernetes":        {"namespace: kube-system", "write one of its own, such as edge-public, or remove namespace"},
		"kube-public belongs to Kubernetes":        {"namespace: kube-public", "belong to Kubernetes"},
		"every kube- namespace does":               {"namespace: kube-edge", "belong to Kubernetes"},
		"default is where everybody may run pods":  {"namespace: default", "could act as the controller, which reads every Secret"},
		"a namespace in upper case is no name":     {"namespace: Edge", "write a name such as edge-public"},
		"a namespace with a dot is no name":        {"namespace: edge.public", "lower-case letters, digits and hyphens"},
		"a namespace that ends in a hyphen is not": {"namespace: edge-", "begin and end with a letter or digit"},
		"a namespace of 64 characters is too long": {"namespace: " + strings.Repeat("a", 64), "may not be more than 63"},
	})
}

func TestController(t *testing.T) {
	const daemonSetRollout, hostPorts = "write maxSurge: 1 and maxUnavailable: 0, or maxSurge: 0 and maxUnavailable: 1", "two pods cannot hold the same port of a node: remove maxSurge"
	judge(t, someNodes, map[string]verdict{
		"a Deployment has replicas":                  {"controller: {kind: Deployment, replicas: 3}", accepted},
		"a Deployment without replicas gets them":    {"controller: {kind: Deployment}", accepted},
		"a DaemonSet has no replicas":                {"controller: {kind: DaemonSet, replicas: 3}", "remove replicas or write kind: Deployment"},
		"the default kind has no replicas":           {"controller: {replicas: 3}", "remove replicas or write kind: Deployment"},
		"no replicas would serve nobody":             {"controller: {kind: Deployment, replicas: 0}", "should be greater than or equal to 1"},
		"too many replicas are an error of typing":   {"controller: {kind: Deployment, replicas: 501}", "should be less than or equal to 500"},
		"a StatefulSet is no kind":                   {"controller: {kind: StatefulSet}", `supported values: "DaemonSet", "Deployment"`},
		"another engine is not known":                {"controller: {engine: Traefik}", `supported values: "IngressNGINX"`},
		"a surge alone is a rollout":                 {"controller: {rollout: {maxSurge: 2}}", accepted},
		"nodes one by one are a rollout":             {"controller: {rollout: {maxUnavailable: 1}}", accepted},
		"a DaemonSet with a surge only":              {"controller: {rollout: {maxSurge: 1, maxUnavailable: 0}}", accepted},
		"a DaemonSet with missing pods only":         {"controller: {rollout: {maxSurge: 0, maxUnavailable: 2}}", accepted},
		"a DaemonSet cannot have both numbers":       {"controller: {rollout: {maxSurge: 1, maxUnavailable: 1}}", daemonSetRollout},
		"a DaemonSet cannot have neither number":     {"controller: {rollout: {maxSurge: 0, maxUnavailable: 0}}", daemonSetRollout},
		"a Deployment can have both numbers":         {"controller: {kind: Deployment, rollout: {maxSurge: 1, maxUnavailable: 1}}", accepted},
		"a Deployment cannot have neither number":    {"controller: {kind: Deployment, rollout: {maxSurge: 0, maxUnavailable: 0}}", "no pod could be replaced: write maxSurge: 1"},
		"a rollout counts pods, not percents":        {"controller: {rollout: {maxSurge: 25%}}", `must be of type integer: "string"`},
		"a surge cannot be negative":                 {"controller: {rollout: {maxSurge: -1}}", "should be greater than or equal to 0"},
		"more than a hundred pods at once are none":  {"controller: {rollout: {maxUnavailable: 101}}", "should be less than or equal to 100"},
		"host network has no room for a surge":       {"exposure: {type: HostNetwork}\ncontroller: {rollout: {maxSurge: 1}}", hostPorts},
		"host ports have no room for a surge":        {"exposure: {type: HostPort}\ncontroller: {rollout: {maxSurge: 1}}", hostPorts},
		"a Deployment on host ports neither":         {"exposure: {type: HostPort}\ncontroller: {kind: Deployment, rollout: {maxSurge: 1}}", hostPorts},
		"host network with no surge is fine":         {"exposure: {type: HostNetwork}\ncontroller: {rollout: {maxSurge: 0, maxUnavailable: 1}}", accepted},
		"host network needs a node that is missing":  {"exposure: {type: HostNetwork}\ncontroller: {rollout: {maxUnavailable: 0}}", "write 1 or remove maxUnavailable"},
		"host ports with two nodes at once are fine": {"exposure: {type: HostPort}\ncontroller: {rollout: {maxUnavailable: 2}}", accepted},
	})
}

func TestImage(t *testing.T) {
	const digest = "sha256:594ceea76b01c592858f803f9ff4d2cb40542cae2060410b2c95f75907d659e1"
	image := func(repository, tag, digest string) string {
		return "controller: {image: {repository: '" + repository + "', tag: '" + tag + "', digest: '" + digest + "'}}"
	}
	const repository = "controller.image.repository must be registry/path in lower case, without tag and digest"
	judge(t, someNodes, map[string]verdict{
		"an image of another registry":                 {image("registry.example.com/ingress/controller", "v1.15.1", digest), accepted},
		"a registry may have a port":                   {image("localhost:5000/controller", "v1.15.1-fork.2", digest), accepted},
		"an image needs its digest":                    {"controller: {image: {repository: example.com/a, tag: v1}}", "image.digest: Required value"},
		"an image needs its tag":                       {"controller: {image: {repository: example.com/a, digest: '" + digest + "'}}", "image.tag: Required value"},
		"an image needs its repository":                {"controller: {image: {tag: v1, digest: '" + digest + "'}}", "image.repository: Required value"},
		"a repository has no tag":                      {image("example.com/a:v1", "v1", digest), repository},
		"a repository has no digest":                   {image("example.com/a@"+digest, "v1", digest), repository},
		"a repository has no scheme":                   {image("https://example.com/a", "v1", digest), repository},
		"a repository is lower case":                   {image("example.com/Controller", "v1", digest), repository},
		"a repository names its registry":              {image("controller", "v1", digest), repository},
		"a tag has no spaces":                          {image("example.com/a", "v1 fork", digest), "write it like v1.15.1"},
		"a tag has no digest":                          {image("example.com/a", "v1@"+digest, digest), "write it like v1.15.1"},
		"a digest says its algorithm":                  {image("example.com/a", "v1", strings.TrimPrefix(digest, "sha256:")), "must be sha256: and 64 hexadecimal digits"},
		"a digest of 63 digits is cut off":             {image("example.com/a", "v1", digest[:len(digest)-1]), "must be sha256: and 64 hexadecimal digits"},
		"a digest of 65 digits is too long":            {image("example.com/a", "v1", digest+"0"), "must be sha256: and 64 hexadecimal digits"},
		"a digest in upper case is not what one pulls": {image("example.com/a", "v1", "sha256:"+strings.Repeat("A", 64)), "in lower case"},
		"another algorithm is not known":               {image("example.com/a", "v1", "sha512:"+strings.Repeat("a", 64)), "must be sha256: and 64"},
	})
}

func TestControllerConfig(t *testing.T) {
	const key = "write at most 253 letters, digits, '-', '_' and '.', such as proxy-body-size"
	judge(t, someNodes, map[string]verdict{
		"settings are texts":                            {`controller: {config: {proxy-body-size: 64m, proxy-read-timeout: "120"}}`, accepted},
		"no settings are fine":                          {"controller: {config: {}}", accepted},
		"an empty value is a value":                     {`controller: {config: {server-snippet: ""}}`, accepted},
		"a setting must be quoted where it is a number": {"controller: {config: {proxy-read-timeout: 120}}", `must be of type string: "integer"`},
		"a setting must be quoted where it is true":     {"controller: {config: {use-gzip: true}}", `must be of type string: "boolean"`},
		"a key with a space does not fit a ConfigMap":   {`controller: {config: {"proxy body size": 64m}}`, key},
		"a key with a slash does not fit a ConfigMap":   {"controller: {config: {a/b: c}}", key},
		"an empty key does not fit a ConfigMap":         {`controller: {config: {"": c}}`, key},
		"a dot is no key of a ConfigMap":                {`controller: {config: {".": c}}`, key},
		"a path is no key of a ConfigMap":               {`controller: {config: {"..": c}}`, key},
		"a key of 254 characters is too long":           {"controller: {config: {" + strings.Repeat("a", 254) + ": c}}", key},
		"a value of 4096 characters fits":               {"controller: {config: {a: " + strings.Repeat("a", 4096) + "}}", accepted},
		"a value of 4097 characters is too long":        {"controller: {config: {a: " + strings.Repeat("a", 4097) + "}}", "may not be more than 4096"},
		"201 settings are too many":                     {"controller: {config: {" + numbered("k%d: v", 201) + "}}", "must have at most 200"},
		"settings that fill a ConfigMap are too many":   {"controller: {config: {" + numbered("k%d: "+strings.Repeat("v", 4000), 25) + "}}", "larger than 100000 characters in all"},
	})
}

func TestResources(t *testing.T) {
	const amount, others = "write it like 500m or 256Mi", "takes cpu, memory and ephemeral-storage only: remove "
	judge(t, someNodes, map[string]verdict{
		"requests and limits":                            {"controller: {resources: {requests: {cpu: 500m, memory: 256Mi}, limits: {memory: 1Gi}}}", accepted},
		"a whole number of processors":                   {"controller: {resources: {requests: {cpu: 2, ephemeral-storage: 1Gi}}}", accepted},
		"nothing asked for":                              {"controller: {resources: {requests: {cpu: 0}}}", accepted},
		"a request as large as the limit":                {"controller: {resources: {requests: {cpu: 1}, limits: {cpu: 1000m}}}", accepted},
		"a request above its limit is never scheduled":   {"controller: {resources: {requests: {memory: 1Gi}, limits: {memory: 512Mi}}}", "lower the request or raise the limit"},
		"a negative request is not to be had":            {"controller: {resources: {requests: {memory: -1Gi}}}", amount},
		"a negative limit is not to be had":              {"controller: {resources: {limits: {cpu: -1}}}", amount},
		"a quantity that Go cannot read would stop us":   {"controller: {resources: {limits: {cpu: 1e1.5}}}", amount},
		"a word is no quantity":                          {"controller: {resources: {limits: {cpu: much}}}", amount},
		"a misspelt resource is not known to Kubernetes": {"controller: {resources: {limits: {cpus: 1}}}", others + "cpus"},
		"storage is asked for by its full name":          {"controller: {resources: {requests: {storage: 1Gi}}}", others + "storage"},
		"an ingress controller uses no graphics cards":   {"controller: {resources: {limits: {nvidia.com/gpu: 1}}}", others + "nvidia.com/gpu"},
		"claims of devices are not supported":            {"controller: {resources: {claims: [{name: gpu}]}}", `unknown field "spec.controller.resources.claims"`},
	})
}

func TestIngressClass(t *testing.T) {
	const name = "write a name such as public"
	judge(t, someNodes, map[string]verdict{
		"a class of another name":                     {"ingressClass: {name: public-web}", accepted},
		"a class with a domain":                       {"ingressClass: {name: public.example.com}", accepted},
		"the default class":                           {"ingressClass: {default: Enabled}", accepted},
		"the default class is no boolean":             {"ingressClass: {default: true}", `supported values: "Enabled", "Disabled"`},
		"a class in upper case is no name":            {"ingressClass: {name: Public}", name},
		"a class with a slash is no name":             {"ingressClass: {name: example.com/public}", name},
		"a class with an underscore is no name":       {"ingressClass: {name: public_web}", name},
		"a class of 64 characters is too long":        {"ingressClass: {name: " + strings.Repeat("a", 64) + "}", "may not be more than 63"},
		"the default class is one of two words":       {"ingressClass: {default: 'Yes'}", `supported values: "Enabled", "Disabled"`},
		"a class that begins with a hyphen is no one": {"ingressClass: {name: -public}", name},
	})
}
