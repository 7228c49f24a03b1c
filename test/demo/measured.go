package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

const (
	// outsideKubeconfig names the API server by the address that hosts outside reach.
	outsideKubeconfig = "bin/run/" + clusterName + "/outside.kubeconfig"
	// outsideServer is that address (see test/lab/README.md).
	outsideServer = "https://10.77.0.1:6443"
	// masqueradeTable has no other user, so the demo removes the whole table again.
	masqueradeTable = "demo_plugin"
)

// realVerdict shows what the operator says, what it measures by itself, and what a look from outside adds.
func (s *story) realVerdict(ctx context.Context) error {
	s.screen.chapter(verdictTitle)
	s.screen.say("MetalLB assigned an address. A prober on another node has begun to ask each edge node, over new connections, which address a " +
		"witness behind its controller sees:")
	applied := time.Now()
	if err := s.awaitStatus(ctx, v1alpha1.ConditionNodesKeepSourceIP, metav1.ConditionTrue); err != nil {
		return err
	}
	s.screen.say(fmt.Sprintf("That took %.0f s. Every edge node keeps the source address:", time.Since(applied).Seconds()))
	if err := s.showVerdict(ctx); err != nil {
		return err
	}
	return s.lookFromOutside(ctx)
}

// lookFromOutside runs the plugin on the client outside, and shows how the verdict changes.
func (s *story) lookFromOutside(ctx context.Context) error {
	s.screen.say("No prober inside can cross the load balancer as a client does. So one command runs outside, here on the host " + clientAddress + ":")
	if err := s.writeOutsideKubeconfig(); err != nil {
		return err
	}
	if err := s.showPlugin(ctx, "verify", edgeName, "--save"); err != nil {
		return err
	}
	if err := s.awaitStatus(ctx, v1alpha1.ConditionSourceIPPreserved, metav1.ConditionTrue); err != nil {
		return err
	}
	s.screen.say("Now it was measured from end to end, and SOURCE IP is True:")
	if err := s.showEdgeIngress(ctx); err != nil {
		return err
	}
	return s.showPlugin(ctx, "path", edgeName)
}

// showPlugin runs kubectl edge-ingress on the client outside the cluster and shows what it prints.
func (s *story) showPlugin(ctx context.Context, arguments ...string) error {
	all := append([]string{"exec", "--cluster", clusterName, "client", "--", pluginPath}, arguments...)
	all = append(all, "--kubeconfig", outsideKubeconfig)
	command := s.cluster.prepare(ctx, all...)
	var complaint strings.Builder
	command.Stderr = &complaint
	output, err := command.Output()
	if err != nil {
		return fmt.Errorf("running %s: %w: %s%s", commandLine(all), err, output, complaint.String())
	}
	s.screen.line(indent + "$ " + clusterPath + " " + commandLine(all))
	s.screen.quote(string(output))
	return nil
}

// writeOutsideKubeconfig writes the administrator's kubeconfig with the address of the API server that hosts
// outside reach.
func (s *story) writeOutsideKubeconfig() error {
	config, err := clientcmd.LoadFromFile(s.cluster.Kubeconfig)
	if err != nil {
		return fmt.Errorf("reading the kubeconfig: %w", err)
	}
	for _, cluster := range config.Clusters {
		cluster.Server = outsideServer
	}
	if err := clientcmd.WriteToFile(*config, filepath.Join(s.root, outsideKubeconfig)); err != nil {
		return fmt.Errorf("writing the kubeconfig for the host outside: %w", err)
	}
	return os.Chmod(filepath.Join(s.root, outsideKubeconfig), 0o600)
}

// nodeMasquerades adds a rule that no object of Kubernetes shows, and takes it away again.
func (s *story) nodeMasquerades(ctx context.Context) error {
	s.screen.chapter("Mishap: edge1 begins to masquerade")
	pod, err := s.podOn(ctx, "edge1")
	if err != nil {
		return err
	}
	s.screen.say("The demo adds a rule to the packet filter of edge1, as a network plugin might. Every object in Kubernetes stays as it is:")
	rule := fmt.Sprintf("table ip %s { chain postrouting { type nat hook postrouting priority 90; ip daddr %s masquerade; }; }", masqueradeTable, pod.Status.PodIP)
	if err := s.doOnHost(ctx, onEdge1("nft", rule)); err != nil {
		return err
	}
	if err := s.showMasquerade(ctx, pod); err != nil {
		return errors.Join(err, s.cluster.run(context.WithoutCancel(ctx), onEdge1("nft", "delete table ip "+masqueradeTable)...))
	}
	return s.masqueradeEnds(ctx)
}

func (s *story) showMasquerade(ctx context.Context, pod corev1.Pod) error {
	began := time.Now()
	if err := s.awaitStatus(ctx, v1alpha1.ConditionNodesKeepSourceIP, metav1.ConditionFalse); err != nil {
		return err
	}
	s.screen.say(fmt.Sprintf("After %.0f s the operator reports it. It names the node, although %s is Ready and all objects look perfect:",
		time.Since(began).Seconds(), pod.Name))
	if err := s.showEdgeIngress(ctx); err != nil {
		return err
	}
	if err := s.showConditions(ctx, v1alpha1.ConditionSourceIPConfigured, v1alpha1.ConditionNodesKeepSourceIP); err != nil {
		return err
	}
	return s.showPlugin(ctx, "path", edgeName)
}

func (s *story) masqueradeEnds(ctx context.Context) error {
	s.screen.say("The demo removes the rule:")
	if err := s.doOnHost(ctx, onEdge1("nft", "delete table ip "+masqueradeTable)); err != nil {
		return err
	}
	began := time.Now()
	if err := s.awaitStatus(ctx, v1alpha1.ConditionSourceIPPreserved, metav1.ConditionTrue); err != nil {
		return err
	}
	s.screen.say(fmt.Sprintf("After %.0f s the verdict is True again.", time.Since(began).Seconds()))
	return s.showEdgeIngress(ctx)
}

func onEdge1(program string, arguments ...string) []string {
	return append([]string{"exec", "--cluster", clusterName, "edge1", "--", program}, arguments...)
}

// awaitStatus returns when a condition has the status, whatever the reason.
func (s *story) awaitStatus(ctx context.Context, kind string, status metav1.ConditionStatus) error {
	return await(ctx, kind+" to be "+string(status), func(ctx context.Context) (bool, string, error) {
		edge, err := s.edgeIngress(ctx)
		if err != nil {
			return false, "", err
		}
		condition := meta.FindStatusCondition(edge.Status.Conditions, kind)
		if condition == nil {
			return false, "it is not there", nil
		}
		return condition.Status == status, fmt.Sprintf("%s (%s: %s)", condition.Status, condition.Reason, condition.Message), nil
	})
}
