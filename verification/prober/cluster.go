package prober

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/types"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
)

// cluster watches what the prober needs to know. It has REST clients of its own instead of a clientset, which
// would bring every API of Kubernetes into memory.
type cluster struct {
	witnessNamespace string
	// changed gets a value after a change. It holds one.
	changed chan struct{}

	nodes     *store[node]
	services  *store[*corev1.Service]
	pods      *store[pod]
	slices    *store[slice]
	witnesses *store[slice]
	ingresses *store[string]
	edges     *store[*v1alpha1.EdgeIngress]

	mu      sync.Mutex
	current *view
}

func newCluster(witnessNamespace string) *cluster {
	c := &cluster{witnessNamespace: witnessNamespace, changed: make(chan struct{}, 1)}
	c.nodes = newStore(always(keptNode), c.wake)
	c.services = newStore(always(keptService), c.wake)
	c.pods = newStore(func(object any) (pod, bool) { return keptPod(object.(*corev1.Pod)) }, c.wake)
	c.slices = newStore(always(keptSlice), c.wake)
	c.witnesses = newStore(always(keptSlice), c.wake)
	c.ingresses = newStore(keptIngress, c.wake)
	c.edges = newStore(always(keptEdgeIngress), c.wake)
	return c
}

func always[O, T any](keep func(O) T) func(any) (T, bool) {
	return func(object any) (T, bool) { return keep(object.(O)), true }
}

