package assess

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
	"github.com/edge-ingress/edge-ingress-operator/controllers/workload"
)

// policies judges the NetworkPolicies that select controller pods. Those of other APIs are not read.
// Kubernetes does not say what they do to pods on the host network (kubernetes.io/docs, Network Policies).
type policies struct {
	// closed names the ports that nobody outside may reach, with their families. allClosed is set where no
	// port is open.
	closed    []string
	allClosed bool
	// limited is set where only some addresses may reach a port.
	limited bool
	// out is what the pods may connect to.
	out reach
	// in and outBy name the policies that isolate the pods in each direction.
	in, outBy []string
}

func (sc *scene) judgePolicies() policies {
	judged := policies{out: everyone}
	if sc.spec.Exposure.Type == v1alpha1.ExposureHostNetwork || len(sc.NetworkPolicies.Items) == 0 {
		return judged
	}
	closed, open := map[podPort][]corev1.IPFamily{}, false
	cluster := sc.cluster()
	for _, pod := range sc.podLabels() {
		selecting := sc.policiesFor(pod)
		judged.in = append(judged.in, policyNames(ofType(selecting, networkingv1.PolicyTypeIngress))...)
		judged.outBy = append(judged.outBy, policyNames(ofType(selecting, networkingv1.PolicyTypeEgress))...)
		judged.out = min(judged.out, outgoing(selecting, cluster))
		for _, port := range sc.publishedPorts() {
			for _, family := range cluster.families {
				from := incoming(selecting, port, family, cluster)
				open, judged.limited = open || from != nobody, judged.limited || from == some
				if from == nobody && !slices.Contains(closed[port], family) {
					closed[port] = append(closed[port], family)
				}
			}
		}
	}
	judged.closed, judged.allClosed = portsNamed(closed), len(closed) > 0 && !open
	judged.in, judged.outBy = unique(judged.in), unique(judged.outBy)
	return judged
}

// portsNamed returns the ports in their order, each with the families over which it is closed.
func portsNamed(closed map[podPort][]corev1.IPFamily) []string {
	var names []string
	for _, port := range slices.SortedFunc(maps.Keys(closed), func(a, b podPort) int { return cmp.Compare(a.number, b.number) }) {
		names = append(names, fmt.Sprintf("%d (%s)", port.number, familiesNamed(closed[port])))
	}
	return names
}

func unique(names []string) []string { return slices.Compact(slices.Sorted(slices.Values(names))) }

// podLabels returns the different sets of labels of the controller pods that run, or else those that they
// will have.
func (sc *scene) podLabels() []labels.Set {
	wanted := names.Labels(sc.EdgeIngress.Name)
	wanted[names.WorkloadLabel] = names.WorkloadLabelValue(sc.spec.Controller.Engine, workload.Kind(sc.EdgeIngress))
	var found []labels.Set
	known := map[string]bool{}
	for i := range sc.Pods.Items {
		pod := &sc.Pods.Items[i]
		if key := labels.Set(pod.Labels).String(); !pod.Ended && !pod.Terminating && key != "" && !known[key] {
			found, known[key] = append(found, pod.Labels), true
		}
	}
	if len(found) == 0 {
		return []labels.Set{wanted}
	}
	return found
}

func (sc *scene) policiesFor(pod labels.Set) []*networkingv1.NetworkPolicy {
	var selecting []*networkingv1.NetworkPolicy
	for i := range sc.NetworkPolicies.Items {
		policy := &sc.NetworkPolicies.Items[i]
		selector, err := metav1.LabelSelectorAsSelector(&policy.Spec.PodSelector)
		if err == nil && selector.Matches(pod) {
			selecting = append(selecting, policy)
		}
	}
	return selecting
}

func policyNames(policies []*networkingv1.NetworkPolicy) []string {
	var names []string
	for _, policy := range policies {
		names = append(names, policy.Namespace+"/"+policy.Name)
	}
	return names
}

// publishedPorts are the ports of the controller's container for clients. Those for probes and metrics are
// not: the node of a pod may always reach it.
func (sc *scene) publishedPorts() []podPort {
	var ports []podPort
	if sc.workload.template != nil {
		for _, container := range sc.workload.template.Spec.Containers {
			for _, port := range container.Ports {
				if container.Name == names.Container && (port.Name == "http" || port.Name == "https") {
					ports = append(ports, podPort{port.Name, port.ContainerPort})
				}
			}
		}
	}
	if len(ports) == 0 {
		return []podPort{{"http", 80}, {"https", 443}}
	}
	return ports
}

func (sc *scene) families() []corev1.IPFamily {
	if families := workload.Families(sc.service); len(families) > 0 {
		return families
	}
	return []corev1.IPFamily{corev1.IPv4Protocol}
}

// policiesBlock implements row 89 for LoadBalancerReady.
func policiesBlock(sc *scene) *verdict {
	judged := sc.judgePolicies()
	switch {
	case len(judged.closed) > 0:
		return isNot(v1alpha1.ReasonNetworkPolicyBlocks, "%s lets nobody outside of the cluster reach the controller pods on port %s, so that traffic is dropped. %s",
			policiesNamed(judged.in), listed(judged.closed), sc.policyRemedy())
	case judged.out == nobody:
		return isNot(v1alpha1.ReasonNetworkPolicyBlocks, "%s lets the controller pods connect to no application. Add a NetworkPolicy with an egress rule for the pods %s.",
			policiesNamed(judged.outBy), sc.podsSelected())
	}
	return nil
}

// policiesBlockAll implements row 89 for SourceIPConfigured: no packet shows a source.
func policiesBlockAll(sc *scene) *verdict {
	if judged := sc.judgePolicies(); judged.allClosed {
		return unclear(v1alpha1.ReasonNetworkPolicyBlocks, "%s lets nobody outside of the cluster reach the controller pods. %s", policiesNamed(judged.in), sc.policyRemedy())
	}
	return nil
}

func (sc *scene) policyRemedy() string {
	return fmt.Sprintf("Add a NetworkPolicy that allows TCP ports 80 and 443 from every address, or from the load balancer's, to the pods %s.", sc.podsSelected())
}

func (sc *scene) podsSelected() string {
	return fmt.Sprintf("with the label %s=%s in namespace %s", v1alpha1.OwnerLabel, sc.EdgeIngress.Name, sc.state.Namespace)
}

func policiesNamed(names []string) string {
	if len(names) == 1 {
		return "NetworkPolicy " + names[0]
	}
	return "The union of the NetworkPolicies " + listed(names)
}

// policiesSaid implements row 90: sentences for the message of a True that each begin with a space.
func (sc *scene) policiesSaid() string {
	if sc.spec.Exposure.Type == v1alpha1.ExposureHostNetwork {
		return ""
	}
	judged, said := sc.judgePolicies(), ""
	if judged.limited {
		said += fmt.Sprintf(" %s lets only some addresses reach the controller pods.", policiesNamed(judged.in))
	}
	if judged.out == some {
		said += fmt.Sprintf(" %s limits which applications the controller pods reach.", policiesNamed(judged.outBy))
	}
	return said + " Policies of other APIs (AdminNetworkPolicy, Cilium, Calico) were not checked."
}
