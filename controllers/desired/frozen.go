package desired

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// frozenService finds fields of the Service that the API server does not allow to change
// (ValidateServiceUpdate in k8s.io/kubernetes/pkg/apis/core/validation). Applying would fail on every
// pass, so the operator leaves the Service and reports the field.
func frozenService(s snapshot.Snapshot) []Block {
	live := s.Service.Value
	if live == nil || !s.EdgeIngress.UsesService() {
		return nil
	}
	ref := snapshot.Ref{Kind: "Service", Namespace: live.Namespace, Name: live.Name}
	exposure := s.EdgeIngress.Spec.Exposure
	if wanted, actual := wantedClass(exposure), liveClass(live); wanted != "" && live.Spec.Type == corev1.ServiceTypeLoadBalancer && wanted != actual {
		return []Block{{Ref: ref, Cause: BlockedByClass, Wanted: wanted, Live: actual}}
	}
	if len(exposure.IPFamilies) > 0 && len(live.Spec.IPFamilies) > 0 && exposure.IPFamilies[0] != live.Spec.IPFamilies[0] {
		return []Block{{Ref: ref, Cause: BlockedByIPFamily, Wanted: string(exposure.IPFamilies[0]), Live: string(live.Spec.IPFamilies[0])}}
	}
	return nil
}

func wantedClass(exposure v1alpha1.ExposureSpec) string {
	if exposure.Type != v1alpha1.ExposureLoadBalancer || exposure.LoadBalancer == nil {
		return ""
	}
	return exposure.LoadBalancer.Class
}

func liveClass(service *corev1.Service) string {
	if service.Spec.LoadBalancerClass == nil {
		return ""
	}
	return *service.Spec.LoadBalancerClass
}
