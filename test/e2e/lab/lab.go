// Package lab starts what the end-to-end tests need: a cluster of real nodes, MetalLB, an
// application, and the operator as a pod, installed as a user installs it. It does not know the
// scenarios.
package lab

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"os/exec"
	"path/filepath"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/realcluster"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic"
)

// ApplicationNamespace is where the echo application runs.
const ApplicationNamespace = "application"

// Lab is a running cluster with everything installed.
type Lab struct {
	// Cluster changes nodes.
	Cluster *realcluster.Cluster
	// Config and Client are an administrator's, without a limit on the rate of requests.
	Config *rest.Config
	Client client.WithWatch
	// Roots hold the certificate of SecureHost.
	Roots *x509.CertPool
	// Controller is the image of the ingress controller that was built here.
	Controller v1alpha1.ImageSpec

	root string
	// operatorImage is the name of the operator's image with its digest.
	operatorImage string
	openShift     *openShift
}

// Stop stops the cluster, unless it is to be kept.
func (l *Lab) Stop() error { return errors.Join(l.openShift.stop(), l.Cluster.Stop()) }

// Dialer opens connections from a host or node.
func (l *Lab) Dialer(host string) traffic.Dialer { return l.Cluster.Host(host).Dial }

// Directory is a directory for files of a purpose, which goes away with the cluster.
func (l *Lab) Directory(purpose string) string { return filepath.Join(l.Cluster.Dir, purpose) }

// NodeAddresses are the addresses of all nodes by name.
func (l *Lab) NodeAddresses(ctx context.Context) (map[string]netip.Addr, error) {
	nodes := &corev1.NodeList{}
	if err := l.Client.List(ctx, nodes); err != nil {
		return nil, fmt.Errorf("listing nodes: %w", err)
	}
	addresses := map[string]netip.Addr{}
	for _, node := range nodes.Items {
		for _, address := range node.Status.Addresses {
			if parsed, err := netip.ParseAddr(address.Address); err == nil && address.Type == corev1.NodeInternalIP {
				addresses[node.Name] = parsed
			}
		}
	}
	return addresses, nil
}

// Probe is the pod on a node that sends requests, and that answers them as the application does.
func (l *Lab) Probe(ctx context.Context, node string) (name string, address netip.Addr, err error) {
	pods := &corev1.PodList{}
	if err := l.Client.List(ctx, pods, client.InNamespace(ApplicationNamespace), client.MatchingLabels{"app": "probe"}); err != nil {
		return "", address, fmt.Errorf("finding the probing pod on %s: %w", node, err)
	}
	for _, pod := range pods.Items {
		if pod.Spec.NodeName != node || pod.DeletionTimestamp != nil {
			continue
		}
		if address, err = netip.ParseAddr(pod.Status.PodIP); err != nil {
			return "", address, fmt.Errorf("reading the address of pod %s: %w", pod.Name, err)
		}
		return pod.Name, address, nil
	}
	return "", address, fmt.Errorf("finding the probing pod on %s: there is none", node)
}

// GetFromPod lets the probing pod of a node request a URL, and returns the body of the answer and
// the pod's address.
func (l *Lab) GetFromPod(ctx context.Context, node, url string) (body []byte, from netip.Addr, err error) {
	pod, from, err := l.Probe(ctx, node)
	if err != nil {
		return nil, from, err
	}
	body, err = exec.CommandContext(ctx, l.kubectl(), "--kubeconfig="+l.Cluster.Kubeconfig, "exec", "--namespace="+ApplicationNamespace, pod,
		"--", "/echo", "get", url).Output()
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		return nil, from, fmt.Errorf("asking %s from pod %s: %w: %s", url, pod, err, failed.Stderr)
	}
	return body, from, err
}

func (l *Lab) kubectl() string { return filepath.Join(l.root, "bin", "k8s", "kubectl") }

// Repository is the root of the repository.
func (l *Lab) Repository() string { return l.root }

// Plugin is the program `kubectl edge-ingress` that was built here.
func (l *Lab) Plugin() string { return filepath.Join(l.root, "bin", "kubectl-edge_ingress") }

// Kubectl returns a kubectl command with these arguments, as the cluster's administrator.
func (l *Lab) Kubectl(ctx context.Context, arguments ...string) *exec.Cmd {
	return exec.CommandContext(ctx, l.kubectl(), append([]string{"--kubeconfig=" + l.Cluster.Kubeconfig}, arguments...)...)
}
