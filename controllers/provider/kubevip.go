package provider

import (
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

const (
	kubeVIPHost = "kube-vip.io/vipHost"
	// kubeVIPElects is the election for each Service, which under policy Local only nodes with an endpoint
	// enter (kube-vip.io/docs/usage/kubernetes-services, external traffic policy).
	kubeVIPElects = `set svc_election to "true" in kube-vip's DaemonSet, so that a node with an endpoint announces`
)

// kube-vip assigns the address to a node's interface, so packets keep their source
// (kube-vip.io/docs/usage/kubernetes-services). Its agent writes the node into an annotation of the
// Service (kube-vip/kube-vip pkg/kubevip/annotations.go VipHost). Images and labels come from its
// manifests and chart.
var _ = register(loadBalancer{
	provider: v1alpha1.ProviderKubeVIP,
	name:     "kube-vip",
	signs: signs{
		classes:    []string{"kube-vip.io/kube-vip-class"},
		marks:      []string{kubeVIPHost},
		announcers: []announcerSign{{kubeVIPHost, oneNode, kubeVIPElects}},
		agents: []agentSign{
			{
				images:   []string{"kube-vip/kube-vip", "plndr/kube-vip", "kube-vip/kube-vip-iptables", "kube-vip", "kube-vip-iptables"},
				commands: []string{"kube-vip"}, variables: []string{"vip_interface", "svc_enable", "vip_arp"}, names: []string{"kube-vip-ds", "kube-vip"},
				labels: map[string]string{"app.kubernetes.io/name": "kube-vip-ds"}, unless: controlPlaneAlone,
			},
			{labels: map[string]string{"app.kubernetes.io/name": "kube-vip"}, unless: controlPlaneAlone},
		},
		agentOrder: 1,
	},
	annotations: annotations{written: []string{kubeVIPHost}},
	describe: func(view) Balancer {
		return Balancer{Path: Forwards, HealthChecks: HealthChecks{Elsewhere: "announces the address from the node in its annotation " + kubeVIPHost}}
	},
})

const (
	kubeVIPServices     = "svc_enable"
	kubeVIPControlPlane = "cp_enable"
	kubeVIPServicesFlag = "--services"
)

// AgentValues are the variables whose value shows whether a DaemonSet is an agent, and AgentArguments the
// arguments that do.
var (
	AgentValues    = []string{kubeVIPServices, kubeVIPControlPlane}
	AgentArguments = []string{kubeVIPServicesFlag}
)

// controlPlaneAlone reports whether kube-vip announces the API server's address and no Service's. The variable
// for Services is off without a value (kube-vip/kube-vip pkg/kubevip/config_envvar.go), and its manifests leave
// it out. A value from elsewhere is not known.
func controlPlaneAlone(container corev1.Container) bool {
	values, unread := map[string]bool{}, map[string]bool{}
	for _, variable := range container.Env {
		on, err := strconv.ParseBool(variable.Value)
		values[variable.Name], unread[variable.Name] = on, err != nil
	}
	_, said := values[kubeVIPServices]
	switch {
	case unread[kubeVIPServices] || values[kubeVIPServices] || slices.Contains(container.Args, kubeVIPServicesFlag):
		return false
	case said:
		return true
	}
	return values[kubeVIPControlPlane] && len(container.EnvFrom) == 0
}
