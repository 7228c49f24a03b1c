package look

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

func TestGroupedKeepsTheWorst(t *testing.T) {
	own, lost := at(public, v1alpha1.SeenOwn, public), at(public, v1alpha1.SeenOther, "10.0.0.11")
	got := grouped([]v1alpha1.Sight{own, lost, own, forged(own, "", "A"), forged(own, "", "B"), forged(lost, "", "C")})
	want := []v1alpha1.Sight{lost, forged(own, "", "A", "B"), forged(lost, "", "C")}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestGroupedKeepsTheLossThatWasRepeated(t *testing.T) {
	once, repeated := at(public, v1alpha1.SeenOther, "10.0.0.11"), at(public, v1alpha1.SeenOther, "10.0.0.12")
	once.Repeated = 1
	got := grouped([]v1alpha1.Sight{once, repeated})
	if diff := cmp.Diff([]v1alpha1.Sight{repeated}, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestRepetitions(t *testing.T) {
	own, other, another := at(public, v1alpha1.SeenOwn, public), at(public, v1alpha1.SeenOther, "10.0.0.11"), at(public, v1alpha1.SeenOther, "10.0.0.12")
	nobody, claimed := at(public, v1alpha1.SeenNobody, ""), at(public, v1alpha1.SeenForged, "")
	for name, row := range map[string]struct {
		answers  []v1alpha1.Sight
		expected v1alpha1.Sight
		// sent is how many of the answers are asked for.
		sent     int
		want     v1alpha1.Sight
		repeated int32
	}{
		"the own address":   {answers: []v1alpha1.Sight{own}, expected: v1alpha1.Sight{Seen: v1alpha1.SeenOwn}, sent: 1, want: own, repeated: 1},
		"silence that ends": {answers: []v1alpha1.Sight{nobody, own}, expected: v1alpha1.Sight{Seen: v1alpha1.SeenOwn}, sent: 2, want: own, repeated: 1},
		"silence":           {answers: []v1alpha1.Sight{nobody, nobody, nobody}, expected: v1alpha1.Sight{Seen: v1alpha1.SeenOwn}, sent: 3, want: nobody, repeated: 3},
		"another address":   {answers: []v1alpha1.Sight{other, other, other}, expected: v1alpha1.Sight{Seen: v1alpha1.SeenOwn}, sent: 3, want: other, repeated: 3},
		"another address on one of several nodes":                    {answers: []v1alpha1.Sight{other, own, own}, expected: v1alpha1.Sight{Seen: v1alpha1.SeenOwn}, sent: 3, want: other, repeated: 1},
		"another address on two of three":                            {answers: []v1alpha1.Sight{other, own, other}, expected: v1alpha1.Sight{Seen: v1alpha1.SeenOwn}, sent: 3, want: other, repeated: 2},
		"another address each time, as of a masquerade with several": {answers: []v1alpha1.Sight{other, another, other}, expected: v1alpha1.Sight{Seen: v1alpha1.SeenOwn}, sent: 3, want: other, repeated: 3},
		"two other addresses of three requests":                      {answers: []v1alpha1.Sight{other, own, another}, expected: v1alpha1.Sight{Seen: v1alpha1.SeenOwn}, sent: 3, want: another, repeated: 2},
		"another address, then a claimed one":                        {answers: []v1alpha1.Sight{other, claimed}, expected: v1alpha1.Sight{Seen: v1alpha1.SeenOwn}, sent: 2, want: claimed, repeated: 2},
		"another address, then silence":                              {answers: []v1alpha1.Sight{other, nobody, nobody}, expected: v1alpha1.Sight{Seen: v1alpha1.SeenOwn}, sent: 3, want: other, repeated: 1},
		"a forgery that is believed":                                 {answers: []v1alpha1.Sight{claimed, own, own}, expected: v1alpha1.Sight{Seen: v1alpha1.SeenOwn}, sent: 1, want: claimed, repeated: 1},
		"a forgery that changes nothing about a loss":                {answers: []v1alpha1.Sight{other}, expected: other, sent: 1, want: other, repeated: 3},
		"a forgery after a loss, with another one":                   {answers: []v1alpha1.Sight{another, another, another}, expected: other, sent: 3, want: another, repeated: 3},
	} {
		t.Run(name, func(t *testing.T) {
			sent := 1
			for sent < len(row.answers) && !settled(row.answers[:sent], row.expected) {
				sent++
			}
			got := summed(row.answers[:sent], row.expected)
			want := row.want
			want.Repeated = row.repeated
			if diff := cmp.Diff(want, got); diff != "" || sent != min(row.sent, len(row.answers)) {
				t.Errorf("after %d requests, want %d; -want +got\n%s", sent, row.sent, diff)
			}
		})
	}
}
