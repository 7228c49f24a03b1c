// Package picture draws the path of the client's address: what the conditions and the reports say about each
// of its legs. It is pure.
package picture

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/plugin/look"
	"github.com/edge-ingress/edge-ingress-operator/verification/evidence"
)

// Evidence is what is known of one address or edge node.
type Evidence struct {
	State evidence.State `json:"state"`
	// Subject is the address or the edge node.
	Subject string `json:"subject"`
	Text    string `json:"text"`
	// Cause says why the state is Unknown; empty otherwise.
	Cause evidence.Cause `json:"cause,omitempty"`
	// Report that holds the sight which decided.
	Report string `json:"report,omitempty"`
	// Time of the newest sight that counts; nil without one.
	Time *metav1.Time `json:"time,omitempty"`
	// AgeSeconds is how old that is.
	AgeSeconds int64 `json:"ageSeconds,omitempty"`
}

// Leg is a part of the path.
type Leg struct {
	From  string         `json:"from"`
	To    string         `json:"to"`
	State evidence.State `json:"state"`
	// Evidence is what is known of it, by address or edge node.
	Evidence []Evidence `json:"evidence,omitempty"`
	// Remedy says what is wrong or missing, and what to do; empty where the address is kept.
	Remedy string `json:"remedy,omitempty"`
}

// Judgement is a condition of the EdgeIngress.
type Judgement struct {
	Type    string                 `json:"type"`
	Status  metav1.ConditionStatus `json:"status"`
	Reason  string                 `json:"reason"`
	Message string                 `json:"message"`
}

// Picture is the whole path.
type Picture struct {
	EdgeIngress string      `json:"edgeIngress"`
	Conditions  []Judgement `json:"conditions"`
	Legs        []Leg       `json:"legs"`
	// Remarks are messages of conditions about the whole path that belong to no leg.
	Remarks []string `json:"remarks,omitempty"`
}

const nodesKeep = v1alpha1.ConditionNodesKeepSourceIP

// shown are the conditions that the picture rests on, in their order.
var shown = []string{v1alpha1.ConditionSourceIPPreserved, nodesKeep, v1alpha1.ConditionForwardedHeadersSafe, v1alpha1.ConditionSourceIPConfigured}

// Draw makes the picture of an EdgeIngress from its conditions and the reports about it. now is the time by
// the API server's clock. Where a condition has decided, the picture says the same; the evidence explains it.
func Draw(edge *v1alpha1.EdgeIngress, reports []v1alpha1.SourceIPReport, now time.Time) Picture {
	d := &drawing{edge: edge, now: now}
	facts := Facts(edge, reports, now)
	d.nodes, d.crossing = evidence.Inside(facts, reports), evidence.Outside(facts, reports)
	p := Picture{EdgeIngress: edge.Name}
	for _, kind := range shown {
		if c := meta.FindStatusCondition(edge.Status.Conditions, kind); c != nil {
			p.Conditions = append(p.Conditions, Judgement{c.Type, c.Status, c.Reason, c.Message})
		}
	}
	p.Legs = d.legs()
	p.Remarks = d.remarks(p.Legs)
	return p
}

// Facts are those that the reports themselves tell: the plugin's user may not be able to read Services, nodes
// and pods. The operator, which can, decides the conditions.
func Facts(edge *v1alpha1.EdgeIngress, reports []v1alpha1.SourceIPReport, now time.Time) evidence.Facts {
	f := evidence.Facts{
		Now: now, Published: edge.Status.Addresses, Places: look.Places(edge, nil, reports),
		NodeAddresses: edge.Spec.Exposure.Type != v1alpha1.ExposureLoadBalancer,
	}
	if c := edge.Spec.ClientIP; c != nil {
		f.HeaderFront, f.ProxyFront = c.ForwardedHeader != nil, c.ProxyProtocol != nil && f.NodeAddresses
	}
	inside := look.Inside(reports)
	if ports, err := look.PortsOf(edge, look.Ports{HTTP: -1, HTTPS: -1}, inside); err == nil {
		f.Ports = map[v1alpha1.Scheme]int32{v1alpha1.SchemeHTTP: ports.HTTP, v1alpha1.SchemeHTTPS: ports.HTTPS}
	}
	if inside == nil {
		return f
	}
	f.ServiceUID, f.PathDigest = inside.Status.ServiceUID, inside.Status.PathDigest
	for _, controller := range inside.Status.Controllers {
		at := slices.IndexFunc(f.Serving, func(n evidence.Node) bool { return n.Name == controller.Node })
		if at < 0 {
			f.Serving = append(f.Serving, evidence.Node{Name: controller.Node, UID: controller.NodeUID, Families: families(reports, controller.Node)})
			at = len(f.Serving) - 1
		}
		f.Serving[at].Pods = append(f.Serving[at].Pods, controller.PodUID)
	}
	slices.SortFunc(f.Serving, func(a, b evidence.Node) int { return strings.Compare(a.Name, b.Name) })
	return f
}

// families are the IP families in which the prober asked a node.
func families(reports []v1alpha1.SourceIPReport, node string) (found []string) {
	for i := range reports {
		if reports[i].Spec.Vantage != v1alpha1.VantageInside {
			continue
		}
		for j := range reports[i].Status.Sights {
			if s := &reports[i].Status.Sights[j]; s.Node == node && !slices.Contains(found, s.Family) {
				found = append(found, s.Family)
			}
		}
	}
	slices.Sort(found)
	return found
}

type drawing struct {
	edge     *v1alpha1.EdgeIngress
	now      time.Time
	nodes    []evidence.Leg
	crossing evidence.Crossing
}

