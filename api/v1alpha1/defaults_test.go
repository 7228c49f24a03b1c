package v1alpha1_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// shortForm is the object that the API server returns for metadata.name and spec.nodes.names.
func shortForm() v1alpha1.EdgeIngressSpec {
	return v1alpha1.EdgeIngressSpec{
		Nodes: v1alpha1.NodesSpec{
			Names:     []string{"edge-1"},
			Label:     v1alpha1.DefaultRoleLabel,
			Isolation: v1alpha1.IsolationDedicated,
		},
		Controller: v1alpha1.ControllerSpec{Engine: v1alpha1.EngineIngressNGINX, Kind: v1alpha1.WorkloadDaemonSet},
		Exposure: v1alpha1.ExposureSpec{
			Type:       v1alpha1.ExposureLoadBalancer,
			DrainDelay: &metav1.Duration{Duration: 30 * time.Second},
		},
	}
}

func TestDefaults(t *testing.T) {
	for name, row := range map[string]struct {
		spec string
		want func(*v1alpha1.EdgeIngressSpec)
	}{
		"the short form":                         {spec: "", want: func(*v1alpha1.EdgeIngressSpec) {}},
		"empty blocks get what missing ones get": {spec: "controller: {}\nexposure: {}", want: func(*v1alpha1.EdgeIngressSpec) {}},
		"what is written stays": {spec: "controller: {kind: Deployment}\nexposure: {type: NodePort, drainDelay: 0s}", want: func(s *v1alpha1.EdgeIngressSpec) {
			s.Controller.Kind = v1alpha1.WorkloadDeployment
			s.Exposure.Type = v1alpha1.ExposureNodePort
			s.Exposure.DrainDelay = &metav1.Duration{}
		}},
		"a load balancer is found out and gets node ports": {spec: "exposure: {loadBalancer: {}}", want: func(s *v1alpha1.EdgeIngressSpec) {
			s.Exposure.LoadBalancer = &v1alpha1.LoadBalancerSpec{Provider: v1alpha1.ProviderAuto, NodePorts: v1alpha1.Enabled}
		}},
		"a class is not the default class": {spec: "ingressClass: {name: a}", want: func(s *v1alpha1.EdgeIngressSpec) {
			s.IngressClass = &v1alpha1.IngressClassSpec{Name: "a", Default: v1alpha1.Disabled}
		}},
		"a header is X-Forwarded-For, and what the proxy does with it is not guessed": {
			spec: "clientIP: {forwardedHeader: {trustedCIDRs: [10.0.0.0/24]}}", want: func(s *v1alpha1.EdgeIngressSpec) {
				s.ClientIP = &v1alpha1.ClientIPSpec{ForwardedHeader: &v1alpha1.ForwardedHeaderSpec{
					Header:       "X-Forwarded-For",
					TrustedCIDRs: v1alpha1.TrustedCIDRs{"10.0.0.0/24"},
					ProtoAndHost: v1alpha1.ProtoAndHostIgnore,
				}}
			}},
		"PROXY protocol believes no header": {spec: "clientIP: {proxyProtocol: {trustedCIDRs: [10.0.0.0/24]}}", want: func(s *v1alpha1.EdgeIngressSpec) {
			s.ClientIP = &v1alpha1.ClientIPSpec{ProxyProtocol: &v1alpha1.ProxyProtocolSpec{TrustedCIDRs: v1alpha1.TrustedCIDRs{"10.0.0.0/24"}}}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			object := edgeIngress(t, "public", someNodes+"\n"+row.spec)
			if err := strict.Create(t.Context(), object, client.DryRunAll); err != nil {
				t.Fatal(err)
			}
			want := shortForm()
			row.want(&want)
			if diff := cmp.Diff(want, decode(t, object).Spec); diff != "" {
				t.Errorf("the spec is not what was expected (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSamplesAreAccepted(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "config", "samples", "v1alpha1_*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("found no samples: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			object := manifest(t, string(text))
			if err := strict.Create(t.Context(), object, client.DryRunAll); err != nil {
				t.Fatal(err)
			}
			decode(t, object)
		})
	}
}
