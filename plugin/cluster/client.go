// Package cluster reads from and writes to the API server what the plugin needs, under the user's own rights.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/verification/serverclock"
)

// VerifierRole is the ClusterRole with the rights that verify needs.
const VerifierRole = "edge-ingress-operator-edgeingress-verifier"

const (
	edgeIngresses = "edgeingresses"
	reports       = "sourceipreports"
)

// Client talks to one cluster.
type Client struct {
	edge, core rest.Interface
	clock      *serverclock.Clock
}

// New returns a client for the cluster of config. It sends nothing yet.
func New(config *rest.Config) (*Client, error) {
	c := &Client{clock: serverclock.New()}
	config = rest.CopyConfig(config)
	c.clock.Observe(config)
	// Nothing here is frequent; the API server has limits of its own.
	config.QPS = -1
	scheme := runtime.NewScheme()
	metav1.AddToGroupVersion(scheme, schema.GroupVersion{Version: "v1"})
	if err := errors.Join(v1alpha1.AddToScheme(scheme), corev1.AddToScheme(scheme)); err != nil {
		return nil, fmt.Errorf("registering the API: %w", err)
	}
	config.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("making a client: %w", err)
	}
	for path, target := range map[string]*rest.Interface{"/apis": &c.edge, "/api": &c.core} {
		group := rest.CopyConfig(config)
		group.APIPath, group.GroupVersion = path, &v1alpha1.GroupVersion
		if path == "/api" {
			group.GroupVersion = &corev1.SchemeGroupVersion
		}
		if *target, err = rest.RESTClientForConfigAndClient(group, client); err != nil {
			return nil, fmt.Errorf("making a client: %w", err)
		}
	}
	return c, nil
}

// Now is the time by the API server's clock; this machine's clock may be wrong. Before the first answer it
// is the zero time.
func (c *Client) Now() time.Time {
	now, _ := c.clock.Now()
	return now
}

// EdgeIngress reads one EdgeIngress. Where it does not exist, the error lists those that do.
func (c *Client) EdgeIngress(ctx context.Context, name string) (*v1alpha1.EdgeIngress, error) {
	edge := &v1alpha1.EdgeIngress{}
	err := c.edge.Get().Resource(edgeIngresses).Name(name).Do(ctx).Into(edge)
	if apierrors.IsNotFound(err) {
		return nil, c.unknown(ctx, name)
	}
	return edge, explain("reading EdgeIngress "+name, err)
}

// unknown is the error for an EdgeIngress that does not exist.
func (c *Client) unknown(ctx context.Context, name string) error {
	names, err := c.EdgeIngressNames(ctx)
	switch {
	case err != nil:
		return err
	case len(names) == 0:
		return fmt.Errorf("there is no EdgeIngress %q, and no other one: create one first, such as config/samples/v1alpha1_edgeingress.yaml", name)
	default:
		return fmt.Errorf("there is no EdgeIngress %q: write one of these names: %s", name, strings.Join(names, ", "))
	}
}

// EdgeIngressNames lists the names of all EdgeIngress objects, in order.
func (c *Client) EdgeIngressNames(ctx context.Context) ([]string, error) {
	list := &v1alpha1.EdgeIngressList{}
	if err := c.edge.Get().Resource(edgeIngresses).Do(ctx).Into(list); err != nil {
		return nil, explain("listing EdgeIngress objects", err)
	}
	names := make([]string, 0, len(list.Items))
	for i := range list.Items {
		names = append(names, list.Items[i].Name)
	}
	slices.Sort(names)
	return names, nil
}

// Reports lists the reports about the EdgeIngress of this name, in the order of their names.
func (c *Client) Reports(ctx context.Context, name string) ([]v1alpha1.SourceIPReport, error) {
	list := &v1alpha1.SourceIPReportList{}
	if err := c.edge.Get().Resource(reports).Do(ctx).Into(list); err != nil {
		return nil, explain("listing SourceIPReport objects", err)
	}
	about := slices.DeleteFunc(list.Items, func(r v1alpha1.SourceIPReport) bool { return r.Spec.EdgeIngress != name })
	slices.SortFunc(about, func(a, b v1alpha1.SourceIPReport) int { return strings.Compare(a.Name, b.Name) })
	return about, nil
}

// pageSize is how many nodes are read at once.
const pageSize = 250

// Nodes lists the nodes. Where the user may not, read is false and there is no error.
func (c *Client) Nodes(ctx context.Context) (nodes []corev1.Node, read bool, err error) {
	next := ""
	for {
		list := &corev1.NodeList{}
		options := c.core.Get().Resource("nodes").Param("limit", fmt.Sprint(pageSize))
		if next != "" {
			options = options.Param("continue", next)
		}
		err := options.Do(ctx).Into(list)
		switch {
		case apierrors.IsForbidden(err):
			return nil, false, nil
		case err != nil:
			return nil, false, explain("listing nodes", err)
		}
		nodes = append(nodes, list.Items...)
		if next = list.Continue; next == "" {
			return nodes, true, nil
		}
	}
}

// explain adds to an error of the API server what to do about it. It returns nil for nil.
func explain(action string, err error) error {
	switch {
	case err == nil:
		return nil
	case apierrors.IsNotFound(err):
		return fmt.Errorf("%s: this cluster does not have this kind of object: install the operator of this version, or choose another cluster with --context: %w", action, err)
	case apierrors.IsForbidden(err):
		return fmt.Errorf("%s: bind the ClusterRole %s to this user, or use another with --context or --user: %w", action, VerifierRole, err)
	case apierrors.IsUnauthorized(err):
		return fmt.Errorf("%s: the cluster does not know this user: renew the credentials in the kubeconfig: %w", action, err)
	default:
		return fmt.Errorf("%s: %w", action, err)
	}
}
