package desired

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/engine"
	"github.com/edge-ingress/edge-ingress-operator/controllers/engine/registry"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// Compute decides what should exist. Nothing should exist for an EdgeIngress that is being deleted: it
// releases the nodes and prunes the objects. After an error, a part of the state is undecided and the
// rest is valid.
func Compute(s snapshot.Snapshot) (State, error) {
	state := State{Namespace: s.EdgeIngress.ControllerNamespace()}
	state.NamespaceReserved = slices.Contains(s.Options.ReservedNamespaces, state.Namespace)
	state.Collisions = collide(s)
	var nodesErr, objectsErr error
	state.Nodes, nodesErr = planNodes(s)
	if (state.NamespaceReserved && s.EdgeIngress.DeletionTimestamp.IsZero()) || state.Collisions.Waits {
		state.Nodes = state.Nodes.untouched()
	}
	left := holdBackNodes(s, &state.Nodes)
	state.Changes = left
	if s.EdgeIngress.DeletionTimestamp.IsZero() {
		objectsErr = computeObjects(s, &state)
		if objectsErr != nil {
			return state, errors.Join(nodesErr, objectsErr)
		}
	}
	unwanted := slices.Concat(planPrune(s, &state), staleReports(s))
	state.withhold(s)
	state.Changes = slices.Concat(left, planChanges(s, state), unwanted)
	return state, nodesErr
}

func computeObjects(s snapshot.Snapshot, state *State) error {
	e := s.EdgeIngress
	if state.Collisions.Default != nil {
		e = e.DeepCopy()
		e.Spec.IngressClass.Default = v1alpha1.Disabled
	}
	runs, err := registry.For(e)
	if err != nil {
		return err
	}
	witness := witnessOf(e, s.Options)
	state.Config, state.ConfigProblems = runs.Configure(e, witness)
	state.ConfigDigest = runs.ConfigDigest(state.Config)
	image := runs.DefaultImage()
	if e.Spec.Controller.Image != nil {
		image = *e.Spec.Controller.Image
	}
	if !slices.Contains(s.Options.AllowedImageRepositories, image.Repository) {
		state.ImageRefused = image.Repository
	}
	objects, err := runs.Render(engine.Input{
		EdgeIngress:         e,
		Settings:            state.Config,
		HealthCheckNodePort: healthCheckNodePort(s),
		Move:                move(s, state.Nodes),
		Witness:             witness,
	})
	if err != nil {
		return fmt.Errorf("rendering the objects: %w", err)
	}
	value, lookAgain := wakeRollOut(s)
	state.Nodes.recheckAt(lookAgain)
	for _, object := range objects {
		setWakeUp(object, value)
		object.SetOwnerReferences([]metav1.OwnerReference{*metav1.NewControllerRef(e, v1alpha1.GroupVersion.WithKind("EdgeIngress"))})
		if err := stampDigest(object); err != nil {
			return err
		}
	}
	state.Objects = objects
	state.Blocked = frozenService(s)
	if taken := state.Collisions.Service; taken != nil {
		state.Blocked = append(state.Blocked, *taken)
	}
	state.PodSecurity = levelAgainstHostPorts(s)
	return nil
}

// healthCheckNodePort returns the port that the Service had, because an external balancer may use it.
// The status drops a port that another Service has taken. Any port is fine then.
func healthCheckNodePort(s snapshot.Snapshot) int32 {
	if s.EdgeIngress.Spec.Exposure.Type != v1alpha1.ExposureLoadBalancer {
		return 0
	}
	if live := s.Service.Value; live != nil && live.Spec.HealthCheckNodePort != 0 {
		return live.Spec.HealthCheckNodePort
	}
	return s.EdgeIngress.Status.HealthCheckNodePort
}

// stampDigest writes a digest of the object into an annotation. It shows that a setting was removed from
// the spec, which a comparison with the live object alone does not.
func stampDigest(object *unstructured.Unstructured) error {
	content := object.DeepCopy().Object
	// Kubernetes chooses the port at first. Requesting the same port later is not a change.
	unstructured.RemoveNestedField(content, "spec", "healthCheckNodePort")
	encoded, err := json.Marshal(content)
	if err != nil {
		return fmt.Errorf("encoding %s %s: %w", object.GetKind(), object.GetName(), err)
	}
	sum := sha256.Sum256(encoded)
	annotations := object.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[v1alpha1.AppliedAnnotation] = hex.EncodeToString(sum[:8])
	object.SetAnnotations(annotations)
	return nil
}

// withhold removes the objects that must not be written for now. They still count as wanted, so
// pruning is planned before.
func (state *State) withhold(s snapshot.Snapshot) {
	state.Objects = slices.DeleteFunc(state.Objects, func(object *unstructured.Unstructured) bool {
		ref := RefOf(object)
		missing := s.Live[ref].Object == nil
		if state.NamespaceReserved || state.Collisions.Waits || (missing && state.Collisions.keepsBack(ref)) {
			return true
		}
		if isWorkload(ref) {
			// Without its own Service or ConfigMap, a controller cannot start or would publish a
			// foreign address. After a failed read, a Deployment's annotation could be lost, which
			// would replace all its pods.
			return state.ImageRefused != "" || state.wouldBeRefused(s, object) || state.awaitsPorts(s, object) ||
				s.Service.Foreign || s.ConfigMap.Foreign || (ref.Kind == string(v1alpha1.WorkloadDeployment) && s.Deployment.Err != nil) ||
				(missing && s.Live[classRef(s.EdgeIngress)].Foreign)
		}
		return slices.ContainsFunc(state.Blocked, func(b Block) bool { return b.Ref == ref })
	})
}

// RefOf returns the reference of an object.
func RefOf(object *unstructured.Unstructured) snapshot.Ref {
	return snapshot.Ref{Kind: object.GetKind(), Namespace: object.GetNamespace(), Name: object.GetName()}
}

func isWorkload(ref snapshot.Ref) bool {
	return ref.Kind == string(v1alpha1.WorkloadDaemonSet) || ref.Kind == string(v1alpha1.WorkloadDeployment)
}
