// Package engine defines the interface through which the operator uses an ingress controller. Each engine
// is a package below this one. Package registry chooses by spec.controller.engine. It is pure.
package engine

import (
	"time"

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
	// Configure returns the engine's settings: all trust settings, even those that are off, and the
	// settings of spec.controller.config that are safe and known. Problems are ordered by key. With a
	// witness, the engine tells the witness, and no other application, the digest of the settings that it
	// has loaded, the name of its host, and for which host name it was asked (answer.ConfigHeader,
	// answer.PodHeader, answer.AskedHeader and answer.PeersHeader). A client's own headers of these names reach no application.
	Configure(e *v1alpha1.EdgeIngress, witness *Witness) (settings map[string]string, problems []Problem)
	// ConfigDigest returns the digest that an engine with these settings reports to the witness. It
	// returns "" where the engine reports none, or one that was made for other settings.
	ConfigDigest(settings map[string]string) string
	// KeepsSettings returns for how long, after it has loaded these settings, the engine may still serve
	// connections that were open before by earlier ones, if those name the same time. It returns 0 where it
	// serves none.
	KeepsSettings(settings map[string]string) time.Duration
	// Beliefs returns what settings from any writer make the engine trust. If the engine would choose at
	// random, it assumes the worse choice.
	Beliefs(settings map[string]string) trust.Beliefs
	// AddressSigns returns what Departure needs of an Ingress's annotations, as annotations and as few as
	// possible: nil for nearly every Ingress. The signs of signs are the same.
	AddressSigns(annotations map[string]string) map[string]string
	// Departure explains, in a clause, why the application behind an Ingress with these signs may see
	// another client address than the witness does. It returns "" where these settings make the signs
	// ineffective.
	Departure(signs, settings map[string]string) string
	// Render returns the objects that run the engine, in the order in which to apply them. They have the
	// names, labels and selectors of package names.
	Render(Input) ([]*unstructured.Unstructured, error)
	// ConfigMapRead returns the ConfigMap ("namespace/name") from which the pods of this template read
	// their settings, or "".
	ConfigMapRead(corev1.PodTemplateSpec) string
	// Roles returns the ClusterRoles to which Render binds the engine's ServiceAccount.
	Roles() Roles
	// DefaultImage returns the image for an empty spec.controller.image.
	DefaultImage() v1alpha1.ImageSpec
	// Support returns whether the build in this image gets fixes. A nil image is the default one.
	Support(image *v1alpha1.ImageSpec) Support
	// VersionDoubt explains, in a clause, why the effect of these beliefs depends on the engine's version,
	// which the image does not show. It returns "" where the effect does not depend on it.
	VersionDoubt(beliefs trust.Beliefs, image *v1alpha1.ImageSpec) string
}

// Input holds everything that an engine needs to render the objects of one EdgeIngress.
type Input struct {
	EdgeIngress *v1alpha1.EdgeIngress
	// Settings are those that Configure made.
	Settings map[string]string
	// HealthCheckNodePort is the port to request; 0 lets Kubernetes allocate one. Only exposure type
	// LoadBalancer uses it.
	HealthCheckNodePort int32
	// Move is the value of [v1alpha1.MoveAnnotation] in the template of a Deployment's pods. Empty
	// leaves the annotation out.
	Move string
	// Witness is where the engine leads the witness's host name, and the reserved path of the host names
	// of spec.verification. It is nil where the EdgeIngress is not measured. It changes no pod.
	Witness *Witness
}

// Witness names the Service that answers what an application sees.
type Witness struct {
	Namespace string
	Service   string
	Port      int32
}

// Roles names ClusterRoles of the operator's installation (config/rbac). The operator cannot create or
// change a ClusterRole, and may bind only these.
type Roles struct {
	// Cluster is bound in the whole cluster.
	Cluster string
	// Namespace is bound in the namespace of the engine's pods.
	Namespace string
}

// ProblemKind classifies the problem of a setting. The operator does not write a setting with a problem.
type ProblemKind string

const (
	// ProblemTrust: the trusted addresses are not usable or cover everyone. The controller trusts
	// nobody then.
	ProblemTrust ProblemKind = "Trust"
	// ProblemForbidden: the setting could undo the trust settings.
	ProblemForbidden ProblemKind = "Forbidden"
	// ProblemReserved: a field of the API owns the setting.
	ProblemReserved ProblemKind = "Reserved"
	// ProblemUnknown: the engine does not know the setting and would ignore it silently.
	ProblemUnknown ProblemKind = "Unknown"
	// ProblemInvalid: the engine would misread the value or fail on it.
	ProblemInvalid ProblemKind = "Invalid"
)

// Problem is a setting that was not written.
type Problem struct {
	Kind ProblemKind
	// Key is the setting in the user's spelling, or, for a trust problem, the field of the API.
	Key string
	// Message is one or more sentences without the last full stop, with the remedy last.
	Message string
}

// SupportState says whether a build of an engine gets fixes.
type SupportState string

const (
	// Supported: its publisher fixes it.
	Supported SupportState = "Supported"
	// Retired: it gets no more fixes.
	Retired SupportState = "Retired"
	// NotTracked: the operator does not know this build.
	NotTracked SupportState = "NotTracked"
)

// Support describes whether a build of an engine gets fixes.
type Support struct {
	State SupportState
	// Message is one or more sentences for users, with the remedy last.
	Message string
}
