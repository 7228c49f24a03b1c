package lab

import (
	"context"
	"fmt"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/controllers"
)

// InstallMetalLB installs MetalLB in a cluster that somebody else brought up, with a speaker that tolerates edge nodes, and returns when it runs on a
// node. The images must be loaded. root is that of the repository.
func InstallMetalLB(ctx context.Context, root string, config *rest.Config) error {
	c, err := client.NewWithWatch(config, client.Options{Scheme: controllers.NewScheme()})
	if err != nil {
		return fmt.Errorf("connecting to the cluster: %w", err)
	}
	l := &Lab{Config: config, Client: c, root: root}
	if err := l.installMetalLB(ctx); err != nil {
		return fmt.Errorf("installing MetalLB: %w", err)
	}
	if err := l.TolerateEdgeTaint(ctx); err != nil {
		return err
	}
	return l.AwaitDeployment(ctx, MetalLBNamespace, "controller")
}
