package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/metallb"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/objects"
)

// What is applied to a cluster with real nodes.
const (
	operatorOnRealNodes = "test/e2e/manifests/operator"
	application         = "test/demo/real/application.yaml"
	refusal             = "test/demo/real/refuse-repairs.yaml"
)

// controllerImage is the one of whose digest the EdgeIngress speaks.
const controllerImage = "ingress-nginx"

// images are the images that nodes need, as arguments of `cluster images`: one of the operator's
// programs, and others that it knows.
var images = []string{"operator=" + managerPath + "," + verificationPath, "echo", "metallb-controller", "metallb-speaker", controllerImage}

// makeReady builds what real nodes run where it is missing, and returns the digest of the
// controller's image. Builds report on standard error.
func makeReady(ctx context.Context, root string) (digest string, err error) {
	programs := prepareClusterCommand(ctx, root, "build", "--real-nodes")
	if err := programs.Run(); err != nil {
		return "", fmt.Errorf("building what real nodes run: %w", err)
	}
	output, err := prepareClusterCommand(ctx, root, append([]string{"images", "build"}, images...)...).Output()
	if err != nil {
		return "", fmt.Errorf("making images: %w", err)
	}
	for decoder := json.NewDecoder(bytes.NewReader(output)); ; {
		var image struct{ Name, Digest string }
		switch err := decoder.Decode(&image); {
		case errors.Is(err, io.EOF):
			return "", fmt.Errorf("making images: %s is not among them", controllerImage)
		case err != nil:
			return "", fmt.Errorf("reading which images were made: %w", err)
		case image.Name == controllerImage:
			return image.Digest, nil
		}
	}
}

// withRealNodes is the story on real nodes. digest is that of the controller's image.
func (s *story) withRealNodes(digest string, keep bool) []chapter {
	chapters := []chapter{
		s.addRealNodes, s.installInCluster, s.leastPrivilege,
		func(ctx context.Context) error { return s.applyWithImage(ctx, digest) },
		s.showNodes, s.showService, s.showConfiguration, s.realVerdict, s.sendRequests, s.nodeMasquerades, s.policyIsChanged, s.policyStaysChanged, s.controllerHangs,
	}
	if !keep {
		chapters = append(chapters, s.deleteOnRealNodes)
	}
	return chapters
}

func (s *story) addRealNodes(ctx context.Context) error {
	s.screen.chapter("A cluster: two edge machines and a worker, a load balancer, and an application")
	tasks, starting := errgroup.WithContext(ctx)
	tasks.Go(func() error { return s.installMetalLB(starting) })
	tasks.Go(func() error {
		_, err := s.kubectl.output(starting, "apply", "-f", application)
		return err
	})
	tasks.Go(func() error { return s.startRealNodes(starting) })
	if err := tasks.Wait(); err != nil {
		return err
	}
	for _, workload := range [][]string{{"daemonset/speaker", metallb.Namespace}, {"deployment/echo", "demo"}} {
		if _, err := s.kubectl.output(ctx, "rollout", "status", workload[0], "-n", workload[1], "--timeout=60s"); err != nil {
			return err
		}
	}
	s.screen.say("Two machines will face the internet; so far they only have a label. The worker runs an application that answers with the request that it " +
		"saw (" + application + "). MetalLB assigns addresses to Services.")
	if err := s.kubectl.show(ctx, "get", "nodes", "-L", corev1.LabelTopologyZone+",pool"); err != nil {
		return err
	}
	return s.kubectl.show(ctx, "get", "pods", "-A", "-o", podColumns)
}

// installMetalLB installs MetalLB with a speaker that tolerates edge nodes, and returns when it
// runs on a node.
func (s *story) installMetalLB(ctx context.Context) error {
	c, err := client.New(s.config, client.Options{})
	if err != nil {
		return fmt.Errorf("connecting to the cluster: %w", err)
	}
	if err := metallb.Install(ctx, c, s.root); err != nil {
		return fmt.Errorf("installing MetalLB: %w", err)
	}
	edge := corev1.Toleration{Key: v1alpha1.DefaultRoleLabel, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule}
	if err := metallb.SetSpeakerTolerations(ctx, c, edge); err != nil {
		return err
	}
	return objects.AwaitDeployment(ctx, c, metallb.Namespace, metallb.Controller)
}

func (s *story) startRealNodes(ctx context.Context) error {
	name, err := releasedImage(s.root)
	if err != nil {
		return err
	}
	if err := s.cluster.run(ctx, "images", "push", "--cluster="+clusterName, images[0], name); err != nil {
		return fmt.Errorf("pushing the operator's image: %w", err)
	}
	if err := s.cluster.run(ctx, append([]string{"images", "load", "--cluster=" + clusterName}, images[1:]...)...); err != nil {
		return fmt.Errorf("loading images: %w", err)
	}
	tasks, starting := errgroup.WithContext(ctx)
	for _, group := range []nodeGroup{
		{"zone-a", "edge", []string{"edge1"}},
		{"zone-b", "edge", []string{"edge2"}},
		{"zone-a", "apps", []string{"worker1"}},
	} {
		tasks.Go(func() error { return s.cluster.addNodes(starting, realNodes, group) })
	}
	return tasks.Wait()
}

