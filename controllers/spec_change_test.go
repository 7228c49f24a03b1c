package controllers_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

func TestIsolationIsSwitchedThereAndBack(t *testing.T) {
	t.Parallel()
	s := newStory(t, "isolation")
	s.addNodes("a")
	s.createReady()
	s.eventually("Dedicated taints", s.isEdgeNode(s.node("a")))

	s.change(func(e *v1alpha1.EdgeIngress) { e.Spec.Nodes.Isolation = v1alpha1.IsolationShared })
	s.eventually("Shared takes the taint away", s.isNotTainted(s.node("a")))
	s.eventually("Shared keeps the labels", s.isLabelled(s.node("a")))
	s.becomesReady()

	s.change(func(e *v1alpha1.EdgeIngress) { e.Spec.Nodes.Isolation = v1alpha1.IsolationDedicated })
	s.eventually("Dedicated taints again", s.isEdgeNode(s.node("a")))
}

func TestNodesAreChosenOtherwise(t *testing.T) {
	t.Parallel()
	s := newStory(t, "choice")
	s.addNode("old", map[string]string{poolLabel: s.name, "example.com/generation": "1"})
	s.addNode("new", map[string]string{poolLabel: s.name, "example.com/generation": "2"})
	s.create(func(e *v1alpha1.EdgeIngress) { e.Spec.Nodes.Selector.MatchLabels["example.com/generation"] = "1" })
	s.eventually("the selector chooses", s.readyPodsOn(s.node("old")))

	s.change(func(e *v1alpha1.EdgeIngress) { e.Spec.Nodes.Selector.MatchLabels["example.com/generation"] = "2" })
	s.eventually("the new node joins", s.isEdgeNode(s.node("new")))
	s.eventually("the old node is clean", s.isClean(s.node("old")))
	s.eventually("the controller moves", s.readyPodsOn(s.node("new")))

	s.change(func(e *v1alpha1.EdgeIngress) {
		e.Spec.Nodes.Selector, e.Spec.Nodes.Names = nil, []string{s.node("old"), s.node("later")}
	})
	s.eventually("the named node joins", s.isEdgeNode(s.node("old")))
	s.eventually("the one that is not named is clean", s.isClean(s.node("new")))
	s.becomes(v1alpha1.ConditionNodesReady, metav1.ConditionFalse, v1alpha1.ReasonNodesMissing)
	s.saysOf(v1alpha1.ConditionNodesReady, s.node("later"))

	s.addNode("later", nil)
	s.eventually("a named node joins when it appears", s.isEdgeNode(s.node("later")))
	s.eventually("a controller runs there", s.readyPodsOn(s.node("old"), s.node("later")))
}

func TestTheKindOfWorkloadIsChangedWithoutAGap(t *testing.T) {
	t.Parallel()
	s := newStory(t, "kind")
	s.addNodes("a", "b")
	s.createReady()
	fewest := s.watchReadyPods()

	s.change(func(e *v1alpha1.EdgeIngress) { e.Spec.Controller.Kind = v1alpha1.WorkloadDeployment })
	s.eventually("the Deployment is made", s.belongsToTheEdge(named(s, &appsv1.Deployment{})))
	s.eventually("its disruption budget is made", s.belongsToTheEdge(named(s, &policyv1.PodDisruptionBudget{})))
	s.goes(named(s, &appsv1.DaemonSet{}))
	s.eventually("the Deployment's pods alone are left", s.readyPodsOn(s.node("a"), s.node("b")))
	s.becomesReady()

	s.change(func(e *v1alpha1.EdgeIngress) { e.Spec.Controller.Kind = v1alpha1.WorkloadDaemonSet })
	s.eventually("the DaemonSet is made", s.belongsToTheEdge(named(s, &appsv1.DaemonSet{})))
	s.goes(named(s, &appsv1.Deployment{}))
	s.goes(named(s, &policyv1.PodDisruptionBudget{}))
	s.eventually("the DaemonSet's pods alone are left", s.readyPodsOn(s.node("a"), s.node("b")))
	s.becomesReady()
	if got := fewest(); got < 2 {
		t.Errorf("at some time only %d controller pods were ready, want always 2", got)
	}
}

