package assess

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// sightsOf are the sights of reports of a vantage that are not too old, and rest on the live objects.
func sightsOf(g given, vantage v1alpha1.Vantage, life time.Duration) []v1alpha1.Sight {
	var found []v1alpha1.Sight
	for _, report := range g.s.Reports.Items {
		older := report.Status.PathDigest == "older" || report.Status.ServiceUID == "older" || (report.Status.Control != nil && report.Status.Control.Answered)
		if report.Spec.Vantage != vantage || older {
			continue
		}
		for _, sight := range report.Status.Sights {
			if age := noon.Sub(sight.Time.Time); age < life && age > -2*time.Minute {
				found = append(found, sight)
			}
		}
	}
	return found
}

func has(sights []v1alpha1.Sight, is func(v1alpha1.Sight) bool) bool {
	return slices.ContainsFunc(sights, is)
}

// doubtsAboutNodes are facts, each of which alone forbids to say that the edge nodes keep addresses.
func doubtsAboutNodes(g given) []string {
	var found []string
	doubt := func(is bool, why string) {
		if is {
			found = append(found, why)
		}
	}
	doubt(g.s.Options.Namespace == "" || !g.s.EdgeIngress.Measured(g.s.Options.MeasureByDefault), "nothing is measured")
	doubt(!g.s.ReportPolicy.Exists || g.s.Reports.Err != nil || g.s.Nodes.Err != nil || g.s.Pods.Err != nil, "a read failed, or anybody can write reports")
	sights := sightsOf(g, v1alpha1.VantageInside, 10*time.Minute)
	doubt(len(sights) == 0, "no prober saw anything")
	digest := runs.ConfigDigest(g.d.Config)
	for _, pod := range g.s.Pods.Items {
		if !slices.Contains(g.d.Nodes.Selected, pod.Node) || slices.Contains(g.d.Nodes.Withdrawn, pod.Node) || !pod.Ready || pod.Terminating || !servesFromOutside(g, pod.Node, pod.IPs[0]) {
			continue
		}
		for _, scheme := range []v1alpha1.Scheme{v1alpha1.SchemeHTTP, v1alpha1.SchemeHTTPS} {
			own := has(sights, func(s v1alpha1.Sight) bool {
				runs := digest == "" || s.ConfigDigest == digest || (!g.s.ConfigWritten.IsZero() && s.Time.Sub(g.s.ConfigWritten) >= time.Minute)
				return s.Node == pod.Node && s.Scheme == scheme && s.Seen == v1alpha1.SeenOwn && s.PodUID == pod.UID && runs
			})
			doubt(!own, "no fresh evidence for "+pod.Node+" with "+string(scheme))
		}
		doubt(has(sights, func(s v1alpha1.Sight) bool {
			return s.Node == pod.Node && s.Seen == v1alpha1.SeenOther && s.PodUID == pod.UID
		}), "a loss was seen on "+pod.Node)
	}
	return found
}

// servesFromOutside reports whether the node has the labels, and the pod a ready endpoint where there is a Service.
func servesFromOutside(g given, node, ip string) bool {
	at := slices.IndexFunc(g.s.Nodes.Items, func(n snapshot.Node) bool { return n.Name == node })
	if at < 0 {
		return false
	}
	labels := g.s.Nodes.Items[at].Labels
	_, own := labels[v1alpha1.NodeLabel(ingressName)]
	_, role := labels[g.spec().Nodes.Label]
	if !own || !role || !g.s.EdgeIngress.UsesService() {
		return own && role
	}
	for _, slice := range g.s.EndpointSlices.Items {
		for _, e := range slice.Endpoints {
			if (e.Conditions.Ready == nil || *e.Conditions.Ready) && slices.Contains(e.Addresses, ip) {
				return true
			}
		}
	}
	return false
}

// doubtsAboutPath are facts, each of which alone forbids to say that the client's address arrives.
func doubtsAboutPath(g given, status v1alpha1.EdgeIngressStatus) []string {
	var found []string
	sights := sightsOf(g, v1alpha1.VantageOutside, 30*24*time.Hour)
	throughCDN := len(status.Addresses) == 1 && crossedCDN(g) && runs.Beliefs(g.d.Config).BelievesHeader()
	for _, address := range status.Addresses {
		if !throughCDN && !has(sights, func(s v1alpha1.Sight) bool {
			return s.Address == address && s.Seen == v1alpha1.SeenOwn && len(s.Forgeries) == 0
		}) {
			found = append(found, "nothing from outside crossed "+address)
		}
	}
	if len(status.Addresses) == 0 {
		found = append(found, "there is no address")
	}
	for _, s := range sights {
		if s.Seen == v1alpha1.SeenForged {
			found = append(found, "a forged address was believed")
		}
		if s.Seen == v1alpha1.SeenOther && s.SeenAddress != "" {
			found = append(found, s.SeenAddress+" arrived from outside")
		}
	}
	if len(g.s.Departing.Items) > 0 {
		found = append(found, "an application departs")
	}
	if trust := runs.Beliefs(g.d.Config); trust.BelievesHeader() && len(trust.CIDRs) > 0 && !crossedCDN(g) && !meta.IsStatusConditionTrue(status.Conditions, v1alpha1.ConditionForwardedHeadersSafe) {
		found = append(found, "nothing crossed what writes the header")
	}
	return found
}

func crossedCDN(g given) bool {
	return has(sightsOf(g, v1alpha1.VantageOutside, 30*24*time.Hour), func(s v1alpha1.Sight) bool { return s.Host != "" && s.Seen == v1alpha1.SeenOwn })
}

func forgeriesRefused(g given) bool {
	return has(sightsOf(g, v1alpha1.VantageOutside, 30*24*time.Hour), func(s v1alpha1.Sight) bool { return len(s.Forgeries) > 0 && s.Seen == v1alpha1.SeenOwn })
}

func sawLossTwice(g given) bool {
	return slices.ContainsFunc(g.s.Reports.Items, func(r v1alpha1.SourceIPReport) bool {
		return has(r.Status.Sights, func(s v1alpha1.Sight) bool { return s.Seen == v1alpha1.SeenOther && s.Repeated >= 2 })
	})
}

// TestForAnyReportsAndObjects is FuzzVerdict for recipes that begin with a measured path, so that True is reached.
func TestForAnyReportsAndObjects(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	reached := map[string]int{}
	for range 800 {
		g := healthy(measured, verified())
		if random.IntN(3) == 0 {
			g = healthy(appending, measured, verified(cdn))
		}
		var recipe []int
		for range random.IntN(4) {
			recipe = append(recipe, random.IntN(len(mishaps)))
			mishaps[recipe[len(recipe)-1]](&g)
		}
		status := Status(g.s, g.d, g.o, noon)
		checkForm(t, status)
		checkTruth(t, g, status)
		if t.Failed() {
			t.Fatalf("after mishaps %v", recipe)
		}
		for _, name := range []string{v1alpha1.ConditionNodesKeepSourceIP, v1alpha1.ConditionSourceIPPreserved} {
			c := meta.FindStatusCondition(status.Conditions, name)
			reached[name+string(c.Status)]++
		}
	}
	if len(reached) != 6 {
		t.Errorf("not every status was reached: %v", reached)
	}
}
