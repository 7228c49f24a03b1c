// Package evidence decides what the sights of reports prove. It is pure.
package evidence

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// path are the fields that can change the client's address on its way. Addresses are not among them,
// because each sight names its own.
type path struct {
	Exposure    v1alpha1.ExposureType
	ClientIP    *v1alpha1.ClientIPSpec
	Type        corev1.ServiceType                   `json:",omitempty"`
	Class       *string                              `json:",omitempty"`
	Policy      corev1.ServiceExternalTrafficPolicy  `json:",omitempty"`
	Annotations map[string]string                    `json:",omitempty"`
	NodePorts   []int32                              `json:",omitempty"`
	Modes       map[string]corev1.LoadBalancerIPMode `json:",omitempty"`
}

// PathDigest is the digest of the fields that can change the client's address on its way: evidence from
// before a change of them says nothing about the path of today. service is nil where there is none.
func PathDigest(e *v1alpha1.EdgeIngress, service *corev1.Service) string {
	p := path{Exposure: e.Spec.Exposure.Type, ClientIP: e.Spec.ClientIP}
	if service != nil {
		p.Type, p.Class, p.Policy = service.Spec.Type, service.Spec.LoadBalancerClass, service.Spec.ExternalTrafficPolicy
		p.Annotations, p.Modes = map[string]string{}, map[string]corev1.LoadBalancerIPMode{}
		for key, value := range service.Annotations {
			if key != v1alpha1.AppliedAnnotation {
				p.Annotations[key] = value
			}
		}
		for _, port := range service.Spec.Ports {
			p.NodePorts = append(p.NodePorts, port.NodePort)
		}
		for _, ingress := range service.Status.LoadBalancer.Ingress {
			if ingress.IPMode != nil {
				p.Modes[ingress.IP+ingress.Hostname] = *ingress.IPMode
			}
		}
	}
	encoded, err := json.Marshal(p)
	if err != nil {
		panic(err) // It has only texts, numbers, lists and maps.
	}
	sum := sha256.Sum256(encoded)
	return hex.EncodeToString(sum[:8])
}
