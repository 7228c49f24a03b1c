package desired

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

func compute(t *testing.T, s snapshot.Snapshot) State {
	t.Helper()
	state, err := Compute(s)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

func find(state State, kind string) *unstructured.Unstructured {
	for _, object := range state.Objects {
		if object.GetKind() == kind {
			return object
		}
	}
	return nil
}

func kinds(state State) string {
	var list []string
	for _, object := range state.Objects {
		list = append(list, object.GetKind())
	}
	return strings.Join(list, " ")
}

func withReplicas(n int32) func(*v1alpha1.EdgeIngress) {
	return func(e *v1alpha1.EdgeIngress) { e.Spec.Controller.Replicas = &n }
}

func TestObjectsOfEachSpec(t *testing.T) {
	const common = "ServiceAccount ConfigMap ClusterRoleBinding RoleBinding IngressClass"
	for name, test := range map[string]struct {
		edge      *v1alpha1.EdgeIngress
		has, lack []string
	}{
		"the short form is a DaemonSet behind a load balancer": {edge: edge(), has: []string{"Service", "DaemonSet"}, lack: []string{"Deployment", "PodDisruptionBudget"}},
		"a Deployment gets a disruption budget":                {edge: edge(kind(v1alpha1.WorkloadDeployment)), has: []string{"Service", "Deployment", "PodDisruptionBudget"}, lack: []string{"DaemonSet"}},
		"a Deployment of one gets none":                        {edge: edge(kind(v1alpha1.WorkloadDeployment), withReplicas(1)), has: []string{"Deployment"}, lack: []string{"PodDisruptionBudget"}},
		"node ports need a Service":                            {edge: edge(exposed(v1alpha1.ExposureNodePort)), has: []string{"Service", "DaemonSet"}, lack: nil},
		"host network needs no Service":                        {edge: edge(exposed(v1alpha1.ExposureHostNetwork)), has: []string{"DaemonSet"}, lack: []string{"Service"}},
		"host ports need no Service":                           {edge: edge(exposed(v1alpha1.ExposureHostPort)), has: []string{"DaemonSet"}, lack: []string{"Service"}},
	} {
		t.Run(name, func(t *testing.T) {
			state := compute(t, seen(test.edge, node("a", pool), node("w")))
			for _, kind := range append(strings.Fields(common), test.has...) {
				if find(state, kind) == nil {
					t.Errorf("want a %s among %s", kind, kinds(state))
				}
			}
			for _, kind := range test.lack {
				if find(state, kind) != nil {
					t.Errorf("want no %s among %s", kind, kinds(state))
				}
			}
			if state.Namespace != "edge-public" {
				t.Errorf("namespace %q", state.Namespace)
			}
			for _, object := range state.Objects {
				if !metav1.IsControlledBy(object, test.edge) || object.GetAnnotations()[v1alpha1.AppliedAnnotation] == "" {
					t.Errorf("%s lacks its owner or its digest", RefOf(object))
				}
			}
		})
	}
}

func TestTheServiceComesBeforeTheWorkload(t *testing.T) {
	order := kinds(compute(t, seen(edge())))
	if strings.Index(order, "Service ") > strings.Index(order, "DaemonSet") {
		t.Errorf("the controller stops at once where its Service is missing, and the order is %s", order)
	}
}

func TestTheSameSnapshotGivesTheSameDigests(t *testing.T) {
	digests := func(e *v1alpha1.EdgeIngress) string {
		var all []string
		for _, object := range compute(t, seen(e)).Objects {
			all = append(all, object.GetAnnotations()[v1alpha1.AppliedAnnotation])
		}
		return strings.Join(all, " ")
	}
	annotated := edge(func(e *v1alpha1.EdgeIngress) {
		e.Spec.Exposure.LoadBalancer = &v1alpha1.LoadBalancerSpec{Annotations: map[string]v1alpha1.AnnotationValue{"a.example/x": "1", "b.example/y": "2", "c.example/z": "3"}}
	})
	first, second := digests(annotated), digests(annotated)
	if first != second {
		t.Error("digests differ between two passes over the same snapshot")
	}
	if first == digests(edge()) {
		t.Error("an annotation does not show in the digests, so taking it back would not be noticed")
	}
}

func TestHealthCheckNodePortIsKept(t *testing.T) {
	remembered := func(e *v1alpha1.EdgeIngress) { e.Status.HealthCheckNodePort = 30999 }
	repaired := liveService(func(s *corev1.Service) { s.Spec.HealthCheckNodePort = 0 })
	for name, test := range map[string]struct {
		edge    *v1alpha1.EdgeIngress
		service *corev1.Service
		want    int32
	}{
		"a new Service takes any port":                             {edge: edge(), service: nil, want: 0},
		"a live Service keeps its port":                            {edge: edge(), service: liveService(), want: 31000},
		"the live port wins over the remembered one":               {edge: edge(remembered), service: liveService(), want: 31000},
		"after a change to Cluster the remembered port comes back": {edge: edge(remembered), service: repaired, want: 30999},
		"a deleted Service comes back with its port":               {edge: edge(remembered), service: nil, want: 30999},
		"a Service without a balancer has no port":                 {edge: edge(remembered, exposed(v1alpha1.ExposureNodePort)), service: liveService(), want: 0},
		"without a Service there is no port":                       {edge: edge(remembered, exposed(v1alpha1.ExposureHostNetwork)), service: nil, want: 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := seen(test.edge)
			s.Service.Value = test.service
			if got := healthCheckNodePort(s); got != test.want {
				t.Errorf("want %d, got %d", test.want, got)
			}
		})
	}
}

