package assess

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/drift"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// atAdmission changes the pods and leaves the workload as it is.
func atAdmission(change func(*snapshot.Pod)) option {
	return func(g *given) {
		for i := range g.s.Pods.Items {
			pod := &g.s.Pods.Items[i]
			if pod.Spec == nil {
				template := g.template()
				runs := drift.PodSpecOf(*template.Spec.DeepCopy())
				pod.Spec = &runs
			}
			change(pod)
		}
	}
}

func specAtAdmission(change func(*corev1.PodSpec)) option {
	return atAdmission(func(pod *snapshot.Pod) { change(pod.Spec) })
}

func sidecar(name string) option {
	return specAtAdmission(func(p *corev1.PodSpec) { p.Containers = append(p.Containers, corev1.Container{Name: name}) })
}

func nativeSidecar(name string) option {
	always := corev1.ContainerRestartPolicyAlways
	return specAtAdmission(func(p *corev1.PodSpec) {
		p.InitContainers = append(p.InitContainers, corev1.Container{Name: name, RestartPolicy: &always})
	})
}

func initContainer(name string) option {
	return specAtAdmission(func(p *corev1.PodSpec) { p.InitContainers = append(p.InitContainers, corev1.Container{Name: name}) })
}

func redirected(key, value string) option {
	return atAdmission(func(pod *snapshot.Pod) { pod.Redirects = drift.RedirectsOf(map[string]string{key: value}) })
}

func container(change func(*corev1.Container)) option {
	return specAtAdmission(func(p *corev1.PodSpec) { change(&p.Containers[0]) })
}

// changedPods are situations of row 92, with a part of the message.
var changedPods = map[string]struct {
	given option
	says  string
}{
	"a policy adds a native sidecar": {given: nativeSidecar("mesh-proxy"), says: "initContainers[mesh-proxy]"},
	"a policy adds a container":      {given: sidecar("log-shipper"), says: "containers[log-shipper]"},
	"Istio's sidecar":                {given: all(initContainer("istio-init"), sidecar("istio-proxy")), says: "istio-injection=disabled"},
	"Istio's native sidecar":         {given: nativeSidecar("istio-proxy"), says: "initContainers[istio-proxy]"},
	"Istio's ambient mode":           {given: redirected("ambient.istio.io/redirection", "enabled"), says: "istio.io/dataplane-mode=none"},
	"Linkerd's proxy":                {given: all(initContainer("linkerd-init"), sidecar("linkerd-proxy")), says: "annotate namespace edge-public linkerd.io/inject=disabled"},
	"Consul's dataplane":             {given: all(initContainer("consul-connect-inject-init"), sidecar("consul-dataplane")), says: "k8sDenyNamespaces"},
	"Consul by its network plugin":   {given: redirected("consul.hashicorp.com/transparent-proxy-status", "complete"), says: "k8sDenyNamespaces"},
	"Kuma's sidecar":                 {given: sidecar("kuma-sidecar"), says: "kuma.io/sidecar-injection=disabled"},
	"AWS App Mesh":                   {given: all(initContainer("proxyinit"), sidecar("envoy")), says: "sidecarInjectorWebhook=disabled"},
	"Dapr":                           {given: sidecar("daprd"), says: "dapr.io/enabled"},
	"another network by Multus":      {given: redirected("k8s.v1.cni.cncf.io/networks", "storage"), says: "the annotation k8s.v1.cni.cncf.io/networks: storage"},
	"Multus replaces the network":    {given: redirected("v1.multus-cni.io/default-network", "kube-system/macvlan"), says: "default-network"},
	"another image under a mirror": {given: container(func(c *corev1.Container) { c.Image = "mirror.example.com/controller:v1" }),
		says: "set spec.controller.image to the mirror's image"},
	"a variable":                     {given: container(func(c *corev1.Container) { c.Env = append(c.Env, corev1.EnvVar{Name: "HTTP_PROXY"}) }), says: "containers[controller].env[HTTP_PROXY]"},
	"an argument":                    {given: container(func(c *corev1.Container) { c.Args = append(c.Args, "--v=5") }), says: "containers[controller].args"},
	"an argument that is taken away": {given: container(func(c *corev1.Container) { c.Args = c.Args[:1] }), says: "containers[controller].args"},
	"a port that is taken away":      {given: container(func(c *corev1.Container) { c.Ports = c.Ports[:1] }), says: "containers[controller].ports[443/TCP]"},
	"a file over the engine's":       {given: container(func(c *corev1.Container) { c.VolumeMounts = []corev1.VolumeMount{{Name: "a", MountPath: "/etc/nginx"}} }), says: "volumeMounts[/etc/nginx]"},
	"an image volume":                {given: specAtAdmission(func(p *corev1.PodSpec) { p.Volumes = []corev1.Volume{{Name: "libs"}} }), says: "volumes[libs]"},
	"the node's network":             {given: specAtAdmission(func(p *corev1.PodSpec) { p.HostNetwork = true }), says: "hostNetwork"},
	"another runtime":                {given: specAtAdmission(func(p *corev1.PodSpec) { p.RuntimeClassName = &anyName }), says: "Exclude namespace edge-public from the webhook"},
	"settings of the pod's network": {given: specAtAdmission(func(p *corev1.PodSpec) {
		p.SecurityContext = &corev1.PodSecurityContext{Sysctls: []corev1.Sysctl{{Name: "a"}}}
	}), says: "securityContext"},
	"a sidecar while the pods change": {given: all(nativeSidecar("mesh-proxy"), midRollout), says: "initContainers[mesh-proxy]"},
	"only one of the pods": {given: func(g *given) {
		nativeSidecar("mesh-proxy")(g)
		g.s.Pods.Items[0].Spec = nil
	}, says: "1 of 2 controller pods is not as DaemonSet edge-public/public-edge-ingress says"},
}

