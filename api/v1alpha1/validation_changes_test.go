package v1alpha1_test

import "testing"

func TestChanges(t *testing.T) {
	const (
		namespace = "create a second EdgeIngress with the other namespace, then delete this one"
		class     = "ingressClass.name cannot be changed, because Ingress objects refer to it"
		balancer  = "Kubernetes freezes a Service's loadBalancerClass: create a second EdgeIngress"
		kind      = "controller.kind cannot be changed while the controller holds host ports"
		family    = "the first of exposure.ipFamilies cannot be changed"
	)
	judgeChanges(t, someNodes, map[string]change{
		"nothing":                                   {from: "", to: "", want: accepted},
		"the namespace":                             {from: "namespace: a", to: "namespace: b", want: namespace},
		"the namespace is written":                  {from: "", to: "namespace: a", want: namespace},
		"the namespace is removed":                  {from: "namespace: a", to: "", want: namespace},
		"the namespace stays":                       {from: "namespace: a", to: "namespace: a", want: accepted},
		"the class":                                 {from: "ingressClass: {name: a}", to: "ingressClass: {name: b}", want: class},
		"the class is written":                      {from: "", to: "ingressClass: {name: a}", want: class},
		"the class is removed":                      {from: "ingressClass: {name: a}", to: "", want: class},
		"the name of the class only":                {from: "ingressClass: {name: a, default: Enabled}", to: "ingressClass: {default: Enabled}", want: class},
		"the class becomes the default":             {from: "ingressClass: {name: a}", to: "ingressClass: {name: a, default: Enabled}", want: accepted},
		"the class of the same name gets its block": {from: "", to: "ingressClass: {default: Enabled}", want: accepted},

		"the balancer's class":                       {from: "exposure: {loadBalancer: {class: a}}", to: "exposure: {loadBalancer: {class: b}}", want: balancer},
		"the balancer's class is written":            {from: "", to: "exposure: {loadBalancer: {class: a}}", want: balancer},
		"the balancer's class is written in a block": {from: "exposure: {loadBalancer: {}}", to: "exposure: {loadBalancer: {class: a}}", want: balancer},
		"the balancer's class is removed":            {from: "exposure: {loadBalancer: {class: a}}", to: "", want: balancer},
		"the balancer's class stays":                 {from: "exposure: {loadBalancer: {class: a}}", to: "exposure: {loadBalancer: {class: a, provider: MetalLB}}", want: accepted},
		"the balancer goes, and with it its class":   {from: "exposure: {loadBalancer: {class: a}}", to: "exposure: {type: NodePort}", want: accepted},
		"a balancer comes, with its class":           {from: "exposure: {type: HostNetwork}", to: "exposure: {loadBalancer: {class: a}}", want: accepted},
		"the balancer's annotations":                 {from: "exposure: {loadBalancer: {annotations: {a: b}}}", to: "exposure: {loadBalancer: {annotations: {a: c}}}", want: accepted},

		"the primary family":              {from: "exposure: {ipFamilies: [IPv4]}", to: "exposure: {ipFamilies: [IPv6]}", want: family},
		"the order of the families":       {from: "exposure: {ipFamilyPolicy: PreferDualStack, ipFamilies: [IPv4, IPv6]}", to: "exposure: {ipFamilyPolicy: PreferDualStack, ipFamilies: [IPv6, IPv4]}", want: family},
		"a second family":                 {from: "exposure: {ipFamilies: [IPv4]}", to: "exposure: {ipFamilyPolicy: PreferDualStack, ipFamilies: [IPv4, IPv6]}", want: accepted},
		"the families are half a pair":    {from: "exposure: {ipFamilies: [IPv4]}", to: "exposure: {ipFamilyPolicy: PreferDualStack, ipFamilies: [IPv4]}", want: "take both ipFamilies or none"},
		"the families are emptied":        {from: "exposure: {ipFamilies: [IPv4]}", to: "exposure: {ipFamilies: []}", want: "exposure.ipFamilies must not be empty"},
		"the families are left to others": {from: "exposure: {ipFamilies: [IPv4]}", to: "", want: accepted},

		"a DaemonSet becomes a Deployment":                    {from: "", to: "controller: {kind: Deployment, replicas: 2}", want: accepted},
		"a Deployment becomes a DaemonSet":                    {from: "controller: {kind: Deployment, replicas: 2}", to: "", want: accepted},
		"a DaemonSet becomes a Deployment on host network":    {from: "exposure: {type: HostNetwork}", to: "exposure: {type: HostNetwork}\ncontroller: {kind: Deployment}", want: kind},
		"a Deployment becomes a DaemonSet on host ports":      {from: "exposure: {type: HostPort}\ncontroller: {kind: Deployment}", to: "exposure: {type: HostPort}", want: kind},
		"a DaemonSet becomes a Deployment when it gets ports": {from: "", to: "exposure: {type: HostPort}\ncontroller: {kind: Deployment}", want: kind},
		"a Deployment becomes a DaemonSet when it loses them": {from: "exposure: {type: HostPort}\ncontroller: {kind: Deployment}", to: "", want: kind},
		"a Service gives way to the node's network":           {from: "", to: "exposure: {type: HostNetwork}", want: accepted},
		"trust":                           {from: "clientIP: {proxyProtocol: {trustedCIDRs: [10.0.0.0/24]}}", to: "", want: accepted},
		"trust becomes trust of everyone": {from: "clientIP: {proxyProtocol: {trustedCIDRs: [10.0.0.0/24]}}", to: "clientIP: {proxyProtocol: {trustedCIDRs: [0.0.0.0/0]}}", want: "must not cover everyone"},
		"an image comes":                  {from: "", to: "controller: {image: {repository: example.com/a, tag: v1, digest: 'sha256:594ceea76b01c592858f803f9ff4d2cb40542cae2060410b2c95f75907d659e1'}}", want: accepted},
	})
}

func TestChangesOfNodes(t *testing.T) {
	const label = "nodes.label cannot be changed, because running pods tolerate the old taint only"
	rows := map[string]change{
		"the role":                            {from: "nodes: {names: [a]}", to: "nodes: {names: [a], label: node-role.kubernetes.io/ingress}", want: label},
		"the role is removed":                 {from: "nodes: {names: [a], label: node-role.kubernetes.io/ingress}", to: "nodes: {names: [a]}", want: label},
		"another role":                        {from: "nodes: {names: [a], label: edgeingress.dev/a}", to: "nodes: {names: [a], label: edgeingress.dev/b}", want: label},
		"the role that is the default":        {from: "nodes: {names: [a]}", to: "nodes: {names: [a], label: node-role.kubernetes.io/edge}", want: accepted},
		"the names":                           {from: "nodes: {names: [a]}", to: "nodes: {names: [b, c]}", want: accepted},
		"names give way to a selector":        {from: "nodes: {names: [a]}", to: "nodes: {selector: {matchLabels: {pool: edge}}}", want: accepted},
		"a selector becomes empty":            {from: "nodes: {selector: {matchLabels: {pool: edge}}}", to: "nodes: {selector: {}}", want: "it would take every node"},
		"the absence of the role is chosen":   {from: "nodes: {names: [a]}", to: "nodes: {selector: {matchExpressions: [{key: node-role.kubernetes.io/edge, operator: DoesNotExist}]}}", want: "must not choose nodes by the absence of nodes.label"},
		"dedicated nodes are shared from now": {from: "nodes: {names: [a]}", to: "nodes: {names: [a], isolation: Shared}", want: accepted},
	}
	judgeChanges(t, "", rows)
}
