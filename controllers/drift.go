package controllers

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/provider"
)

// listKeys are the fields that tell the elements of a keyed list apart (the +listMapKey markers in k8s.io/api). Elements that others
// add to such a list are theirs; every other list is one value and has to be equal as a whole.
var listKeys = map[string][]string{
	"containers":                {"name"},
	"env":                       {"name"},
	"imagePullSecrets":          {"name"},
	"ownerReferences":           {"uid"},
	"topologySpreadConstraints": {"topologyKey", "whenUnsatisfiable"},
	"volumeMounts":              {"mountPath"},
	"volumes":                   {"name"},
}

// portKeys tell ports apart; a container's and a Service's have different names for the same.
var portKeys = [][]string{{"containerPort", "protocol"}, {"port", "protocol"}}

// wholeMaps are maps that the API server treats as one value (+mapType=atomic in k8s.io/api), or that select and so must not hold more than was asked for.
var wholeMaps = []string{"nodeSelector", "selector", "matchLabels"}

// missingFrom finds the first field, as a path for people, that was asked for and that live lacks or has otherwise; it is empty where there is none.
// What live has beyond that, defaults above all, does not matter here.
func missingFrom(live, wanted any, path string) string {
	switch wanted := wanted.(type) {
	case map[string]any:
		return mapMissingFrom(live, wanted, path)
	case []any:
		return listMissingFrom(live, wanted, path)
	default:
		if reflect.DeepEqual(live, wanted) {
			return ""
		}
		return path
	}
}

func mapMissingFrom(live any, wanted map[string]any, path string) string {
	liveMap, isMap := live.(map[string]any)
	switch {
	case !isMap && len(wanted) == 0 && live == nil:
		return ""
	case !isMap, slices.Contains(wholeMaps, lastOf(path)) && len(liveMap) != len(wanted):
		return path
	}
	for _, key := range slices.Sorted(maps.Keys(wanted)) {
		if missing := missingFrom(liveMap[key], wanted[key], strings.TrimPrefix(path+"."+key, ".")); missing != "" {
			return missing
		}
	}
	return ""
}

func listMissingFrom(live any, wanted []any, path string) string {
	liveList, _ := live.([]any)
	keys := keysOf(lastOf(path), wanted)
	if keys == nil && len(liveList) != len(wanted) {
		return path
	}
	for i, element := range wanted {
		at := i
		if keys != nil {
			at = indexOf(liveList, element, keys)
		}
		if at < 0 {
			return path
		}
		if missing := missingFrom(liveList[at], element, path); missing != "" {
			return missing
		}
	}
	return ""
}

// lastOf is the name of the field that a path leads to, which tells how Kubernetes merges it.
func lastOf(path string) string { return path[strings.LastIndex(path, ".")+1:] }

func keysOf(field string, elements []any) []string {
	if field != "ports" {
		return listKeys[field]
	}
	for _, keys := range portKeys {
		if len(elements) > 0 && valueAt(elements[0], keys[0]) != nil {
			return keys
		}
	}
	return nil
}

func indexOf(list []any, element any, keys []string) int {
	return slices.IndexFunc(list, func(candidate any) bool {
		return !slices.ContainsFunc(keys, func(key string) bool {
			return !reflect.DeepEqual(valueAt(candidate, key), valueAt(element, key))
		})
	})
}

func valueAt(element any, key string) any {
	fields, isMap := element.(map[string]any)
	if !isMap {
		return nil
	}
	return fields[key]
}

// addedFields finds what somebody added to an object of ours where it would change the client's address, as JSON pointers (RFC 6901).
// An apply leaves such fields, because it never set them. The order is such that they can be removed one after the other.
func addedFields(live, wanted *unstructured.Unstructured) []string {
	switch wanted.GetKind() {
	case "ConfigMap":
		return addedConfig(live, wanted)
	case "Service":
		return addedToService(live, wanted)
	case string(v1alpha1.WorkloadDaemonSet), string(v1alpha1.WorkloadDeployment):
		return addedToWorkload(live, wanted)
	}
	return nil
}

func addedConfig(live, wanted *unstructured.Unstructured) []string {
	wantedData, _, _ := unstructured.NestedMap(wanted.Object, "data")
	liveData, _, _ := unstructured.NestedMap(live.Object, "data")
	var added []string
	for key := range liveData {
		if _, asked := wantedData[key]; !asked {
			added = append(added, pointer("data", key))
		}
	}
	slices.Sort(added)
	if _, binary := live.Object["binaryData"]; binary {
		added = append(added, pointer("binaryData"))
	}
	return added
}

func addedToService(live, wanted *unstructured.Unstructured) []string {
	var added []string
	for _, key := range provider.ClientAddressAnnotations {
		_, there := live.GetAnnotations()[key]
		_, asked := wanted.GetAnnotations()[key]
		if there && !asked {
			added = append(added, pointer("metadata", "annotations", key))
		}
	}
	for _, field := range []string{"externalIPs", "publishNotReadyAddresses"} {
		added = append(added, addedAt(live, wanted, "spec", field)...)
	}
	return added
}

func addedToWorkload(live, wanted *unstructured.Unstructured) []string {
	podSpec := []string{"spec", "template", "spec"}
	added := addedAt(live, wanted, append(podSpec, "hostNetwork")...)
	liveContainers, _, _ := unstructured.NestedSlice(live.Object, append(podSpec, "containers")...)
	wantedContainers, _, _ := unstructured.NestedSlice(wanted.Object, append(podSpec, "containers")...)
	for _, container := range wantedContainers {
		i := indexOf(liveContainers, container, listKeys["containers"])
		if i < 0 {
			continue
		}
		at := fmt.Sprintf("/spec/template/spec/containers/%d", i)
		added = append(added, addedHostPorts(liveContainers[i], container, at)...)
		// A command takes the place of the image's own, and with it of everything that the arguments say.
		if valueAt(liveContainers[i], "command") != nil && valueAt(container, "command") == nil {
			added = append(added, at+"/command")
		}
	}
	return added
}

func addedHostPorts(liveContainer, wantedContainer any, at string) []string {
	livePorts, _ := valueAt(liveContainer, "ports").([]any)
	wantedPorts, _ := valueAt(wantedContainer, "ports").([]any)
	var added []string
	for i, port := range livePorts {
		if valueAt(port, "hostPort") == nil {
			continue
		}
		j := indexOf(wantedPorts, port, portKeys[0])
		if j < 0 || valueAt(wantedPorts[j], "hostPort") == nil {
			added = append(added, fmt.Sprintf("%s/ports/%d/hostPort", at, i))
		}
	}
	return added
}

func addedAt(live, wanted *unstructured.Unstructured, path ...string) []string {
	value, there, _ := unstructured.NestedFieldNoCopy(live.Object, path...)
	_, asked, _ := unstructured.NestedFieldNoCopy(wanted.Object, path...)
	if !there || asked || value == false {
		return nil
	}
	return []string{pointer(path...)}
}

var escape = strings.NewReplacer("~", "~0", "/", "~1")

func pointer(path ...string) string {
	var b strings.Builder
	for _, part := range path {
		b.WriteString("/" + escape.Replace(part))
	}
	return b.String()
}
