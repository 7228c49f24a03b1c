package drift

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

const (
	// tokenVolume is the beginning of the name, and tokenPath the mount path, of the volume with the
	// service account's token (k8s.io/kubernetes plugin/pkg/admission/serviceaccount/admission.go).
	tokenVolume = "kube-api-access-"
	tokenPath   = "/var/run/secrets/kubernetes.io/serviceaccount" //nolint:gosec // a path, and no token
)

// tokenSources are the ConfigMaps in the token's volume. OpenShift adds the second one
// (openshift/kubernetes, plugin/pkg/admission/serviceaccount).
var tokenSources = []string{"kube-root-ca.crt", "openshift-service-ca.crt"}

// serverVariables name the address of the API server. Gardener (apiserver-proxy webhook) and AKS
// (set-kube-service-host-fqdn) add them to pods, so that these reach it by another way.
var serverVariables = []string{"KUBERNETES_SERVICE_HOST", "KUBERNETES_PORT", "KUBERNETES_PORT_443_TCP", "KUBERNETES_PORT_443_TCP_ADDR"}

// PodSpecOf returns the part of a pod's spec that decides what the pod runs and who reaches it. It
// leaves out where the pod runs and with how much, and what Kubernetes and its platforms add to
// every pod. Ephemeral containers are not in it: only a person adds one, to a pod that runs.
func PodSpecOf(spec corev1.PodSpec) corev1.PodSpec {
	tokens := map[string]bool{}
	var volumes []corev1.Volume
	for _, volume := range spec.Volumes {
		if isTokenVolume(volume) {
			tokens[volume.Name] = true
			continue
		}
		volumes = append(volumes, volume)
	}
	return corev1.PodSpec{
		Containers: containersOf(spec.Containers, tokens), InitContainers: containersOf(spec.InitContainers, tokens), Volumes: volumes,
		HostNetwork: spec.HostNetwork, HostPID: spec.HostPID, HostIPC: spec.HostIPC, ShareProcessNamespace: spec.ShareProcessNamespace,
		RuntimeClassName: spec.RuntimeClassName, ResourceClaims: spec.ResourceClaims, EnableServiceLinks: spec.EnableServiceLinks,
		SecurityContext: spec.SecurityContext,
	}
}

func isTokenVolume(volume corev1.Volume) bool {
	if !strings.HasPrefix(volume.Name, tokenVolume) || volume.Projected == nil {
		return false
	}
	return !slices.ContainsFunc(volume.Projected.Sources, func(source corev1.VolumeProjection) bool {
		isKnown := source.ServiceAccountToken != nil || source.DownwardAPI != nil ||
			(source.ConfigMap != nil && slices.Contains(tokenSources, source.ConfigMap.Name))
		return !isKnown
	})
}

func containersOf(containers []corev1.Container, tokens map[string]bool) []corev1.Container {
	var kept []corev1.Container
	for _, container := range containers {
		container.Resources = corev1.ResourceRequirements{Claims: container.Resources.Claims}
		container.VolumeMounts = without(container.VolumeMounts, func(mount corev1.VolumeMount) bool {
			return tokens[mount.Name] && mount.MountPath == tokenPath && mount.SubPath == "" && mount.SubPathExpr == ""
		})
		container.Env = without(container.Env, func(variable corev1.EnvVar) bool { return slices.Contains(serverVariables, variable.Name) })
		kept = append(kept, container)
	}
	return kept
}

// without returns a copy without some elements. It is nil where nothing remains.
func without[T any](list []T, leaves func(T) bool) []T {
	var kept []T
	for _, element := range list {
		if !leaves(element) {
			kept = append(kept, element)
		}
	}
	return kept
}

// OfPod lists what a pod runs and the wanted workload (a DaemonSet or a Deployment) does not, or the
// other way round. digests are those of the images that the node runs, by container. An image from
// another registry is the same where its digest is. An error means that they cannot be compared.
func OfPod(pod corev1.PodSpec, digests map[string]string, wanted *unstructured.Unstructured) ([]Difference, error) {
	wantedSpec, found, err := unstructured.NestedMap(wanted.Object, "spec", "template", "spec")
	if err != nil || !found {
		return nil, fmt.Errorf("reading the pod template that is wanted (found: %t): %w", found, err)
	}
	live, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&pod)
	if err != nil {
		return nil, fmt.Errorf("converting the pod: %w", err)
	}
	sameImages(live, wantedSpec, digests)
	f := newFinder(wantedSpec)
	f.fields(live, wantedSpec, place{rule: rule{below: podSpec}})
	return slices.DeleteFunc(f.found, func(d Difference) bool { return !d.Decides }), nil
}

// sameImages gives a container the name of the wanted image where it runs the same one.
func sameImages(live, wanted map[string]any, digests map[string]string) {
	for _, list := range []string{"initContainers", "containers"} {
		wantedList, _ := wanted[list].([]any)
		liveList, _ := live[list].([]any)
		for _, element := range wantedList {
			at := indexOf(liveList, element, listKeys[list])
			if at < 0 {
				continue
			}
			container, _ := liveList[at].(map[string]any)
			name, _ := valueAt(element, "name").(string)
			image, _ := container["image"].(string)
			wantedImage, _ := valueAt(element, "image").(string)
			if digest := DigestOf(wantedImage); digest != "" && digest == digestThatRuns(image, digests[name]) {
				container["image"] = wantedImage
			}
		}
	}
}

// overriddenIn returns the fields of the pod's security context that every container has in its own. The
// container's value counts then (k8s.io/api core/v1, PodSecurityContext).
func overriddenIn(podSpec map[string]any) map[string]bool {
	overridden := map[string]bool{}
	for _, key := range []string{"runAsUser", "runAsGroup"} {
		overridden[key] = everyContainerHas(podSpec, key)
	}
	return overridden
}

func everyContainerHas(podSpec map[string]any, key string) bool {
	containers, _ := podSpec["containers"].([]any)
	initContainers, _ := podSpec["initContainers"].([]any)
	return len(containers) > 0 && !slices.ContainsFunc(slices.Concat(containers, initContainers), func(container any) bool {
		return valueAt(valueAt(container, "securityContext"), key) == nil
	})
}

// digestThatRuns returns the digest in the image's name. Where the name has none, it returns the one
// that the node reports.
func digestThatRuns(image, reported string) string {
	if digest := DigestOf(image); digest != "" {
		return digest
	}
	return reported
}

// DigestOf returns the digest in the name of an image, or nothing.
func DigestOf(image string) string {
	_, digest, _ := strings.Cut(image, "@")
	return digest
}
