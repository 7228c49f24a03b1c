package prober

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/verification/evidence"
)

// The bounds of a report.
const (
	maxForgeries    = 16
	maxDetail       = 512
	maxSightDetail  = 256
	nameOfNodeBytes = 5
	// maxSightBytes is about how many bytes all sights may have in JSON. etcd takes 1.5 MiB in one request by default.
	maxSightBytes = 1 << 20
	// sightBytes are those of a sight without its texts.
	sightBytes = 256
)

// reportName is one of the names that the report of the prober on this node may have. Another EdgeIngress of the same
// name has another report.
func reportName(e *v1alpha1.EdgeIngress, node string, candidate int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s/%s/%d", node, e.UID, candidate))
	return e.Name + "-inside-" + hex.EncodeToString(sum[:nameOfNodeBytes])
}

// statusOf is the part of a report's status that follows from the plan and the record.
func statusOf(p plan, r *record, c *v1alpha1.NegativeControl) v1alpha1.SourceIPReportStatus {
	status := v1alpha1.SourceIPReportStatus{
		Problem: p.problem, Detail: shortened(p.detail, maxDetail), Controllers: reported(p.serving), Control: c,
		ObservedGeneration: p.edge.Generation, ServiceUID: p.serviceUID, PathDigest: p.pathDigest, Sights: r.sights(),
	}
	for _, seen := range []v1alpha1.Seen{
		v1alpha1.SeenOwn, v1alpha1.SeenForged, v1alpha1.SeenOther, v1alpha1.SeenNobody, v1alpha1.SeenUnsigned, v1alpha1.SeenElsewhere,
	} {
		if count := r.counts[seen]; count > 0 {
			status.Probes = append(status.Probes, v1alpha1.ProbeCount{Seen: seen, Count: count})
		}
	}
	return status
}

// sights lists what was seen. Forgeries that had the same result at the same target share a sight. Where there are
// too many sights, losses are kept, then all other plain sights, which a True needs, and then the rest.
func (r *record) sights() []v1alpha1.Sight {
	var all []ranked
	for t, s := range r.targets {
		all = append(all, s.sights(t)...)
	}
	slices.SortFunc(all, func(a, b ranked) int { return cmp.Or(cmp.Compare(a.rank(), b.rank()), a.compare(b)) })
	all = all[:fitting(all)]
	slices.SortFunc(all, ranked.compare)
	sights := make([]v1alpha1.Sight, 0, len(all))
	for _, one := range all {
		sights = append(sights, one.Sight)
	}
	return sights
}

// fitting is how many of the sights a report has room for.
func fitting(all []ranked) int {
	size := 0
	for i, one := range all[:min(len(all), evidence.MaxSights)] {
		size += sightBytes + len(one.Address) + len(one.SeenAddress) + len(one.Source) + len(one.Detail) + len(one.Node) +
			len(one.NodeUID) + len(one.PodUID) + len(one.ConfigDigest)
		for _, forgery := range one.Forgeries {
			size += len(forgery) + len(`"",`)
		}
		if size > maxSightBytes {
			return i
		}
	}
	return min(len(all), evidence.MaxSights)
}

// ranked is a sight that has a rank.
type ranked struct{ v1alpha1.Sight }

// rank is 0 for the most important sights.
func (r ranked) rank() int {
	plain := len(r.Forgeries) == 0
	switch {
	case plain && lossy(r.Seen):
		return 0
	case plain:
		return 1
	case lossy(r.Seen):
		return 2
	}
	return 3
}

func (r ranked) compare(other ranked) int {
	return cmp.Or(
		cmp.Compare(r.Node, other.Node), cmp.Compare(r.Family, other.Family), cmp.Compare(r.Scheme, other.Scheme), slices.Compare(r.Forgeries, other.Forgeries),
	)
}

func (s *seen) sights(t target) []ranked {
	var all []ranked
	groups := map[string]int{}
	for _, k := range s.sorted() {
		found := s.kinds[k]
		one := found.report(t, k)
		group := fmt.Sprint(k.scheme, one.Seen, one.SeenAddress, one.Detail, one.Repeated, one.PodUID, one.ConfigDigest, one.Time.Unix())
		if i, ok := groups[group]; ok && k.forgery != "" && len(all[i].Forgeries) < maxForgeries {
			all[i].Forgeries = append(all[i].Forgeries, k.forgery)
			continue
		}
		if k.forgery != "" {
			groups[group] = len(all)
		}
		all = append(all, ranked{one})
	}
	return all
}

func (s *seen) sorted() []kind {
	all := make([]kind, 0, len(s.kinds))
	for k := range s.kinds {
		all = append(all, k)
	}
	slices.SortFunc(all, kind.compare)
	return all
}

func (s *sight) report(t target, k kind) v1alpha1.Sight {
	port := t.http
	if k.scheme == v1alpha1.SchemeHTTPS {
		port = t.https
	}
	found, repeated := s.shown()
	one := v1alpha1.Sight{
		Address: t.address.String(), Port: int32(port), Scheme: k.scheme, Family: string(t.family), Seen: found.Seen, SeenAddress: found.Address,
		Source: t.source.String(), Detail: shortened(found.Detail, maxSightDetail), Repeated: repeated, Node: t.node, NodeUID: t.nodeUID,
		PodUID: found.pod, ConfigDigest: shortened(found.digest, maxQuoted), Time: metav1.NewTime(found.issued),
	}
	if k.forgery != "" {
		one.Forgeries = []string{k.forgery}
	}
	return one
}

// significance is what makes a report worth writing at once. Times, counts, challenges, a success that is repeated,
// and which other address arrives while a loss stands, are not.
func significance(s v1alpha1.SourceIPReportStatus) string {
	var text strings.Builder
	fmt.Fprintln(&text, s.Problem, s.Detail, s.PublicKey, s.Controllers, s.ObservedGeneration, s.ServiceUID, s.PathDigest)
	if s.Control != nil {
		fmt.Fprintln(&text, s.Control.Node, s.Control.Answered, s.Control.ServiceProxy)
	}
	var lines []string
	for _, one := range s.Sights {
		repeated := min(one.Repeated, 2)
		if one.Seen == v1alpha1.SeenOwn {
			repeated = 0
		}
		address := one.SeenAddress
		if repeated >= evidence.Confirmed {
			address = ""
		}
		forgeries := one.Forgeries
		if len(forgeries) == 0 {
			forgeries = []string{""}
		}
		for _, forgery := range forgeries {
			lines = append(lines, fmt.Sprintln(one.Address, one.Port, one.Scheme, one.NodeUID, forgery, one.Seen, address, one.Detail, repeated, one.PodUID, one.ConfigDigest))
		}
	}
	slices.Sort(lines) // How forgeries share a sight depends on times.
	for _, line := range lines {
		text.WriteString(line)
	}
	return text.String()
}

func shortened(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "")
}
