package v1alpha1_test

import (
	"strings"
	"testing"
)

func TestNamespace(t *testing.T) {
	judge(t, someNodes, map[string]verdict{
		"a namespace of one's own is fine":         {spec: "namespace: ingress-public", want: accepted},
		"the operator's own namespace is not":      {spec: "namespace: edge-ingress-operator-system", want: "write one of its own, such as edge-public, or remove namespace"},
		"a namespace may begin as the operator's":  {spec: "namespace: edge-ingress-operator-system-2", want: accepted},
		"a namespace may begin with kube":          {spec: "namespace: kubernetes-edge", want: accepted},
		"kube-system belongs to Kubernetes":        {spec: "namespace: kube-system", want: "write one of its own, such as edge-public, or remove namespace"},
		"kube-public belongs to Kubernetes":        {spec: "namespace: kube-public", want: "belong to Kubernetes"},
		"every kube- namespace does":               {spec: "namespace: kube-edge", want: "belong to Kubernetes"},
		"default is where everybody may run pods":  {spec: "namespace: default", want: "could act as the controller, which reads every Secret"},
		"a namespace in upper case is no name":     {spec: "namespace: Edge", want: "write a name such as edge-public"},
		"a namespace with a dot is no name":        {spec: "namespace: edge.public", want: "lower-case letters, digits and hyphens"},
		"a namespace that ends in a hyphen is not": {spec: "namespace: edge-", want: "begin and end with a letter or digit"},
		"a namespace of 64 characters is too long": {spec: "namespace: " + strings.Repeat("a", 64), want: "may not be more than 63"},
	})
}

func TestController(t *testing.T) {
	const daemonSetRollout, hostPorts = "write maxSurge: 1 and maxUnavailable: 0, or maxSurge: 0 and maxUnavailable: 1", "two pods cannot hold the same port of a node: remove maxSurge"
	judge(t, someNodes, map[string]verdict{
		"a Deployment has replicas":                  {spec: "controller: {kind: Deployment, replicas: 3}", want: accepted},
		"a Deployment without replicas gets them":    {spec: "controller: {kind: Deployment}", want: accepted},
		"a DaemonSet has no replicas":                {spec: "controller: {kind: DaemonSet, replicas: 3}", want: "remove replicas or write kind: Deployment"},
		"the default kind has no replicas":           {spec: "controller: {replicas: 3}", want: "remove replicas or write kind: Deployment"},
		"no replicas would serve nobody":             {spec: "controller: {kind: Deployment, replicas: 0}", want: "should be greater than or equal to 1"},
		"too many replicas are an error of typing":   {spec: "controller: {kind: Deployment, replicas: 501}", want: "should be less than or equal to 500"},
		"a StatefulSet is no kind":                   {spec: "controller: {kind: StatefulSet}", want: `supported values: "DaemonSet", "Deployment"`},
		"another engine is not known":                {spec: "controller: {engine: Traefik}", want: `supported values: "IngressNGINX"`},
		"a surge alone is a rollout":                 {spec: "controller: {rollout: {maxSurge: 2}}", want: accepted},
		"nodes one by one are a rollout":             {spec: "controller: {rollout: {maxUnavailable: 1}}", want: accepted},
		"a DaemonSet with a surge only":              {spec: "controller: {rollout: {maxSurge: 1, maxUnavailable: 0}}", want: accepted},
		"a DaemonSet with missing pods only":         {spec: "controller: {rollout: {maxSurge: 0, maxUnavailable: 2}}", want: accepted},
		"a DaemonSet cannot have both numbers":       {spec: "controller: {rollout: {maxSurge: 1, maxUnavailable: 1}}", want: daemonSetRollout},
		"a DaemonSet cannot have neither number":     {spec: "controller: {rollout: {maxSurge: 0, maxUnavailable: 0}}", want: daemonSetRollout},
		"a Deployment can have both numbers":         {spec: "controller: {kind: Deployment, rollout: {maxSurge: 1, maxUnavailable: 1}}", want: accepted},
		"a Deployment cannot have neither number":    {spec: "controller: {kind: Deployment, rollout: {maxSurge: 0, maxUnavailable: 0}}", want: "no pod could be replaced: write maxSurge: 1"},
		"a rollout counts pods, not percents":        {spec: "controller: {rollout: {maxSurge: 25%}}", want: `must be of type integer: "string"`},
		"a surge cannot be negative":                 {spec: "controller: {rollout: {maxSurge: -1}}", want: "should be greater than or equal to 0"},
		"more than a hundred pods at once are none":  {spec: "controller: {rollout: {maxUnavailable: 101}}", want: "should be less than or equal to 100"},
		"host network has no room for a surge":       {spec: "exposure: {type: HostNetwork}\ncontroller: {rollout: {maxSurge: 1}}", want: hostPorts},
		"host ports have no room for a surge":        {spec: "exposure: {type: HostPort}\ncontroller: {rollout: {maxSurge: 1}}", want: hostPorts},
		"a Deployment on host ports neither":         {spec: "exposure: {type: HostPort}\ncontroller: {kind: Deployment, rollout: {maxSurge: 1}}", want: hostPorts},
		"host network with no surge is fine":         {spec: "exposure: {type: HostNetwork}\ncontroller: {rollout: {maxSurge: 0, maxUnavailable: 1}}", want: accepted},
		"host network needs a node that is missing":  {spec: "exposure: {type: HostNetwork}\ncontroller: {rollout: {maxUnavailable: 0}}", want: "write 1 or remove maxUnavailable"},
		"host ports with two nodes at once are fine": {spec: "exposure: {type: HostPort}\ncontroller: {rollout: {maxUnavailable: 2}}", want: accepted},
	})
}

