package desired

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

func TestNodesThatMachineManagersRemoveAreWithdrawn(t *testing.T) {
	const soft, hard, now = corev1.TaintEffectPreferNoSchedule, corev1.TaintEffectNoSchedule, corev1.TaintEffectNoExecute
	for key, test := range map[string]struct {
		effect corev1.TaintEffect
		want   string
	}{
		"karpenter.sh/disrupted":                                 {hard, "withdrawn a; Withdraw a"},
		"karpenter.sh/disruption":                                {hard, "withdrawn a; Withdraw a"},
		"aws-node-termination-handler/spot-itn":                  {hard, "withdrawn a; Withdraw a"},
		"aws-node-termination-handler/scheduled-maintenance":     {now, "withdrawn a; Withdraw a"},
		"aws-node-termination-handler/asg-lifecycle-termination": {hard, "withdrawn a; Withdraw a"},
		"aws-node-termination-handler/rebalance-recommendation":  {hard, "withdrawn a; Withdraw a"},
		"cloud.google.com/impending-node-termination":            {hard, "withdrawn a; Withdraw a"},
		"remediator.aks.microsoft.com/unschedulable":             {hard, "withdrawn a; Withdraw a"},
		"remediator.kubernetes.azure.com/unschedulable":          {hard, "withdrawn a; Withdraw a"},
		"remediator.kubernetes.azure.com/other":                  {hard, ""},
		"kubernetes.azure.com/scalesetpriority":                  {hard, ""},
		"autoscaling.cast.ai/draining":                           {hard, "withdrawn a; Withdraw a"},
		"medik8s.io/drain":                                       {hard, "withdrawn a; Withdraw a"},
		"node.cloudprovider.kubernetes.io/shutdown":              {hard, "withdrawn a; Withdraw a"},
		"node.kubernetes.io/out-of-service":                      {now, "withdrawn a; Withdraw a"},
		"ToBeDeletedByClusterAutoscaler":                         {hard, "withdrawn a; Withdraw a"},
		"DeletionCandidateOfClusterAutoscaler":                   {soft, ""},
		"aws-node-termination-handler/":                          {soft, ""},
		"node.cluster.x-k8s.io/outdated-revision":                {soft, ""},
		"karpenter.sh/unregistered":                              {now, ""},
		"node.cluster.x-k8s.io/uninitialized":                    {hard, ""},
		"startup-taint.cluster-autoscaler.kubernetes.io/disk":    {hard, ""},
		"dedicated": {hard, ""},
	} {
		t.Run(key, func(t *testing.T) {
			nodes := []snapshot.Node{memberNode("a", taint(key, test.effect)), memberNode("b")}
			if got := told(plan(t, scene(edge(), nodes, onNode("a"), onNode("b")))); got != test.want {
				t.Errorf("want %q, got %q", test.want, got)
			}
			alone := []snapshot.Node{memberNode("a", taint(key, test.effect))}
			want := ""
			if test.want != "" {
				want = "kept a"
			}
			if got := told(plan(t, scene(edge(), alone, onNode("a")))); got != want {
				t.Errorf("alone: want %q, got %q", want, got)
			}
		})
	}
}

func TestAnAgentWaitsForAStartingNode(t *testing.T) {
	for _, key := range []string{
		"karpenter.sh/unregistered", "node.cluster.x-k8s.io/uninitialized", "startup-taint.cluster-autoscaler.kubernetes.io/disk",
		"ebs.csi.aws.com/agent-not-ready", "cni.istio.io/not-ready", "node.gardener.cloud/critical-components-not-ready",
		"readiness.k8s.io/network", "node.cilium.io/agent-not-ready", "karpenter.sh/disrupted",
	} {
		t.Run(key, func(t *testing.T) {
			s := seen(edge(), node("a", pool, taint(key, corev1.TaintEffectNoSchedule)), node("w"))
			s.Agents.Items = []snapshot.Agent{speaker()}
			got := plan(t, s)
			if len(got.Withheld) != 1 || got.Withheld[0].Cause != WithheldForAgents || len(got.Taints) > 0 {
				t.Errorf("want the taint withheld for the agent that will run there, got %q and %v", gated(got), got.Taints)
			}
		})
	}
	s := seen(edge(), node("a", pool, taint("dedicated", corev1.TaintEffectNoSchedule)), node("w"))
	s.Agents.Items = []snapshot.Agent{speaker()}
	if got := plan(t, s); slices.ContainsFunc(got.Withheld, func(w Withheld) bool { return w.Cause == WithheldForAgents }) {
		t.Error("an agent that another taint keeps off for good withholds the role taint")
	}
}
