package assess

import (
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// A newer version of the operator may have written an engine that this one does not have.
func TestNothingIsClaimedOfAnEngineThatIsNotKnown(t *testing.T) {
	g := healthy()
	g.s.EdgeIngress.Spec.Controller.Engine = "FromANewerVersion"
	for _, condition := range Status(g.s, g.d, g.o, time.Now()).Conditions {
		if condition.Status != metav1.ConditionUnknown || !slices.Contains([]string{v1alpha1.ReasonEngineUnknown, v1alpha1.ReasonNotMeasured}, condition.Reason) {
			t.Errorf("%s is %s, %s", condition.Type, condition.Status, condition.Reason)
		}
	}
}
