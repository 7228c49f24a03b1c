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
		"nothing":                                   {"", "", accepted},
		"the namespace":                             {"namespace: a", "namespace: b", namespace},
		"the namespace is written":                  {"", "namespace: a", namespace},
		"the namespace is removed":                  {"namespace: a", "", namespace},
		"the namespace stays":                       {"namespace: a", "namespace: a", accepted},
		"the class":                                 {"ingressClass: {name: a}", "ingressClass: {name: b}", class},
		"the class is written":                      {"", "ingressClass: {name: a}", class},
		"the class is removed":                      {"ingressClass: {name: a}", "", class},
		"the name of the class only":                {"ingressClass: {name: a, default: Enabled}", "ingressClass: {default: Enabled}", class},
		"the class becomes the default":             {"ingressClass: {name: a}", "ingressClass: {name: a, default: Enabled}", accepted},
		"the class of the same name gets its block": {"", "ingressClass: {default: Enabled}", accepted},

		"the balancer's class":                       {"exposure: {loadBalancer: {class: a}}", "exposure: {loadBalancer: {class: b}}", balancer},
		"the balancer's class is written":            {"", "exposure: {loadBalancer: {class: a}}", balancer},
		"the balancer's class is written in a block": {"exposure: {loadBalancer: {}}", "exposure: {loadBalancer: {class: a}}", balancer},
		"the balancer's class is removed":            {"exposure: {loadBalancer: {class: a}}", "", balancer},
		"the balancer's class stays":                 {"exposure: {loadBalancer: {class: a}}", "exposure: {loadBalancer: {class: a, provider: MetalLB}}", accepted},
		"the balancer goes, and with it its class":   {"exposure: {loadBalancer: {class: a}}", "exposure: {type: NodePort}", accepted},
		"a balancer comes, with its class":           {"exposure: {type: HostNetwork}", "exposure: {loadBalancer: {class: a}}", accepted},
		"the balancer's annotations":                 {"exposure: {loadBalancer: {annotations: {a: b}}}", "exposure: {loadBalancer: {annotations: {a: c}}}", accepted},

		"the primary family":              {"exposure: {ipFamilies: [IPv4]}", "exposure: {ipFamilies: [IPv6]}", family},
		"the order of the families":       {"exposure: {ipFamilyPolicy: PreferDualStack, ipFamilies: [IPv4, IPv6]}", "exposure: {ipFamilyPolicy: PreferDualStack, ipFamilies: [IPv6, IPv4]}", family},
		"a second family":                 {"exposure: {ipFamilies: [IPv4]}", "exposure: {ipFamilyPolicy: PreferDualStack, ipFamilies: [IPv4, IPv6]}", accepted},
		"the families are half a pair":    {"exposure: {ipFamilies: [IPv4]}", "exposure: {ipFamilyPolicy: PreferDualStack, ipFamilies: [IPv4]}", "take both ipFamilies or none"},
		"the families are emptied":        {"exposure: {ipFamilies: [IPv4]}", "exposure: {ipFamilies: []}", "exposure.ipFamilies must not be empty"},
		"the families are left to others": {"exposure: {ipFamilies: [IPv4]}", "", accepted},

		"a DaemonSet becomes a Deployment":                    {"", "controller: {kind: Deployment, replicas: 2}", accepted},
		"a Deployment becomes a DaemonSet":                    {"controller: {kind: Deployment, replicas: 2}", "", accepted},
		"a DaemonSet becomes a Deployment on host network":    {"exposure: {type: HostNetwork}", "exposure: {type: HostNetwork}\ncontroller: {kind: Deployment}", kind},
		"a Deployment becomes a DaemonSet on host ports":      {"exposure: {type: HostPort}\ncontroller: {kind: Deployment}", "exposure: {type: HostPort}", kind},
		"a DaemonSet becomes a Deployment when it gets ports": {"", "exposure: {type: HostPort}\ncontroller: {kind: Deployment}", kind},
		"a Deployment becomes a DaemonSet when it loses them": {"exposure: {type: HostPort}\ncontroller: {kind: Deployment}", "", kind},
		"a Service gives way to the node's network":           {"", "exposure: {type: HostNetwork}", accepted},
		"trust":                           {"clientIP: {proxyProtocol: {trustedCIDRs: [10.0.0.0/24]}}", "", accepted},
		"trust becomes trust of everyone": {"clientIP: {proxyProtocol: {trustedCIDRs: [10.0.0.0/24]}}", "clientIP: {proxyProtocol: {trustedCIDRs: [0.0.0.0/0]}}", "must not cover everyone"},
		"an image comes":                  {"", "controller: {image: {repository: example.com/a, tag: v1, digest: 'sha256:594ceea76b01c592858f803f9ff4d2cb40542cae2060410b2c95f75907d659e1'}}", accepted},
	})
}

func TestChangesOfNodes(t *testing.T) {
	const label = "nodes.label cannot be changed, because running pods tolerate the old taint only"
	rows := map[string]change{
		"the role":                            {"nodes: {names: [a]}", "nodes: {names: [a], label: node-role.kubernetes.io/ingress}", label},
		"the role is removed":                 {"nodes: {names: [a], label: node-role.kubernetes.io/ingress}", "nodes: {names: [a]}", label},
		"another role":                        {"nodes: {names: [a], label: edgeingress.dev/a}", "nodes: {names: [a], label: edgeingress.dev/b}", label},
		"the role that is the default":        {"nodes: {names: [a]}", "nodes: {names: [a], label: node-role.kubernetes.io/edge}", accepted},
		"the names":                           {"nodes: {names: [a]}", "nodes: {names: [b, c]}", accepted},
		"names give way to a selector":        {"nodes: {names: [a]}", "nodes: {selector: {matchLabels: {pool: edge}}}", accepted},
		"a selector becomes empty":            {"nodes: {selector: {matchLabels: {pool: edge}}}", "nodes: {selector: {}}", "it would take every node"},
		"the absence of the role is chosen":   {"nodes: {names: [a]}", "nodes: {selector: {matchExpressions: [{key: node-role.kubernetes.io/edge, operator: DoesNotExist}]}}", "must not choose nodes by the absence of nodes.label"},
		"dedicated nodes are shared from now": {"nodes: {names: [a]}", "nodes: {names: [a], isolation: Shared}", accepted},
	}
	judgeChanges(t, "", rows)
}
