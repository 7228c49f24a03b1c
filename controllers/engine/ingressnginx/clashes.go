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

// clash finds a value that is valid on its own but keeps nginx from starting with the other
// settings. It returns nil where there is none.
func clash(key, value string, given map[string]v1alpha1.ConfigValue) *engine.Problem {
	remedy := ""
	switch key {
	case "proxy-busy-buffers-size":
		remedy = busyBuffersClash(value, given)
	case "proxy-max-temp-file-size":
		if size, buffer := sizeOf(value), sizeOf(inForce("proxy-buffer-size", given)); size != 0 && size < buffer {
			remedy = "Use 0 or at least proxy-buffer-size"
		}
	case "block-user-agents", "block-referers", "skip-access-log-urls":
		remedy = mapKeysClash(value, given)
	case "enable-syslog":
		if isTrue(value) && inForce("syslog-host", given) == "" {
			remedy = "Set syslog-host, too"
		}
	}
	if remedy == "" {
		return nil
	}
	return &engine.Problem{Kind: engine.ProblemInvalid, Key: key, Message: fmt.Sprintf("%s cannot be %s with the other settings. %s", key, quoted(value), remedy)}
}

func busyBuffersClash(value string, given map[string]v1alpha1.ConfigValue) string {
	if value == "" {
		return ""
	}
	number, err := strconv.ParseInt(inForce("proxy-buffers-number", given), 10, 64)
	size, buffer := sizeOf(value), sizeOf(inForce("proxy-buffer-size", given))
	if err != nil || size < buffer || size > (number-1)*buffer {
		return "Use at least proxy-buffer-size, and at most (proxy-buffers-number - 1) x proxy-buffer-size"
	}
	return ""
}

// cacheLine is the unit to which nginx rounds up the size of a bucket.
const cacheLine = 64

// mapKeysClash follows nginx: a bucket must hold a key with its length, rounded up to whole words,
// and two pointers.
func mapKeysClash(value string, given map[string]v1alpha1.ConfigValue) string {
	bucket, err := strconv.Atoi(inForce("map-hash-bucket-size", given))
	if err != nil {
		return ""
	}
	bucket = (bucket + cacheLine - 1) / cacheLine * cacheLine
	const pointer, length = 8, 2
	for _, key := range splitList(value) {
		if needed := (len(key)+length+pointer-1)/pointer*pointer + 2*pointer; !strings.HasPrefix(key, "~") && needed > bucket {
			return fmt.Sprintf("Set map-hash-bucket-size to at least \"%d\" for %s", needed, quoted(key))
		}
	}
	return ""
}

// inForce returns the effective value of a setting: the given one if it is valid, or else the
// engine's default.
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
