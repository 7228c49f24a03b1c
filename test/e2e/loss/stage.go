package loss

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
	"github.com/edge-ingress/edge-ingress-operator/test/e2e/lab"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/objects"
)

const (
	// drain is longer than the haproxy takes to notice a leaving node: two checks with a second
	// between them, one that just ended, and kube-proxy, which answers them and may be another
	// second behind.
	drain = 4 * time.Second
	// workerShutdown is how long nginx lets open connections finish; here none takes long.
	workerShutdown = "5s"
	// restLimit is many times what an event takes.
	restLimit = 2 * time.Minute
)

// stage is the EdgeIngress with what is in front of it and behind it.
type stage struct {
	lab *lab.Lab
	Shape
	// spec is the EdgeIngress as it was last written.
	spec v1alpha1.EdgeIngressSpec
	// nodes are the addresses of the nodes by name.
	nodes map[string]netip.Addr
	// crashed is the node that crashed and is not back; empty if there is none.
	crashed string
}

// namespace is where the controllers run.
func (s *stage) namespace() string {
	live := &v1alpha1.EdgeIngress{ObjectMeta: metav1.ObjectMeta{Name: s.Name}, Spec: v1alpha1.EdgeIngressSpec{Namespace: s.Namespace}}
	return live.ControllerNamespace()
}

// host is the name by which the application is asked for.
func (s *stage) host() string { return s.Name + ".e2e.test" }

// key is of the objects that run the controller.
func (s *stage) key() client.ObjectKey {
	return client.ObjectKey{Namespace: s.namespace(), Name: names.Service(s.Name)}
}

// prepare writes the EdgeIngress and the Ingress, and returns when the controllers serve.
func (s *stage) prepare(ctx context.Context) error {
	var err error
	if s.nodes, err = s.lab.NodeAddresses(ctx); err != nil {
		return err
	}
	if err := s.lab.TolerateEdgeTaint(ctx); err != nil {
		return err
	}
	if err := s.writeIngress(ctx); err != nil {
		return err
	}
	if err := s.openNamespace(ctx); err != nil {
		return err
	}
	image := s.lab.Controller
	s.spec.Namespace = s.Namespace
	s.spec.Nodes.Names = slices.Clone(s.Nodes)
	if s.Replicas > 0 {
		s.spec.Controller.Kind, s.spec.Controller.Replicas = v1alpha1.WorkloadDeployment, &s.Replicas
	}
	s.spec.Controller.Image = &image
	// One worker starts faster on a small machine, and the log has no reader.
	s.spec.Controller.Config = map[string]v1alpha1.ConfigValue{
		"worker-processes": "1", "disable-access-log": "true", "worker-shutdown-timeout": workerShutdown,
	}
	s.spec.Verification = &v1alpha1.VerificationSpec{Probes: v1alpha1.Disabled}
	if s.Measured {
		s.spec.Verification.Probes = v1alpha1.Enabled
	}
	s.spec.Exposure.DrainDelay = &metav1.Duration{Duration: drain + time.Second}
	return s.change(ctx, func(*v1alpha1.EdgeIngressSpec) {})
}

// controllersLabel of a namespace, with the value "allowed", lets the operator run controllers in one that it did not
// create (docs/operations.md).
const controllersLabel = "edgeingress.dev/controllers"

// openNamespace makes the shape's own namespace. It stays, as those that the operator makes.
func (s *stage) openNamespace(ctx context.Context) error {
	if s.Namespace == "" {
		return nil
	}
	own := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.Namespace}}
	_, err := controllerutil.CreateOrUpdate(ctx, s.lab.Client, own, func() error {
		metav1.SetMetaDataLabel(&own.ObjectMeta, controllersLabel, "allowed")
		return nil
	})
	if err != nil {
		return fmt.Errorf("making the namespace %s: %w", s.Namespace, err)
	}
	return nil
}

// MakeRoom deletes every EdgeIngress, because their controllers only take time, and returns when
// they are gone. That includes one from an earlier run.
func MakeRoom(ctx context.Context, l *lab.Lab) error {
	all := &v1alpha1.EdgeIngressList{}
	if err := l.Client.List(ctx, all); err != nil {
		return fmt.Errorf("listing EdgeIngresses: %w", err)
	}
	for i := range all.Items {
		if err := client.IgnoreNotFound(l.Client.Delete(ctx, &all.Items[i])); err != nil {
			return fmt.Errorf("deleting EdgeIngress %s: %w", all.Items[i].Name, err)
		}
	}
	return objects.Await(ctx, "other EdgeIngresses to be gone", restLimit, func(ctx context.Context) (bool, string, error) {
		err := l.Client.List(ctx, all)
		return len(all.Items) == 0, fmt.Sprintf("%d are left", len(all.Items)), err
	})
}

// remove deletes what the measurement wrote. It does not wait until it is gone: MakeRoom does.
func (s *stage) remove(ctx context.Context) error {
	ingress := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: lab.ApplicationNamespace, Name: s.Name}}
	ours := &v1alpha1.EdgeIngress{ObjectMeta: metav1.ObjectMeta{Name: s.Name}}
	err := errors.Join(client.IgnoreNotFound(s.lab.Client.Delete(ctx, ingress)), client.IgnoreNotFound(s.lab.Client.Delete(ctx, ours)))
	if err != nil {
		return fmt.Errorf("removing what losses were measured on: %w", err)
	}
	return nil
}

