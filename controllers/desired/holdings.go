package desired

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// Hold adds what a Service has to what its EdgeIngress holds.
func Hold(held snapshot.Holding, service *corev1.Service) snapshot.Holding {
	held.NodePorts = append(held.NodePorts, nodePortsOf(service)...)
	held.Addresses = append(held.Addresses, addressesOf(service)...)
	return held
}

func nodePortsOf(service *corev1.Service) []int32 {
	var ports []int32
	for _, port := range service.Spec.Ports {
		if port.NodePort != 0 {
			ports = append(ports, port.NodePort)
		}
	}
	if service.Spec.HealthCheckNodePort != 0 {
		ports = append(ports, service.Spec.HealthCheckNodePort)
	}
	return ports
}

func addressesOf(service *corev1.Service) []string {
	var addresses []string
	for _, ingress := range service.Status.LoadBalancer.Ingress {
		if ingress.IP != "" {
			addresses = append(addresses, ingress.IP)
		}
	}
	return addresses
}
