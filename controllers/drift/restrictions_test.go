package drift_test

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/controllers/drift"
)

func TestWhatOnlyTakesRightsAwayChangesNoPod(t *testing.T) {
	pod := func(securityContext, ofContainer string) string {
		return "securityContext: {" + securityContext + "}\ncontainers: [{name: controller, image: a, securityContext: {" + ofContainer + "}}]"
	}
	const ids = "runAsUser: 101, runAsGroup: 82"
	const usual = ids + ", allowPrivilegeEscalation: false, capabilities: {add: [NET_BIND_SERVICE], drop: [ALL]}"
	for name, test := range map[string]struct {
		wanted, live string
		// want are the fields that decide.
		want string
	}{
		"a policy also drops NET_RAW":                   {wanted: pod("", usual), live: pod("", ids+", allowPrivilegeEscalation: false, capabilities: {add: [NET_BIND_SERVICE], drop: [ALL, NET_RAW]}")},
		"a policy puts its own before":                  {wanted: pod("", usual), live: pod("", ids+", allowPrivilegeEscalation: false, capabilities: {add: [NET_BIND_SERVICE], drop: [SYS_ADMIN, ALL]}")},
		"a policy drops where nothing was asked for":    {wanted: pod("", ids), live: pod("", ids+", capabilities: {drop: [ALL]}")},
		"a user and a group of files for the pod":       {wanted: pod("", usual), live: pod("runAsUser: 1000, fsGroup: 2000", usual)},
		"a group for the pod, and more groups":          {wanted: pod("", usual), live: pod("runAsGroup: 3000, supplementalGroups: [1], fsGroupChangePolicy: OnRootMismatch", usual)},
		"root for the pod, and not for its containers":  {wanted: pod("", usual), live: pod("runAsUser: 0, runAsGroup: 0", usual)},
		"OpenShift's labels and profiles":               {wanted: pod("", usual), live: pod("seLinuxOptions: {level: 's0:c1,c2'}, fsGroup: 1000640000, seccompProfile: {type: RuntimeDefault}", usual+", readOnlyRootFilesystem: true, runAsNonRoot: true")},
		"what is the default anyway":                    {wanted: pod("", usual), live: pod("", usual+", privileged: false, procMount: Default")},
		"a policy drops others instead":                 {wanted: pod("", usual), live: pod("", ids+", allowPrivilegeEscalation: false, capabilities: {add: [NET_BIND_SERVICE], drop: [NET_RAW]}"), want: "containers[controller].securityContext.capabilities.drop"},
		"a policy drops nothing any more":               {wanted: pod("", usual), live: pod("", ids+", allowPrivilegeEscalation: false, capabilities: {add: [NET_BIND_SERVICE]}"), want: "containers[controller].securityContext.capabilities.drop"},
		"a right over the network":                      {wanted: pod("", usual), live: pod("", ids+", allowPrivilegeEscalation: false, capabilities: {add: [NET_BIND_SERVICE, NET_ADMIN], drop: [ALL]}"), want: "containers[controller].securityContext.capabilities.add"},
		"a right where none was asked for":              {wanted: pod("", ids), live: pod("", ids+", capabilities: {add: [NET_ADMIN], drop: [ALL]}"), want: "containers[controller].securityContext.capabilities.add"},
		"another user for the container":                {wanted: pod("", usual), live: pod("", strings.Replace(usual, "101", "0", 1)), want: "containers[controller].securityContext.runAsUser"},
		"a user for a pod whose container names none":   {wanted: pod("", "runAsGroup: 82"), live: pod("runAsUser: 0", "runAsGroup: 82"), want: "securityContext.runAsUser"},
		"a group for a pod whose container names none":  {wanted: pod("", "runAsUser: 101"), live: pod("runAsGroup: 0", "runAsUser: 101"), want: "securityContext.runAsGroup"},
		"another user for the pod than was asked for":   {wanted: pod("runAsUser: 5", usual), live: pod("runAsUser: 0", usual), want: "securityContext.runAsUser"},
		"settings of the network":                       {wanted: pod("", usual), live: pod("sysctls: [{name: a, value: b}]", usual), want: "securityContext.sysctls"},
		"a user, and a container that has lost its own": {wanted: pod("", usual), live: pod("runAsUser: 0", strings.Replace(usual, "runAsUser: 101, ", "", 1)), want: "containers[controller].securityContext.runAsUser"},
	} {
		t.Run(name, func(t *testing.T) {
			wanted, live := daemonSet(t, podSpecOf(t, test.wanted)), podSpecOf(t, test.live)
			differences, err := drift.OfPod(live, nil, wanted)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, difference := range differences {
				got = append(got, difference.At)
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("want %q, got %q", test.want, got)
			}
			same, err := drift.RunsAsWanted(corev1.PodTemplateSpec{Spec: live}, wanted)
			if err != nil || same != (test.want == "") {
				t.Errorf("as the template: want the same %t, got %t %v", test.want == "", same, err)
			}
		})
	}
}
