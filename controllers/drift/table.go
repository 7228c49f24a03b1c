package drift

import (
	"slices"
	"strings"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/provider"
)

// rule says who owns a field. The operator restores what it asked for in every field, its own or
// not. The rule decides about additions of others, and about the verdict.
type rule struct {
	// ours: no one else may add to the field, and a difference makes every verdict that depends on
	// it Unknown.
	ours bool
	// why says why the field is ours, or why not.
	why string
	// below are the rules of the fields below, or of the fields of each element. A field that is
	// not listed follows its parent.
	below fields
	// oursIf reports which keys of a map are ours where the keys are not known in advance.
	oursIf func(key string) bool
	// oneOf: Kubernetes accepts only one of the fields below and requires one, so they are replaced
	// together.
	oneOf bool
	// atomic: the map selects, or the API server treats it as one value (+mapType=atomic in
	// k8s.io/api). It must not hold more than was asked for.
	atomic bool
	// mayGrow: more elements than were asked for take rights away and give none.
	mayGrow bool
	// perContainer: the field concerns only containers that do not have it themselves.
	perContainer bool
	// byDefault is the value that the API server sets where nothing was asked for; nil where it
	// sets none.
	byDefault any
	// onHostNetwork is the neighbour from which the API server copies the value, for pods on the
	// node's network where nothing was asked for.
	onHostNetwork string
}

type fields map[string]rule

func ours(why string) rule { return rule{ours: true, why: why} }

func theirs(why string) rule { return rule{why: why} }

func (r rule) with(below fields) rule {
	r.below = below
	return r
}

func (r rule) unlessDefault(value any) rule {
	r.byDefault = value
	return r
}

func (r rule) child(key string) rule {
	if listed, isListed := r.below[key]; isListed {
		return listed
	}
	return rule{ours: r.ours || (r.oursIf != nil && r.oursIf(key)), atomic: slices.Contains(wholeMaps, key)}
}

// holdsOurs reports whether a value at this place is ours, or has something of ours below.
func (r rule) holdsOurs(value any) bool {
	if r.ours {
		return true
	}
	switch value := value.(type) {
	case map[string]any:
		for key, below := range value {
			if r.child(key).holdsOurs(below) {
				return true
			}
		}
	case []any:
		for _, element := range value {
			if r.holdsOurs(element) {
				return true
			}
		}
	}
	return false
}

// wholeMaps are atomic wherever they occur.
var wholeMaps = []string{"nodeSelector", "selector", "matchLabels"}

// rules are the roots of the table, by kind. In a kind that is not listed, additions by others are
// never ours.
var rules = map[string]rule{
	"ConfigMap": {below: fields{
		"data":       ours("each setting can change whom the engine believes"),
		"binaryData": ours("the engine reads it like data"),
	}},
	"Service": {below: fields{
		"metadata": {below: fields{
			"annotations": {oursIf: provider.IsClientAddressAnnotation, why: "some annotations make a load balancer pass on another address"},
			"labels":      {below: fields{provider.ServiceProxyName: ours("kube-proxy leaves a Service with this label alone")}},
		}},
		"spec": {below: fields{
			"externalIPs":              ours("they are ways in that no load balancer knows"),
			"publishNotReadyAddresses": ours("connections would reach pods that do not serve"),
		}},
	}},
	"Ingress": {below: fields{
		"metadata": {below: fields{
			"annotations": {oursIf: isIngressAnnotation, why: "the engine may answer the witness's requests itself, or lead them elsewhere"},
		}},
		"spec": ours("the engine may lead the witness's requests elsewhere"),
	}},
	string(v1alpha1.WorkloadDaemonSet):  workload,
	string(v1alpha1.WorkloadDeployment): workload,
}

// isIngressAnnotation reports whether a controller reads an annotation of an Ingress, by what the annotations
// of controllers have in common.
func isIngressAnnotation(key string) bool {
	return key == "kubernetes.io/ingress.class" || strings.Contains(key, ".ingress.kubernetes.io/")
}

var workload = rule{below: fields{"spec": {below: fields{"template": {below: fields{"spec": {below: podSpec}}}}}}}
