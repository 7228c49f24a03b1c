package prober

import (
	"context"
	"log/slog"
	"maps"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
	"github.com/edge-ingress/edge-ingress-operator/verification/answer"
	"github.com/edge-ingress/edge-ingress-operator/verification/prober"
)

// patience is how long something may take that is to happen at once.
const patience = 30 * time.Second

// report waits until the only report of an EdgeIngress is as wanted.
func report(t *testing.T, admin client.Client, edge string, wanted string, is func(r v1alpha1.SourceIPReport) bool) v1alpha1.SourceIPReport {
	t.Helper()
	list := &v1alpha1.SourceIPReportList{}
	poll := time.NewTicker(50 * time.Millisecond)
	defer poll.Stop()
	for began := time.Now(); time.Since(began) < patience; <-poll.C {
		if err := admin.List(t.Context(), list, client.MatchingLabels{v1alpha1.OwnerLabel: edge}); err != nil {
			t.Fatal(err)
		}
		if len(list.Items) == 1 && is(list.Items[0]) {
			return list.Items[0]
		}
	}
	t.Fatalf("no report of %s %s: %+v", edge, wanted, list.Items)
	return v1alpha1.SourceIPReport{}
}

func plainOf(r v1alpha1.SourceIPReport, node string) v1alpha1.Sight {
	for _, one := range r.Status.Sights {
		if one.Node == node && one.Scheme == v1alpha1.SchemeHTTP && len(one.Forgeries) == 0 {
			return one
		}
	}
	return v1alpha1.Sight{}
}

func TestTheProberReportsWhatArrives(t *testing.T) {
	admin := newAdmin(t)
	edge := &v1alpha1.EdgeIngress{ObjectMeta: metav1.ObjectMeta{Name: "web"}}
	edge.Spec.Nodes.Selector = &v1alpha1.NodeSelector{MatchLabels: map[string]v1alpha1.LabelValue{"pool": "edge"}}
	edge.Spec.Exposure.Type = v1alpha1.ExposureNodePort
	create(t, admin, edge)
	for _, namespace := range []string{edge.ControllerNamespace(), operatorNamespace} {
		create(t, admin, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}})
		create(t, admin, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "default"}})
	}
	allow(t, admin)
	create(t, admin, ingress(edge))
	for name, address := range map[string]string{"worker-1": "127.0.0.10", "worker-2": "127.0.0.20", "edge-1": "127.0.0.11", "edge-2": "127.0.0.12"} {
		create(t, admin, node(name, address))
	}
	s := service(edge)
	create(t, admin, s)
	pods := []*corev1.Pod{controllerPod(edge, "web-1", "edge-1", "127.0.0.21"), controllerPod(edge, "web-2", "edge-2", "127.0.0.22")}
	for _, p := range pods {
		create(t, admin, p)
	}
	create(t, admin, slice(s.Namespace, s.Name, s.Labels, "10.244.1.", pods[0].UID, pods[1].UID))
	create(t, admin, slice(operatorNamespace, names.Witness, nil, strings.TrimSuffix(witnessAddress, "9"), "witness"))
	answers, direct := startWitness(t)
	first, second := &controller{pod: "web-1", address: "127.0.0.21", answers: answers}, &controller{pod: "web-2", address: "127.0.0.22", answers: answers}
	serve(t, first, "127.0.0.11", s)
	serve(t, second, "127.0.0.12", s)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- prober.Run(ctx, prober.Options{
			Config: cluster.ServiceAccountConfig(proberNamespace, proberAccount), Node: "worker-1", WitnessNamespace: operatorNamespace,
			Version: "test", Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
			Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, network, direct)
			},
		})
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})

	own := func(r v1alpha1.SourceIPReport) bool {
		return plainOf(r, "edge-1").Seen == v1alpha1.SeenOwn && plainOf(r, "edge-2").Seen == v1alpha1.SeenOwn && r.Status.Control != nil
	}
	r := report(t, admin, "web", "says that both edge nodes keep the address", own)
	checkObject(t, r, edge)
	checkStatus(t, r, s.UID)

	first.set("10.244.1.1")
	changeSpec(t, admin)
	r = report(t, admin, "web", "shows the loss twice", func(r v1alpha1.SourceIPReport) bool {
		lost := plainOf(r, "edge-1")
		return lost.Seen == v1alpha1.SeenOther && lost.SeenAddress == "10.244.1.1" && lost.Repeated >= 2
	})
	if kept := plainOf(r, "edge-2"); kept.Seen != v1alpha1.SeenOwn {
		t.Errorf("edge-2 is %+v", kept)
	}

	first.set("")
	if err := admin.Delete(t.Context(), &r); err != nil {
		t.Fatal(err)
	}
	changeSpec(t, admin)
	again := report(t, admin, "web", "is there again", own)
	if again.UID == r.UID {
		t.Error("it is the deleted one")
	}

	if err := admin.Delete(t.Context(), pods[0], client.GracePeriodSeconds(0)); err != nil {
		t.Fatal(err)
	}
	report(t, admin, "web", "forgets the pod that is gone", func(r v1alpha1.SourceIPReport) bool {
		return plainOf(r, "edge-1").Seen == "" && plainOf(r, "edge-2").Seen == v1alpha1.SeenOwn && len(r.Status.Controllers) == 1
	})
}

