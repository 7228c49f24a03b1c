// Package prober runs the prober, under the rights that it is installed with, against a real API server, a real
// witness, and controllers of its own on loopback.
package prober

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/testcluster"
	"github.com/edge-ingress/edge-ingress-operator/verification/answer"
	"github.com/edge-ingress/edge-ingress-operator/verification/witness"
)

const (
	operatorNamespace = "edge-ingress-operator-system"
	proberNamespace   = "edge-ingress-verification"
	proberAccount     = "edge-ingress-prober"
	// witnessAddress is what the API server knows. It allows no loopback address in an EndpointSlice.
	witnessAddress = "10.244.9.9"
)

var cluster *testcluster.Cluster

func TestMain(m *testing.M) {
	os.Exit(testcluster.Run(m, testcluster.Options{}, func(started *testcluster.Cluster) error {
		cluster = started
		return cluster.InstallCRDs(filepath.Join("..", "..", "config", "crd", "bases"))
	}))
}

func newAdmin(t *testing.T) client.Client {
	t.Helper()
	admin, err := client.New(cluster.Config, client.Options{Scheme: controllers.NewScheme()})
	if err != nil {
		t.Fatal(err)
	}
	return admin
}

// create creates an object, and its status if it has one here.
func create(t *testing.T, admin client.Client, object client.Object) {
	t.Helper()
	whole := object.DeepCopyObject().(client.Object)
	if err := admin.Create(t.Context(), object); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = admin.Delete(context.WithoutCancel(t.Context()), object, client.GracePeriodSeconds(0)) })
	switch whole.(type) {
	case *corev1.Node, *corev1.Pod:
		whole.SetResourceVersion(object.GetResourceVersion())
		whole.SetUID(object.GetUID())
		if err := admin.Status().Update(t.Context(), whole); err != nil {
			t.Fatal(err)
		}
	default:
	}
}

// allow gives the prober's account the roles that config/verification installs.
func allow(t *testing.T, admin client.Client) {
	t.Helper()
	subjects := []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: proberNamespace, Name: proberAccount}}
	everywhere := &rbacv1.ClusterRole{}
	read(t, "prober_role.yaml", everywhere)
	create(t, admin, everywhere)
	create(t, admin, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: everywhere.Name}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: everywhere.Name}, Subjects: subjects,
	})
	beside := &rbacv1.Role{}
	read(t, "prober_witness_role.yaml", beside)
	create(t, admin, beside)
	create(t, admin, &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: beside.Namespace, Name: beside.Name}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: beside.Name}, Subjects: subjects,
	})
}

// read reads an object of config/verification.
func read(t *testing.T, file string, object client.Object) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "config", "verification", file))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, object); err != nil {
		t.Fatal(err)
	}
}

// ingress leads to the witness, as the operator makes it for an EdgeIngress that is measured.
func ingress(edge *v1alpha1.EdgeIngress) *networkingv1.Ingress {
	i := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: operatorNamespace, Name: names.WitnessIngress(edge.Name), Labels: names.Labels(edge.Name)}}
	i.Spec.DefaultBackend = &networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: names.Witness, Port: networkingv1.ServiceBackendPort{Number: 80}}}
	return i
}

func node(name, address string) *corev1.Node {
	n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}
	n.Status.Addresses = []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: address}}
	n.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}
	return n
}

func service(edge *v1alpha1.EdgeIngress) *corev1.Service {
	s := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: edge.ControllerNamespace(), Name: names.Service(edge.Name), Labels: names.Labels(edge.Name)}}
	s.Spec.Type, s.Spec.ExternalTrafficPolicy = corev1.ServiceTypeNodePort, corev1.ServiceExternalTrafficPolicyLocal
	s.Spec.Ports = []corev1.ServicePort{
		{Name: "http", Port: 80, TargetPort: intstr.FromInt32(80)}, {Name: "https", Port: 443, TargetPort: intstr.FromInt32(443)},
	}
	return s
}

