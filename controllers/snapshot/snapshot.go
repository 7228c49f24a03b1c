// Package snapshot is data only: what one pass saw of the cluster, and the outcome of its writes. It is the
// only input about the cluster for the packages that decide (desired, assess).
package snapshot

import (
	"errors"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// Snapshot holds everything that one pass saw. The pass fills it once, at its beginning, and never
// changes it.
type Snapshot struct {
	// Time is when the pass read the cluster.
	Time time.Time
	// EdgeIngress is the object that the pass is about.
	EdgeIngress *v1alpha1.EdgeIngress
	// Others are the other EdgeIngress objects of the cluster, except those that are being deleted.
	Others List[v1alpha1.EdgeIngress]
	// Held is what Others have that no second one can have, by their names.
	Held map[string]Holding
	// Options are the operator's own settings.
	Options Options
	// Nodes are all nodes of the cluster, ordered by name.
	Nodes List[Node]
	// Repairs are those of earlier passes, by object. The operator forgets them when it restarts.
	Repairs map[Ref]Repairs
	// Namespace is the namespace of the controller.
	Namespace Namespace
	// Live holds the live objects of the kinds that the operator creates: the objects that this
	// EdgeIngress owns, and any object with a name that it needs.
	Live map[Ref]Live
	// Service publishes the controller.
	Service Read[corev1.Service]
	// ConfigMap is the controller's configuration.
	ConfigMap Read[corev1.ConfigMap]
	// DaemonSet runs the controller. With kind Deployment it is left over from a change of kind.
	DaemonSet Read[appsv1.DaemonSet]
	// Deployment runs the controller. With kind DaemonSet it is left over from a change of kind.
	Deployment Read[appsv1.Deployment]
	// Pods are the controller's pods of both workloads, ordered by name.
	Pods List[Pod]
	// Refusal says why Kubernetes creates no pods of the workload; empty where it does.
	Refusal Refusal
	// EndpointSlices are all slices of the Service, from any writer.
	EndpointSlices List[discoveryv1.EndpointSlice]
	// Agents are the load-balancer agents that run as DaemonSets in the cluster.
	Agents List[Agent]
	// DaemonSets are all other DaemonSets of the cluster, ordered by namespace and name.
	DaemonSets List[DaemonSet]
	// NetworkPolicies are those in the namespace of the controller, ordered by name.
	NetworkPolicies List[networkingv1.NetworkPolicy]
	// DefaultClasses are the IngressClasses that are marked as the default, first the one that
	// Kubernetes uses.
	DefaultClasses List[string]
	// Reports are the SourceIPReports about this EdgeIngress, ordered by name.
	Reports List[v1alpha1.SourceIPReport]
	// ReportPolicy says whether the admission policy is in force that keeps reports of vantage Inside to the
	// prober's account. Without it, those reports prove nothing.
	ReportPolicy Presence
	// Guards are the names of the admission policies that are in force, of those that limit what happens with
	// the operator's rights (guardrails.Guards).
	Guards List[string]
	// ConfigWritten is when the operator last changed the ConfigMap, by the API server's clock; zero
	// where that is unknown.
	ConfigWritten time.Time
	// Departing are the Ingress objects of the class whose annotations may show their application another
	// client address than the witness sees, ordered by namespace and name.
	Departing List[Departure]
	// KeptBefore is what earlier passes knew of edge nodes. The operator forgets it when it restarts.
	KeptBefore NodesBefore
	// Inventory names every object with this EdgeIngress's labels and owner reference that is not
	// being deleted.
	Inventory List[Ref]
}

// ReadErrors returns the errors of all failed reads, or nil.
func (s Snapshot) ReadErrors() error {
	errs := []error{s.Others.Err, s.Nodes.Err, s.Namespace.Err, s.Pods.Err, s.EndpointSlices.Err, s.Agents.Err, s.DaemonSets.Err, s.DefaultClasses.Err,
		s.NetworkPolicies.Err, s.Reports.Err, s.ReportPolicy.Err, s.Guards.Err, s.Departing.Err, s.Inventory.Err}
	for _, live := range s.Live {
		errs = append(errs, live.Err)
	}
	return errors.Join(errs...)
}

// NodesBefore is what was measured of edge nodes earlier, by the node's uid.
type NodesBefore map[types.UID]KeptBefore

// KeptBefore says whether an edge node kept the source address of connections when it was last measured.
type KeptBefore struct {
	Lost bool
	// Pods are the uids of the controller pods that served there then, joined by commas.
	Pods string
	// Until is when that evidence ends.
	Until time.Time
}

// Live is a live object as the API server encodes it, without managed fields.
type Live struct {
	// Object is nil where it does not belong to this EdgeIngress, or reading it failed.
	Object *unstructured.Unstructured
	// Foreign is set where the object does not belong to this EdgeIngress.
	Foreign bool
	// Err is the error of a failed read.
	Err error
}

// Departure is an Ingress whose application may see another client address than the witness does.
type Departure struct {
	Namespace string
	Name      string
	// Why is a clause.
	Why string
}

// Presence says whether an object exists.
type Presence struct {
	Exists bool
	// Err is the error of a failed read.
	Err error
}

// Namespace is the relevant part of a namespace.
type Namespace struct {
	Exists bool
	// Terminating is set where it is being deleted, so that nothing can be created in it.
	Terminating bool
	// PodSecurity is the Pod Security Standard that its label enforces; empty without the label.
	PodSecurity string
	// Err is the error of a failed read.
	Err error
}

// Options are the operator's own settings, from its flags and its build.
type Options struct {
	// Version is the operator's own. It may be anything; see package skew.
	Version string
	// AllowedImageRepositories are the repositories that spec.controller.image may name.
	AllowedImageRepositories []string
	// ReservedNamespaces are the operator's own, where no ingress controller may run.
	ReservedNamespaces []string
	// Namespace is where the operator runs, and the witness; empty outside a cluster, where nothing is
	// measured.
	Namespace string
	// MeasureByDefault says whether an EdgeIngress whose spec does not say so is measured.
	MeasureByDefault bool
}

// Read is the result of reading a single object: found, missing, foreign, or a failed read.
type Read[T any] struct {
	// Value is nil where the object does not exist, is foreign, or reading it failed.
	Value *T
	// Err is the error of a failed read.
	Err error
	// Foreign is set where an object of this name exists that does not belong to this EdgeIngress.
	// Value is nil then.
	Foreign bool
}

// List is the result of reading several objects.
type List[T any] struct {
	Items []T
	// Err is the error of a failed read.
	Err error
}

// Node is the relevant part of a node.
type Node struct {
	Name   string
	UID    types.UID
	Labels map[string]string
	Taints []corev1.Taint
	// TaintClaims maps the name of each EdgeIngress with a claim on this node to the key of the
	// taint.
	TaintClaims map[string]string
	// ManagedLabels maps the name of each EdgeIngress to the label keys that its field manager
	// holds on this node.
	ManagedLabels map[string][]string
	// Traces names the EdgeIngress objects whose writes of taints have an entry in the node's managed fields.
	Traces []string
	// Ready is the status of the node's Ready condition.
	Ready corev1.ConditionStatus
	// Unschedulable is set where the node is cordoned.
	Unschedulable bool
	// Deleting is set where the node object is being deleted.
	Deleting    bool
	InternalIPs []string
	ExternalIPs []string
	PodCIDRs    []string
	ProviderID  string
}

// Pod is the relevant part of a controller pod.
type Pod struct {
	Name string
	UID  types.UID
	// Created is when the pod was made, by the clock of the API server.
	Created time.Time
	// Labels of the pod. They must not be changed.
	Labels map[string]string
	// Node is empty while the pod is not scheduled.
	Node string
	// Workload is the kind that the pod belongs to.
	Workload v1alpha1.WorkloadKind
	IPs      []string
	Ready    bool
	// ReadySince is the last transition of Ready, by the clock of the pod's node. It is zero where
	// the status does not show it.
	ReadySince time.Time
	// Terminating is set where the pod is being deleted.
	Terminating bool
	// Deadline is the end of the grace period of a terminating pod, when the kubelet kills it. It
	// is zero for other pods.
	Deadline time.Time
	// Ended is set where the pod's containers have ended for good, for example after an eviction.
	Ended bool
	// Problem is the reason and message in the status of a pod that is not ready. It is empty where
	// the status has none.
	Problem string
	// Spec is what the pod runs and who reaches it (drift.PodSpecOf). It is never nil in what was read.
	Spec *corev1.PodSpec
	// Digests are those of the images that the node runs, by container, where the node reports them.
	Digests map[string]string
	// Redirects are the annotations that lead the pod's connections another way (drift.RedirectsOf).
	Redirects map[string]string
}

// Refusal is the reason why Kubernetes creates no pods of the workload.
type Refusal struct {
	// Message of the refusal. It is empty where pods are created, or the reason is not known.
	Message string
	// Next is when the operator looks for the reason again. It is zero where an event reports it.
	Next time.Time
}

// Agent is a DaemonSet of a load balancer that announces or serves its addresses on the nodes where it runs.
type Agent struct {
	// Provider is the load balancer of the agent.
	Provider     v1alpha1.Provider
	Namespace    string
	Name         string
	Tolerations  []corev1.Toleration
	NodeSelector map[string]string
	// Affinity of its pods; nil where there is none.
	Affinity *corev1.Affinity
	// Pods says which of its pods run.
	Pods AgentPods
	// Writer is what writes the DaemonSet.
	Writer Writer
	// Version is the tag of its image where facts about the load balancer depend on it and the image shows it,
	// and Mixed is set where pods of an older template may run.
	Version string
	Mixed   bool
}

// Ref names an object. Namespace is empty for cluster-scoped kinds.
type Ref struct {
	Kind      string
	Namespace string
	Name      string
}

// String returns "Kind namespace/name", or "Kind name" for cluster-scoped kinds.
func (r Ref) String() string {
	if r.Namespace == "" {
		return r.Kind + " " + r.Name
	}
	return r.Kind + " " + r.Namespace + "/" + r.Name
}

// Outcome is the result of a pass's writes. Only the next snapshot shows the written objects.
type Outcome struct {
	// Written are the objects that were created, changed or replaced. Nodes are not among them.
	Written  []Write
	Failures []Failure
}

// NameTakenRecheck is the time from a pass that met FailureNameTaken to the next look at the name.
// The caches hold only objects with the operator's labels, so no event reports that a foreign
// object is gone.
const NameTakenRecheck = 10 * time.Second

// Write is an object that was written.
type Write struct {
	Ref Ref
	// Fields are the fields that caused the write, as in [Repairs].
	Fields []string
	// Version says what was written where that changes with the spec; empty where it does not matter.
	Version string
	// Rival is the writer that undoes each repair, if known.
	Rival string
	// Overruled are those of Fields that the API server's answer to the write shows with other
	// values: an admission policy or webhook changed them in the same request.
	Overruled []string
}

// Repairs are the recent repairs of one object, by field. A field with an empty name stands for the whole
// object, which is created.
type Repairs map[string]Repair

// Repair counts the repairs of a field.
type Repair struct {
	Count int
	// Last is the time of the last repair.
	Last time.Time
	// Version is that of the write, as in [Write]. Writing another version is no repair.
	Version string
	// Rival is the writer that undoes each repair; empty where it is unknown.
	Rival string
	// Overruled is set where the answer to the last write did not have what was written.
	Overruled bool
}

// Failure is a failed write.
type Failure struct {
	Ref    Ref
	Reason FailureReason
	// Cause says what the API server refused; empty where that is unknown.
	Cause FailureCause
	// Message is the API server's message.
	Message string
}

// FailureCause says what the API server refused.
type FailureCause string

const (
	// CauseHealthCheckPort: another Service has the requested health-check port.
	CauseHealthCheckPort FailureCause = "HealthCheckPort"
	// CauseNodePort: another Service has a requested node port, or the port is outside the cluster's range.
	CauseNodePort FailureCause = "NodePort"
	// CauseIPFamilies: the cluster does not support the requested IP families.
	CauseIPFamilies FailureCause = "IPFamilies"
	// CauseQuota: a ResourceQuota is used up.
	CauseQuota FailureCause = "Quota"
)

// FailureReason classifies failures.
type FailureReason string

const (
	// FailureNameTaken: an object of this name does not belong to this EdgeIngress and was left alone.
	FailureNameTaken FailureReason = "NameTaken"
	// FailureRefused: the API server refuses the object as invalid or forbidden. A retry does not help.
	FailureRefused FailureReason = "Refused"
	// FailureOther: the write failed, and the operator retries it.
	FailureOther FailureReason = "Other"
)
