package ingressnginx

import (
	"testing"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

func BenchmarkRender(b *testing.B) {
	for name, edge := range map[string]*v1alpha1.EdgeIngress{"DaemonSet": goldenInputs(b)["minimal"], "Deployment": goldenInputs(b)["deployment"]} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				render(b, edge)
			}
		})
	}
}

func BenchmarkConfig(b *testing.B) {
	edge := goldenInputs(b)["settings"]
	b.ReportAllocs()
	for b.Loop() {
		Engine{}.Configure(edge)
	}
}
