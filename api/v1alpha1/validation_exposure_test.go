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
		"a load balancer":     {spec: "exposure: {type: LoadBalancer}", want: accepted},
		"fixed node ports":    {spec: "exposure: {type: NodePort, nodePorts: {http: 30080, https: 30443}}", want: accepted},
		"one fixed node port": {spec: "exposure: {type: NodePort, nodePorts: {https: 30443}}", want: accepted},
		"host network":        {spec: "exposure: {type: HostNetwork}", want: accepted},
		"host ports":          {spec: "exposure: {type: HostPort}", want: accepted},
		"a ClusterIP is not reached from outside":        {spec: "exposure: {type: ClusterIP}", want: `supported values: "LoadBalancer", "NodePort", "HostNetwork", "HostPort"`},
		"loadBalancer needs its type":                    {spec: "exposure: {type: NodePort, loadBalancer: {class: a}}", want: "remove loadBalancer or change the type"},
		"an empty loadBalancer needs its type as well":   {spec: "exposure: {type: HostNetwork, loadBalancer: {}}", want: "remove loadBalancer or change the type"},
		"nodePorts need their type":                      {spec: "exposure: {type: LoadBalancer, nodePorts: {http: 30080}}", want: "remove nodePorts or change the type"},
		"nodePorts need their type, not the default one": {spec: "exposure: {nodePorts: {http: 30080}}", want: "remove nodePorts or change the type"},
		"one node port cannot be two":                    {spec: "exposure: {type: NodePort, nodePorts: {http: 30080, https: 30080}}", want: "http and https must differ: write another port"},
		"a node port is greater than nothing":            {spec: "exposure: {type: NodePort, nodePorts: {http: 0}}", want: "should be greater than or equal to 1"},
		"a node port is a port":                          {spec: "exposure: {type: NodePort, nodePorts: {http: 70000}}", want: "should be less than or equal to 65535"},

		"IPv6 alone":                                    {spec: "exposure: {ipFamilies: [IPv6]}", want: accepted},
		"two families":                                  {spec: "exposure: {ipFamilyPolicy: RequireDualStack, ipFamilies: [IPv6, IPv4]}", want: accepted},
		"two families where there are two":              {spec: "exposure: {type: NodePort, ipFamilyPolicy: PreferDualStack}", want: accepted},
		"two families need a policy for two":            {spec: "exposure: {ipFamilies: [IPv4, IPv6]}", want: "need ipFamilyPolicy PreferDualStack or RequireDualStack"},
		"two families are no single stack":              {spec: "exposure: {ipFamilyPolicy: SingleStack, ipFamilies: [IPv4, IPv6]}", want: "write one of these, or a single family"},
		"one family is a single stack":                  {spec: "exposure: {ipFamilyPolicy: SingleStack, ipFamilies: [IPv6]}", want: accepted},
		"two families where two are preferred":          {spec: "exposure: {ipFamilyPolicy: PreferDualStack, ipFamilies: [IPv4, IPv6]}", want: accepted},
		"one family where two are preferred":            {spec: "exposure: {ipFamilyPolicy: PreferDualStack, ipFamilies: [IPv4]}", want: halfWritten},
		"one family where two are required":             {spec: "exposure: {type: NodePort, ipFamilyPolicy: RequireDualStack, ipFamilies: [IPv6]}", want: halfWritten},
		"the same family twice":                         {spec: "exposure: {ipFamilyPolicy: PreferDualStack, ipFamilies: [IPv4, IPv4]}", want: "names the same family twice"},
		"a family is IPv4 or IPv6":                      {spec: "exposure: {ipFamilies: [ipv4]}", want: `supported values: "IPv4", "IPv6"`},
		"no families are none to choose from":           {spec: "exposure: {ipFamilies: []}", want: "or remove ipFamilies to take the cluster's"},
		"three families do not exist":                   {spec: "exposure: {ipFamilyPolicy: PreferDualStack, ipFamilies: [IPv4, IPv6, IPv4]}", want: "must have at most 2 items"},
		"a policy is one of three":                      {spec: "exposure: {ipFamilyPolicy: DualStack}", want: `supported values: "SingleStack", "PreferDualStack", "RequireDualStack"`},
		"families are a Service's":                      {spec: "exposure: {type: HostNetwork, ipFamilies: [IPv4]}", want: "write exposure.type LoadBalancer or NodePort, or remove them"},
		"a policy about families is a Service's":        {spec: "exposure: {type: HostPort, ipFamilyPolicy: SingleStack}", want: "write exposure.type LoadBalancer or NodePort, or remove them"},
		"no drain delay where nothing stands in front":  {spec: "exposure: {drainDelay: 0s}", want: accepted},
		"a drain delay of a minute and a half":          {spec: "exposure: {drainDelay: 1m30s}", want: accepted},
		"the longest drain delay":                       {spec: "exposure: {drainDelay: 10m}", want: accepted},
		"the longest drain delay as Go writes it":       {spec: "exposure: {drainDelay: 10m0s}", want: accepted},
		"a drain delay beyond ten minutes":              {spec: "exposure: {drainDelay: 601s}", want: drain},
		"a drain delay of an hour":                      {spec: "exposure: {drainDelay: 1h}", want: drain},
		"a negative drain delay":                        {spec: "exposure: {drainDelay: -1s}", want: drain},
		"a drain delay without a unit":                  {spec: `exposure: {drainDelay: "30"}`, want: drain},
		"a drain delay that is a number":                {spec: "exposure: {drainDelay: 30}", want: `must be of type string: "integer"`},
		"a drain delay in words would stop Go":          {spec: "exposure: {drainDelay: 1 minute}", want: drain},
		"a drain delay of less than a second":           {spec: "exposure: {drainDelay: 1500ms}", want: drain},
		"a drain delay with a fraction":                 {spec: "exposure: {drainDelay: 1.5s}", want: drain},
		"an empty drain delay":                          {spec: `exposure: {drainDelay: ""}`, want: drain},
		"seconds before minutes are not read that way":  {spec: "exposure: {drainDelay: 30s1m}", want: drain},
		"a drain delay of many digits would overflow":   {spec: "exposure: {drainDelay: 99999999999999999999s}", want: drain},
		"exposure that is empty takes all its defaults": {spec: "exposure: {}", want: accepted},
	})
}

