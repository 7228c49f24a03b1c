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

// serviceProxyLabel takes a Service away from kube-proxy (k8s.io/kubernetes/pkg/proxy/apis LabelServiceProxyName).
const serviceProxyLabel = "service.kubernetes.io/service-proxy-name"

func addedToService(live, wanted *unstructured.Unstructured) []string {
	var added []string
	for _, key := range slices.Sorted(maps.Keys(live.GetAnnotations())) {
		if _, asked := wanted.GetAnnotations()[key]; !asked && provider.IsClientAddressAnnotation(key) {
			added = append(added, pointer("metadata", "annotations", key))
		}
	}
	if _, takenAway := live.GetLabels()[serviceProxyLabel]; takenAway {
		added = append(added, pointer("metadata", "labels", serviceProxyLabel))
	}
	for _, field := range []string{"externalIPs", "publishNotReadyAddresses"} {
		added = append(added, addedAt(live, wanted, "spec", field)...)
	}
	return added
}

// ownPodFields and ownContainerFields decide what runs in a controller pod and which connections reach it: with a file mounted over the engine's
// template, or a process beside it, any address could be believed. What else somebody adds to the pods (a priority class, pull secrets) stays.
var (
	ownPodFields       = []string{"hostNetwork", "shareProcessNamespace", "initContainers", "volumes"}
	ownContainerFields = []string{"command", "env", "envFrom", "lifecycle", "volumeDevices", "volumeMounts"}
)

func addedToWorkload(live, wanted *unstructured.Unstructured) []string {
	podSpec := []string{"spec", "template", "spec"}
	liveContainers, _, _ := unstructured.NestedSlice(live.Object, append(podSpec, "containers")...)
	wantedContainers, _, _ := unstructured.NestedSlice(wanted.Object, append(podSpec, "containers")...)
	var added, foreign []string
	for i, container := range liveContainers {
		at := fmt.Sprintf("/spec/template/spec/containers/%d", i)
		j := indexOf(wantedContainers, container, listKeys["containers"])
		if j < 0 {
			foreign = append(foreign, at)
			continue
		}
		added = append(added, addedHostPorts(container, wantedContainers[j], at)...)
		for _, field := range ownContainerFields {
			added = append(added, addedBelow(valueAt(container, field), valueAt(wantedContainers[j], field), at+"/"+field)...)
		}
	}
	// From the last on, so that removing one does not move another.
	slices.Reverse(foreign)
	added = append(added, foreign...)
	for _, field := range ownPodFields {
		added = append(added, addedAt(live, wanted, append(podSpec, field)...)...)
	}
	return added
}

// addedBelow finds what a field of a container has beyond what is wanted of it: all of it, some keys, or some elements of a keyed list.
func addedBelow(live, wanted any, at string) []string {
	if live == nil {
		return nil
	}
	if wanted == nil {
		return []string{at}
	}
	var added []string
	switch live := live.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(live)) {
			if valueAt(wanted, key) == nil {
				added = append(added, at+"/"+escape.Replace(key))
			}
		}
	case []any:
		wantedList, _ := wanted.([]any)
		keys := listKeys[at[strings.LastIndex(at, "/")+1:]]
		for i, element := range slices.Backward(live) {
			if keys != nil && indexOf(wantedList, element, keys) < 0 {
				added = append(added, fmt.Sprintf("%s/%d", at, i))
			}
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
