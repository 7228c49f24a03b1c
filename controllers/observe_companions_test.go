package controllers

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/controllers/provider"
)

// agentSet is a DaemonSet as the cache holds it.
func agentSet(t *testing.T, name string, labels map[string]string, container corev1.Container) appsv1.DaemonSet {
	t.Helper()
	ds := &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Namespace: "net", Name: name}}
	ds.Spec.Template.Labels, ds.Spec.Template.Spec.Containers = labels, []corev1.Container{container}
	kept, err := trimDaemonSet(ds)
	if err != nil {
		t.Fatal(err)
	}
	return *kept.(*appsv1.DaemonSet)
}

func TestProgramsOfOtherProjectsAreNoAgentsOnTheirOwn(t *testing.T) {
	frr := agentSet(t, "frr-k8s", map[string]string{"app": "frr-k8s"}, corev1.Container{Image: "registry.example.com/frr:1"})
	byImage := agentSet(t, "bgp", nil, corev1.Container{Image: "quay.io/metallb/frr-k8s:v0.0.17"})
	speaker := agentSet(t, "speaker", nil, corev1.Container{Image: "quay.io/metallb/speaker:v0.15.2"})
	cilium := agentSet(t, "cilium", nil, corev1.Container{Image: "quay.io/cilium/cilium:v1.20.2"})
	for name, row := range map[string]struct {
		sets []appsv1.DaemonSet
		want int
	}{
		"FRR-K8s alone":                     {[]appsv1.DaemonSet{frr}, 0},
		"FRR-K8s alone, by its image":       {[]appsv1.DaemonSet{byImage}, 0},
		"FRR-K8s beside a network plugin":   {[]appsv1.DaemonSet{frr, cilium}, 1},
		"FRR-K8s beside MetalLB's speaker":  {[]appsv1.DaemonSet{frr, speaker}, 2},
		"two of FRR-K8s, and no speaker":    {[]appsv1.DaemonSet{frr, byImage}, 0},
		"two of FRR-K8s beside the speaker": {[]appsv1.DaemonSet{frr, byImage, speaker}, 3},
		"the speaker alone":                 {[]appsv1.DaemonSet{speaker}, 1},
	} {
		if got := agentsAmong(row.sets, nil).Items; len(got) != row.want {
			t.Errorf("%s: found %d agents, want %d: %+v", name, len(got), row.want, got)
		}
	}
	if len(viewOfAgents(&frr)) != 1 {
		t.Error("a change of FRR-K8s wakes nobody, although a speaker may be there")
	}
}

func TestTheCacheShowsWhetherKubeVIPServesServices(t *testing.T) {
	env := func(pairs ...string) (list []corev1.EnvVar) {
		for i := 0; i < len(pairs); i += 2 {
			list = append(list, corev1.EnvVar{Name: pairs[i], Value: pairs[i+1]})
		}
		return list
	}
	const image = "ghcr.io/kube-vip/kube-vip:v0.8.7"
	for name, row := range map[string]struct {
		container corev1.Container
		want      bool
	}{
		"off":                        {corev1.Container{Image: image, Env: env("cp_enable", "true", "svc_enable", "false")}, false},
		"not said":                   {corev1.Container{Image: image, Env: env("cp_enable", "true")}, false},
		"on":                         {corev1.Container{Image: image, Env: env("cp_enable", "true", "svc_enable", "true")}, true},
		"by a flag":                  {corev1.Container{Image: image, Env: env("cp_enable", "true"), Args: []string{"manager", "--services"}}, true},
		"perhaps from a ConfigMap":   {corev1.Container{Image: image, Env: env("cp_enable", "true"), EnvFrom: []corev1.EnvFromSource{{Prefix: "x"}}}, true},
		"no control plane, not said": {corev1.Container{Image: image, Env: env("vip_arp", "true")}, true},
		"off, in another order":      {corev1.Container{Image: image, Env: env("svc_enable", "FALSE", "vip_arp", "true")}, false},
	} {
		ds := agentSet(t, "kube-vip-ds", nil, row.container)
		if _, is := provider.AgentProvider(&ds); is != row.want {
			t.Errorf("%s: an agent is %t, want %t", name, is, row.want)
		}
	}
	secret := agentSet(t, "kube-vip-ds", nil, corev1.Container{Image: image, Env: env("bgp_peerpass", "secret"), Args: []string{"secret"}})
	if c := secret.Spec.Template.Spec.Containers[0]; c.Env[0].Value != "" || len(c.Args) > 0 {
		t.Errorf("the cache keeps more of the container than it needs: %+v", c)
	}
}
