package provider

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

func daemonSet(name, image string, labels map[string]string) *appsv1.DaemonSet {
	return &appsv1.DaemonSet{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "kube-system"},
		Spec: appsv1.DaemonSetSpec{Template: corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: labels},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: image}}},
		}},
	}
}

func TestAgentProviderRecognisesAgents(t *testing.T) {
	const nobody = v1alpha1.Provider("")
	tests := map[string]struct {
		ds   *appsv1.DaemonSet
		want v1alpha1.Provider
	}{
		"MetalLB's speaker by its image":             {daemonSet("speaker", "quay.io/metallb/speaker:v0.14.9", nil), v1alpha1.ProviderMetalLB},
		"MetalLB's speaker from a mirror, by digest": {daemonSet("s", "mirror.example.com:5000/quay/metallb/speaker@sha256:00", nil), v1alpha1.ProviderMetalLB},
		"MetalLB's speaker packed by somebody else":  {daemonSet("s", "docker.io/bitnami/metallb-speaker:0.14", nil), v1alpha1.ProviderMetalLB},
		"MetalLB's speaker by the chart's labels":    {daemonSet("s", "example.com/own:1", map[string]string{"app.kubernetes.io/name": "metallb", "app.kubernetes.io/component": "speaker"}), v1alpha1.ProviderMetalLB},
		"MetalLB's speaker by the manifest's labels": {daemonSet("s", "example.com/own:1", map[string]string{"app": "metallb", "component": "speaker"}), v1alpha1.ProviderMetalLB},
		"MetalLB's FRR":                              {daemonSet("frr-k8s", "quay.io/metallb/frr-k8s:v0.0.17", nil), v1alpha1.ProviderMetalLB},
		"something else of MetalLB":                  {daemonSet("m", "example.com/own:1", map[string]string{"app": "metallb", "component": "monitor"}), nobody},
		"kube-vip by its image":                      {daemonSet("vip", "ghcr.io/kube-vip/kube-vip:v0.8.7", nil), v1alpha1.ProviderKubeVIP},
		"kube-vip by its label":                      {daemonSet("vip", "example.com/own", map[string]string{"app.kubernetes.io/name": "kube-vip-ds"}), v1alpha1.ProviderKubeVIP},
		"kube-vip's cloud provider is no agent":      {daemonSet("vip", "ghcr.io/kube-vip/kube-vip-cloud-provider:v0.0.10", nil), nobody},
		"ServiceLB by its name":                      {daemonSet("svclb-public-edge-ingress-0123", "example.com/own", nil), v1alpha1.ProviderServiceLB},
		"ServiceLB by its label":                     {daemonSet("lb", "example.com/own", map[string]string{"svccontroller.k3s.cattle.io/svcname": "public-edge-ingress"}), v1alpha1.ProviderServiceLB},
		"ServiceLB by its image":                     {daemonSet("lb", "rancher/klipper-lb:v0.4.9", nil), v1alpha1.ProviderServiceLB},
		"Cilium by its image":                        {daemonSet("cilium", "quay.io/cilium/cilium:v1.17.1@sha256:00", nil), v1alpha1.ProviderCilium},
		"Cilium by its label":                        {daemonSet("anetd", "gke.gcr.io/cilium/advanced:1", map[string]string{"k8s-app": "cilium"}), v1alpha1.ProviderCilium},
		"Cilium's Envoy is no agent":                 {daemonSet("cilium-envoy", "quay.io/cilium/cilium-envoy:v1", map[string]string{"k8s-app": "cilium-envoy"}), nobody},
		"a name that only sounds alike":              {daemonSet("speaker", "example.com/audio/speaker:1", nil), nobody},
		"an image that only ends alike":              {daemonSet("s", "example.com/notmetallb/speaker:1", nil), nobody},
		"kube-proxy is no agent":                     {daemonSet("kube-proxy", "registry.k8s.io/kube-proxy:v1.36.3", map[string]string{"k8s-app": "kube-proxy"}), nobody},
		"a DaemonSet without containers is no agent": {&appsv1.DaemonSet{}, nobody},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, is := AgentProvider(test.ds)
			if got != test.want || is != (test.want != nobody) {
				t.Errorf("got %q %t, want %q", got, is, test.want)
			}
		})
	}
}

