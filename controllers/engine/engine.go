// Package engine is what the operator knows of ingress controllers in general: the interface through
// which everything else uses one. Each engine is a package below this one; package registry chooses
// by spec.controller.engine. It is pure.
package engine

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/trust"
)

// Engine is an ingress controller that the operator can run. Its methods are pure and safe for
// concurrent use. Package enginetest holds the tests that each engine must pass.
type Engine interface {
	// Name is its value of spec.controller.engine.
	Name() v1alpha1.Engine
	// Configure makes the engine's settings: everything about trust, also what is off, and those of
	// spec.controller.config that are safe and understood. Problems are ordered by key.
	Configure(*v1alpha1.EdgeIngress) (settings map[string]string, problems []Problem)
	// Beliefs reads what settings make the engine believe, whoever wrote them. Where the engine would
	// choose by chance, it assumes the worse.
	Beliefs(settings map[string]string) trust.Beliefs
	// Render makes the objects that run the engine, in the order in which they are to be applied. They
	// have the names, labels and selectors of package names.
	Render(Input) ([]*unstructured.Unstructured, error)
	// ConfigMapRead is the ConfigMap ("namespace/name") that the pods of this template read their
	// settings from; empty where they read none.
	ConfigMapRead(corev1.PodTemplateSpec) string
	// DefaultImage is the image that runs where spec.controller.image names none.
	DefaultImage() v1alpha1.ImageSpec
	// Support says whether the build in this image gets fixes. A nil image is the default one.
	Support(image *v1alpha1.ImageSpec) Support
	// VersionDoubt is a clause that says why it depends on the engine's version, which the image does
	// not show, whether it acts on these beliefs; empty where it does not depend on that.
	VersionDoubt(beliefs trust.Beliefs, image *v1alpha1.ImageSpec) string
}

// Input is what the objects of one EdgeIngress are rendered from.
type Input struct {
	EdgeIngress *v1alpha1.EdgeIngress
	// Settings are those that Configure made.
	Settings map[string]string
	// ControllerClusterRole is bound in the whole cluster, ElectionClusterRole in the controller's
	// namespace. Both exist already.
	ControllerClusterRole, ElectionClusterRole string
	// HealthCheckNodePort is the port to ask for; 0 lets Kubernetes allocate one. It counts with
	// exposure type LoadBalancer only.
	HealthCheckNodePort int32
	// Move is the value of [v1alpha1.MoveAnnotation] in the template of a Deployment's pods. Empty
	// leaves the annotation out.
	Move string
}

// ProblemKind says what is wrong with a setting. Nothing of a setting with a problem is written.
type ProblemKind string

const (
	// ProblemTrust: the trusted addresses are not usable or cover everyone. Nobody is trusted then.
	ProblemTrust ProblemKind = "Trust"
	// ProblemForbidden: the setting could undo the trust settings.
	ProblemForbidden ProblemKind = "Forbidden"
	// ProblemReserved: a field of the API owns the setting.
	ProblemReserved ProblemKind = "Reserved"
	// ProblemUnknown: the engine does not know the setting and would ignore it silently.
	ProblemUnknown ProblemKind = "Unknown"
	// ProblemInvalid: the engine would not take the value as it is meant, or would fail on it.
	ProblemInvalid ProblemKind = "Invalid"
)

// Problem is a setting that was not written.
type Problem struct {
	Kind ProblemKind
	// Key is the setting as the user wrote it; of a trust problem the field of the API.
	Key string
	// Message is a sentence without a full stop that says what to write instead.
	Message string
}

// SupportState says whether a build of an engine gets fixes.
type SupportState string

const (
	// Supported: its publisher fixes it.
	Supported SupportState = "Supported"
	// Retired: nobody fixes it any more.
	Retired SupportState = "Retired"
	// NotTracked: it is a build that the operator knows nothing about.
	NotTracked SupportState = "NotTracked"
)

// Support is whether a build of an engine gets fixes.
type Support struct {
	State SupportState
	// Message is one or more sentences for people, with the remedy last.
	Message string
}