func TestTolerations(t *testing.T) {
	tolerations := func(list string) string { return "controller: {tolerations: [" + list + "]}" }
	judge(t, someNodes, map[string]verdict{
		"a value of a taint is tolerated":           {spec: tolerations("{key: dedicated, operator: Equal, value: ingress, effect: NoSchedule}"), want: accepted},
		"Equal is the default":                      {spec: tolerations("{key: dedicated, value: ingress}"), want: accepted},
		"every value is tolerated":                  {spec: tolerations("{key: example.com/pool, operator: Exists}"), want: accepted},
		"every taint is tolerated":                  {spec: tolerations("{operator: Exists}"), want: accepted},
		"an end after a while is tolerated":         {spec: tolerations("{key: a, operator: Exists, effect: NoExecute, tolerationSeconds: 60}"), want: accepted},
		"no list at all is fine":                    {spec: tolerations(""), want: accepted},
		"no key needs Exists":                       {spec: tolerations("{value: ingress}"), want: "write the key of the taint, or operator: Exists"},
		"an empty toleration needs a key":           {spec: tolerations("{}"), want: "write the key of the taint, or operator: Exists"},
		"Exists takes no value":                     {spec: tolerations("{key: a, operator: Exists, value: b}"), want: "remove value, or write operator: Equal"},
		"another operator is none":                  {spec: tolerations("{key: a, operator: Gt, value: '1'}"), want: `supported values: "Exists", "Equal"`},
		"another effect is none":                    {spec: tolerations("{key: a, effect: NoRun}"), want: `supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"`},
		"seconds need an effect that ends pods":     {spec: tolerations("{key: a, effect: NoSchedule, tolerationSeconds: 5}"), want: "write effect: NoExecute, or remove tolerationSeconds"},
		"a key with a space is none":                {spec: tolerations("{key: 'a b'}"), want: "write name or example.com/name"},
		"a value with a slash is none":              {spec: tolerations("{key: a, value: b/c}"), want: "must be a label value"},
		"seventeen tolerations are more than fit":   {spec: tolerations(strings.TrimSuffix(strings.Repeat("{key: a},", 17), ",")), want: "must have at most 16 items"},
		"a time that has passed already is no time": {spec: tolerations("{key: a, effect: NoExecute, tolerationSeconds: -1}"), want: "should be greater than or equal to 0"},
	})
}

