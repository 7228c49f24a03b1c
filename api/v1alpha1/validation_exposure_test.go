package v1alpha1_test

import (
	"strings"
	"testing"
)

func TestExposure(t *testing.T) {
	const (
		drain       = "write it like 30s or 1m30s"
		halfWritten = "write both, the primary one first, or remove ipFamilies, or write SingleStack"
	)
	judge(t, someNodes, map[string]verdict{
		"a load balancer":     {"exposure: {type: LoadBalancer}", accepted},
		"fixed node ports":    {"exposure: {type: NodePort, nodePorts: {http: 30080, https: 30443}}", accepted},
		"one fixed node port": {"exposure: {type: NodePort, nodePorts: {https: 30443}}", accepted},
		"host network":        {"exposure: {type: HostNetwork}", accepted},
		"host ports":          {"exposure: {type: HostPort}", accepted},
		"a ClusterIP is not reached from outside":        {"exposure: {type: ClusterIP}", `supported values: "LoadBalancer", "NodePort", "HostNetwork", "HostPort"`},
		"loadBalancer needs its type":                    {"exposure: {type: NodePort, loadBalancer: {class: a}}", "remove loadBalancer or change the type"},
		"an empty loadBalancer needs its type as well":   {"exposure: {type: HostNetwork, loadBalancer: {}}", "remove loadBalancer or change the type"},
		"nodePorts need their type":                      {"exposure: {type: LoadBalancer, nodePorts: {http: 30080}}", "remove nodePorts or change the type"},
		"nodePorts need their type, not the default one": {"exposure: {nodePorts: {http: 30080}}", "remove nodePorts or change the type"},
		"one node port cannot be two":                    {"exposure: {type: NodePort, nodePorts: {http: 30080, https: 30080}}", "http and https must differ: write another port"},
		"a node port is greater than nothing":            {"exposure: {type: NodePort, nodePorts: {http: 0}}", "should be greater than or equal to 1"},
		"a node port is a port":                          {"exposure: {type: NodePort, nodePorts: {http: 70000}}", "should be less than or equal to 65535"},

		"IPv6 alone":                                    {"exposure: {ipFamilies: [IPv6]}", accepted},
		"two families":                                  {"exposure: {ipFamilyPolicy: RequireDualStack, ipFamilies: [IPv6, IPv4]}", accepted},
		"two families where there are two":              {"exposure: {type: NodePort, ipFamilyPolicy: PreferDualStack}", accepted},
		"two families need a policy for two":            {"exposure: {ipFamilies: [IPv4, IPv6]}", "need ipFamilyPolicy PreferDualStack or RequireDualStack"},
		"two families are no single stack":              {"exposure: {ipFamilyPolicy: SingleStack, ipFamilies: [IPv4, IPv6]}", "write one of these, or a single family"},
		"one family is a single stack":                  {"exposure: {ipFamilyPolicy: SingleStack, ipFamilies: [IPv6]}", accepted},
		"two families where two are preferred":          {"exposure: {ipFamilyPolicy: PreferDualStack, ipFamilies: [IPv4, IPv6]}", accepted},
		"one family where two are preferred":            {"exposure: {ipFamilyPolicy: PreferDualStack, ipFamilies: [IPv4]}", halfWritten},
		"one family where two are required":             {"exposure: {type: NodePort, ipFamilyPolicy: RequireDualStack, ipFamilies: [IPv6]}", halfWritten},
		"the same family twice":                         {"exposure: {ipFamilyPolicy: PreferDualStack, ipFamilies: [IPv4, IPv4]}", "names the same family twice"},
		"a family is IPv4 or IPv6":                      {"exposure: {ipFamilies: [ipv4]}", `supported values: "IPv4", "IPv6"`},
		"no families are none to choose from":           {"exposure: {ipFamilies: []}", "or remove ipFamilies to take the cluster's"},
		"three families do not exist":                   {"exposure: {ipFamilyPolicy: PreferDualStack, ipFamilies: [IPv4, IPv6, IPv4]}", "must have at most 2 items"},
		"a policy is one of three":                      {"exposure: {ipFamilyPolicy: DualStack}", `supported values: "SingleStack", "PreferDualStack", "RequireDualStack"`},
		"families are a Service's":                      {"exposure: {type: HostNetwork, ipFamilies: [IPv4]}", "write exposure.type LoadBalancer or NodePort, or remove them"},
		"a policy about families is a Service's":        {"exposure: {type: HostPort, ipFamilyPolicy: SingleStack}", "write exposure.type LoadBalancer or NodePort, or remove them"},
		"no drain delay where nothing stands in front":  {"exposure: {drainDelay: 0s}", accepted},
		"a drain delay of a minute and a half":          {"exposure: {drainDelay: 1m30s}", accepted},
		"the longest drain delay":                       {"exposure: {drainDelay: 10m}", accepted},
		"the longest drain delay as Go writes it":       {"exposure: {drainDelay: 10m0s}", accepted},
		"a drain delay beyond ten minutes":              {"exposure: {drainDelay: 601s}", drain},
		"a drain delay of an hour":                      {"exposure: {drainDelay: 1h}", drain},
		"a negative drain delay":                        {"exposure: {drainDelay: -1s}", drain},
		"a drain delay without a unit":                  {`exposure: {drainDelay: "30"}`, drain},
		"a drain delay that is a number":                {"exposure: {drainDelay: 30}", `must be of type string: "integer"`},
		"a drain delay in words would stop Go":          {"exposure: {drainDelay: 1 minute}", drain},
		"a drain delay of less than a second":           {"exposure: {drainDelay: 1500ms}", drain},
		"a drain delay with a fraction":                 {"exposure: {drainDelay: 1.5s}", drain},
		"an empty drain delay":                          {`exposure: {drainDelay: ""}`, drain},
		"seconds before minutes are not read that way":  {"exposure: {drainDelay: 30s1m}", drain},
		"a drain delay of many digits would overflow":   {"exposure: {drainDelay: 99999999999999999999s}", drain},
		"exposure that is empty takes all its defaults": {"exposure: {}", accepted},
	})
}

