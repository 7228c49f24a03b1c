package provider

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// view is the part of a Service through which users and load balancers communicate.
type view struct {
	annotations         map[string]string
	class               string
	ingress             []corev1.LoadBalancerIngress
	conditions          []string
	healthCheckNodePort int32
	agents              snapshot.List[snapshot.Agent]
	// version of the load balancer's agents where facts depend on it. If it is empty, versionUnknown says why.
	version, versionUnknown string
	ports                   []corev1.ServicePort
}

func newView(service *corev1.Service) view {
	v := view{
		annotations:         service.Annotations,
		ingress:             service.Status.LoadBalancer.Ingress,
		healthCheckNodePort: service.Spec.HealthCheckNodePort,
		ports:               service.Spec.Ports,
	}
	if service.Spec.LoadBalancerClass != nil {
		v.class = *service.Spec.LoadBalancerClass
	}
	for _, condition := range service.Status.Conditions {
		v.conditions = append(v.conditions, condition.Type)
	}
	return v
}

func (v view) has(key string) bool {
	_, there := v.annotations[key]
	return there
}

// is reports whether an annotation has one of the values, in upper or lower case.
func (v view) is(key string, values ...string) bool {
	value, there := v.annotations[key]
	return there && slices.ContainsFunc(values, func(want string) bool { return strings.EqualFold(strings.TrimSpace(value), want) })
}

// switched reads a boolean annotation. absent is the balancer's default without the annotation. A
// value that is not a boolean gives NotSaid.
func (v view) switched(key string, absent Setting) Setting {
	value, there := v.annotations[key]
	if !there {
		return absent
	}
	on, err := strconv.ParseBool(strings.ToLower(strings.TrimSpace(value)))
	if err != nil {
		return NotSaid
	}
	return settingOf(on)
}

// attribute reads one key from a comma-separated list of key=value pairs in an annotation.
func (v view) attribute(key, name string) (value string, there bool) {
	for pair := range strings.SplitSeq(v.annotations[key], ",") {
		k, val, found := strings.Cut(pair, "=")
		if found && strings.TrimSpace(k) == name {
			value, there = strings.ToLower(strings.TrimSpace(val)), true
		}
	}
	return value, there
}

// hasIP reports whether the balancer assigned an IP address.
func (v view) hasIP() bool {
	return slices.ContainsFunc(v.ingress, func(i corev1.LoadBalancerIngress) bool { return i.IP != "" })
}

// hasHost reports whether the balancer assigned a host name that matches.
func (v view) hasHost(pattern *regexp.Regexp) bool {
	return slices.ContainsFunc(v.ingress, func(i corev1.LoadBalancerIngress) bool { return pattern.MatchString(i.Hostname) })
}

// ipMode reports whether an address in the status has this mode. An address may have no mode.
func (v view) ipMode(mode corev1.LoadBalancerIPMode) bool {
	return slices.ContainsFunc(v.ingress, func(i corev1.LoadBalancerIngress) bool { return i.IPMode != nil && *i.IPMode == mode })
}

func settingOf(on bool) Setting {
	if on {
		return On
	}
	return Off
}

// either returns On if one of the settings is On, Off if all are Off, and NotSaid otherwise.
func either(settings ...Setting) Setting {
	switch {
	case slices.Contains(settings, On):
		return On
	case slices.Contains(settings, NotSaid):
		return NotSaid
	}
	return Off
}
