package chart

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