func TestLoadBalancer(t *testing.T) {
	const class, annotation = "write it like internal-vip or example.com/internal-vip", "which is no annotation key: write name or example.com/name"
	load := func(text string) string { return "exposure: {loadBalancer: {" + text + "}}" }
	judge(t, someNodes, map[string]verdict{
		"a class with a domain":                        {load("class: example.com/internal-vip"), accepted},
		"a class without a domain":                     {load("class: internal-vip"), accepted},
		"a class with a space":                         {load("class: internal vip"), class},
		"a class with two slashes":                     {load("class: example.com/a/b"), class},
		"a class whose name is too long":               {load("class: example.com/" + strings.Repeat("a", 64)), class},
		"a class with an empty domain":                 {load("class: /internal"), class},
		"an annotation":                                {load(`annotations: {load-balancer.hetzner.cloud/uses-proxyprotocol: "true"}`), accepted},
		"an annotation without a domain":               {load("annotations: {owner: platform}"), accepted},
		"an annotation whose domain is in upper case":  {load("annotations: {Example.COM/Owner: platform}"), accepted},
		"an annotation that is a boolean":              {load("annotations: {example.com/on: true}"), `must be of type string: "boolean"`},
		"an annotation with a space is named":          {load(`annotations: {"my owner": me}`), `has "my owner", ` + annotation},
		"an annotation with an empty key":              {load(`annotations: {"": me}`), annotation},
		"an annotation whose name is too long":         {load("annotations: {" + strings.Repeat("a", 64) + ": me}"), annotation},
		"an annotation with an endless key":            {load("annotations: {" + strings.Repeat("a", 400) + ": me}"), annotation},
		"an annotation of the operator":                {load("annotations: {edgeingress.dev/applied: x}"), "belong to the operator"},
		"an annotation of the operator, below it":      {load("annotations: {taint.edgeingress.dev/public: x}"), "remove them from exposure.loadBalancer.annotations"},
		"an annotation of the operator in upper case":  {load("annotations: {EdgeIngress.dev/applied: x}"), "belong to the operator"},
		"an annotation of another project":             {load("annotations: {my-edgeingress.dev/applied: x}"), accepted},
		"an annotation of kubectl":                     {load("annotations: {kubectl.kubernetes.io/last-applied-configuration: x}"), "those under kubectl.kubernetes.io/ to kubectl"},
		"source ranges by annotation":                  {load("annotations: {service.beta.kubernetes.io/load-balancer-source-ranges: 10.0.0.0/8}"), "write exposure.loadBalancer.sourceRanges"},
		"65 annotations":                               {load("annotations: {" + numbered("k%d: v", 65) + "}"), "must have at most 64"},
		"an annotation of 4097 characters":             {load("annotations: {k: " + strings.Repeat("v", 4097) + "}"), "may not be more than 4096"},
		"annotations larger than Kubernetes takes":     {load("annotations: {" + numbered("k%d: "+strings.Repeat("v", 4000), 13) + "}"), "larger than 50000 characters in all"},
		"source ranges":                                {load("sourceRanges: [203.0.113.0/24, '2001:db8::/32']"), accepted},
		"everybody as source range":                    {load("sourceRanges: [0.0.0.0/0, '::/0']"), accepted},
		"no source ranges would keep everybody out":    {load("sourceRanges: []"), "or remove sourceRanges to let every address in"},
		"a source range without a length":              {load("sourceRanges: [203.0.113.7]"), "spec.exposure.loadBalancer.sourceRanges[0]"},
		"a source range with host bits":                {load("sourceRanges: [203.0.113.7/24]"), "must not have host bits"},
		"a source range with a space, as Services may": {load("sourceRanges: [' 203.0.113.0/24']"), "write it like 203.0.113.0/24"},
		"a known provider":                             {load("provider: MetalLB"), accepted},
		"a provider by what it does":                   {load("provider: PacketForwarding"), accepted},
		"a provider of another spelling":               {load("provider: metallb"), `Unsupported value: "metallb"`},
		"node ports switched off":                      {load("nodePorts: Disabled"), accepted},
		"node ports that are a boolean":                {load("nodePorts: false"), `supported values: "Enabled", "Disabled"`},
	})
}
