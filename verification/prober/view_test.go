package prober

import (
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
)

// TestTheOperatorDecidesWhatIsMeasured: whatever the spec and the flags say, the prober follows the Ingress that the
// operator makes or removes. Where the two disagreed, one would delete reports that the other creates.
func TestTheOperatorDecidesWhatIsMeasured(t *testing.T) {
	now := metav1.Now()
	ingress := func(name string, deleted *metav1.Time) any {
		return &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "operator", DeletionTimestamp: deleted}}
	}
	for name, test := range map[string]struct {
		probes    v1alpha1.Switch
		deleted   *metav1.Time
		ingresses []any
		want      bool
	}{
		"by default":                     {ingresses: []any{ingress(names.WitnessIngress("web"), nil)}, want: true},
		"asked for":                      {probes: v1alpha1.Enabled, ingresses: []any{ingress(names.WitnessIngress("web"), nil)}, want: true},
		"asked for, and not decided yet": {probes: v1alpha1.Enabled},
		"the operator's flag says no":    {},
		"of another EdgeIngress":         {ingresses: []any{ingress(names.WitnessIngress("other"), nil)}},
		"the Ingress is about to go":     {ingresses: []any{ingress(names.WitnessIngress("web"), &now)}},
		"the EdgeIngress is about to go": {deleted: &now, ingresses: []any{ingress(names.WitnessIngress("web"), nil)}},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster("operator")
			e := &v1alpha1.EdgeIngress{ObjectMeta: metav1.ObjectMeta{Name: "web", UID: "uid", DeletionTimestamp: test.deleted}}
			e.Spec.Verification = &v1alpha1.VerificationSpec{Probes: test.probes}
			if err := c.edges.Replace([]any{e}, ""); err != nil {
				t.Fatal(err)
			}
			if len(c.view().measured()) > 0 {
				t.Error("it is measured before the Ingress objects are read")
			}
			if err := c.ingresses.Replace(test.ingresses, ""); err != nil {
				t.Fatal(err)
			}
			if got := len(c.view().measured()) == 1; got != test.want {
				t.Errorf("measured is %v, want %v", got, test.want)
			}
		})
	}
}
