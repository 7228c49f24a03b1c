package enginetest

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/engine"
	"github.com/edge-ingress/edge-ingress-operator/controllers/helm"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
)

// goldenPairs compares with CASE.out.yaml, which begins with the problems as comments.
func (s suite) goldenPairs(t *testing.T) {
	for name, edge := range s.cases {
		t.Run(name, func(t *testing.T) {
			_, problems := s.engine.Configure(edge, witnessFor(edge))
			var out bytes.Buffer
			for _, p := range problems {
				fmt.Fprintf(&out, "# %s %s: %s\n", p.Kind, p.Key, p.Message)
			}
			for _, object := range s.render(t, edge) {
				content, err := yaml.Marshal(object.Object)
				if err != nil {
					t.Fatal(err)
				}
				out.WriteString("---\n")
				out.Write(content)
			}
			file := filepath.Join(s.directory, name+".out.yaml")
			if *update {
				if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), out.String()); diff != "" {
				t.Errorf("differs from %s (run this test with -update, and look at the change):\n%s", file, diff)
			}
		})
	}
}

func (s suite) renderedObjects(t *testing.T) {
	var order []string
	for _, gvk := range helm.Kinds() {
		order = append(order, gvk.Kind)
	}
	for name, edge := range s.cases {
		t.Run(name, func(t *testing.T) {
			last := -1
			for _, object := range s.render(t, edge) {
				kind := object.GetKind()
				if !contains(object.GetLabels(), names.Labels(edge.Name)) {
					t.Errorf("%s has the labels %v", kind, object.GetLabels())
				}
				if _, has := object.Object["status"]; has || len(object.GetOwnerReferences()) > 0 {
					t.Errorf("%s has a status or owner references", kind)
				}
				// Each kind occurs once at most, so the position always grows.
				if position := slices.Index(order, kind); position <= last {
					t.Errorf("%s is out of the order in which objects are applied, or occurs twice", kind)
				} else {
					last = position
				}
				if content, err := object.MarshalJSON(); err != nil || strings.Contains(string(content), "creationTimestamp") {
					t.Errorf("%s has a creationTimestamp (%v)", kind, err)
				}
			}
		})
	}
}

func (s suite) everyKind(t *testing.T) {
	made := map[string]bool{}
	for _, edge := range s.cases {
		for _, object := range s.render(t, edge) {
			made[object.GroupVersionKind().String()] = true
		}
	}
	for _, gvk := range helm.Kinds() {
		if !made[gvk.String()] {
			t.Errorf("no golden case makes a %s", gvk)
		}
	}
}

func (s suite) partsFit(t *testing.T) {
	for name, edge := range s.cases {
		t.Run(name, func(t *testing.T) {
			objects := s.byKind(t, edge)
			w := objects.workload(t)
			own := names.Workload(edge.Name, s.engine.Name())
			for _, kind := range []string{string(w.kind), "ConfigMap", "ServiceAccount", "RoleBinding"} {
				if object := objects[kind]; object == nil || object.GetName() != own || object.GetNamespace() != edge.ControllerNamespace() {
					t.Errorf("the %s is not %s/%s", kind, edge.ControllerNamespace(), own)
				}
			}
			if got := s.engine.ConfigMapRead(w.template); got != edge.ControllerNamespace()+"/"+own {
				t.Errorf("the controller reads ConfigMap %q", got)
			}
			s.bound(t, objects)
			if got := objects["ClusterRoleBinding"].GetName(); got != names.ClusterRoleBinding(edge.Name, s.engine.Name()) {
				t.Errorf("the ClusterRoleBinding is %q", got)
			}
			if want := names.WorkloadSelector(edge.Name, s.engine.Name(), w.kind); !maps.Equal(w.selector, want) {
				t.Errorf("the workload selects %v, want %v", w.selector, want)
			}
			if !contains(w.template.Labels, w.selector) {
				t.Errorf("the workload selects %v, its pods carry %v", w.selector, w.template.Labels)
			}
			if w.template.Spec.ServiceAccountName != own {
				t.Errorf("pods run as %q", w.template.Spec.ServiceAccountName)
			}
			s.pinned(t, edge, w)
			s.service(t, edge, objects)
			controller, _, err := unstructured.NestedString(objects["IngressClass"].Object, "spec", "controller")
			if err != nil || controller != names.ClassController(edge.Name) {
				t.Errorf("the IngressClass is for controller %q (%v)", controller, err)
			}
		})
	}
}

// bound checks that the bindings refer to the ClusterRoles that the engine names.
func (s suite) bound(t *testing.T, objects rendered) {
	t.Helper()
	for kind, want := range map[string]string{"ClusterRoleBinding": s.engine.Roles().Cluster, "RoleBinding": s.engine.Roles().Namespace} {
		if got, _, err := unstructured.NestedString(objects[kind].Object, "roleRef", "name"); err != nil || got != want {
			t.Errorf("the %s binds %q (%v), want %q", kind, got, err, want)
		}
	}
}