func controllerPod(edge *v1alpha1.EdgeIngress, name, on, address string) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: edge.ControllerNamespace(), Name: name, Labels: names.Labels(edge.Name)}}
	p.Spec.AutomountServiceAccountToken = ptr.To(false)
	p.Spec.NodeName, p.Spec.Containers = on, []corev1.Container{{Name: "controller", Image: "example.com/controller"}}
	p.Status.Phase, p.Status.PodIP, p.Status.PodIPs = corev1.PodRunning, address, []corev1.PodIP{{IP: address}}
	p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	return p
}

// slice has the pods as ready endpoints of a Service. Their addresses in it do not matter.
func slice(namespace, service string, labels map[string]string, address string, pods ...types.UID) *discoveryv1.EndpointSlice {
	s := &discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: service, Labels: map[string]string{discoveryv1.LabelServiceName: service}}}
	for key, value := range labels {
		s.Labels[key] = value
	}
	s.AddressType = discoveryv1.AddressTypeIPv4
	for i, uid := range pods {
		s.Endpoints = append(s.Endpoints, discoveryv1.Endpoint{
			Addresses: []string{address + strconv.Itoa(i+1)}, Conditions: discoveryv1.EndpointConditions{Ready: ptr.To(true)},
			TargetRef: &corev1.ObjectReference{Kind: "Pod", UID: uid},
		})
	}
	return s
}

// controller passes requests on to the witness, as an edge node's does. It keeps the client's address unless
// masquerade is set.
type controller struct {
	pod     string
	address string
	answers string

	mu         sync.Mutex
	masquerade string
}

func (c *controller) set(masquerade string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.masquerade = masquerade
}

// ServeHTTP passes a request on.
func (c *controller) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	client, _, _ := net.SplitHostPort(r.RemoteAddr)
	c.mu.Lock()
	if c.masquerade != "" {
		client = c.masquerade
	}
	c.mu.Unlock()
	out, err := http.NewRequestWithContext(r.Context(), r.Method, "http://"+c.answers+r.URL.Path, nil)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	out.Host = r.Host
	out.Header.Set("X-Real-IP", client)
	out.Header.Set("X-Forwarded-For", client)
	out.Header.Set(answer.PodHeader, c.pod)
	out.Header.Set(answer.ConfigHeader, "c0ffee")
	scheme := "http://"
	if r.TLS != nil {
		scheme = "https://"
	}
	out.Header.Set(answer.AskedHeader, scheme+r.Host)
	from := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(c.address)}}
	response, err := (&http.Transport{DialContext: from.DialContext, DisableKeepAlives: true}).RoundTrip(out)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer func() { _ = response.Body.Close() }()
	w.WriteHeader(response.StatusCode)
	body := make([]byte, answer.MaxSize)
	n, _ := response.Body.Read(body)
	_, _ = w.Write(body[:n])
}

// serve answers on a node's ports until the test ends.
func serve(t *testing.T, c *controller, on string, s *corev1.Service) {
	t.Helper()
	for i, port := range s.Spec.Ports {
		listener := listen(t, net.JoinHostPort(on, strconv.Itoa(int(port.NodePort))))
		server := httptest.NewUnstartedServer(c)
		_ = server.Listener.Close()
		server.Listener = listener
		if i == 0 {
			server.Start()
		} else {
			server.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
			server.StartTLS()
		}
		t.Cleanup(server.Close)
	}
}

func listen(t *testing.T, address string) net.Listener {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

// startWitness returns the addresses of the witness's two ports.
func startWitness(t *testing.T) (answers, direct string) {
	t.Helper()
	w, err := witness.New(time.Now)
	if err != nil {
		t.Fatal(err)
	}
	forAnswers, forChallenges := listen(t, "127.0.0.1:0"), listen(t, "127.0.0.1:0")
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- w.Serve(ctx, forAnswers, forChallenges) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return forAnswers.Addr().String(), forChallenges.Addr().String()
}