func TestImageOfAForeignRepositoryIsRefused(t *testing.T) {
	image := func(repository string) func(*v1alpha1.EdgeIngress) {
		return func(e *v1alpha1.EdgeIngress) {
			e.Spec.Controller.Image = &v1alpha1.ImageSpec{Repository: repository, Tag: "v1", Digest: "sha256:" + strings.Repeat("a", 64)}
		}
	}
	for name, test := range map[string]struct {
		edge    *v1alpha1.EdgeIngress
		refused string
	}{
		"upstream's image":                   {edge: edge(), refused: ""},
		"an allowed fork":                    {edge: edge(image("registry.example.com/fork/controller")), refused: ""},
		"another repository":                 {edge: edge(image("evil.example.com/controller")), refused: "evil.example.com/controller"},
		"a repository that begins like ours": {edge: edge(image("registry.example.com/fork/controller-x")), refused: "registry.example.com/fork/controller-x"},
	} {
		t.Run(name, func(t *testing.T) {
			s := seen(test.edge)
			s.Inventory.Items = []snapshot.Ref{{Kind: "DaemonSet", Namespace: "edge-public", Name: names.Service(ingressName)}}
			state := compute(t, s)
			if state.ImageRefused != test.refused {
				t.Errorf("refused %q, want %q", state.ImageRefused, test.refused)
			}
			if applied := find(state, "DaemonSet") != nil; applied == (test.refused != "") {
				t.Errorf("workload applied: %t", applied)
			}
			if len(pruned(state))+len(state.Kept) > 0 {
				t.Errorf("the workload that runs has to stay, and %v %v are to go", pruned(state), state.Kept)
			}
			if find(state, "Service") == nil {
				t.Error("the Service is not applied")
			}
		})
	}
}

func TestTheDefaultImageIsHeldAgainstTheFlagAsWell(t *testing.T) {
	s := seen(edge())
	s.Options.AllowedImageRepositories = []string{"mirror.example.com/controller"}
	state := compute(t, s)
	if state.ImageRefused != runs.DefaultImage().Repository || find(state, "DaemonSet") != nil {
		t.Errorf("refused %q, and the workload is applied: %t", state.ImageRefused, find(state, "DaemonSet") != nil)
	}
}