func (s *stage) writeIngress(ctx context.Context) error {
	class, prefix := s.Name, networkingv1.PathTypePrefix
	ingress := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: lab.ApplicationNamespace, Name: s.Name}}
	_, err := controllerutil.CreateOrUpdate(ctx, s.lab.Client, ingress, func() error {
		backend := networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: "echo", Port: networkingv1.ServiceBackendPort{Number: 80}}}
		rule := networkingv1.IngressRule{Host: s.host()}
		rule.HTTP = &networkingv1.HTTPIngressRuleValue{Paths: []networkingv1.HTTPIngressPath{{Path: "/", PathType: &prefix, Backend: backend}}}
		ingress.Spec = networkingv1.IngressSpec{IngressClassName: &class, Rules: []networkingv1.IngressRule{rule}}
		return nil
	})
	if err != nil {
		return fmt.Errorf("writing the Ingress: %w", err)
	}
	return nil
}

// write changes the spec.
func (s *stage) write(ctx context.Context, change func(*v1alpha1.EdgeIngressSpec)) error {
	change(&s.spec)
	live := &v1alpha1.EdgeIngress{ObjectMeta: metav1.ObjectMeta{Name: s.Name}}
	_, err := controllerutil.CreateOrUpdate(ctx, s.lab.Client, live, func() error {
		live.Spec = *s.spec.DeepCopy()
		return nil
	})
	if err != nil {
		return fmt.Errorf("writing EdgeIngress %s: %w", s.Name, err)
	}
	return nil
}

func (s *stage) get(ctx context.Context) (*v1alpha1.EdgeIngress, error) {
	live := &v1alpha1.EdgeIngress{}
	if err := s.lab.Client.Get(ctx, client.ObjectKey{Name: s.Name}, live); err != nil {
		return nil, fmt.Errorf("reading EdgeIngress %s: %w", s.Name, err)
	}
	return live, nil
}

// pods are all controller pods, those that end included.
func (s *stage) pods(ctx context.Context) ([]corev1.Pod, error) {
	list := &corev1.PodList{}
	if err := s.lab.Client.List(ctx, list, client.InNamespace(s.namespace()), client.MatchingLabels{v1alpha1.OwnerLabel: s.Name}); err != nil {
		return nil, fmt.Errorf("listing controller pods: %w", err)
	}
	return list.Items, nil
}

// awaitRest returns when the operator says that everything is as the spec wants it, and no other pod is left.
func (s *stage) awaitRest(ctx context.Context) error {
	return objects.Await(ctx, "everything to be as EdgeIngress "+s.Name+" wants it", restLimit, func(ctx context.Context) (bool, string, error) {
		live, err := s.get(ctx)
		if err != nil {
			return false, "", err
		}
		updated, available, err := s.rolledOut(ctx)
		if err != nil {
			return false, "", err
		}
		pods, err := s.pods(ctx)
		if err != nil {
			return false, "", err
		}
		wanted, serving := len(s.spec.Nodes.Names), len(s.spec.Nodes.Names)
		if s.Replicas > 0 {
			wanted, serving = int(s.Replicas), min(int(s.Replicas), serving)
		}
		nodes := live.Status.Nodes
		seen := fmt.Sprintf("status of generation %d of %d, nodes %+v, %d of %d pods updated, %d there",
			live.Status.ObservedGeneration, live.Generation, nodes, updated, wanted, len(pods))
		done := live.Status.ObservedGeneration == live.Generation && meta.IsStatusConditionTrue(live.Status.Conditions, v1alpha1.ConditionReady) &&
			int(nodes.Serving) == serving && nodes.Releasing == 0 && updated == wanted && available == wanted && len(pods) == wanted
		return done, seen, nil
	})
}

// rolledOut returns how many pods have the current template, and how many of all are available. Both are zero until
// Kubernetes' controller has seen the template.
func (s *stage) rolledOut(ctx context.Context) (updated, available int, err error) {
	if s.Replicas > 0 {
		deployment := &appsv1.Deployment{}
		err := s.lab.Client.Get(ctx, s.key(), deployment)
		if err != nil || deployment.Status.ObservedGeneration != deployment.Generation {
			return 0, 0, err
		}
		return int(deployment.Status.UpdatedReplicas), int(deployment.Status.AvailableReplicas), nil
	}
	set := &appsv1.DaemonSet{}
	err = s.lab.Client.Get(ctx, s.key(), set)
	if err != nil || set.Status.ObservedGeneration != set.Generation {
		return 0, 0, err
	}
	return int(set.Status.UpdatedNumberScheduled), int(set.Status.NumberAvailable), nil
}

// awaitMeasured returns when every edge node is measured.
func (s *stage) awaitMeasured(ctx context.Context) error {
	return objects.Await(ctx, "the edge nodes to be measured", restLimit, func(ctx context.Context) (bool, string, error) {
		live, err := s.get(ctx)
		if err != nil {
			return false, "", err
		}
		found := meta.FindStatusCondition(live.Status.Conditions, v1alpha1.ConditionNodesKeepSourceIP)
		return found != nil && found.Status == metav1.ConditionTrue, fmt.Sprint(found), nil
	})
}

// announcer is the node that announces the address.
func (s *stage) announcer(ctx context.Context) (string, error) {
	return s.lab.Announcer(ctx, s.key().Namespace, s.key().Name)
}
