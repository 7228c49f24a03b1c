package controllers_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// variants are the shapes of an EdgeIngress, each of which has to come to rest.
var variants = map[string]func(*v1alpha1.EdgeIngress){
	"short": func(*v1alpha1.EdgeIngress) {},
	"full": func(e *v1alpha1.EdgeIngress) {
		e.Spec.Controller.Config = map[string]v1alpha1.ConfigValue{"proxy-body-size": "20m", "real-ip-header": "refused"}
		e.Spec.Controller.Resources = &v1alpha1.ResourcesSpec{Limits: v1alpha1.ResourceAmounts{corev1.ResourceMemory: resource.MustParse("1024Mi"), corev1.ResourceCPU: resource.MustParse("1000m")}}
		e.Spec.ClientIP = &v1alpha1.ClientIPSpec{
			ProxyProtocol:   &v1alpha1.ProxyProtocolSpec{TrustedCIDRs: v1alpha1.TrustedCIDRs{"192.0.2.0/28"}},
			ForwardedHeader: &v1alpha1.ForwardedHeaderSpec{TrustedCIDRs: v1alpha1.TrustedCIDRs{"2001:db8::/32", "198.51.100.0/24"}, ProtoAndHost: v1alpha1.ProtoAndHostTrustFromAnyone},
		}
		e.Spec.Exposure.LoadBalancer = &v1alpha1.LoadBalancerSpec{
			Annotations: map[string]v1alpha1.AnnotationValue{"example.com/size": "small"}, SourceRanges: []v1alpha1.CIDR{"198.51.100.0/24", "10.0.0.0/8"},
		}
		e.Spec.IngressClass = &v1alpha1.IngressClassSpec{Name: "quiet-class", Default: v1alpha1.Enabled}
	},
	"deployment": func(e *v1alpha1.EdgeIngress) { e.Spec.Controller.Kind = v1alpha1.WorkloadDeployment },
	"shared":     func(e *v1alpha1.EdgeIngress) { e.Spec.Nodes.Isolation = v1alpha1.IsolationShared },
	"nodeport":   func(e *v1alpha1.EdgeIngress) { e.Spec.Exposure.Type = v1alpha1.ExposureNodePort },
	"network":    func(e *v1alpha1.EdgeIngress) { e.Spec.Exposure.Type = v1alpha1.ExposureHostNetwork },
	"hostport":   func(e *v1alpha1.EdgeIngress) { e.Spec.Exposure.Type = v1alpha1.ExposureHostPort },
	"replicas": func(e *v1alpha1.EdgeIngress) {
		replicas := int32(1)
		e.Spec.Controller.Kind, e.Spec.Controller.Replicas, e.Spec.Exposure.Type = v1alpha1.WorkloadDeployment, &replicas, v1alpha1.ExposureHostPort
	},
}

// withoutDrain lets pods with host ports count as available after five seconds.
func withoutDrain(e *v1alpha1.EdgeIngress) { e.Spec.Exposure.DrainDelay = &metav1.Duration{} }

// TestAPassThatChangesNothingWritesNothing counts every request, also those of an operator that
// just started and does not know what it did before.
func TestAPassThatChangesNothingWritesNothing(t *testing.T) {
	var stories []*story
	for name, variant := range variants {
		s := newStory(t, "quiet-"+name)
		s.addNodes("a")
		s.create(withoutDrain, variant)
		stories = append(stories, s)
	}
	for _, s := range stories {
		s.settles()
	}
	everyPass := func() { passForEveryEdge(stories[0], len(stories)) }
	stories[0].eventually("all come to rest", func() error {
		operator.requests.Reset()
		everyPass()
		return want("writes", operator.requests.Writes(), nil, slices.Equal)
	})

	startOperator := stopOperator(t)
	operator.requests.Reset()
	before := passes(t)
	startOperator()
	everyPass()
	everyPass()
	if err := want("writes", operator.requests.Writes(), nil, slices.Equal); err != nil {
		t.Error(err)
	}
	operator.requests.Reset()
	everyPass()
	everyPass()
	if err := want("requests", operator.requests.All(), nil, slices.Equal); err != nil {
		t.Errorf("at rest, with caches that are filled: %v", err)
	}
	t.Logf("%d passes over %d EdgeIngress objects", passes(t)-before, len(stories))
}

