package look

import (
	"cmp"
	"slices"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/verification/evidence"
)

// settled reports whether no further request is needed: the last one shows what was expected, or speaks for
// itself. After one that shows another address, all are sent: a balancer may lead them to different nodes.
func settled(seen []v1alpha1.Sight, expected v1alpha1.Sight) bool {
	last := seen[len(seen)-1]
	switch {
	case len(seen) == attempts:
		return true
	case slices.ContainsFunc(seen, func(s v1alpha1.Sight) bool { return surprise(s, expected) > 0 }):
		return last.Seen == v1alpha1.SeenForged
	default:
		return evidence.Refusing(&last) || likeExpected(last, expected)
	}
}

func likeExpected(s, expected v1alpha1.Sight) bool {
	return s.Seen == expected.Seen && (s.Seen == v1alpha1.SeenOwn || s.SeenAddress == expected.SeenAddress)
}

// surprise is greater than 0 where the witness saw another address than expected.
func surprise(s, expected v1alpha1.Sight) int {
	if !evidence.Answered(&s) || likeExpected(s, expected) {
		return 0
	}
	return worst[s.Seen]
}

// summed makes one sight of equal requests: the greatest surprise, or otherwise the last one, with how many were
// like it. All unexpected addresses are alike, because a masquerade may have several. A repetition that was answered
// ends silence. It does not undo another address, because nothing but the path puts one there.
func summed(seen []v1alpha1.Sight, expected v1alpha1.Sight) v1alpha1.Sight {
	chosen := seen[len(seen)-1]
	for _, s := range seen {
		if surprise(s, expected) > surprise(chosen, expected) {
			chosen = s
		}
	}
	chosen.Repeated = 0
	for _, s := range seen {
		if s.Seen == chosen.Seen || (surprise(s, expected) > 0 && surprise(chosen, expected) > 0) {
			chosen.Repeated++
		}
	}
	if likeExpected(chosen, expected) {
		chosen.Repeated = max(chosen.Repeated, expected.Repeated)
	}
	return chosen
}

// worst orders results: of two addresses that a host name has, the worse one counts.
var worst = map[v1alpha1.Seen]int{
	v1alpha1.SeenOwn: 0, v1alpha1.SeenElsewhere: 1, v1alpha1.SeenNobody: 2, v1alpha1.SeenUnsigned: 3, v1alpha1.SeenOther: 4, v1alpha1.SeenForged: 5,
}

// worse reports whether the first result counts instead of the second one. Of equal ones that is the one that more
// repetitions had.
func worse(a, b v1alpha1.Sight) bool {
	return cmp.Or(cmp.Compare(worst[a.Seen], worst[b.Seen]), cmp.Compare(a.Repeated, b.Repeated)) > 0
}

// grouped makes one sight of those that differ only in their forgery, and keeps the worst one of each kind of
// request where a host name has several addresses.
func grouped(sights []v1alpha1.Sight) []v1alpha1.Sight {
	var kinds []v1alpha1.Sight
	for _, s := range sights {
		same := func(o v1alpha1.Sight) bool {
			return evidence.SameTarget(&o, &s) && slices.Equal(o.Forgeries, s.Forgeries)
		}
		if at := slices.IndexFunc(kinds, same); at < 0 {
			kinds = append(kinds, s)
		} else if worse(s, kinds[at]) {
			kinds[at] = s
		}
	}
	var groups []v1alpha1.Sight
	for _, s := range kinds {
		same := func(o v1alpha1.Sight) bool {
			return len(o.Forgeries) > 0 && len(s.Forgeries) > 0 && evidence.SameTarget(&o, &s) && sameResult(o, s)
		}
		if at := slices.IndexFunc(groups, same); at < 0 {
			s.Forgeries = slices.Clone(s.Forgeries)
			groups = append(groups, s)
		} else {
			groups[at].Forgeries = append(groups[at].Forgeries, s.Forgeries...)
		}
	}
	return groups
}

func sameResult(a, b v1alpha1.Sight) bool {
	return a.Seen == b.Seen && a.SeenAddress == b.SeenAddress && a.Source == b.Source && a.Detail == b.Detail &&
		a.Node == b.Node && a.PodUID == b.PodUID && a.ConfigDigest == b.ConfigDigest && slices.Equal(a.Peers, b.Peers) && a.Repeated == b.Repeated
}
