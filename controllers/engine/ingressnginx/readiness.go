package ingressnginx

import (
	_ "embed" // for the snippet
	"time"
)

// A pod may be ready only when every worker of nginx serves. The controller's own health check says
// yes as soon as one worker has received the endpoints. Each of the others takes them up by a timer
// of one second (BACKENDS_SYNC_INTERVAL of its balancer.lua) and answers 503 until then, and the
// certificates come last. So the startup probe asks all workers, by a question that httpSnippet adds
// to nginx; chart/files/started.sh asks it. Once they serve, workers go on serving: those of a later
// configuration begin with the endpoints that are known. So the readiness probe asks the controller
// only.
const (
	// startupTimeout is how long one run of the startup probe asks before it counts as failed.
	startupTimeout = 30 * time.Second
	// startupFailures of them restart the container. Together they are two minutes, for a first
	// configuration with many Ingress objects.
	startupFailures = 4
)

// httpSnippet is the one text that the operator writes to httpSnippetKey. Any other text there is
// foreign and may make nginx trust any address.
//
//go:embed readiness/http-snippet.conf
var httpSnippet string

const httpSnippetKey = "http-snippet"
