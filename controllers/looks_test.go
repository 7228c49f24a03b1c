package controllers_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
)

// What stories look for in the cluster. Each look answers what it misses, for eventually.

// readNode reads a node by its full name.
func (s *story) readNode(name string) (*corev1.Node, error) {
	node := &corev1.Node{}
	err := admin.Get(s.Context(), types.NamespacedName{Name: name}, node)
	return node, err
}

// isEdgeNode succeeds when the node has both labels, the taint, and the claim on it.
func (s *story) isEdgeNode(name string) func() error {
	return func() error {
		return errors.Join(s.isLabelled(name)(), s.isTainted(name)())
	}
}

func (s *story) isLabelled(name string) func() error {
	return func() error {
		node, err := s.readNode(name)
		if err != nil {
			return err
		}
		for _, key := range []string{v1alpha1.DefaultRoleLabel, v1alpha1.NodeLabel(s.name)} {
			if value, there := node.Labels[key]; !there || value != "" {
				return fmt.Errorf("node %s has the label %s=%q (present: %t)", name, key, value, there)
			}
		}
		return nil
	}
}

func (s *story) isTainted(name string) func() error {
	return func() error {
		node, err := s.readNode(name)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(node.Spec.Taints, isRoleTaint) {
			return fmt.Errorf("node %s has the taints %v", name, node.Spec.Taints)
		}
		if claim := node.Annotations[v1alpha1.TaintAnnotation(s.name)]; claim != v1alpha1.DefaultRoleLabel {
			return fmt.Errorf("node %s has the claim %q", name, claim)
		}
		return nil
	}
}

func isRoleTaint(taint corev1.Taint) bool {
	return taint.Key == v1alpha1.DefaultRoleLabel && taint.Effect == corev1.TaintEffectNoSchedule
}

// isNotTainted succeeds when the node has neither the taint nor a claim of this story.
func (s *story) isNotTainted(name string) func() error {
	return func() error {
		node, err := s.readNode(name)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(node.Spec.Taints, isRoleTaint) {
			return fmt.Errorf("node %s has the taints %v", name, node.Spec.Taints)
		}
		if claim, there := node.Annotations[v1alpha1.TaintAnnotation(s.name)]; there {
			return fmt.Errorf("node %s has the claim %q", name, claim)
		}
		return nil
	}
}

// isReleased succeeds when the node has nothing of this story's EdgeIngress: no own label, no
// claim, no managed fields.
func (s *story) isReleased(name string) func() error {
	return func() error {
		node, err := s.readNode(name)
		if err != nil {
			return err
		}
		if _, there := node.Labels[v1alpha1.NodeLabel(s.name)]; there {
			return fmt.Errorf("node %s still has the label %s", name, v1alpha1.NodeLabel(s.name))
		}
		if _, there := node.Annotations[v1alpha1.TaintAnnotation(s.name)]; there {
			return fmt.Errorf("node %s still has the claim on its taint", name)
		}
		for _, entry := range node.ManagedFields {
			if entry.Manager == v1alpha1.NodeFieldManager(s.name) {
				return fmt.Errorf("node %s still has managed fields: %s", name, entry.FieldsV1)
			}
		}
		return nil
	}
}

// isClean succeeds when the node has no trace of an edge role.
func (s *story) isClean(name string) func() error {
	return func() error {
		node, err := s.readNode(name)
		if err != nil {
			return err
		}
		if value, there := node.Labels[v1alpha1.DefaultRoleLabel]; there {
			return fmt.Errorf("node %s still has the role label, value %q", name, value)
		}
		return errors.Join(s.hasNoTrace(name), s.isReleased(name)(), s.isNotTainted(name)())
	}
}

