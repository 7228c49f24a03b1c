package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/realcluster"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic"
)

const (
	// clientAddress is the one from which the host client sends.
	clientAddress = "203.0.113.10"
	// forged is an address that no host here has.
	forged = "198.51.100.7"
	// applicationHost is the host of the application's Ingress.
	applicationHost = "demo.example.com"
)

// curl returns the arguments with which the outside client calls the application through the load
// balancer's address.
func curl(address string, headers ...string) []string {
	arguments := []string{"exec", "--cluster", clusterName, "client", "--", "curl", "-s", "-H", "Host: " + applicationHost}
	for _, header := range headers {
		arguments = append(arguments, "-H", header)
	}
	return append(arguments, "http://"+address+"/")
}

// answerLimit is how long a request may take before another one is sent.
const answerLimit = 3 * time.Second

// ask sends a request and returns what the application saw of it. An error means that there was no
// such answer.
func (s *story) ask(ctx context.Context, arguments []string) (*traffic.Echo, error) {
	ctx, done := context.WithTimeout(ctx, answerLimit)
	defer done()
	command := s.cluster.prepare(ctx, arguments...)
	command.Stderr = nil
	output, err := command.Output()
	if err != nil {
		return nil, err
	}
	return traffic.ParseEcho(output)
}

// showRequest sends requests until the application sees the client's address as expected, and shows
// the last one. Until then a change is on its way through kube-proxy, MetalLB or nginx.
func (s *story) showRequest(ctx context.Context, what string, arguments []string, wanted func(clients []string) bool) (*traffic.Echo, error) {
	var echo *traffic.Echo
	err := await(ctx, what, func(ctx context.Context) (bool, string, error) {
		var err error
		if echo, err = s.ask(ctx, arguments); err != nil {
			return false, "no answer of the application: " + err.Error(), nil
		}
		seen := echo.Headers.Values("X-Forwarded-For")
		return wanted(seen), strings.Join(seen, " and "), nil
	})
	if err != nil {
		return nil, err
	}
	s.screen.line(indent + "$ " + clusterPath + " " + commandLine(arguments))
	s.screen.quote(sightTable(echo))
	return echo, nil
}

// sightTable shows the relevant part of the application's answer.
func sightTable(echo *traffic.Echo) string {
	var lines strings.Builder
	table := tabwriter.NewWriter(&lines, 0, 0, 2, ' ', 0)
	for _, header := range []string{"X-Forwarded-For", "X-Real-IP"} {
		fmt.Fprintf(table, "%s\t%s\n", header, strings.Join(echo.Headers.Values(header), " and "))
	}
	_ = table.Flush() // a strings.Builder takes everything
	return lines.String()
}

func isClient(seen []string) bool  { return slices.Equal(seen, []string{clientAddress}) }
func notClient(seen []string) bool { return len(seen) > 0 && !isClient(seen) }

// sendRequests sends a plain request and one that lies.
func (s *story) sendRequests(ctx context.Context) error {
	s.screen.chapter("Requests from outside")
	address, err := s.loadBalancerAddress(ctx)
	if err != nil {
		return err
	}
	s.screen.say("A host outside the cluster, with the address " + clientAddress + ", sends a request. The application answers with all headers as JSON. These two " +
		"matter:")
	if _, err := s.showRequest(ctx, "the application to answer", curl(address), isClient); err != nil {
		return err
	}
	s.screen.say("The same request with a header that claims another address. The controller ignores it:")
	_, err = s.showRequest(ctx, "the application to answer", curl(address, "X-Forwarded-For: "+forged), isClient)
	return err
}

func (s *story) loadBalancerAddress(ctx context.Context) (string, error) {
	edge, err := s.edgeIngress(ctx)
	if err != nil {
		return "", err
	}
	if len(edge.Status.Addresses) == 0 {
		return "", errors.New("finding the load balancer's address: the EdgeIngress has none")
	}
	return edge.Status.Addresses[0], nil
}

