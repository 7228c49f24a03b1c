// Package snapshot is data only: what one pass saw of the cluster, and what came of its writes. It is the input of the
// packages that decide (desired, assess), which see the cluster through nothing else.
package snapshot

import (
	"errors"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// Snapshot is what one pass saw. It is read once, at the top of the pass, and is never written to.
type Snapshot struct {
	// Time is when the pass looked.
	Time time.Time
	// EdgeIngress is the object that the pass is about.
	EdgeIngress *v1alpha1.EdgeIngress
	// Others are the other EdgeIngress objects of the cluster, those that are being deleted excepted.
	Others List[v1alpha1.EdgeIngress]
	// Options are the operator's own settings.
	Options Options
	// Nodes are all nodes of the cluster, ordered by name.
	Nodes List[Node]
	// Repairs are those of earlier passes, by object. The operator forgets them when it restarts.
	Repairs map[Ref]Repairs
	// Namespace is where the controller runs.
	Namespace Namespace
	// Live are the live objects of the kinds that the operator makes: those that this EdgeIngress owns, and whatever has the name of one that it needs.
	Live map[Ref]Live
	// Service publishes the controller.
	Service Read[corev1.Service]
	// ConfigMap is the controller's configuration.
	ConfigMap Read[corev1.ConfigMap]
	// DaemonSet runs the controller; with a Deployment it is what a change of kind has left.
	DaemonSet Read[appsv1.DaemonSet]
	// Deployment runs the controller; with a DaemonSet it is what a change of kind has left.
	Deployment Read[appsv1.Deployment]
	// Pods are the controller's pods of both workloads, ordered by name.
	Pods List[Pod]
	// EndpointSlices are all slices of the Service, whoever made them.
	EndpointSlices List[discoveryv1.EndpointSlice]
	// Agents are the load-balancer agents that run as DaemonSets in the cluster.
	Agents List[Agent]
	// Inventory names every object that carries this EdgeIngress's labels and owner reference and is not on its way out already.
	Inventory List[Ref]
}

// ReadErrors are the reads that failed, or nil.
func (s Snapshot) ReadErrors() error {
	errs := []error{s.Others.Err, s.Nodes.Err, s.Namespace.Err, s.Pods.Err, s.EndpointSlices.Err, s.Agents.Err, s.Inventory.Err}
	for _, live := range s.Live {
		errs = append(errs, live.Err)
	}
	return errors.Join(errs...)
}

// Live is a live object as the API server encodes it, without managed fields.
type Live struct {
	// Object is nil where it is not this EdgeIngress's, or could not be read.
	Object *unstructured.Unstructured
	// Foreign is whether the object is not this EdgeIngress's.
	Foreign bool
	// Err says why it could not be read; nil where it was.
	Err error
}

// Namespace is what matters of a namespace.
type Namespace struct {
	Exists bool
	// Terminating is whether it is being deleted, so that nothing can be created in it.
	Terminating bool
	// Err says why it could not be read; nil where it was.
	Err error
}

// Options are the operator's own settings, from its flags.
type Options struct {
	// AllowedImageRepositories are the repositories that spec.controller.image may name.
	AllowedImageRepositories []string
	// ControllerClusterRole is the ClusterRole, shipped with the operator, that the controller is bound to.
	ControllerClusterRole string
	// ElectionClusterRole is the ClusterRole, shipped with the operator, that the controller is bound to in its own namespace, for its leader election.
	ElectionClusterRole string
	// ReservedNamespaces are the operator's own, where no ingress controller may run.
	ReservedNamespaces []string
}

// Read is a single object: seen, not there, or not looked at.
type Read[T any] struct {
	// Value is nil where there is no such object, or where it could not be looked at.
	Value *T
	// Err says why it could not be looked at; nil where it was.
	Err error
	// Foreign is whether an object of this name exists that is not this EdgeIngress's. Value is nil then.
	Foreign bool
}

// List is several objects, or the reason why they could not be looked at.
type List[T any] struct {
	Items []T
	// Err says why they could not be looked at; nil where they were.
	Err error
}

// Node is what matters of a node.
type Node struct {
	Name   string
	UID    types.UID
	Labels map[string]string
	Taints []corev1.Taint
	// TaintClaims are the taint keys that EdgeIngress objects put on this node, by the EdgeIngress's name.
	TaintClaims map[string]string
	// ManagedLabels are the label keys that an EdgeIngress's field manager holds on this node, by the EdgeIngress's name.
	ManagedLabels map[string][]string
	// Traces are the names of the EdgeIngress objects whose writes of taints are listed in the node's managed fields.
	Traces []string
	// Ready is the status of the node's Ready condition.
	Ready corev1.ConditionStatus
	// Unschedulable is whether the node is cordoned.
	Unschedulable bool
	// Deleting is whether the node object is being deleted.
	Deleting    bool
	InternalIPs []string
	ExternalIPs []string
	PodCIDRs    []string
	ProviderID  string
}

// Pod is what matters of a controller pod.
type Pod struct {
	Name string
	// Created is when the pod was made, by the clock of the API server.
	Created time.Time
	// Node is empty while the pod is not scheduled.
	Node string
	// Workload is the kind that the pod belongs to.
	Workload v1alpha1.WorkloadKind
	IPs      []string
	Ready    bool
	// ReadySince is since when Ready is what it is, by the clock of the pod's node; zero where the pod does not say.
	ReadySince time.Time
	// Terminating is whether the pod is being deleted.
	Terminating bool
	// Deadline is when the grace period of a pod that is being deleted is over: its kubelet kills it then. Zero of any other.
	Deadline time.Time
	// Ended is whether the pod's containers have ended for good, as those of an evicted pod have.
	Ended bool
	// Problem is why the pod is not ready, as far as its status tells: a reason and message; empty where it tells nothing.
	Problem string
}

// Agent is a DaemonSet that makes load-balancer addresses work on the nodes where it runs.
type Agent struct {
	// Provider that the agent belongs to.
	Provider     v1alpha1.Provider
	Namespace    string
	Name         string
	Tolerations  []corev1.Toleration
	NodeSelector map[string]string
	// Affinity of its pods; nil where there is none.
	Affinity *corev1.Affinity
}

// Ref names an object. Namespace is empty for cluster-scoped kinds.
type Ref struct {
	Kind      string
	Namespace string
	Name      string
}

// String is "Kind namespace/name", or "Kind name" for cluster-scoped kinds.
func (r Ref) String() string {
	if r.Namespace == "" {
		return r.Kind + " " + r.Name
	}
	return r.Kind + " " + r.Namespace + "/" + r.Name
}

// Outcome is what came of a pass's writes. What was written shows in the next snapshot only.
type Outcome struct {
	// Written are the objects that were created, changed or replaced. Nodes are not among them.
	Written  []Write
	Failures []Failure
}

// NameTakenRecheck is how long after a pass that met FailureNameTaken the next one looks at the name again. The caches hold only objects with
// the operator's labels, so no event reports that another's object is gone.
const NameTakenRecheck = 10 * time.Second

// Write is an object that was written.
type Write struct {
	Ref Ref
	// Fields are what it was written for, as in [Repairs].
	Fields []string
	// Rival is who changes the fields back each time, as far as that is known.
	Rival string
}

// Repairs are the repairs of one object in the last while, by field. The whole object is a field as well, with an empty name: it is written where the
// object is created or replaced.
type Repairs map[string]Repair

// Repair is how often a field was set back.
type Repair struct {
	Count int
	// Last is when it was set back last.
	Last time.Time
	// Rival is who changes it back each time; empty where that is not known.
	Rival string
}

// Failure is a write that did not happen.
type Failure struct {
	Ref    Ref
	Reason FailureReason
	// Cause is what the API server refused, where that is known; empty where it is not.
	Cause FailureCause
	// Message is the API server's, for people.
	Message string
}

// FailureCause is what the API server refused.
type FailureCause string

const (
	// CauseHealthCheckPort: another Service has the health-check port that was asked for.
	CauseHealthCheckPort FailureCause = "HealthCheckPort"
	// CauseNodePort: another Service has a node port that was asked for, or it is outside of the cluster's range.
	CauseNodePort FailureCause = "NodePort"
	// CauseIPFamilies: the cluster does not have the IP families that were asked for.
	CauseIPFamilies FailureCause = "IPFamilies"
	// CauseQuota: a ResourceQuota is used up.
	CauseQuota FailureCause = "Quota"
)

// FailureReason tells failures apart.
type FailureReason string

const (
	// FailureNameTaken: an object of this name is not ours and was left alone.
	FailureNameTaken FailureReason = "NameTaken"
	// FailureRefused: the API server finds the object invalid or forbidden; trying again does not help.
	FailureRefused FailureReason = "Refused"
	// FailureOther: the write failed and will be tried again.
	FailureOther FailureReason = "Other"
)
