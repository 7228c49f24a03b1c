package ingressnginx

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed keys.tsv
var keysTable string

// setting is a key of the engine's ConfigMap.
type setting struct {
	key string
	format
	// standard is the engine's default, for messages.
	standard string
}

// settings holds all keys that the engine knows, in upstream's spelling, which is lower case.
var settings = sync.OnceValue(func() map[string]setting {
	table := map[string]setting{}
	for line := range strings.Lines(keysTable) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.SplitN(line, "\t", 3)
		table[fields[0]] = setting{key: fields[0], format: formatNamed(fields[1]), standard: fields[2]}
	}
	return table
})

// canonical returns the spelling in the engine's documentation. The engine compares most keys without
// regard to case, so two spellings are the same key.
func canonical(key string) string { return strings.ToLower(key) }