func TestImage(t *testing.T) {
	const digest = "sha256:594ceea76b01c592858f803f9ff4d2cb40542cae2060410b2c95f75907d659e1"
	image := func(repository, tag, digest string) string {
		return "controller: {image: {repository: '" + repository + "', tag: '" + tag + "', digest: '" + digest + "'}}"
	}
	const repository = "controller.image.repository must be registry/path in lower case, without tag and digest"
	judge(t, someNodes, map[string]verdict{
		"an image of another registry":                 {spec: image("registry.example.com/ingress/controller", "v1.15.1", digest), want: accepted},
		"a registry may have a port":                   {spec: image("localhost:5000/controller", "v1.15.1-fork.2", digest), want: accepted},
		"an image needs its digest":                    {spec: "controller: {image: {repository: example.com/a, tag: v1}}", want: "image.digest: Required value"},
		"an image needs its tag":                       {spec: "controller: {image: {repository: example.com/a, digest: '" + digest + "'}}", want: "image.tag: Required value"},
		"an image needs its repository":                {spec: "controller: {image: {tag: v1, digest: '" + digest + "'}}", want: "image.repository: Required value"},
		"a repository has no tag":                      {spec: image("example.com/a:v1", "v1", digest), want: repository},
		"a repository has no digest":                   {spec: image("example.com/a@"+digest, "v1", digest), want: repository},
		"a repository has no scheme":                   {spec: image("https://example.com/a", "v1", digest), want: repository},
		"a repository is lower case":                   {spec: image("example.com/Controller", "v1", digest), want: repository},
		"a repository names its registry":              {spec: image("controller", "v1", digest), want: repository},
		"a tag has no spaces":                          {spec: image("example.com/a", "v1 fork", digest), want: "write it like v1.15.1"},
		"a tag has no digest":                          {spec: image("example.com/a", "v1@"+digest, digest), want: "write it like v1.15.1"},
		"a digest says its algorithm":                  {spec: image("example.com/a", "v1", strings.TrimPrefix(digest, "sha256:")), want: "must be sha256: and 64 hexadecimal digits"},
		"a digest of 63 digits is cut off":             {spec: image("example.com/a", "v1", digest[:len(digest)-1]), want: "must be sha256: and 64 hexadecimal digits"},
		"a digest of 65 digits is too long":            {spec: image("example.com/a", "v1", digest+"0"), want: "must be sha256: and 64 hexadecimal digits"},
		"a digest in upper case is not what one pulls": {spec: image("example.com/a", "v1", "sha256:"+strings.Repeat("A", 64)), want: "in lower case"},
		"another algorithm is not known":               {spec: image("example.com/a", "v1", "sha512:"+strings.Repeat("a", 64)), want: "must be sha256: and 64"},
	})
}

func TestControllerConfig(t *testing.T) {
	const key = "write at most 253 letters, digits, '-', '_' and '.', such as proxy-body-size"
	judge(t, someNodes, map[string]verdict{
		"settings are texts":                            {spec: `controller: {config: {proxy-body-size: 64m, proxy-read-timeout: "120"}}`, want: accepted},
		"no settings are fine":                          {spec: "controller: {config: {}}", want: accepted},
		"an empty value is a value":                     {spec: `controller: {config: {server-snippet: ""}}`, want: accepted},
		"a setting must be quoted where it is a number": {spec: "controller: {config: {proxy-read-timeout: 120}}", want: `must be of type string: "integer"`},
		"a setting must be quoted where it is true":     {spec: "controller: {config: {use-gzip: true}}", want: `must be of type string: "boolean"`},
		"a key with a space does not fit a ConfigMap":   {spec: `controller: {config: {"proxy body size": 64m}}`, want: key},
		"a key with a slash does not fit a ConfigMap":   {spec: "controller: {config: {a/b: c}}", want: key},
		"an empty key does not fit a ConfigMap":         {spec: `controller: {config: {"": c}}`, want: key},
		"a dot is no key of a ConfigMap":                {spec: `controller: {config: {".": c}}`, want: key},
		"a path is no key of a ConfigMap":               {spec: `controller: {config: {"..": c}}`, want: key},
		"a key of 254 characters is too long":           {spec: "controller: {config: {" + strings.Repeat("a", 254) + ": c}}", want: key},
		"a value of 4096 characters fits":               {spec: "controller: {config: {a: " + strings.Repeat("a", 4096) + "}}", want: accepted},
		"a value of 4097 characters is too long":        {spec: "controller: {config: {a: " + strings.Repeat("a", 4097) + "}}", want: "may not be more than 4096"},
		"201 settings are too many":                     {spec: "controller: {config: {" + numbered("k%d: v", 201) + "}}", want: "must have at most 200"},
		"settings that fill a ConfigMap are too many":   {spec: "controller: {config: {" + numbered("k%d: "+strings.Repeat("v", 4000), 25) + "}}", want: "larger than 100000 characters in all"},
	})
}

