package lab

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/metallb"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/realcluster"
)

// constraintAnnotation is where OpenShift writes the SecurityContextConstraints under which a pod runs.
const constraintAnnotation = "openshift.io/scc"

// openShift is a program beside the cluster that decides about new pods as OpenShift does. It ends with this process.
type openShift struct {
	process *exec.Cmd
	input   io.Closer
}

// startOpenShift lets OpenShift's admission plugin decide about all pods but those that OpenShift would not have. It runs in the
// network of the API server, which asks it.
func (l *Lab) startOpenShift(ctx context.Context) error {
	process := l.Cluster.Host(realcluster.Fabric).Command(ctx, filepath.Join(l.root, "bin", "openshift-admission"),
		"--kubeconfig="+l.Cluster.Kubeconfig, "--server=https://"+realcluster.APIServer.String(),
		"--constraints="+filepath.Join(l.root, "config", "openshift", "host_ports_scc.yaml"),
		"--except="+strings.Join([]string{"kube-system", metallb.Namespace, ApplicationNamespace}, ","))
	input, err := process.StdinPipe()
	if err != nil {
		return fmt.Errorf("starting OpenShift's admission plugin: %w", err)
	}
	output, err := process.StdoutPipe()
	if err != nil {
		return fmt.Errorf("starting OpenShift's admission plugin: %w", err)
	}
	process.Stderr = os.Stderr
	if err := process.Start(); err != nil {
		return fmt.Errorf("starting OpenShift's admission plugin: %w", err)
	}
	l.openShift = &openShift{process: process, input: input}
	lines := bufio.NewReader(output)
	if _, err := lines.ReadString('\n'); err != nil {
		return errors.Join(fmt.Errorf("waiting for OpenShift's admission plugin: %w", err), l.openShift.stop())
	}
	go func() { _, _ = io.Copy(os.Stderr, lines) }()
	return nil
}

func (o *openShift) stop() error {
	if o == nil {
		return nil
	}
	if err := errors.Join(o.input.Close(), o.process.Wait()); err != nil {
		return fmt.Errorf("stopping OpenShift's admission plugin: %w", err)
	}
	return nil
}

// CheckConstraints fails where the operator's own pods do not run under the constraint, and as the user, that OpenShift would
// choose.
func (l *Lab) CheckConstraints(ctx context.Context) error {
	var wrong []error
	for _, of := range []struct{ namespace, component, want string }{
		{OperatorNamespace, "operator", "restricted-v2"}, {OperatorNamespace, "witness", "restricted-v2"}, {ProberNamespace, "prober", "hostnetwork-v2"},
	} {
		pods := &corev1.PodList{}
		labels := client.MatchingLabels{"app.kubernetes.io/component": of.component}
		if err := l.Client.List(ctx, pods, client.InNamespace(of.namespace), labels); err != nil {
			return fmt.Errorf("reading the pods of the %s: %w", of.component, err)
		}
		if len(pods.Items) == 0 {
			wrong = append(wrong, fmt.Errorf("the %s has no pods", of.component))
		}
		for _, pod := range pods.Items {
			user := pod.Spec.Containers[0].SecurityContext.RunAsUser
			if got := pod.Annotations[constraintAnnotation]; got != of.want || user == nil || *user < 1_000_000_000 {
				wrong = append(wrong, fmt.Errorf("pod %s runs under %q as %v, want %s and a user of the namespace", pod.Name, got, user, of.want))
			}
		}
	}
	return errors.Join(wrong...)
}
