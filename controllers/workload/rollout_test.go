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
		"by default a new pod serves first":             {v1alpha1.ExposureLoadBalancer, nil, nil, true},
		"also a single one":                             {v1alpha1.ExposureLoadBalancer, number(1), nil, true},
		"a single one that may be missing":              {v1alpha1.ExposureLoadBalancer, number(1), number(1), false},
		"all may be missing":                            {v1alpha1.ExposureNodePort, number(2), number(2), false},
		"one of two may be missing":                     {v1alpha1.ExposureNodePort, number(2), number(1), true},
		"on host ports one of two is missing":           {v1alpha1.ExposureHostNetwork, nil, nil, true},
		"on host ports a single one is missing":         {v1alpha1.ExposureHostNetwork, number(1), nil, false},
		"on host ports more were allowed to be missing": {v1alpha1.ExposureHostNetwork, number(3), number(3), false},
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
		"DaemonSet":                             {daemonSet, service, nil, 1, 0, 5},
		"DaemonSet without a kind":              {"", service, nil, 1, 0, 5},
		"DaemonSet, nothing asked for":          {daemonSet, service, &v1alpha1.RolloutSpec{}, 1, 0, 5},
		"DaemonSet, more surge":                 {daemonSet, service, &v1alpha1.RolloutSpec{MaxSurge: n(3)}, 3, 0, 5},
		"DaemonSet, no surge":                   {daemonSet, service, &v1alpha1.RolloutSpec{MaxSurge: n(0)}, 0, 1, 30},
		"DaemonSet, some unavailable":           {daemonSet, service, &v1alpha1.RolloutSpec{MaxUnavailable: n(2)}, 0, 2, 30},
		"DaemonSet, none unavailable":           {daemonSet, service, &v1alpha1.RolloutSpec{MaxUnavailable: n(0)}, 1, 0, 5},
		"DaemonSet, both said":                  {daemonSet, service, &v1alpha1.RolloutSpec{MaxSurge: n(0), MaxUnavailable: n(2)}, 0, 2, 30},
		"DaemonSet, both, which is impossible":  {daemonSet, service, &v1alpha1.RolloutSpec{MaxSurge: n(1), MaxUnavailable: n(2)}, 0, 2, 30},
		"DaemonSet, neither":                    {daemonSet, service, &v1alpha1.RolloutSpec{MaxSurge: n(0), MaxUnavailable: n(0)}, 0, 1, 30},
		"DaemonSet on host network":             {daemonSet, network, nil, 0, 1, 30},
		"DaemonSet on host ports":               {daemonSet, port, nil, 0, 1, 30},
		"DaemonSet on host ports, several gone": {daemonSet, port, &v1alpha1.RolloutSpec{MaxUnavailable: n(3)}, 0, 3, 30},
		"DaemonSet on host ports, none gone":    {daemonSet, port, &v1alpha1.RolloutSpec{MaxUnavailable: n(0)}, 0, 1, 30},
		"DaemonSet on host ports with a surge":  {daemonSet, network, &v1alpha1.RolloutSpec{MaxSurge: n(1)}, 0, 1, 30},
		"Deployment":                            {deployment, service, nil, 1, 0, 5},
		"Deployment, both":                      {deployment, service, &v1alpha1.RolloutSpec{MaxSurge: n(2), MaxUnavailable: n(1)}, 2, 1, 5},
		"Deployment, some unavailable":          {deployment, service, &v1alpha1.RolloutSpec{MaxUnavailable: n(1)}, 1, 1, 5},
		"Deployment, no surge":                  {deployment, service, &v1alpha1.RolloutSpec{MaxSurge: n(0)}, 0, 1, 30},
		"Deployment, neither":                   {deployment, service, &v1alpha1.RolloutSpec{MaxSurge: n(0), MaxUnavailable: n(0)}, 0, 1, 30},
		"Deployment on host ports":              {deployment, port, nil, 0, 1, 30},
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
