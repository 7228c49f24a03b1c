package drift

import (
	"cmp"
	"reflect"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// listKeys are the fields that distinguish the elements of a keyed list (the +listMapKey markers in
// k8s.io/api). Elements that others add to such a list are theirs unless the table says otherwise.
// Every other list is one value and must be equal as a whole.
var listKeys = map[string][]string{
	"containers":                {"name"},
	"env":                       {"name"},
	"imagePullSecrets":          {"name"},
	"initContainers":            {"name"},
	"ownerReferences":           {"uid"},
	"topologySpreadConstraints": {"topologyKey", "whenUnsatisfiable"},
	"volumeDevices":             {"devicePath"},
	"volumeMounts":              {"mountPath"},
	"volumes":                   {"name"},
}

// portKeys distinguish ports. A container and a Service have different names for the same field.
var portKeys = [][]string{{"containerPort", "protocol"}, {"port", "protocol"}}

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
			return !reflect.DeepEqual(keyAt(candidate, key), keyAt(element, key))
		})
	})
}

// keyAt is valueAt with the API server's default of a protocol.
func keyAt(element any, key string) any {
	value := valueAt(element, key)
	if key == "protocol" {
		protocol, _ := value.(string)
		return cmp.Or(protocol, string(corev1.ProtocolTCP))
	}
	return value
}

func valueAt(element any, key string) any {
	fields, isMap := element.(map[string]any)
	if !isMap {
		return nil
	}
	return fields[key]
}