// A pod serves on while it ends, when the workload that it belonged to has long been gone.
func TestThePodsOfAWorkloadThatIsGoneAreKnownUntilTheyHaveEnded(t *testing.T) {
	t.Parallel()
	s := newStory(t, "leftover")
	s.addNodes("a", "b")
	s.createReady(func(e *v1alpha1.EdgeIngress) {
		e.Spec.Exposure.LoadBalancer = &v1alpha1.LoadBalancerSpec{Provider: v1alpha1.ProviderPacketForwarding}
	})
	end := s.lingers(s.podOn(s.node("b")))

	s.change(func(e *v1alpha1.EdgeIngress) { e.Spec.Controller.Kind = v1alpha1.WorkloadDeployment })
	s.goes(named(s, &appsv1.DaemonSet{}))
	s.eventually("the pod of the DaemonSet is ending", s.readyPodsOn(s.node("a"), s.node("b"), s.node("b")+" (not ready)"))
	s.becomesReady()
	s.becomes(v1alpha1.ConditionSourceIPConfigured, metav1.ConditionTrue, v1alpha1.ReasonPreservedByLocalPolicy)

	s.removeLabel(s.node("b"), poolLabel)
	s.eventually("the Deployment leaves the node", s.readyPodsOn(s.node("a"), s.node("a"), s.node("b")+" (not ready)"))
	s.eventually("the node stays until the last pod has ended", s.isEnding(s.node("b")))
	end()
	s.eventually("the node is let go", s.isClean(s.node("b")))
}

// watchReadyPods watches the controller pods, which are ready, until the test calls the returned
// function. That function returns the lowest number of ready pods in between.
func (s *story) watchReadyPods() (fewest func() int) {
	s.Helper()
	events, err := admin.Watch(s.Context(), &corev1.PodList{}, client.InNamespace(s.namespace()), client.MatchingLabels{v1alpha1.OwnerLabel: s.name})
	if err != nil {
		s.Fatal(err)
	}
	low := make(chan int)
	go func() { low <- fewestReady(events.ResultChan()) }()
	return func() int {
		events.Stop()
		return <-low
	}
}

// fewestReady returns the lowest number of ready pods after two were ready. The events before that
// only list what exists.
func fewestReady(events <-chan watch.Event) int {
	ready, low := map[string]bool{}, -1
	for event := range events {
		pod, isPod := event.Object.(*corev1.Pod)
		if !isPod {
			continue
		}
		delete(ready, pod.Name)
		if event.Type != watch.Deleted && isReady(pod) {
			ready[pod.Name] = true
		}
		if low < 0 && len(ready) < 2 {
			continue
		}
		if low < 0 || len(ready) < low {
			low = len(ready)
		}
	}
	return low
}

func TestTheExposureIsChangedThereAndBack(t *testing.T) {
	t.Parallel()
	s := newStory(t, "exposure")
	s.addNodes("a")
	s.createReady(func(e *v1alpha1.EdgeIngress) { e.Spec.Exposure.DrainDelay = &metav1.Duration{} })
	service := named(s, &corev1.Service{})

	s.change(func(e *v1alpha1.EdgeIngress) { e.Spec.Exposure.Type = v1alpha1.ExposureNodePort })
	s.eventually("the Service is for node ports only", func() error {
		return errors.Join(s.read(service), want("type", service.Spec.Type, corev1.ServiceTypeNodePort, same),
			want("policy", service.Spec.ExternalTrafficPolicy, corev1.ServiceExternalTrafficPolicyLocal, same))
	})
	s.becomes(v1alpha1.ConditionLoadBalancerReady, metav1.ConditionTrue, v1alpha1.ReasonNotApplicable)
	s.becomesReady()

	s.change(func(e *v1alpha1.EdgeIngress) { e.Spec.Exposure.Type = v1alpha1.ExposureHostNetwork })
	s.eventually("the controller uses the node's network", func() error { return s.usesHostNetwork(true) })
	s.goes(service)
	s.becomesReady()

	s.change(func(e *v1alpha1.EdgeIngress) { e.Spec.Exposure.Type = v1alpha1.ExposureLoadBalancer })
	s.eventually("the controller has a network of its own again", func() error { return s.usesHostNetwork(false) })
	s.assignAddress("203.0.113.11")
	s.becomes(v1alpha1.ConditionLoadBalancerReady, metav1.ConditionTrue, v1alpha1.ReasonAddressAssigned)
	s.becomesReady()
}

