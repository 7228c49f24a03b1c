package desired

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

const (
	hostNetwork  = v1alpha1.ExposureHostNetwork
	hostPort     = v1alpha1.ExposureHostPort
	loadBalancer = v1alpha1.ExposureLoadBalancer
)

func TestNoPodIsReplacedByOneThatTheNamespaceRefuses(t *testing.T) {
	const daemonSet, deployment = v1alpha1.WorkloadDaemonSet, v1alpha1.WorkloadDeployment
	for name, test := range map[string]struct {
		before, after v1alpha1.ExposureType
		kind          v1alpha1.WorkloadKind
		level         string
		held          bool
	}{
		"from a load balancer to the host network": {before: loadBalancer, after: hostNetwork, kind: daemonSet, level: "baseline", held: true},
		"from node ports to host ports":            {before: v1alpha1.ExposureNodePort, after: hostPort, kind: daemonSet, level: "baseline", held: true},
		"in a namespace with the strictest level":  {before: loadBalancer, after: hostPort, kind: daemonSet, level: "restricted", held: true},
		"a Deployment":                          {before: loadBalancer, after: hostNetwork, kind: deployment, level: "baseline", held: true},
		"from host ports to the host network":   {before: hostPort, after: hostNetwork, kind: daemonSet, level: "baseline", held: true},
		"the first pods":                        {after: hostNetwork, kind: daemonSet, level: "baseline", held: true},
		"without a change":                      {before: hostNetwork, after: hostNetwork, kind: daemonSet, level: "baseline"},
		"away from the host network":            {before: hostNetwork, after: loadBalancer, kind: daemonSet, level: "baseline"},
		"in a namespace that allows everything": {before: loadBalancer, after: hostNetwork, kind: daemonSet, level: "privileged"},
		"in a namespace without a level":        {before: loadBalancer, after: hostNetwork, kind: daemonSet},
	} {
		t.Run(name, func(t *testing.T) {
			s := seen(edge(exposed(test.after), kind(test.kind)), node("a", pool))
			if test.before != "" {
				s = asWanted(t, edge(exposed(test.before), kind(test.kind)))
				s.EdgeIngress = edge(exposed(test.after), kind(test.kind))
			}
			s.Namespace = snapshot.Namespace{Exists: true, PodSecurity: test.level}
			state := compute(t, s)
			if held := find(state, string(test.kind)) == nil; held != test.held {
				t.Errorf("the workload is held back: %t", held)
			}
			for _, change := range state.Changes {
				if test.held && isWorkload(change.Ref) {
					t.Errorf("%s of %s", change.Kind, change.Ref)
				}
			}
			if len(pruned(state)) > 0 {
				t.Errorf("deleted: %v", pruned(state))
			}
		})
	}
}

func TestOurNamespaceAllowsPortsOfTheNodeFromTheBeginning(t *testing.T) {
	for _, exposure := range []v1alpha1.ExposureType{loadBalancer, v1alpha1.ExposureNodePort, hostNetwork, hostPort} {
		t.Run(string(exposure), func(t *testing.T) {
			state := compute(t, seen(edge(exposed(exposure))))
			namespace := state.Changes[0]
			if namespace.Kind != Create || namespace.Ref.Kind != "Namespace" || namespace.Wanted.GetLabels()[PodSecurityLabel] != "privileged" {
				t.Errorf("the first change is %s of %s with labels %v", namespace.Kind, namespace.Ref, namespace.Wanted.GetLabels())
			}
		})
	}
}

// TestOnlyPodsWithThePortsServe changes the exposure while one of two nodes still runs an old pod.
func TestOnlyPodsWithThePortsServe(t *testing.T) {
	open := &corev1.PodSpec{Containers: []corev1.Container{{Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 80, HostPort: 80}, {Name: "https", ContainerPort: 443, HostPort: 443}}}}}
	half := &corev1.PodSpec{Containers: []corev1.Container{{Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 80, HostPort: 80}, {Name: "https", ContainerPort: 443}}}}}
	closed := &corev1.PodSpec{Containers: []corev1.Container{{Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 80}, {Name: "https", ContainerPort: 443}}}}}
	for name, test := range map[string]struct {
		exposure v1alpha1.ExposureType
		runs     *corev1.PodSpec
		want     bool
	}{
		"an old pod on the way to the host network":  {exposure: hostNetwork, runs: closed},
		"an old pod on the way to host ports":        {exposure: hostPort, runs: closed},
		"a pod that opens one of two ports":          {exposure: hostPort, runs: half},
		"a pod with host ports":                      {exposure: hostPort, runs: open, want: true},
		"host ports on the way to the host network":  {exposure: hostNetwork, runs: open, want: true},
		"a pod on the host network":                  {exposure: hostNetwork, runs: &corev1.PodSpec{HostNetwork: true}, want: true},
		"any pod behind a Service":                   {exposure: loadBalancer, runs: closed, want: true},
		"a pod on the host network behind a Service": {exposure: loadBalancer, runs: &corev1.PodSpec{HostNetwork: true}, want: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := seen(edge(exposed(test.exposure)), node("a", pool, labelled))
			s.Pods.Items = []snapshot.Pod{{Name: "p", Node: "a", Ready: true, Workload: v1alpha1.WorkloadDaemonSet, Spec: test.runs}}
			if got := places(s, map[string]bool{"a": true})[0].ready; got != test.want {
				t.Errorf("the pod counts: %t", got)
			}
		})
	}
}
