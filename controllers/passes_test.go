package controllers_test

import (
	"fmt"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/metrics"
)

// passes returns how many passes the operator has made in the test process, over all EdgeIngress
// objects.
func passes(t testing.TB) int {
	t.Helper()
	return int(counter(t, "controller_runtime_reconcile_total"))
}

// failedPasses is how many of them failed.
func failedPasses(t testing.TB) int {
	t.Helper()
	return int(counter(t, "controller_runtime_reconcile_errors_total"))
}

// counter sums up one of controller-runtime's metrics over its labels.
func counter(t testing.TB, name string) float64 {
	t.Helper()
	families, err := metrics.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	total := 0.0
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, metric := range family.GetMetric() {
			total += metric.GetCounter().GetValue()
		}
	}
	return total
}

// makesPasses touches the story's EdgeIngress this many times, and waits for a pass each time. The
// last pass began after the call and has ended. This is certain only while no other EdgeIngress
// causes passes.
func (s *story) makesPasses(count int) {
	s.Helper()
	for i := range count + 1 { // One may have been under way.
		before := passes(s.TB)
		s.touch(fmt.Sprint(before))
		s.eventually(fmt.Sprintf("pass %d ends", i), func() error {
			if passes(s.TB) == before {
				return fmt.Errorf("%d passes were made, as before", before)
			}
			return nil
		})
	}
}

// touch changes what no pass looks at of the EdgeIngress, and nevertheless causes a pass.
func (s *story) touch(value string) {
	s.Helper()
	s.patch(s.edge(), fmt.Sprintf(`{"metadata":{"annotations":{"example.com/touched":%q}}}`, value))
}
