package ingressnginx

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/engine"
	"github.com/edge-ingress/edge-ingress-operator/controllers/workload"
)

func TestAPodHasTimeForEveryStepOfItsEnd(t *testing.T) {
	seconds := func(d time.Duration) *metav1.Duration { return &metav1.Duration{Duration: d} }
	const service, network, port = v1alpha1.ExposureLoadBalancer, v1alpha1.ExposureHostNetwork, v1alpha1.ExposureHostPort
	const withdrawn, margins = 15, 12
	tests := map[string]struct {
		exposure                         v1alpha1.ExposureType
		drain                            *metav1.Duration
		workers                          string
		wantReady, wantUnready, wantLast int64
	}{
		"defaults":                               {exposure: service, drain: nil, workers: "", wantReady: 30, wantUnready: withdrawn, wantLast: 240},
		"node ports":                             {exposure: v1alpha1.ExposureNodePort, drain: nil, workers: "", wantReady: 30, wantUnready: withdrawn, wantLast: 240},
		"no drain":                               {exposure: service, drain: seconds(0), workers: "", wantReady: 0, wantUnready: withdrawn, wantLast: 240},
		"part of a second is a whole one":        {exposure: service, drain: seconds(1500 * time.Millisecond), workers: "", wantReady: 2, wantUnready: withdrawn, wantLast: 240},
		"the longest drain":                      {exposure: service, drain: seconds(10 * time.Minute), workers: "", wantReady: 600, wantUnready: withdrawn, wantLast: 240},
		"a drain that the API would refuse":      {exposure: service, drain: seconds(time.Hour), workers: "", wantReady: 600, wantUnready: withdrawn, wantLast: 240},
		"a negative one":                         {exposure: service, drain: seconds(-time.Second), workers: "", wantReady: 0, wantUnready: withdrawn, wantLast: 240},
		"workers end sooner":                     {exposure: service, drain: nil, workers: "10s", wantReady: 30, wantUnready: withdrawn, wantLast: 10},
		"workers end later":                      {exposure: service, drain: nil, workers: "30m", wantReady: 30, wantUnready: withdrawn, wantLast: 1800},
		"workers' time in milliseconds":          {exposure: service, drain: nil, workers: "1500ms", wantReady: 30, wantUnready: withdrawn, wantLast: 2},
		"workers' time without a unit":           {exposure: service, drain: nil, workers: "100", wantReady: 30, wantUnready: withdrawn, wantLast: 100},
		"workers' time in several units":         {exposure: service, drain: nil, workers: "1m30s", wantReady: 30, wantUnready: withdrawn, wantLast: 90},
		"a time that nginx would not read":       {exposure: service, drain: nil, workers: "soon", wantReady: 30, wantUnready: withdrawn, wantLast: 240},
		"a time that would never end is refused": {exposure: service, drain: nil, workers: "0s", wantReady: 30, wantUnready: withdrawn, wantLast: 240},
		"on the host's network nobody sees that the pod goes before it says so": {exposure: network, drain: seconds(time.Minute), workers: "", wantReady: 0, wantUnready: 60, wantLast: 240},
		"on host ports neither":               {exposure: port, drain: nil, workers: "", wantReady: 0, wantUnready: 30, wantLast: 240},
		"on the host's network without drain": {exposure: network, drain: seconds(0), workers: "", wantReady: 0, wantUnready: 0, wantLast: 240},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			edge := edgeIngress(func(e *v1alpha1.EdgeIngress) {
				e.Spec.Exposure.Type, e.Spec.Exposure.DrainDelay = test.exposure, test.drain
				if test.workers != "" {
					e.Spec.Controller.Config = map[string]v1alpha1.ConfigValue{"worker-shutdown-timeout": v1alpha1.ConfigValue(test.workers)}
				}
			})
			settings, _ := Engine{}.Configure(edge, nil)
			got := valuesOf(engine.Input{EdgeIngress: edge, Settings: settings}).Shutdown
			want := shutdownValues{test.wantReady, test.wantUnready, 2, test.wantReady + test.wantUnready + test.wantLast + margins}
			if got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
			if keeps := (Engine{}).KeepsSettings(settings); workload.WholeSeconds(keeps) != test.wantLast {
				t.Errorf("earlier settings are kept for %s, want %d s", keeps, test.wantLast)
			}
			render(t, edge) // The schema takes them.
		})
	}
}

