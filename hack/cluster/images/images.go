// Package images makes the container images that real nodes run, without a registry: the operator, the echo application, MetalLB,
// ingress-nginx and a pause program, as archives that containerd imports.
package images

import (
	"context"
	"path/filepath"

	"github.com/edge-ingress/edge-ingress-operator/hack/cluster/binaries"
	"github.com/edge-ingress/edge-ingress-operator/hack/cluster/images/oci"
)

// Names of the images.
const (
	Operator          = "operator"
	Echo              = "echo"
	Pause             = "pause"
	MetalLBController = "metallb-controller"
	MetalLBSpeaker    = "metallb-speaker"
	IngressNGINX      = "ingress-nginx"
)

// Names returns the names of all images, in the order in which they are made.
func Names() []string {
	return []string{Pause, Echo, Operator, MetalLBController, MetalLBSpeaker, IngressNGINX}
}

// Tag is the tag of every image.
const Tag = "e2e"

// Repository returns the repository of an image, which no registry has.
func Repository(name string) string { return "edge-ingress.test/" + name }

// Reference returns the name of an image with its tag, as a pod refers to it.
func Reference(name string) string { return Repository(name) + ":" + Tag }

// recipe is how an image is made.
type recipe interface {
	// ingredients describes everything that goes into the image but this package's own files. It is fast: it is asked each time.
	ingredients(ctx context.Context) ([]string, error)
	// prepare makes the image.
	prepare(ctx context.Context) (oci.Config, *oci.Tree, error)
}

func (s Store) recipe(name string) recipe {
	switch name {
	case Operator:
		return operatorImage(filepath.Join(s.Repository, "bin", "manager"))
	case Echo:
		return s.ownProgram(Echo, s.Repository, "./test/e2e/echo")
	case Pause:
		return s.ownProgram(Pause, filepath.Join(s.Repository, "hack", "cluster"), "./images/pause")
	case MetalLBController:
		return s.metalLB(binaries.MetalLBController, "/controller")
	case MetalLBSpeaker:
		return s.metalLB(binaries.MetalLBSpeaker, "/speaker")
	case IngressNGINX:
		return ingressNGINX{
			programs:   s.Programs,
			packages:   packageSource{dir: filepath.Join(s.Dir, "packages"), aptLists: "/var/lib/apt/lists", aptConfig: "/etc/apt", progress: s.Progress},
			trialsDir:  s.Dir,
			modulesDir: filepath.Join(s.Programs.ModulesDir, "ingress-nginx"),
			progress:   s.Progress,
		}
	}
	return nil
}
