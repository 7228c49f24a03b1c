package assess

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
)

// runTheSame is whether two pod specs run the same programs with the same arguments, environment, files and network: everything by which
// nginx could be made to believe others than it was told to. What only concerns where and with how much pods run is left out.
func runTheSame(a, b corev1.PodSpec) bool {
	return equality.Semantic.DeepEqual(whatRuns(a), whatRuns(b))
}

// whatRuns keeps the fields that runTheSame compares, with the API server's defaults, and in one order where the order says nothing.
func whatRuns(spec corev1.PodSpec) corev1.PodSpec {
	share := spec.ShareProcessNamespace != nil && *spec.ShareProcessNamespace
	kept := corev1.PodSpec{
		HostNetwork: spec.HostNetwork, HostPID: spec.HostPID, HostIPC: spec.HostIPC, ShareProcessNamespace: &share,
		Volumes: slices.SortedFunc(slices.Values(spec.Volumes), func(a, b corev1.Volume) int { return cmp.Compare(a.Name, b.Name) }),
	}
	for _, container := range spec.InitContainers {
		kept.InitContainers = append(kept.InitContainers, whatContainerRuns(container, spec.HostNetwork))
	}
	for _, container := range spec.Containers {
		kept.Containers = append(kept.Containers, whatContainerRuns(container, spec.HostNetwork))
	}
	return kept
}

func whatContainerRuns(c corev1.Container, hostNetwork bool) corev1.Container {
	kept := corev1.Container{
		Name: c.Name, Image: c.Image, Command: c.Command, Args: c.Args, WorkingDir: c.WorkingDir,
		EnvFrom: c.EnvFrom, VolumeDevices: c.VolumeDevices, Lifecycle: c.Lifecycle,
		StartupProbe: whatProbeRuns(c.StartupProbe), ReadinessProbe: whatProbeRuns(c.ReadinessProbe), LivenessProbe: whatProbeRuns(c.LivenessProbe),
		VolumeMounts: slices.SortedFunc(slices.Values(c.VolumeMounts), func(a, b corev1.VolumeMount) int { return cmp.Compare(a.MountPath, b.MountPath) }),
	}
	for _, variable := range c.Env {
		kept.Env = append(kept.Env, defaultedEnv(variable))
	}
	slices.SortStableFunc(kept.Env, func(a, b corev1.EnvVar) int { return cmp.Compare(a.Name, b.Name) })
	// On the node's own network every port is a port of the node, and the API server writes that down as its hostPort.
	if !hostNetwork {
		kept.Ports = hostPorts(c.Ports)
	}
	return kept
}

// whatProbeRuns keeps the command of a probe that runs one in the container; nil of any other.
func whatProbeRuns(probe *corev1.Probe) *corev1.Probe {
	if probe == nil || probe.Exec == nil {
		return nil
	}
	return &corev1.Probe{ProbeHandler: corev1.ProbeHandler{Exec: probe.Exec}}
}

// defaultedEnv is a copy: what was read is never written to.
func defaultedEnv(variable corev1.EnvVar) corev1.EnvVar {
	defaulted := *variable.DeepCopy()
	if from := defaulted.ValueFrom; from != nil && from.FieldRef != nil && from.FieldRef.APIVersion == "" {
		from.FieldRef.APIVersion = "v1"
	}
	return defaulted
}

// hostPorts are the ports that lead from the node to the container.
func hostPorts(ports []corev1.ContainerPort) []corev1.ContainerPort {
	var found []corev1.ContainerPort
	for _, port := range ports {
		if port.HostPort == 0 {
			continue
		}
		protocol := cmp.Or(port.Protocol, corev1.ProtocolTCP)
		found = append(found, corev1.ContainerPort{ContainerPort: port.ContainerPort, HostPort: port.HostPort, HostIP: port.HostIP, Protocol: protocol})
	}
	slices.SortFunc(found, func(a, b corev1.ContainerPort) int {
		return cmp.Or(cmp.Compare(a.HostPort, b.HostPort), cmp.Compare(a.Protocol, b.Protocol))
	})
	return found
}
