package assess

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/controllers/desired"
)

// overruled says what admission does to each write of an object, and what to do (row 107). No object
// that the operator reads shows which policy or webhook it is.
func (sc *scene) overruled(change desired.Change) string {
	var fields []string
	rival := ""
	for _, field := range change.Fields {
		if repair := sc.Repairs[change.Ref][field]; repair.Overruled {
			fields, rival = append(fields, field), repair.Rival
		}
	}
	return fmt.Sprintf("When the operator writes %s, %s changes %s again in the same request. The operator tries again at %s.%s "+
		"Exclude the object from the policy; kubectl get mutatingadmissionpolicies,mutatingwebhookconfigurations lists them.",
		change.Ref, rival, listed(fields), change.Until.UTC().Format("15:04:05 MST"), sc.mirrorOffered(fields))
}

// mirrorOffered offers spec.controller.image where the controller's image is rewritten, in sentences
// that begin with a space. With that image, the policy has nothing to change.
func (sc *scene) mirrorOffered(fields []string) string {
	if !slices.ContainsFunc(fields, func(field string) bool { return strings.HasSuffix(field, "containers.image") }) {
		return ""
	}
	live := sc.liveImage()
	if live == "" {
		return ""
	}
	repository, tag, digest := splitImage(live)
	text := " Accept the new image with spec.controller.image: repository " + repository
	if tag != "" {
		text += ", tag " + tag
	}
	if digest == "" {
		digest = "as the registry states it"
	}
	text += ", digest " + digest
	if !slices.Contains(sc.Options.AllowedImageRepositories, repository) {
		text += "; add the repository to the operator's flag --allowed-image-repositories"
	}
	return text + "."
}

// liveImage returns the image of the first container of the live workload, which is the controller.
func (sc *scene) liveImage() string {
	var pod *corev1.PodSpec
	switch {
	case sc.isDeployment() && sc.Deployment.Value != nil:
		pod = &sc.Deployment.Value.Spec.Template.Spec
	case !sc.isDeployment() && sc.DaemonSet.Value != nil:
		pod = &sc.DaemonSet.Value.Spec.Template.Spec
	}
	if pod == nil || len(pod.Containers) == 0 {
		return ""
	}
	return pod.Containers[0].Image
}

// splitImage splits repository:tag@digest, of which tag and digest may be missing.
func splitImage(image string) (repository, tag, digest string) {
	repository, digest, _ = strings.Cut(image, "@")
	if colon := strings.LastIndex(repository, ":"); colon > strings.LastIndex(repository, "/") {
		repository, tag = repository[:colon], repository[colon+1:]
	}
	return repository, tag, digest
}
