package upgrade

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/test/e2e/lab"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/objects"
	"github.com/edge-ingress/edge-ingress-operator/test/olmprocess"
)

// olm is the Operator Lifecycle Manager with a catalogue, and what is applied beside a bundle.
type olm struct {
	Pair
	process *olmprocess.Process
	// applied are the policies of the guard that are in the cluster.
	applied map[string]any
}

func (o *olm) Name() string { return "OLM" }

const ofVersions = "operators.coreos.com/edge-ingress-operator.edge-ingress-operator-system"

func (o *olm) InstallOlder(ctx context.Context) error {
	if err := o.makeCatalogues(ctx); err != nil {
		return err
	}
	directory, err := o.scratch("olm")
	if err != nil {
		return err
	}
	if o.process, err = olmprocess.Start(o.Lab.Repository(), o.Lab.Cluster.Kubeconfig, directory); err != nil {
		return err
	}
	return o.bring(ctx, o.Older)
}

// Upgrade serves the catalogue that has this version, too. OLM finds it in the channel.
func (o *olm) Upgrade(ctx context.Context) error { return o.bring(ctx, o.This) }

// Downgrade is no work of OLM, which knows one direction. It is removed, and the version before is installed.
func (o *olm) Downgrade(ctx context.Context) error {
	return errors.Join(o.unsubscribe(ctx), o.bring(ctx, o.Older))
}

func (o *olm) Uninstall(ctx context.Context) error {
	for policy := range o.This.policies {
		delete(o.applied, policy)
	}
	return errors.Join(o.unsubscribe(ctx), o.run(ctx, "kubectl", "delete", "--ignore-not-found", "-f", o.This.beside))
}

// ApplyBeside is what docs/install.md asks for at each update.
func (o *olm) ApplyBeside(ctx context.Context, r Release) error {
	if o.applied == nil {
		o.applied = map[string]any{}
	}
	maps.Copy(o.applied, r.policies)
	return o.run(ctx, "kubectl", "apply", "--server-side", "-f", r.beside)
}

// InForce is part of besides.
func (o *olm) InForce(r Release) bool { return r.inForce(o.applied) }

// RemovesToDowngrade is false: the witness stays, which is beside the bundle.
func (o *olm) RemovesToDowngrade() bool { return false }

func (o *olm) Reinstall(ctx context.Context) error { return o.bring(ctx, o.This) }

func (o *olm) Remove(ctx context.Context) error {
	return errors.Join(o.Uninstall(ctx),
		o.run(ctx, "kubectl", "delete", "crd", "edgeingresses.edgeingress.dev", "sourceipreports.edgeingress.dev"),
		o.run(ctx, "kubectl", "delete", "clusterrole", "--ignore-not-found", "edge-ingress-operator-controller", "edge-ingress-operator-controller-election",
			"edge-ingress-operator-metrics-reader", "edge-ingress-operator-edgeingress-admin", "edge-ingress-operator-edgeingress-verifier", "edge-ingress-operator-edgeingress-viewer"),
		o.run(ctx, "kubectl", "delete", "--ignore-not-found", "namespace", lab.OperatorNamespace), o.process.Stop())
}

// bring offers a version, subscribes to its channel, and waits until OLM has installed it.
func (o *olm) bring(ctx context.Context, r Release) error {
	address, err := o.process.Serve(o.catalogue(r))
	if err != nil {
		return err
	}
	subscription := fmt.Sprintf(`
{apiVersion: operators.coreos.com/v1alpha1, kind: CatalogSource, metadata: {name: edge-ingress, namespace: olm}, spec: {sourceType: grpc, address: %q, displayName: Edge ingress}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: %[2]s}}
---
{apiVersion: operators.coreos.com/v1, kind: OperatorGroup, metadata: {name: edge-ingress, namespace: %[2]s}, spec: {}}
---
{apiVersion: operators.coreos.com/v1alpha1, kind: Subscription, metadata: {name: %[3]s, namespace: %[2]s},
 spec: {name: %[3]s, channel: stable, source: edge-ingress, sourceNamespace: olm, config: {env: [{name: %[4]s, value: %[5]q}]}}}
`, address, lab.OperatorNamespace, releaseName, repositoriesVariable, o.Lab.Controller.Repository)
	if err := objects.ApplyManifest(ctx, o.Lab.Client, []byte(subscription)); err != nil {
		return err
	}
	return o.awaitVersion(ctx, r.Version)
}

func (o *olm) awaitVersion(ctx context.Context, version string) error {
	return objects.Await(ctx, "OLM to have installed "+version, patience, func(ctx context.Context) (bool, string, error) {
		list := &unstructured.UnstructuredList{}
		list.SetAPIVersion("operators.coreos.com/v1alpha1")
		list.SetKind("ClusterServiceVersionList")
		// OLM copies it into every other namespace.
		if err := o.Lab.Client.List(ctx, list, client.InNamespace(lab.OperatorNamespace)); err != nil {
			return false, "", err
		}
		var seen []string
		done := false
		for _, found := range list.Items {
			phase, _, _ := unstructured.NestedString(found.Object, "status", "phase")
			seen = append(seen, found.GetName()+" "+phase)
			done = found.GetName() == releaseName+"."+version && phase == "Succeeded"
		}
		return done && len(seen) == 1, strings.Join(seen, ", "), nil
	})
}

func (o *olm) unsubscribe(ctx context.Context) error {
	in := "--namespace=" + lab.OperatorNamespace
	return errors.Join(o.run(ctx, "kubectl", "delete", "subscription", releaseName, in), o.run(ctx, "kubectl", "delete", "csv", in, "--selector="+ofVersions),
		o.run(ctx, "kubectl", "wait", "--for=delete", "deployment/"+lab.OperatorName, in, "--timeout=1m"))
}
