package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// SourceIPReport is what one vantage saw: it sent requests to an EdgeIngress from sockets whose addresses it
// knows, and asked the witness behind the controller which address an application sees. The operator reads
// reports as evidence. Only the prober's account may write reports of vantage Inside.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,shortName=sipr
// +kubebuilder:printcolumn:name="EdgeIngress",type=string,JSONPath=`.spec.edgeIngress`,description="The EdgeIngress that was asked"
// +kubebuilder:printcolumn:name="Vantage",type=string,JSONPath=`.spec.vantage`,description="Where the requests came from"
// +kubebuilder:printcolumn:name="Node",type=string,JSONPath=`.spec.node`,description="The node of an inside vantage"
// +kubebuilder:printcolumn:name="Problem",type=string,JSONPath=`.status.problem`,description="Why the vantage could not measure"
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type SourceIPReport struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec says which vantage looked at which EdgeIngress.
	// +required
	Spec SourceIPReportSpec `json:"spec"`

	// status is what the vantage saw.
	// +optional
	Status SourceIPReportStatus `json:"status,omitempty"`
}

// SourceIPReportList is a list of SourceIPReport.
//
// +kubebuilder:object:root=true
type SourceIPReportList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []SourceIPReport `json:"items"`
}

// SourceIPReportSpec says which vantage looked at which EdgeIngress.
//
// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="spec cannot be changed: create another SourceIPReport"
// +kubebuilder:validation:XValidation:rule="(self.vantage == 'Inside') == has(self.node)",message="node is the node of an inside vantage: write it with vantage Inside, and remove it with vantage Outside"
type SourceIPReportSpec struct {
	// edgeIngress is the name of the EdgeIngress.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=50
	EdgeIngress string `json:"edgeIngress"`

	// vantage is Inside for the prober, and Outside for a machine outside the cluster.
	// +required
	Vantage Vantage `json:"vantage"`

	// node is the node from which an inside vantage sends.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Node string `json:"node,omitempty"`
}

// Vantage is where requests come from.
// +kubebuilder:validation:Enum=Inside;Outside
type Vantage string

// The values of Vantage.
const (
	VantageInside  Vantage = "Inside"
	VantageOutside Vantage = "Outside"
)

// SourceIPReportStatus is what a vantage saw. All times are by the API server's clock.
type SourceIPReportStatus struct {
	// problem says why the vantage could not measure; empty where it could.
	// +optional
	Problem ReportProblem `json:"problem,omitempty"`

	// detail explains the problem.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	Detail string `json:"detail,omitempty"`

	// publicKey is the witness's Ed25519 key in base64 (RFC 8032), with which it signs its answers.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	PublicKey string `json:"publicKey,omitempty"`

	// challenges are fresh ones that an outside vantage may use. Only inside reports have them.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	Challenges []Challenge `json:"challenges,omitempty"`

	// controllers are the controller pods that served when the report was written, with the names by which
	// they identify themselves in the witness's answers. Only inside reports have them.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=512
	Controllers []ReportedController `json:"controllers,omitempty"`

	// control is the newest negative control of an inside vantage.
	// +optional
	Control *NegativeControl `json:"control,omitempty"`

	// observedGeneration is the generation of the EdgeIngress with which the vantage measures. Only inside reports
	// have it.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// serviceUID is the uid of the Service at the time of the sights; empty without a Service.
	// +optional
	ServiceUID types.UID `json:"serviceUID,omitempty"`

	// pathDigest is the digest of the fields that can change the address on its way, at the time of the sights.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	PathDigest string `json:"pathDigest,omitempty"`

	// statedAddress is the address that a person gave for the outside vantage, because its own socket has a
	// private one. It proves nothing.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	StatedAddress string `json:"statedAddress,omitempty"`

	// sights are what was seen, the newest for each target and kind of request.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=2048
	Sights []Sight `json:"sights,omitempty"`

	// probes counts all requests of the vantage since it started, by result.
	// +optional
	// +listType=map
	// +listMapKey=seen
	// +kubebuilder:validation:MaxItems=16
	Probes []ProbeCount `json:"probes,omitempty"`
}

// ReportProblem says why a vantage could not measure.
// +kubebuilder:validation:MaxLength=64
type ReportProblem string

// The values of ReportProblem.
const (
	// ReportWitnessMissing: no witness is ready, so nobody answers.
	ReportWitnessMissing ReportProblem = "WitnessMissing"
	// ReportNoNodePorts: the Service has no node ports, so there is nothing that an inside vantage can ask.
	ReportNoNodePorts ReportProblem = "NoNodePorts"
	// ReportNoServingNode: no edge node serves.
	ReportNoServingNode ReportProblem = "NoServingNode"
	// ReportOnlyNode: the only serving edge node is the vantage's own.
	ReportOnlyNode ReportProblem = "OnlyNode"
	// ReportNotRead: the vantage could not read what it needs from the API server.
	ReportNotRead ReportProblem = "NotRead"
)

// Challenge is a value that makes the witness answer. The witness answers each of its requests once.
type Challenge struct {
	// nonce is the random part.
	// +required
	// +kubebuilder:validation:MinLength=16
	// +kubebuilder:validation:MaxLength=64
	Nonce string `json:"nonce"`

	// issued is when the challenge was made.
	// +required
	Issued metav1.Time `json:"issued"`
}

