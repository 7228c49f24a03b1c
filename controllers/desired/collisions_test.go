package desired

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

type edgeOption = func(*v1alpha1.EdgeIngress)

// another is another EdgeIngress with nodes and a taint like ours.
func another(name string, options ...edgeOption) v1alpha1.EdgeIngress {
	e := edge(options...)
	e.Name, e.UID = name, "uid-other"
	return *e
}

func inNamespace(name string) edgeOption {
	return func(e *v1alpha1.EdgeIngress) { e.Spec.Namespace = name }
}

func withClass(name string, isDefault v1alpha1.Switch) edgeOption {
	return func(e *v1alpha1.EdgeIngress) {
		e.Spec.IngressClass = &v1alpha1.IngressClassSpec{Name: name, Default: isDefault}
	}
}

func withNodePorts(http, https int32) edgeOption {
	return func(e *v1alpha1.EdgeIngress) {
		e.Spec.Exposure = v1alpha1.ExposureSpec{Type: v1alpha1.ExposureNodePort, NodePorts: &v1alpha1.NodePortsSpec{HTTP: &http, HTTPS: &https}}
	}
}

func withAddress(key string, address v1alpha1.AnnotationValue) edgeOption {
	return func(e *v1alpha1.EdgeIngress) {
		e.Spec.Exposure.LoadBalancer = &v1alpha1.LoadBalancerSpec{Annotations: map[string]v1alpha1.AnnotationValue{key: address}}
	}
}

func having(refs ...snapshot.Ref) func(*snapshot.Snapshot) {
	return func(s *snapshot.Snapshot) { owning(s, refs...) }
}

func withLive(service *corev1.Service) func(*snapshot.Snapshot) {
	return func(s *snapshot.Snapshot) { s.Service.Value = service }
}

func holding(name string, held snapshot.Holding) func(*snapshot.Snapshot) {
	return func(s *snapshot.Snapshot) { s.Held = map[string]snapshot.Holding{name: held} }
}

// describe returns the collisions in short.
func describe(c Collisions) string {
	var all []string
	add := func(what string, with *Collision) {
		if with != nil {
			what += " " + with.With
			if with.Older {
				what += " (older)"
			}
			all = append(all, what)
		}
	}
	if c.Waits {
		all = append(all, "waits")
	}
	add("namespace", c.Namespace)
	add("class", c.Class)
	add("default", c.Default)
	if c.Service != nil {
		add(string(c.Service.Cause)+" "+c.Service.Wanted, c.Service.With)
	}
	return strings.Join(all, ", ")
}

