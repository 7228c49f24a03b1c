package runner

import (
	"context"
	"net"
	"net/http"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/test/e2e/scenario"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/realcluster"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic"
)

const (
	// markTimeout is how long a controller may take to refuse a request by its header.
	markTimeout = 300 * time.Millisecond
	// steadyAnswers is how many connections in a row must meet the new configuration. For a moment
	// after a reload old workers still accept some.
	steadyAnswers = 12
	// steadyPause is between two of these.
	steadyPause = 25 * time.Millisecond
)

// showsMark asks a controller pod directly, and not through a Service, whether it runs the
// configuration with the newest mark.
func (o *object) showsMark(ctx context.Context, pod corev1.Pod) (seen string, loaded bool) {
	request := traffic.Request{
		Target: net.JoinHostPort(pod.Status.PodIP, "80"), Host: o.host(), Method: http.MethodPost, AnswerTimeout: markTimeout,
		Headers: []traffic.Header{{Name: "Content-Length", Value: strconv.FormatInt(int64(o.mark)+1, 10)}},
	}
	if o.spec.ClientIP != nil && o.spec.ClientIP.ProxyProtocol != nil {
		request.Proxy = &traffic.ProxyHeader{Version: traffic.ProxyV1}
	}
	pause := time.NewTicker(steadyPause)
	defer pause.Stop()
	for range steadyAnswers {
		answer, err := traffic.Send(ctx, o.runner.lab.Dialer(realcluster.Fabric), request)
		if err != nil {
			return err.Error(), false
		}
		if answer.Status != http.StatusRequestEntityTooLarge {
			return answer.String(), false
		}
		<-pause.C
	}
	return "", true
}

// host is the name by which the application is asked for.
func (o *object) host() string { return scenario.HostOf(o.name) }
