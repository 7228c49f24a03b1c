package prober

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/verification/evidence"
	"github.com/edge-ingress/edge-ingress-operator/verification/probe"
)

// mostBytes is what etcd takes in one request by default (--max-request-bytes), less the rest of the object.
const mostBytes = 1_400_000

// crowd are targets of so many nodes with long names.
func crowd(nodes int, suffix string, families ...corev1.IPFamily) []target {
	var all []target
	for i := range nodes {
		for _, family := range families {
			address := netip.AddrFrom4([4]byte{10, 100, byte(i >> 8), byte(i)})
			if family == corev1.IPv6Protocol {
				address = netip.MustParseAddr(fmt.Sprintf("2001:db8:1234:5678:9abc:def0:1234:%x", 0x1000+i))
			}
			all = append(all, target{
				node: fmt.Sprintf("ip-10-100-%03d-%s", i, suffix), nodeUID: types.UID(fmt.Sprintf("6b3a4b0e-6f8b-4a53-9f0e-%012d", i)), family: family,
				primary: family == families[0], source: netip.MustParseAddr("10.100.200.200"), address: address, http: 30080, https: 30443,
			})
		}
	}
	return all
}

// crowded is the record of a full round at these targets, where PROXY headers are refused.
func crowded(targets []target, plain func(target) result) *record {
	r, now := newRecord(), time.Now()
	r.keep(targets)
	for _, t := range targets {
		o := outcome{errand: errand{target: t}, complete: true, results: map[kind]result{}}
		for k, forgery := range kinds(t, probe.Forgeries(&v1alpha1.EdgeIngress{}, t.family)) {
			found := result{Result: probe.Result{Seen: v1alpha1.SeenOwn, Address: t.address.String()}, issued: now, pod: "6b3a4b0e-6f8b-4a53-9f0e-4be8d2d2d2d2", digest: "0123456789abcdef"}
			switch {
			case forgery.Proxy != 0:
				found.Result = probe.Result{Seen: v1alpha1.SeenUnsigned, Detail: "HTTP 400"}
			case k.forgery == "" && plain != nil:
				found = plain(t)
			}
			o.results[k] = found
		}
		r.add(o, true, now)
	}
	return r
}

// TestEachNodeOfManyHasItsPlainSights: without one of them a verdict cannot be True.
func TestEachNodeOfManyHasItsPlainSights(t *testing.T) {
	const ipv4, ipv6 = corev1.IPv4Protocol, corev1.IPv6Protocol
	for name, test := range map[string]struct {
		nodes    int
		families []corev1.IPFamily
	}{
		"three":                    {3, []corev1.IPFamily{ipv4}},
		"two hundred and ten":      {210, []corev1.IPFamily{ipv4}},
		"two hundred and ten, two": {210, []corev1.IPFamily{ipv4, ipv6}},
		"five hundred":             {500, []corev1.IPFamily{ipv4}},
		"five hundred, two":        {500, []corev1.IPFamily{ipv4, ipv6}},
		"as many as controllers":   {maxControllers, []corev1.IPFamily{ipv4, ipv6}},
	} {
		t.Run(name, func(t *testing.T) {
			targets := crowd(test.nodes, "eu-west-1.compute.internal", test.families...)
			sights := crowded(targets, nil).sights()
			type key struct {
				node   string
				family string
				scheme v1alpha1.Scheme
			}
			plain := map[key]bool{}
			for _, one := range sights {
				if len(one.Forgeries) == 0 {
					plain[key{one.Node, one.Family, one.Scheme}] = true
				}
			}
			if want := 2 * len(targets); len(plain) != want {
				t.Errorf("there are %d plain sights, want %d", len(plain), want)
			}
			if len(sights) > evidence.MaxSights {
				t.Errorf("there are %d sights", len(sights))
			}
			if encoded, err := json.Marshal(sights); err != nil || len(encoded) > mostBytes {
				t.Errorf("they are %d bytes, %v", len(encoded), err)
			}
		})
	}
}

// TestALossIsNeverCutOff: where not even the plain sights have room, losses come first, and the report can still
// be written.
func TestALossIsNeverCutOff(t *testing.T) {
	targets := crowd(900, strings.Repeat("as-long-as-names-may-be.", 9), corev1.IPv4Protocol, corev1.IPv6Protocol)
	last := targets[len(targets)-1].node
	sights := crowded(targets, func(t target) result {
		if t.node == last {
			return result{Result: probe.Result{Seen: v1alpha1.SeenOther, Address: "10.244.1.1"}}
		}
		return result{Result: probe.Result{Seen: v1alpha1.SeenOwn}}
	}).sights()
	lost := 0
	for _, one := range sights {
		if one.Node == last && one.Seen == v1alpha1.SeenOther && len(one.Forgeries) == 0 {
			lost++
		}
	}
	if lost != 4 {
		t.Errorf("%d sights show the loss, want one of each scheme and family", lost)
	}
	if encoded, err := json.Marshal(sights); err != nil || len(encoded) > mostBytes {
		t.Errorf("%d sights are %d bytes, %v", len(sights), len(encoded), err)
	}
}
