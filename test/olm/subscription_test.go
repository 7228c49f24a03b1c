package olm_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// patience ends a test that would hang. OLM looks again after errors at growing intervals.
const patience = 3 * time.Minute

// offer makes OLM offer a catalogue.
func offer(t *testing.T, name string) {
	t.Helper()
	address, err := where.olm.Serve(catalogue(name))
	if err != nil {
		t.Fatal(err)
	}
	apply(t, fmt.Sprintf(`
apiVersion: operators.coreos.com/v1alpha1
kind: CatalogSource
metadata: {name: edge-ingress, namespace: olm}
spec: {sourceType: grpc, address: "%s", displayName: Edge ingress}
`, address))
}

// subscribe asks OLM for the newest version of a channel.
func subscribe(t *testing.T, channel string) {
	t.Helper()
	apply(t, fmt.Sprintf(`
apiVersion: v1
kind: Namespace
metadata: {name: %[1]s, labels: {pod-security.kubernetes.io/enforce: restricted}}
---
apiVersion: operators.coreos.com/v1
kind: OperatorGroup
metadata: {name: edge-ingress, namespace: %[1]s}
spec: {}
---
apiVersion: operators.coreos.com/v1alpha1
kind: Subscription
metadata: {name: %[2]s, namespace: %[1]s}
spec: {name: %[2]s, channel: %[3]s, source: edge-ingress, sourceNamespace: olm}
`, operatorNamespace, operator, channel))
}

func apply(t *testing.T, documents string) {
	t.Helper()
	if _, err := where.Output(t.Context(), documents, "kubectl", "apply", "-f", "-"); err != nil {
		t.Fatal(err)
	}
}

// installed waits until OLM says that a version is installed, and looks whether it is alone.
func installed(t *testing.T, version string) {
	t.Helper()
	eventually(t, version+" is installed", func(ctx context.Context) error {
		phases, err := where.Output(ctx, "", "kubectl", "get", "csv", "--namespace="+operatorNamespace,
			`--output=jsonpath={range .items[*]}{.metadata.name} {.status.phase} {.status.message}{"\n"}{end}`)
		if err != nil {
			return err
		}
		if lines := strings.Split(strings.TrimSpace(phases), "\n"); len(lines) != 1 || !strings.HasPrefix(lines[0], operator+"."+version+" Succeeded ") {
			state, _ := where.Output(ctx, "", "kubectl", "get", "subscription,installplan", "--namespace="+operatorNamespace, "--output=jsonpath={.items[*].status.conditions}")
			return fmt.Errorf("the ClusterServiceVersions are %q, want %s alone and Succeeded; %s", lines, version, state)
		}
		return nil
	})
	image := where.Field(t, "{.spec.template.spec.containers[0].image}", "--namespace="+operatorNamespace, "deployment/"+operator)
	if want := "ghcr.io/edge-ingress/edge-ingress-operator:" + version; image != want {
		t.Errorf("the operator's image is %s, want %s", image, want)
	}
}

// plannedVersions are those that OLM ever planned to install here.
func plannedVersions(t *testing.T) string {
	t.Helper()
	return where.Field(t, "{.items[*].spec.clusterServiceVersionNames}", "--namespace="+operatorNamespace, "installplan")
}

// unsubscribe removes the operator as docs/install.md says, and nothing else.
func unsubscribe(t *testing.T) {
	t.Helper()
	where.Must(t, "kubectl", "delete", "subscription", operator, "--namespace="+operatorNamespace)
	where.Must(t, "kubectl", "delete", "csv", "--namespace="+operatorNamespace, "--selector=operators.coreos.com/edge-ingress-operator.edge-ingress-operator-system")
	eventuallyGone(t, "deployment/"+operator)
	eventuallyGone(t, "serviceaccount/"+operator)
}

// eventuallyGone waits until an object of the operator's namespace does not exist.
func eventuallyGone(t *testing.T, object string) {
	t.Helper()
	eventually(t, object+" is gone", func(ctx context.Context) error {
		found, err := where.Output(ctx, "", "kubectl", "get", "--ignore-not-found", "--output=name", "--namespace="+operatorNamespace, object)
		if err == nil && found != "" {
			err = errors.New("it is there")
		}
		return err
	})
}

// eventually waits until look finds no error.
func eventually(t *testing.T, what string, look func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		err := look(ctx)
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("waiting until %s: %v", what, err)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// emptyAfterwards removes everything of the operator when the test ends, whoever installed it.
func emptyAfterwards(t *testing.T) {
	t.Helper()
	t.Cleanup(func() {
		if _, err := where.Output(context.WithoutCancel(t.Context()), "", "bash", "-uo", "pipefail", "-c", removeAll); err != nil {
			t.Error(err)
		}
	})
}

// removeAll ends with success where nothing is left that would be in the way of the next test.
const removeAll = `
system=edge-ingress-operator-system
helm uninstall edge-ingress-operator --namespace $system --wait
kubectl delete --ignore-not-found subscription,operatorgroup,installplan --all --namespace $system
kubectl delete --ignore-not-found csv --all --namespace $system
kubectl delete --ignore-not-found catalogsource edge-ingress --namespace olm
for edge in $(kubectl get edgeingresses.edgeingress.dev --output=name); do
	kubectl patch $edge --type=merge --patch='{"metadata": {"finalizers": null}}'
	kubectl delete --ignore-not-found $edge
done
kubectl delete --ignore-not-found namespace $system edge-ingress-verification edge-public
kubectl label node edge-1 edgeingress.node-restriction.kubernetes.io/public- node-role.kubernetes.io/edge-
kubectl taint node edge-1 node-role.kubernetes.io/edge-
# OLM may just have been about to create some of these again.
for round in $(seq 30); do
	for kind in validatingadmissionpolicy validatingadmissionpolicybinding clusterrole clusterrolebinding ingressclass crd; do
		kubectl get $kind --output=name | grep -i -e edge-ingress -e edgeingress -e test-olm- | xargs -r kubectl delete --ignore-not-found
	done
	sleep 1
	kubectl get crd,clusterrole --output=name | grep -v olm.og | grep -i -e edgeingress -e edge-ingress || exit 0
done
exit 1
`
