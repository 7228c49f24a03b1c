package prober

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/verification/answer"
	"github.com/edge-ingress/edge-ingress-operator/verification/probe"
)

func TestForgeriesWithOneResultShareASight(t *testing.T) {
	r, asked := newRecord(), target{node: "edge-1", http: 80}
	r.keep([]target{asked})
	at := func(seconds int64, seen v1alpha1.Seen) result {
		return result{Result: probe.Result{Seen: seen}, issued: time.Unix(seconds, 0), pod: "p", digest: "d"}
	}
	r.add(outcome{errand: errand{target: asked}, results: map[kind]result{
		plainHTTP: at(1, v1alpha1.SeenOwn), {v1alpha1.SchemeHTTP, "a"}: at(1, v1alpha1.SeenOwn), {v1alpha1.SchemeHTTP, "b"}: at(1, v1alpha1.SeenForged),
		{v1alpha1.SchemeHTTP, "c"}: at(1, v1alpha1.SeenOwn), {v1alpha1.SchemeHTTP, "d"}: at(2, v1alpha1.SeenOwn),
	}, complete: true}, true, time.Unix(1, 0))
	var got []string
	for _, one := range r.sights() {
		got = append(got, fmt.Sprint(one.Forgeries, one.Seen, one.Time.Unix()))
	}
	if want := []string{"[]Own1", "[a c]Own1", "[b]Forged1", "[d]Own2"}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the sights are %v, want %v", got, want)
	}
	before := significance(v1alpha1.SourceIPReportStatus{Sights: r.sights()})
	r.add(outcome{errand: errand{target: asked}, results: map[kind]result{{v1alpha1.SchemeHTTP, "c"}: at(3, v1alpha1.SeenOwn), plainHTTP: at(3, v1alpha1.SeenOwn)}, complete: false}, true, time.Unix(3, 0))
	if significance(v1alpha1.SourceIPReportStatus{Sights: r.sights()}) != before {
		t.Error("a success that is seen again is worth a report at once")
	}
	r.add(outcome{errand: errand{target: asked}, results: map[kind]result{{v1alpha1.SchemeHTTP, "b"}: at(3, v1alpha1.SeenForged)}, complete: false}, true, time.Unix(3, 0))
	if significance(v1alpha1.SourceIPReportStatus{Sights: r.sights()}) == before {
		t.Error("a believed forgery that is seen again is not worth a report at once")
	}
	r.add(outcome{errand: errand{target: asked}, results: map[kind]result{plainHTTP: at(4, v1alpha1.SeenOwn)}, complete: true}, true, time.Unix(4, 0))
	if left := len(r.sights()); left != 1 {
		t.Errorf("%d sights are left, although the forgeries are not sent any more", left)
	}
}

// A hundred edge nodes of which twenty answer nobody: the others are asked in time.
func TestDeadNodesDoNotStarveTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for i := range 98 {
			name := fmt.Sprintf("node-%02d", i)
			w.addNode(name, fmt.Sprintf("10.0.2.%d", i))
			w.addPod("web", "web-"+name, name)
		}
		w.behave = func(node string, _ probe.Request, _ *answer.Answer) probe.Failure {
			if strings.HasSuffix(node, "0") || strings.HasSuffix(node, "5") {
				<-time.After(probe.DefaultConnectTimeout)
				return probe.ConnectTimedOut
			}
			<-time.After(2 * time.Millisecond)
			return ""
		}
		w.start(t.Context())
		wait(time.Minute)
		began, counts := w.last().at, map[v1alpha1.Seen]int{}
		for _, one := range w.last().status.Sights {
			if one.Scheme == v1alpha1.SchemeHTTP && len(one.Forgeries) == 0 {
				counts[one.Seen]++
			}
		}
		if counts[v1alpha1.SeenOwn] != 80 || counts[v1alpha1.SeenNobody] != 20 {
			t.Errorf("seen are %v", counts)
		}
		w.set(func() {
			dead := w.behave
			w.behave = func(node string, r probe.Request, a *answer.Answer) probe.Failure {
				if failure := dead(node, r, a); failure != "" {
					return failure
				}
				return masquerade("edge-2")(node, r, a)
			}
		})
		if took := w.untilSeen(t, "edge-2", v1alpha1.SeenOther, 2); took > 45*time.Second {
			t.Errorf("a loss is reported after %v (%v)", took, began)
		}
	})
}

func TestKeepForgetsWhatIsNotPlanned(t *testing.T) {
	r := newRecord()
	old, replaced := target{node: "edge-1", pods: "a"}, target{node: "edge-1", pods: "b"}
	r.keep([]target{old})
	r.add(outcome{errand: errand{target: old}, results: map[kind]result{plainHTTP: {Result: probe.Result{Seen: v1alpha1.SeenOther}}}, complete: false}, true, time.Time{})
	r.keep([]target{replaced})
	r.add(outcome{errand: errand{target: old}, results: map[kind]result{plainHTTP: {pod: types.UID("a")}}, complete: false}, true, time.Time{})
	if left := r.sights(); len(left) > 0 {
		t.Errorf("left are %+v", left)
	}
}