// changeSpec changes what the prober looks at, so that it measures at once and not with its next round.
func changeSpec(t *testing.T, admin client.Client) {
	t.Helper()
	edge := &v1alpha1.EdgeIngress{}
	if err := admin.Get(t.Context(), client.ObjectKey{Name: "web"}, edge); err != nil {
		t.Fatal(err)
	}
	edge.Spec.Verification = &v1alpha1.VerificationSpec{Hosts: []string{"h" + edge.ResourceVersion + ".example.com"}}
	if err := admin.Update(t.Context(), edge); err != nil {
		t.Fatal(err)
	}
}

func checkObject(t *testing.T, r v1alpha1.SourceIPReport, edge *v1alpha1.EdgeIngress) {
	t.Helper()
	if !strings.HasPrefix(r.Name, "web-inside-") || r.Spec != (v1alpha1.SourceIPReportSpec{EdgeIngress: "web", Vantage: v1alpha1.VantageInside, Node: "worker-1"}) {
		t.Errorf("the report is %s with %+v", r.Name, r.Spec)
	}
	if !maps.Equal(r.Labels, names.Labels("web")) {
		t.Errorf("its labels are %v", r.Labels)
	}
	want := []metav1.OwnerReference{{APIVersion: v1alpha1.GroupVersion.String(), Kind: "EdgeIngress", Name: "web", UID: edge.UID}}
	if !slices.Equal(r.OwnerReferences, want) {
		t.Errorf("its owner is %+v, want %+v", r.OwnerReferences, want)
	}
}

func checkStatus(t *testing.T, r v1alpha1.SourceIPReport, serviceUID types.UID) {
	t.Helper()
	if c := r.Status.Control; c.Node != "worker-2" || c.Answered {
		t.Errorf("the control is %+v", c)
	}
	if _, err := answer.DecodeKey(r.Status.PublicKey); err != nil || len(r.Status.Challenges) == 0 || r.Status.ServiceUID != serviceUID || r.Status.Problem != "" {
		t.Errorf("the status is %+v (%v)", r.Status, err)
	}
	https := 0
	for _, one := range r.Status.Sights {
		// PROXY headers are no HTTP, which this controller answers.
		if one.Seen != v1alpha1.SeenOwn && !strings.HasPrefix(strings.Join(one.Forgeries, ","), "PROXY") || one.Source != "127.0.0.10" {
			t.Errorf("a sight is %+v", one)
		}
		if one.Scheme == v1alpha1.SchemeHTTPS {
			https++
		}
		if age := time.Since(one.Time.Time); age < -5*time.Second || age > time.Minute {
			t.Errorf("a sight is %v old", age)
		}
	}
	if https != 4 {
		t.Errorf("there are %d sights over HTTPS", https)
	}
}