func TestLoadBalancer(t *testing.T) {
	const class, annotation = "write it like internal-vip or example.com/internal-vip", "which is no annotation key: write name or example.com/name"
	load := func(text string) string { return "exposure: {loadBalancer: {" + text + "}}" }
	judge(t, someNodes, map[string]verdict{
		"a class with a domain":                        {spec: load("class: example.com/internal-vip"), want: accepted},
		"a class without a domain":                     {spec: load("class: internal-vip"), want: accepted},
		"a class with a space":                         {spec: load("class: internal vip"), want: class},
		"a class with two slashes":                     {spec: load("class: example.com/a/b"), want: class},
		"a class whose name is too long":               {spec: load("class: example.com/" + strings.Repeat("a", 64)), want: class},
		"a class with an empty domain":                 {spec: load("class: /internal"), want: class},
		"an annotation":                                {spec: load(`annotations: {load-balancer.hetzner.cloud/uses-proxyprotocol: "true"}`), want: accepted},
		"an annotation without a domain":               {spec: load("annotations: {owner: platform}"), want: accepted},
		"an annotation whose domain is in upper case":  {spec: load("annotations: {Example.COM/Owner: platform}"), want: accepted},
		"an annotation that is a boolean":              {spec: load("annotations: {example.com/on: true}"), want: `must be of type string: "boolean"`},
		"an annotation with a space is named":          {spec: load(`annotations: {"my owner": me}`), want: `has "my owner", ` + annotation},
		"an annotation with an empty key":              {spec: load(`annotations: {"": me}`), want: annotation},
		"an annotation whose name is too long":         {spec: load("annotations: {" + strings.Repeat("a", 64) + ": me}"), want: annotation},
		"an annotation with an endless key":            {spec: load("annotations: {" + strings.Repeat("a", 400) + ": me}"), want: annotation},
		"an annotation of the operator":                {spec: load("annotations: {edgeingress.dev/applied: x}"), want: "belong to the operator"},
		"an annotation of the operator, below it":      {spec: load("annotations: {taint.edgeingress.dev/public: x}"), want: "remove them from exposure.loadBalancer.annotations"},
		"an annotation of the operator in upper case":  {spec: load("annotations: {EdgeIngress.dev/applied: x}"), want: "belong to the operator"},
		"an annotation of another project":             {spec: load("annotations: {my-edgeingress.dev/applied: x}"), want: accepted},
		"an annotation of kubectl":                     {spec: load("annotations: {kubectl.kubernetes.io/last-applied-configuration: x}"), want: "those under kubectl.kubernetes.io/ to kubectl"},
		"source ranges by annotation":                  {spec: load("annotations: {service.beta.kubernetes.io/load-balancer-source-ranges: 10.0.0.0/8}"), want: "write exposure.loadBalancer.sourceRanges"},
		"65 annotations":                               {spec: load("annotations: {" + numbered("k%d: v", 65) + "}"), want: "must have at most 64"},
		"an annotation of 4097 characters":             {spec: load("annotations: {k: " + strings.Repeat("v", 4097) + "}"), want: "may not be more than 4096"},
		"annotations larger than Kubernetes takes":     {spec: load("annotations: {" + numbered("k%d: "+strings.Repeat("v", 4000), 13) + "}"), want: "larger than 50000 characters in all"},
		"source ranges":                                {spec: load("sourceRanges: [203.0.113.0/24, '2001:db8::/32']"), want: accepted},
		"everybody as source range":                    {spec: load("sourceRanges: [0.0.0.0/0, '::/0']"), want: accepted},
		"no source ranges would keep everybody out":    {spec: load("sourceRanges: []"), want: "or remove sourceRanges to let every address in"},
		"a source range without a length":              {spec: load("sourceRanges: [203.0.113.7]"), want: "spec.exposure.loadBalancer.sourceRanges[0]"},
		"a source range with host bits":                {spec: load("sourceRanges: [203.0.113.7/24]"), want: "must not have host bits"},
		"a source range with a space, as Services may": {spec: load("sourceRanges: [' 203.0.113.0/24']"), want: "write it like 203.0.113.0/24"},
		"a known provider":                             {spec: load("provider: MetalLB"), want: accepted},
		"a provider by what it does":                   {spec: load("provider: PacketForwarding"), want: accepted},
		"a provider of another spelling":               {spec: load("provider: metallb"), want: `Unsupported value: "metallb"`},
		"node ports switched off":                      {spec: load("nodePorts: Disabled"), want: accepted},
		"node ports that are a boolean":                {spec: load("nodePorts: false"), want: `supported values: "Enabled", "Disabled"`},
	})
}
