// Package registry lists the engines that the operator can run, and chooses one by
// spec.controller.engine. It is the only importer of the engines' packages. A new engine is one line
// here.
package registry

import (
	"fmt"
	"slices"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/engine"
	"github.com/edge-ingress/edge-ingress-operator/controllers/engine/ingressnginx"
)

// All returns the engines that the operator can run. The first is the default of the API.
func All() []engine.Engine {
	return []engine.Engine{
		ingressnginx.Engine{},
	}
}

// For returns the engine that the EdgeIngress asks for, or the default. It fails if this version of the
// operator does not have the engine, for example after a downgrade.
func For(e *v1alpha1.EdgeIngress) (engine.Engine, error) {
	all, wanted := All(), e.Spec.Controller.Engine
	if wanted == "" {
		return all[0], nil
	}
	i := slices.IndexFunc(all, func(known engine.Engine) bool { return known.Name() == wanted })
	if i < 0 {
		return nil, fmt.Errorf("choosing the engine: this version of the operator does not have %q. Install a version that has it, or change spec.controller.engine", wanted)
	}
	return all[i], nil
}

// DefaultImageRepositories returns the repositories of the engines' default images.
func DefaultImageRepositories() []string {
	var repositories []string
	for _, known := range All() {
		repositories = append(repositories, known.DefaultImage().Repository)
	}
	return repositories
}
