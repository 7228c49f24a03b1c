package load

import (
	"math"
	"math/bits"
	"time"
)

// histogram counts durations in constant memory. Up to stepsPerDoubling microseconds it is exact to
// the microsecond, above it divides each doubling into as many steps, which makes a quantile at
// most 1/32 too large.
type histogram struct {
	counts [bits.UintSize * stepsPerDoubling]uint32
	total  int
	max    time.Duration
}

const (
	stepBits         = 5
	stepsPerDoubling = 1 << stepBits
)

func (h *histogram) add(duration time.Duration) {
	h.counts[step(duration)]++
	h.total++
	h.max = max(h.max, duration)
}

// step returns the number of the step that the duration falls into.
func step(duration time.Duration) int {
	micros := uint64(max(duration, 0) / time.Microsecond)
	if micros < stepsPerDoubling {
		return int(micros)
	}
	doubling := bits.Len64(micros) - stepBits
	return doubling*stepsPerDoubling + int(micros>>(doubling-1)) - stepsPerDoubling
}

// upper returns the largest duration of a step, to the microsecond.
func upper(step int) time.Duration {
	if step < stepsPerDoubling {
		return time.Duration(step) * time.Microsecond
	}
	doubling := step / stepsPerDoubling
	micros := (step%stepsPerDoubling+stepsPerDoubling+1)<<(doubling-1) - 1
	return time.Duration(micros) * time.Microsecond
}

// quantile returns the duration that the given share of all durations does not exceed; 0 if there are none.
func (h *histogram) quantile(share float64) time.Duration {
	wanted := int(math.Ceil(share * float64(h.total)))
	seen := 0
	for step, count := range h.counts {
		if seen += int(count); seen >= wanted {
			return min(upper(step), h.max)
		}
	}
	return h.max
}

func (h *histogram) latency() Latency {
	return Latency{Median: h.quantile(0.5), P99: h.quantile(0.99), Max: h.max}
}
