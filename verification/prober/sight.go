package prober

import (
	"slices"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/verification/evidence"
)

// remembered is how many results of one kind of request decide about the next one.
const remembered = 3

// sight is what requests of one kind to one target met.
type sight struct {
	// result is the newest one.
	result
	// last are the newest results, this one last.
	last []v1alpha1.Seen
	// loss is the newest loss while it stands; nil otherwise.
	loss *loss
	// repetitions since the last request that was no repetition.
	repetitions int
}

// loss is a request that met another address than its sender's, and how many of three requests in a row did.
type loss struct {
	result
	repeated int32
}

func lossy(seen v1alpha1.Seen) bool { return seen == v1alpha1.SeenOther || seen == v1alpha1.SeenForged }

// add notes a result. A loss stands when two of three requests in a row met one, whatever address arrived: a
// masquerade may have a pool of them. It falls when three in a row met none, or the controller has loaded another
// configuration. So a node that loses every second address is not reported as whole every second time.
func (s *sight) add(found result, repetition bool) {
	s.result = found
	s.last = append(s.last, found.Seen)
	s.last = slices.Clone(s.last[max(0, len(s.last)-remembered):])
	s.repetitions++
	if !repetition {
		s.repetitions = 0
	}
	losses := s.count(lossy)
	switch {
	case lossy(found.Seen) && (s.loss != nil || losses >= evidence.Confirmed):
		s.loss = &loss{result: found, repeated: max(losses, evidence.Confirmed)}
	case s.loss != nil && !lossy(found.Seen) && found.digest != "" && found.digest != s.loss.digest:
		s.loss, s.last = nil, []v1alpha1.Seen{found.Seen}
	case losses == 0:
		s.loss = nil
	}
}

func (s *sight) count(like func(v1alpha1.Seen) bool) int32 {
	count := int32(0)
	for _, seen := range s.last {
		if like(seen) {
			count++
		}
	}
	return count
}

// repeated is how many of the last results were like the newest one.
func (s *sight) repeated() int32 {
	return s.count(func(earlier v1alpha1.Seen) bool { return earlier == s.Seen || lossy(earlier) && lossy(s.Seen) })
}

// shown is the result for the report: the loss that stands, or the newest result.
func (s *sight) shown() (found result, repeated int32) {
	if s.loss != nil {
		return s.loss.result, s.loss.repeated
	}
	return s.result, s.repeated()
}

// unsettled reports whether a request should be repeated soon: it shows a loss, or nothing, or that a loss may have
// ended, and this has not been seen often enough to be sure. A forgery that is refused is settled. Where each
// request meets something else, the next round has to decide.
func (s *sight) unsettled(k kind) bool {
	if s.repetitions >= remembered-1 {
		return false
	}
	refused := k.forgery != "" && (s.Seen == v1alpha1.SeenNobody || s.Seen == v1alpha1.SeenUnsigned)
	if s.Seen == v1alpha1.SeenOwn || refused {
		return s.loss != nil
	}
	return s.repeated() < remembered
}
