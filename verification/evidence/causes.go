package evidence

import (
	"slices"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// Cause says why a leg is Unknown.
type Cause string

// The values of Cause.
const (
	// CauseBelieved: an address that a request claimed was believed.
	CauseBelieved Cause = "Believed"
	// CauseNotRepeated: another address arrived once, and was not seen again yet.
	CauseNotRepeated Cause = "NotRepeated"
	// CauseTranslated: the negative control was answered, so connections do not cross the nodes that are asked.
	CauseTranslated Cause = "Translated"
	// CauseNoControl: there was no negative control, and no kube-proxy in a known mode was recognised.
	CauseNoControl Cause = "NoControl"
	// CauseProberTrusted: the controller believes the prober's node, as the spec says.
	CauseProberTrusted Cause = "ProberTrusted"
	// CauseWitnessMissing, CauseNoNodePorts and CauseNotRead are problems that the vantage reports.
	CauseWitnessMissing Cause = "WitnessMissing"
	CauseNoNodePorts    Cause = "NoNodePorts"
	CauseNotRead        Cause = "NotRead"
	// CauseBehindNAT: another address arrived, and it may be that of the vantage's own NAT.
	CauseBehindNAT Cause = "BehindNAT"
	// CauseAsStated: the address arrived that a person gave for the vantage. That is no measurement.
	CauseAsStated Cause = "AsStated"
	// CauseUnsigned: somebody answered that is not the witness.
	CauseUnsigned Cause = "Unsigned"
	// CauseElsewhere: the controller of another node answered than was asked.
	CauseElsewhere Cause = "Elsewhere"
	// CauseUnanswered: nobody answered.
	CauseUnanswered Cause = "Unanswered"
	// CauseReplaced: the controller pod was replaced since.
	CauseReplaced Cause = "Replaced"
	// CauseLoading: the controller had another configuration than the one it should have.
	CauseLoading Cause = "Loading"
	// CauseChanged: the Service or a field that can change the address was changed since.
	CauseChanged Cause = "Changed"
	// CauseOnlyNode: the only node that could be asked is the vantage's own.
	CauseOnlyNode Cause = "OnlyNode"
	// CauseFromCluster: the request came from an address of the cluster, so it need not have left it.
	CauseFromCluster Cause = "FromCluster"
	// CauseEnded: the evidence is too old.
	CauseEnded Cause = "Ended"
	// CauseAhead: the time of the evidence lies in the future.
	CauseAhead Cause = "Ahead"
	// CauseNotAsked: no request of each kind crossed this leg.
	CauseNotAsked Cause = "NotAsked"
	// CauseNoReport: there is no report of a vantage that could have crossed this leg.
	CauseNoReport Cause = "NoReport"
)

// causes in their order: the first that was met is the one to name.
var causes = []Cause{
	CauseBelieved, CauseNotRepeated, CauseTranslated, CauseNoControl, CauseProberTrusted, CauseWitnessMissing, CauseNoNodePorts, CauseNotRead,
	CauseBehindNAT, CauseAsStated, CauseUnsigned, CauseElsewhere, CauseUnanswered, CauseReplaced, CauseLoading, CauseChanged, CauseOnlyNode,
	CauseFromCluster, CauseEnded, CauseAhead, CauseNotAsked, CauseNoReport,
}

func (c Cause) rank() int { return slices.Index(causes, c) }

// Before reports whether this cause is the one to name before the other.
func (c Cause) Before(other Cause) bool { return c.rank() < other.rank() }

// Passing reports whether a leg to an edge node is only being measured again, and nothing was seen to differ so far.
// The prober drops what it saw of pods that are gone, and repeats a request after seconds that met another address,
// or nobody. replaced is set where other pods serve on the node than when it was last measured: the first requests
// to a new one may meet nobody.
func (l Leg) Passing(replaced bool) bool {
	switch l.Cause {
	case CauseReplaced, CauseLoading, CauseNotAsked, CauseNotRepeated:
		return true
	case CauseUnanswered, CauseUnsigned, CauseElsewhere:
		return replaced || l.Sight == nil || l.Sight.Repeated < Confirmed
	default:
		return false
	}
}

// problems are the causes of what vantages report.
var problems = map[v1alpha1.ReportProblem]Cause{
	v1alpha1.ReportWitnessMissing: CauseWitnessMissing, v1alpha1.ReportNoNodePorts: CauseNoNodePorts, v1alpha1.ReportNotRead: CauseNotRead,
	v1alpha1.ReportOnlyNode: CauseOnlyNode, v1alpha1.ReportNoServingNode: CauseNotAsked,
}