// pinned: the pods run on the nodes of this EdgeIngress, and tolerate their taint.
func (s suite) pinned(t *testing.T, edge *v1alpha1.EdgeIngress, w workload) {
	t.Helper()
	pod := w.template.Spec
	if value, there := pod.NodeSelector[v1alpha1.NodeLabel(edge.Name)]; !there || value != "" {
		t.Errorf("pods select nodes by %v", pod.NodeSelector)
	}
	role := edge.Spec.Nodes.Label
	if role == "" {
		role = v1alpha1.DefaultRoleLabel
	}
	want := append([]corev1.Toleration{{Key: role, Operator: corev1.TolerationOpExists}}, edge.Spec.Controller.PodTolerations()...)
	if diff := cmp.Diff(want, pod.Tolerations); diff != "" {
		t.Errorf("pods tolerate the taint of their nodes and those that the spec names (-want +got):\n%s", diff)
	}
	if len(pod.Containers) != 1 || pod.Containers[0].Name != names.Container || len(pod.InitContainers) > 0 {
		t.Errorf("pods have more than the container %q", names.Container)
	}
}

func (s suite) service(t *testing.T, edge *v1alpha1.EdgeIngress, objects rendered) {
	t.Helper()
	service := objects["Service"]
	if (service != nil) != edge.UsesService() {
		t.Errorf("Service: %v, with exposure %s", service != nil, edge.Spec.Exposure.Type)
	}
	if service == nil {
		return
	}
	if service.GetName() != names.Service(edge.Name) {
		t.Errorf("the Service is %q", service.GetName())
	}
	if policy, _, err := unstructured.NestedString(service.Object, "spec", "externalTrafficPolicy"); err != nil || policy != "Local" {
		t.Errorf("externalTrafficPolicy is %q (%v)", policy, err)
	}
	selector, _, err := unstructured.NestedStringMap(service.Object, "spec", "selector")
	if err != nil || !maps.Equal(selector, names.ServiceSelector(edge.Name)) {
		t.Errorf("the Service selects %v (%v)", selector, err)
	}
}

func (s suite) deterministic(t *testing.T) {
	for name, edge := range s.cases {
		first := s.render(t, edge)
		for _, object := range first {
			object.SetAnnotations(map[string]string{"changed-by": "the caller"})
		}
		second := s.render(t, edge)
		if diff := cmp.Diff(second, s.render(t, edge)); diff != "" {
			t.Errorf("%s: two renderings differ:\n%s", name, diff)
		}
		if cmp.Equal(first, second) {
			t.Errorf("%s: a caller's change shows in the next rendering", name)
		}
	}
}

func (s suite) healthCheckPort(t *testing.T) {
	for name, test := range map[string]struct {
		exposure v1alpha1.ExposureType
		asked    int32
		want     any
	}{
		"load balancer, a port known": {exposure: v1alpha1.ExposureLoadBalancer, asked: 31234, want: int64(31234)},
		"load balancer, none known":   {exposure: v1alpha1.ExposureLoadBalancer},
		"node port, a port left over": {exposure: v1alpha1.ExposureNodePort, asked: 31234},
	} {
		t.Run(name, func(t *testing.T) {
			objects, err := s.engine.Render(engine.Input{
				EdgeIngress:         edgeIngress(func(e *v1alpha1.EdgeIngress) { e.Spec.Exposure.Type = test.exposure }),
				HealthCheckNodePort: test.asked,
			})
			if err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(objects, func(o *unstructured.Unstructured) bool { return o.GetKind() == "Service" })
			got, _, err := unstructured.NestedFieldNoCopy(objects[i].Object, "spec", "healthCheckNodePort")
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("healthCheckNodePort is %v (%v), want %v", got, err, test.want)
			}
		})
	}
}

func (s suite) images(t *testing.T) {
	image := s.engine.DefaultImage()
	if image.Repository == "" || image.Tag == "" || !strings.HasPrefix(image.Digest, "sha256:") {
		t.Errorf("the default image %v is not pinned by digest", image)
	}
	other := v1alpha1.ImageSpec{Repository: "registry.example.com:5000/fork/controller", Tag: "v2", Digest: "sha256:" + strings.Repeat("b", 64)}
	for name, test := range map[string]struct {
		asked *v1alpha1.ImageSpec
		want  v1alpha1.ImageSpec
	}{
		"the default image":      {want: image},
		"another image":          {asked: &other, want: other},
		"the default, asked for": {asked: &image, want: image},
	} {
		t.Run(name, func(t *testing.T) {
			w := s.byKind(t, edgeIngress(func(e *v1alpha1.EdgeIngress) { e.Spec.Controller.Image = test.asked })).workload(t)
			if got, want := w.template.Spec.Containers[0].Image, test.want.Repository+":"+test.want.Tag+"@"+test.want.Digest; got != want {
				t.Errorf("runs %s, want %s", got, want)
			}
			support := s.engine.Support(test.asked)
			if support.Message == "" || !slices.Contains([]engine.SupportState{engine.Supported, engine.Retired, engine.NotTracked}, support.State) {
				t.Errorf("its support is %+v", support)
			}
			if test.asked == &other && support.State != engine.NotTracked {
				t.Errorf("a build that nobody knows is %s", support.State)
			}
		})
	}
}

func contains(labels, wanted map[string]string) bool {
	for key, value := range wanted {
		if labels[key] != value {
			return false
		}
	}
	return true
}

func edgeIngress(change func(*v1alpha1.EdgeIngress)) *v1alpha1.EdgeIngress {
	edge := &v1alpha1.EdgeIngress{}
	edge.Name = "public"
	edge.Spec.Nodes.Names = []string{"node-1"}
	edge.Spec.Exposure.Type = v1alpha1.ExposureLoadBalancer
	if change != nil {
		change(edge)
	}
	return edge
}
