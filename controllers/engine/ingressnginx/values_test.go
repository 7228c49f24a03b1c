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
		"an unknown value":                     {path: "hostNetwork", value: true, says: "hostNetwork"},
		"a name that is none":                  {path: "objectName", value: "Public_Edge", says: "objectName"},
		"a name too long":                      {path: "objectName", value: strings.Repeat("a", 64), says: "objectName"},
		"no role":                              {path: "controllerClusterRole", value: "", says: "controllerClusterRole"},
		"a label key that is none":             {path: "labels", value: map[string]any{"a b": "c"}, says: "a b"},
		"a label value that is none":           {path: "selector", value: map[string]any{"a": "b c"}, says: "selector"},
		"a setting that is no text":            {path: "config", value: map[string]any{"use-gzip": true}, says: "use-gzip"},
		"an image without digest":              {path: "image", value: "registry.k8s.io/ingress-nginx/controller:v1.15.1", says: "image"},
		"an image without tag":                 {path: "image", value: "registry.k8s.io/controller@sha256:" + strings.Repeat("a", 64), says: "image"},
		"an unknown kind":                      {path: "workload.kind", value: "StatefulSet", says: "kind"},
		"no replicas":                          {path: "workload.replicas", value: 0, says: "replicas"},
		"a rollout that replaces nothing":      {path: "workload.maxSurge", value: 0, says: "workload"},
		"a DaemonSet with surge and a gap":     {path: "workload.maxUnavailable", value: 1, says: "workload"},
		"a surge on host ports":                {path: "hostPorts", value: "HostPort", says: "maxSurge"},
		"an unknown way to the host":           {path: "hostPorts", value: "Both", says: "hostPorts"},
		"a drain longer than the API allows":   {path: "shutdown.readySeconds", value: 601, says: "readySeconds"},
		"a drain that is no number":            {path: "shutdown.readySeconds", value: "30s", says: "readySeconds"},
		"no grace":                             {path: "shutdown.totalSeconds", value: 0, says: "totalSeconds"},
		"an unknown Service type":              {path: "service.type", value: "ClusterIP", says: "type"},
		"a health-check port with NodePort":    {path: "service", value: map[string]any{"type": "NodePort", "healthCheckNodePort": 31000}, says: "healthCheckNodePort"},
		"a class with NodePort":                {path: "service", value: map[string]any{"type": "NodePort", "loadBalancerClass": "a/b"}, says: "loadBalancerClass"},
		"a source range that is none":          {path: "service.sourceRanges", value: []any{"everyone"}, says: "sourceRanges"},
		"an annotation that is no text":        {path: "service.annotations", value: map[string]any{"a": 1}, says: "annotations"},
		"a port too high":                      {path: "service.nodePorts", value: map[string]any{"http": 65536}, says: "http"},
		"an unknown family":                    {path: "service.ipFamilies", value: []any{"IPv5"}, says: "ipFamilies"},
		"one family twice":                     {path: "service.ipFamilies", value: []any{"IPv4", "IPv4"}, says: "ipFamilies"},
		"an unknown family policy":             {path: "service.ipFamilyPolicy", value: "Dual", says: "ipFamilyPolicy"},
		"externalIPs, which nobody may choose": {path: "service.externalIPs", value: []any{"203.0.113.1"}, says: "externalIPs"},
		"the traffic policy, which is fixed":   {path: "service.externalTrafficPolicy", value: "Cluster", says: "externalTrafficPolicy"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			given := must(valuesOf(engine.Input{EdgeIngress: edgeIngress(nil)}).asMap())
			at := given
			path := strings.Split(test.path, ".")
			for _, part := range path[:len(path)-1] {
				at = at[part].(map[string]any)
			}
			at[path[len(path)-1]] = test.value
			_, err := chart.Render(helm.Release{Name: "public"}, given)
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want an error about %s", err, test.says)
			}
		})
	}
}

func TestTheChartIsForTheDefaultImage(t *testing.T) {
	if got, want := must(chart.AppVersion()), (Engine{}).DefaultImage().Tag; got != want {
		t.Errorf("the chart is for %s, the image is %s", got, want)
	}
}

func TestRenderRefusesWhatTheSchemaRefuses(t *testing.T) {
	edge := edgeIngress(func(e *v1alpha1.EdgeIngress) {
		e.Spec.Controller.Image = &v1alpha1.ImageSpec{Repository: "example.com/controller", Tag: "v1"}
	})
	_, err := Engine{}.Render(engine.Input{EdgeIngress: edge})
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
		"upstream's": {image: nil, want: "registry.k8s.io/ingress-nginx/controller:v1.15.1@sha256:594ceea76b01c592858f803f9ff4d2cb40542cae2060410b2c95f75907d659e1"},
		"a fork's":   {image: own, want: "example.com:5000/a/b:v2@" + digest},
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