// A controller that ran in the operator's namespace before that was refused continues to serve,
// without the right to write Leases there.
func TestNothingIsAppliedInTheOperatorsNamespace(t *testing.T) {
	for name, change := range map[string]func(*v1alpha1.EdgeIngress){
		"by the default name": func(*v1alpha1.EdgeIngress) {},
		"by spec.namespace":   func(e *v1alpha1.EdgeIngress) { e.Spec.Namespace = "edge-ops" },
		"by a Deployment":     func(e *v1alpha1.EdgeIngress) { e.Spec.Controller.Kind = v1alpha1.WorkloadDeployment },
		"by host ports":       func(e *v1alpha1.EdgeIngress) { e.Spec.Exposure.Type = v1alpha1.ExposureHostPort },
		"by host network":     func(e *v1alpha1.EdgeIngress) { e.Spec.Exposure.Type = v1alpha1.ExposureHostNetwork },
	} {
		t.Run(name, func(t *testing.T) {
			s := seen(edge())
			change(s.EdgeIngress)
			for _, object := range compute(t, s).Objects {
				owning(&s, RefOf(object))
			}
			s.Options.ReservedNamespaces = []string{"kubernetes", s.EdgeIngress.ControllerNamespace()}
			state := compute(t, s)
			if !state.NamespaceReserved || len(state.Objects) > 0 {
				t.Errorf("reserved: %t; applied: %d objects", state.NamespaceReserved, len(state.Objects))
			}
			for _, change := range state.Changes {
				if change.Kind != Delete || change.Ref.Kind != "RoleBinding" {
					t.Errorf("%s %s", change.Kind, change.Ref)
				}
			}
			if len(state.Changes) != 1 {
				t.Errorf("%d changes, want that of the RoleBinding", len(state.Changes))
			}
		})
	}
}

func TestNoNodeChangesForAReservedNamespace(t *testing.T) {
	for name, test := range map[string]struct {
		node      snapshot.Node
		untouched bool
	}{
		"a selected node":                               {node: node("a", pool), untouched: true},
		"an edge node":                                  {node: node("a", pool, labelled, tainted)},
		"an edge node that lost its taint":              {node: node("a", pool, labelled), untouched: true},
		"an edge node that is cordoned":                 {node: node("a", pool, labelled, tainted, cordoned)},
		"an edge node that is no longer selected":       {node: node("a", labelled, tainted), untouched: true},
		"a node with the rest of a release":             {node: node("a", managed(ingressName, roleLabel)), untouched: true},
		"a node with an entry in the managed fields":    {node: node("a", func(n *snapshot.Node) { n.Traces = []string{ingressName} }), untouched: true},
		"a node that the control plane keeps untainted": {node: node("a", pool, labelled, label("node-role.kubernetes.io/control-plane", "")), untouched: true},
		"a node of somebody else":                       {node: node("a")},
	} {
		t.Run(name, func(t *testing.T) {
			s := seen(edge(), test.node, node("b", labelled, tainted, pool), node("worker"))
			s.Options.ReservedNamespaces = []string{s.EdgeIngress.ControllerNamespace()}
			state := compute(t, s)
			want := NodePlan{Selected: state.Nodes.Selected}
			if test.untouched {
				want.Untouched = []string{"a"}
			}
			if diff := cmp.Diff(want, state.Nodes, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("plan (-want +got):\n%s", diff)
			}
			s.EdgeIngress.DeletionTimestamp = &created
			if released := compute(t, s).Nodes.Labels; len(released) == 0 {
				t.Error("the deletion of the EdgeIngress releases no node")
			}
		})
	}
}

func TestThePortThatKubernetesChoseIsNoChange(t *testing.T) {
	without, with := seen(edge()), seen(edge())
	with.Service.Value = liveService()
	first, second := find(compute(t, without), "Service"), find(compute(t, with), "Service")
	if first.GetAnnotations()[v1alpha1.AppliedAnnotation] != second.GetAnnotations()[v1alpha1.AppliedAnnotation] {
		t.Error("the digest changes with the health-check port, so that every Service would be applied twice")
	}
	if port, _, _ := unstructured.NestedInt64(second.Object, "spec", "healthCheckNodePort"); port != 31000 {
		t.Errorf("health-check port asked for: %d", port)
	}
}

