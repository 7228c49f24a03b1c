package binaries

import (
	"fmt"
	"strings"
)

// Kubernetes chooses one of two versions of Kubernetes. The zero value is Newest.
type Kubernetes string

const (
	// Newest is the newest version that the Go module proxy has completely.
	Newest Kubernetes = "newest"
	// Oldest is the oldest supported version. Only its control plane is built: a kubelet must not
	// be newer than the API server, so real nodes need Newest.
	Oldest Kubernetes = "oldest"
)

// The versions, as the API server reports them. TestCatalogueMatchesModuleFiles keeps the module
// files the same.
const (
	newestVersion = "v1.37.1"
	oldestVersion = "v1.32.13"
)

// ParseKubernetes reads the value of a flag. "" is Newest.
func ParseKubernetes(value string) (Kubernetes, error) {
	switch k := Kubernetes(value); k {
	case "":
		return Newest, nil
	case Newest, Oldest:
		return k, nil
	default:
		return "", fmt.Errorf("there is no Kubernetes %q: it must be %q or %q", value, Newest, Oldest)
	}
}

// Version is the version as the API server reports it, such as "v1.37.1".
func (k Kubernetes) Version() string {
	if k == Oldest {
		return oldestVersion
	}
	return newestVersion
}

// program builds a program of Kubernetes. The oldest ones are in a directory of their own, beside the newest.
func (k Kubernetes) program(name string) program {
	const versionPackage = "k8s.io/component-base/version."
	p := program{name: name, module: "kubernetes", pkg: "k8s.io/kubernetes/cmd/" + name, version: k.Version()}
	if k == Oldest {
		p.module, p.dir = "kubernetes-oldest", string(Oldest)
	}
	minor := strings.Split(p.version, ".")[1]
	p.variables = map[string]string{
		versionPackage + "gitVersion":   p.version,
		versionPackage + "gitMajor":     "1",
		versionPackage + "gitMinor":     minor,
		versionPackage + "gitTreeState": "clean",
	}
	return p
}
