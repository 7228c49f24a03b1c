package ingressnginx

import (
	"strings"
	"testing"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/engine"
	"github.com/edge-ingress/edge-ingress-operator/controllers/helm"
)

func TestSchemaRefusesWrongValues(t *testing.T) {
	tests := map[string]struct {
		path  string
		value any
		says  string
	}{
		"an unknown value":                     {"hostNetwork", true, "hostNetwork"},
		"a name that is none":                  {"objectName", "Public_Edge", "objectName"},
		"a name too long":                      {"objectName", strings.Repeat("a", 64), "objectName"},
		"no role":                              {"controllerClusterRole", "", "controllerClusterRole"},
		"a label key that is none":             {"labels", map[string]any{"a b": "c"}, "a b"},
		"a label value that is none":           {"selector", map[string]any{"a": "b c"}, "selector"},
		"a setting that is no text":            {"config", map[string]any{"use-gzip": true}, "use-gzip"},
		"an image without digest":              {"image", "registry.k8s.io/ingress-nginx/controller:v1.15.1", "image"},
		"an image without tag":                 {"image", "registry.k8s.io/controller@sha256:" + strings.Repeat("a", 64), "image"},
		"an unknown kind":                      {"workload.kind", "StatefulSet", "kind"},
		"no replicas":                          {"workload.replicas", 0, "replicas"},
		"a rollout that replaces nothing":      {"workload.maxSurge", 0, "workload"},
		"a DaemonSet with surge and a gap":     {"workload.maxUnavailable", 1, "workload"},
		"a surge on host ports":                {"hostPorts", "HostPort", "maxSurge"},
		"an unknown way to the host":           {"hostPorts", "Both", "hostPorts"},
		"a drain longer than the API allows":   {"shutdown.readySeconds", 601, "readySeconds"},
		"a drain that is no number":            {"shutdown.readySeconds", "30s", "readySeconds"},
		"no grace":                             {"shutdown.totalSeconds", 0, "totalSeconds"},
		"an unknown Service type":              {"service.type", "ClusterIP", "type"},
		"a health-check port with NodePort":    {"service", map[string]any{"type": "NodePort", "healthCheckNodePort": 31000}, "healthCheckNodePort"},
		"a class with NodePort":                {"service", map[string]any{"type": "NodePort", "loadBalancerClass": "a/b"}, "loadBalancerClass"},
		"a source range that is none":          {"service.sourceRanges", []any{"everyone"}, "sourceRanges"},
		"an annotation that is no text":        {"service.annotations", map[string]any{"a": 1}, "annotations"},
		"a port too high":                      {"service.nodePorts", map[string]any{"http": 65536}, "http"},
		"an unknown family":                    {"service.ipFamilies", []any{"IPv5"}, "ipFamilies"},
		"one family twice":                     {"service.ipFamilies", []any{"IPv4", "IPv4"}, "ipFamilies"},
		"an unknown family policy":             {"service.ipFamilyPolicy", "Dual", "ipFamilyPolicy"},
		"externalIPs, which nobody may choose": {"service.externalIPs", []any{"203.0.113.1"}, "externalIPs"},
		"the traffic policy, which is fixed":   {"service.externalTrafficPolicy", "Cluster", "externalTrafficPolicy"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			given := map[string]any{}
			at := given
			path := strings.Split(test.path, ".")
			for _, part := range path[:len(path)-1] {
				below := map[string]any{}
				at[part] = below
				at = below
			}
			at[path[len(path)-1]] = test.value
			_, err := chart.Render(helm.Release{Name: "public"}, given)
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want an error about %s", err, test.says)
			}
		})
	}
}

func TestChartRendersFromItsOwnDefaults(t *testing.T) {
	objects, err := chart.Render(helm.Release{Name: "public", Namespace: "edge-public"}, nil)
	if err != nil || len(objects) == 0 {
		t.Fatalf("%d objects: %v", len(objects), err)
	}
	upstream := Engine{}.DefaultImage()
	if got := must(chart.AppVersion()); got != upstream.Tag {
		t.Errorf("the chart is for %s, the image is %s", got, upstream.Tag)
	}
	if got := must(chart.Default())["image"]; got != imageReference(nil) {
		t.Errorf("the chart's default image is %v, the operator's %s", got, imageReference(nil))
	}
}

func TestRenderRefusesWhatTheSchemaRefuses(t *testing.T) {
	edge := edgeIngress(func(e *v1alpha1.EdgeIngress) {
		e.Spec.Controller.Image = &v1alpha1.ImageSpec{Repository: "example.com/controller", Tag: "v1"}
	})
	_, err := Engine{}.Render(engine.Input{EdgeIngress: edge, ControllerClusterRole: "a", ElectionClusterRole: "b"})
	if err == nil || !strings.Contains(err.Error(), `"public"`) || !strings.Contains(err.Error(), "image") {
		t.Errorf("got %v, want an error that names the EdgeIngress and the image", err)
	}
}

func TestImageIsReplacedAsAWhole(t *testing.T) {
	digest := "sha256:" + strings.Repeat("b", 64)
	own := &v1alpha1.ImageSpec{Repository: "example.com:5000/a/b", Tag: "v2", Digest: digest}
	tests := map[string]struct {
		image *v1alpha1.ImageSpec
		want  string
	}{
		"upstream's": {nil, "registry.k8s.io/ingress-nginx/controller:v1.15.1@sha256:594ceea76b01c592858f803f9ff4d2cb40542cae2060410b2c95f75907d659e1"},
		"a fork's":   {own, "example.com:5000/a/b:v2@" + digest},
	}
	for name, test := range tests {
		if got := imageReference(test.image); got != test.want {
			t.Errorf("%s: got %s, want %s", name, got, test.want)
		}
	}
}

func TestQuantitiesAreWrittenAsTheAPIServerWritesThem(t *testing.T) {
	edge := goldenInputs(t)["image-and-resources"]
	for _, object := range render(t, edge) {
		if object.GetKind() != "DaemonSet" {
			continue
		}
		json := string(must(object.MarshalJSON()))
		if !strings.Contains(json, `"limits":{"cpu":"2","memory":"1Gi"}`) || strings.Contains(json, `"requests"`) {
			t.Errorf("2000m and 1024Mi without requests became %s", json)
		}
	}
}
