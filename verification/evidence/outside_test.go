package evidence

import (
	"slices"
	"testing"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

func TestOutside(t *testing.T) {
	const router = "198.51.100.1"
	replaced := sees(v1alpha1.SeenOther, router, 2)
	private := onSights(anySight, from("192.168.1.4"))
	stated := onReport(func(r *v1alpha1.SourceIPReport) { r.Status.StatedAddress = router })
	newer := func(do func(*v1alpha1.SourceIPReport)) change {
		return func(_ *Facts, reports []v1alpha1.SourceIPReport) {
			reports[1] = outside()
			reports[1].Name = "public-outside-office"
			for i := range reports[1].Status.Sights {
				reports[1].Status.Sights[i].Time = at(time.Hour)
			}
			do(&reports[1])
		}
	}
	same := func(*v1alpha1.SourceIPReport) {}
	unknownPod := onSights(anySight, func(s *v1alpha1.Sight) { s.Node, s.NodeUID, s.PodUID = "", "", "" })
	host := all(onFacts(func(f *Facts) { f.Published[0] = "lb.example.com" }), onSights(anySight, func(s *v1alpha1.Sight) { s.Address = "lb.example.com" }))
	lostOn := func(r *v1alpha1.SourceIPReport, port int32) {
		lost := r.Status.Sights[0]
		sees(v1alpha1.SeenOther, "10.0.0.2", 2)(&lost)
		lost.Port, lost.Time = port, at(25*time.Hour)
		r.Status.Sights = append(r.Status.Sights, lost)
	}
	second := func(r *v1alpha1.SourceIPReport, seen v1alpha1.Seen) {
		for _, sight := range outside().Status.Sights {
			if plainSight(sight) {
				sight.Address, sight.Family, sight.Seen = "lb.example.com", "IPv6", seen
				r.Status.Sights = append(r.Status.Sights, sight)
			}
		}
	}
	rows := map[string]struct {
		given []change
		state State
		cause Cause
		whose string
	}{
		"its own address arrived":                  {state: Kept},
		"the controller of somebody else answered": {given: []change{unknownPod}, state: Unknown, cause: CauseElsewhere},
		"that one saw another address":             {given: []change{unknownPod, onSights(plainSight, replaced)}, state: Unknown, cause: CauseElsewhere},
		"that one believed a forgery":              {given: []change{unknownPod, onSights(forgedSight, sees(v1alpha1.SeenForged, "", 1))}, state: Unknown, cause: CauseElsewhere},
		"ports that clients do not use":            {given: []change{onSights(anySight, onPort(30080))}, state: Unknown, cause: CauseNotAsked},
		"HTTPS on a port that clients do not use":  {given: []change{onSights(func(s v1alpha1.Sight) bool { return s.Scheme == v1alpha1.SchemeHTTPS }, onPort(8443))}, state: Unknown, cause: CauseNotAsked},
		"node ports, where clients use these": {given: []change{onFacts(func(f *Facts) {
			f.Ports = map[v1alpha1.Scheme]int32{v1alpha1.SchemeHTTP: 30080, v1alpha1.SchemeHTTPS: 30080}
		}), onSights(anySight, onPort(30080))}, state: Kept},
		"a loss on a port that clients do not use":     {given: []change{func(_ *Facts, reports []v1alpha1.SourceIPReport) { lostOn(&reports[0], 30080) }}, state: Kept},
		"a loss that another port does not undo":       {given: []change{onSights(plainSight, replaced), newer(func(r *v1alpha1.SourceIPReport) { everySight(r, onPort(30080)) })}, state: Lost},
		"a loss that a sender in a LAN does not undo":  {given: []change{onSights(plainSight, replaced), newer(func(r *v1alpha1.SourceIPReport) { everySight(r, from("192.168.1.4")) })}, state: Lost},
		"a loss in a LAN that a public sender leaves":  {given: []change{private, onSights(plainSight, sees(v1alpha1.SeenOther, "10.0.0.2", 2)), newer(same)}, state: Lost, whose: "node edge-2"},
		"a loss in one LAN that another one leaves":    {given: []change{private, onSights(plainSight, sees(v1alpha1.SeenOther, "10.0.0.2", 2)), newer(func(r *v1alpha1.SourceIPReport) { everySight(r, from("192.168.1.4")) })}, state: Lost, whose: "node edge-2"},
		"a loss in a LAN that the same vantage undoes": {given: []change{private, func(_ *Facts, reports []v1alpha1.SourceIPReport) { lostOn(&reports[0], 80) }}, state: Kept},
		"two families of a host name":                  {given: []change{host, func(_ *Facts, reports []v1alpha1.SourceIPReport) { second(&reports[0], v1alpha1.SeenOwn) }}, state: Kept},
		"a family of a host name that nobody answered": {given: []change{host, func(_ *Facts, reports []v1alpha1.SourceIPReport) { second(&reports[0], v1alpha1.SeenNobody) }}, state: Unknown, cause: CauseUnanswered},
		"a family of a host name, answered once of two": {given: []change{host, func(_ *Facts, reports []v1alpha1.SourceIPReport) {
			second(&reports[0], v1alpha1.SeenOwn)
			second(&reports[0], v1alpha1.SeenNobody)
		}}, state: Kept},
		"a family of a host name that was asked long ago": {given: []change{host, func(_ *Facts, reports []v1alpha1.SourceIPReport) {
			second(&reports[0], v1alpha1.SeenNobody)
			reports[0].Status.Sights[len(reports[0].Status.Sights)-1].Time = at(OutsideLife)
			reports[0].Status.Sights[len(reports[0].Status.Sights)-2].Time = at(OutsideLife)
		}}, state: Kept},
		"another address arrived, from a public one":        {given: []change{onSights(plainSight, replaced)}, state: Lost},
		"another address arrived once":                      {given: []change{onSights(plainSight, sees(v1alpha1.SeenOther, router, 1))}, state: Unknown, cause: CauseNotRepeated},
		"another address arrived through HTTPS only":        {given: []change{onSights(func(s v1alpha1.Sight) bool { return plainSight(s) && !plainHTTP(s) }, replaced)}, state: Lost},
		"a node's address arrived":                          {given: []change{private, onSights(plainSight, sees(v1alpha1.SeenOther, "10.0.0.2", 2))}, state: Lost, whose: "node edge-2"},
		"a node's address arrived, and a person states it":  {given: []change{private, stated, onSights(plainSight, sees(v1alpha1.SeenOther, "10.0.0.2", 2))}, state: Lost, whose: "node edge-2"},
		"the balancer's address arrived":                    {given: []change{private, onSights(plainSight, sees(v1alpha1.SeenOther, published, 2))}, state: Lost, whose: "the load balancer"},
		"a declared proxy's address arrived":                {given: []change{private, onSights(plainSight, sees(v1alpha1.SeenOther, "172.16.9.4", 2))}, state: Lost, whose: "a proxy in trustedCIDRs"},
		"a private sender sees another address":             {given: []change{private, onSights(plainSight, replaced)}, state: Unknown, cause: CauseBehindNAT},
		"carrier-grade NAT is no public address":            {given: []change{onSights(anySight, from("100.64.3.4")), onSights(plainSight, replaced)}, state: Unknown, cause: CauseBehindNAT},
		"a unique-local address is no public address":       {given: []change{onSights(anySight, from("fd00::4")), onSights(plainSight, replaced)}, state: Unknown, cause: CauseBehindNAT},
		"a sender without an address":                       {given: []change{onSights(anySight, from("")), onSights(plainSight, replaced)}, state: Unknown, cause: CauseBehindNAT},
		"the stated address arrived":                        {given: []change{private, stated, onSights(plainSight, replaced)}, state: Unknown, cause: CauseAsStated},
		"a private sender whose own address arrived":        {given: []change{private}, state: Kept},
		"a sender in the cluster":                           {given: []change{onSights(anySight, from("10.0.0.13"))}, state: Unknown, cause: CauseFromCluster},
		"a sender in a pod that sees a loss":                {given: []change{onSights(anySight, from("10.244.13.9")), onSights(plainSight, replaced)}, state: Unknown, cause: CauseFromCluster},
		"nobody answered":                                   {given: []change{onSights(plainSight, sees(v1alpha1.SeenNobody, "", 3))}, state: Unknown, cause: CauseUnanswered},
		"something else answered":                           {given: []change{onSights(plainSight, sees(v1alpha1.SeenUnsigned, "", 3))}, state: Unknown, cause: CauseUnsigned},
		"a forged request was refused":                      {given: []change{onSights(forgedSight, sees(v1alpha1.SeenUnsigned, "", 3))}, state: Kept},
		"a forged address was believed":                     {given: []change{onSights(forgedSight, sees(v1alpha1.SeenForged, "", 1))}, state: Unknown, cause: CauseBelieved},
		"a forged address of a trusted sender was believed": {given: []change{onSights(anySight, from("172.16.9.4")), onSights(forgedSight, sees(v1alpha1.SeenForged, "", 1))}, state: Kept},
		"evidence in its last second":                       {given: []change{onSights(anySight, taken(OutsideLife-time.Second))}, state: Kept},
		"evidence that ended":                               {given: []change{onSights(anySight, taken(OutsideLife))}, state: Unknown, cause: CauseEnded},
		"evidence from the future":                          {given: []change{onSights(anySight, taken(-time.Hour))}, state: Unknown, cause: CauseAhead},
		"another address was asked":                         {given: []change{onSights(anySight, func(s *v1alpha1.Sight) { s.Address = "203.0.113.99" })}, state: Unknown, cause: CauseNotAsked},
		"an address in another form":                        {given: []change{onSights(anySight, func(s *v1alpha1.Sight) { s.Address = "::ffff:" + published })}, state: Kept},
		"only HTTP was asked":                               {given: []change{onReport(func(r *v1alpha1.SourceIPReport) { r.Status.Sights = r.Status.Sights[:3] })}, state: Unknown, cause: CauseNotAsked},
		"a Service of the same name":                        {given: []change{onFacts(func(f *Facts) { f.ServiceUID = "newer" })}, state: Unknown, cause: CauseChanged},
		"a field that can change the address was changed":   {given: []change{onFacts(func(f *Facts) { f.PathDigest = "newer" })}, state: Unknown, cause: CauseChanged},
		"a controller pod was replaced since":               {given: []change{onFacts(func(f *Facts) { f.Serving[0].Pods[0] = "newer" })}, state: Kept},
		"a host name is published":                          {given: []change{onFacts(func(f *Facts) { f.Published[0] = "lb.example.com" }), onSights(anySight, func(s *v1alpha1.Sight) { s.Address = "lb.example.com" })}, state: Kept},
		"a host name that was not asked":                    {given: []change{onFacts(func(f *Facts) { f.Published[0] = "lb.example.com" })}, state: Unknown, cause: CauseNotAsked},
		"a loss that was repaired and seen again":           {given: []change{onSights(plainSight, replaced), newer(same)}, state: Kept},
		"a loss after it was well":                          {given: []change{newer(func(r *v1alpha1.SourceIPReport) { replaced(&r.Status.Sights[0]) })}, state: Lost},
		"a loss on an edge node that was not crossed again": {given: []change{onSights(plainSight, func(s *v1alpha1.Sight) { replaced(s); s.Node, s.NodeUID = "edge-2", "edge-2" }), newer(same)}, state: Lost},
		"a loss on a node that is gone":                     {given: []change{onSights(plainSight, func(s *v1alpha1.Sight) { replaced(s); s.Node, s.NodeUID = "edge-2", "older" }), newer(same)}, state: Kept},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			f, reports := facts(), []v1alpha1.SourceIPReport{outside(), inside("app-1")}
			for _, do := range row.given {
				do(&f, reports)
			}
			leg := Outside(f, reports).Addresses[0]
			if leg.State != row.state || leg.Cause != row.cause || leg.Whose != row.whose {
				t.Errorf("got %s %q whose %q, want %s %q whose %q", leg.State, leg.Cause, leg.Whose, row.state, row.cause, row.whose)
			}
		})
	}
}

