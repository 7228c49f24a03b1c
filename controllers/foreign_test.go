package controllers_test

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// foreigner is a foreign object with a name that the operator needs.
type foreigner struct {
	story string
	make  func(*story) client.Object
	// condition is the one that reports it.
	condition string
	// withoutWorkload reports whether the controller waits for the name to become free.
	withoutWorkload bool
}

var foreigners = map[string]foreigner{
	"a Service": {story: "foreign-service", make: func(s *story) client.Object { return foreignService(s, nil) }, condition: v1alpha1.ConditionLoadBalancerReady, withoutWorkload: true},
	"a Service with our label": {story: "foreign-label", make: func(s *story) client.Object {
		return foreignService(s, map[string]string{v1alpha1.OwnerLabel: s.name})
	}, condition: v1alpha1.ConditionLoadBalancerReady, withoutWorkload: true},
	"a ConfigMap": {story: "foreign-config", make: func(s *story) client.Object {
		configMap := named(s, &corev1.ConfigMap{})
		configMap.Data = map[string]string{"use-forwarded-headers": "true"}
		return configMap
	}, condition: v1alpha1.ConditionConfigEffective, withoutWorkload: true},
	"a DaemonSet":      {story: "foreign-daemonset", make: foreignDaemonSet, condition: v1alpha1.ConditionControllerAvailable, withoutWorkload: true},
	"a ServiceAccount": {story: "foreign-account", make: func(s *story) client.Object { return named(s, &corev1.ServiceAccount{}) }, condition: v1alpha1.ConditionControllerAvailable, withoutWorkload: false},
	"an IngressClass": {story: "foreign-class", make: func(s *story) client.Object {
		return &networkingv1.IngressClass{ObjectMeta: metav1.ObjectMeta{Name: s.name}, Spec: networkingv1.IngressClassSpec{Controller: "example.com/other"}}
	}, condition: v1alpha1.ConditionConfigEffective, withoutWorkload: true},
	"a RoleBinding": {story: "foreign-role", make: func(s *story) client.Object {
		binding := named(s, &rbacv1.RoleBinding{})
		binding.RoleRef = viewRole
		return binding
	}, condition: v1alpha1.ConditionControllerAvailable, withoutWorkload: false},
	"a ClusterRoleBinding": {story: "foreign-clusterrole", make: func(s *story) client.Object {
		return &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: names.ClusterRoleBinding(s.name, names.FirstEngine)}, RoleRef: viewRole}
	}, condition: v1alpha1.ConditionControllerAvailable, withoutWorkload: false},
}

var viewRole = rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "view"}

func foreignService(s *story, labels map[string]string) client.Object {
	service := named(s, &corev1.Service{})
	service.Labels = labels
	service.Spec.Ports = []corev1.ServicePort{{Port: 9}}
	return service
}

func foreignDaemonSet(s *story) client.Object {
	daemonSet := named(s, &appsv1.DaemonSet{})
	labels := map[string]string{"app": "other"}
	daemonSet.Spec.Selector = &metav1.LabelSelector{MatchLabels: labels}
	daemonSet.Spec.Template.Labels = labels
	daemonSet.Spec.Template.Spec = corev1.PodSpec{
		NodeSelector: map[string]string{"example.com/nowhere": ""}, Containers: []corev1.Container{{Name: "other", Image: "example.com/other:1"}},
	}
	return daemonSet
}

func TestForeignObjectsAreNeverTakenOver(t *testing.T) {
	t.Parallel()
	for name, row := range foreigners {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStory(t, row.story)
			s.addNodes("a")
			foreign := s.createForeign(row.make(s))
			before := essence(t, foreign)
			s.create()
			s.becomes(row.condition, metav1.ConditionFalse, v1alpha1.ReasonNameTaken)
			if err := s.isAsBefore(foreign, before)(); err != nil {
				t.Errorf("the foreign object: %v", err)
			}
			if err := s.read(named(s, &appsv1.DaemonSet{})); row.withoutWorkload && row.condition != v1alpha1.ConditionControllerAvailable && !apierrors.IsNotFound(err) {
				t.Errorf("the controller was started without what it needs (reading its DaemonSet: %v)", err)
			}
			s.becomes(v1alpha1.ConditionNodesReady, metav1.ConditionTrue, v1alpha1.ReasonNodesLabelled)
			result, err := operator.reconciler.Reconcile(t.Context(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(s.edge())})
			if err != nil || result.RequeueAfter == 0 || result.RequeueAfter > snapshot.NameTakenRecheck {
				t.Errorf("the operator does not check the name again within %s: %v, %v", snapshot.NameTakenRecheck, result, err)
			}
			s.saysOf(row.condition, "checks again every 10 seconds")

			s.delete(foreign)
			s.eventually("the foreign object goes", s.hasMadeRoom(foreign))
			// A change of the spec makes the operator look now.
			s.change(func(e *v1alpha1.EdgeIngress) {
				e.Spec.Controller.Config = map[string]v1alpha1.ConfigValue{"proxy-body-size": "2m"}
			})
			s.eventually("the name is taken up when it is free", s.belongsToTheEdge(foreign))
			s.assignAddress("203.0.113.10")
			s.becomesReady()
		})
	}
}

// hasMadeRoom succeeds when the object is gone, also where the operator already uses its name.
func (s *story) hasMadeRoom(foreign client.Object) func() error {
	uid := foreign.GetUID()
	return func() error {
		if err := s.isGone(s.Context(), foreign)(); err != nil && foreign.GetUID() == uid {
			return err
		}
		return nil
	}
}

// createForeign creates an object, and its namespace where there is none, and returns the created
// object.
func (s *story) createForeign(object client.Object) client.Object {
	s.Helper()
	s.createNamespace()
	if err := admin.Create(s.Context(), object, client.FieldOwner("somebody")); err != nil {
		s.Fatal(err)
	}
	s.cleanUp(object)
	s.mustRead(object)
	return object
}

func (s *story) createNamespace() {
	s.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.namespace()}}
	if err := client.IgnoreAlreadyExists(admin.Create(s.Context(), namespace)); err != nil {
		s.Fatal(err)
	}
}