// Kubernetes' DaemonSet controller forgets when it wanted to look at the second pod, because the
// time for the first one is earlier (see wakeRollOut in controllers/desired). No other event makes
// it look then.
func TestARollOutGoesOnThatKubernetesForgets(t *testing.T) {
	t.Parallel()
	s := newStory(t, "forgotten")
	s.addNodes("a")
	s.createReady(func(e *v1alpha1.EdgeIngress) { e.Spec.Exposure.DrainDelay = &metav1.Duration{} })
	replacePods := func(memory string) {
		s.change(func(e *v1alpha1.EdgeIngress) {
			e.Spec.Controller.Resources = &v1alpha1.ResourcesSpec{Limits: v1alpha1.ResourceAmounts{corev1.ResourceMemory: resource.MustParse(memory)}}
		})
	}

	s.eventually("the first pod has settled", func() error {
		daemonSet := named(s, &appsv1.DaemonSet{})
		s.mustRead(daemonSet)
		return want("available pods", daemonSet.Status.NumberAvailable, 1, same)
	})
	first := s.pods()[0].Name
	replacePods("1000Mi")
	s.eventually("a second pod is about to replace the first", func() error { return s.readyForAWhile(4*time.Second, first) })
	second := s.pods()
	replacePods("1001Mi")
	s.eventually("a third pod replaces both", func() error {
		if err := s.hasCondition(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonAllConditionsMet); err != nil {
			return err
		}
		return want("pods of before", podsAmong(s.pods(), second), 0, same)
	})
	s.eventually("the DaemonSet is as wanted again", func() error {
		daemonSet := named(s, &appsv1.DaemonSet{})
		s.mustRead(daemonSet)
		return want("wake-up", daemonSet.Annotations[v1alpha1.WakeAnnotation], "", same)
	})
}

// readyForAWhile wants a pod that is not one of the others and has been ready for so long.
func (s *story) readyForAWhile(long time.Duration, others ...string) error {
	for _, pod := range s.pods() {
		for _, condition := range pod.Status.Conditions {
			isNew := condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue && !slices.Contains(others, pod.Name)
			if isNew && time.Since(condition.LastTransitionTime.Time) >= long {
				return nil
			}
		}
	}
	return errors.New("there is no such pod")
}

func podsAmong(pods, others []corev1.Pod) (count int) {
	for _, pod := range pods {
		if slices.ContainsFunc(others, func(other corev1.Pod) bool { return other.UID == pod.UID }) {
			count++
		}
	}
	return count
}

// With a pod on every node, a new pod must share a node with an old one, which holds the node's
// ports until it ends.
func TestADeploymentLeavesHostPorts(t *testing.T) {
	t.Parallel()
	s := newStory(t, "leaveports")
	s.addNodes("a", "b")
	s.createReady(func(e *v1alpha1.EdgeIngress) {
		replicas := int32(2)
		e.Spec.Controller.Kind, e.Spec.Controller.Replicas = v1alpha1.WorkloadDeployment, &replicas
		e.Spec.Exposure.Type = v1alpha1.ExposureHostPort
		e.Spec.Exposure.DrainDelay = &metav1.Duration{}
	})
	if err := s.readyPodsOn(s.node("a"), s.node("b"))(); err != nil {
		t.Errorf("on host ports: %v", err)
	}

	s.change(func(e *v1alpha1.EdgeIngress) { e.Spec.Exposure.Type = v1alpha1.ExposureNodePort })
	s.becomes(v1alpha1.ConditionLoadBalancerReady, metav1.ConditionTrue, v1alpha1.ReasonNotApplicable)
	s.becomesReady()
	s.eventually("pods without the nodes' ports alone are left", func() error {
		return errors.Join(s.readyPodsOn(s.node("a"), s.node("b"))(), want("host ports", hostPortsOf(s.pods()), 0, same))
	})
}

func hostPortsOf(pods []corev1.Pod) (count int) {
	for _, pod := range pods {
		for _, port := range pod.Spec.Containers[0].Ports {
			if port.HostPort != 0 {
				count++
			}
		}
	}
	return count
}

func (s *story) usesHostNetwork(wanted bool) error {
	daemonSet := named(s, &appsv1.DaemonSet{})
	if err := s.read(daemonSet); err != nil {
		return err
	}
	return want("host network", daemonSet.Spec.Template.Spec.HostNetwork, wanted, same)
}