func TestResources(t *testing.T) {
	const amount, others = "write it like 500m or 256Mi", "takes cpu, memory and ephemeral-storage only: remove "
	judge(t, someNodes, map[string]verdict{
		"requests and limits":                            {spec: "controller: {resources: {requests: {cpu: 500m, memory: 256Mi}, limits: {memory: 1Gi}}}", want: accepted},
		"a whole number of processors":                   {spec: "controller: {resources: {requests: {cpu: 2, ephemeral-storage: 1Gi}}}", want: accepted},
		"nothing asked for":                              {spec: "controller: {resources: {requests: {cpu: 0}}}", want: accepted},
		"a request as large as the limit":                {spec: "controller: {resources: {requests: {cpu: 1}, limits: {cpu: 1000m}}}", want: accepted},
		"a request above its limit is never scheduled":   {spec: "controller: {resources: {requests: {memory: 1Gi}, limits: {memory: 512Mi}}}", want: "lower the request or raise the limit"},
		"a negative request is not to be had":            {spec: "controller: {resources: {requests: {memory: -1Gi}}}", want: amount},
		"a negative limit is not to be had":              {spec: "controller: {resources: {limits: {cpu: -1}}}", want: amount},
		"a quantity that Go cannot read would stop us":   {spec: "controller: {resources: {limits: {cpu: 1e1.5}}}", want: amount},
		"a word is no quantity":                          {spec: "controller: {resources: {limits: {cpu: much}}}", want: amount},
		"a misspelt resource is not known to Kubernetes": {spec: "controller: {resources: {limits: {cpus: 1}}}", want: others + "cpus"},
		"storage is asked for by its full name":          {spec: "controller: {resources: {requests: {storage: 1Gi}}}", want: others + "storage"},
		"an ingress controller uses no graphics cards":   {spec: "controller: {resources: {limits: {nvidia.com/gpu: 1}}}", want: others + "nvidia.com/gpu"},
		"claims of devices are not supported":            {spec: "controller: {resources: {claims: [{name: gpu}]}}", want: `unknown field "spec.controller.resources.claims"`},
	})
}

func TestIngressClass(t *testing.T) {
	const name = "write a name such as public"
	judge(t, someNodes, map[string]verdict{
		"a class of another name":                     {spec: "ingressClass: {name: public-web}", want: accepted},
		"a class with a domain":                       {spec: "ingressClass: {name: public.example.com}", want: accepted},
		"the default class":                           {spec: "ingressClass: {default: Enabled}", want: accepted},
		"the default class is no boolean":             {spec: "ingressClass: {default: true}", want: `supported values: "Enabled", "Disabled"`},
		"a class in upper case is no name":            {spec: "ingressClass: {name: Public}", want: name},
		"a class with a slash is no name":             {spec: "ingressClass: {name: example.com/public}", want: name},
		"a class with an underscore is no name":       {spec: "ingressClass: {name: public_web}", want: name},
		"a class of 64 characters is too long":        {spec: "ingressClass: {name: " + strings.Repeat("a", 64) + "}", want: "may not be more than 63"},
		"the default class is one of two words":       {spec: "ingressClass: {default: 'Yes'}", want: `supported values: "Enabled", "Disabled"`},
		"a class that begins with a hyphen is no one": {spec: "ingressClass: {name: -public}", want: name},
	})
}