// TestCollisions is about an EdgeIngress that was created at noon.
func TestCollisions(t *testing.T) {
	before, after := createdAfter(-time.Hour), createdAfter(time.Hour)
	class := snapshot.Ref{Kind: "IngressClass", Name: "public"}
	const metalLB, cilium = "metallb.io/loadBalancerIPs", "lbipam.cilium.io/ips"
	balanced := liveService(func(s *corev1.Service) {
		s.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: "203.0.113.7"}}
	})
	ported := liveService(func(s *corev1.Service) { s.Spec.Ports = []corev1.ServicePort{{NodePort: 30080}, {NodePort: 30443}} })
	type others = []v1alpha1.EdgeIngress
	for name, test := range map[string]struct {
		ours   []edgeOption
		others others
		seen   []func(*snapshot.Snapshot)
		want   string
	}{
		"nobody else":                      {want: ""},
		"an older one that shares nothing": {others: others{another("a", before)}, want: ""},

		"the namespace of an older one":                   {others: others{another("a", before, inNamespace("edge-public"))}, want: "waits, namespace a (older)"},
		"the namespace of an older one, by spec":          {ours: []edgeOption{inNamespace("edge-a")}, others: others{another("a", before)}, want: "waits, namespace a (older)"},
		"the namespace of an older one, running already":  {others: others{another("a", before, inNamespace("edge-public"))}, seen: []func(*snapshot.Snapshot){having(class)}, want: "namespace a (older)"},
		"a younger one in our namespace":                  {others: others{another("a", after, inNamespace("edge-public"))}, want: ""},
		"the same namespace, made at once, earlier name":  {others: others{another("a", createdAfter(0), inNamespace("edge-public"))}, want: "waits, namespace a (older)"},
		"the same namespace, made at once, later name":    {others: others{another("z", createdAfter(0), inNamespace("edge-public"))}, want: ""},
		"three in one namespace: the oldest is named":     {others: others{another("b", createdAfter(-time.Minute), inNamespace("edge-public")), another("c", before, inNamespace("edge-public"))}, want: "waits, namespace c (older)"},
		"an EdgeIngress that is being deleted has no say": {ours: []edgeOption{deleting}, others: others{another("a", before, inNamespace("edge-public"), withClass("public", v1alpha1.Disabled))}, want: ""},

		"the class of an older one":                          {others: others{another("a", before, withClass("public", v1alpha1.Disabled))}, want: "class a (older)"},
		"the class of an older one, which ours has":          {others: others{another("a", before, withClass("public", v1alpha1.Disabled))}, seen: []func(*snapshot.Snapshot){having(class)}, want: ""},
		"a younger one asks for our class":                   {others: others{another("a", after, withClass("public", v1alpha1.Disabled))}, want: ""},
		"a younger one has our class":                        {others: others{another("a", after, withClass("public", v1alpha1.Disabled))}, seen: []func(*snapshot.Snapshot){holding("a", snapshot.Holding{Classes: []string{"public"}})}, want: "class a"},
		"one that is being deleted has our class":            {seen: []func(*snapshot.Snapshot){holding("a", snapshot.Holding{Classes: []string{"public"}})}, want: ""},
		"the class and the namespace of two others":          {others: others{another("a", before, withClass("public", v1alpha1.Disabled)), another("b", before, inNamespace("edge-public"))}, want: "waits, namespace b (older), class a (older)"},
		"the default class of an older one":                  {ours: []edgeOption{withClass("x", v1alpha1.Enabled)}, others: others{another("a", before, withClass("y", v1alpha1.Enabled))}, want: "default a (older)"},
		"the default class of an older one, which ours is":   {ours: []edgeOption{withClass("x", v1alpha1.Enabled)}, others: others{another("a", before, withClass("y", v1alpha1.Enabled))}, seen: []func(*snapshot.Snapshot){defaults("x")}, want: ""},
		"the default class of a younger one":                 {ours: []edgeOption{withClass("x", v1alpha1.Enabled)}, others: others{another("a", after, withClass("y", v1alpha1.Enabled))}, seen: []func(*snapshot.Snapshot){defaults("y"), holding("a", snapshot.Holding{Classes: []string{"y"}})}, want: "default a"},
		"a younger one asks for the default class":           {ours: []edgeOption{withClass("x", v1alpha1.Enabled)}, others: others{another("a", after, withClass("y", v1alpha1.Enabled))}, want: ""},
		"an older one does not ask to be the default":        {ours: []edgeOption{withClass("x", v1alpha1.Enabled)}, others: others{another("a", before)}, want: ""},
		"the default class of a stranger is no collision":    {ours: []edgeOption{withClass("x", v1alpha1.Enabled)}, seen: []func(*snapshot.Snapshot){defaults("nginx")}, want: ""},
		"the default classes were not read, and may be ours": {ours: []edgeOption{withClass("x", v1alpha1.Enabled)}, others: others{another("a", before, withClass("y", v1alpha1.Enabled))}, seen: []func(*snapshot.Snapshot){func(s *snapshot.Snapshot) { s.DefaultClasses.Err = errors.New("no answer") }}, want: ""},

		"a node port of an older one":                 {ours: []edgeOption{withNodePorts(30080, 30443)}, others: others{another("a", before, withNodePorts(30081, 30443))}, want: "NodePort 30443 a (older)"},
		"a node port of an older one, crosswise":      {ours: []edgeOption{withNodePorts(30080, 30443)}, others: others{another("a", before, withNodePorts(30443, 30081))}, want: "NodePort 30443 a (older)"},
		"a node port of an older one, which ours has": {ours: []edgeOption{withNodePorts(30080, 30443)}, others: others{another("a", before, withNodePorts(30080, 30443))}, seen: []func(*snapshot.Snapshot){withLive(ported)}, want: ""},
		"a node port that a younger one asks for":     {ours: []edgeOption{withNodePorts(30080, 30443)}, others: others{another("a", after, withNodePorts(30080, 30443))}, want: ""},
		"a node port that a younger one has":          {ours: []edgeOption{withNodePorts(30080, 30443)}, others: others{another("a", after)}, seen: []func(*snapshot.Snapshot){holding("a", snapshot.Holding{NodePorts: []int32{30080}})}, want: "NodePort 30080 a"},
		"other node ports":                            {ours: []edgeOption{withNodePorts(30080, 30443)}, others: others{another("a", before, withNodePorts(30081, 30444))}, want: ""},

		"the address of an older one":                        {ours: []edgeOption{withAddress(metalLB, "203.0.113.7")}, others: others{another("a", before, withAddress(metalLB, "203.0.113.7"))}, want: "Address 203.0.113.7 a (older)"},
		"the address of an older one, in another annotation": {ours: []edgeOption{withAddress(metalLB, "203.0.113.7")}, others: others{another("a", before, withAddress(cilium, "203.0.113.8,203.0.113.7"))}, want: "Address 203.0.113.7 a (older)"},
		"the address of an older one, which ours has":        {ours: []edgeOption{withAddress(metalLB, "203.0.113.7")}, others: others{another("a", before, withAddress(metalLB, "203.0.113.7"))}, seen: []func(*snapshot.Snapshot){withLive(balanced)}, want: ""},
		"an address that a younger one asks for":             {ours: []edgeOption{withAddress(metalLB, "203.0.113.7")}, others: others{another("a", after, withAddress(metalLB, "203.0.113.7"))}, want: ""},
		"an address that the balancer gave a younger one":    {ours: []edgeOption{withAddress(metalLB, "203.0.113.7")}, others: others{another("a", after)}, seen: []func(*snapshot.Snapshot){holding("a", snapshot.Holding{Addresses: []string{"203.0.113.7"}})}, want: "Address 203.0.113.7 a"},
		"an annotation that no longer counts":                {ours: []edgeOption{withAddress(metalLB, "203.0.113.7")}, others: others{another("a", before, withAddress(metalLB, "203.0.113.7"), exposed(v1alpha1.ExposureHostPort))}, want: ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := seen(edge(append([]edgeOption{createdAfter(0)}, test.ours...)...))
			s.Others.Items = test.others
			for _, option := range test.seen {
				option(&s)
			}
			if got := describe(collide(s)); got != test.want {
				t.Errorf("want %q, got %q", test.want, got)
			}
		})
	}
}