func (c *cluster) wake() {
	c.mu.Lock()
	c.current = nil
	c.mu.Unlock()
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

// view is the present state.
func (c *cluster) view() *view {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.current == nil {
		c.current = c.look()
	}
	return c.current
}

func (c *cluster) look() *view {
	v := &view{
		edges: map[string]*v1alpha1.EdgeIngress{}, routed: map[string]bool{}, services: map[types.NamespacedName]*corev1.Service{},
		pods: map[string][]pod{}, endpoints: map[types.NamespacedName]map[types.UID]bool{},
	}
	for _, e := range look(v, "EdgeIngress", c.edges) {
		v.edges[e.Name] = e
	}
	for _, name := range look(v, "Ingress of the witness", c.ingresses) {
		v.routed[name] = true
	}
	for _, n := range look(v, "Node", c.nodes) {
		v.nodes = append(v.nodes, n)
	}
	slices.SortFunc(v.nodes, func(a, b node) int { return strings.Compare(a.name, b.name) })
	for _, s := range look(v, "Service", c.services) {
		v.services[types.NamespacedName{Namespace: s.Namespace, Name: s.Name}] = s
	}
	for _, p := range look(v, "Pod", c.pods) {
		v.pods[p.edgeIngress] = append(v.pods[p.edgeIngress], p)
	}
	for _, pods := range v.pods {
		slices.SortFunc(pods, func(a, b pod) int { return strings.Compare(a.String(), b.String()) })
	}
	for _, s := range look(v, "EndpointSlice", c.slices) {
		if v.endpoints[s.service] == nil {
			v.endpoints[s.service] = map[types.UID]bool{}
		}
		for _, uid := range s.pods {
			v.endpoints[s.service][uid] = true
		}
	}
	for _, s := range look(v, "EndpointSlice of the witness", c.witnesses) {
		v.witnesses = append(v.witnesses, s.addresses...)
	}
	slices.SortFunc(v.witnesses, netip.Addr.Compare)
	return v
}

// look returns what a store keeps, and notes in the view where nothing was read yet.
func look[T any](v *view, kind string, s *store[T]) map[string]T {
	all, synced := s.all()
	if !synced {
		v.missing = append(v.missing, kind)
	}
	return all
}

// watch fills the stores until the context ends.
func (c *cluster) watch(ctx context.Context, by restClients) {
	everywhere, ours := metav1.NamespaceAll, v1alpha1.OwnerLabel
	var group sync.WaitGroup
	run := func(client *rest.RESTClient, resource, namespace, labels string, example any, into cache.ReflectorStore) {
		source := cache.ToListWatcherWithWatchListSemantics(
			cache.NewFilteredListWatchFromClient(client, resource, namespace, func(o *metav1.ListOptions) { o.LabelSelector = labels }), client)
		// The reflector keeps a whole list for a moment only.
		reflector := cache.NewReflectorWithOptions(source, example, trimming{into}, cache.ReflectorOptions{Name: resource})
		group.Go(func() { reflector.RunWithContext(ctx) })
	}
	run(by.core, "nodes", everywhere, "", &corev1.Node{}, c.nodes)
	run(by.core, "services", everywhere, ours, &corev1.Service{}, c.services)
	run(by.core, "pods", everywhere, ours, &corev1.Pod{}, c.pods)
	// The EndpointSlice controller copies the labels of the Service.
	run(by.discovery, "endpointslices", everywhere, ours, &discoveryv1.EndpointSlice{}, c.slices)
	run(by.discovery, "endpointslices", c.witnessNamespace, discoveryv1.LabelServiceName+"="+names.Witness, &discoveryv1.EndpointSlice{}, c.witnesses)
	run(by.networking, "ingresses", c.witnessNamespace, ours, &networkingv1.Ingress{}, c.ingresses)
	run(by.edge, "edgeingresses", everywhere, "", &v1alpha1.EdgeIngress{}, c.edges)
	group.Wait()
}

// trimming removes the largest parts of an object before a list of them is complete.
type trimming struct{ cache.ReflectorStore }

// Transformer is called by the reflector.
func (trimming) Transformer() cache.TransformFunc {
	return func(object any) (any, error) {
		if meta, ok := object.(metav1.Object); ok {
			meta.SetManagedFields(nil)
		}
		switch kind := object.(type) {
		case *corev1.Node:
			kind.Status.Images, kind.Status.VolumesAttached, kind.Status.VolumesInUse, kind.Annotations = nil, nil, nil, nil
		case *corev1.Pod:
			kind.Spec = corev1.PodSpec{NodeName: kind.Spec.NodeName, HostNetwork: kind.Spec.HostNetwork}
		default:
		}
		return object, nil
	}
}

// newScheme has the few kinds that the prober reads and writes.
func newScheme() *runtime.Scheme {
	scheme := runtime.NewScheme()
	utilruntime.Must(corev1.AddToScheme(scheme))
	utilruntime.Must(discoveryv1.AddToScheme(scheme))
	utilruntime.Must(networkingv1.AddToScheme(scheme))
	utilruntime.Must(v1alpha1.AddToScheme(scheme))
	metav1.AddToGroupVersion(scheme, schema.GroupVersion{Version: "v1"})
	return scheme
}

// restClients are those of the API groups that the prober uses.
type restClients struct{ core, discovery, networking, edge *rest.RESTClient }

// clients makes the clients. They share a connection.
func clients(config *rest.Config, scheme *runtime.Scheme) (all restClients, err error) {
	shared := rest.CopyConfig(config)
	httpClient, err := rest.HTTPClientFor(shared)
	if err != nil {
		return restClients{}, fmt.Errorf("connecting to the API server: %w", err)
	}
	for version, into := range map[schema.GroupVersion]**rest.RESTClient{
		corev1.SchemeGroupVersion: &all.core, discoveryv1.SchemeGroupVersion: &all.discovery,
		networkingv1.SchemeGroupVersion: &all.networking, v1alpha1.GroupVersion: &all.edge,
	} {
		if *into, err = client(shared, httpClient, scheme, version); err != nil {
			return restClients{}, err
		}
	}
	return all, nil
}

func client(config *rest.Config, httpClient *http.Client, scheme *runtime.Scheme, version schema.GroupVersion) (*rest.RESTClient, error) {
	config = rest.CopyConfig(config)
	config.GroupVersion, config.APIPath = &version, "/apis"
	config.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	config.AcceptContentTypes, config.ContentType = runtime.ContentTypeProtobuf+","+runtime.ContentTypeJSON, runtime.ContentTypeProtobuf
	switch version.Group {
	case corev1.GroupName:
		config.APIPath = "/api"
	case v1alpha1.GroupVersion.Group:
		config.AcceptContentTypes, config.ContentType = runtime.ContentTypeJSON, runtime.ContentTypeJSON
	}
	made, err := rest.RESTClientForConfigAndClient(config, httpClient)
	if err != nil {
		return nil, fmt.Errorf("connecting to the API server: %w", err)
	}
	return made, nil
}
