// Package images builds the container images for real nodes, without a registry, as archives that
// containerd imports: the echo application, MetalLB, ingress-nginx, a pause program, and images of
// any static programs.
package images

import (
	"context"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/binaries"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/images/oci"
)

// Names of the images.
const (
	Echo              = "echo"
	Pause             = "pause"
	MetalLBController = "metallb-controller"
	MetalLBSpeaker    = "metallb-speaker"
	IngressNGINX      = "ingress-nginx"
)

// Names returns the names of all images except those of given programs, in the order of the build.
func Names() []string {
	return []string{Pause, Echo, MetalLBController, MetalLBSpeaker, IngressNGINX}
}

// Tag is the tag of every image.
const Tag = "e2e"

// Repository returns the repository of an image, which no registry has.
func Repository(name string) string { return "lab.test/" + name }

// Reference returns the name of an image with its tag, as a pod refers to it.
func Reference(name string) string { return Repository(name) + ":" + Tag }

// recipe describes the build of an image.
type recipe interface {
	// ingredients describes everything in the image except this package's own files. It must be
	// fast, because each Ensure calls it.
	ingredients(ctx context.Context) ([]string, error)
	// prepare makes the image.
	prepare(ctx context.Context) (oci.Config, *oci.Tree, error)
}

// ParsePrograms splits NAME=FILE[,FILE ...], the name of an image of static programs. The image holds
// each file as /BASENAME and runs the first as a user other than root.
func ParsePrograms(argument string) (name string, files []string, found bool) {
	name, list, found := strings.Cut(argument, "=")
	files = strings.Split(list, ",")
	return name, files, found && imageName.MatchString(name) && !slices.Contains(files, "")
}

var imageName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

func (s Store) recipe(name string) recipe {
	if _, files, found := ParsePrograms(name); found {
		return programsImage(files)
	}
	switch name {
	case Echo:
		return s.ownProgram(Echo, filepath.Join(s.Repository, "test", "lab"), "./echo")
	case Pause:
		return s.ownProgram(Pause, filepath.Join(s.Repository, "test", "lab"), "./images/pause")
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
