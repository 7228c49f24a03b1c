package upgrade

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/edge-ingress/edge-ingress-operator/test/e2e/lab"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/objects"
	"github.com/edge-ingress/edge-ingress-operator/test/olmprocess"
)

// olm is the Operator Lifecycle Manager with a catalogue, and what is applied beside a bundle. The version before is its
// own bundle. This version is a later one in the same channel, since both call themselves the same until the first release.
type olm struct {
	Pair
	process *olmprocess.Process
}

func (o *olm) Name() string { return "OLM" }

const (
	olderVersion = "v0.1.0"
	thisVersion  = "v0.2.0"
	ofVersions   = "operators.coreos.com/edge-ingress-operator.edge-ingress-operator-system"
)

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
	beside, err := o.beside(ctx, o.This)
	if err != nil {
		return err
	}
	return errors.Join(o.unsubscribe(ctx), o.run(ctx, "kubectl", "delete", "--ignore-not-found", "-f", beside))
}

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

// bring offers a version, subscribes to its channel, waits until OLM has installed it, and applies what is beside it.
func (o *olm) bring(ctx context.Context, r Release) error {
	address, err := o.process.Serve(filepath.Join(o.Lab.Repository(), "bin", "upgrade", "catalogue-"+r.Revision))
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
 spec: {name: %[3]s, channel: stable, source: edge-ingress, sourceNamespace: olm}}
`, address, lab.OperatorNamespace, releaseName)
	if err := objects.ApplyManifest(ctx, o.Lab.Client, []byte(subscription)); err != nil {
		return err
	}
	version := thisVersion
	if r.Image == olderImage {
		version = olderVersion
	}
	// The account of the prober and others belong to objects that OLM does not make, so the order is free.
	beside, err := o.beside(ctx, r)
	if err != nil {
		return err
	}
	if err := o.run(ctx, "kubectl", "apply", "--server-side", "-f", beside); err != nil {
		return err
	}
	return o.awaitVersion(ctx, version)
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

// beside writes what a bundle cannot contain: the objects of config/default of these three directories.
func (o *olm) beside(ctx context.Context, r Release) (string, error) {
	all, err := r.objects(ctx, o.Lab)
	if err != nil {
		return "", err
	}
	named := map[string]bool{}
	for _, directory := range []string{"admission", "guard", "verification"} {
		path := filepath.Join(r.Root, "config", directory)
		if !exists(path) {
			continue // Not every version has a guard.
		}
		built, err := output(ctx, r.Root, nil, o.Lab.Kubectl(ctx).Path, "kustomize", path)
		if err != nil {
			return "", err
		}
		decoded, err := objects.Decode([]byte(built))
		if err != nil {
			return "", fmt.Errorf("reading config/%s: %w", directory, err)
		}
		for _, object := range decoded {
			named[identity(object)] = true
		}
	}
	var text []byte
	for _, object := range all {
		if !named[identity(object)] {
			continue
		}
		document, err := yaml.Marshal(object.Object)
		if err != nil {
			return "", fmt.Errorf("encoding %s %s: %w", object.GetKind(), object.GetName(), err)
		}
		text = append(append(text, "---\n"...), document...)
	}
	dir, err := o.scratch("beside-" + r.Revision)
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "beside-bundle.yaml")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		return "", fmt.Errorf("writing what is beside a bundle: %w", err)
	}
	return file, nil
}

func identity(o *unstructured.Unstructured) string {
	return o.GetKind() + " " + o.GetNamespace() + "/" + o.GetName()
}

// makeCatalogues makes one with the version before, and one with both.
func (o *olm) makeCatalogues(ctx context.Context) error {
	tool := filepath.Join(o.This.Root, "bin", "tools", "bundle")
	older, err := o.bundle(o.Older, filepath.Join(o.Older.Root, "bundle"))
	if err != nil {
		return err
	}
	generated, err := o.scratch("bundle-generated")
	if err != nil {
		return err
	}
	manifests, err := output(ctx, o.This.Root, nil, o.Lab.Kubectl(ctx).Path, "kustomize", filepath.Join(o.This.Root, "config", "manifests"))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(generated, "manifests.yaml"), []byte(manifests), 0o644); err != nil {
		return fmt.Errorf("writing the manifests of a bundle: %w", err)
	}
	_, err = output(ctx, o.This.Root, nil, tool, "generate", "--input="+filepath.Join(generated, "manifests.yaml"),
		"--base=config/manifests/bases/edge-ingress-operator.clusterserviceversion.yaml", "--version="+thisVersion, "--image="+publishedRepository,
		"--created-at=2026-11-29T00:00:00Z", "--output="+generated)
	if err != nil {
		return err
	}
	this, err := o.bundle(o.This, filepath.Join(generated, "bundle"))
	if err != nil {
		return err
	}
	before := ""
	for _, made := range []struct{ revision, bundle string }{{o.Older.Revision, older}, {o.This.Revision, this}} {
		dir, err := o.scratch("catalogue-" + made.revision)
		if err != nil {
			return err
		}
		file := filepath.Join(dir, "catalog.json")
		if _, err := output(ctx, o.This.Root, nil, tool, "catalog", "--bundle="+made.bundle, "--before="+before, "--output="+file); err != nil {
			return err
		}
		before = file
	}
	return nil
}

// bundle copies a bundle, with the release's image, which may run the controller that was built here.
func (o *olm) bundle(r Release, from string) (string, error) {
	parent, err := o.scratch("bundle-" + r.Revision)
	if err != nil {
		return "", err
	}
	to := filepath.Join(parent, "bundle")
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		return "", fmt.Errorf("copying a bundle: %w", err)
	}
	file := filepath.Join(to, "manifests", "edge-ingress-operator.clusterserviceversion.yaml")
	content, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("reading a bundle: %w", err)
	}
	version := &unstructured.Unstructured{}
	if err := yaml.Unmarshal(content, &version.Object); err != nil {
		return "", fmt.Errorf("reading a bundle: %w", err)
	}
	found, _, _ := unstructured.NestedFieldNoCopy(version.Object, "spec", "install", "spec", "deployments")
	deployments, _ := found.([]any)
	if len(deployments) != 1 {
		return "", fmt.Errorf("reading a bundle: it has %d Deployments, want one", len(deployments))
	}
	deployment := &unstructured.Unstructured{Object: deployments[0].(map[string]any)}
	deployment.SetName(lab.OperatorName)
	if err := r.setImage(deployment, o.Lab.Controller.Repository); err != nil {
		return "", fmt.Errorf("changing a bundle: %w", err)
	}
	delete(deployment.Object, "metadata")
	if content, err = yaml.Marshal(version.Object); err != nil {
		return "", fmt.Errorf("encoding a bundle: %w", err)
	}
	return to, os.WriteFile(file, content, fs.FileMode(0o644))
}