// policyStaysChanged holds the repair off, so that the verdict and what the application sees can be compared.
func (s *story) policyStaysChanged(ctx context.Context) error {
	s.screen.chapter("The same, while the operator cannot repair it")
	s.screen.say("Now the demo sends a request before the repair. An admission policy, as a cluster may have one, forbids the operator to write Services, " +
		"so the changed Service stays:")
	service, err := s.service(ctx)
	if err != nil {
		return err
	}
	address, err := s.loadBalancerAddress(ctx)
	if err != nil {
		return err
	}
	if err := s.refuseRepairs(ctx, service); err != nil {
		return err
	}
	if err := s.kubectl.show(ctx, "patch", "service", service.Name, "-n", service.Namespace, "-p", `{"spec":{"externalTrafficPolicy":"Cluster"}}`,
		"-o", policyTemplate); err != nil {
		return err
	}
	echo, err := s.showRequest(ctx, "a node's address to arrive", curl(address), notClient)
	if err != nil {
		return err
	}
	owner, err := s.ownerOf(ctx, echo.Headers.Get("X-Forwarded-For"))
	if err != nil {
		return err
	}
	if err := s.awaitConditions(ctx, "the loss to be reported", expected{
		v1alpha1.ConditionReady:              v1alpha1.ReasonApplyFailed,
		v1alpha1.ConditionSourceIPConfigured: v1alpha1.ReasonTrafficPolicyCluster,
	}); err != nil {
		return err
	}
	s.screen.say("The application sees a node instead of the client: the address is " + owner + ". The operator reports the same from the objects alone:")
	if err := s.showConditions(ctx, v1alpha1.ConditionReady, v1alpha1.ConditionSourceIPConfigured); err != nil {
		return err
	}
	return s.allowRepairs(ctx, address)
}

// refuseRepairs applies the policy and returns when the API server obeys it, which takes it a moment.
func (s *story) refuseRepairs(ctx context.Context, service corev1.Service) error {
	if err := s.kubectl.do(ctx, "apply", "-f", refusal); err != nil {
		return err
	}
	try := []string{
		"annotate", "service", service.Name, "-n", service.Namespace, "demo=tried", "--dry-run=server",
		"--as=system:serviceaccount:" + operatorNamespace + ":" + serviceAccount,
	}
	return await(ctx, "the API server to obey the policy", func(ctx context.Context) (bool, string, error) {
		output, complaint, _ := s.kubectl.run(ctx, try...) // refused, it fails
		return strings.Contains(complaint, "refuses repairs"), output + complaint, nil
	})
}

func (s *story) allowRepairs(ctx context.Context, address string) error {
	s.screen.say("The demo deletes the admission policy. The operator's next attempt succeeds, and the application sees the client's address again:")
	if err := s.kubectl.do(ctx, "delete", "-f", refusal); err != nil {
		return err
	}
	if err := s.awaitConditions(ctx, "the repair to be reported", expected{
		v1alpha1.ConditionReady:              v1alpha1.ReasonAllConditionsMet,
		v1alpha1.ConditionSourceIPConfigured: v1alpha1.ReasonPreservedByLocalPolicy,
	}); err != nil {
		return err
	}
	if _, err := s.showRequest(ctx, "the client's address to arrive", curl(address), isClient); err != nil {
		return err
	}
	return s.showConditions(ctx, v1alpha1.ConditionSourceIPConfigured)
}

// ownerOf returns the node that an address belongs to: the node's own address, or the gateway of
// its pods.
func (s *story) ownerOf(ctx context.Context, address string) (string, error) {
	nodes, err := s.nodes(ctx)
	if err != nil {
		return "", err
	}
	for name, node := range nodes {
		for _, own := range node.Status.Addresses {
			switch address {
			case own.Address:
				return "that of node " + name, nil
			case podGateway(own.Address):
				return "the one that node " + name + " has towards its pods", nil
			}
		}
	}
	return "", fmt.Errorf("finding whose address the application saw: %s is no node's", address)
}

// podGateway returns the gateway of the pods on the node with this address. Both have the same
// number (see test/lab/README.md).
func podGateway(node string) string {
	parsed, err := netip.ParseAddr(node)
	if err != nil || !parsed.Is4() {
		return "" // a host name
	}
	gateway := realcluster.Pods.Addr().As4()
	gateway[2], gateway[3] = parsed.As4()[3], 1
	return netip.AddrFrom4(gateway).String()
}