func TestNoWorkloadBesideAForeignServiceOrConfiguration(t *testing.T) {
	for name, change := range map[string]func(*snapshot.Snapshot){
		"Service":   func(s *snapshot.Snapshot) { s.Service.Foreign = true },
		"ConfigMap": func(s *snapshot.Snapshot) { s.ConfigMap.Foreign = true },
	} {
		t.Run(name, func(t *testing.T) {
			s := seen(edge())
			change(&s)
			if find(compute(t, s), "DaemonSet") != nil {
				t.Error("the controller would run with an object that is not ours")
			}
		})
	}
}

func TestFrozenFieldsOfTheService(t *testing.T) {
	class := func(name string) func(*corev1.Service) {
		return func(s *corev1.Service) { s.Spec.LoadBalancerClass = &name }
	}
	wants := func(name string) func(*v1alpha1.EdgeIngress) {
		return func(e *v1alpha1.EdgeIngress) { e.Spec.Exposure.LoadBalancer = &v1alpha1.LoadBalancerSpec{Class: name} }
	}
	families := func(families ...corev1.IPFamily) func(*v1alpha1.EdgeIngress) {
		return func(e *v1alpha1.EdgeIngress) { e.Spec.Exposure.IPFamilies = families }
	}
	for name, test := range map[string]struct {
		edge    *v1alpha1.EdgeIngress
		service *corev1.Service
		cause   BlockCause
	}{
		"no Service yet":                        {edge: edge(wants("example.com/vip")), service: nil, cause: ""},
		"the class asked for":                   {edge: edge(wants("example.com/vip")), service: liveService(class("example.com/vip")), cause: ""},
		"another class":                         {edge: edge(wants("example.com/vip")), service: liveService(class("example.com/other")), cause: BlockedByClass},
		"no class where one was asked for":      {edge: edge(wants("example.com/vip")), service: liveService(), cause: BlockedByClass},
		"a class that the cluster gave":         {edge: edge(), service: liveService(class("service.k8s.aws/nlb")), cause: ""},
		"a class at the change from node ports": {edge: edge(wants("example.com/vip")), service: liveService(func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeNodePort }), cause: ""},
		"a class at the change to node ports":   {edge: edge(exposed(v1alpha1.ExposureNodePort)), service: liveService(class("example.com/vip")), cause: ""},
		"the family asked for":                  {edge: edge(families(corev1.IPv4Protocol)), service: liveService(), cause: ""},
		"a second family":                       {edge: edge(families(corev1.IPv4Protocol, corev1.IPv6Protocol)), service: liveService(), cause: ""},
		"another primary family":                {edge: edge(families(corev1.IPv6Protocol)), service: liveService(), cause: BlockedByIPFamily},
		"host network has no Service to freeze": {edge: edge(exposed(v1alpha1.ExposureHostNetwork), families(corev1.IPv6Protocol)), service: liveService(), cause: ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := seen(test.edge)
			s.Service.Value = test.service
			state := compute(t, s)
			var cause BlockCause
			for _, block := range state.Blocked {
				cause += block.Cause
			}
			if cause != test.cause {
				t.Errorf("blocked %q, want %q", cause, test.cause)
			}
			if applied := find(state, "Service") != nil; applied && test.cause != "" {
				t.Error("the Service is applied nevertheless")
			}
		})
	}
}