// specStep is a change of the spec and what has to come of it.
type specStep struct {
	name   string
	change func(*v1alpha1.EdgeIngress)
	look   func() error
}

func TestEachSettingArrivesAndIsTakenBack(t *testing.T) {
	t.Parallel()
	s := newStory(t, "settings")
	s.addNodes("a")
	s.create()
	for _, step := range slices.Concat(s.serviceSteps(), s.configSteps(), s.podSteps()) {
		s.change(step.change)
		s.eventually(step.name, step.look)
	}
}

func (s *story) serviceSteps() []specStep {
	service := named(s, &corev1.Service{})
	on := func(look func() error) func() error {
		return func() error {
			if err := s.read(service); err != nil {
				return err
			}
			return look()
		}
	}
	loadBalancer := func(change func(*v1alpha1.LoadBalancerSpec)) func(*v1alpha1.EdgeIngress) {
		return func(e *v1alpha1.EdgeIngress) {
			if e.Spec.Exposure.LoadBalancer == nil {
				e.Spec.Exposure.LoadBalancer = &v1alpha1.LoadBalancerSpec{}
			}
			change(e.Spec.Exposure.LoadBalancer)
		}
	}
	return []specStep{
		{name: "annotations are added", change: loadBalancer(func(lb *v1alpha1.LoadBalancerSpec) {
			lb.Annotations = map[string]v1alpha1.AnnotationValue{"example.com/size": "small", "example.com/zone": "z1"}
		}), look: on(func() error {
			return errors.Join(hasAnnotation(service, "example.com/size", "small"), hasAnnotation(service, "example.com/zone", "z1"))
		})},
		{name: "an annotation is changed, another removed", change: loadBalancer(func(lb *v1alpha1.LoadBalancerSpec) {
			lb.Annotations = map[string]v1alpha1.AnnotationValue{"example.com/size": "large"}
		}), look: on(func() error {
			return errors.Join(hasAnnotation(service, "example.com/size", "large"), hasNoAnnotation(service, "example.com/zone"))
		})},
		{name: "the last annotation is removed", change: loadBalancer(func(lb *v1alpha1.LoadBalancerSpec) { lb.Annotations = nil }),
			look: on(func() error { return hasNoAnnotation(service, "example.com/size") })},
		{name: "source ranges are set", change: loadBalancer(func(lb *v1alpha1.LoadBalancerSpec) {
			lb.SourceRanges = []v1alpha1.CIDR{"198.51.100.0/24", "2001:db8::/32"}
		}), look: on(func() error {
			return want("source ranges", service.Spec.LoadBalancerSourceRanges, []string{"198.51.100.0/24", "2001:db8::/32"}, slices.Equal)
		})},
		{name: "source ranges are taken back", change: loadBalancer(func(lb *v1alpha1.LoadBalancerSpec) { lb.SourceRanges = nil }),
			look: on(func() error { return want("source ranges", service.Spec.LoadBalancerSourceRanges, nil, slices.Equal) })},
		{name: "node ports are not allocated", change: loadBalancer(func(lb *v1alpha1.LoadBalancerSpec) { lb.NodePorts = v1alpha1.Disabled }),
			look: on(func() error {
				return want("allocation", service.Spec.AllocateLoadBalancerNodePorts != nil && *service.Spec.AllocateLoadBalancerNodePorts, false, same)
			})},
	}
}

func hasAnnotation(object client.Object, key, value string) error {
	if got, there := object.GetAnnotations()[key]; !there || got != value {
		return fmt.Errorf("annotation %s: want %q, got %q (present: %t)", key, value, got, there)
	}
	return nil
}

func hasNoAnnotation(object client.Object, key string) error {
	if got, there := object.GetAnnotations()[key]; there {
		return fmt.Errorf("annotation %s is there, value %q", key, got)
	}
	return nil
}