// releasedImage is how config/default names the operator's image. Nodes pull it by that name from the cluster's registry.
func releasedImage(root string) (string, error) {
	content, err := os.ReadFile(filepath.Join(root, "config", "manager", "kustomization.yaml"))
	if err != nil {
		return "", fmt.Errorf("reading the name of the operator's image: %w", err)
	}
	var kustomization struct {
		Images []struct{ Name, NewTag string }
	}
	if err := yaml.Unmarshal(content, &kustomization); err != nil {
		return "", fmt.Errorf("reading the name of the operator's image: %w", err)
	}
	if len(kustomization.Images) != 1 {
		return "", fmt.Errorf("reading the name of the operator's image: config/manager names %d images", len(kustomization.Images))
	}
	return kustomization.Images[0].Name + ":" + kustomization.Images[0].NewTag, nil
}

// installInCluster installs the operator as README.md describes.
func (s *story) installInCluster(ctx context.Context) error {
	if err := s.install(ctx, operatorOnRealNodes); err != nil {
		return err
	}
	if err := await(ctx, "the operator to lead", s.operatorLeads); err != nil {
		return err
	}
	if err := s.kubectl.show(ctx, "get", "lease", "-n", operatorNamespace); err != nil {
		return err
	}
	s.screen.say("This is config/default. The nodes pulled the image built here, by its real name, from a registry of the cluster. The pod that " +
		"holds the lease does the work. It has only the permissions in config/rbac:")
	return nil
}

// operatorLeads reports whether a pod of the operator leads. It becomes Ready up to ten seconds later,
// with its next readiness probe.
func (s *story) operatorLeads(ctx context.Context) (done bool, seen string, err error) {
	leases := &coordinationv1.LeaseList{}
	err = s.client.List(ctx, leases, client.InNamespace(operatorNamespace))
	return len(leases.Items) > 0, "no lease", err
}

// applyWithImage applies the sample with the ingress controller that was built here, because nodes
// cannot pull the released one.
func (s *story) applyWithImage(ctx context.Context, digest string) error {
	s.screen.chapter("Ask for an edge")
	s.screen.say("This is " + sample + " with the ingress-nginx image built here. Nothing is pulled from the internet.")
	content, err := os.ReadFile(filepath.Join(s.root, sample))
	if err != nil {
		return fmt.Errorf("reading the sample: %w", err)
	}
	if content, err = withImage(content, digest); err != nil {
		return err
	}
	file := filepath.Join(filepath.Dir(kubeconfigPath), "edgeingress.yaml")
	if err := os.WriteFile(filepath.Join(s.root, file), content, 0o644); err != nil {
		return fmt.Errorf("writing the EdgeIngress: %w", err)
	}
	return s.apply(ctx, file, expected{
		v1alpha1.ConditionReady:              v1alpha1.ReasonAllConditionsMet,
		v1alpha1.ConditionSourceIPConfigured: v1alpha1.ReasonPreservedByLocalPolicy,
	})
}

// withImage adds the image of the ingress controller that was built here to an EdgeIngress.
func withImage(edgeIngress []byte, digest string) ([]byte, error) {
	var object struct {
		APIVersion string         `json:"apiVersion"`
		Kind       string         `json:"kind"`
		Metadata   map[string]any `json:"metadata"`
		Spec       map[string]any `json:"spec"`
	}
	if err := yaml.Unmarshal(edgeIngress, &object); err != nil {
		return nil, fmt.Errorf("reading the sample: %w", err)
	}
	object.Spec["controller"] = map[string]any{
		"image": v1alpha1.ImageSpec{Repository: "lab.test/" + controllerImage, Tag: "e2e", Digest: digest},
	}
	return yaml.Marshal(object)
}

// controllerHangs stops a controller without ending it, as when it is stuck.
func (s *story) controllerHangs(ctx context.Context) error {
	s.screen.chapter("Mishap: a controller hangs")
	s.screen.say("The demo stops the process of the controller on edge2. Three readiness probes fail, each after three seconds:")
	signal := func(name string) []string {
		return []string{"exec", "--cluster", clusterName, "edge2", "--", "pkill", "-" + name, "-f", "^/nginx-ingress-controller"}
	}
	if err := s.doOnHost(ctx, signal("STOP")); err != nil {
		return err
	}
	if err := s.showFailure(ctx); err != nil {
		return errors.Join(err, s.cluster.run(context.WithoutCancel(ctx), signal("CONT")...))
	}
	if err := s.doOnHost(ctx, signal("CONT")); err != nil {
		return err
	}
	return s.showRecovery(ctx)
}

// doOnHost shows and runs a command in a host of the cluster.
func (s *story) doOnHost(ctx context.Context, arguments []string) error {
	s.screen.line(indent + "$ " + clusterPath + " " + commandLine(arguments))
	return s.cluster.run(ctx, arguments...)
}

func (s *story) deleteOnRealNodes(ctx context.Context) error {
	s.screen.chapter("Delete it")
	s.screen.say("The operator deletes its objects and takes back what it put on the nodes. The controllers shut down gracefully, which takes a minute; " +
		"nothing waits for them. The namespace stays, because others may use it.")
	return s.delete(ctx, ownedKinds)
}