func TestPruning(t *testing.T) {
	object := func(kind string) snapshot.Ref {
		return snapshot.Ref{Kind: kind, Namespace: "edge-public", Name: names.Service(ingressName)}
	}
	service, daemonSet, deployment, budget := object("Service"), object("DaemonSet"), object("Deployment"), object("PodDisruptionBudget")
	digest := func(e *v1alpha1.EdgeIngress) string {
		for _, kind := range []string{"DaemonSet", "Deployment"} {
			if workload := find(compute(t, seen(e)), kind); workload != nil {
				return workload.GetAnnotations()[v1alpha1.AppliedAnnotation]
			}
		}
		return ""
	}
	toDaemonSet, toDeployment, toHost := edge(), edge(kind(v1alpha1.WorkloadDeployment)), edge(exposed(v1alpha1.ExposureHostNetwork))
	replicas := int32(2)
	liveDeployment := func(digest string, replicasSeen, updated, available int32) *appsv1.Deployment {
		return &appsv1.Deployment{
			ObjectMeta: metav1.ObjectMeta{Generation: 3, Annotations: map[string]string{v1alpha1.AppliedAnnotation: digest}},
			Spec:       appsv1.DeploymentSpec{Replicas: &replicas},
			Status:     appsv1.DeploymentStatus{ObservedGeneration: 3, Replicas: replicasSeen, UpdatedReplicas: updated, AvailableReplicas: available},
		}
	}
	for name, test := range map[string]struct {
		edge        *v1alpha1.EdgeIngress
		inventory   []snapshot.Ref
		daemonSet   *appsv1.DaemonSet
		deployment  *appsv1.Deployment
		prune, kept []snapshot.Ref
	}{
		"nothing to prune": {edge: toDaemonSet, inventory: []snapshot.Ref{service, daemonSet}, daemonSet: nil, deployment: nil, prune: nil, kept: nil},
		"the Deployment stays until the DaemonSet is there":          {edge: toDaemonSet, inventory: []snapshot.Ref{deployment}, daemonSet: nil, deployment: nil, prune: nil, kept: []snapshot.Ref{deployment}},
		"the Deployment stays while the DaemonSet starts":            {edge: toDaemonSet, inventory: []snapshot.Ref{daemonSet, deployment}, daemonSet: liveDaemonSet(digest(toDaemonSet), 2, 2, 3, 3, 2), deployment: nil, prune: nil, kept: []snapshot.Ref{deployment}},
		"the Deployment stays while the DaemonSet is not counted":    {edge: toDaemonSet, inventory: []snapshot.Ref{daemonSet, deployment}, daemonSet: liveDaemonSet(digest(toDaemonSet), 2, 1, 3, 3, 3), deployment: nil, prune: nil, kept: []snapshot.Ref{deployment}},
		"the Deployment stays while the DaemonSet has no node":       {edge: toDaemonSet, inventory: []snapshot.Ref{daemonSet, deployment}, daemonSet: liveDaemonSet(digest(toDaemonSet), 2, 2, 0, 0, 0), deployment: nil, prune: nil, kept: []snapshot.Ref{deployment}},
		"the Deployment stays while the DaemonSet is an older one":   {edge: toDaemonSet, inventory: []snapshot.Ref{daemonSet, deployment}, daemonSet: liveDaemonSet("older", 2, 2, 3, 3, 3), deployment: nil, prune: nil, kept: []snapshot.Ref{deployment}},
		"the Deployment stays while the DaemonSet rolls":             {edge: toDaemonSet, inventory: []snapshot.Ref{daemonSet, deployment}, daemonSet: liveDaemonSet(digest(toDaemonSet), 2, 2, 3, 2, 3), deployment: nil, prune: nil, kept: []snapshot.Ref{deployment}},
		"the Deployment goes when the DaemonSet serves":              {edge: toDaemonSet, inventory: []snapshot.Ref{daemonSet, deployment}, daemonSet: liveDaemonSet(digest(toDaemonSet), 2, 2, 3, 3, 3), deployment: nil, prune: []snapshot.Ref{deployment}, kept: nil},
		"the DaemonSet stays until the Deployment serves":            {edge: toDeployment, inventory: []snapshot.Ref{daemonSet, deployment}, daemonSet: nil, deployment: liveDeployment(digest(toDeployment), 2, 2, 1), prune: nil, kept: []snapshot.Ref{daemonSet}},
		"the DaemonSet stays while old replicas are there":           {edge: toDeployment, inventory: []snapshot.Ref{daemonSet, deployment}, daemonSet: nil, deployment: liveDeployment(digest(toDeployment), 3, 2, 2), prune: nil, kept: []snapshot.Ref{daemonSet}},
		"the DaemonSet goes when the Deployment serves":              {edge: toDeployment, inventory: []snapshot.Ref{daemonSet, deployment}, daemonSet: nil, deployment: liveDeployment(digest(toDeployment), 2, 2, 2), prune: []snapshot.Ref{daemonSet}, kept: nil},
		"the Service stays until host network serves":                {edge: toHost, inventory: []snapshot.Ref{service, daemonSet}, daemonSet: liveDaemonSet("older", 2, 2, 3, 3, 3), deployment: nil, prune: nil, kept: []snapshot.Ref{service}},
		"the Service goes when host network serves":                  {edge: toHost, inventory: []snapshot.Ref{service, daemonSet}, daemonSet: liveDaemonSet(digest(toHost), 2, 2, 3, 3, 3), deployment: nil, prune: []snapshot.Ref{service}, kept: nil},
		"what carries no traffic goes at once":                       {edge: toDaemonSet, inventory: []snapshot.Ref{budget}, daemonSet: nil, deployment: nil, prune: []snapshot.Ref{budget}, kept: nil},
		"everything goes with the EdgeIngress":                       {edge: edge(deleting), inventory: []snapshot.Ref{service, daemonSet, budget}, daemonSet: nil, deployment: nil, prune: []snapshot.Ref{service, daemonSet, budget}, kept: nil},
		"of an EdgeIngress that is being deleted nothing is applied": {edge: edge(deleting), inventory: nil, daemonSet: nil, deployment: nil, prune: nil, kept: nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := seen(test.edge)
			owning(&s, test.inventory...)
			s.DaemonSet.Value, s.Deployment.Value = test.daemonSet, test.deployment
			state := compute(t, s)
			if diff := cmp.Diff(test.prune, pruned(state), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("pruned (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.kept, state.Kept, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("kept (-want +got):\n%s", diff)
			}
			if !test.edge.DeletionTimestamp.IsZero() && len(state.Objects) > 0 {
				t.Errorf("objects of a deleted EdgeIngress: %s", kinds(state))
			}
		})
	}
}