func TestAgentRunsOnFollowsTheSchedulersRules(t *testing.T) {
	taint := func(key, value string, effect corev1.TaintEffect) corev1.Taint {
		return corev1.Taint{Key: key, Value: value, Effect: effect}
	}
	edge := taint("node-role.kubernetes.io/edge", "", corev1.TaintEffectNoSchedule)
	tainted := func(taints ...corev1.Taint) snapshot.Node {
		return snapshot.Node{Name: "node-a", Labels: map[string]string{"pool": "edge", "cores": "8"}, Taints: taints}
	}
	tolerating := func(tolerations ...corev1.Toleration) snapshot.Agent { return snapshot.Agent{Tolerations: tolerations} }
	affine := func(terms ...corev1.NodeSelectorTerm) snapshot.Agent {
		return snapshot.Agent{Affinity: &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
			RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: terms},
		}}}
	}
	label := func(key string, op corev1.NodeSelectorOperator, values ...string) corev1.NodeSelectorTerm {
		return corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{{Key: key, Operator: op, Values: values}}}
	}
	field := func(op corev1.NodeSelectorOperator, values ...string) corev1.NodeSelectorTerm {
		return corev1.NodeSelectorTerm{MatchFields: []corev1.NodeSelectorRequirement{{Key: "metadata.name", Operator: op, Values: values}}}
	}
	tests := map[string]struct {
		agent snapshot.Agent
		node  snapshot.Node
		extra []corev1.Taint
		want  bool
	}{
		"no rules at all":                                    {snapshot.Agent{}, tainted(), nil, true},
		"a taint that is not tolerated":                      {snapshot.Agent{}, tainted(edge), nil, false},
		"a taint that would come and is not tolerated":       {snapshot.Agent{}, tainted(), []corev1.Taint{edge}, false},
		"a preference keeps nobody away":                     {snapshot.Agent{}, tainted(taint("a", "", corev1.TaintEffectPreferNoSchedule)), nil, true},
		"tolerated by key and Exists":                        {tolerating(corev1.Toleration{Key: edge.Key, Operator: corev1.TolerationOpExists}), tainted(edge), nil, true},
		"tolerated by key, default operator and empty value": {tolerating(corev1.Toleration{Key: edge.Key}), tainted(edge), nil, true},
		"tolerated by value":                                 {tolerating(corev1.Toleration{Key: "a", Operator: corev1.TolerationOpEqual, Value: "b"}), tainted(taint("a", "b", corev1.TaintEffectNoExecute)), nil, true},
		"another value":                                      {tolerating(corev1.Toleration{Key: "a", Value: "c"}), tainted(taint("a", "b", corev1.TaintEffectNoExecute)), nil, false},
		"another effect":                                     {tolerating(corev1.Toleration{Key: edge.Key, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute}), tainted(edge), nil, false},
		"everything tolerated":                               {tolerating(corev1.Toleration{Operator: corev1.TolerationOpExists}), tainted(edge, taint("a", "b", corev1.TaintEffectNoExecute)), nil, true},
		"everything of one effect tolerated, both there":     {tolerating(corev1.Toleration{Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule}), tainted(edge, taint("a", "b", corev1.TaintEffectNoExecute)), nil, false},
		"MetalLB's own tolerations do not cover the edge":    {tolerating(corev1.Toleration{Key: "node-role.kubernetes.io/control-plane", Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule}), tainted(), []corev1.Taint{edge}, false},
		"a cordon does not keep a DaemonSet away":            {snapshot.Agent{}, tainted(taint(corev1.TaintNodeUnschedulable, "", corev1.TaintEffectNoSchedule)), nil, true},
		"a node that is not ready does not lose a DaemonSet": {snapshot.Agent{}, tainted(taint(corev1.TaintNodeNotReady, "", corev1.TaintEffectNoExecute)), nil, true},
		"out of service loses it":                            {snapshot.Agent{}, tainted(taint(corev1.TaintNodeOutOfService, "", corev1.TaintEffectNoExecute)), nil, false},
		"the selector chooses the node":                      {snapshot.Agent{NodeSelector: map[string]string{"pool": "edge"}}, tainted(), nil, true},
		"the selector does not":                              {snapshot.Agent{NodeSelector: map[string]string{"pool": "apps"}}, tainted(), nil, false},
		"affinity without a requirement":                     {snapshot.Agent{Affinity: &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{}}}, tainted(), nil, true},
		"affinity of pods says nothing about nodes":          {snapshot.Agent{Affinity: &corev1.Affinity{PodAffinity: &corev1.PodAffinity{}}}, tainted(), nil, true},
		"affinity In":                                        {affine(label("pool", corev1.NodeSelectorOpIn, "edge", "apps")), tainted(), nil, true},
		"affinity In, another value":                         {affine(label("pool", corev1.NodeSelectorOpIn, "apps")), tainted(), nil, false},
		"affinity NotIn":                                     {affine(label("pool", corev1.NodeSelectorOpNotIn, "edge")), tainted(), nil, false},
		"affinity NotIn of a label that is not there":        {affine(label("zone", corev1.NodeSelectorOpNotIn, "a")), tainted(), nil, true},
		"affinity Exists":                                    {affine(label("pool", corev1.NodeSelectorOpExists)), tainted(), nil, true},
		"affinity DoesNotExist":                              {affine(label("pool", corev1.NodeSelectorOpDoesNotExist)), tainted(), nil, false},
		"affinity Gt":                                        {affine(label("cores", corev1.NodeSelectorOpGt, "4")), tainted(), nil, true},
		"affinity Lt":                                        {affine(label("cores", corev1.NodeSelectorOpLt, "4")), tainted(), nil, false},
		"affinity with an operator that is none":             {affine(label("pool", "Like", "edge")), tainted(), nil, false},
		"affinity by name":                                   {affine(field(corev1.NodeSelectorOpIn, "node-a")), tainted(), nil, true},
		"affinity by another name":                           {affine(field(corev1.NodeSelectorOpIn, "node-b")), tainted(), nil, false},
		"one of two terms is enough":                         {affine(field(corev1.NodeSelectorOpIn, "node-b"), label("pool", corev1.NodeSelectorOpExists)), tainted(), nil, true},
		"an empty term matches nothing":                      {affine(corev1.NodeSelectorTerm{}), tainted(), nil, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := AgentRunsOn(test.agent, test.node, test.extra...); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}
