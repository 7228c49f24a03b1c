package chart

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/edge-ingress/edge-ingress-operator/hack/bundle/manifest"
)

const (
	componentLabel    = "app.kubernetes.io/component"
	operatorComponent = "operator"
	// metricsPrefix begins the names of all objects that only the metrics endpoint needs.
	metricsPrefix = "edge-ingress-operator-metrics"
)

// The values that decide whether an object is installed.
const (
	ifMeasuring       = ".Values.measuring.enabled"
	ifPolicies        = ".Values.policies.enabled"
	ifMetrics         = ".Values.metrics.enabled"
	ifServiceMonitor  = ".Values.metrics.serviceMonitor.enabled"
	ifNetworkPolicies = ".Values.networkPolicies.enabled"
	ifCRDs            = ".Values.crds.install"
)

// part is an object of the chart.
type part struct {
	object *unstructured.Unstructured
	// conditions are values that must all be true.
	conditions []string
	// kept objects stay when the release is uninstalled.
	kept bool
	// releaseNamespace is the namespace in the manifests that the release's namespace replaces.
	releaseNamespace string
	// withoutMeasuring are the arguments that the container has only where nothing measures.
	withoutMeasuring []string
}

// key tells objects apart.
func key(object *unstructured.Unstructured) string {
	return object.GetKind() + " " + object.GetNamespace() + "/" + object.GetName()
}

func componentOf(object *unstructured.Unstructured) string { return object.GetLabels()[componentLabel] }

// plan lists the objects of the chart, in the order of the manifests. The release's namespace is no object of the
// chart, because Helm creates it.
func plan(in Input) ([]part, error) {
	namespace, err := releaseNamespace(in.Default)
	if err != nil {
		return nil, err
	}
	always := map[string]*unstructured.Unstructured{}
	for _, object := range in.WithoutMeasuring {
		always[key(object)] = object
	}
	kept := boundRoles(in.Default)
	var parts []part
	for _, object := range in.Default {
		if object.GetKind() == "Namespace" && object.GetName() == namespace {
			continue
		}
		p := part{object: object, conditions: conditions(object), releaseNamespace: namespace}
		p.kept = object.GetKind() == "CustomResourceDefinition" || object.GetKind() == "ClusterRole" && kept[object.GetName()]
		if alike, found := always[key(object)]; !found {
			p.conditions = append([]string{ifMeasuring}, p.conditions...)
		} else if p.withoutMeasuring, err = addedArguments(object, alike); err != nil {
			return nil, err
		}
		delete(always, key(object))
		parts = append(parts, p)
	}
	delete(always, key(&unstructured.Unstructured{Object: map[string]any{"kind": "Namespace", "metadata": map[string]any{"name": namespace}}}))
	if left := slices.Sorted(maps.Keys(always)); len(left) > 0 {
		return nil, fmt.Errorf("config/without-verification has %s, and config/default has not: the chart cannot express this", strings.Join(left, ", "))
	}
	for _, object := range in.ServiceMonitors {
		parts = append(parts, part{object: object, conditions: []string{ifMetrics, ifServiceMonitor}, releaseNamespace: namespace})
	}
	for _, object := range in.NetworkPolicies {
		parts = append(parts, part{object: object, conditions: []string{ifNetworkPolicies}, releaseNamespace: namespace})
	}
	return parts, nil
}

// releaseNamespace is the operator's namespace in the manifests.
func releaseNamespace(objects manifest.Objects) (string, error) {
	for _, deployment := range objects.OfKind("Deployment") {
		if componentOf(deployment) == operatorComponent {
			return deployment.GetNamespace(), nil
		}
	}
	return "", fmt.Errorf("config/default has no Deployment with the label %s=%s", componentLabel, operatorComponent)
}

// conditions follow from the kind and the name of an object.
func conditions(object *unstructured.Unstructured) []string {
	switch kind := object.GetKind(); {
	case kind == "CustomResourceDefinition":
		return []string{ifCRDs}
	case kind == "ValidatingAdmissionPolicy" || kind == "ValidatingAdmissionPolicyBinding":
		return []string{ifPolicies}
	case strings.HasPrefix(object.GetName(), metricsPrefix):
		return []string{ifMetrics}
	default:
		return nil
	}
}

// boundRoles are the ClusterRoles that the operator may bind. Running ingress controllers need them, also after the
// operator is gone.
func boundRoles(objects manifest.Objects) map[string]bool {
	names := map[string]bool{}
	for _, role := range objects.OfKind("ClusterRole") {
		rules, _, _ := unstructured.NestedSlice(role.Object, "rules")
		for _, rule := range rules {
			fields, _ := rule.(map[string]any)
			verbs, _, _ := unstructured.NestedStringSlice(fields, "verbs")
			bound, _, _ := unstructured.NestedStringSlice(fields, "resourceNames")
			for _, name := range bound {
				names[name] = names[name] || slices.Contains(verbs, "bind")
			}
		}
	}
	return names
}

var errDiffers = errors.New("it is not the same in config/default and config/without-verification, but for added arguments of its container: the chart cannot express this")

// addedArguments returns the arguments that an object's container has in addition where nothing measures. All else
// has to be equal.
func addedArguments(measuring, without *unstructured.Unstructured) ([]string, error) {
	if equality.Semantic.DeepEqual(measuring.Object, without.Object) {
		return nil, nil
	}
	fail := fmt.Errorf("comparing %s: %w", key(measuring), errDiffers)
	left, right := measuring.DeepCopy(), without.DeepCopy()
	before, err := takeArguments(left)
	if err != nil {
		return nil, fail
	}
	after, err := takeArguments(right)
	if err != nil || len(after) < len(before) || !slices.Equal(after[:len(before)], before) || !equality.Semantic.DeepEqual(left.Object, right.Object) {
		return nil, fail
	}
	return after[len(before):], nil
}

// takeArguments removes the arguments of the only container and returns them.
func takeArguments(object *unstructured.Unstructured) ([]string, error) {
	container, err := onlyContainer(object)
	if err != nil {
		return nil, err
	}
	arguments, _, err := unstructured.NestedStringSlice(container, "args")
	delete(container, "args")
	return arguments, err
}

// onlyContainer is the container of a workload, as a part of the object.
func onlyContainer(object *unstructured.Unstructured) (map[string]any, error) {
	found, _, err := unstructured.NestedFieldNoCopy(object.Object, "spec", "template", "spec", "containers")
	list, _ := found.([]any)
	if err != nil || len(list) != 1 {
		return nil, errors.New("it must have one container")
	}
	container, isMap := list[0].(map[string]any)
	if !isMap {
		return nil, errors.New("its container must be an object")
	}
	return container, nil
}