var midRollout option = func(g *given) { g.s.DaemonSet.Value.Status.UpdatedNumberScheduled = 1 }

func TestPodsThatWereChangedMakeNothingTrueThatRestsOnThem(t *testing.T) {
	conditions := []string{v1alpha1.ConditionConfigEffective, v1alpha1.ConditionForwardedHeadersSafe, v1alpha1.ConditionSourceIPConfigured}
	for name, test := range changedPods {
		for _, exposure := range []v1alpha1.ExposureType{v1alpha1.ExposureLoadBalancer, v1alpha1.ExposureHostNetwork} {
			if exposure == v1alpha1.ExposureHostNetwork && name == "the node's network" {
				continue
			}
			t.Run(name+" with "+string(exposure), func(t *testing.T) {
				g := healthy(exposed(exposure), test.given)
				status := Status(g.s, g.d, g.o, noon)
				for _, condition := range conditions {
					c := meta.FindStatusCondition(status.Conditions, condition)
					if c.Status != unknown || c.Reason != v1alpha1.ReasonPodsChanged || !strings.Contains(c.Message, test.says) {
						t.Errorf("%s is %s %s: %s", condition, c.Status, c.Reason, c.Message)
					}
				}
			})
		}
	}
}

func TestSourceIPConfiguredWithPodsThatWereChanged(t *testing.T) {
	runRows(t, v1alpha1.ConditionSourceIPConfigured, map[string]row{
		"row 92: a policy adds a native sidecar": {given: []option{nativeSidecar("mesh-proxy")}, status: unknown, reason: v1alpha1.ReasonPodsChanged, says: "differs in initContainers[mesh-proxy]"},
	})
}

func TestForwardedHeadersSafeWithPodsThatWereChanged(t *testing.T) {
	runRows(t, v1alpha1.ConditionForwardedHeadersSafe, map[string]row{
		"row 92: a policy adds a native sidecar": {given: []option{nativeSidecar("mesh-proxy")}, status: unknown, reason: v1alpha1.ReasonPodsChanged, says: "kubectl rollout restart daemonset public-edge-ingress --namespace edge-public"},
	})
}

func TestConfigEffectiveWithPodsThatWereChanged(t *testing.T) {
	runRows(t, v1alpha1.ConditionConfigEffective, map[string]row{
		"row 92: a policy adds a native sidecar": {given: []option{nativeSidecar("mesh-proxy")}, status: unknown, reason: v1alpha1.ReasonPodsChanged, says: "something else changes pods when they are created"},
	})
}

