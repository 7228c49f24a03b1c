package provider

import (
	"path"
	"regexp"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// agentSign identifies the pods of a load balancer's agent: by one of the images, commands, environment
// variables or names, or by all of the labels that the project sets. An image that a registry of one's own
// renamed is often recognised by the rest, because the program needs its variables.
type agentSign struct {
	// images are paths without registry and tag. One with a slash also matches where another separator
	// stands in its place, as in mirror.example.com/quay.io-metallb-speaker.
	images []string
	// commands are programs without their directory, as the first word of a container's command.
	commands []string
	// variables are environment variables that only this program reads.
	variables []string
	// names of DaemonSets that nobody else would choose.
	names  []string
	labels map[string]string
	// unless tells a container with which the program does something else than announce addresses. Optional.
	unless func(corev1.Container) bool
	// companion is set for a program that other projects run, too. It counts beside another agent of the load
	// balancer alone.
	companion bool
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
	if _, labelled := ds.Spec.Template.Labels[a.label]; labelled {
		return true
	}
	return strings.HasPrefix(ds.Name, a.namePrefix) && (uidEnd.MatchString(ds.Name) || ds.Spec.Template.Labels["app"] == ds.Name)
}

// uidEnd is the beginning of a uid at the end of a name. Other programs may choose the prefix, too.
var uidEnd = regexp.MustCompile(`-[0-9a-f]{4,8}$`)

// serves reports whether the DaemonSet belongs to the Service.
func (a agentPerService) serves(daemonSet, service string) bool {
	if a == (agentPerService{}) {
		return false
	}
	rest, found := strings.CutPrefix(daemonSet, a.namePrefix+service)
	return found && (rest == "" || strings.HasPrefix(rest, "-"))
}

func (sign agentSign) matches(ds *appsv1.DaemonSet) bool {
	if sign.unless != nil && slices.ContainsFunc(ds.Spec.Template.Spec.Containers, sign.unless) {
		return false
	}
	if slices.Contains(sign.names, ds.Name) || slices.ContainsFunc(ds.Spec.Template.Spec.Containers, sign.matchesContainer) {
		return true
	}
	for key, value := range sign.labels {
		if ds.Spec.Template.Labels[key] != value {
			return false
		}
	}
	return len(sign.labels) > 0
}

func (sign agentSign) matchesContainer(container corev1.Container) bool {
	if len(container.Command) > 0 && slices.Contains(sign.commands, path.Base(container.Command[0])) {
		return true
	}
	return slices.ContainsFunc(sign.images, func(image string) bool { return isImage(imagePath(container.Image), image) }) ||
		slices.ContainsFunc(container.Env, func(variable corev1.EnvVar) bool { return slices.Contains(sign.variables, variable.Name) })
}

// isImage reports whether the path ends in the known image, after a separator.
func isImage(path, known string) bool {
	rest, found := strings.CutSuffix(path, known)
	if found && (rest == "" || strings.HasSuffix(rest, "/")) {
		return true
	}
	if !strings.Contains(known, "/") {
		return false
	}
	rest, found = strings.CutSuffix(flat.Replace(path), flat.Replace(known))
	return found && (rest == "" || strings.HasSuffix(rest, "/"))
}

// flat replaces every separator in the path of an image by a slash.
var flat = strings.NewReplacer("-", "/", "_", "/", ".", "/")

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

// HasAgents reports whether the load balancer runs agents on the nodes, or may.
func HasAgents(p v1alpha1.Provider) bool {
	lb := registration(p)
	return Anonymous(p) || (lb != nil && (len(lb.signs.agents) > 0 || lb.signs.agentPerService != (agentPerService{})))
}

// Anonymous reports whether the value says at most what the load balancer does, and not which one it is.
func Anonymous(p v1alpha1.Provider) bool {
	return p == v1alpha1.ProviderAuto || p == v1alpha1.ProviderPacketForwarding || p == v1alpha1.ProviderProxying
}

// Name returns the load balancer's name for messages.
func Name(p v1alpha1.Provider) string {
	if lb := registration(p); lb != nil {
		return lb.name
	}
	return string(p)
}

// WithoutCompanions drops the agents of programs that accompany a load balancer of which no other agent was
// found. companion tells them.
func WithoutCompanions(agents []snapshot.Agent, companion func(snapshot.Agent) bool) []snapshot.Agent {
	return slices.DeleteFunc(slices.Clone(agents), func(a snapshot.Agent) bool {
		return companion(a) && !slices.ContainsFunc(agents, func(b snapshot.Agent) bool { return b.Provider == a.Provider && !companion(b) })
	})
}

// IsCompanion reports whether the DaemonSet shows no other sign of the load balancer than that of a companion.
func IsCompanion(p v1alpha1.Provider, ds *appsv1.DaemonSet) bool {
	lb := registration(p)
	return lb != nil && !slices.ContainsFunc(lb.signs.agents, func(sign agentSign) bool { return !sign.companion && sign.matches(ds) }) &&
		slices.ContainsFunc(lb.signs.agents, func(sign agentSign) bool { return sign.companion && sign.matches(ds) })
}
