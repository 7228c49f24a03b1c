package evidence

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

var (
	seenValues = []v1alpha1.Seen{v1alpha1.SeenOwn, v1alpha1.SeenOther, v1alpha1.SeenForged, v1alpha1.SeenNobody, v1alpha1.SeenUnsigned, v1alpha1.SeenElsewhere}
	ages       = []time.Duration{0, time.Minute, 5 * time.Minute, 9 * time.Minute, 11 * time.Minute, 25 * time.Minute, -time.Minute, -5 * time.Minute, OutsideLife + time.Hour}
	sources    = []string{outsider, "10.0.0.13", "192.168.1.4", "100.64.1.1", "", "172.16.9.4"}
	addresses  = []string{"10.244.1.1", "10.0.0.2", "198.51.100.1", "", published, "172.16.9.4"}
)

// mutate changes one thing that the four bytes choose.
func mutate(f *Facts, reports []v1alpha1.SourceIPReport, b [4]byte) {
	report := &reports[int(b[0])%len(reports)]
	pick := func(n int) int { return int(b[3]) % n }
	switch b[1] % 19 {
	case 12:
		if report.Status.Control != nil {
			report.Status.Control.Answered = pick(2) == 0
		}
		return
	case 13:
		if report.Status.Control != nil {
			report.Status.Control.Node, report.Status.Control.ServiceProxy = "", []string{"", "iptables", "ebpf"}[pick(3)]
		}
		return
	case 14:
		report.Status.ServiceUID = types.UID([]string{"service", "older"}[pick(2)])
		return
	case 15:
		report.Status.StatedAddress = "198.51.100.1"
		return
	}
	if len(report.Status.Sights) == 0 {
		return
	}
	s := &report.Status.Sights[int(b[2])%len(report.Status.Sights)]
	switch b[1] % 19 {
	case 16:
		s.Port = []int32{30080, 80, 443}[pick(3)]
	case 17:
		f.ConfigWritten = []time.Time{{}, noon, noon.Add(-90 * time.Second), noon.Add(-4 * time.Minute), noon.Add(-8 * time.Minute)}[pick(5)]
	case 0, 1, 2:
		s.Seen = seenValues[pick(len(seenValues))]
	case 3:
		s.SeenAddress = addresses[pick(len(addresses))]
	case 4:
		s.Time = at(ages[pick(len(ages))])
	case 5:
		s.Repeated = int32(pick(4))
	case 6:
		s.PodUID = types.UID([]string{"pod-edge-1", "older"}[pick(2)])
	case 7:
		s.NodeUID = types.UID([]string{"edge-1", "edge-2", "older", ""}[pick(4)])
	case 8:
		s.ConfigDigest = []string{wanted, "older"}[pick(2)]
	case 18:
		s.ConfigConfirmed = pick(2) == 0
	case 9:
		s.Source = sources[pick(len(sources))]
	case 10:
		s.Address = []string{published, "www.example.com"}[pick(2)]
	case 11:
		f.HeaderFront = pick(2) == 0
	}
}

// fresh is written again here, without the code under test: what may count at all on an edge node's leg.
func fresh(f Facts, r v1alpha1.SourceIPReport, s v1alpha1.Sight, life time.Duration) bool {
	age := f.Now.Sub(s.Time.Time)
	return age < life && age >= -2*time.Minute && r.Status.ServiceUID == "service" && r.Status.PathDigest == "path"
}

// ranOlder reports whether the pod of a sight was seen to run an older configuration a minute after the one it should run
// was written, and not seen to run that one later.
func ranOlder(f Facts, reports []v1alpha1.SourceIPReport, s v1alpha1.Sight) bool {
	var older, newer time.Time
	eachSight(reports, func(r v1alpha1.SourceIPReport, other v1alpha1.Sight) {
		age := f.Now.Sub(other.Time.Time)
		if r.Spec.Vantage != v1alpha1.VantageInside || other.PodUID != s.PodUID || !Answered(&other) || age >= 10*time.Minute || age < -2*time.Minute || other.NodeUID != types.UID(other.Node) {
			return
		}
		latest := &older
		if other.ConfigDigest == wanted {
			latest = &newer
		}
		if other.Time.After(*latest) {
			*latest = other.Time.Time
		}
	})
	late := !f.ConfigWritten.IsZero() && older.Sub(f.ConfigWritten) >= time.Minute
	return late && !older.Before(newer)
}

