package olm_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

const edgeIngress = `{"apiVersion": "edgeingress.dev/v1alpha1", "kind": "EdgeIngress", "metadata": {"name": "public"}, "spec": {"nodes": {"selector": {"matchLabels": {"pool": "edge"}}}}}`

// createEdgeIngress creates an EdgeIngress and returns its uid.
func createEdgeIngress(t *testing.T) string {
	t.Helper()
	if _, err := where.Output(t.Context(), edgeIngress, "kubectl", "create", "-f", "-"); err != nil {
		t.Fatal(err)
	}
	return where.Field(t, "{.metadata.uid}", "edgeingress/public")
}

// runOperator runs the operator's program with the arguments and the account of the Deployment that OLM made, until the
// returned function is called or the test ends.
func runOperator(t *testing.T) (stop func()) {
	t.Helper()
	deployment := []string{"--namespace=" + operatorNamespace, "deployment/" + operator}
	var arguments []string
	if err := json.Unmarshal([]byte(where.Field(t, "{.spec.template.spec.containers[0].args}", deployment...)), &arguments); err != nil {
		t.Fatal(err)
	}
	account := where.Field(t, "{.spec.template.spec.serviceAccountName}", deployment...)
	// Of a flag that is given twice, the last one counts. The lease is in the namespace of the Deployment.
	arguments = append(arguments, "--metrics-bind-address=0", "--health-probe-bind-address=0", "--leader-election-namespace="+operatorNamespace)
	path := filepath.Join(where.Repository, "bin", "manager")
	command := &exec.Cmd{
		Path: path, Args: append([]string{path}, arguments...),
		Env:         []string{"KUBECONFIG=" + kubeconfigOf(t, account), "POD_NAMESPACE=" + operatorNamespace},
		SysProcAttr: &syscall.SysProcAttr{Setpgid: true},
	}
	log, err := os.Create(filepath.Join(t.TempDir(), "operator.log"))
	if err != nil {
		t.Fatal(err)
	}
	command.Stdout, command.Stderr = log, log
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		if err := command.Process.Signal(syscall.SIGTERM); err != nil {
			t.Errorf("stopping the operator: %v", err)
		}
		if err := command.Wait(); err != nil {
			t.Errorf("the operator ended with an error: %v", err)
		}
		said, err := os.ReadFile(log.Name())
		if t.Failed() || err != nil || strings.Contains(string(said), "is forbidden") {
			t.Errorf("the operator said (error %v):\n%s", err, said)
		}
	}
	t.Cleanup(stop)
	return stop
}

// kubeconfigOf writes a kubeconfig with a token of an account of the operator's namespace.
func kubeconfigOf(t *testing.T, account string) string {
	t.Helper()
	config, err := clientcmd.LoadFromFile(where.cluster.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	token := strings.TrimSpace(where.Must(t, "kubectl", "create", "token", account, "--namespace="+operatorNamespace, "--duration=1h"))
	for name := range config.AuthInfos {
		config.AuthInfos[name] = &clientcmdapi.AuthInfo{Token: token}
	}
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// hasCondition waits for a condition of the EdgeIngress, and returns its message.
func hasCondition(t *testing.T, kind, status, reason string) (message string) {
	t.Helper()
	eventually(t, fmt.Sprintf("%s is %s with %s", kind, status, reason), func(ctx context.Context) error {
		said, err := where.Output(ctx, "", "kubectl", "get", "edgeingress/public", "--output=json")
		if err != nil {
			return err
		}
		var edge struct {
			Metadata struct{ Generation int64 }
			Status   struct {
				Conditions []struct {
					Type, Status, Reason, Message string
					ObservedGeneration            int64
				}
			}
		}
		if err := json.Unmarshal([]byte(said), &edge); err != nil {
			return err
		}
		for _, condition := range edge.Status.Conditions {
			if condition.Type == kind && condition.Status == status && condition.Reason == reason && condition.ObservedGeneration == edge.Metadata.Generation {
				message = condition.Message
				return nil
			}
		}
		return fmt.Errorf("the conditions are %+v", edge.Status.Conditions)
	})
	return message
}

// becomesReady plays the load balancer, which simulated nodes do not have, and waits for Ready.
func becomesReady(t *testing.T) {
	t.Helper()
	service := []string{"--namespace=edge-public", "service/public-edge-ingress"}
	eventually(t, "the Service is there", func(ctx context.Context) error {
		_, err := where.Output(ctx, "", "kubectl", append([]string{"patch", "--subresource=status", "--type=merge",
			`--patch={"status": {"loadBalancer": {"ingress": [{"ip": "203.0.113.10"}]}}}`}, service...)...)
		return err
	})
	hasCondition(t, "Ready", "True", "AllConditionsMet")
}
