package chart

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// metricsArgument is the argument of the operator that the value metrics.enabled changes.
const metricsArgument = "--metrics-bind-address="

// addValues puts the values of a Deployment's component into it. Which values a component has, values.yaml says. Their
// defaults have to be what the manifest says.
func (p part) addValues(object *unstructured.Unstructured, values map[string]any, holes *placeholders) error {
	component := componentOf(object)
	offered, found := values[component].(map[string]any)
	if !found {
		return fmt.Errorf("values.yaml has no value %s for this component: add it, with the resources of its container", component)
	}
	pod, _, err := unstructured.NestedFieldNoCopy(object.Object, "spec", "template", "spec")
	if err != nil {
		return fmt.Errorf("reading the pod: %w", err)
	}
	container, err := onlyContainer(object)
	if err != nil {
		return err
	}
	places := map[string]map[string]any{"replicas": object.Object["spec"].(map[string]any), "resources": container}
	for _, field := range []string{"priorityClassName", "nodeSelector", "tolerations", "affinity"} {
		places[field] = pod.(map[string]any)
	}
	for _, field := range slices.Sorted(maps.Keys(offered)) {
		if field == "extraArgs" {
			continue
		}
		place, known := places[field]
		if !known {
			return fmt.Errorf("values.yaml has %s.%s, which the generator does not know: add it there, or remove the value", component, field)
		}
		if err := sameDefault(offered[field], place[field]); err != nil {
			return fmt.Errorf("comparing %s.%s: %w", component, field, err)
		}
		place[field] = valueOf(component, field, holes)
	}
	addImage(container, pod.(map[string]any), holes)
	_, hasExtra := offered["extraArgs"]
	p.addArguments(container, hasExtra, holes)
	return nil
}

// sameDefault compares a default in values.yaml with the manifest. Nothing, and something empty, are the same.
func sameDefault(value, manifest any) error {
	if isEmpty(value) && isEmpty(manifest) || equality.Semantic.DeepEqual(value, manifest) {
		return nil
	}
	text, err := json.Marshal(manifest)
	if err != nil {
		return fmt.Errorf("encoding the manifest's value: %w", err)
	}
	return fmt.Errorf("values.yaml and config/ disagree: write %s into values.yaml, as config/ does", text)
}

func isEmpty(value any) bool {
	switch typed := value.(type) {
	case nil:
		return true
	case string:
		return typed == ""
	case map[string]any:
		return len(typed) == 0
	case []any:
		return len(typed) == 0
	default:
		return false
	}
}

// valueOf is a placeholder for a value of a component.
func valueOf(component, field string, holes *placeholders) string {
	value := ".Values." + component + "." + field
	switch field {
	case "replicas":
		return holes.action("{{ " + value + " }}")
	case "priorityClassName":
		return holes.block("{{- with "+value+" }}", field+": {{ . | quote }}", "{{- end }}")
	default:
		return holes.block("{{- with "+value+" }}", field+":", "  {{- toYaml . | nindent <+2> }}", "{{- end }}")
	}
}

func addImage(container, pod map[string]any, holes *placeholders) {
	container["image"] = holes.action(`{{ include "` + Name + `.image" . | quote }}`)
	container["imagePullPolicy"] = holes.block("{{- with .Values.image.pullPolicy }}", "imagePullPolicy: {{ . }}", "{{- end }}")
	pod["imagePullSecrets"] = holes.block("{{- with .Values.image.pullSecrets }}", "imagePullSecrets:",
		"{{- range . }}", "- name: {{ . | quote }}", "{{- end }}", "{{- end }}")
}

// addArguments makes arguments depend on values. The operator is the only program with arguments of its own.
func (p part) addArguments(container map[string]any, extra bool, holes *placeholders) {
	arguments, _ := container["args"].([]any)
	for i, argument := range arguments {
		if address, found := strings.CutPrefix(fmt.Sprint(argument), metricsArgument); found {
			arguments[i] = metricsArgument + holes.action("{{ if .Values.metrics.enabled }}"+address+"{{ else }}0{{ end }}")
		}
	}
	if len(p.withoutMeasuring) > 0 {
		lines := []string{"{{- if not .Values.measuring.enabled }}"}
		for _, argument := range p.withoutMeasuring {
			lines = append(lines, "- "+argument)
		}
		arguments = append(arguments, holes.block(append(lines, "{{- end }}")...))
	}
	if extra {
		arguments = append(arguments,
			holes.block("{{- with .Values.allowedImageRepositories }}", `- {{ printf "--allowed-image-repositories=%s" (join "," .) | quote }}`, "{{- end }}"),
			holes.block("{{- range .Values."+componentOf(p.object)+".extraArgs }}", "- {{ . | quote }}", "{{- end }}"))
	}
	if len(arguments) > 0 {
		container["args"] = arguments
	}
}