// legs puts the evidence under the verdicts of the conditions.
func (d *drawing) legs() []Leg {
	nodes := Leg{From: d.nodesName(), To: "controller", State: d.state(nodesKeep), Remedy: d.message(nodesKeep)}
	for _, leg := range d.nodes {
		nodes.Evidence = append(nodes.Evidence, d.evidence(leg, leg.Node))
	}
	toFront, toNode := d.outside()
	application := Leg{From: "controller", To: "application", State: evidence.Unknown}
	for _, leg := range slices.Concat(d.nodes, d.crossing.Addresses) {
		if leg.State == evidence.Kept {
			application.State = evidence.Kept
		}
	}
	return []Leg{toFront, toNode, nodes, application}
}

// outside are the legs up to the edge nodes. A loss is between the front and the node where what arrived
// belongs to the cluster or to the balancer, and otherwise before the front. A request that arrived crossed both.
func (d *drawing) outside() (toFront, toNode Leg) {
	toFront = Leg{From: "client", To: "front"}
	toNode = Leg{From: d.frontName(), To: "edge nodes"}
	all := slices.Concat(d.crossing.Elsewhere, d.crossing.Addresses)
	if d.crossing.Front != nil {
		front := *d.crossing.Front
		front.Address = "the proxy in front"
		all = append([]evidence.Leg{front}, all...)
	}
	for _, leg := range all {
		e := d.evidence(leg, leg.Address)
		switch {
		case leg.State == evidence.Kept:
			toFront.Evidence, toNode.Evidence = append(toFront.Evidence, e), append(toNode.Evidence, e)
		case leg.State == evidence.Lost && leg.Whose != "":
			toNode.Evidence = append(toNode.Evidence, e)
		default:
			toFront.Evidence = append(toFront.Evidence, e)
		}
	}
	toFront.State, toNode.State = worst(toFront.Evidence), worst(toNode.Evidence)
	preserved, configured := d.state(v1alpha1.ConditionSourceIPPreserved), d.state(v1alpha1.ConditionSourceIPConfigured)
	switch {
	case preserved == evidence.Kept:
		toFront.State, toNode.State = evidence.Kept, evidence.Kept
		return toFront, toNode
	case configured == evidence.Lost:
		toNode.State = evidence.Lost
	}
	if toFront.State == evidence.Unknown && toNode.State == evidence.Kept {
		toNode.State = evidence.Unknown // An address is left that nobody has crossed.
	}
	remedied := &toFront
	if toNode.State == evidence.Lost {
		remedied = &toNode
	}
	if remedied.State == evidence.Lost || d.state(nodesKeep) != evidence.Lost && remedied.State != evidence.Kept {
		remedied.Remedy = d.message(v1alpha1.ConditionSourceIPPreserved)
	}
	return toFront, toNode
}

// remarks are the messages that no leg has.
func (d *drawing) remarks(legs []Leg) (remarks []string) {
	for _, kind := range []string{v1alpha1.ConditionSourceIPPreserved, v1alpha1.ConditionForwardedHeadersSafe, v1alpha1.ConditionSourceIPConfigured} {
		c := meta.FindStatusCondition(d.edge.Status.Conditions, kind)
		if c == nil || c.Status == metav1.ConditionTrue {
			continue
		}
		said := slices.ContainsFunc(legs, func(leg Leg) bool { return strings.Contains(leg.Remedy, c.Message) }) ||
			slices.ContainsFunc(remarks, func(text string) bool { return strings.Contains(text, c.Message) })
		if !said {
			remarks = append(remarks, kind+" is "+string(c.Status)+" ("+c.Reason+"): "+c.Message)
		}
	}
	return remarks
}

// worst of the evidence: a loss before a doubt. Without any, the state is Unknown.
func worst(all []Evidence) evidence.State {
	state := evidence.Unknown
	for i, e := range all {
		switch {
		case e.State == evidence.Lost:
			return evidence.Lost
		case i == 0:
			state = e.State
		case e.State == evidence.Unknown:
			state = evidence.Unknown
		}
	}
	return state
}

// state is what a condition says. One about an earlier spec says nothing.
func (d *drawing) state(condition string) evidence.State {
	c := meta.FindStatusCondition(d.edge.Status.Conditions, condition)
	switch {
	case c == nil || c.ObservedGeneration != d.edge.Generation:
		return evidence.Unknown
	case c.Status == metav1.ConditionTrue:
		return evidence.Kept
	case c.Status == metav1.ConditionFalse:
		return evidence.Lost
	default:
		return evidence.Unknown
	}
}

// message is that of a condition that is not True.
func (d *drawing) message(condition string) string {
	c := meta.FindStatusCondition(d.edge.Status.Conditions, condition)
	switch {
	case c == nil:
		return "The operator has not written the condition " + condition + ". Wait for its first pass, or update the operator."
	case c.ObservedGeneration != d.edge.Generation:
		return "The condition " + condition + " is about an earlier spec. Wait for the operator's next pass."
	case c.Status == metav1.ConditionTrue:
		return ""
	default:
		return c.Reason + ": " + c.Message
	}
}

func (d *drawing) frontName() string {
	kind := string(cmp.Or(d.edge.Spec.Exposure.Type, v1alpha1.ExposureLoadBalancer))
	if len(d.edge.Status.Addresses) == 0 {
		return "front (" + kind + ", no address yet)"
	}
	return "front (" + kind + " " + strings.Join(d.edge.Status.Addresses, ", ") + ")"
}

func (d *drawing) nodesName() string {
	if d.edge.Status.Nodes.Summary == "" {
		return "edge nodes"
	}
	return "edge nodes (" + d.edge.Status.Nodes.Summary + " serve)"
}