// readyPodsOn succeeds when one ready controller pod runs on each of these nodes, and none
// elsewhere.
func (s *story) readyPodsOn(nodes ...string) func() error {
	return func() error {
		pods := &corev1.PodList{}
		if err := admin.List(s.Context(), pods, client.InNamespace(s.namespace()), client.MatchingLabels{v1alpha1.OwnerLabel: s.name}); err != nil {
			return err
		}
		var on []string
		for i := range pods.Items {
			if pod := &pods.Items[i]; isReady(pod) {
				on = append(on, pod.Spec.NodeName)
			} else {
				on = append(on, pod.Spec.NodeName+" (not ready)")
			}
		}
		return want("nodes with a controller pod", on, nodes, sameElements)
	}
}

func isReady(pod *corev1.Pod) bool {
	return pod.DeletionTimestamp.IsZero() && slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// shortFormObjects are the objects of an EdgeIngress in its short form, with their names only.
func (s *story) shortFormObjects() []client.Object {
	return append(s.commonObjects(), named(s, &corev1.Service{}), named(s, &appsv1.DaemonSet{}))
}

// commonObjects are the objects that every EdgeIngress has.
func (s *story) commonObjects() []client.Object {
	return []client.Object{
		named(s, &corev1.ServiceAccount{}), named(s, &corev1.ConfigMap{}), named(s, &rbacv1.RoleBinding{}),
		&rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: names.ClusterRoleBinding(s.name, names.FirstEngine)}},
		&networkingv1.IngressClass{ObjectMeta: metav1.ObjectMeta{Name: s.name}}, s.witnessIngress(),
	}
}

// everyObject are all objects that the operator may ever make for this story.
func (s *story) everyObject() []client.Object {
	return append(s.shortFormObjects(), named(s, &appsv1.Deployment{}), named(s, &policyv1.PodDisruptionBudget{}))
}

// belongsToTheEdge succeeds when this story's EdgeIngress controls the object and the object has
// its labels.
func (s *story) belongsToTheEdge(object client.Object) func() error {
	return func() error {
		if err := s.read(object); err != nil {
			return err
		}
		edge := &v1alpha1.EdgeIngress{}
		if err := admin.Get(s.Context(), types.NamespacedName{Name: s.name}, edge); err != nil {
			return err
		}
		if !metav1.IsControlledBy(object, edge) {
			return fmt.Errorf("%T %s has the owners %v", object, object.GetName(), object.GetOwnerReferences())
		}
		return want(fmt.Sprintf("label %s of %T", v1alpha1.OwnerLabel, object), object.GetLabels()[v1alpha1.OwnerLabel], s.name, same)
	}
}

// noObjectIsLeft fails the test where anything that the operator makes is still there.
func (s *story) noObjectIsLeft() {
	s.Helper()
	for _, object := range s.everyObject() {
		if err := s.read(object); !apierrors.IsNotFound(err) {
			s.Errorf("%T %s is still there (reading it: %v)", object, object.GetName(), err)
		}
	}
}

// podOn is the controller pod on a node.
func (s *story) podOn(node string) *corev1.Pod {
	s.Helper()
	pods := s.pods()
	i := slices.IndexFunc(pods, func(pod corev1.Pod) bool { return pod.Spec.NodeName == node })
	if i < 0 {
		s.Fatalf("no controller pod runs on node %s", node)
	}
	return &pods[i]
}

func (s *story) pods() []corev1.Pod {
	s.Helper()
	pods := &corev1.PodList{}
	if err := admin.List(s.Context(), pods, client.InNamespace(s.namespace()), client.MatchingLabels{v1alpha1.OwnerLabel: s.name}); err != nil {
		s.Fatal(err)
	}
	return pods.Items
}

// saysOf waits until the message of a condition contains all these words.
func (s *story) saysOf(condition string, words ...string) {
	s.Helper()
	s.eventually("the message of "+condition, func() error {
		found := meta.FindStatusCondition(s.edge().Status.Conditions, condition)
		for _, word := range words {
			if found == nil || !strings.Contains(found.Message, word) {
				return fmt.Errorf("%q is missing in %v", word, found)
			}
		}
		return nil
	})
}