func TestOutsideWithoutAReport(t *testing.T) {
	crossing := Outside(facts(), []v1alpha1.SourceIPReport{inside("app-1")})
	if leg := crossing.Addresses[0]; leg.State != Unknown || leg.Cause != CauseNoReport || len(crossing.NotCrossed) != 2 {
		t.Errorf("got %s %s, not crossed %v", leg.State, leg.Cause, crossing.NotCrossed)
	}
}

func TestEveryPublishedAddressHasToBeCrossed(t *testing.T) {
	f := facts()
	f.Published = append(f.Published, "2001:db8:1::10")
	crossing := Outside(f, []v1alpha1.SourceIPReport{outside()})
	if crossing.Addresses[0].State != Kept || crossing.Addresses[1].State != Unknown || crossing.Addresses[1].Cause != CauseNotAsked {
		t.Errorf("got %+v", crossing.Addresses)
	}
}

func TestWhatACrossingSaysBesides(t *testing.T) {
	crossing := Outside(facts(), []v1alpha1.SourceIPReport{outside()})
	if len(crossing.NotCrossed) != 1 || crossing.NotCrossed[0] != "edge-2" || crossing.Source != outsider || crossing.Report != "public-outside" || crossing.Front != nil {
		t.Errorf("got %+v", crossing)
	}
}