func countsInside(f Facts, r v1alpha1.SourceIPReport, s v1alpha1.Sight, node Node, older bool) bool {
	c := r.Status.Control
	return r.Spec.Vantage == v1alpha1.VantageInside && fresh(f, r, s, 10*time.Minute) && c != nil && !c.Answered && (c.Node != "" || c.ServiceProxy == "iptables") &&
		f.Now.Sub(c.Time.Time) < 10*time.Minute && s.Node == node.Name && s.NodeUID == node.UID && s.PodUID == node.Pods[0] && older == (s.ConfigDigest != wanted) && r.Spec.Node != s.Node
}

// mayRefuse reports whether a controller may be seen to refuse its configuration.
func mayRefuse(f Facts, reports []v1alpha1.SourceIPReport) (refuses bool) {
	eachSight(reports, func(_ v1alpha1.SourceIPReport, s v1alpha1.Sight) { refuses = refuses || ranOlder(f, reports, s) })
	return refuses
}

// ofRunning reports whether a look from outside may be at the configuration that the controllers run.
func ofRunning(s v1alpha1.Sight, refused bool) bool {
	return s.ConfigConfirmed || s.ConfigDigest == wanted || refused
}

func countsOutside(f Facts, r v1alpha1.SourceIPReport, s v1alpha1.Sight) bool {
	source, err := netip.ParseAddr(s.Source)
	inCluster := err == nil && (source.String() == "10.0.0.13" || source.String() == "10.0.0.14")
	return r.Spec.Vantage == v1alpha1.VantageOutside && fresh(f, r, s, 30*24*time.Hour) && !inCluster && s.NodeUID != "" &&
		(s.Address != published || s.Port == map[v1alpha1.Scheme]int32{v1alpha1.SchemeHTTP: 80, v1alpha1.SchemeHTTPS: 443}[s.Scheme])
}

// eachSight calls with every sight of all reports.
func eachSight(reports []v1alpha1.SourceIPReport, call func(v1alpha1.SourceIPReport, v1alpha1.Sight)) {
	for _, r := range reports {
		for _, s := range r.Status.Sights {
			call(r, s)
		}
	}
}

func checkInside(t *testing.T, f Facts, reports []v1alpha1.SourceIPReport) {
	t.Helper()
	for i, leg := range Inside(f, reports) {
		node := f.Serving[i]
		own, contradicted, repeated := map[v1alpha1.Scheme]time.Time{}, false, false
		life := map[string]time.Time{}
		eachSight(reports, func(r v1alpha1.SourceIPReport, s v1alpha1.Sight) {
			if r.Spec.Vantage != v1alpha1.VantageInside {
				return
			}
			for _, at := range []time.Time{s.Time.Time, r.Status.Control.Time.Time} {
				if at.After(life[r.Name]) && !at.After(f.Now.Add(2*time.Minute)) {
					life[r.Name] = at
				}
			}
		})
		eachSight(reports, func(r v1alpha1.SourceIPReport, s v1alpha1.Sight) {
			if countsInside(f, r, s, node, ranOlder(f, reports, s)) && s.Seen == v1alpha1.SeenOwn && s.Time.After(own[s.Scheme]) {
				own[s.Scheme] = s.Time.Time
			}
		})
		eachSight(reports, func(r v1alpha1.SourceIPReport, s v1alpha1.Sight) {
			if !countsInside(f, r, s, node, ranOlder(f, reports, s)) || own[s.Scheme].Sub(life[r.Name]) >= 4*time.Minute {
				return
			}
			contradicted = contradicted || s.Seen == v1alpha1.SeenOther || (s.Seen == v1alpha1.SeenForged && s.Source != "172.16.9.4")
		})
		eachSight(reports, func(r v1alpha1.SourceIPReport, s v1alpha1.Sight) {
			repeated = repeated || (countsInside(f, r, s, node, ranOlder(f, reports, s)) && s.Seen == v1alpha1.SeenOther && s.Repeated >= 2)
		})
		switch leg.State {
		case Kept:
			if contradicted || len(own) < 2 {
				t.Errorf("%s is kept, with contradiction %v and own addresses %v", leg.Node, contradicted, own)
			}
		case Lost:
			if !repeated {
				t.Errorf("%s is lost, and no loss was seen twice", leg.Node)
			}
		case Unknown:
			if leg.Cause == "" {
				t.Errorf("%s is Unknown without a cause", leg.Node)
			}
		}
	}
}

