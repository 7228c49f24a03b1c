package controllers_test

import (
	"errors"
	"maps"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

func TestSettingsThatAreRefusedAreReportedAndNotWritten(t *testing.T) {
	t.Parallel()
	s := newStory(t, "refused")
	s.addNodes("a")
	s.createReady(func(e *v1alpha1.EdgeIngress) {
		e.Spec.Controller.Config = map[string]v1alpha1.ConfigValue{"proxy-body-size": "20m"}
	})
	configMap, daemonSet := named(s, &corev1.ConfigMap{}), named(s, &appsv1.DaemonSet{})
	s.mustRead(configMap)
	s.mustRead(daemonSet)
	before, workload := configMap.Data, essence(t, daemonSet)

	for name, row := range map[string]struct {
		key, value string
		reason     string
		words      []string
	}{
		"a key that the engine does not know":  {key: "real-ip-header", value: "X-Real-IP", reason: v1alpha1.ReasonUnknownConfigKeys, words: []string{"real-ip-header", "clientIP.forwardedHeader.header"}},
		"a key with a slip of the pen":         {key: "proxy-bodysize", value: "1m", reason: v1alpha1.ReasonUnknownConfigKeys, words: []string{"proxy-bodysize", "proxy-body-size"}},
		"a bool that the engine does not take": {key: "ssl-redirect", value: "on", reason: v1alpha1.ReasonInvalidConfigValues, words: []string{"ssl-redirect", `"on"`, "true", "false"}},
		"a key that a field owns":              {key: "use-proxy-protocol", value: "true", reason: v1alpha1.ReasonReservedConfigKeys, words: []string{"use-proxy-protocol", "clientIP.proxyProtocol"}},
		"a snippet":                            {key: "http-snippet", value: "set_real_ip_from 0.0.0.0/0;", reason: v1alpha1.ReasonForbiddenConfigKeys, words: []string{"http-snippet"}},
		"headers with underscores":             {key: "enable-underscores-in-headers", value: "true", reason: v1alpha1.ReasonForbiddenConfigKeys, words: []string{"enable-underscores-in-headers"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := &story{TB: t, name: s.name}
			s.change(func(e *v1alpha1.EdgeIngress) {
				e.Spec.Controller.Config = map[string]v1alpha1.ConfigValue{"proxy-body-size": "20m", row.key: v1alpha1.ConfigValue(row.value)}
			})
			s.becomes(v1alpha1.ConditionConfigEffective, metav1.ConditionFalse, row.reason)
			s.saysOf(v1alpha1.ConditionConfigEffective, row.words...)
			s.becomes(v1alpha1.ConditionReady, metav1.ConditionFalse, row.reason)
			s.mustRead(configMap)
			if !maps.Equal(configMap.Data, before) {
				t.Errorf("the ConfigMap holds %v, want what it held before", configMap.Data)
			}
			if err := errors.Join(s.isAsBefore(daemonSet, workload)(), s.hasCondition(v1alpha1.ConditionControllerAvailable, metav1.ConditionTrue, v1alpha1.ReasonControllersReady)); err != nil {
				t.Errorf("the controller was disturbed: %v", err)
			}
		})
	}
	s.change(func(e *v1alpha1.EdgeIngress) {
		e.Spec.Controller.Config = map[string]v1alpha1.ConfigValue{"proxy-body-size": "20m"}
	})
	s.becomesReady()
}

func TestAnImageThatIsNotAllowedLeavesTheControllerAsItWas(t *testing.T) {
	t.Parallel()
	s := newStory(t, "image")
	s.addNodes("a")
	s.createReady()
	daemonSet, configMap := named(s, &appsv1.DaemonSet{}), named(s, &corev1.ConfigMap{})
	s.mustRead(daemonSet)
	before := essence(t, daemonSet)

	s.change(func(e *v1alpha1.EdgeIngress) {
		e.Spec.Controller.Image = otherBuild()
		e.Spec.Controller.Image.Repository = "registry.example.com/mine/controller"
		e.Spec.Controller.Config = map[string]v1alpha1.ConfigValue{"proxy-body-size": "20m"}
	})
	s.becomes(v1alpha1.ConditionControllerAvailable, metav1.ConditionFalse, v1alpha1.ReasonImageNotAllowed)
	s.saysOf(v1alpha1.ConditionControllerAvailable, "registry.example.com/mine/controller", "--allowed-image-repositories")
	s.eventually("the rest of the spec is followed", func() error {
		return errors.Join(s.read(configMap), want("setting", configMap.Data["proxy-body-size"], "20m", same))
	})
	if err := s.isAsBefore(daemonSet, before)(); err != nil {
		t.Error(err)
	}
	s.change(func(e *v1alpha1.EdgeIngress) { e.Spec.Controller.Image = nil })
	s.becomesReady()
}

func TestAClassThatIsFrozenIsTold(t *testing.T) {
	s := newStory(t, "frozen")
	s.addNodes("a")
	s.createReady(func(e *v1alpha1.EdgeIngress) {
		e.Spec.Exposure.LoadBalancer = &v1alpha1.LoadBalancerSpec{Class: "example.com/mine"}
	})
	startOperator := stopOperator(t)
	service := named(s, &corev1.Service{})
	// Only by way of another type does Kubernetes let the class change.
	s.patch(service, `{"spec":{"type":"ClusterIP","loadBalancerClass":null,"externalTrafficPolicy":null,"allocateLoadBalancerNodePorts":null,"healthCheckNodePort":null}}`)
	s.patch(service, `{"spec":{"type":"LoadBalancer","loadBalancerClass":"example.com/theirs","externalTrafficPolicy":"Local"}}`)
	s.mustRead(service)
	version := service.ResourceVersion
	operator.requests.Reset()
	startOperator()

	s.becomes(v1alpha1.ConditionLoadBalancerReady, metav1.ConditionFalse, v1alpha1.ReasonLoadBalancerClassFrozen)
	s.saysOf(v1alpha1.ConditionLoadBalancerReady, "example.com/mine", "example.com/theirs", "Delete")
	errorsBefore := failedPasses(t)
	s.makesPasses(3)
	if failed := failedPasses(t) - errorsBefore; failed > 0 {
		t.Errorf("%d passes failed", failed)
	}
	s.mustRead(service)
	if err := want("version of the Service", service.ResourceVersion, version, same); err != nil {
		t.Error(err)
	}
	for _, write := range operator.requests.Writes() {
		if write.Path == "/api/v1/namespaces/"+s.namespace()+"/services/"+service.Name {
			t.Errorf("the operator tried %s", write)
		}
	}

	s.delete(service)
	s.eventually("the Service is made again with the class that was asked for", func() error {
		if err := s.read(service); err != nil {
			return err
		}
		if service.Spec.LoadBalancerClass == nil {
			return errors.New("the Service has no class")
		}
		return want("class", *service.Spec.LoadBalancerClass, "example.com/mine", same)
	})
	s.assignAddress("203.0.113.10")
	s.becomesReady()
}
