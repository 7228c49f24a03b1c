package controllers

import (
	"context"
	"fmt"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/edge-ingress/edge-ingress-operator/controllers/guardrails"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// policyCaches hold the operator's admission policies and their bindings, by name. The operator may read these by
// their names and no others, and a cache selects one name.
type policyCaches map[string]client.Reader

// watchPolicies adds a cache for each policy to the manager. What changes there causes a pass for every EdgeIngress.
func (r *Reconciler) watchPolicies(mgr ctrl.Manager, build *builder.Builder) (*builder.Builder, error) {
	r.policies = policyCaches{}
	for _, name := range guardrails.All() {
		ofName, err := cache.New(mgr.GetConfig(), cache.Options{
			HTTPClient: mgr.GetHTTPClient(), Scheme: mgr.GetScheme(), Mapper: mgr.GetRESTMapper(),
			DefaultFieldSelector: fields.OneTermEqualSelector("metadata.name", name), DefaultTransform: cache.TransformStripManagedFields(),
		})
		if err == nil {
			err = mgr.Add(ofName)
		}
		if err != nil {
			return nil, fmt.Errorf("making the cache of the admission policy %q: %w", name, err)
		}
		r.policies[name] = ofName
		for _, object := range []client.Object{&admissionregistrationv1.ValidatingAdmissionPolicy{}, &admissionregistrationv1.ValidatingAdmissionPolicyBinding{}} {
			build = build.WatchesRawSource(source.Kind(ofName, object, handler.EnqueueRequestsFromMapFunc(r.requestsForAll), ignoreUnseen))
		}
	}
	return build, nil
}

// of is the reader of a policy.
func (p policyCaches) of(name string, otherwise client.Reader) client.Reader {
	if reader, known := p[name]; known {
		return reader
	}
	return otherwise
}

// livePolicy is a policy with its binding. One without the other does nothing.
type livePolicy struct {
	policy  *admissionregistrationv1.ValidatingAdmissionPolicy
	binding *admissionregistrationv1.ValidatingAdmissionPolicyBinding
}

// readPolicy returns nil where the policy or its binding does not exist, or is being deleted.
func (r *Reconciler) readPolicy(ctx context.Context, name string) (*livePolicy, error) {
	live := &livePolicy{policy: &admissionregistrationv1.ValidatingAdmissionPolicy{}, binding: &admissionregistrationv1.ValidatingAdmissionPolicyBinding{}}
	reader := r.policies.of(name, r.Client)
	for _, object := range []client.Object{live.policy, live.binding} {
		err := reader.Get(ctx, types.NamespacedName{Name: name}, object)
		switch {
		case apierrors.IsNotFound(err), err == nil && !object.GetDeletionTimestamp().IsZero():
			return nil, nil
		case err != nil:
			return nil, fmt.Errorf("reading the admission policy %q: %w", name, err)
		}
	}
	return live, nil
}

// observeReportPolicy looks for the policy of reports. Another one of its name counts as none.
func (r *Reconciler) observeReportPolicy(ctx context.Context) snapshot.Presence {
	live, err := r.readPolicy(ctx, names.ReportPolicy)
	return snapshot.Presence{Exists: live != nil && guardrails.KeepsReports(live.policy, live.binding), Err: err}
}

// observeGuards looks for the policies that limit what happens with the operator's rights.
func (r *Reconciler) observeGuards(ctx context.Context) snapshot.List[string] {
	var inForce []string
	for _, name := range guardrails.Guards() {
		live, err := r.readPolicy(ctx, name)
		if err != nil {
			return snapshot.List[string]{Err: err}
		}
		if live != nil && guardrails.IsInForce(live.policy, live.binding, r.Options.Namespace) {
			inForce = append(inForce, name)
		}
	}
	return snapshot.List[string]{Items: inForce}
}