func defaults(classes ...string) func(*snapshot.Snapshot) {
	return func(s *snapshot.Snapshot) { s.DefaultClasses.Items = classes }
}

// TestWhatACollisionKeepsBack compares the objects that are made, and those that the observer looks up, of an
// EdgeIngress that is new with those of one that runs already.
func TestWhatACollisionKeepsBack(t *testing.T) {
	const rest = "ServiceAccount ConfigMap ClusterRoleBinding RoleBinding "
	older := createdAfter(-time.Hour)
	runs := []snapshot.Ref{
		{Kind: "DaemonSet", Namespace: "edge-public", Name: "public-edge-ingress"},
		{Kind: "Ingress", Namespace: "operator", Name: "public-witness"},
	}
	for name, test := range map[string]struct {
		ours, theirs []edgeOption
		live         []snapshot.Ref
		service      *corev1.Service
		want         string
	}{
		"nothing":                                {want: rest + "Service IngressClass DaemonSet Ingress"},
		"the namespace, new":                     {theirs: []edgeOption{inNamespace("edge-public")}, want: ""},
		"the namespace, running":                 {theirs: []edgeOption{inNamespace("edge-public")}, live: runs, want: rest + "Service IngressClass DaemonSet Ingress"},
		"the class, new":                         {theirs: []edgeOption{withClass("public", v1alpha1.Disabled)}, want: rest + "Service"},
		"the class, running":                     {theirs: []edgeOption{withClass("public", v1alpha1.Disabled)}, live: runs, want: rest + "Service DaemonSet Ingress"},
		"a node port, new":                       {ours: []edgeOption{withNodePorts(30080, 30443)}, theirs: []edgeOption{withNodePorts(30080, 30444)}, want: rest + "IngressClass Ingress"},
		"a node port, running with another":      {ours: []edgeOption{withNodePorts(30080, 30443)}, theirs: []edgeOption{withNodePorts(30080, 30444)}, live: runs, service: liveService(), want: rest + "IngressClass DaemonSet Ingress"},
		"a node port, the workload was deleted":  {ours: []edgeOption{withNodePorts(30080, 30443)}, theirs: []edgeOption{withNodePorts(30080, 30444)}, service: liveService(), want: rest + "IngressClass DaemonSet Ingress"},
		"an address, new":                        {ours: []edgeOption{withAddress("metallb.io/loadBalancerIPs", "203.0.113.7")}, theirs: []edgeOption{withAddress("metallb.io/loadBalancerIPs", "203.0.113.7")}, want: rest + "IngressClass Ingress"},
		"the default class takes no object back": {ours: []edgeOption{withClass("public", v1alpha1.Enabled)}, theirs: []edgeOption{withClass("a", v1alpha1.Enabled)}, want: rest + "Service IngressClass DaemonSet Ingress"},
	} {
		t.Run(name, func(t *testing.T) {
			s := seen(edge(append([]edgeOption{createdAfter(0)}, test.ours...)...), node("a", pool), node("w"))
			s.Options.Namespace, s.Options.MeasureByDefault = "operator", true
			s.Others.Items = []v1alpha1.EdgeIngress{another("a", append(test.theirs, older, named("x"))...)}
			s.Service.Value = test.service
			owning(&s, test.live...)
			state := compute(t, s)
			if diff := cmp.Diff(sortedWords(test.want), sortedWords(kinds(state))); diff != "" {
				t.Errorf("objects (-want +got):\n%s", diff)
			}
			for _, change := range state.Changes {
				if change.Kind == Delete {
					t.Errorf("%s is deleted", change.Ref)
				}
			}
			touched := len(state.Nodes.Labels) + len(state.Nodes.Taints)
			if waits := test.want == ""; waits != (touched == 0) {
				t.Errorf("%d changes of nodes", touched)
			}
			looked := map[string]bool{}
			for _, ref := range Names(s) {
				looked[ref.Kind] = true
			}
			for kind := range sortedWords(test.want) {
				if !looked[kind] && kind != "DaemonSet" && kind != "Ingress" { // The caches show those that run.
					t.Errorf("%s is made without a look at its name", kind)
				}
			}
			if test.want == "" && len(looked) > 0 {
				t.Errorf("each pass looks for %v", looked)
			}
		})
	}
}

