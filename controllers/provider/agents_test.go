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

// with adds a command and environment variables to the container.
func with(ds *appsv1.DaemonSet, command string, variables ...string) *appsv1.DaemonSet {
	container := &ds.Spec.Template.Spec.Containers[0]
	if command != "" {
		container.Command = []string{command, "--verbose"}
	}
	for _, name := range variables {
		container.Env = append(container.Env, corev1.EnvVar{Name: name})
	}
	return ds
}

// set adds environment variables with values to the container.
func set(ds *appsv1.DaemonSet, pairs ...string) *appsv1.DaemonSet {
	container := &ds.Spec.Template.Spec.Containers[0]
	for i := 0; i < len(pairs); i += 2 {
		container.Env = append(container.Env, corev1.EnvVar{Name: pairs[i], Value: pairs[i+1]})
	}
	return ds
}

func arguments(ds *appsv1.DaemonSet, list ...string) *appsv1.DaemonSet {
	ds.Spec.Template.Spec.Containers[0].Args = list
	return ds
}

func TestAgentProviderRecognisesAgents(t *testing.T) {
	const nobody = v1alpha1.Provider("")
	tests := map[string]struct {
		ds   *appsv1.DaemonSet
		want v1alpha1.Provider
	}{
		"MetalLB's speaker by its image":             {ds: daemonSet("speaker", "quay.io/metallb/speaker:v0.14.9", nil), want: v1alpha1.ProviderMetalLB},
		"MetalLB's speaker from a mirror, by digest": {ds: daemonSet("s", "mirror.example.com:5000/quay/metallb/speaker@sha256:00", nil), want: v1alpha1.ProviderMetalLB},
		"MetalLB's speaker packed by somebody else":  {ds: daemonSet("s", "docker.io/bitnami/metallb-speaker:0.14", nil), want: v1alpha1.ProviderMetalLB},
		"MetalLB's speaker by the chart's labels":    {ds: daemonSet("s", "example.com/own:1", map[string]string{"app.kubernetes.io/name": "metallb", "app.kubernetes.io/component": "speaker"}), want: v1alpha1.ProviderMetalLB},
		"MetalLB's speaker by the manifest's labels": {ds: daemonSet("s", "example.com/own:1", map[string]string{"app": "metallb", "component": "speaker"}), want: v1alpha1.ProviderMetalLB},
		"MetalLB's FRR":                               {ds: daemonSet("frr-k8s", "quay.io/metallb/frr-k8s:v0.0.17", nil), want: v1alpha1.ProviderMetalLB},
		"something else of MetalLB":                   {ds: daemonSet("m", "example.com/own:1", map[string]string{"app": "metallb", "component": "monitor"}), want: nobody},
		"kube-vip by its image":                       {ds: daemonSet("vip", "ghcr.io/kube-vip/kube-vip:v0.8.7", nil), want: v1alpha1.ProviderKubeVIP},
		"kube-vip by its label":                       {ds: daemonSet("vip", "example.com/own", map[string]string{"app.kubernetes.io/name": "kube-vip-ds"}), want: v1alpha1.ProviderKubeVIP},
		"kube-vip's cloud provider is no agent":       {ds: daemonSet("vip", "ghcr.io/kube-vip/kube-vip-cloud-provider:v0.0.10", nil), want: nobody},
		"ServiceLB by its name":                       {ds: daemonSet("svclb-public-edge-ingress-0123", "example.com/own", nil), want: v1alpha1.ProviderServiceLB},
		"ServiceLB by its label":                      {ds: daemonSet("lb", "example.com/own", map[string]string{"svccontroller.k3s.cattle.io/svcname": "public-edge-ingress"}), want: v1alpha1.ProviderServiceLB},
		"ServiceLB by its image":                      {ds: daemonSet("lb", "rancher/klipper-lb:v0.4.9", nil), want: v1alpha1.ProviderServiceLB},
		"Cilium by its image":                         {ds: daemonSet("cilium", "quay.io/cilium/cilium:v1.17.1@sha256:00", nil), want: v1alpha1.ProviderCilium},
		"Cilium by its label":                         {ds: daemonSet("anetd", "gke.gcr.io/cilium/advanced:1", map[string]string{"k8s-app": "cilium"}), want: v1alpha1.ProviderCilium},
		"Cilium's Envoy is no agent":                  {ds: daemonSet("cilium-envoy", "quay.io/cilium/cilium-envoy:v1", map[string]string{"k8s-app": "cilium-envoy"}), want: nobody},
		"a name that only sounds alike":               {ds: daemonSet("speaker", "example.com/audio/speaker:1", nil), want: nobody},
		"an image that only ends alike":               {ds: daemonSet("s", "example.com/notmetallb/speaker:1", nil), want: nobody},
		"kube-proxy is no agent":                      {ds: daemonSet("kube-proxy", "registry.k8s.io/kube-proxy:v1.36.3", map[string]string{"k8s-app": "kube-proxy"}), want: nobody},
		"MetalLB's speaker renamed with a hyphen":     {ds: daemonSet("s", "registry.example.com/infra/quay.io-metallb-speaker:v0.14.9", nil), want: v1alpha1.ProviderMetalLB},
		"MetalLB's speaker renamed with underscores":  {ds: daemonSet("s", "registry.example.com/metallb_speaker:v0.14.9", nil), want: v1alpha1.ProviderMetalLB},
		"MetalLB's speaker by its variables alone":    {ds: with(daemonSet("s", "registry.example.com/l2:1", nil), "", "METALLB_NODE_NAME"), want: v1alpha1.ProviderMetalLB},
		"kube-vip in an organisation of one's own":    {ds: daemonSet("vip", "registry.example.com/infra/kube-vip:v0.8.7", nil), want: v1alpha1.ProviderKubeVIP},
		"kube-vip by its variables alone":             {ds: with(daemonSet("vip", "registry.example.com/arp:1", nil), "", "svc_enable"), want: v1alpha1.ProviderKubeVIP},
		"Cilium by its command alone":                 {ds: with(daemonSet("cni", "registry.example.com/cni:1", nil), "cilium-agent"), want: v1alpha1.ProviderCilium},
		"PureLB by its image":                         {ds: daemonSet("lb", "registry.gitlab.com/purelb/purelb/lbnodeagent:v0.13.0", nil), want: v1alpha1.ProviderPureLB},
		"PureLB by its newer image":                   {ds: daemonSet("lb", "ghcr.io/purelb/purelb:v0.16", nil), want: v1alpha1.ProviderPureLB},
		"PureLB by its command":                       {ds: with(daemonSet("lb", "registry.example.com/own:1", nil), "/usr/local/bin/lbnodeagent"), want: v1alpha1.ProviderPureLB},
		"PureLB by its labels":                        {ds: daemonSet("lb", "example.com/own:1", map[string]string{"app.kubernetes.io/name": "purelb", "app.kubernetes.io/component": "lbnodeagent"}), want: v1alpha1.ProviderPureLB},
		"OpenELB by its image":                        {ds: daemonSet("lb", "kubesphere/openelb-speaker:v0.6.0", nil), want: v1alpha1.ProviderOpenELB},
		"OpenELB from a mirror":                       {ds: daemonSet("lb", "registry.example.com/mirror/openelb-speaker:v0.6.0", nil), want: v1alpha1.ProviderOpenELB},
		"OpenELB by its name":                         {ds: daemonSet("openelb-speaker", "registry.example.com/own:1", nil), want: v1alpha1.ProviderOpenELB},
		"kube-router by its image":                    {ds: daemonSet("net", "docker.io/cloudnativelabs/kube-router:v2.5.0", nil), want: v1alpha1.ProviderKubeRouter},
		"kube-router by its label":                    {ds: daemonSet("net", "registry.example.com/own:1", map[string]string{"k8s-app": "kube-router", "tier": "node"}), want: v1alpha1.ProviderKubeRouter},
		"loxilb by its image":                         {ds: daemonSet("lb", "ghcr.io/loxilb-io/loxilb:latest", nil), want: v1alpha1.ProviderLoxiLB},
		"loxilb by its command":                       {ds: with(daemonSet("lb", "registry.example.com/own:1", nil), "/root/loxilb-io/loxilb/loxilb"), want: v1alpha1.ProviderLoxiLB},
		"Calico by its image":                         {ds: daemonSet("cni", "quay.io/calico/node:v3.30.0", nil), want: v1alpha1.ProviderCalico},
		"Calico renamed":                              {ds: daemonSet("cni", "registry.example.com/rancher/mirrored-calico-node:v3.30.0", nil), want: v1alpha1.ProviderCalico},
		"Calico by its label":                         {ds: daemonSet("cni", "registry.example.com/own:1", map[string]string{"k8s-app": "calico-node"}), want: v1alpha1.ProviderCalico},
		"Calico's Typha and CSI driver are no agents": {ds: daemonSet("csi-node-driver", "quay.io/calico/node-driver-registrar:v3.30.0", nil), want: nobody},
		"a variable of another program":               {ds: with(daemonSet("s", "example.com/own:1", nil), "", "NODE_NAME"), want: nobody},
		"a command of another program":                {ds: with(daemonSet("s", "example.com/own:1", nil), "/bin/sh"), want: nobody},
		"kube-vip for the control plane alone": {ds: set(daemonSet("kube-vip-ds", "ghcr.io/kube-vip/kube-vip:v0.8.7", map[string]string{"app.kubernetes.io/name": "kube-vip-ds"}),
			"vip_interface", "eth0", "vip_arp", "true", "cp_enable", "true", "svc_enable", "false"), want: nobody},
		"kube-vip for the control plane, without a word of Services": {ds: set(daemonSet("kube-vip-ds", "ghcr.io/kube-vip/kube-vip:v0.8.7", nil), "vip_arp", "true", "cp_enable", "true"), want: nobody},
		"kube-vip of the chart, for the control plane alone":         {ds: set(daemonSet("kube-vip", "kube-vip:v0.8.7", map[string]string{"app.kubernetes.io/name": "kube-vip"}), "cp_enable", "true", "svc_enable", "False"), want: nobody},
		"kube-vip without Services and without a control plane":      {ds: set(daemonSet("kube-vip", "kube-vip:v0.8.7", nil), "svc_enable", "0"), want: nobody},
		"kube-vip for both":     {ds: set(daemonSet("kube-vip-ds", "kube-vip:v0.8.7", nil), "cp_enable", "true", "svc_enable", "true"), want: v1alpha1.ProviderKubeVIP},
		"kube-vip for Services": {ds: set(daemonSet("kube-vip-ds", "kube-vip:v0.8.7", nil), "cp_enable", "false", "svc_enable", "true"), want: v1alpha1.ProviderKubeVIP},
		"kube-vip for the control plane, with a flag for Services": {ds: arguments(set(daemonSet("kube-vip-ds", "kube-vip:v0.8.7", nil), "cp_enable", "true"), "manager", "--services"), want: v1alpha1.ProviderKubeVIP},
		"kube-vip whose settings are elsewhere":                    {ds: set(daemonSet("kube-vip-ds", "kube-vip:v0.8.7", nil), "svc_enable", ""), want: v1alpha1.ProviderKubeVIP},
		"an exporter for ServiceLB":                                {ds: daemonSet("svclb-metrics-exporter", "example.com/exporter:1", nil), want: nobody},
		"a check of ServiceLB":                                     {ds: daemonSet("svclb-probe", "example.com/probe:1", map[string]string{"app": "probe"}), want: nobody},
		"ServiceLB of older k3s":                                   {ds: daemonSet("svclb-traefik", "example.com/own", map[string]string{"app": "svclb-traefik"}), want: v1alpha1.ProviderServiceLB},
		"a DaemonSet without containers is no agent":               {ds: &appsv1.DaemonSet{}, want: nobody},
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
		"no rules at all":                                    {agent: snapshot.Agent{}, node: tainted(), extra: nil, want: true},
		"a taint that is not tolerated":                      {agent: snapshot.Agent{}, node: tainted(edge), extra: nil, want: false},
		"a taint that would come and is not tolerated":       {agent: snapshot.Agent{}, node: tainted(), extra: []corev1.Taint{edge}, want: false},
		"a preference keeps nobody away":                     {agent: snapshot.Agent{}, node: tainted(taint("a", "", corev1.TaintEffectPreferNoSchedule)), extra: nil, want: true},
		"tolerated by key and Exists":                        {agent: tolerating(corev1.Toleration{Key: edge.Key, Operator: corev1.TolerationOpExists}), node: tainted(edge), extra: nil, want: true},
		"tolerated by key, default operator and empty value": {agent: tolerating(corev1.Toleration{Key: edge.Key}), node: tainted(edge), extra: nil, want: true},
		"tolerated by value":                                 {agent: tolerating(corev1.Toleration{Key: "a", Operator: corev1.TolerationOpEqual, Value: "b"}), node: tainted(taint("a", "b", corev1.TaintEffectNoExecute)), extra: nil, want: true},
		"another value":                                      {agent: tolerating(corev1.Toleration{Key: "a", Value: "c"}), node: tainted(taint("a", "b", corev1.TaintEffectNoExecute)), extra: nil, want: false},
		"another effect":                                     {agent: tolerating(corev1.Toleration{Key: edge.Key, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute}), node: tainted(edge), extra: nil, want: false},
		"everything tolerated":                               {agent: tolerating(corev1.Toleration{Operator: corev1.TolerationOpExists}), node: tainted(edge, taint("a", "b", corev1.TaintEffectNoExecute)), extra: nil, want: true},
		"everything of one effect tolerated, both there":     {agent: tolerating(corev1.Toleration{Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule}), node: tainted(edge, taint("a", "b", corev1.TaintEffectNoExecute)), extra: nil, want: false},
		"MetalLB's own tolerations do not cover the edge":    {agent: tolerating(corev1.Toleration{Key: "node-role.kubernetes.io/control-plane", Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule}), node: tainted(), extra: []corev1.Taint{edge}, want: false},
		"a cordon does not keep a DaemonSet away":            {agent: snapshot.Agent{}, node: tainted(taint(corev1.TaintNodeUnschedulable, "", corev1.TaintEffectNoSchedule)), extra: nil, want: true},
		"a node that is not ready does not lose a DaemonSet": {agent: snapshot.Agent{}, node: tainted(taint(corev1.TaintNodeNotReady, "", corev1.TaintEffectNoExecute)), extra: nil, want: true},
		"out of service loses it":                            {agent: snapshot.Agent{}, node: tainted(taint(corev1.TaintNodeOutOfService, "", corev1.TaintEffectNoExecute)), extra: nil, want: false},
		"the selector chooses the node":                      {agent: snapshot.Agent{NodeSelector: map[string]string{"pool": "edge"}}, node: tainted(), extra: nil, want: true},
		"the selector does not":                              {agent: snapshot.Agent{NodeSelector: map[string]string{"pool": "apps"}}, node: tainted(), extra: nil, want: false},
		"affinity without a requirement":                     {agent: snapshot.Agent{Affinity: &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{}}}, node: tainted(), extra: nil, want: true},
		"affinity of pods says nothing about nodes":          {agent: snapshot.Agent{Affinity: &corev1.Affinity{PodAffinity: &corev1.PodAffinity{}}}, node: tainted(), extra: nil, want: true},
		"affinity In":                                        {agent: affine(label("pool", corev1.NodeSelectorOpIn, "edge", "apps")), node: tainted(), extra: nil, want: true},
		"affinity In, another value":                         {agent: affine(label("pool", corev1.NodeSelectorOpIn, "apps")), node: tainted(), extra: nil, want: false},
		"affinity NotIn":                                     {agent: affine(label("pool", corev1.NodeSelectorOpNotIn, "edge")), node: tainted(), extra: nil, want: false},
		"affinity NotIn of a label that is not there":        {agent: affine(label("zone", corev1.NodeSelectorOpNotIn, "a")), node: tainted(), extra: nil, want: true},
		"affinity Exists":                                    {agent: affine(label("pool", corev1.NodeSelectorOpExists)), node: tainted(), extra: nil, want: true},
		"affinity DoesNotExist":                              {agent: affine(label("pool", corev1.NodeSelectorOpDoesNotExist)), node: tainted(), extra: nil, want: false},
		"affinity Gt":                                        {agent: affine(label("cores", corev1.NodeSelectorOpGt, "4")), node: tainted(), extra: nil, want: true},
		"affinity Lt":                                        {agent: affine(label("cores", corev1.NodeSelectorOpLt, "4")), node: tainted(), extra: nil, want: false},
		"affinity with an operator that is none":             {agent: affine(label("pool", "Like", "edge")), node: tainted(), extra: nil, want: false},
		"affinity by name":                                   {agent: affine(field(corev1.NodeSelectorOpIn, "node-a")), node: tainted(), extra: nil, want: true},
		"affinity by another name":                           {agent: affine(field(corev1.NodeSelectorOpIn, "node-b")), node: tainted(), extra: nil, want: false},
		"one of two terms is enough":                         {agent: affine(field(corev1.NodeSelectorOpIn, "node-b"), label("pool", corev1.NodeSelectorOpExists)), node: tainted(), extra: nil, want: true},
		"an empty term matches nothing":                      {agent: affine(corev1.NodeSelectorTerm{}), node: tainted(), extra: nil, want: false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := AgentRunsOn(test.agent, test.node, test.extra...); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}
