// Package ingressnginx is the engine ingress-nginx (kubernetes/ingress-nginx): its chart, its flags,
// the keys of its ConfigMap, what it trusts, its image and its support state. No other package names
// any of these.
package ingressnginx

import (
	"embed"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/engine"
	"github.com/edge-ingress/edge-ingress-operator/controllers/helm"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
	"github.com/edge-ingress/edge-ingress-operator/controllers/trust"
)

const name = v1alpha1.EngineIngressNGINX

//go:embed all:chart
var files embed.FS

var chart = helm.New(files, "chart")

// Engine implements engine.Engine.
type Engine struct{}

// Name implements engine.Engine.
func (Engine) Name() v1alpha1.Engine { return name }

// Render implements engine.Engine. The Service comes before the workload, because the controller exits
// at startup if its Service does not exist.
func (Engine) Render(in engine.Input) ([]*unstructured.Unstructured, error) {
	values, err := valuesOf(in).asMap()
	if err != nil {
		return nil, err
	}
	return chart.Render(helm.Release{Name: in.EdgeIngress.Name, Namespace: in.EdgeIngress.ControllerNamespace()}, values)
}

const configMapFlag = "--configmap="

// ConfigMapRead reads the container's arguments. Like the controller, it takes the last of several
// flags. It does not expand variables such as $(POD_NAMESPACE).
func (Engine) ConfigMapRead(template corev1.PodTemplateSpec) (ref string) {
	for i := range template.Spec.Containers {
		container := &template.Spec.Containers[i]
		if container.Name != names.Container {
			continue
		}
		for _, arg := range container.Args {
			if value, found := strings.CutPrefix(arg, configMapFlag); found {
				ref = value
			}
		}
	}
	return ref
}

// Roles implements engine.Engine. The files are config/rbac/ingressnginx_role.yaml and
// config/rbac/ingressnginx_election_role.yaml.
func (Engine) Roles() engine.Roles {
	return engine.Roles{Cluster: "edge-ingress-operator-controller", Namespace: "edge-ingress-operator-controller-election"}
}

// DefaultImage is the last release of upstream, pinned by digest.
func (Engine) DefaultImage() v1alpha1.ImageSpec {
	return v1alpha1.ImageSpec{
		Repository: "registry.k8s.io/ingress-nginx/controller",
		Tag:        "v1.15.1",
		Digest:     "sha256:594ceea76b01c592858f803f9ff4d2cb40542cae2060410b2c95f75907d659e1",
	}
}

// Support knows only upstream's builds, from any registry.
func (e Engine) Support(image *v1alpha1.ImageSpec) engine.Support {
	upstream := e.DefaultImage()
	if image == nil || image.Repository == upstream.Repository || image.Digest == upstream.Digest {
		return engine.Support{State: engine.Retired, Message: "kubernetes/ingress-nginx was retired in March 2026 and gets no more fixes, not even security fixes. " +
			"Move to a maintained build (spec.controller.image) or to another engine."}
	}
	return engine.Support{State: engine.NotTracked, Message: "The image " + image.Repository + ":" + image.Tag + " is not upstream's build, " +
		"and the operator does not know whether it gets fixes. Ask its publisher."}
}

// VersionDoubt explains that builds before v1.13 ignore the header when they read PROXY protocol. It
// knows only the version of the operator's default digest, because a tag beside another digest proves
// nothing.
func (e Engine) VersionDoubt(beliefs trust.Beliefs, image *v1alpha1.ImageSpec) string {
	if !beliefs.ProxyProtocol || !beliefs.BelievesHeader() || image == nil || image.Digest == e.DefaultImage().Digest {
		return ""
	}
	return "with PROXY protocol, builds before v1.13 ignore " + beliefs.Header
}
