package provider

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// classes are the loadBalancerClasses that one load balancer alone serves.
var classes = map[string]v1alpha1.Provider{
	awsControllerClass:                       v1alpha1.ProviderAWS,
	awsAutoModeClass:                         v1alpha1.ProviderAWS,
	"networking.gke.io/l4-regional-external": v1alpha1.ProviderGCP,
	"networking.gke.io/l4-regional-internal": v1alpha1.ProviderGCP,
	"kube-vip.io/kube-vip-class":             v1alpha1.ProviderKubeVIP,
	ciliumBGPClass:                           v1alpha1.ProviderCilium,
	ciliumL2Class:                            v1alpha1.ProviderCilium,
	alibabaClassicClass:                      v1alpha1.ProviderAlibaba,
	alibabaNetworkClass:                      v1alpha1.ProviderAlibaba,
}

// ciliumPoolCondition is the condition that Cilium's address pools put on a Service.
const ciliumPoolCondition = "cilium.io/IPAMRequestSatisfied"

// detect finds the one load balancer that everything points to, or says why there is none. What the Service itself shows
// comes before what the cluster has: on a cloud, an address may well be MetalLB's.
func detect(s snapshot.Snapshot, v view) (found v1alpha1.Provider, why string) {
	switch shown := slices.Sorted(maps.Keys(shownByService(s, v))); {
	case len(shown) == 1:
		return shown[0], ""
	case len(shown) > 1:
		return v1alpha1.ProviderAuto, fmt.Sprintf("the Service shows signs of %s and of %s", shown[0], shown[1])
	case v.class != "":
		return v1alpha1.ProviderAuto, fmt.Sprintf("the loadBalancerClass %q is not one that is known", v.class)
	case s.Nodes.Err != nil || s.Agents.Err != nil:
		return v1alpha1.ProviderAuto, "the nodes or the load-balancer agents could not be read"
	}
	for _, agent := range s.Agents.Items {
		// Cilium is a network plugin first: that it runs says nothing about addresses.
		if agent.Provider != v1alpha1.ProviderCilium {
			return v1alpha1.ProviderAuto, fmt.Sprintf("%s (DaemonSet %s/%s) runs in the cluster, and the Service does not show whose its address "+
				"is", agent.Provider, agent.Namespace, agent.Name)
		}
	}
	return cloudOf(s.Nodes.Items, v)
}

// shownByService are the load balancers that left a mark on the Service, or run something that is named after it.
func shownByService(s snapshot.Snapshot, v view) map[v1alpha1.Provider]bool {
	shown := map[v1alpha1.Provider]bool{}
	p, known := classes[v.class]
	if known {
		shown[p] = true
	}
	// Anybody can write an annotation. It shows something only where its balancer's agent runs, and not where another one may serve the class.
	marks := known || v.class == ""
	if marks && (v.marked(s, metalLBPool) || v.marked(s, metalLBPoolBefore)) && runs(s, v1alpha1.ProviderMetalLB) {
		shown[v1alpha1.ProviderMetalLB] = true
	}
	if marks && v.marked(s, kubeVIPHost) && runs(s, v1alpha1.ProviderKubeVIP) {
		shown[v1alpha1.ProviderKubeVIP] = true
	}
	if slices.Contains(v.conditions, ciliumPoolCondition) {
		shown[v1alpha1.ProviderCilium] = true
	}
	for _, agent := range s.Agents.Items {
		if agent.Provider == v1alpha1.ProviderServiceLB && servesService(agent.Name, s.Service.Value.Name) {
			shown[v1alpha1.ProviderServiceLB] = true
		}
	}
	return shown
}

// marked is whether a load balancer wrote the annotation. One that the spec asks for was written by a person.
func (v view) marked(s snapshot.Snapshot, key string) bool {
	if lb := s.EdgeIngress.Spec.Exposure.LoadBalancer; lb != nil {
		if _, asked := lb.Annotations[key]; asked {
			return false
		}
	}
	return v.annotations[key] != ""
}

func runs(s snapshot.Snapshot, p v1alpha1.Provider) bool {
	return slices.ContainsFunc(s.Agents.Items, func(a snapshot.Agent) bool { return a.Provider == p })
}

