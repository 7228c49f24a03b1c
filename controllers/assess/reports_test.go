package assess

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// portError puts an error on a port in the Service's status.
func portError(port int32, message string) option {
	return onService(func(s *corev1.Service) {
		for i := range s.Status.LoadBalancer.Ingress {
			s.Status.LoadBalancer.Ingress[i].Ports = append(s.Status.LoadBalancer.Ingress[i].Ports, corev1.PortStatus{Port: port, Protocol: corev1.ProtocolTCP, Error: &message})
		}
	})
}

func serviceCondition(kind string, status metav1.ConditionStatus, reason, message string) option {
	return onService(func(s *corev1.Service) {
		s.Status.Conditions = append(s.Status.Conditions, metav1.Condition{Type: kind, Status: status, Reason: reason, Message: message})
	})
}

func TestWhatTheBalancerReports(t *testing.T) {
	const portsError = "LoadBalancerPortsError"
	secondAddress := onService(func(s *corev1.Service) {
		failed := "PortInUse"
		s.Status.LoadBalancer.Ingress = append(s.Status.LoadBalancer.Ingress, corev1.LoadBalancerIngress{IP: "2001:db8::1", Ports: []corev1.PortStatus{{Port: 443, Protocol: corev1.ProtocolTCP, Error: &failed}}})
	})
	runRows(t, v1alpha1.ConditionLoadBalancerReady, map[string]row{
		"row 81: an error on a port":                       {given: []option{portError(80, "PortNotAvailable")}, status: no, reason: v1alpha1.ReasonBalancerReportsError, says: `The status of Service edge-public/public-edge-ingress has the error "PortNotAvailable" for port 80/TCP of 203.0.113.10.`},
		"row 81: an error on a port of the second address": {given: []option{secondAddress}, status: no, reason: v1alpha1.ReasonBalancerReportsError, says: `"PortInUse" for port 443/TCP of 2001:db8::1`},
		"row 81: errors on both ports":                     {given: []option{portError(80, "PortNotAvailable"), portError(443, "PortNotAvailable")}, status: no, reason: v1alpha1.ReasonBalancerReportsError, says: "port 443/TCP"},
		"row 81: an error on a port of a host name":        {given: []option{awsInstance, portError(443, "ListenerFailed")}, status: no, reason: v1alpha1.ReasonBalancerReportsError, says: "of " + networkHost},
		"row 81: LoadBalancerPortsError":                   {given: []option{serviceCondition(portsError, yes, "LoadBalancerMixedProtocolNotSupported", "no UDP")}, status: no, reason: v1alpha1.ReasonBalancerReportsError, says: `The status of Service edge-public/public-edge-ingress has the condition LoadBalancerPortsError True: LoadBalancerMixedProtocolNotSupported, "no UDP".`},
		"row 81: the same before there is an address":      {given: []option{onService(noAddress), serviceCondition(portsError, yes, "MixedProtocol", "no UDP")}, status: no, reason: v1alpha1.ReasonBalancerReportsError, says: "no UDP"},
		"row 81: a condition that says there is no error":  {given: []option{serviceCondition(portsError, no, "AllGood", "")}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 81: LoadBalancerDegraded":                     {given: []option{serviceCondition("LoadBalancerDegraded", yes, "PortsNotSupported", "")}, status: no, reason: v1alpha1.ReasonBalancerReportsError, says: "LoadBalancerDegraded True: PortsNotSupported."},
		"row 81: Cilium's pool has no address":             {given: []option{noMetalLB, class("io.cilium/bgp-control-plane"), serviceCondition("cilium.io/IPAMRequestSatisfied", no, "out_of_ips", "All pools are used up")}, status: no, reason: v1alpha1.ReasonBalancerReportsError, says: "out_of_ips"},
		"row 81: Cilium's pool has one":                    {given: []option{noMetalLB, class("io.cilium/bgp-control-plane"), serviceCondition("cilium.io/IPAMRequestSatisfied", yes, "satisfied", "")}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 81: a condition of a controller, not ready":   {given: []option{serviceCondition("example.com/LoadBalancerReady", no, "QuotaExceeded", "no more addresses")}, status: no, reason: v1alpha1.ReasonBalancerReportsError, says: "QuotaExceeded"},
		"row 81: a condition of a controller, sync failed": {given: []option{serviceCondition("example.com/SyncFailed", yes, "Forbidden", "token expired")}, status: no, reason: v1alpha1.ReasonBalancerReportsError, says: "token expired"},
		"row 81: a condition that nobody knows, Unknown":   {given: []option{serviceCondition("example.com/Provisioned", unknown, "Waiting", "")}, status: unknown, reason: v1alpha1.ReasonBalancerReportsError, says: "example.com/Provisioned Unknown: Waiting"},
		"row 81: a condition whose meaning is not known":   {given: []option{serviceCondition("example.com/Weighted", no, "Disabled", "")}, status: yes, reason: v1alpha1.ReasonAddressAssigned, says: "example.com/Weighted False: Disabled"},
		"row 81: a good word that is denied":               {given: []option{serviceCondition("example.com/NotProgrammed", yes, "NoPool", "")}, status: no, reason: v1alpha1.ReasonBalancerReportsError, says: "example.com/NotProgrammed True: NoPool."},
		"row 81: a good word that is not denied":           {given: []option{serviceCondition("NotProgrammed", no, "Done", "")}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 81: backends that are not healthy":            {given: []option{serviceCondition("BackendsNotHealthy", yes, "NoBackend", "")}, status: no, reason: v1alpha1.ReasonBalancerReportsError, says: "BackendsNotHealthy True"},
		"row 81: not available":                            {given: []option{serviceCondition("NotAvailable", yes, "Quota", "")}, status: no, reason: v1alpha1.ReasonBalancerReportsError, says: "NotAvailable True"},
		"row 81: unhealthy":                                {given: []option{serviceCondition("example.com/Unhealthy", yes, "Probe", "")}, status: no, reason: v1alpha1.ReasonBalancerReportsError, says: "Unhealthy True"},
		"row 81: not ready":                                {given: []option{serviceCondition("NotReady", yes, "Starting", "")}, status: no, reason: v1alpha1.ReasonBalancerReportsError, says: "NotReady True"},
		"row 81: no errors":                                {given: []option{serviceCondition("NoErrors", yes, "Fine", "")}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 81: not without errors":                       {given: []option{serviceCondition("NoErrors", no, "Refused", "")}, status: no, reason: v1alpha1.ReasonBalancerReportsError, says: "NoErrors False"},
		"row 81: not degraded":                             {given: []option{serviceCondition("NotDegraded", yes, "Fine", "")}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 81: stalled":                                  {given: []option{serviceCondition("Stalled", yes, "NoPool", "")}, status: no, reason: v1alpha1.ReasonBalancerReportsError, says: "Stalled True"},
		"row 81: a quota that is exceeded":                 {given: []option{serviceCondition("QuotaExceeded", yes, "Quota", "")}, status: no, reason: v1alpha1.ReasonBalancerReportsError, says: "QuotaExceeded True"},
		"row 81: a pool that is exhausted":                 {given: []option{serviceCondition("example.com/PoolExhausted", yes, "Empty", "")}, status: no, reason: v1alpha1.ReasonBalancerReportsError, says: "PoolExhausted True"},
		"row 81: access denied":                            {given: []option{serviceCondition("AccessDenied", yes, "Forbidden", "")}, status: no, reason: v1alpha1.ReasonBalancerReportsError, says: "AccessDenied True"},
		"row 81: unavailable":                              {given: []option{serviceCondition("Unavailable", no, "Fine", "")}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 81: a word that only ends like a denial":      {given: []option{serviceCondition("VolcanoReady", no, "Starting", "")}, status: no, reason: v1alpha1.ReasonBalancerReportsError, says: "VolcanoReady False"},
		"row 81: a denial of an unknown word":              {given: []option{serviceCondition("NotWeighted", yes, "Disabled", "")}, status: yes, reason: v1alpha1.ReasonAddressAssigned, says: "NotWeighted True: Disabled"},
		"row 81: the remedy survives a long message":       {given: []option{serviceCondition("Stalled", yes, "NoPool", strings.Repeat("no address in pool ", 5000))}, status: no, reason: v1alpha1.ReasonBalancerReportsError, says: "See the events of the Service"},
		"row 81: the remedy survives a long error":         {given: []option{portError(80, strings.Repeat("no address in pool ", 5000))}, status: no, reason: v1alpha1.ReasonBalancerReportsError, says: "See the events of the Service"},
		"row 81: a port without an error": {given: []option{onService(func(s *corev1.Service) {
			s.Status.LoadBalancer.Ingress[0].Ports = []corev1.PortStatus{{Port: 80, Protocol: corev1.ProtocolTCP}}
		})}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 81: a class that is frozen matters more":         {given: []option{portError(80, "PortNotAvailable"), onService(func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeClusterIP })}, status: unknown, reason: v1alpha1.ReasonServiceMissing},
		"row 81: a message that is not valid UTF-8 is mended": {given: []option{portError(80, "no\xffport")}, status: no, reason: v1alpha1.ReasonBalancerReportsError, says: "port 80/TCP"},
	})
}