func (s *story) configSteps() []specStep {
	holds := func(key, value string) func() error {
		return func() error {
			configMap := named(s, &corev1.ConfigMap{})
			if err := s.read(configMap); err != nil {
				return err
			}
			return want("setting "+key, configMap.Data[key], value, same)
		}
	}
	proxies := v1alpha1.TrustedCIDRs{"192.0.2.0/28"}
	return []specStep{
		{name: "a setting of the engine is added", change: func(e *v1alpha1.EdgeIngress) {
			e.Spec.Controller.Config = map[string]v1alpha1.ConfigValue{"proxy-body-size": "20m"}
		}, look: holds("proxy-body-size", "20m")},
		{name: "a setting of the engine is removed", change: func(e *v1alpha1.EdgeIngress) { e.Spec.Controller.Config = nil }, look: holds("proxy-body-size", "")},
		{name: "PROXY protocol is trusted", change: func(e *v1alpha1.EdgeIngress) {
			e.Spec.ClientIP = &v1alpha1.ClientIPSpec{ProxyProtocol: &v1alpha1.ProxyProtocolSpec{TrustedCIDRs: proxies}}
		}, look: holds("use-proxy-protocol", "true")},
		{name: "a header is trusted instead", change: func(e *v1alpha1.EdgeIngress) {
			e.Spec.ClientIP = &v1alpha1.ClientIPSpec{ForwardedHeader: &v1alpha1.ForwardedHeaderSpec{TrustedCIDRs: proxies}}
		}, look: func() error {
			return errors.Join(holds("use-proxy-protocol", "false")(), holds("enable-real-ip", "true")(), holds("proxy-real-ip-cidr", "192.0.2.0/28")())
		}},
		{name: "nobody is trusted any more", change: func(e *v1alpha1.EdgeIngress) { e.Spec.ClientIP = nil },
			look: func() error {
				return errors.Join(holds("use-proxy-protocol", "false")(), holds("enable-real-ip", "false")())
			}},
	}
}

func (s *story) podSteps() []specStep {
	daemonSet := named(s, &appsv1.DaemonSet{})
	pod := &daemonSet.Spec.Template.Spec
	on := func(look func() error) func() error {
		return func() error {
			if err := s.read(daemonSet); err != nil {
				return err
			}
			return look()
		}
	}
	grace := func(wanted int64) func() error {
		return on(func() error { return want("grace period", *pod.TerminationGracePeriodSeconds, wanted, same) })
	}
	memory := func(wanted string) func() error {
		return on(func() error {
			return want("memory limit", pod.Containers[0].Resources.Limits.Memory().String(), wanted, same)
		})
	}
	tolerations := func(wanted int) func() error {
		return on(func() error { return want("tolerations", len(pod.Tolerations), wanted, same) })
	}
	return []specStep{
		{name: "resources are set", change: func(e *v1alpha1.EdgeIngress) {
			e.Spec.Controller.Resources = &v1alpha1.ResourcesSpec{Limits: v1alpha1.ResourceAmounts{corev1.ResourceMemory: resource.MustParse("1024Mi")}}
		}, look: memory("1Gi")},
		{name: "resources are taken back", change: func(e *v1alpha1.EdgeIngress) { e.Spec.Controller.Resources = nil }, look: memory("0")},
		{name: "a taint of the pool is tolerated", change: func(e *v1alpha1.EdgeIngress) {
			e.Spec.Controller.Tolerations = []v1alpha1.Toleration{{Key: "dedicated", Value: "ingress", Effect: corev1.TaintEffectNoSchedule}}
		}, look: tolerations(2)},
		{name: "the taint of the pool is no longer tolerated", change: func(e *v1alpha1.EdgeIngress) { e.Spec.Controller.Tolerations = nil }, look: tolerations(1)},
		{name: "the balancer needs longer", change: func(e *v1alpha1.EdgeIngress) { e.Spec.Exposure.DrainDelay = &metav1.Duration{Duration: time.Minute} }, look: grace(60 + 267)},
		{name: "the balancer needs no time", change: func(e *v1alpha1.EdgeIngress) { e.Spec.Exposure.DrainDelay = &metav1.Duration{} }, look: grace(267)},
		{name: "the image is another build of the same repository", change: func(e *v1alpha1.EdgeIngress) { e.Spec.Controller.Image = otherBuild() },
			look: on(func() error { return want("image", pod.Containers[0].Image, otherBuildReference, same) })},
	}
}

const otherBuildReference = "registry.k8s.io/ingress-nginx/controller:v1.15.0@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func otherBuild() *v1alpha1.ImageSpec {
	return &v1alpha1.ImageSpec{
		Repository: "registry.k8s.io/ingress-nginx/controller", Tag: "v1.15.0",
		Digest: "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	}
}
