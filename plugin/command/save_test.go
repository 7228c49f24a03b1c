package command_test

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/plugin/command"
)

func TestVerifySavesAndMerges(t *testing.T) {
	w := newWorld(t)
	w.listen("127.0.0.2", w.http, false)
	if ran := w.run("verify", "public", "--save", "--vantage", "office"); ran.code != command.ExitKept {
		t.Fatalf("exit code %d", ran.code)
	}
	report := w.reports["public-outside-office"]
	if report == nil {
		t.Fatal("there is no report")
	}
	if report.Labels[v1alpha1.OwnerLabel] != "public" || len(report.OwnerReferences) != 1 || report.OwnerReferences[0].UID != "edge-uid" || report.OwnerReferences[0].BlockOwnerDeletion != nil {
		t.Errorf("the report belongs to %v with the labels %v", report.OwnerReferences, report.Labels)
	}
	status := report.Status
	if status.ServiceUID != "service-uid" || status.PathDigest != "path" {
		t.Errorf("the report is about the Service %q and the path %q", status.ServiceUID, status.PathDigest)
	}
	issued := w.reports["public-inside-1"].Status.Challenges[0].Issued
	for _, sight := range status.Sights {
		if !sight.Time.Equal(&issued) || (sight.Seen == v1alpha1.SeenOwn && (sight.NodeUID != "node-uid" || sight.PodUID != "pod-uid" || sight.ConfigDigest != "digest" || sight.Source != "192.168.1.7")) {
			t.Errorf("sight %+v", sight)
		}
	}
	before := len(status.Sights)
	if ran := w.run("verify", "public", "--save", "--vantage", "office", "--address", "127.0.0.2", "--https-port", "0", "--http-port", port(w.http)); ran.code != command.ExitKept {
		t.Fatalf("exit code %d", ran.code)
	}
	if after := len(w.reports["public-outside-office"].Status.Sights); after <= before {
		t.Errorf("%d sights after the second address, and %d before", after, before)
	}
	w.edges["public"].UID = "successor"
	w.run("verify", "public", "--save", "--vantage", "office", "--address", "127.0.0.2", "--https-port", "0", "--http-port", port(w.http))
	for _, sight := range w.reports["public-outside-office"].Status.Sights {
		if sight.Address == "127.0.0.1" {
			t.Error("a sight of an earlier EdgeIngress of this name stayed")
		}
	}
}

// A report says whether the controllers had loaded the configuration of the spec.
func TestVerifySavesWhetherTheConfigurationWasLoaded(t *testing.T) {
	for name, row := range map[string]struct {
		reason string
		status metav1.ConditionStatus
		want   bool
	}{
		"loaded":  {v1alpha1.ReasonConfigLoaded, metav1.ConditionTrue, true},
		"refused": {v1alpha1.ReasonConfigNotLoaded, metav1.ConditionFalse, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.edges["public"].Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionConfigEffective, Status: row.status, Reason: row.reason}}
			w.reports["public-inside-1"].Status.Sights[0].Seen, w.reports["public-inside-1"].Status.Sights[0].ConfigDigest = v1alpha1.SeenOwn, "digest"
			ran := w.run("verify", "public", "--save")
			if ran.code != command.ExitKept || strings.Contains(ran.out, "The operator counts this only as long as") == row.want {
				t.Errorf("exit code %d", ran.code)
			}
			for _, sight := range w.reports["public-outside"].Status.Sights {
				if sight.Seen == v1alpha1.SeenOwn && sight.ConfigConfirmed != row.want {
					t.Errorf("sight %+v", sight)
				}
			}
		})
	}
}

// A controller that is loading a configuration is asked again.
func TestVerifyWaitsForTheConfiguration(t *testing.T) {
	w := newWorld(t)
	effective := metav1.Condition{Type: v1alpha1.ConditionConfigEffective, Status: metav1.ConditionUnknown, Reason: v1alpha1.ReasonConfigLoading}
	w.edges["public"].Status.Conditions = []metav1.Condition{effective}
	w.reports["public-inside-1"].Status.Sights[0].Seen, w.reports["public-inside-1"].Status.Sights[0].ConfigDigest = v1alpha1.SeenOwn, "digest"
	w.onList = func(w *world, n int) {
		if n == 4 {
			w.edges["public"].Status.Conditions[0].Status, w.edges["public"].Status.Conditions[0].Reason = metav1.ConditionTrue, v1alpha1.ReasonConfigLoaded
		}
	}
	ran := w.run("verify", "public", "--save")
	if ran.code != command.ExitKept || !strings.Contains(ran.err, "The controllers are loading a configuration. Asking again.") {
		t.Errorf("exit code %d", ran.code)
	}
	for _, sight := range w.reports["public-outside"].Status.Sights {
		if sight.Seen == v1alpha1.SeenOwn && !sight.ConfigConfirmed {
			t.Errorf("sight %+v", sight)
		}
	}
}

// Where the time is over while it asks again, what was seen before stands.
func TestVerifyKeepsAWholeMeasurement(t *testing.T) {
	w := newWorld(t)
	w.edges["public"].Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionConfigEffective, Status: metav1.ConditionUnknown, Reason: v1alpha1.ReasonConfigLoading}}
	ran := w.run("verify", "public", "--save", "--timeout=8s")
	again := strings.Count(ran.err, "Asking again.")
	if ran.code != command.ExitKept || again == 0 || strings.Contains(ran.out, "TimeOver") || !strings.Contains(ran.out, "It is not certain") {
		t.Errorf("exit code %d after asking again %d times:\n%s", ran.code, again, ran.out)
	}
	if report := w.reports["public-outside"]; report == nil || len(report.Status.Sights) < 4 {
		t.Errorf("saved is %+v", report)
	}
}

func TestVerifyLeavesInsideReportsAlone(t *testing.T) {
	w := newWorld(t)
	inside := w.reports["public-inside-1"].DeepCopy()
	inside.Name = "public-outside"
	w.reports["public-outside"] = inside
	ran := w.run("verify", "public", "--save")
	if ran.code != command.ExitError || !strings.Contains(ran.err, "write another --vantage") || w.reports["public-outside"].Status.PublicKey == "" {
		t.Errorf("exit code %d", ran.code)
	}
}

func TestVerifySavesNothingAcrossAChange(t *testing.T) {
	for name, change := range map[string]func(w *world, inside *v1alpha1.SourceIPReport){
		"another path": func(_ *world, inside *v1alpha1.SourceIPReport) { inside.Status.PathDigest = "later" },
		"another Service, as another prober says": func(w *world, inside *v1alpha1.SourceIPReport) {
			later := inside.DeepCopy()
			later.Name, later.Status.ServiceUID = "public-inside-2", "later"
			delete(w.reports, inside.Name)
			w.reports[later.Name] = later
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.onList = func(w *world, n int) {
				if n == 3 {
					change(w, w.reports["public-inside-1"])
				}
			}
			ran := w.run("verify", "public", "--save")
			if ran.code != command.ExitUndecided || !strings.Contains(ran.out, "PathChanged") || w.reports["public-outside"] != nil {
				t.Errorf("exit code %d, want %d; saved is %+v", ran.code, command.ExitUndecided, w.reports["public-outside"])
			}
		})
	}
}
