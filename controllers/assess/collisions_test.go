package assess

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/desired"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

var (
	withOlder   = &desired.Collision{With: "a", Older: true}
	withYounger = &desired.Collision{With: "b"}
)

func collides(c desired.Collisions) option { return func(g *given) { g.d.Collisions = c } }

// notMade has nothing of the EdgeIngress in its namespace.
func notMade(g *given) {
	g.d.Objects = nil
	g.s.DaemonSet = snapshot.Read[appsv1.DaemonSet]{}
	g.s.ConfigMap = snapshot.Read[corev1.ConfigMap]{}
	g.s.Service = snapshot.Read[corev1.Service]{}
	g.s.Pods.Items, g.s.EndpointSlices.Items = nil, nil
}

func notStarted(g *given) {
	g.d.Objects = nil
	g.s.DaemonSet = snapshot.Read[appsv1.DaemonSet]{}
	g.s.Pods.Items, g.s.EndpointSlices.Items = nil, nil
}

func takenFrom(cause desired.BlockCause, wanted string, with *desired.Collision) option {
	return func(g *given) {
		g.d.Blocked = []desired.Block{{
			Ref:   snapshot.Ref{Kind: "Service", Namespace: namespace, Name: objectName},
			Cause: cause, Wanted: wanted, With: with,
		}}
	}
}

func TestTheNamespaceOfAnOlderOne(t *testing.T) {
	waits := all(notMade, collides(desired.Collisions{Namespace: withOlder, Waits: true}))
	runsThere := collides(desired.Collisions{Namespace: withOlder})
	const says = "EdgeIngress a, which is older, uses namespace edge-public, and a pod in a controller's namespace can act as the controller. " +
		"So the operator creates no object and changes no node. Create an EdgeIngress with another spec.namespace, and delete this one."
	for _, condition := range []string{v1alpha1.ConditionControllerAvailable, v1alpha1.ConditionLoadBalancerReady, v1alpha1.ConditionConfigEffective} {
		t.Run(condition, func(t *testing.T) {
			runRows(t, condition, map[string]row{
				"nothing is made": {given: []option{waits}, status: no, reason: v1alpha1.ReasonNamespaceTaken, says: says},
			})
		})
	}
	runRows(t, v1alpha1.ConditionNodesReady, map[string]row{
		"nodes stay as they are":            {given: []option{waits, func(g *given) { g.d.Nodes.Untouched = []string{"edge-1"} }}, status: no, reason: v1alpha1.ReasonNamespaceTaken, says: says},
		"one that runs there has its nodes": {given: []option{runsThere}, status: yes, reason: v1alpha1.ReasonNodesLabelled},
	})
	runRows(t, v1alpha1.ConditionControllerAvailable, map[string]row{
		"one that runs there":          {given: []option{runsThere}, status: yes, reason: v1alpha1.ReasonControllersReady, says: "EdgeIngress a, which is older, uses namespace edge-public too, so the pods of each can act as the controller of the other. Create an EdgeIngress with another spec.namespace, then delete this one."},
		"a Deployment that runs there": {given: []option{deployment, runsThere}, status: yes, reason: v1alpha1.ReasonControllersReady, says: "uses namespace edge-public too"},
		"what is there was not read":   {given: []option{waits, func(g *given) { g.s.Inventory.Err = errNoAPI }}, status: unknown, reason: v1alpha1.ReasonWorkloadMissing},
	})
}

func TestTheClassOfAnother(t *testing.T) {
	older, younger := collides(desired.Collisions{Class: withOlder}), collides(desired.Collisions{Class: withYounger})
	runRows(t, v1alpha1.ConditionConfigEffective, map[string]row{
		"an older one has it":          {given: []option{older, notStarted}, status: no, reason: v1alpha1.ReasonIngressClassTaken, says: "EdgeIngress a, which is older, has IngressClass public, so Ingress objects of that class do not reach this EdgeIngress. The operator does not start its controller. Create an EdgeIngress with another spec.ingressClass.name, and delete this one."},
		"a younger one had it first":   {given: []option{younger, notStarted}, status: no, reason: v1alpha1.ReasonIngressClassTaken, says: "EdgeIngress b has IngressClass public"},
		"an older one has it, running": {given: []option{older}, status: no, reason: v1alpha1.ReasonIngressClassTaken, says: "do not reach this EdgeIngress. Create an EdgeIngress"},
		"the classes were not read":    {given: []option{older, func(g *given) { g.s.Inventory.Err = errNoAPI }}, status: yes, reason: v1alpha1.ReasonConfigWritten},
		"an older one has the default": {given: []option{collides(desired.Collisions{Default: withOlder})}, status: no, reason: v1alpha1.ReasonOtherDefaultClass, says: "EdgeIngress a, which is older, asks to have the default class too, and Kubernetes would use the newest. So the operator did not mark IngressClass public as the default. Set spec.ingressClass.default to Disabled in one of the two."},
	})
	runRows(t, v1alpha1.ConditionControllerAvailable, map[string]row{
		"no controller is started":       {given: []option{older, notStarted}, status: no, reason: v1alpha1.ReasonIngressClassTaken, says: "The operator does not start its controller."},
		"a controller that runs goes on": {given: []option{older}, status: yes, reason: v1alpha1.ReasonControllersReady},
	})
}

