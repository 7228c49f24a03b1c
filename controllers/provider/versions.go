package provider

import (
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/version"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// fact is something that an agent does from a version on. Each source says where the version comes from.
type fact struct {
	// since is the first version that does it. All later ones do, apart from those in unclear.
	since string
	// unclear lists older versions of which no source says whether they got the change as well: the first of
	// each range, and the first after it.
	unclear [][2]string
}

// knows reports whether the tag is a version as the fact counts them. The tag of a mirror may be a date.
func (f fact) knows(running string) bool {
	v, err := version.ParseGeneric(running)
	return err == nil && v.Major() == version.MustParseGeneric(f.since).Major()
}

// holds returns On or Off for a version, and NotSaid where it cannot be told. A line, such as v1.13, stands for
// each of its patches.
func (f fact) holds(running string) Setting {
	v, err := version.ParseGeneric(running)
	switch {
	case err != nil || !f.knows(running):
		return NotSaid
	case len(v.Components()) < 3:
		first, last := f.holds(fmt.Sprintf("%d.%d.0", v.Major(), v.Minor())), f.holds(fmt.Sprintf("%d.%d.999", v.Major(), v.Minor()))
		if first != last {
			return NotSaid
		}
		return first
	}
	since := version.MustParseGeneric(f.since)
	built := strings.ContainsAny(strings.TrimPrefix(running, "v"), "-+_")
	within := func(r [2]string) bool {
		return v.AtLeast(version.MustParseGeneric(r[0])) && v.LessThan(version.MustParseGeneric(r[1]))
	}
	switch {
	case slices.ContainsFunc(f.unclear, within):
		return NotSaid
	case built && v.EqualTo(since):
		// A candidate, or a build with changes of its own.
		return NotSaid
	}
	return settingOf(v.AtLeast(since))
}

// AgentVersion returns the tag of the agent's image where facts depend on it, and "" where none does or the
// image is not recognised: the tag of a renamed image may count something else.
func AgentVersion(p v1alpha1.Provider, ds *appsv1.DaemonSet) string {
	lb := registration(p)
	if lb == nil || !lb.signs.versioned {
		return ""
	}
	for _, container := range ds.Spec.Template.Spec.Containers {
		path := imagePath(container.Image)
		for _, sign := range lb.signs.agents {
			if slices.ContainsFunc(sign.images, func(image string) bool { return isImage(path, image) }) {
				tag, _, _ := strings.Cut(strings.TrimPrefix(container.Image, path), "@")
				return strings.TrimPrefix(tag, ":")
			}
		}
	}
	return ""
}

// runningVersion returns the version of all pods of a load balancer's agents, or why it cannot be told.
func runningVersion(agents snapshot.List[snapshot.Agent], p v1alpha1.Provider) (running, why string) {
	seen := 0
	for _, agent := range agents.Items {
		switch {
		case agent.Provider != p:
			continue
		case agent.Version == "":
			return "", "the image of DaemonSet " + agent.Namespace + "/" + agent.Name + " has no tag that shows its version"
		case agent.Mixed:
			return "", "not all pods of DaemonSet " + agent.Namespace + "/" + agent.Name + " run its current image"
		case seen > 0 && running != agent.Version:
			return "", "its agents have different versions, " + running + " and " + agent.Version
		}
		running, seen = agent.Version, seen+1
	}
	if seen == 0 {
		return "", "no DaemonSet of its agent was recognised"
	}
	return running, ""
}
