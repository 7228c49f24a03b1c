package controllers

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/provider"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
	"github.com/edge-ingress/edge-ingress-operator/controllers/workload"
)

const (
	// agentRecheck is the time to the next look at an agent of which some pods run and some do not. Its
	// roll-out changes its status with every pod, and must not cause a pass each time.
	agentRecheck = 10 * time.Second
	// agentPodsPage limits how many whole pods are in memory at once.
	agentPodsPage = 500
)

func agentsAmong(daemonSets []appsv1.DaemonSet, err error) snapshot.List[snapshot.Agent] {
	agents, companions := recognised(daemonSets)
	return snapshot.List[snapshot.Agent]{Err: err, Items: provider.WithoutCompanions(agents, func(a snapshot.Agent) bool {
		return companions[types.NamespacedName{Namespace: a.Namespace, Name: a.Name}]
	})}
}

// recognised returns the agents in order, and which of them only accompany others.
func recognised(daemonSets []appsv1.DaemonSet) (agents []snapshot.Agent, companions map[types.NamespacedName]bool) {
	companions = map[types.NamespacedName]bool{}
	for i := range daemonSets {
		daemonSet := &daemonSets[i]
		belongsTo, isAgent := provider.AgentProvider(daemonSet)
		if !isAgent {
			continue
		}
		pod, version := daemonSet.Spec.Template.Spec, provider.AgentVersion(belongsTo, daemonSet)
		companions[types.NamespacedName{Namespace: daemonSet.Namespace, Name: daemonSet.Name}] = provider.IsCompanion(belongsTo, daemonSet)
		agents = append(agents, snapshot.Agent{
			Writer: provider.WriterOf(daemonSet), Version: version, Mixed: version != "" && workload.DaemonSetRolls(daemonSet),
			Provider: belongsTo, Namespace: daemonSet.Namespace, Name: daemonSet.Name,
			Tolerations: pod.Tolerations, NodeSelector: pod.NodeSelector, Affinity: pod.Affinity, Pods: agentCounts(daemonSet.Status),
		})
	}
	slices.SortFunc(agents, func(a, b snapshot.Agent) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return agents, companions
}

// agentCounts reads the status. Its controller counts a pod as ready on each node that should run one
// (k8s.io/kubernetes pkg/controller/daemon updateDaemonSetStatus).
func agentCounts(status appsv1.DaemonSetStatus) snapshot.AgentPods {
	pods := snapshot.AgentPods{Wanted: status.DesiredNumberScheduled, Created: status.CurrentNumberScheduled, Ready: status.NumberReady}
	switch {
	case status.DesiredNumberScheduled == 0 && status.ObservedGeneration == 0:
	case status.NumberReady == 0:
		pods.Running = snapshot.RunningNone
	case status.NumberReady < status.DesiredNumberScheduled:
		pods.Running = snapshot.RunningSome
	default:
		pods.Running = snapshot.RunningAll
	}
	return pods
}

// viewOfAgents returns what a pass looks at of an agent, without counts, which change with every pod of a
// roll-out.
func viewOfAgents(daemonSet *appsv1.DaemonSet) []snapshot.Agent {
	agents, _ := recognised([]appsv1.DaemonSet{*daemonSet})
	for i := range agents {
		agents[i].Pods = snapshot.AgentPods{Running: agents[i].Pods.Running}
	}
	return agents
}

// observeAgentPods adds what the counts of the agents in use do not show: on which nodes a pod is ready, and
// whether the namespace refuses the pods.
func (r *Reconciler) observeAgentPods(ctx context.Context, s *snapshot.Snapshot, daemonSets []appsv1.DaemonSet) {
	if s.EdgeIngress.Spec.Exposure.Type != v1alpha1.ExposureLoadBalancer || !s.EdgeIngress.DeletionTimestamp.IsZero() {
		return
	}
	suspects := provider.Suspects(*s, provider.Identify(*s).Provider)
	for i := range s.Agents.Items {
		agent := &s.Agents.Items[i]
		if !slices.Contains(suspects, agent.Provider) {
			continue
		}
		if agent.Pods.Created < agent.Pods.Wanted {
			agent.Pods.Refuses = r.podSecurityAgainstAgents(ctx, agent.Namespace)
		}
		at := slices.IndexFunc(daemonSets, func(d appsv1.DaemonSet) bool { return d.Namespace == agent.Namespace && d.Name == agent.Name })
		if agent.Pods.Running == snapshot.RunningSome && at >= 0 {
			agent.Pods.ReadyOn, agent.Pods.Err = r.agentReads.of(&daemonSets[at], func() (map[string]bool, error) { return r.readyNodes(ctx, &daemonSets[at]) })
		}
	}
}

// podSecurityAgainstAgents returns the level that the namespace enforces, if it forbids the host network
// (Pod Security Standards, k8s.io/pod-security-admission/api). A level that was not read explains nothing.
func (r *Reconciler) podSecurityAgainstAgents(ctx context.Context, namespace string) string {
	live := &metav1.PartialObjectMetadata{}
	live.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
	if err := r.Client.Get(ctx, types.NamespacedName{Name: namespace}, live); err != nil {
		return ""
	}
	level := live.Labels["pod-security.kubernetes.io/enforce"]
	if level == "baseline" || level == "restricted" {
		return level
	}
	return ""
}

// readyNodes asks the API server for the agent's pods. The caches do not hold them: with a network plugin
// there is one on every node of the cluster.
func (r *Reconciler) readyNodes(ctx context.Context, daemonSet *appsv1.DaemonSet) (map[string]bool, error) {
	selector, err := metav1.LabelSelectorAsSelector(daemonSet.Spec.Selector)
	if err != nil {
		return nil, fmt.Errorf("reading the selector of DaemonSet %s/%s: %w", daemonSet.Namespace, daemonSet.Name, err)
	}
	ready := map[string]bool{}
	for page := (&corev1.PodList{}); ; {
		next := page.Continue
		page = &corev1.PodList{}
		err := r.Reader.List(ctx, page, client.InNamespace(daemonSet.Namespace), client.MatchingLabelsSelector{Selector: selector}, client.Limit(agentPodsPage), client.Continue(next))
		if err != nil {
			return nil, fmt.Errorf("listing the pods of DaemonSet %s/%s: %w", daemonSet.Namespace, daemonSet.Name, err)
		}
		for i := range page.Items {
			pod := &page.Items[i]
			if owner := metav1.GetControllerOf(pod); owner != nil && owner.UID == daemonSet.UID && pod.DeletionTimestamp.IsZero() && observedPod(pod, "").Ready {
				ready[pod.Spec.NodeName] = true
			}
		}
		if page.Continue == "" {
			return ready, nil
		}
	}
}

// agentReads remembers the pods that were read for each version of an agent's DaemonSet, so that passes over
// an unchanged agent send no request. Its zero value is ready for use. A nil agentReads remembers nothing.
type agentReads struct {
	mu    sync.Mutex
	byUID map[types.UID]agentRead
}

type agentRead struct {
	version string
	ready   map[string]bool
}

// of returns the nodes with a ready pod. The map must not be changed.
func (a *agentReads) of(daemonSet *appsv1.DaemonSet, read func() (map[string]bool, error)) (map[string]bool, error) {
	if a == nil {
		return read()
	}
	a.mu.Lock()
	known, there := a.byUID[daemonSet.UID]
	a.mu.Unlock()
	if there && known.version == daemonSet.ResourceVersion {
		return known.ready, nil
	}
	ready, err := read()
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.byUID == nil {
		a.byUID = map[types.UID]agentRead{}
	}
	a.byUID[daemonSet.UID] = agentRead{daemonSet.ResourceVersion, ready}
	return ready, nil
}

// agentsToRecheck reports whether some agents are neither whole nor gone.
func agentsToRecheck(s snapshot.Snapshot) bool {
	return slices.ContainsFunc(s.Agents.Items, func(a snapshot.Agent) bool { return a.Pods.ReadyOn != nil || a.Pods.Err != nil })
}

// writersOf keeps the annotations that show who writes a DaemonSet.
func writersOf(annotations map[string]string) map[string]string {
	var kept map[string]string
	for _, key := range provider.WriterAnnotations {
		if value, there := annotations[key]; there {
			if kept == nil {
				kept = map[string]string{}
			}
			kept[key] = value
		}
	}
	return kept
}
