package controllers_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

func TestAHealthCheckPortThatSomebodyTookIsNotAskedForAgain(t *testing.T) {
	s := newStory(t, "port-taken")
	s.addNodes("a")
	s.createReady()
	service := named(s, &corev1.Service{})
	s.mustRead(service)
	port := service.Spec.HealthCheckNodePort
	startOperator := stopOperator(t)
	s.delete(service)
	other := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "other", Namespace: s.namespace()}, Spec: corev1.ServiceSpec{
		Type: corev1.ServiceTypeLoadBalancer, ExternalTrafficPolicy: corev1.ServiceExternalTrafficPolicyLocal, HealthCheckNodePort: port,
		Ports: []corev1.ServicePort{{Port: 80}},
	}}
	s.createForeign(other)
	startOperator()
	s.assignAddress("203.0.113.10")
	s.becomesReady()
	s.mustRead(service)
	if now := service.Spec.HealthCheckNodePort; now == port || now == 0 || s.edge().Status.HealthCheckNodePort != now {
		t.Errorf("the Service has health-check port %d after %d, the status %d", now, port, s.edge().Status.HealthCheckNodePort)
	}
}

// TestRefusalsNameTheRemedy: the API server refuses the Service for a reason that the operator knows.
func TestRefusalsNameTheRemedy(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		story  string
		spec   func(*v1alpha1.EdgeIngress)
		before func(*story)
		says   string
	}{
		"a node port that another Service has": {
			story: "nodeport-taken",
			spec: func(e *v1alpha1.EdgeIngress) {
				port := int32(30077)
				e.Spec.Exposure.Type, e.Spec.Exposure.NodePorts = v1alpha1.ExposureNodePort, &v1alpha1.NodePortsSpec{HTTP: &port}
			},
			before: func(s *story) {
				s.createForeign(&corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "other", Namespace: s.namespace()}, Spec: corev1.ServiceSpec{
					Type: corev1.ServiceTypeNodePort, Ports: []corev1.ServicePort{{Port: 80, NodePort: 30077}},
				}})
			},
			says: "spec.exposure.nodePorts",
		},
		"an IP family that the cluster does not have": {
			story:  "family-missing",
			spec:   func(e *v1alpha1.EdgeIngress) { e.Spec.Exposure.IPFamilies = []corev1.IPFamily{corev1.IPv6Protocol} },
			before: func(*story) {},
			says:   "spec.exposure.ipFamilies",
		},
		"a quota that is used up": {
			story: "quota",
			spec:  func(*v1alpha1.EdgeIngress) {},
			before: func(s *story) {
				quota := &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: "none", Namespace: s.namespace()}}
				quota.Spec.Hard = corev1.ResourceList{"services": resource.MustParse("0")}
				s.createForeign(quota)
				s.eventually("the quota is in force", func() error {
					s.mustRead(quota)
					return want("limits", len(quota.Status.Hard), 1, same)
				})
			},
			says: "ResourceQuota",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStory(t, row.story)
			s.addNodes("a")
			row.before(s)
			s.create(row.spec)
			s.eventually("the remedy is named", func() error {
				condition := meta.FindStatusCondition(s.edge().Status.Conditions, v1alpha1.ConditionLoadBalancerReady)
				if condition == nil {
					return errors.New("there is no condition")
				}
				if condition.Reason != v1alpha1.ReasonApplyFailed || !strings.Contains(condition.Message, row.says) {
					return fmt.Errorf("%s: %s", condition.Reason, condition.Message)
				}
				return nil
			})
		})
	}
}