// passForEveryEdge changes a meaningless label of a node without an EdgeIngress. That causes a pass
// for every EdgeIngress, because each could choose the node.
func passForEveryEdge(s *story, edges int) {
	s.Helper()
	before := passes(s.TB)
	s.setLabel(applicationNode, "example.com/round", fmt.Sprint(before))
	s.eventually("every EdgeIngress is looked at", func() error {
		if made := passes(s.TB) - before; made < edges {
			return fmt.Errorf("%d of %d passes were made", made, edges)
		}
		return nil
	})
}

// settles waits for Kubernetes' own controllers: the pods are available, and the Service has its
// endpoints and an address.
func (s *story) settles() {
	s.Helper()
	edge := s.edge()
	if edge.Spec.Exposure.Type == v1alpha1.ExposureLoadBalancer {
		s.assignAddress("203.0.113.10")
	}
	s.eventually("the pods are available", func() error {
		if edge.Spec.Controller.Kind == v1alpha1.WorkloadDeployment {
			deployment := named(s, &appsv1.Deployment{})
			return errors.Join(s.read(deployment), want("available", deployment.Status.AvailableReplicas, max(1, deployment.Status.Replicas), same))
		}
		daemonSet := named(s, &appsv1.DaemonSet{})
		return errors.Join(s.read(daemonSet), want("available", daemonSet.Status.NumberAvailable, max(1, daemonSet.Status.DesiredNumberScheduled), same))
	})
	s.becomes(v1alpha1.ConditionControllerAvailable, metav1.ConditionTrue, v1alpha1.ReasonControllersReady)
	s.eventually("the load balancer is ready", func() error {
		condition := meta.FindStatusCondition(s.edge().Status.Conditions, v1alpha1.ConditionLoadBalancerReady)
		return want("status", condition.Status, metav1.ConditionTrue, same)
	})
}

func TestHeartbeatsCauseNoPass(t *testing.T) {
	s := newStory(t, "heartbeat")
	s.addNodes("a")
	s.create()
	s.settles()
	s.isAlone()
	s.rests()
	before := passes(t)
	for beat := range 20 {
		s.heartbeat(s.node("a"), beat)
	}
	// The next event of the node comes after those of the heartbeats, and does cause a pass.
	s.setLabel(s.node("a"), "example.com/after", "heartbeats")
	s.eventually("the label causes a pass", func() error {
		if passes(t) == before {
			return errors.New("no pass was made")
		}
		return nil
	})
	if made := passes(t) - before; made != 1 {
		t.Errorf("20 heartbeats and a label caused %d passes, want 1", made)
	}
}

// heartbeat reports a node as kubelets do.
func (s *story) heartbeat(name string, beat int) {
	s.Helper()
	node, err := s.readNode(name)
	if err != nil {
		s.Fatal(err)
	}
	at := metav1.NewTime(time.Unix(1_700_000_000+int64(beat), 0))
	for i := range node.Status.Conditions {
		node.Status.Conditions[i].LastHeartbeatTime = at
	}
	node.Status.Images = append(node.Status.Images, corev1.ContainerImage{Names: []string{fmt.Sprintf("example.com/image:%d", beat)}})
	if err := admin.Status().Update(s.Context(), node); err != nil {
		s.Fatal(err)
	}
	lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: corev1.NamespaceNodeLease}}
	renewed := fmt.Sprintf(`{"metadata":{"annotations":{"example.com/beat":"%d"}}}`, beat)
	if err := admin.Patch(s.Context(), lease, client.RawPatch(types.MergePatchType, []byte(renewed))); err != nil {
		s.Fatal(err)
	}
}