func TestWhatKubernetesAddsToPodsIsNoChange(t *testing.T) {
	token := corev1.VolumeMount{Name: "kube-api-access-x7k2p", ReadOnly: true, MountPath: "/var/run/secrets/kubernetes.io/serviceaccount"}
	const digested = "registry.example.com/controller:v1@sha256:aa"
	wanted := func(g *given) { g.wantImage(digested) }
	cases := map[string]option{
		"the pods as they were asked for": specAtAdmission(func(*corev1.PodSpec) {}),
		"the token, tolerations and the scheduler's choice": whole(func(p *corev1.PodSpec) {
			p.NodeName, p.SchedulerName, p.ServiceAccountName = "edge-1", "default-scheduler", objectName
			p.Tolerations = []corev1.Toleration{{Key: "node.kubernetes.io/not-ready", Operator: corev1.TolerationOpExists}}
			p.Affinity, p.Priority, p.PreemptionPolicy = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{}}, new(int32), new(corev1.PreemptLowerPriority)
			p.Containers[0].VolumeMounts = []corev1.VolumeMount{token}
			p.Volumes = []corev1.Volume{{Name: token.Name, VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{
				{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Path: "token"}},
				{ConfigMap: &corev1.ConfigMapProjection{LocalObjectReference: corev1.LocalObjectReference{Name: "kube-root-ca.crt"}}},
				{ConfigMap: &corev1.ConfigMapProjection{LocalObjectReference: corev1.LocalObjectReference{Name: "openshift-service-ca.crt"}}},
				{DownwardAPI: &corev1.DownwardAPIProjection{}},
			}}}}}
		}),
		"a container to debug with": whole(func(p *corev1.PodSpec) {
			p.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "debugger"}}}
		}),
		"resources, a pull secret and a readiness gate": whole(func(p *corev1.PodSpec) {
			p.Containers[0].Resources.Limits = corev1.ResourceList{corev1.ResourceCPU: {}}
			p.ImagePullSecrets = []corev1.LocalObjectReference{{Name: "mirror"}}
			p.ReadinessGates = []corev1.PodReadinessGate{{ConditionType: "target-health.elbv2.k8s.aws/a"}}
		}),
		"the API server's address": whole(func(p *corev1.PodSpec) {
			p.Containers[0].Env = append(p.Containers[0].Env, corev1.EnvVar{Name: "KUBERNETES_SERVICE_HOST", Value: "api.example.com"})
		}),
		"a mirror that keeps the digest": all(wanted, container(func(c *corev1.Container) { c.Image = "mirror.example.com/controller:v1@sha256:aa" })),
		"a mirror by tag with the same digest": all(wanted, atAdmission(func(p *snapshot.Pod) {
			p.Spec.Containers[0].Image, p.Digests = "mirror.example.com/controller:v1", map[string]string{"controller": "sha256:aa"}
		})),
		"pods outside of the ambient mode": redirected("ambient.istio.io/redirection", "disabled"),
	}
	rows := map[string]row{}
	for name, given := range cases {
		rows[name] = row{given: []option{given}, status: yes, reason: v1alpha1.ReasonPreservedByLocalPolicy}
	}
	runRows(t, sourceIP, rows)
	runRows(t, sourceIP, map[string]row{
		"a mirror with another digest": {given: []option{wanted, container(func(c *corev1.Container) { c.Image = "mirror.example.com/controller:v1@sha256:bb" })},
			status: unknown, reason: v1alpha1.ReasonPodsChanged, says: "containers[controller].image"},
		"a mirror by tag with another digest": {given: []option{wanted, atAdmission(func(p *snapshot.Pod) {
			p.Spec.Containers[0].Image, p.Digests = "mirror.example.com/controller:v1", map[string]string{"controller": "sha256:bb"}
		})}, status: unknown, reason: v1alpha1.ReasonPodsChanged},
		"a volume with the name of the token's": {given: []option{whole(func(p *corev1.PodSpec) {
			p.Volumes = []corev1.Volume{{Name: token.Name, VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{}}}}
		})}, status: unknown, reason: v1alpha1.ReasonPodsChanged},
		"a token's volume at another path": {given: []option{whole(func(p *corev1.PodSpec) {
			p.Volumes = []corev1.Volume{{Name: token.Name, VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{}}}}
			p.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: token.Name, MountPath: "/etc/nginx"}}
		})}, status: unknown, reason: v1alpha1.ReasonPodsChanged},
		"an older template in a rollout": {given: []option{container(func(c *corev1.Container) { c.Args = nil }), midRollout},
			status: unknown, reason: v1alpha1.ReasonRolloutInProgress},
		"a pod that is ending": {given: []option{nativeSidecar("mesh-proxy"), atAdmission(func(p *snapshot.Pod) { p.Terminating = p.Name == "controller-1" })},
			status: unknown, reason: v1alpha1.ReasonPodsChanged, says: "1 of 2"},
	})
}

// whole changes the pods' specs as the API server has them, of which a part is read.
func whole(change func(*corev1.PodSpec)) option {
	return specAtAdmission(func(p *corev1.PodSpec) {
		change(p)
		*p = drift.PodSpecOf(*p)
	})
}

// TestEveryChangeOfTheTemplateIsSeenInThePods: the same table decides about both.
func TestEveryChangeOfTheTemplateIsSeenInThePods(t *testing.T) {
	for name, change := range podsOfSomebodyElse {
		t.Run(name, func(t *testing.T) {
			changed := healthy(change)
			runs := drift.PodSpecOf(changed.s.DaemonSet.Value.Spec.Template.Spec)
			g := healthy(specAtAdmission(func(p *corev1.PodSpec) { *p = runs }))
			status := Status(g.s, g.d, g.o, noon)
			if c := meta.FindStatusCondition(status.Conditions, v1alpha1.ConditionSourceIPConfigured); c.Reason != v1alpha1.ReasonPodsChanged {
				t.Errorf("SourceIPConfigured is %s %s: %s", c.Status, c.Reason, c.Message)
			}
		})
	}
}

// wantImage makes another image wanted, and live in the workload.
func (g *given) wantImage(image string) {
	g.image = image
	g.asDaemonSet()
}