func TestHostPortsOfAnother(t *testing.T) {
	taken := func(with *desired.Collision, nodes ...string) option {
		return func(g *given) {
			g.d.Nodes.PortsTaken = append(g.d.Nodes.PortsTaken, desired.PortsTaken{Collision: *with, Nodes: nodes})
		}
	}
	awaited := func(g *given) {
		g.d.Nodes.PortsAwaited = []desired.PortsTaken{{Collision: *withOlder, Nodes: []string{"edge-1"}}}
	}
	runRows(t, v1alpha1.ConditionNodesReady, map[string]row{
		"one of the nodes":                {given: []option{selected("edge-2"), taken(withOlder, "edge-1")}, status: no, reason: v1alpha1.ReasonHostPortsTaken, says: "EdgeIngress a, which is older, uses ports 80 and 443 of node edge-1. So the operator changes nothing there, and no controller of this EdgeIngress runs there. It runs on 1 other node. Select other nodes, or set spec.exposure.type to LoadBalancer or NodePort."},
		"all nodes":                       {given: []option{selected(), taken(withOlder, "edge-1", "edge-2")}, status: no, reason: v1alpha1.ReasonHostPortsTaken, says: "of nodes edge-1, edge-2. So the operator changes nothing there, and no controller of this EdgeIngress runs there. Select"},
		"nodes of two others":             {given: []option{selected(), taken(withOlder, "edge-1"), taken(withYounger, "edge-2")}, status: no, reason: v1alpha1.ReasonHostPortsTaken, says: "of node edge-1; EdgeIngress b uses ports 80 and 443 of node edge-2."},
		"a node that serves without them": {given: []option{awaited}, status: yes, reason: v1alpha1.ReasonNodesLabelled},
	})
	runRows(t, v1alpha1.ConditionControllerAvailable, map[string]row{
		"the workload is not updated":           {given: []option{awaited, func(g *given) { g.d.Objects = nil }}, status: no, reason: v1alpha1.ReasonHostPortsTaken, says: "EdgeIngress a, which is older, uses ports 80 and 443 of node edge-1. So the operator did not update DaemonSet edge-public/public-edge-ingress, and no pod is replaced by one that cannot start. Select other nodes, or set"},
		"the workload needs no update":          {given: []option{awaited}, status: yes, reason: v1alpha1.ReasonControllersReady},
		"the other edge nodes have controllers": {given: []option{taken(withOlder, "edge-3")}, status: yes, reason: v1alpha1.ReasonControllersReady},
	})
}

func TestAServiceValueOfAnother(t *testing.T) {
	runRows(t, v1alpha1.ConditionLoadBalancerReady, map[string]row{
		"a node port of an older one": {given: []option{takenFrom(desired.BlockedByNodePort, "30080", withOlder)}, status: no, reason: v1alpha1.ReasonNodePortTaken, says: "EdgeIngress a, which is older, has node port 30080. So the operator leaves Service edge-public/public-edge-ingress as it is. Set other ports in spec.exposure.nodePorts, or let Kubernetes choose them."},
		"a node port, and no Service": {given: []option{notMade, takenFrom(desired.BlockedByNodePort, "30080", withYounger)}, status: no, reason: v1alpha1.ReasonNodePortTaken, says: "EdgeIngress b has node port 30080."},
		"the address of an older one": {given: []option{takenFrom(desired.BlockedByAddress, "203.0.113.7", withOlder)}, status: no, reason: v1alpha1.ReasonAddressTaken, says: "EdgeIngress a, which is older, has address 203.0.113.7. So the operator leaves Service edge-public/public-edge-ingress as it is. Ask for another address in spec.exposure.loadBalancer.annotations, or let the load balancer choose."},
	})
}
