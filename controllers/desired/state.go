// Package desired decides what should exist, from the spec and what was seen. It is pure: it imports no client and asks
// nobody; the same snapshot gives the same state.
package desired

import (
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/edge-ingress/edge-ingress-operator/controllers/engine"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// State is what should exist.
type State struct {
	// Nodes says which nodes are edge nodes and what is to change on which node.
	Nodes NodePlan
	// Namespace is where the controller runs.
	Namespace string
	// Objects should exist, in the order in which they are applied. An object that must not be touched for now (Blocked, ImageRefused) is not among them.
	Objects []*unstructured.Unstructured
	// Changes are what is to be done about objects, in this order. An object that is as wanted is not among them.
	Changes []Change
	// Kept are objects of ours that are no longer wanted and stay until what replaces them serves.
	Kept []snapshot.Ref
	// Config is the content of the controller's ConfigMap.
	Config map[string]string
	// ConfigProblems are settings that were asked for and are not in Config.
	ConfigProblems []engine.Problem
	// NamespaceReserved is whether Namespace is the operator's own. Nothing is applied then.
	NamespaceReserved bool
	// ImageRefused is the repository of spec.controller.image where the operator's flag does not allow it; the workload is left as it is.
	ImageRefused string
	// Blocked are objects that cannot become what was asked for, because Kubernetes freezes a field of theirs.
	Blocked []Block
}

// Block is an object that is not applied, and why.
type Block struct {
	Ref   snapshot.Ref
	Cause BlockCause
	// Wanted and Live are the values of the frozen field; Live may be empty.
	Wanted, Live string
}

// BlockCause is the field that Kubernetes freezes.
type BlockCause string

const (
	// BlockedByClass: a Service's loadBalancerClass.
	BlockedByClass BlockCause = "LoadBalancerClass"
	// BlockedByIPFamily: a Service's primary IP family.
	BlockedByIPFamily BlockCause = "IPFamily"
)

// NodePlan says which nodes are edge nodes, which are on their way out, and what is to change on which node. Names are ordered.
type NodePlan struct {
	// Selected are the nodes that exist, are chosen by the spec and are not being deleted.
	Selected []string
	// Missing are the nodes that the spec names and that do not exist.
	Missing []string
	// Withdrawn are those of Selected that run no controller for now, or soon none, because they are cordoned or about to be removed.
	Withdrawn []string
	// Kept are those of Selected that should be withdrawn and serve on, because too few others would.
	Kept []string
	// Releasing are nodes that left the edge set and still run a controller; they keep the role label and the taint until it has ended.
	Releasing []string
	// Held are those of Releasing that keep their controller, because too few others would serve.
	Held []string
	// Awaited are those of Selected that could serve and do not. What is held waits for them.
	Awaited []string
	// Moving are nodes that are no edge nodes and have pods of a Deployment, which are to be replaced by others elsewhere.
	Moving []string
	// Recheck is when time alone changes the plan; zero where only an event does.
	Recheck time.Time
	// Labels are the changes of labels.
	Labels []LabelChange
	// Taints are the changes of taints and of their claims.
	Taints []TaintChange
	// Traces are nodes that have nothing of this EdgeIngress but an entry in their managed fields, which is to be removed.
	Traces []Trace
	// Withheld are the taints that were asked for and are not set, and why.
	Withheld []Withheld
}

// LabelChange is the whole set of labels that this EdgeIngress's field manager shall hold on a node; empty to let go of all.
type LabelChange struct {
	Node   string
	UID    types.UID
	Labels map[string]string
	Step   Step
}

// Step is what a change of labels means for the node.
type Step string

const (
	// StepJoin: the node is an edge node and gets what is missing.
	StepJoin Step = "Join"
	// StepWithdraw: the node stays an edge node and loses the label by which the controller runs there.
	StepWithdraw Step = "Withdraw"
	// StepRelease: the node left the edge set and loses the label by which the controller runs there.
	StepRelease Step = "Release"
	// StepLetGo: nothing of the controller is left there, and the node loses the rest.
	StepLetGo Step = "LetGo"
)

// TaintChange changes the role taint of a node and this EdgeIngress's claim on it.
type TaintChange struct {
	Node string
	UID  types.UID
	// Key of the role taint; see RoleTaint.
	Key string
	// Present is set where this EdgeIngress wants the taint. Otherwise its claim is dropped, and the taint goes unless another EdgeIngress claims it.
	Present bool
}

// Trace is a node on which a write of taints left an entry of this EdgeIngress in the managed fields, as a pass that was cut short does.
type Trace struct {
	Node string
	UID  types.UID
}

// Withheld are taints that are not set, and why.
type Withheld struct {
	Cause WithheldCause
	// Nodes that stay without the taint, ordered.
	Nodes []string
	// Agents that the taint would remove.
	Agents []snapshot.Agent
}

// WithheldCause says why a taint is not set.
type WithheldCause string

const (
	// WithheldForAgents: the taint would remove load-balancer agents that do not tolerate it.
	WithheldForAgents WithheldCause = "ForAgents"
	// WithheldFromAllNodes: the taint would leave no node for ordinary pods.
	WithheldFromAllNodes WithheldCause = "FromAllNodes"
	// WithheldFromControlPlane: the node runs the control plane.
	WithheldFromControlPlane WithheldCause = "FromControlPlane"
	// WithheldUnread: a read failed that shows what the taint would do to agents and applications.
	WithheldUnread WithheldCause = "Unread"
)
