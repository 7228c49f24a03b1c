package provider

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

func TestTheRemedyFitsWhoWritesTheDaemonSet(t *testing.T) {
	const taint, effect = "node-role.kubernetes.io/edge", corev1.TaintEffectNoSchedule
	service := snapshot.Ref{Kind: "Service", Namespace: "edge-public", Name: "public-edge-ingress"}
	labelled := func(pairs ...string) func(*appsv1.DaemonSet) {
		return func(ds *appsv1.DaemonSet) {
			ds.Labels = map[string]string{}
			for i := 0; i < len(pairs); i += 2 {
				ds.Labels[pairs[i]] = pairs[i+1]
			}
		}
	}
	annotated := func(pairs ...string) func(*appsv1.DaemonSet) {
		return func(ds *appsv1.DaemonSet) {
			ds.Annotations = map[string]string{}
			for i := 0; i < len(pairs); i += 2 {
				ds.Annotations[pairs[i]] = pairs[i+1]
			}
		}
	}
	owned := func(kind, name string) func(*appsv1.DaemonSet) {
		yes := true
		return func(ds *appsv1.DaemonSet) {
			ds.OwnerReferences = []metav1.OwnerReference{{Kind: kind, Name: name, Controller: &yes}}
		}
	}
	const toleration = "Add a toleration for the taint node-role.kubernetes.io/edge (operator Exists, effect NoSchedule)"
	for name, row := range map[string]struct {
		provider v1alpha1.Provider
		name     string
		marks    func(*appsv1.DaemonSet)
		want     string
	}{
		"k3s writes it for our Service": {v1alpha1.ProviderServiceLB, "svclb-public-edge-ingress-0123abcd", labelled(serviceLBName, "public-edge-ingress", serviceLBNamespace, "edge-public"),
			`Add the annotation svccontroller.k3s.cattle.io/tolerations: '[{"key":"node-role.kubernetes.io/edge","operator":"Exists","effect":"NoSchedule"}]' to spec.exposure.loadBalancer.annotations. ` +
				"k3s writes DaemonSet ns/svclb-public-edge-ingress-0123abcd from it (since 2024, k3s pull request 10687)"},
		"k3s, known by the name alone": {v1alpha1.ProviderServiceLB, "svclb-public-edge-ingress-0123abcd", nil,
			`Add the annotation svccontroller.k3s.cattle.io/tolerations: '[{"key":"node-role.kubernetes.io/edge","operator":"Exists","effect":"NoSchedule"}]' to spec.exposure.loadBalancer.annotations. ` +
				"k3s writes DaemonSet ns/svclb-public-edge-ingress-0123abcd from it (since 2024, k3s pull request 10687)"},
		"k3s writes it for another Service": {v1alpha1.ProviderServiceLB, "svclb-shop-0123abcd", labelled(serviceLBName, "shop", serviceLBNamespace, "shops"),
			`Add the annotation svccontroller.k3s.cattle.io/tolerations: '[{"key":"node-role.kubernetes.io/edge","operator":"Exists","effect":"NoSchedule"}]' to Service shops/shop. ` +
				"k3s writes DaemonSet ns/svclb-shop-0123abcd from it (since 2024, k3s pull request 10687)"},
		"a person":              {v1alpha1.ProviderMetalLB, "speaker", nil, toleration + " to DaemonSet ns/speaker"},
		"MetalLB's operator":    {v1alpha1.ProviderMetalLB, "speaker", owned("MetalLB", "metallb"), toleration + " to spec.speakerTolerations of MetalLB ns/metallb, which writes DaemonSet ns/speaker"},
		"Calico's operator":     {v1alpha1.ProviderCalico, "calico-node", owned("Installation", "default"), toleration + " to spec.calicoNodeDaemonSet.spec.template.spec.tolerations of Installation ns/default, which writes DaemonSet ns/calico-node"},
		"an unknown owner":      {v1alpha1.ProviderKubeVIP, "kube-vip-ds", owned("KubeVip", "vip"), toleration + " to KubeVip ns/vip, which writes DaemonSet ns/kube-vip-ds"},
		"Helm":                  {v1alpha1.ProviderMetalLB, "speaker", annotated(helmRelease, "lb", helmNamespace, "metallb-system"), toleration + " to the value speaker.tolerations of Helm release metallb-system/lb, which writes DaemonSet ns/speaker"},
		"Helm by its label":     {v1alpha1.ProviderCilium, "cilium", labelled(managedBy, "Helm", instance, "cni"), toleration + " to the value tolerations of Helm release cni, which writes DaemonSet ns/cilium"},
		"Flux from a chart":     {v1alpha1.ProviderPureLB, "lbnodeagent", labelled(fluxHelm, "purelb", managedBy, "Helm"), toleration + " to the source from which Flux (purelb) applies DaemonSet ns/lbnodeagent; if that is a Helm chart, to its value lbnodeagent.tolerations"},
		"Flux from manifests":   {v1alpha1.ProviderMetalLB, "speaker", labelled(fluxKustomize, "infra"), toleration + " to the source from which Flux (infra) applies DaemonSet ns/speaker; if that is a Helm chart, to its value speaker.tolerations"},
		"Argo CD":               {v1alpha1.ProviderKubeVIP, "kube-vip-ds", annotated(argoCD, "vip:apps/DaemonSet:ns/kube-vip-ds"), toleration + " to the source from which Argo CD (vip) applies DaemonSet ns/kube-vip-ds; if that is a Helm chart, to its value tolerations"},
		"a manifest of k3s":     {v1alpha1.ProviderKubeVIP, "kube-vip-ds", annotated(k3sObjectSet, "kube-vip"), toleration + " to the manifest on the servers or the HelmChartConfig from which k3s or RKE2 writes DaemonSet ns/kube-vip-ds"},
		"the vendor's add-ons":  {v1alpha1.ProviderCilium, "anetd", labelled(addonManager, "Reconcile"), toleration + " with the vendor of the cluster, whose add-on manager writes DaemonSet ns/anetd again"},
		"add-ons only if there": {v1alpha1.ProviderCilium, "anetd", labelled(addonManager, "EnsureExists"), toleration + " to DaemonSet ns/anetd"},
	} {
		t.Run(name, func(t *testing.T) {
			ds := daemonSet(row.name, "example.com/own:1", nil)
			ds.Namespace = "ns"
			if row.marks != nil {
				row.marks(ds)
			}
			agent := snapshot.Agent{Provider: row.provider, Namespace: ds.Namespace, Name: ds.Name, Writer: WriterOf(ds)}
			if got := ToleranceRemedy(agent, taint, effect, service); got != row.want {
				t.Errorf("got  %s\nwant %s", got, row.want)
			}
		})
	}
}

