package upgrade

import (
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// The names of the policies that the condition Guarded is about: one, and those with this prefix.
const (
	administratorsPolicy = "edge-ingress-administrators"
	guardPrefix          = "edge-ingress-guard-"
)

// policiesIn are what the policies and bindings of the guard among these objects say.
func policiesIn(all []*unstructured.Unstructured) map[string]any {
	found := map[string]any{}
	for _, object := range all {
		name := object.GetName()
		isPolicy := strings.HasPrefix(object.GetKind(), policyKind) // A binding's kind begins so, too.
		if isPolicy && (name == administratorsPolicy || strings.HasPrefix(name, guardPrefix)) {
			found[object.GetKind()+" "+name] = said(object.Object["spec"])
		}
	}
	return found
}

// said is a value without the white space in its texts, which kustomize writes in different ways.
func said(value any) any {
	switch v := value.(type) {
	case string:
		return strings.Join(strings.Fields(v), " ")
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = said(v[i])
		}
		return list
	case map[string]any:
		fields := map[string]any{}
		for key := range v {
			fields[key] = said(v[key])
		}
		return fields
	}
	return value
}

// inForce reports whether an operator of this release finds its policies in force where these are applied.
func (r *Release) inForce(applied map[string]any) bool {
	for name, policy := range r.policies {
		if !equality.Semantic.DeepEqual(applied[name], policy) {
			return false
		}
	}
	return len(r.policies) > 0
}

// hasGuard reports whether the release has policies of the guard. The one that keeps the right to write EdgeIngress objects is
// older than those.
func (r *Release) hasGuard() bool {
	for name := range r.policies {
		if strings.Contains(name, " "+guardPrefix) {
			return true
		}
	}
	return false
}
