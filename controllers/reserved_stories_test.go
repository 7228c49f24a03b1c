package controllers_test

import (
	"errors"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// The API refuses the operator's usual namespace. Where the operator was installed elsewhere, only
// the operator can refuse.
func TestNoControllerRunsInTheOperatorsNamespace(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		story  string
		change func(*v1alpha1.EdgeIngress)
	}{
		"by spec.namespace": {story: "lodger", change: func(e *v1alpha1.EdgeIngress) { e.Spec.Namespace = residence }},
		"by the name":       {story: "resident", change: func(*v1alpha1.EdgeIngress) {}},
		"a Deployment": {story: "lodger-deployment", change: func(e *v1alpha1.EdgeIngress) {
			e.Spec.Namespace, e.Spec.Controller.Kind = residence, v1alpha1.WorkloadDeployment
		}},
		"by host ports": {story: "lodger-ports", change: func(e *v1alpha1.EdgeIngress) {
			e.Spec.Namespace, e.Spec.Exposure.Type = residence, v1alpha1.ExposureHostPort
		}},
		"by node ports": {story: "lodger-nodeport", change: func(e *v1alpha1.EdgeIngress) {
			e.Spec.Namespace, e.Spec.Exposure.Type = residence, v1alpha1.ExposureNodePort
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStory(t, test.story)
			s.addNodes("a")
			s.create(test.change)
			s.becomes(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonNamespaceReserved)
			s.becomes(v1alpha1.ConditionControllerAvailable, metav1.ConditionFalse, v1alpha1.ReasonNamespaceReserved)
			s.becomes(v1alpha1.ConditionConfigEffective, metav1.ConditionFalse, v1alpha1.ReasonNamespaceReserved)
			s.becomes(v1alpha1.ConditionNodesReady, metav1.ConditionFalse, v1alpha1.ReasonNamespaceReserved)
			if err := s.isClean(s.node("a"))(); err != nil {
				t.Errorf("the node was changed: %v", err)
			}
			s.saysOf(v1alpha1.ConditionReady, residence, "spec.namespace")
			for _, object := range s.everyObject() {
				if object.GetNamespace() != "" {
					object.SetNamespace(residence)
				}
				if err := s.read(object); !apierrors.IsNotFound(err) {
					t.Errorf("%T was created (reading it: %v)", object, err)
				}
			}
			namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: residence}}
			if err := s.read(namespace); !apierrors.IsNotFound(err) {
				t.Errorf("the namespace was created (reading it: %v)", err)
			}
			s.deleteEdge()
			s.eventually("the node is clean", func() error { return errors.Join(s.isClean(s.node("a"))()) })
		})
	}
}