func sortedWords(text string) map[string]int {
	words := map[string]int{}
	for _, word := range strings.Fields(text) {
		words[word]++
	}
	return words
}

func TestADefaultClassThatWaitsIsNotMarked(t *testing.T) {
	const key = "ingressclass.kubernetes.io/is-default-class"
	for name, test := range map[string]struct {
		theirs v1alpha1.Switch
		want   string
	}{
		"an older one asks for it": {theirs: v1alpha1.Enabled, want: "false"},
		"nobody else does":         {theirs: v1alpha1.Disabled, want: "true"},
	} {
		t.Run(name, func(t *testing.T) {
			e := edge(createdAfter(0), withClass("x", v1alpha1.Enabled))
			s := seen(e)
			s.Others.Items = []v1alpha1.EdgeIngress{another("a", createdAfter(-time.Hour), withClass("y", test.theirs))}
			if got := find(compute(t, s), "IngressClass").GetAnnotations()[key]; got != test.want {
				t.Errorf("%s is %q, want %q", key, got, test.want)
			}
			if e.Spec.IngressClass.Default != v1alpha1.Enabled {
				t.Error("the spec of the snapshot was changed")
			}
		})
	}
}

// TestNoControllerStartsBesideTheClassOfAStranger is about an IngressClass that belongs to no EdgeIngress.
func TestNoControllerStartsBesideTheClassOfAStranger(t *testing.T) {
	s := seen(edge(), node("a", pool), node("w"))
	class := snapshot.Ref{Kind: "IngressClass", Name: "public"}
	s.Live = map[snapshot.Ref]snapshot.Live{class: {Foreign: true}}
	if find(compute(t, s), "DaemonSet") != nil {
		t.Error("a controller is started that would answer to the stranger's class in an annotation")
	}
	workload := snapshot.Ref{Kind: "DaemonSet", Namespace: "edge-public", Name: "public-edge-ingress"}
	s.Live[workload] = snapshot.Live{Object: &unstructured.Unstructured{}}
	if find(compute(t, s), "DaemonSet") == nil {
		t.Error("a controller that runs is not kept as the spec asks")
	}
}
