package assess

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// onPod changes the pods of the DaemonSet that was seen.
func onPod(change func(*corev1.PodSpec)) func(*given) {
	return func(g *given) { change(&g.s.DaemonSet.Value.Spec.Template.Spec) }
}

func onContainer(change func(*corev1.Container)) func(*given) {
	return onPod(func(p *corev1.PodSpec) { change(&p.Containers[0]) })
}

var (
	yesPlease = true
	anyName   = "any"
)

// podsOfSomebodyElse are manual changes that can make nginx trust any address, or run something
// else.
var podsOfSomebodyElse = map[string]option{
	"another nginx.tmpl": onPod(func(p *corev1.PodSpec) {
		p.Volumes = []corev1.Volume{{Name: "template", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{}}}}
		p.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "template", MountPath: "/etc/nginx/template"}}
	}),
	"a volume": onPod(func(p *corev1.PodSpec) { p.Volumes = []corev1.Volume{{Name: "spare"}} }),
	"a mount": onContainer(func(c *corev1.Container) {
		c.VolumeMounts = []corev1.VolumeMount{{Name: "kube-api-access", MountPath: "/etc/nginx/lua"}}
	}),
	"an init container": onPod(func(p *corev1.PodSpec) { p.InitContainers = []corev1.Container{{Name: "before"}} }),
	"another container": onPod(func(p *corev1.PodSpec) { p.Containers = append(p.Containers, corev1.Container{Name: "beside"}) }),
	"another image":     onContainer(func(c *corev1.Container) { c.Image = "registry.example.com/other:1" }),
	"a command":         onContainer(func(c *corev1.Container) { c.Command = []string{"/bin/sh"} }),
	"an argument":       onContainer(func(c *corev1.Container) { c.Args = append(c.Args, "--enable-ssl-passthrough") }),
	"a working directory": onContainer(func(c *corev1.Container) {
		c.WorkingDir = "/tmp"
	}),
	"a variable":         onContainer(func(c *corev1.Container) { c.Env = append(c.Env, corev1.EnvVar{Name: "LD_PRELOAD", Value: "/a.so"}) }),
	"a variable's value": onContainer(func(c *corev1.Container) { c.Env[0].ValueFrom.FieldRef.FieldPath = "metadata.uid" }),
	"variables of elsewhere": onContainer(func(c *corev1.Container) {
		c.EnvFrom = []corev1.EnvFromSource{{Prefix: "LUA_"}}
	}),
	"a start hook": onContainer(func(c *corev1.Container) {
		c.Lifecycle = &corev1.Lifecycle{PostStart: &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"sed", "-i"}}}}
	}),
	"a probe that runs something": onContainer(func(c *corev1.Container) {
		c.LivenessProbe = &corev1.Probe{ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{"sed", "-i"}}}}
	}),
	"a port of the node":   onContainer(func(c *corev1.Container) { c.Ports[0].HostPort = 80 }),
	"the node's network":   onPod(func(p *corev1.PodSpec) { p.HostNetwork = true }),
	"the node's processes": onPod(func(p *corev1.PodSpec) { p.HostPID = true }),
	"the node's memory":    onPod(func(p *corev1.PodSpec) { p.HostIPC = true }),
	"another runtime":      onPod(func(p *corev1.PodSpec) { p.RuntimeClassName = &anyName }),
	"settings of the kernel": onPod(func(p *corev1.PodSpec) {
		p.SecurityContext = &corev1.PodSecurityContext{Sysctls: []corev1.Sysctl{{Name: "net.ipv4.ip_forward", Value: "1"}}}
	}),
	"a port of one of the node's addresses": onContainer(func(c *corev1.Container) { c.Ports[0].HostIP = "192.0.2.1" }),
	"a port of another name":                onContainer(func(c *corev1.Container) { c.Ports[0].Name = "other" }),
	"a device": onContainer(func(c *corev1.Container) {
		c.VolumeDevices = []corev1.VolumeDevice{{Name: "disk", DevicePath: "/etc/nginx/template"}}
	}),
	"rights over the node":      onContainer(func(c *corev1.Container) { c.SecurityContext = &corev1.SecurityContext{Privileged: &yesPlease} }),
	"processes that are shared": onPod(func(p *corev1.PodSpec) { p.ShareProcessNamespace = &yesPlease }),
}

func TestPodsThatSomebodyChangedMakeNothingTrueThatRestsOnThem(t *testing.T) {
	for name, change := range podsOfSomebodyElse {
		t.Run(name, func(t *testing.T) {
			g := healthy(change)
			status := Status(g.s, g.d, g.o, noon)
			for _, condition := range []string{v1alpha1.ConditionConfigEffective, v1alpha1.ConditionForwardedHeadersSafe, v1alpha1.ConditionSourceIPConfigured} {
				c := meta.FindStatusCondition(status.Conditions, condition)
				if c.Status != unknown || c.Reason != v1alpha1.ReasonConfigNotEffective {
					t.Errorf("%s is %s %s: %s", condition, c.Status, c.Reason, c.Message)
				}
			}
		})
	}
}

func TestPodsThatRunTheSame(t *testing.T) {
	hostNetwork := exposed(v1alpha1.ExposureHostNetwork)
	defaults := onPod(func(p *corev1.PodSpec) {
		p.RestartPolicy, p.DNSPolicy, p.SchedulerName = corev1.RestartPolicyAlways, corev1.DNSClusterFirst, "default-scheduler"
		p.Containers[0].TerminationMessagePath = "/dev/termination-log"
		p.Containers[0].Env[0].ValueFrom.FieldRef.APIVersion = "v1"
		p.Containers[0].Ports[0].Protocol = corev1.ProtocolTCP
	})
	hostPortsByDefault := onContainer(func(c *corev1.Container) {
		for i := range c.Ports {
			c.Ports[i].HostPort = c.Ports[i].ContainerPort
		}
	})
	slowProbe := onContainer(func(c *corev1.Container) {
		c.LivenessProbe = &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/healthz"}}, TimeoutSeconds: 60}
	})
	resources := onContainer(func(c *corev1.Container) {
		c.Resources.Requests = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1")}
	})
	otherOrder := onContainer(func(c *corev1.Container) { c.Env[0], c.Env[1] = c.Env[1], c.Env[0] })
	runRows(t, sourceIP, map[string]row{
		"with the API server's defaults":          {given: []option{defaults}, status: yes, reason: v1alpha1.ReasonPreservedByLocalPolicy},
		"with its defaults on the node's network": {given: []option{hostNetwork, defaults, hostPortsByDefault}, status: yes, reason: v1alpha1.ReasonHostNetworkDirect},
		"with a probe that is slower":             {given: []option{slowProbe}, status: yes, reason: v1alpha1.ReasonPreservedByLocalPolicy},
		"with other resources":                    {given: []option{resources}, status: yes, reason: v1alpha1.ReasonPreservedByLocalPolicy},
		"with their variables in another order":   {given: []option{otherOrder}, status: yes, reason: v1alpha1.ReasonPreservedByLocalPolicy},
	})
	runRows(t, v1alpha1.ConditionForwardedHeadersSafe, map[string]row{
		"with an image that is not allowed": {given: []option{func(g *given) { g.d.ImageRefused, g.d.Objects = "example.com/own", nil }}, status: unknown, reason: v1alpha1.ReasonConfigNotEffective, says: "was not updated to the current spec"},
	})
}
