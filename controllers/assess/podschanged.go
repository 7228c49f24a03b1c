package assess

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/drift"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
	"github.com/edge-ingress/edge-ingress-operator/controllers/workload"
)

// alteredPod is a controller pod that is not as the operator asked.
type alteredPod struct {
	name string
	// at are the differences, for people. mesh added them, if known.
	at   []string
	mesh *mesh
	// intruded is set where the pod runs a container, or has a way in, that no template of ours has.
	intruded bool
	// images is set where the only difference is the image.
	images bool
}

// alteredPods finds the pods of the workload that differ from it. Webhooks, policies and network
// plugins change pods and leave the workload as it is.
func (sc *scene) alteredPods() []alteredPod {
	if sc.workload.wanted == nil {
		return nil // podsUnwanted reports that.
	}
	kind := workload.Kind(sc.EdgeIngress)
	var altered []alteredPod
	var last *snapshot.Pod
	var found []drift.Difference
	for i := range sc.Pods.Items {
		pod := &sc.Pods.Items[i]
		if pod.Workload != kind || pod.Terminating || pod.Ended || pod.Spec == nil {
			continue
		}
		if last == nil || !sameRun(last, pod) {
			last, found = pod, sc.differencesOf(pod)
		}
		if len(found)+len(pod.Redirects) > 0 {
			altered = append(altered, describePod(pod, found))
		}
	}
	return altered
}

// sameRun spares a comparison for each of a thousand equal pods.
func sameRun(a, b *snapshot.Pod) bool {
	return maps.Equal(a.Digests, b.Digests) && equality.Semantic.DeepEqual(a.Spec, b.Spec)
}

func (sc *scene) differencesOf(pod *snapshot.Pod) []drift.Difference {
	found, err := drift.OfPod(*pod.Spec, pod.Digests, sc.workload.wanted)
	if err != nil {
		return []drift.Difference{{At: err.Error(), Decides: true}}
	}
	return found
}

func describePod(pod *snapshot.Pod, found []drift.Difference) alteredPod {
	altered := alteredPod{name: pod.Name, images: len(found) > 0 && len(pod.Redirects) == 0}
	names := containerNames(pod.Spec)
	for _, difference := range found {
		altered.at = append(altered.at, difference.At)
		added := difference.Patch != nil && (difference.Field == "containers" || difference.Field == "initContainers")
		altered.intruded = altered.intruded || added
		altered.images = altered.images && strings.HasSuffix(difference.At, ".image")
	}
	// The containers first: people look for these.
	slices.SortStableFunc(altered.at, func(a, b string) int { return rankOf(a) - rankOf(b) })
	for _, key := range slices.Sorted(maps.Keys(pod.Redirects)) {
		altered.at, altered.intruded = append(altered.at, fmt.Sprintf("the annotation %s: %s", key, pod.Redirects[key])), true
		names = append(names, key)
	}
	altered.mesh = meshOf(names)
	return altered
}

func rankOf(at string) int {
	container, _, below := strings.Cut(at, "]")
	if below && strings.HasSuffix(at, "]") && (strings.HasPrefix(container, "initContainers[") || strings.HasPrefix(container, "containers[")) && !strings.Contains(at, ".") {
		return 0
	}
	return 1
}

func containerNames(spec *corev1.PodSpec) []string {
	var names []string
	for _, container := range slices.Concat(spec.InitContainers, spec.Containers) {
		names = append(names, container.Name)
	}
	return names
}

// podsChanged finds pods that were changed when they were created, or since (row 92). During a
// rollout only foreign containers and ways in count, because pods of an older template differ too.
func podsChanged(sc *scene) *verdict {
	altered := sc.altered
	if sc.workload.rolling {
		altered = slices.DeleteFunc(slices.Clone(altered), func(pod alteredPod) bool { return !pod.intruded })
	}
	if sc.workload.template == nil || len(altered) == 0 {
		return nil
	}
	first := altered[0]
	return unclear(v1alpha1.ReasonPodsChanged, "%s not as %s says, because something else changes pods when they are created: %s differs in %s. "+
		"So it is unknown which address the applications see. %s Then run kubectl rollout restart %s %s --namespace %s.",
		partOf(len(altered), len(sc.Pods.Items), "controller pod", "is", "are"), sc.workload.ref, first.name, listed(first.at),
		first.remedy(sc.state.Namespace), strings.ToLower(sc.workload.ref.Kind), sc.workload.ref.Name, sc.workload.ref.Namespace)
}

// remedy is a sentence.
func (p alteredPod) remedy(namespace string) string {
	switch {
	case p.mesh != nil:
		return fmt.Sprintf("%s adds this. "+p.mesh.remedy, p.mesh.name, namespace)
	case p.images:
		return "If the image comes from a mirror, let its name keep the digest, or set spec.controller.image to the mirror's image."
	}
	return fmt.Sprintf("Exclude namespace %s from the webhook or policy that changes its pods.", namespace)
}