// throughCDN adds the requests to a CDN under a real host name.
func throughCDN(r *v1alpha1.SourceIPReport, do func(*v1alpha1.Sight)) {
	for _, sight := range outside().Status.Sights {
		sight.Address, sight.Host, sight.Peers = "www.example.com", "www.example.com", []string{"172.16.9.4"}
		do(&sight)
		r.Status.Sights = append(r.Status.Sights, sight)
	}
}

func TestWhatStandsInFrontHasToBeCrossed(t *testing.T) {
	f := facts()
	f.HeaderFront = true
	direct := outside()
	if front := Outside(f, []v1alpha1.SourceIPReport{direct}).Front; front.State != Unknown || front.Cause != CauseNotAsked {
		t.Errorf("after requests to the published address alone, the front is %s %s", front.State, front.Cause)
	}
	elsewhere := outside()
	throughCDN(&elsewhere, onPort(8443))
	if front := Outside(f, []v1alpha1.SourceIPReport{elsewhere}).Front; front.State != Kept {
		t.Errorf("after requests through it on a port of its own, the front is %s %s", front.State, front.Cause)
	}
	both := outside()
	throughCDN(&both, func(*v1alpha1.Sight) {})
	if front := Outside(f, []v1alpha1.SourceIPReport{both}).Front; front.State != Kept {
		t.Errorf("after requests through it, the front is %s %s", front.State, front.Cause)
	}
	alone := outside()
	alone.Status.Sights = nil
	throughCDN(&alone, func(*v1alpha1.Sight) {})
	crossing := Outside(f, []v1alpha1.SourceIPReport{alone})
	if crossing.Addresses[0].State != Kept {
		t.Errorf("the only published address is %s %s, although a request through the front crossed it", crossing.Addresses[0].State, crossing.Addresses[0].Cause)
	}
	f.Published = append(f.Published, "203.0.113.11")
	for _, leg := range Outside(f, []v1alpha1.SourceIPReport{alone}).Addresses {
		if leg.State != Unknown {
			t.Errorf("of two published addresses %s is %s, although nothing shows that the front sends there", leg.Address, leg.State)
		}
	}
	for name, peers := range map[string][]string{"no peer": nil, "the sender": {outsider}, "somebody": {"9.9.9.9"}, "a trusted balancer, which was reached by somebody": {"172.16.9.4", "9.9.9.9"}} {
		past := outside()
		throughCDN(&past, reached(peers...))
		if front := Outside(f, []v1alpha1.SourceIPReport{past}).Front; front.State != Unknown || front.Cause != CauseNotAsked {
			t.Errorf("the controller was reached from %s, and the front is %s %s", name, front.State, front.Cause)
		}
	}
	unnamed := outside()
	throughCDN(&unnamed, func(s *v1alpha1.Sight) { s.Host = "" })
	if front := Outside(f, []v1alpha1.SourceIPReport{unnamed}).Front; front.State != Unknown {
		t.Errorf("after requests to an address that may have been published earlier, the front is %s", front.State)
	}
	lost := outside()
	throughCDN(&lost, sees(v1alpha1.SeenOther, "172.16.9.4", 2))
	crossing = Outside(f, []v1alpha1.SourceIPReport{lost})
	if len(crossing.Elsewhere) != 1 || crossing.Elsewhere[0].State != Lost || crossing.Elsewhere[0].Whose != "a proxy in trustedCIDRs" {
		t.Errorf("after a loss in front: %+v", crossing.Elsewhere)
	}
}

