package olm_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// TestOLMInstallsUpgradesAndRemoves is the life of an operator in the channel of releases, from the bundle of an older
// commit on. Running ingresses survive all of it.
func TestOLMInstallsUpgradesAndRemoves(t *testing.T) {
	emptyAfterwards(t)
	offer(t, older)
	subscribe(t, "stable")
	installed(t, olderVersion)
	uid := createEdgeIngress(t)
	const newField = "{.spec.versions[0].schema.openAPIV3Schema.properties.status.properties.operatorVersion.type}"
	if known := where.Field(t, newField, "crd/edgeingresses.edgeingress.dev"); known != "" {
		t.Fatal("the older definition has the newer field already, so an upgrade shows nothing")
	}

	offer(t, withRelease)
	installed(t, "v0.2.0")
	if known := where.Field(t, newField, "crd/edgeingresses.edgeingress.dev"); known != "string" {
		t.Errorf("the upgrade left the older CustomResourceDefinition")
	}
	if planned := plannedVersions(t); strings.Contains(planned, "rc.1") {
		t.Errorf("in the channel stable, OLM planned %s", planned)
	}
	stop := runOperator(t)
	becomesReady(t)
	whoMayWrite(t)
	if now := where.Field(t, "{.metadata.uid}", "edgeingress/public"); now != uid {
		t.Errorf("the EdgeIngress was replaced: uid %s became %s", uid, now)
	}

	running := runningObjects(t)
	stop()
	unsubscribe(t)
	staysAsItWas(t, running)

	subscribe(t, "stable")
	installed(t, "v0.2.0")
	runOperator(t)
	becomesReady(t)
	staysAsItWas(t, running)
}

// whoMayWrite shows what OLM gives away with the roles edit and admin, and that the file beside the bundle takes it back.
func whoMayWrite(t *testing.T) {
	t.Helper()
	as := map[string]string{"edit": "test-olm-edit", "admin": "test-olm-admin", "edge-ingress-operator-edgeingress-admin": "test-olm-administrator"}
	for role, user := range as {
		where.Must(t, "kubectl", "create", "clusterrolebinding", user, "--clusterrole="+role, "--user="+user)
	}
	attempts := map[string][]string{
		"create": {"create", "-f", "config/samples/v1alpha1_edgeingress_host_network.yaml"},
		"change": {"patch", "edgeingress/public", "--type=merge", `--patch={"spec": {"nodes": {"isolation": "Shared"}}}`},
		"delete": {"delete", "edgeingress/public", "--wait=false"},
	}
	attempt := func(what, user string) []string {
		return append(attempts[what], "--dry-run=server", "--as="+user)
	}
	for what := range attempts {
		for _, user := range as {
			where.Must(t, "kubectl", attempt(what, user)...)
		}
		where.Refused(t, []string{`User "test-olm-nobody" cannot`}, "kubectl", attempt(what, "test-olm-nobody")...)
	}
	message := hasCondition(t, "Guarded", "False", "PoliciesMissing")
	for _, words := range []string{"beside-bundle.yaml of this version", "edge-ingress-administrators", "read every Secret"} {
		if !strings.Contains(message, words) {
			t.Errorf("the message of Guarded does not contain %q: %s", words, message)
		}
	}

	where.Must(t, "kubectl", "apply", "--server-side", "-f", besideBundle())
	hasCondition(t, "Guarded", "True", "PoliciesInForce")
	// The API server reads new policies once a second.
	eventually(t, "the API server applies the policies", func(ctx context.Context) error {
		said, err := where.Output(ctx, "", "kubectl", attempt("create", as["edit"])...)
		if err == nil {
			return fmt.Errorf("the role edit may still write EdgeIngress objects: %s", said)
		}
		return nil
	})
	for what := range attempts {
		for _, role := range []string{"edit", "admin"} {
			where.Refused(t, []string{"edge-ingress-administrators", "may not write EdgeIngress objects"}, "kubectl", attempt(what, as[role])...)
		}
		where.Must(t, "kubectl", attempt(what, as["edge-ingress-operator-edgeingress-admin"])...)
	}
	// The operator's account, as OLM made it, is the one that the policies name: it goes on.
	where.Must(t, "kubectl", "patch", "edgeingress/public", "--type=merge", `--patch={"spec": {"controller": {"config": {"proxy-body-size": "20m"}}}}`)
	becomesReady(t)
}

// runningObjects are what a running ingress consists of, with what changes when somebody replaces or changes it.
func runningObjects(t *testing.T) map[string]string {
	t.Helper()
	objects := map[string]string{}
	for name, object := range map[string][]string{
		"EdgeIngress":    {"edgeingress/public"},
		"DaemonSet":      {"--namespace=edge-public", "daemonset/public-edge-ingress"},
		"ServiceAccount": {"--namespace=edge-public", "serviceaccount/public-edge-ingress"},
	} {
		objects[name] = where.Field(t, "{.metadata.uid} {.metadata.generation}", object...)
	}
	objects["pods"] = where.Field(t, "{.items[*].metadata.uid}", "--namespace=edge-public", "pods")
	return objects
}

