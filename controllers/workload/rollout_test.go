package workload

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

func TestKeepsServing(t *testing.T) {
	number := func(n int32) *int32 { return &n }
	for name, test := range map[string]struct {
		exposure    v1alpha1.ExposureType
		replicas    *int32
		unavailable *int32
		want        bool
	}{
		"by default a new pod serves first":             {exposure: v1alpha1.ExposureLoadBalancer, replicas: nil, unavailable: nil, want: true},
		"also a single one":                             {exposure: v1alpha1.ExposureLoadBalancer, replicas: number(1), unavailable: nil, want: true},
		"a single one that may be missing":              {exposure: v1alpha1.ExposureLoadBalancer, replicas: number(1), unavailable: number(1), want: false},
		"all may be missing":                            {exposure: v1alpha1.ExposureNodePort, replicas: number(2), unavailable: number(2), want: false},
		"one of two may be missing":                     {exposure: v1alpha1.ExposureNodePort, replicas: number(2), unavailable: number(1), want: true},
		"on host ports one of two is missing":           {exposure: v1alpha1.ExposureHostNetwork, replicas: nil, unavailable: nil, want: true},
		"on host ports a single one is missing":         {exposure: v1alpha1.ExposureHostNetwork, replicas: number(1), unavailable: nil, want: false},
		"on host ports more were allowed to be missing": {exposure: v1alpha1.ExposureHostNetwork, replicas: number(3), unavailable: number(3), want: false},
	} {
		t.Run(name, func(t *testing.T) {
			e := &v1alpha1.EdgeIngress{}
			e.Spec.Controller = v1alpha1.ControllerSpec{Kind: v1alpha1.WorkloadDeployment, Replicas: test.replicas}
			e.Spec.Controller.Rollout = &v1alpha1.RolloutSpec{MaxUnavailable: test.unavailable}
			e.Spec.Exposure.Type = test.exposure
			if got := KeepsServing(e); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}

func TestSettlingTime(t *testing.T) {
	e := &v1alpha1.EdgeIngress{}
	e.Spec.Exposure = v1alpha1.ExposureSpec{Type: v1alpha1.ExposureLoadBalancer, DrainDelay: &metav1.Duration{Duration: 45 * time.Second}}
	if got := SettlingTime(e); got != 5*time.Second {
		t.Errorf("with a Service: %v", got)
	}
	e.Spec.Exposure.Type = v1alpha1.ExposureHostNetwork
	if got := SettlingTime(e); got != 45*time.Second {
		t.Errorf("on host ports: %v", got)
	}
}

func TestRollout(t *testing.T) {
	const daemonSet, deployment = v1alpha1.WorkloadDaemonSet, v1alpha1.WorkloadDeployment
	const service, network, port = v1alpha1.ExposureLoadBalancer, v1alpha1.ExposureHostNetwork, v1alpha1.ExposureHostPort
	n := func(number int32) *int32 { return &number }
	tests := map[string]struct {
		kind                          v1alpha1.WorkloadKind
		exposure                      v1alpha1.ExposureType
		asked                         *v1alpha1.RolloutSpec
		surge, unavailable, wantReady int64
	}{
		"DaemonSet":                             {kind: daemonSet, exposure: service, asked: nil, surge: 1, unavailable: 0, wantReady: 5},
		"DaemonSet without a kind":              {kind: "", exposure: service, asked: nil, surge: 1, unavailable: 0, wantReady: 5},
		"DaemonSet, nothing asked for":          {kind: daemonSet, exposure: service, asked: &v1alpha1.RolloutSpec{}, surge: 1, unavailable: 0, wantReady: 5},
		"DaemonSet, more surge":                 {kind: daemonSet, exposure: service, asked: &v1alpha1.RolloutSpec{MaxSurge: n(3)}, surge: 3, unavailable: 0, wantReady: 5},
		"DaemonSet, no surge":                   {kind: daemonSet, exposure: service, asked: &v1alpha1.RolloutSpec{MaxSurge: n(0)}, surge: 0, unavailable: 1, wantReady: 30},
		"DaemonSet, some unavailable":           {kind: daemonSet, exposure: service, asked: &v1alpha1.RolloutSpec{MaxUnavailable: n(2)}, surge: 0, unavailable: 2, wantReady: 30},
		"DaemonSet, none unavailable":           {kind: daemonSet, exposure: service, asked: &v1alpha1.RolloutSpec{MaxUnavailable: n(0)}, surge: 1, unavailable: 0, wantReady: 5},
		"DaemonSet, both said":                  {kind: daemonSet, exposure: service, asked: &v1alpha1.RolloutSpec{MaxSurge: n(0), MaxUnavailable: n(2)}, surge: 0, unavailable: 2, wantReady: 30},
		"DaemonSet, both, which is impossible":  {kind: daemonSet, exposure: service, asked: &v1alpha1.RolloutSpec{MaxSurge: n(1), MaxUnavailable: n(2)}, surge: 0, unavailable: 2, wantReady: 30},
		"DaemonSet, neither":                    {kind: daemonSet, exposure: service, asked: &v1alpha1.RolloutSpec{MaxSurge: n(0), MaxUnavailable: n(0)}, surge: 0, unavailable: 1, wantReady: 30},
		"DaemonSet on host network":             {kind: daemonSet, exposure: network, asked: nil, surge: 0, unavailable: 1, wantReady: 30},
		"DaemonSet on host ports":               {kind: daemonSet, exposure: port, asked: nil, surge: 0, unavailable: 1, wantReady: 30},
		"DaemonSet on host ports, several gone": {kind: daemonSet, exposure: port, asked: &v1alpha1.RolloutSpec{MaxUnavailable: n(3)}, surge: 0, unavailable: 3, wantReady: 30},
		"DaemonSet on host ports, none gone":    {kind: daemonSet, exposure: port, asked: &v1alpha1.RolloutSpec{MaxUnavailable: n(0)}, surge: 0, unavailable: 1, wantReady: 30},
		"DaemonSet on host ports with a surge":  {kind: daemonSet, exposure: network, asked: &v1alpha1.RolloutSpec{MaxSurge: n(1)}, surge: 0, unavailable: 1, wantReady: 30},
		"Deployment":                            {kind: deployment, exposure: service, asked: nil, surge: 1, unavailable: 0, wantReady: 5},
		"Deployment, both":                      {kind: deployment, exposure: service, asked: &v1alpha1.RolloutSpec{MaxSurge: n(2), MaxUnavailable: n(1)}, surge: 2, unavailable: 1, wantReady: 5},
		"Deployment, some unavailable":          {kind: deployment, exposure: service, asked: &v1alpha1.RolloutSpec{MaxUnavailable: n(1)}, surge: 1, unavailable: 1, wantReady: 5},
		"Deployment, no surge":                  {kind: deployment, exposure: service, asked: &v1alpha1.RolloutSpec{MaxSurge: n(0)}, surge: 0, unavailable: 1, wantReady: 30},
		"Deployment, neither":                   {kind: deployment, exposure: service, asked: &v1alpha1.RolloutSpec{MaxSurge: n(0), MaxUnavailable: n(0)}, surge: 0, unavailable: 1, wantReady: 30},
		"Deployment on host ports":              {kind: deployment, exposure: port, asked: nil, surge: 0, unavailable: 1, wantReady: 30},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			edge := &v1alpha1.EdgeIngress{}
			edge.Spec.Controller.Kind, edge.Spec.Controller.Rollout, edge.Spec.Exposure.Type = test.kind, test.asked, test.exposure
			got := RolloutOf(edge)
			if int64(got.MaxSurge) != test.surge || int64(got.MaxUnavailable) != test.unavailable || got.MinReadySeconds != test.wantReady {
				t.Errorf("surge %d, unavailable %d, ready for %d s; want %d, %d, %d s",
					got.MaxSurge, got.MaxUnavailable, got.MinReadySeconds, test.surge, test.unavailable, test.wantReady)
			}
		})
	}
}
