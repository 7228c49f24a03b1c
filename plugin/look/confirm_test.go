package look

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

func TestConfirm(t *testing.T) {
	type given struct {
		before, after *v1alpha1.EdgeIngress
		inside        []*v1alpha1.SourceIPReport
		sight         v1alpha1.Sight
	}
	condition := func(e *v1alpha1.EdgeIngress, status metav1.ConditionStatus, reason string) {
		e.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionConfigEffective, Status: status, Reason: reason, ObservedGeneration: e.Generation}}
	}
	for name, row := range map[string]struct {
		change func(*given)
		want   bool
		// settles: a measurement a moment later may be confirmed.
		settles bool
	}{
		"loaded before and after": {change: func(*given) {}, want: true},
		"the spec changed meanwhile": {change: func(g *given) {
			g.after.Generation = 4
			condition(g.after, metav1.ConditionTrue, v1alpha1.ReasonConfigLoaded)
		}, settles: true},
		"the operator has not seen the spec":  {change: func(g *given) { g.before.Generation, g.after.Generation = 4, 4 }, settles: true},
		"it was loading before":               {change: func(g *given) { condition(g.before, metav1.ConditionUnknown, v1alpha1.ReasonConfigLoading) }, settles: true},
		"it was loading after":                {change: func(g *given) { condition(g.after, metav1.ConditionUnknown, v1alpha1.ReasonConfigLoading) }, settles: true},
		"it is refused":                       {change: func(g *given) { condition(g.after, metav1.ConditionFalse, v1alpha1.ReasonConfigNotLoaded) }},
		"no load was seen before":             {change: func(g *given) { condition(g.before, metav1.ConditionTrue, v1alpha1.ReasonConfigWritten) }, settles: true},
		"there is no condition":               {change: func(g *given) { g.before.Status.Conditions = nil }, settles: true},
		"another EdgeIngress of this name":    {change: func(g *given) { g.after.UID = "later" }, settles: true},
		"another configuration answered here": {change: func(g *given) { g.sight.ConfigDigest = "other" }, settles: true},
		"one node has another configuration":  {change: func(g *given) { g.inside[0].Status.Sights[1].ConfigDigest = "other" }, settles: true},
		"the prober met no controller":        {change: func(g *given) { g.inside[0].Status.Sights = nil }, settles: true},
		"nothing answered here":               {change: func(g *given) { g.sight.Seen = v1alpha1.SeenNobody }},
		"another address arrived":             {change: func(g *given) { g.sight.Seen = v1alpha1.SeenOther }, want: true},
	} {
		t.Run(name, func(t *testing.T) {
			edge := &v1alpha1.EdgeIngress{ObjectMeta: metav1.ObjectMeta{Name: "public", UID: "edge", Generation: 3}}
			condition(edge, metav1.ConditionTrue, v1alpha1.ReasonConfigLoaded)
			g := given{before: edge, after: edge.DeepCopy(), inside: []*v1alpha1.SourceIPReport{insideReport("w", time.Time{})}, sight: at(public, v1alpha1.SeenOwn, public)}
			for i := range g.inside[0].Status.Sights {
				g.inside[0].Status.Sights[i].Seen, g.inside[0].Status.Sights[i].ConfigDigest = v1alpha1.SeenOwn, "digest"
			}
			g.sight.ConfigDigest = "digest"
			row.change(&g)
			result := Result{Sights: []v1alpha1.Sight{g.sight}, Inside: g.inside}
			Confirm(&result, g.before, g.after)
			if result.Sights[0].ConfigConfirmed != row.want {
				t.Errorf("confirmed is %v", result.Sights[0].ConfigConfirmed)
			}
			if settles := Settles(result.Sights, g.after); settles != row.settles {
				t.Errorf("settles is %v", settles)
			}
		})
	}
}