func TestABalancerInFrontOfNodesIsCrossed(t *testing.T) {
	through := outside()
	through.Status.Sights = nil
	throughCDN(&through, func(s *v1alpha1.Sight) { s.Address, s.Host = "203.0.113.50", "" })
	for name, row := range map[string]struct {
		proxy, nodes bool
		published    []string
		want         State
	}{
		"to nodes that refuse other connections": {proxy: true, nodes: true, published: []string{"10.0.0.1", "10.0.0.2"}, want: Kept},
		"to nodes that take others, too":         {nodes: true, published: []string{"10.0.0.1", "10.0.0.2"}, want: Unknown},
		"to one address":                         {proxy: true, published: []string{published}, want: Kept},
		"to one of two addresses":                {proxy: true, published: []string{published, "203.0.113.11"}, want: Unknown},
	} {
		f := facts()
		f.ProxyFront, f.NodeAddresses, f.Published = row.proxy, row.nodes, row.published
		for _, leg := range Outside(f, []v1alpha1.SourceIPReport{through}).Addresses {
			if leg.State != row.want {
				t.Errorf("%s: %s is %s, want %s", name, leg.Address, leg.State, row.want)
			}
		}
	}
	lost := outside()
	lost.Status.Sights = slices.Clone(through.Status.Sights)
	for i := range lost.Status.Sights {
		sees(v1alpha1.SeenOther, "172.16.9.4", 2)(&lost.Status.Sights[i])
	}
	f := facts()
	f.ProxyFront, f.NodeAddresses = true, true
	if crossing := Outside(f, []v1alpha1.SourceIPReport{lost}); crossing.Addresses[0].State == Kept || crossing.Elsewhere[0].State != Lost {
		t.Errorf("after a loss in front: %+v", crossing)
	}
}
