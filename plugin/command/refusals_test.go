package command_test

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/plugin/command"
)

func TestVerifyRefuses(t *testing.T) {
	for name, row := range map[string]struct {
		change    func(w *world)
		arguments []string
		says      string
	}{
		"in a pod":                     {change: func(w *world) { w.environment["KUBERNETES_SERVICE_HOST"] = "10.96.0.1" }, says: "this is a pod of a cluster"},
		"on an edge node":              {change: func(w *world) { w.local = addresses("10.0.0.11") }, says: "(10.0.0.11: node edge-1)"},
		"on the prober's node":         {change: func(w *world) { w.local = addresses("10.0.0.21") }, says: "(10.0.0.21: node worker-1)"},
		"on a node with no controller": {change: func(w *world) { w.nodes = someNodes(); w.local = addresses("10.0.0.31") }, says: "node worker-3)"},
		"on a node by its external address": {
			change: func(w *world) { w.nodes = someNodes(); w.local = addresses("198.51.100.31") }, says: "node worker-3)",
		},
		"in the range of pods": {
			change: func(w *world) { w.nodes = someNodes(); w.local = addresses("127.0.0.1", "10.244.3.5") }, says: "10.244.3.5: in the pod range of node worker-3",
		},
		"a name that does not exist": {arguments: []string{"verify", "pubic"}, says: `there is no EdgeIngress "pubic": write one of these names: public`},
		"no name":                    {arguments: []string{"verify"}, says: "write `kubectl edge-ingress verify NAME` with one of: public"},
		"two names":                  {arguments: []string{"verify", "a", "b"}, says: "2 names are too many"},
		"no address yet":             {change: func(w *world) { w.edges["public"].Status.Addresses = nil }, says: "has no address in its status"},
		"measuring is off": {change: func(w *world) {
			w.edges["public"].Spec.Verification = &v1alpha1.VerificationSpec{Probes: v1alpha1.Disabled}
		}, says: "set spec.verification.probes to Enabled"},
		"a host that is not served":    {arguments: []string{"verify", "public", "--host", "www.example.com"}, says: "verification: {hosts: [www.example.com]}"},
		"an address with a port":       {arguments: []string{"verify", "public", "--address", "203.0.113.1:80"}, says: "write --address 203.0.113.1, and the port as --http-port"},
		"a URL as address":             {arguments: []string{"verify", "public", "--address", "https://lb.example.com/x"}, says: "write --address lb.example.com"},
		"an address that is none":      {arguments: []string{"verify", "public", "--address", "1.2.3"}, says: "neither an IP address nor a host name"},
		"a host without an address":    {arguments: []string{"verify", "public", "--address", "lb.example.com"}, says: "looking up lb.example.com"},
		"a stated address that's none": {arguments: []string{"verify", "public", "--client-address", "me"}, says: `--client-address "me" is no IP address`},
		"an output format":             {arguments: []string{"verify", "public", "-o", "yaml"}, says: "write json"},
		"an unknown flag":              {arguments: []string{"verify", "public", "--adress", "x"}, says: "unknown flag: --adress"},
		"a vantage without a report":   {arguments: []string{"verify", "public", "--vantage", "x"}, says: "add --save"},
		"a vantage that is no name":    {arguments: []string{"verify", "public", "--save", "--vantage", "A B"}, says: "lower-case letters"},
		"a port that does not exist":   {arguments: []string{"verify", "public", "--http-port", "70000"}, says: "port 70000 does not exist"},
		"no port at all":               {arguments: []string{"verify", "public", "--http-port", "0", "--https-port", "0"}, says: "nothing to ask"},
		"no time":                      {arguments: []string{"verify", "public", "--timeout", "0s"}, says: "write a time such as 5m"},
		"an unknown command":           {arguments: []string{"verfy", "public"}, says: `unknown command "verfy"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if row.change != nil {
				row.change(w)
			}
			arguments := row.arguments
			if arguments == nil {
				arguments = []string{"verify", "public"}
			}
			ran := w.run(arguments...)
			if ran.code != command.ExitError || !strings.Contains(ran.err, row.says) || ran.out != "" {
				t.Errorf("exit code %d, want %d with an error that has %q, and nothing on stdout", ran.code, command.ExitError, row.says)
			}
			if len(w.hosts) > 0 {
				t.Error("a request was sent")
			}
		})
	}
}

func someNodes() *corev1.NodeList {
	node := corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "worker-3"}}
	node.Spec.PodCIDRs = []string{"10.244.3.0/24"}
	node.Status.Addresses = []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: "10.0.0.31"}, {Type: corev1.NodeExternalIP, Address: "198.51.100.31"}, {Type: corev1.NodeHostName, Address: "worker-3"}}
	return &corev1.NodeList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "NodeList"}, Items: []corev1.Node{node}}
}
