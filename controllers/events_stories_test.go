package controllers_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers"
)

// told succeeds when there is an event about the EdgeIngress with this type and reason, and with
// these words in its note.
func (s *story) told(eventType, reason string, words ...string) func() error {
	return func() error {
		list := &eventsv1.EventList{}
		if err := admin.List(s.Context(), list); err != nil {
			return err
		}
		var seen []string
		for i := range list.Items {
			event := &list.Items[i]
			if event.Regarding.Kind != "EdgeIngress" || event.Regarding.Name != s.name {
				continue
			}
			missing := slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(event.Note, word) })
			if event.Type == eventType && event.Reason == reason && !missing {
				return nil
			}
			seen = append(seen, fmt.Sprintf("%s %s: %s", event.Type, event.Reason, event.Note))
		}
		return fmt.Errorf("want %s %s with %q, got\n%s", eventType, reason, words, strings.Join(seen, "\n"))
	}
}

func TestEventsTellWhatHappened(t *testing.T) {
	t.Parallel()
	const normal, warning = corev1.EventTypeNormal, corev1.EventTypeWarning
	s := newStory(t, "told")
	s.addNodes("a", "b")
	s.createReady()
	for _, object := range s.shortFormObjects() {
		s.eventually("an event reports each object", s.told(normal, v1alpha1.EventCreated, kindOf(object)+" ", object.GetName()))
	}
	s.eventually("an event reports the labelling", s.told(normal, v1alpha1.EventNodeLabelled, s.node("a"), s.node("b")))
	s.eventually("an event reports that it became Ready", s.told(normal, v1alpha1.ReasonAllConditionsMet, "Ready is True"))

	s.patch(named(s, &corev1.ConfigMap{}), `{"data":{"use-forwarded-headers":"true"}}`)
	s.eventually("an event reports the repair, with the field", s.told(warning, v1alpha1.EventDriftRepaired, "ConfigMap", "use-forwarded-headers"))

	pod := s.podOn(s.node("a"))
	s.patch(pod, `{"metadata":{"annotations":{"lab.test/simulate-not-ready":"true"}}}`)
	s.eventually("a condition that becomes False warns", s.told(warning, v1alpha1.ReasonControllersMissing, "ControllerAvailable is False", s.node("a")))

	s.patch(pod, `{"metadata":{"annotations":{"lab.test/simulate-not-ready":null}}}`)
	s.becomesReady()
	s.removeLabel(s.node("b"), poolLabel)
	s.eventually("an event reports the beginning of a release", s.told(normal, v1alpha1.EventNodeReleasing, s.node("b")))
	s.eventually("an event reports the release", s.told(normal, v1alpha1.EventNodeReleased, s.node("b")))
	s.deleteEdge()
	s.eventually("an event reports the pruning", s.told(normal, v1alpha1.EventPruned, "DaemonSet", named(s, &appsv1.DaemonSet{}).Name))
}

// kindOf is the kind of an object of Kubernetes.
func kindOf(object any) string {
	name := fmt.Sprintf("%T", object)
	return name[strings.LastIndex(name, ".")+1:]
}

func TestMetricsShowWhatTheStatusSays(t *testing.T) {
	t.Parallel()
	s := newStory(t, "metrics")
	s.addNodes("a", "b")
	s.createReady()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(&controllers.Collector{Reader: operator.reconciler.Client, Version: "v1", Revision: "abc", GoVersion: "go1"})

	s.eventually("every condition has a series for each status, and one of the three is 1", func() error {
		series := s.series(registry)
		var errs []error
		for _, condition := range s.edge().Status.Conditions {
			for _, status := range []metav1.ConditionStatus{metav1.ConditionTrue, metav1.ConditionFalse, metav1.ConditionUnknown} {
				key := fmt.Sprintf("edge_ingress_status_condition name=%s status=%s type=%s", s.name, status, condition.Type)
				value, there := series[key]
				errs = append(errs, want(key, fmt.Sprint(value, there), fmt.Sprint(map[bool]int{true: 1}[condition.Status == status], true), same))
			}
		}
		for _, state := range []string{"selected", "labelled", "serving"} {
			key := fmt.Sprintf("edge_ingress_nodes name=%s state=%s", s.name, state)
			errs = append(errs, want(key, series[key], 2, same))
		}
		return errors.Join(append(errs, want("build", series["edge_ingress_build_info goversion=go1 revision=abc version=v1"], 1, same))...)
	})

	s.deleteEdge()
	s.eventually("no series outlives its object", func() error {
		for key := range s.series(registry) {
			if strings.Contains(key, "name="+s.name+" ") {
				return fmt.Errorf("%s is still there", key)
			}
		}
		return nil
	})
}

// series are the values of a registry by the metric's name and its labels.
func (s *story) series(registry *prometheus.Registry) map[string]float64 {
	s.Helper()
	families, err := registry.Gather()
	if err != nil {
		s.Fatal(err)
	}
	values := map[string]float64{}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			key := family.GetName()
			for _, label := range metric.GetLabel() {
				key += " " + label.GetName() + "=" + label.GetValue()
			}
			values[key] = metric.GetGauge().GetValue()
		}
	}
	return values
}
