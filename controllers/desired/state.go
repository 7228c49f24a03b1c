// Package desired decides what should exist, from the spec and the snapshot. It is pure: it imports no
// client, and the same snapshot always gives the same state.
package desired

import (
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/edge-ingress/edge-ingress-operator/controllers/engine"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// State is the desired state: the objects that should exist, and every change that is needed.
type State struct {
	// Nodes says which nodes are edge nodes, and what changes on which node.
	Nodes NodePlan
	// Namespace is the namespace of the controller.
	Namespace string
	// Objects should exist, in the order in which they are applied. An object that must not be
	// written for now (Blocked, ImageRefused) is not among them.
	Objects []*unstructured.Unstructured
	// Changes are the changes to objects, in order. An object that matches is not among them. A node is
	// among them only where it is left to another writer.
	Changes []Change
	// Kept are owned objects that the spec no longer needs. They stay until their replacement serves.
	Kept []snapshot.Ref
	// Config is the content of the controller's ConfigMap.
	Config map[string]string
	// ConfigDigest is the digest that a controller reports to the witness when it has loaded Config; empty
	// where it reports none, because the EdgeIngress is not measured.
	ConfigDigest string
	// ConfigProblems are settings of the spec that are not in Config.
	ConfigProblems []engine.Problem
	// NamespaceReserved is set where Namespace is the operator's own. The operator applies nothing
	// then, and changes no node.
	NamespaceReserved bool
	// Collisions are what other EdgeIngress objects come first for.
	Collisions Collisions
	// ImageRefused is the repository of spec.controller.image if the operator's flag does not allow it. The
	// workload is not updated then.
	ImageRefused string
	// PodSecurity is the Pod Security Standard of the namespace if it forbids the ports of the node that
	// the spec asks for. The workload is not updated then, because its new pods would be refused.
	PodSecurity string
	// Blocked are objects that cannot be as the spec asks, because Kubernetes freezes one of their
	// fields, or another EdgeIngress has its value.
	Blocked []Block
}

// Block is an object that is not applied, with the reason.
type Block struct {
	Ref   snapshot.Ref
	Cause BlockCause
	// Wanted and Live are the values of the field; Live may be empty.
	Wanted, Live string
	// With is the EdgeIngress that has the value; nil for a frozen field.
	With *Collision
}

// BlockCause names the field that cannot change.
type BlockCause string

const (
	// BlockedByClass: a Service's loadBalancerClass.
	BlockedByClass BlockCause = "LoadBalancerClass"
	// BlockedByIPFamily: a Service's primary IP family.
	BlockedByIPFamily BlockCause = "IPFamily"
	// BlockedByNodePort: a node port that belongs to another EdgeIngress.
	BlockedByNodePort BlockCause = "NodePort"
	// BlockedByAddress: an address that belongs to another EdgeIngress.
	BlockedByAddress BlockCause = "Address"
)

// NodePlan says which nodes are edge nodes, which are being released, and what changes on which
// node. Names are ordered.
type NodePlan struct {
	// Selected are the existing nodes that the spec selects and that are not being deleted.
	Selected []string
	// Missing are the names in the spec without a node.
	Missing []string
	// PortsTaken are the nodes that the spec selects, and that are no edge nodes because their ports
	// belong to another EdgeIngress.
	PortsTaken []PortsTaken
	// PortsAwaited are the nodes of Selected whose ports belong to another EdgeIngress, while a
	// controller serves there without them.
	PortsAwaited []PortsTaken
	// Withdrawn are the nodes of Selected that run no controller now or soon, because they are
	// cordoned or about to be removed.
	Withdrawn []string
	// Kept are the nodes of Selected that should be withdrawn but keep serving, because too few
	// others would serve.
	Kept []string
	// Releasing are nodes that are no longer selected and still run a controller. They keep the
	// role label and the taint until it has ended.
	Releasing []string
	// Held are the nodes of Releasing that keep their controller, because too few others would serve.
	Held []string
	// Awaited are the nodes of Selected that could serve but do not yet. Held nodes wait for them.
	Awaited []string
	// Moving are nodes outside the edge set with pods of a Deployment that will move to edge nodes.
	Moving []string
	// Recheck is when the passing of time changes the plan; zero where only an event does.
	Recheck time.Time
	// Labels are the changes of labels.
	Labels []LabelChange
	// Taints are the changes of taints and of their claims.
	Taints []TaintChange
	// Traces are nodes on which this EdgeIngress has only an entry in the managed fields. The
	// operator removes that entry.
	Traces []Trace
	// Untouched are nodes that would change, but stay as they are because the namespace is
	// reserved, or belongs to another EdgeIngress. Nothing else is planned then.
	Untouched []string
	// Withheld are the taints that the spec asks for and the operator does not set, with the reasons.
	Withheld []Withheld
	// LabelsWithheld are the role labels that the operator does not set, with the reasons.
	LabelsWithheld []Withheld
	// KeptOff are the DaemonSets that the role labels and taints of edge nodes keep off; nil for none.
	KeptOff *KeptOff
}

// LabelChange is the whole set of labels that this EdgeIngress's field manager should hold on a
// node. An empty set releases all.
type LabelChange struct {
	Node   string
	UID    types.UID
	Labels map[string]string
	Step   Step
	// Fields are the labels that differ from Labels, or that another field manager set.
	Fields []string
}

// Step is the meaning of a change of labels for the node.
type Step string

const (
	// StepJoin: the node is an edge node and gets what is missing.
	StepJoin Step = "Join"
	// StepWithdraw: the node stays an edge node and loses the label by which the controller runs there.
	StepWithdraw Step = "Withdraw"
	// StepRelease: the node is no longer selected and loses the label by which the controller runs there.
	StepRelease Step = "Release"
	// StepLetGo: no controller is left there, and the node loses the remaining labels.
	StepLetGo Step = "LetGo"
)

// TaintChange changes the role taint of a node and this EdgeIngress's claim on it.
type TaintChange struct {
	Node string
	UID  types.UID
	// Key of the role taint; see RoleTaint.
	Key string
	// Present is set where this EdgeIngress wants the taint. Otherwise its claim goes, and the
	// taint goes too unless another EdgeIngress claims it.
	Present bool
}

// Trace is a node on which a write of taints left an entry of this EdgeIngress in the managed
// fields. A pass that was cut short leaves one.
type Trace struct {
	Node string
	UID  types.UID
}