// ReportedController is a controller pod that serves.
type ReportedController struct {
	// name by which the pod identifies itself in the witness's answers.
	// +required
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`

	// podUID is the uid of the pod.
	// +required
	PodUID types.UID `json:"podUID"`

	// node is the pod's node, and nodeUID its uid.
	// +required
	// +kubebuilder:validation:MaxLength=253
	Node string `json:"node"`

	// nodeUID is the uid of the node.
	// +required
	NodeUID types.UID `json:"nodeUID"`
}

// NegativeControl is a request to a node without an endpoint. The witness must not answer it: where it does,
// connections of this vantage do not cross the nodes that it asks.
type NegativeControl struct {
	// node that was asked; empty where every other node has an endpoint.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	Node string `json:"node,omitempty"`

	// answered is set where the witness answered.
	// +optional
	Answered bool `json:"answered,omitempty"`

	// serviceProxy is the mode that kube-proxy on the vantage's node reports, such as iptables; empty where
	// none answers.
	// +optional
	// +kubebuilder:validation:MaxLength=32
	ServiceProxy string `json:"serviceProxy,omitempty"`

	// time is when the challenge of the control was made.
	// +required
	Time metav1.Time `json:"time"`
}

// Sight is the result of one request, or of several that differ only in their forgery and had the same result.
type Sight struct {
	// address that was asked: the InternalIP of an edge node, or a published address or host name.
	// +required
	// +kubebuilder:validation:MaxLength=253
	Address string `json:"address"`

	// port that was asked.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	Port int32 `json:"port"`

	// scheme is HTTP or HTTPS.
	// +required
	Scheme Scheme `json:"scheme"`

	// family is the IP family of the connection.
	// +required
	// +kubebuilder:validation:Enum=IPv4;IPv6
	Family string `json:"family"`

	// host is the host name of the request, where that was a real one and not the witness's.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	Host string `json:"host,omitempty"`

	// forgeries are the ways in which the request claimed another address; empty for a plain request.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=64
	Forgeries []string `json:"forgeries,omitempty"`

	// seen says which address the witness saw.
	// +required
	Seen Seen `json:"seen"`

	// seenAddress is that address, unless it was forged or nobody answered.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	SeenAddress string `json:"seenAddress,omitempty"`

	// source is the address of the socket that sent the request.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	Source string `json:"source,omitempty"`

	// detail is what the sender got where the witness did not answer, such as ConnectTimedOut.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	Detail string `json:"detail,omitempty"`

	// repeated is how many of the last three requests of this kind, this one included, had this result. All
	// addresses that are not the sender's count as one result. A loss that two of three requests met is shown
	// until three in a row met none.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=3
	Repeated int32 `json:"repeated,omitempty"`

	// node is the edge node that was asked, or whose controller answered an outside vantage.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	Node string `json:"node,omitempty"`

	// nodeUID is the uid of that node.
	// +optional
	NodeUID types.UID `json:"nodeUID,omitempty"`

	// podUID is the uid of the controller pod that answered.
	// +optional
	PodUID types.UID `json:"podUID,omitempty"`

	// peers are the addresses from which the controller that answered an outside vantage was reached: that at the
	// other end of its connection, which is the vantage's own or that of something in front, and the one that a
	// PROXY header named.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=2
	// +kubebuilder:validation:items:MaxLength=64
	Peers []string `json:"peers,omitempty"`

	// configDigest is the digest of the configuration that this controller had loaded.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	ConfigDigest string `json:"configDigest,omitempty"`

	// configConfirmed is set where the vantage knew that the controllers had loaded the configuration of the spec.
	// What an outside vantage saw otherwise counts only as long as they run the configuration that it names.
	// +optional
	ConfigConfirmed bool `json:"configConfirmed,omitempty"`

	// time is when the challenge of the request was made.
	// +required
	Time metav1.Time `json:"time"`
}

// Scheme is HTTP or HTTPS.
// +kubebuilder:validation:Enum=HTTP;HTTPS
type Scheme string

// The values of Scheme.
const (
	SchemeHTTP  Scheme = "HTTP"
	SchemeHTTPS Scheme = "HTTPS"
)

// Seen says which address the witness saw.
// +kubebuilder:validation:Enum=Own;Forged;Other;Nobody;Unsigned;Elsewhere
type Seen string

// The values of Seen.
const (
	// SeenOwn: the address of the socket that sent the request, in every header.
	SeenOwn Seen = "Own"
	// SeenForged: an address that the request claimed, in at least one header.
	SeenForged Seen = "Forged"
	// SeenOther: any other address.
	SeenOther Seen = "Other"
	// SeenNobody: nobody answered.
	SeenNobody Seen = "Nobody"
	// SeenUnsigned: somebody answered, and not the witness.
	SeenUnsigned Seen = "Unsigned"
	// SeenElsewhere: the controller of another node answered than was asked.
	SeenElsewhere Seen = "Elsewhere"
)

// ProbeCount counts requests with one result.
type ProbeCount struct {
	// seen is the result.
	// +required
	Seen Seen `json:"seen"`

	// count of such requests.
	// +required
	// +kubebuilder:validation:Minimum=0
	Count int64 `json:"count"`
}
