// Package v1alpha1 holds the API of the edge-ingress-operator: the objects EdgeIngress and
// SourceIPReport, condition types and reasons, and every label, annotation, finalizer and field manager that the
// operator writes.
//
// +kubebuilder:object:generate=true
// +groupName=edgeingress.dev
package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupVersion is the API group and version of all kinds.
var GroupVersion = schema.GroupVersion{Group: "edgeingress.dev", Version: "v1alpha1"}

var schemeBuilder = runtime.NewSchemeBuilder(addKnownTypes)

// AddToScheme registers EdgeIngress, SourceIPReport and their lists.
var AddToScheme = schemeBuilder.AddToScheme

func addKnownTypes(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion, &EdgeIngress{}, &EdgeIngressList{}, &SourceIPReport{}, &SourceIPReportList{})
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}
