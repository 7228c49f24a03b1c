package provider

import (
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// agentSign identifies the pods of a load balancer's agent: by one of the images (a path without
// registry and tag), or by all of the labels that the project sets.
type agentSign struct {
	images []string
	labels map[string]string
}

// agentPerService identifies a DaemonSet that a load balancer runs for one Service.
type agentPerService struct {
	// namePrefix stands before the name of the Service; a hyphen and the beginning of the Service's
	// uid may follow.
	namePrefix string
	// label is the key of a label of the pods, whatever its value.
	label string
}

// AgentProvider returns the load balancer to which an agent's DaemonSet belongs, and false where
// the DaemonSet is not an agent.
func AgentProvider(ds *appsv1.DaemonSet) (v1alpha1.Provider, bool) {
	var found *loadBalancer
	for _, lb := range registered {
		if lb.signs.agentPerService.matches(ds) {
			return lb.provider, true
		}
		is := slices.ContainsFunc(lb.signs.agents, func(sign agentSign) bool { return sign.matches(ds) })
		if is && (found == nil || lb.signs.agentOrder < found.signs.agentOrder) {
			found = lb
		}
	}
	if found == nil {
		return "", false
	}
	return found.provider, true
}

func (a agentPerService) matches(ds *appsv1.DaemonSet) bool {
	if a == (agentPerService{}) {
		return false
	}
	_, labelled := ds.Spec.Template.Labels[a.label]
	return labelled || strings.HasPrefix(ds.Name, a.namePrefix)
}

// serves reports whether the DaemonSet belongs to the Service.
func (a agentPerService) serves(daemonSet, service string) bool {
	if a == (agentPerService{}) {
		return false
	}
	rest, found := strings.CutPrefix(daemonSet, a.namePrefix+service)
	return found && (rest == "" || strings.HasPrefix(rest, "-"))
}

func (sign agentSign) matches(ds *appsv1.DaemonSet) bool {
	for _, container := range ds.Spec.Template.Spec.Containers {
		for _, image := range sign.images {
			if path := imagePath(container.Image); path == image || strings.HasSuffix(path, "/"+image) {
				return true
			}
		}
	}
	for key, value := range sign.labels {
		if ds.Spec.Template.Labels[key] != value {
			return false
		}
	}
	return len(sign.labels) > 0
}

// imagePath returns an image without its tag and digest.
func imagePath(image string) string {
	image, _, _ = strings.Cut(image, "@")
	if colon := strings.LastIndex(image, ":"); colon > strings.LastIndex(image, "/") {
		return image[:colon]
	}
	return image
}

func (lb *loadBalancer) runs(s snapshot.Snapshot) bool {
	return slices.ContainsFunc(s.Agents.Items, func(a snapshot.Agent) bool { return a.Provider == lb.provider })
}