func TestAnInventoryThatCouldNotBeReadPrunesNothing(t *testing.T) {
	s := seen(edge(deleting))
	s.Inventory.Err = errors.New("no answer")
	if state := compute(t, s); len(pruned(state)) != 0 {
		t.Errorf("pruned %v", pruned(state))
	}
}

func TestAnObjectThatCouldNotBeReadIsNotPruned(t *testing.T) {
	budget := snapshot.Ref{Kind: "PodDisruptionBudget", Namespace: "edge-public", Name: names.Service(ingressName)}
	binding := snapshot.Ref{Kind: "RoleBinding", Namespace: "edge-public", Name: names.Service(ingressName)}
	for name, test := range map[string]struct {
		object snapshot.Ref
		given  func(*snapshot.Snapshot)
	}{
		"of an EdgeIngress that is being deleted": {object: budget, given: func(s *snapshot.Snapshot) { s.EdgeIngress = edge(deleting) }},
		"in the operator's namespace":             {object: binding, given: func(s *snapshot.Snapshot) { s.Options.ReservedNamespaces = []string{"edge-public"} }},
	} {
		t.Run(name, func(t *testing.T) {
			s := seen(edge())
			test.given(&s)
			owning(&s, test.object)
			s.Live[test.object] = snapshot.Live{Err: errors.New("cannot be converted")}
			want := []Change{{Kind: Leave, Ref: test.object, Cause: CauseNotRead}}
			if diff := cmp.Diff(want, compute(t, s).Changes); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
		})
	}
}

func BenchmarkComputeWithNodes(b *testing.B) {
	for _, count := range []int{5, 5000} {
		nodes := make([]snapshot.Node, count)
		for i := range nodes {
			nodes[i] = node(fmt.Sprintf("node-%05d", i), pool, labelled, tainted)
		}
		s := seen(edge(), append(nodes, node("worker"))...)
		s.Agents.Items = []snapshot.Agent{speaker()}
		b.Run(fmt.Sprintf("%d", count), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Compute(s); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
