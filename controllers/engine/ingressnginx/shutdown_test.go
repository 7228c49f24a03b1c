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
		"defaults":                               {service, nil, "", 30, withdrawn, 240},
		"node ports":                             {v1alpha1.ExposureNodePort, nil, "", 30, withdrawn, 240},
		"no drain":                               {service, seconds(0), "", 0, withdrawn, 240},
		"part of a second is a whole one":        {service, seconds(1500 * time.Millisecond), "", 2, withdrawn, 240},
		"the longest drain":                      {service, seconds(10 * time.Minute), "", 600, withdrawn, 240},
		"a drain that the API would refuse":      {service, seconds(time.Hour), "", 600, withdrawn, 240},
		"a negative one":                         {service, seconds(-time.Second), "", 0, withdrawn, 240},
		"workers end sooner":                     {service, nil, "10s", 30, withdrawn, 10},
		"workers end later":                      {service, nil, "30m", 30, withdrawn, 1800},
		"workers' time in milliseconds":          {service, nil, "1500ms", 30, withdrawn, 2},
		"workers' time without a unit":           {service, nil, "100", 30, withdrawn, 100},
		"workers' time in several units":         {service, nil, "1m30s", 30, withdrawn, 90},
		"a time that nginx would not read":       {service, nil, "soon", 30, withdrawn, 240},
		"a time that would never end is refused": {service, nil, "0s", 30, withdrawn, 240},
		"on the host's network nobody sees that the pod goes before it says so": {network, seconds(time.Minute), "", 0, 60, 240},
		"on host ports neither":               {port, nil, "", 0, 30, 240},
		"on the host's network without drain": {network, seconds(0), "", 0, 0, 240},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			edge := edgeIngress(func(e *v1alpha1.EdgeIngress) {
				e.Spec.Exposure.Type, e.Spec.Exposure.DrainDelay = test.exposure, test.drain
				if test.workers != "" {
					e.Spec.Controller.Config = map[string]v1alpha1.ConfigValue{"worker-shutdown-timeout": v1alpha1.ConfigValue(test.workers)}
				}
			})
			settings, _ := Engine{}.Configure(edge)
			got := valuesOf(engine.Input{EdgeIngress: edge, Settings: settings}).Shutdown
			want := shutdownValues{test.wantReady, test.wantUnready, 2, test.wantReady + test.wantUnready + test.wantLast + margins}
			if got != want {
				t.Errorf("got %+v, want %+v", got, want)
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

// A controller that hangs ends its connections when it is restarted, whatever the time for a drain is: health checks fail by then.
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
		"a Deployment's pods that never moved": {v1alpha1.WorkloadDeployment, "", nil},
		"a Deployment's pods that moved":       {v1alpha1.WorkloadDeployment, "7", map[string]string{v1alpha1.MoveAnnotation: "7"}},
		"a DaemonSet's pods move by labels":    {v1alpha1.WorkloadDaemonSet, "7", nil},
	} {
		t.Run(name, func(t *testing.T) {
			edge := edgeIngress(func(e *v1alpha1.EdgeIngress) { e.Spec.Controller.Kind = test.kind })
			objects := must(Engine{}.Render(engine.Input{EdgeIngress: edge, ControllerClusterRole: "controller", ElectionClusterRole: "election", Move: test.move}))
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
		"":      {0, false},
		"0":     {0, true},
		"60":    {time.Minute, true},
		"60s":   {time.Minute, true},
		"250ms": {250 * time.Millisecond, true},
		"1h30m": {90 * time.Minute, true},
		"1d":    {24 * time.Hour, true},
		"1d2h3m4s5ms": {
			26*time.Hour + 3*time.Minute + 4*time.Second + 5*time.Millisecond, true},
		"9999d999999h999999m999999999s999999999ms": {
			9999*24*time.Hour + 999999*time.Hour + 999999*time.Minute + 999999999*time.Second + 999999999*time.Millisecond, true},
		"30m1h": {0, false},
		"1.5s":  {0, false},
		"-1s":   {0, false},
		"1 s":   {0, false},
		"s":     {0, false},
		"1x":    {0, false},
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
