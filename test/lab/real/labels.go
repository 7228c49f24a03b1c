package real

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// SplitLabels divides labels into those that a kubelet may set on its own Node object, and those
// that only other clients may set
// (https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction).
func SplitLabels(labels map[string]string) (own, restricted map[string]string) {
	own, restricted = map[string]string{}, map[string]string{}
	for key, value := range labels {
		if isRestricted(key) {
			restricted[key] = value
			continue
		}
		own[key] = value
	}
	return own, restricted
}

func isRestricted(key string) bool {
	namespace, _, found := strings.Cut(key, "/")
	if !found {
		return false
	}
	if within(namespace, "node-restriction.kubernetes.io") {
		return true
	}
	if !within(namespace, "kubernetes.io") && !within(namespace, "k8s.io") {
		return false
	}
	return !within(namespace, corev1.LabelNamespaceSuffixKubelet) && !within(namespace, corev1.LabelNamespaceSuffixNode) &&
		!slices.Contains(kubeletLabels, key)
}

// kubeletLabels are the labels of Kubernetes itself that describe the machine.
var kubeletLabels = []string{
	corev1.LabelHostname, corev1.LabelOSStable, corev1.LabelArchStable, corev1.LabelInstanceTypeStable,
	corev1.LabelTopologyZone, corev1.LabelTopologyRegion,
}

func within(namespace, domain string) bool {
	return namespace == domain || strings.HasSuffix(namespace, "."+domain)
}