// servesService is whether a ServiceLB DaemonSet is that of the Service: svclb-<service>, later with a hyphen and the beginning of the Service's uid.
func servesService(daemonSet, service string) bool {
	rest, found := strings.CutPrefix(daemonSet, serviceLBPrefix+service)
	return found && (rest == "" || strings.HasPrefix(rest, "-"))
}

// clouds are the beginnings of node.spec.providerID, by which a cloud's controller knows its machines.
var clouds = []struct {
	prefix   string
	provider v1alpha1.Provider
}{
	{"aws://", v1alpha1.ProviderAWS},
	{"gce://", v1alpha1.ProviderGCP},
	{"azure://", v1alpha1.ProviderAzure},
	{"digitalocean://", v1alpha1.ProviderDigitalOcean},
	{"hcloud://", v1alpha1.ProviderHetzner},
	{"hrobot://", v1alpha1.ProviderHetzner},
	{"openstack://", v1alpha1.ProviderOpenStack},
	{"scaleway://", v1alpha1.ProviderScaleway},
	{"linode://", v1alpha1.ProviderLinode},
	{"vultr://", v1alpha1.ProviderVultr},
	{"ibm://", v1alpha1.ProviderIBM},
	{"oci://", v1alpha1.ProviderOracle},
	{"ocid1.", v1alpha1.ProviderOracle},
	{"qcloud://", v1alpha1.ProviderTencent},
	{"kind://", v1alpha1.ProviderCloudProviderKind},
}

// alibabaMachine is a providerID of Alibaba Cloud, <region>.<instance>.
var alibabaMachine = regexp.MustCompile(`^[a-z]{2}-[a-z0-9-]+\.i-[a-z0-9]+$`)

// uninitializedTaint is on a node that the cloud's controller has not looked at yet, so that its providerID says nothing.
const uninitializedTaint = "node.cloudprovider.kubernetes.io/uninitialized"

// cloudOf is the cloud that all nodes belong to, if the address is such as that cloud gives.
func cloudOf(nodes []snapshot.Node, v view) (found v1alpha1.Provider, why string) {
	found = v1alpha1.ProviderAuto
	for _, node := range nodes {
		if slices.ContainsFunc(node.Taints, func(t corev1.Taint) bool { return t.Key == uninitializedTaint }) {
			continue
		}
		p := cloudOfNode(node.ProviderID)
		switch {
		case node.ProviderID == "":
			return v1alpha1.ProviderAuto, fmt.Sprintf("the Service does not show whose its address is, and node %s has no providerID", node.Name)
		case p == v1alpha1.ProviderAuto:
			return p, fmt.Sprintf("the Service does not show whose its address is, and the providerID of node %s is of no cloud that is known", node.Name)
		case found != v1alpha1.ProviderAuto && found != p:
			return v1alpha1.ProviderAuto, fmt.Sprintf("the cluster has nodes of %s and of %s", found, p)
		}
		found = p
	}
	if found == v1alpha1.ProviderAuto {
		return found, "no node shows a cloud"
	}
	return refine(found, v)
}

func cloudOfNode(providerID string) v1alpha1.Provider {
	for _, cloud := range clouds {
		if strings.HasPrefix(providerID, cloud.prefix) {
			return cloud.provider
		}
	}
	if alibabaMachine.MatchString(providerID) {
		return v1alpha1.ProviderAlibaba
	}
	return v1alpha1.ProviderAuto
}

// refine looks whether the Service agrees with the cloud that the nodes show.
func refine(cloud v1alpha1.Provider, v view) (found v1alpha1.Provider, why string) {
	switch {
	case cloud == v1alpha1.ProviderAWS && v.hasIP():
		return v1alpha1.ProviderAuto, "the nodes are of AWS, which gives host names, and the Service has an IP address"
	case cloud == v1alpha1.ProviderCloudProviderKind && len(v.ingress) > 0 && !v.ipMode(corev1.LoadBalancerIPModeProxy):
		return v1alpha1.ProviderAuto, "the nodes are of kind, whose cloud provider gives addresses with ipMode Proxy, and the Service has another"
	case cloud == v1alpha1.ProviderOpenStack && v.has(ovhClass):
		return v1alpha1.ProviderOVH, ""
	}
	return cloud, ""
}
