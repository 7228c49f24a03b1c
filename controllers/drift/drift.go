// Package drift compares a live object with the wanted one. One table ([podSpec] and its
// neighbours) says which fields are ours. The repair and the verdict about the pods both use it, so
// the operator repairs everything that the verdict rejects. It is pure.
package drift

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// Difference is one place where a live object is not as wanted.
type Difference struct {
	// Field is the path for people, such as "spec.template.spec.hostPID".
	Field string
	// At is the same path with the names of elements, such as "initContainers[proxy]".
	At string
	// Decides is set where the field decides what runs in the pods, which connections reach them,
	// or which addresses the engine trusts.
	Decides bool
	// Patch takes away what was added. It is nil where applying the wanted object sets the field back.
	Patch *Operation
}

// Operation is one operation of a JSON patch (RFC 6902). The operations of one object belong into
// one patch, in their order.
type Operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value,omitempty"`
}

// Find lists the differences between the live object and the wanted one: fields that are missing or
// have another value, and what others added to our fields. Both are objects of the same kind, as
// the API server encodes them.
func Find(live, wanted *unstructured.Unstructured) []Difference {
	wantedSpec, _, _ := unstructured.NestedMap(wanted.Object, "spec", "template", "spec")
	f := newFinder(wantedSpec)
	f.fields(live.Object, wanted.Object, place{rule: rules[wanted.GetKind()]})
	return f.found
}

// RunsAsWanted reports whether pods of the live template run the same programs as those of the
// wanted workload (a DaemonSet or a Deployment), and receive the same connections. It ignores
// fields that only concern where the pods run and with which resources. An error means that the
// objects cannot be compared.
func RunsAsWanted(live corev1.PodTemplateSpec, wanted *unstructured.Unstructured) (bool, error) {
	wantedSpec, found, err := unstructured.NestedMap(wanted.Object, "spec", "template", "spec")
	if err != nil || !found {
		return false, fmt.Errorf("reading the pod template that is wanted (found: %t): %w", found, err)
	}
	liveSpec, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&live.Spec)
	if err != nil {
		return false, fmt.Errorf("converting the pod template: %w", err)
	}
	f := newFinder(wantedSpec)
	f.fields(liveSpec, wantedSpec, place{rule: rule{below: podSpec}})
	return !slices.ContainsFunc(f.found, func(d Difference) bool { return d.Decides }), nil
}

// Fields are the paths of differences, for people.
func Fields(differences []Difference) []string {
	fields := make([]string, 0, len(differences))
	for _, difference := range differences {
		fields = append(fields, difference.Field)
	}
	return fields
}

// Removals are the operations that take away what was added, in the order in which they must be sent.
func Removals(differences []Difference) []Operation {
	var operations []Operation
	for _, difference := range differences {
		if difference.Patch != nil {
			operations = append(operations, *difference.Patch)
		}
	}
	return operations
}

// NeedsApply reports whether the wanted object has to be applied to set all differences back.
func NeedsApply(differences []Difference) bool {
	return slices.ContainsFunc(differences, func(d Difference) bool { return d.Patch == nil })
}

var escape = strings.NewReplacer("~", "~0", "/", "~1")

// Pointer is the JSON pointer (RFC 6901) to a field.
func Pointer(path ...string) string {
	var b strings.Builder
	for _, part := range path {
		b.WriteString("/" + escape.Replace(part))
	}
	return b.String()
}