func TestTheReadinessProbeTellsAnEndFromASlowAnswer(t *testing.T) {
	probe := templateOf(t, edgeIngress(nil)).Spec.Containers[0].ReadinessProbe
	refused := probe.PeriodSeconds * probe.FailureThreshold
	slow := probe.TimeoutSeconds * probe.FailureThreshold
	if refused != 3 || slow != 9 || probe.InitialDelaySeconds != 0 {
		t.Errorf("a refusal counts after %d s and a slow answer after %d s, with %d s of delay; want 3, 9, 0", refused, slow, probe.InitialDelaySeconds)
	}
}

// A controller that hangs ends its connections when it restarts, whatever the drain time is,
// because health checks fail by then.
func TestAControllerThatHangsIsRestartedSoon(t *testing.T) {
	template := templateOf(t, edgeIngress(func(e *v1alpha1.EdgeIngress) {
		e.Spec.Exposure.DrainDelay = &metav1.Duration{Duration: 10 * time.Minute}
	}))
	container := template.Spec.Containers[0]
	for name, probe := range map[string]*corev1.Probe{"startup": container.StartupProbe, "liveness": container.LivenessProbe} {
		grace := template.Spec.TerminationGracePeriodSeconds
		if probe.TerminationGracePeriodSeconds != nil {
			grace = probe.TerminationGracePeriodSeconds
		}
		if *grace != 30 {
			t.Errorf("restarted by its %s probe the controller may take %d s to end, want 30", name, *grace)
		}
	}
}

func templateOf(t *testing.T, edge *v1alpha1.EdgeIngress) corev1.PodTemplateSpec {
	t.Helper()
	for _, object := range render(t, edge) {
		fields, found, err := unstructured.NestedMap(object.Object, "spec", "template")
		if err != nil || !found {
			continue
		}
		var template corev1.PodTemplateSpec
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(fields, &template); err != nil {
			t.Fatal(err)
		}
		return template
	}
	t.Fatal("no workload was rendered")
	return corev1.PodTemplateSpec{}
}

func TestMove(t *testing.T) {
	for name, test := range map[string]struct {
		kind v1alpha1.WorkloadKind
		move string
		want map[string]string
	}{
		"a Deployment's pods that never moved": {kind: v1alpha1.WorkloadDeployment, move: "", want: nil},
		"a Deployment's pods that moved":       {kind: v1alpha1.WorkloadDeployment, move: "7", want: map[string]string{v1alpha1.MoveAnnotation: "7"}},
		"a DaemonSet's pods move by labels":    {kind: v1alpha1.WorkloadDaemonSet, move: "7", want: nil},
	} {
		t.Run(name, func(t *testing.T) {
			edge := edgeIngress(func(e *v1alpha1.EdgeIngress) { e.Spec.Controller.Kind = test.kind })
			objects := must(Engine{}.Render(engine.Input{EdgeIngress: edge, Move: test.move}))
			for _, object := range objects {
				got, _, _ := unstructured.NestedStringMap(object.Object, "spec", "template", "metadata", "annotations")
				if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty()); object.GetKind() == string(test.kind) && diff != "" {
					t.Errorf("annotations of the pods (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestParseNginxTime(t *testing.T) {
	tests := map[string]struct {
		want  time.Duration
		valid bool
	}{
		"":      {want: 0, valid: false},
		"0":     {want: 0, valid: true},
		"60":    {want: time.Minute, valid: true},
		"60s":   {want: time.Minute, valid: true},
		"250ms": {want: 250 * time.Millisecond, valid: true},
		"1h30m": {want: 90 * time.Minute, valid: true},
		"1d":    {want: 24 * time.Hour, valid: true},
		"1d2h3m4s5ms": {
			want: 26*time.Hour + 3*time.Minute + 4*time.Second + 5*time.Millisecond, valid: true},
		"9999d999999h999999m999999999s999999999ms": {
			want: 9999*24*time.Hour + 999999*time.Hour + 999999*time.Minute + 999999999*time.Second + 999999999*time.Millisecond, valid: true},
		"30m1h": {want: 0, valid: false},
		"1.5s":  {want: 0, valid: false},
		"-1s":   {want: 0, valid: false},
		"1 s":   {want: 0, valid: false},
		"s":     {want: 0, valid: false},
		"1x":    {want: 0, valid: false},
	}
	for value, test := range tests {
		t.Run(value, func(t *testing.T) {
			got, valid := parseNginxTime(value)
			if got != test.want || valid != test.valid {
				t.Errorf("got %v, %v; want %v, %v", got, valid, test.want, test.valid)
			}
		})
	}
}
