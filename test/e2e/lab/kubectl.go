package lab

import (
	"context"
	"os/exec"
)

// Kubectl is kubectl with these arguments, as the cluster's administrator.
func (l *Lab) Kubectl(ctx context.Context, arguments ...string) *exec.Cmd {
	return exec.CommandContext(ctx, l.kubectl(), append([]string{"--kubeconfig=" + l.Cluster.Kubeconfig}, arguments...)...)
}
