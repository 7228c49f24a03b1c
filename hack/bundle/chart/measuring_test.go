package chart

import "k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

type object = *unstructured.Unstructured

// isMeasuring tells which objects of the manifests measure.
func isMeasuring(o object) bool {
	for _, name := range []string{"witness", "prober", "probers", "reports"} {
		if o.GetName() == name {
			return true
		}
	}
	return false
}