func checkOutside(t *testing.T, f Facts, reports []v1alpha1.SourceIPReport) {
	t.Helper()
	crossing := Outside(f, reports)
	own, front, repeated := map[v1alpha1.Scheme]bool{}, false, false
	newest := map[v1alpha1.Scheme]time.Time{}
	refused := mayRefuse(f, reports)
	eachSight(reports, func(r v1alpha1.SourceIPReport, s v1alpha1.Sight) {
		if !countsOutside(f, r, s) || !ofRunning(s, refused) {
			return
		}
		if s.Seen == v1alpha1.SeenOwn && len(s.Forgeries) == 0 {
			own[s.Scheme] = own[s.Scheme] || s.Address == published
			front = front || (s.Host != "" && s.Address != published)
		}
		if s.Seen == v1alpha1.SeenOwn && s.Source == outsider && s.Time.After(newest[s.Scheme]) {
			newest[s.Scheme] = s.Time.Time
		}
		repeated = repeated || (s.Seen == v1alpha1.SeenOther && s.Repeated >= 2)
	})
	contradicted := false
	eachSight(reports, func(r v1alpha1.SourceIPReport, s v1alpha1.Sight) {
		lost := s.Seen == v1alpha1.SeenOther && s.Source == outsider
		believed := s.Seen == v1alpha1.SeenForged && s.Source == outsider
		if countsOutside(f, r, s) && ofRunning(s, false) && !refused && (lost || believed) && s.Address == published && !newest[s.Scheme].After(s.Time.Time) {
			contradicted = true
		}
	})
	leg := crossing.Addresses[0]
	if leg.State == Kept && (contradicted || ((!own[v1alpha1.SchemeHTTP] || !own[v1alpha1.SchemeHTTPS]) && (!f.HeaderFront || !front))) {
		t.Errorf("the address is kept, with contradiction %v, own addresses %v, front %v", contradicted, own, front)
	}
	if leg.State == Lost && !repeated {
		t.Error("the address is lost, and no loss was seen twice")
	}
	if crossing.Front != nil && crossing.Front.State == Kept && !front {
		t.Error("the front is kept, and nothing crossed it")
	}
}

// fixtures are two probers and two machines outside, of which one asked through a CDN, too.
func fixtures() []v1alpha1.SourceIPReport {
	second := outside()
	second.Name = "public-outside-office"
	throughCDN(&second, func(*v1alpha1.Sight) {})
	return []v1alpha1.SourceIPReport{inside("app-1"), inside("app-2"), outside(), second}
}

func checkRecipe(t *testing.T, recipe []byte) {
	t.Helper()
	f, reports := facts(), fixtures()
	for len(recipe) >= 4 {
		mutate(&f, reports, [4]byte(recipe))
		recipe = recipe[4:]
	}
	checkInside(t, f, reports)
	checkOutside(t, f, reports)
}

func FuzzLegs(f *testing.F) {
	for i := range 64 {
		f.Add([]byte{byte(i), byte(i * 5), byte(i * 7), byte(i * 3), byte(i + 1), byte(i), byte(i * 11), byte(i)})
	}
	f.Fuzz(func(t *testing.T, recipe []byte) { checkRecipe(t, recipe[:len(recipe)-len(recipe)%4]) })
}

func TestForAnySetOfReports(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	states := map[State]int{}
	for range 4000 {
		recipe := make([]byte, 4*(1+random.IntN(12)))
		for i := range recipe {
			recipe[i] = byte(random.IntN(256))
		}
		checkRecipe(t, recipe)
		if t.Failed() {
			t.Fatalf("recipe %v", recipe)
		}
		f, reports := facts(), fixtures()
		for rest := recipe; len(rest) >= 4; rest = rest[4:] {
			mutate(&f, reports, [4]byte(rest))
		}
		states[Inside(f, reports)[0].State]++
		states["outside "+Outside(f, reports).Addresses[0].State]++
	}
	if len(states) != 6 {
		t.Errorf("not every state was reached: %v", states)
	}
}