// staysAsItWas looks at a running ingress, and at all that it needs.
func staysAsItWas(t *testing.T, before map[string]string) {
	t.Helper()
	for name, now := range runningObjects(t) {
		if now != before[name] || now == "" {
			t.Errorf("%s: %q became %q", name, before[name], now)
		}
	}
	for _, name := range []string{"crd/edgeingresses.edgeingress.dev", "crd/sourceipreports.edgeingress.dev", "clusterrole/edge-ingress-operator-controller", "clusterrole/edge-ingress-operator-controller-election"} {
		if !where.Exists(t, name) {
			t.Errorf("%s is gone", name)
		}
	}
	controller := "--as=system:serviceaccount:edge-public:public-edge-ingress"
	for _, right := range [][]string{
		{"list", "ingresses.networking.k8s.io", "--all-namespaces"}, {"watch", "secrets", "--all-namespaces"}, {"watch", "endpointslices.discovery.k8s.io", "--all-namespaces"},
		{"update", "leases.coordination.k8s.io/public-edge-ingress", "--namespace=edge-public"},
	} {
		if said, err := where.Output(t.Context(), "", "kubectl", append([]string{"auth", "can-i", controller}, right...)...); err != nil {
			t.Errorf("a running controller may not %v any more: %s %v", right, said, err)
		}
	}
}

func TestPreReleasesAreInTheChannelCandidate(t *testing.T) {
	emptyAfterwards(t)
	offer(t, withPre)
	subscribe(t, "candidate")
	installed(t, "v0.2.0-rc.1")
	offer(t, withRelease)
	installed(t, "v0.2.0")
}

// TestAFixOfAnOlderVersionIsForThoseWhoStayWithIt: v0.1.1 was published after v0.2.0.
func TestAFixOfAnOlderVersionIsForThoseWhoStayWithIt(t *testing.T) {
	emptyAfterwards(t)
	offer(t, older)
	subscribe(t, "stable")
	installed(t, olderVersion)
	// The older catalogue may have no channel of the minor version. The newer one has, for v0.1.0 too.
	subscribe(t, "stable-v0.1")
	offer(t, withFix)
	installed(t, "v0.1.1")

	subscribe(t, "stable")
	installed(t, "v0.2.0")
	if planned := plannedVersions(t); strings.Contains(planned, "rc.1") {
		t.Errorf("OLM planned %s", planned)
	}

	// Whoever has v0.2.0 keeps it, also in the channel that ends with v0.1.1. A channel that does not exist makes OLM complain, and it
	// takes that back after it has planned what the next channel asks for.
	planned := plannedVersions(t)
	subscribe(t, "absent")
	eventually(t, "OLM looked into the channel absent", func(ctx context.Context) error { return complains(ctx, true) })
	subscribe(t, "stable-v0.1")
	eventually(t, "OLM looked into the channel stable-v0.1", func(ctx context.Context) error { return complains(ctx, false) })
	if now := plannedVersions(t); now != planned {
		t.Errorf("in the channel stable-v0.1, OLM planned %s, and before it %s", now, planned)
	}
	installed(t, "v0.2.0")
}

// complains returns an error where OLM does not say what is expected of the Subscription: that its channel cannot be resolved, or not.
func complains(ctx context.Context, expected bool) error {
	conditions, err := where.Output(ctx, "", "kubectl", "get", "subscription", operator, "--namespace="+operatorNamespace, "--output=jsonpath={.status.conditions}")
	if err == nil && strings.Contains(conditions, "ResolutionFailed") != expected {
		err = errors.New(conditions)
	}
	return err
}

// TestTheNewestVersionComesDirectly: from v0.1.0, OLM passes v0.1.1 by.
func TestTheNewestVersionComesDirectly(t *testing.T) {
	emptyAfterwards(t)
	offer(t, older)
	subscribe(t, "stable")
	installed(t, olderVersion)
	offer(t, withFix)
	installed(t, "v0.2.0")
	if planned := plannedVersions(t); strings.Contains(planned, "v0.1.1") {
		t.Errorf("OLM planned %s", planned)
	}
}

// TestOLMSkipsVersions: the newer catalogue does not have the version that is installed.
func TestOLMSkipsVersions(t *testing.T) {
	emptyAfterwards(t)
	offer(t, older)
	subscribe(t, "stable")
	installed(t, olderVersion)
	offer(t, releaseAlone)
	installed(t, "v0.2.0")
}
