package desired

import (
	"slices"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/engine"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
	"github.com/edge-ingress/edge-ingress-operator/controllers/workload"
)

// witnessPort is the port of the witness's Service.
const witnessPort = 80

// witnessOf returns the witness for an EdgeIngress that is measured, and nil for any other. It runs in the
// operator's own namespace, which is not known outside a cluster.
func witnessOf(e *v1alpha1.EdgeIngress, o snapshot.Options) *engine.Witness {
	if o.Namespace == "" || !e.Measured(o.MeasureByDefault) {
		return nil
	}
	return &engine.Witness{Namespace: o.Namespace, Service: names.Witness, Port: witnessPort}
}

// Names returns the objects that the EdgeIngress needs. It needs no rendering, so that the observer can
// check for foreign objects with these names first. An EdgeIngress that is being deleted needs none. An object that
// is kept back for another EdgeIngress is not among them, because the other one may keep it for ever, and each
// pass would ask the API server. Of the snapshot, Names looks at what the caches show by label.
func Names(s snapshot.Snapshot) []snapshot.Ref {
	if !s.EdgeIngress.DeletionTimestamp.IsZero() {
		return nil
	}
	return slices.DeleteFunc(namesOf(s.EdgeIngress, s.Options), collide(s).keepsBack)
}

func namesOf(e *v1alpha1.EdgeIngress, o snapshot.Options) []snapshot.Ref {
	namespace, name := e.ControllerNamespace(), names.Workload(e.Name, e.Spec.Controller.Engine)
	refs := []snapshot.Ref{
		{Kind: "ServiceAccount", Namespace: namespace, Name: name},
		{Kind: "ConfigMap", Namespace: namespace, Name: name},
		{Kind: "RoleBinding", Namespace: namespace, Name: name},
		{Kind: "ClusterRoleBinding", Name: names.ClusterRoleBinding(e.Name, e.Spec.Controller.Engine)},
		{Kind: "IngressClass", Name: e.IngressClassName()},
	}
	if witness := witnessOf(e, o); witness != nil {
		refs = append(refs, snapshot.Ref{Kind: "Ingress", Namespace: witness.Namespace, Name: names.WitnessIngress(e.Name)})
	}
	if e.UsesService() {
		refs = append(refs, snapshot.Ref{Kind: "Service", Namespace: namespace, Name: names.Service(e.Name)})
	}
	if e.Spec.Controller.Kind != v1alpha1.WorkloadDeployment {
		return append(refs, snapshot.Ref{Kind: string(v1alpha1.WorkloadDaemonSet), Namespace: namespace, Name: name})
	}
	if workload.Replicas(e) >= 2 {
		refs = append(refs, snapshot.Ref{Kind: "PodDisruptionBudget", Namespace: namespace, Name: name})
	}
	return append(refs, snapshot.Ref{Kind: string(v1alpha1.WorkloadDeployment), Namespace: namespace, Name: name})
}
