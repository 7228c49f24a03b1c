package assess

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// ports gives all pods the ports that pods of this exposure open, and changes one of them.
func ports(change func(*snapshot.Pod)) option {
	return all(specAtAdmission(func(p *corev1.PodSpec) {
		for i := range p.Containers[0].Ports {
			p.Containers[0].Ports[i].HostPort = p.Containers[0].Ports[i].ContainerPort
		}
	}), podChanged("controller-2", change))
}

// beforeHostPorts is a pod of the template from before the change to ports of the node.
func beforeHostPorts(p *snapshot.Pod) {
	p.Spec.HostNetwork = false
	p.Spec.Containers[0].Ports = []corev1.ContainerPort{{Name: "http", ContainerPort: 80}, {Name: "https", ContainerPort: 443}}
}

func heldBack(level string) option {
	return func(g *given) { g.d.PodSecurity, g.d.Objects = level, nil }
}

func TestControllerAvailableWithPortsOfTheNode(t *testing.T) {
	const condition = v1alpha1.ConditionControllerAvailable
	const missing = v1alpha1.ReasonControllersMissing
	hostNetwork, hostPort := exposed(v1alpha1.ExposureHostNetwork), exposed(v1alpha1.ExposureHostPort)
	onlyOne := func(p *snapshot.Pod) { p.Spec.HostNetwork, p.Spec.Containers[0].Ports[1].HostPort = false, 0 }
	runRows(t, condition, map[string]row{
		"row 95: an old pod on the way to the host network": {given: []option{hostNetwork, rolling, ports(beforeHostPorts)}, status: no, reason: missing,
			says: "1 of 2 edge nodes runs a ready controller; missing on edge-2. Ready, but without the ports of the node until it is replaced: controller-2 on edge-2."},
		"an old pod on the way to host ports": {given: []option{hostPort, rolling, ports(beforeHostPorts)}, status: no, reason: missing, says: "controller-2 on edge-2"},
		"an old pod that nothing replaces":    {given: []option{hostNetwork, ports(beforeHostPorts)}, status: no, reason: missing, says: "controller-2 on edge-2"},
		"a pod with one of two ports":         {given: []option{hostPort, ports(onlyOne)}, status: no, reason: missing, says: "controller-2 on edge-2"},
		"a Deployment":                        {given: []option{deployment, hostPortsOfDeployment, ports(beforeHostPorts)}, status: no, reason: missing, says: "1 of 2 controller pods is ready. Ready, but without the ports"},
		"all pods open the ports":             {given: []option{hostPort, ports(func(*snapshot.Pod) {})}, status: yes, reason: v1alpha1.ReasonControllersReady},
		"an old pod on the way back":          {given: []option{ports(func(p *snapshot.Pod) { p.Spec.HostNetwork = true })}, status: yes, reason: v1alpha1.ReasonControllersReady},
		"row 95: a namespace that would refuse the pods": {given: []option{hostNetwork, heldBack("baseline"), ports(beforeHostPorts)}, status: no, reason: v1alpha1.ReasonNamespaceForbidsHostPorts,
			says: "Namespace edge-public enforces the Pod Security Standard baseline, which forbids the ports of the node. So the operator did not update DaemonSet edge-public/public-edge-ingress, and no pod is replaced by one that would be refused. " +
				"Run kubectl label namespace edge-public pod-security.kubernetes.io/enforce=privileged --overwrite"},
		"one with the strictest level": {given: []option{hostPort, heldBack("restricted")}, status: no, reason: v1alpha1.ReasonNamespaceForbidsHostPorts, says: "Standard restricted"},
		"one that would refuse the next pods": {given: []option{hostNetwork, func(g *given) { g.d.PodSecurity = "baseline" }}, status: yes, reason: v1alpha1.ReasonControllersReady,
			says: "But no pod that ends has a successor: namespace edge-public enforces"},
	})
}

var hostPortsOfDeployment = option(func(g *given) { g.spec().Exposure = v1alpha1.ExposureSpec{Type: v1alpha1.ExposureHostPort} })

func TestOnlyPodsWithThePortsPublishAddresses(t *testing.T) {
	for name, test := range map[string]struct {
		given option
		want  []string
	}{
		"both open them":             {given: ports(func(*snapshot.Pod) {}), want: []string{"10.0.0.1", "10.0.0.2"}},
		"one is from before":         {given: ports(beforeHostPorts), want: []string{"10.0.0.1"}},
		"one opens a single port":    {given: ports(func(p *snapshot.Pod) { p.Spec.Containers[0].Ports[0].HostPort = 0 }), want: []string{"10.0.0.1"}},
		"both are from before":       {given: all(ports(beforeHostPorts), podChanged("controller-1", beforeHostPorts))},
		"one is on the host network": {given: ports(func(p *snapshot.Pod) { beforeHostPorts(p); p.Spec.HostNetwork = true }), want: []string{"10.0.0.1", "10.0.0.2"}},
	} {
		t.Run(name, func(t *testing.T) {
			g := healthy(exposed(v1alpha1.ExposureHostPort), test.given)
			status := Status(g.s, g.d, g.o, noon)
			if !slices.Equal(status.Addresses, test.want) || int(status.Nodes.Serving) != len(test.want) {
				t.Errorf("addresses %v, %d serving", status.Addresses, status.Nodes.Serving)
			}
		})
	}
}