func TestTheRemedyOfASelectorFitsWhoWritesTheDaemonSet(t *testing.T) {
	for want, agent := range map[string]snapshot.Agent{
		"Let the nodeSelector and affinity of DaemonSet ns/speaker select the node": {Provider: v1alpha1.ProviderMetalLB, Name: "speaker"},
		"Let the nodeSelector and affinity select the node in spec.nodeSelector of MetalLB ns/metallb, which writes DaemonSet ns/speaker": {
			Provider: v1alpha1.ProviderMetalLB, Name: "speaker", Writer: snapshot.Writer{Kind: snapshot.WrittenByOwner, Resource: "MetalLB", Namespace: "ns", Name: "metallb"}},
		"Let the nodeSelector and affinity select the node in the value speaker.nodeSelector of Helm release lb, which writes DaemonSet ns/speaker": {
			Provider: v1alpha1.ProviderMetalLB, Name: "speaker", Writer: snapshot.Writer{Kind: snapshot.WrittenByHelm, Name: "lb"}},
		"Set the label svccontroller.k3s.cattle.io/enablelb=true on node edge-1, by which k3s chooses the nodes of DaemonSet ns/svclb-x": {
			Provider: v1alpha1.ProviderServiceLB, Name: "svclb-x", NodeSelector: map[string]string{"svccontroller.k3s.cattle.io/enablelb": "true"}, Writer: snapshot.Writer{Kind: snapshot.WrittenForService}},
	} {
		agent.Namespace = "ns"
		if got := SelectorRemedy(agent, "edge-1"); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
