package ingressnginx

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/engine"
)

// clash says why nginx would not start with a value that is right alone, beside the other settings; nil where it would.
func clash(key, value string, given map[string]v1alpha1.ConfigValue) *engine.Problem {
	why := ""
	switch key {
	case "proxy-busy-buffers-size":
		why = busyBuffersClash(value, given)
	case "proxy-max-temp-file-size":
		if size, buffer := sizeOf(value), sizeOf(inForce("proxy-buffer-size", given)); size != 0 && size < buffer {
			why = "write 0 or at least proxy-buffer-size"
		}
	case "block-user-agents", "block-referers", "skip-access-log-urls":
		why = mapKeysClash(value, given)
	case "enable-syslog":
		if isTrue(value) && inForce("syslog-host", given) == "" {
			why = "write syslog-host as well"
		}
	}
	if why == "" {
		return nil
	}
	return &engine.Problem{Kind: engine.ProblemInvalid, Key: key, Message: fmt.Sprintf("%s cannot be %s beside the other settings: %s", key, quoted(value), why)}
}

func busyBuffersClash(value string, given map[string]v1alpha1.ConfigValue) string {
	if value == "" {
		return ""
	}
	number, err := strconv.ParseInt(inForce("proxy-buffers-number", given), 10, 64)
	size, buffer := sizeOf(value), sizeOf(inForce("proxy-buffer-size", given))
	if err != nil || size < buffer || size > (number-1)*buffer {
		return "write at least proxy-buffer-size, and at most that times one less than proxy-buffers-number"
	}
	return ""
}

// cacheLine is what nginx rounds the size of a bucket up to.
const cacheLine = 64

// mapKeysClash follows nginx: a bucket must hold a key, rounded up to whole words with its length, and two pointers.
func mapKeysClash(value string, given map[string]v1alpha1.ConfigValue) string {
	bucket, err := strconv.Atoi(inForce("map-hash-bucket-size", given))
	if err != nil {
		return ""
	}
	bucket = (bucket + cacheLine - 1) / cacheLine * cacheLine
	const pointer, length = 8, 2
	for _, key := range splitList(value) {
		if needed := (len(key)+length+pointer-1)/pointer*pointer + 2*pointer; !strings.HasPrefix(key, "~") && needed > bucket {
			return fmt.Sprintf("write at least \"%d\" as map-hash-bucket-size, because of %s", needed, quoted(key))
		}
	}
	return ""
}

// inForce is the value of a setting: the one that is given where it is written, else the engine's default.
func inForce(key string, given map[string]v1alpha1.ConfigValue) string {
	for _, spelling := range slices.Sorted(maps.Keys(given)) {
		if value := string(given[spelling]); canonical(spelling) == key && check(spelling, value) == nil {
			return value
		}
	}
	return strings.Trim(settings()[key].standard, `"`)
}

func sizeOf(value string) int64 {
	size, _ := parseSize(value)
	return size
}
