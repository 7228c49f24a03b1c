package provider

import (
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// The golden files in testdata record the package's answers for a wide set of clusters: each single
// change in words, and many combinations of changes as one checksum. A change of facts appears
// there as a diff to read.
var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// combinations is how many random sets of changes go into one checksum.
const combinations = 2000

// change is one named change of a cluster.
type change struct {
	name  string
	apply option
}

// keysOf are the annotations that have a meaning for a provider, and for the one whose nodes it uses.
func keysOf(p v1alpha1.Provider) []string {
	lb := registration(p)
	if lb == nil {
		return nil
	}
	keys := append(keysOf(lb.signs.onNodesOf), slices.Concat(lb.annotations.decide, lb.annotations.written)...)
	for _, prefix := range lb.annotations.decidePrefixes {
		keys = append(keys, prefix+"443")
	}
	slices.Sort(keys)
	return keys
}

// goldenValues are values that have a meaning for some annotation. Add a value here that only a new
// load balancer knows.
var goldenValues = []string{
	"", " ", "true", "True", "false", "1", "2", "0", "yes", "on", "off", "ON", "*", "v1", "v2", "none", "443", "80, 443", "443,80,8443", "8080", "32100",
	"nlb", "NLB", "nlb-ip", "external", "lb", "ip", "instance", "dualstack", "ipv4", "eni", "octavia", "REGIONAL", "REGIONAL_NETWORK", "regional",
	"http", "https", "http2", "http3", "tcp", "TCP", "https:443,http:80", "tcp:443", "tcpssl:443,tcp:80", "proxy-protocol", "nlb, proxy-protocol", "{}", "unheard-of",
	"preserve_client_ip.enabled=true", "preserve_client_ip.enabled=false", "proxy_protocol_v2.enabled=true", "proxy_protocol_v2.enabled = FALSE",
	"a=b, preserve_client_ip.enabled = true ,proxy_protocol_v2.enabled=true",
}

var goldenClasses = []string{
	"service.k8s.aws/nlb", "eks.amazonaws.com/nlb", "networking.gke.io/l4-regional-external", "networking.gke.io/l4-regional-internal",
	"kube-vip.io/kube-vip-class", "io.cilium/bgp-control-plane", "io.cilium/l2-announcer", "alibabacloud.com/clb", "alibabacloud.com/nlb", "example.com/own",
}

func changesOfService() []change {
	proxy, vip := corev1.LoadBalancerIPModeProxy, corev1.LoadBalancerIPModeVIP
	changes := []change{
		{name: "no address", apply: func(s *snapshot.Snapshot) { s.Service.Value.Status.LoadBalancer.Ingress = nil }},
		{name: "ipMode Proxy", apply: mode(proxy)},
		{name: "ipMode VIP", apply: mode(vip)},
		{name: "ipMode VIP and Proxy", apply: func(s *snapshot.Snapshot) {
			s.Service.Value.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: "203.0.113.10", IPMode: &vip}, {IP: "2001:db8::1", IPMode: &proxy}}
		}},
	}
	for _, name := range []string{
		"k8s-edge-0123.elb.eu-west-1.amazonaws.com", "a0123-456.eu-west-1.elb.amazonaws.com", "k8s-edge-0123.elb.cn-north-1.amazonaws.com.cn",
		"a0123-456.cn-north-1.elb.amazonaws.com.cn", "lb.example.com",
	} {
		changes = append(changes, change{name: "host " + name, apply: host(name)})
	}
	for _, name := range goldenClasses {
		changes = append(changes, change{name: "class " + name, apply: class(name)})
	}
	return changes
}

func changesOfAnnotations(keys []string) []change {
	var changes []change
	for _, key := range keys {
		for _, value := range goldenValues {
			changes = append(changes, change{name: fmt.Sprintf("%s: %q", key, value), apply: annotated(key, value)})
		}
	}
	return changes
}

// say is everything that the package knows about the load balancer of a cluster, without empty fields.
func say(s snapshot.Snapshot) string {
	text := strings.ReplaceAll(jsonOf(reflect.ValueOf(Identify(s))), `"`, "")
	return strings.TrimSuffix(strings.TrimPrefix(text, "{"), "}")
}

// jsonOf encodes a value as JSON, without the fields of structs that are false, nil, or have no content. The
// race detector makes it costly to encode all fields and remove some afterwards.
func jsonOf(value reflect.Value) string {
	switch {
	case value.Kind() == reflect.Struct:
		var fields []string
		for i := range value.NumField() {
			if text := jsonOf(value.Field(i)); !slices.Contains([]string{"false", "null", `""`, "{}"}, text) {
				fields = append(fields, `"`+value.Type().Field(i).Name+`":`+text)
			}
		}
		return "{" + strings.Join(fields, ",") + "}"
	case value.Kind() == reflect.Slice && !value.IsNil():
		var elements []string
		for i := range value.Len() {
			elements = append(elements, jsonOf(value.Index(i)))
		}
		return "[" + strings.Join(elements, ",") + "]"
	}
	return encoded(value)
}

func encoded(value reflect.Value) string {
	content, err := json.Marshal(value.Interface())
	if err != nil {
		panic(err)
	}
	return string(content)
}

// groups are results, each with the changes that lead to it, in the order in which the results came up.
type groups struct {
	results []string
	changes map[string][]string
}

func (g *groups) add(result, change string) {
	if g.changes == nil {
		g.changes = map[string][]string{}
	}
	if _, there := g.changes[result]; !there {
		g.results = append(g.results, result)
	}
	g.changes[result] = append(g.changes[result], change)
}

// write leaves out all but the first change of the first results, which stand for "as before".
func (g *groups) write(out io.Writer, asBefore int) {
	for i, result := range g.results {
		changes := g.changes[result]
		if i < asBefore {
			changes = changes[:1]
		}
		fmt.Fprintf(out, "%s\n\t%s\n", result, strings.Join(changes, "\n\t"))
	}
}

// record writes the answer for the base and for each single change of it, and a checksum over
// combinations of up to six changes.
func record(out io.Writer, changes []change, base ...option) {
	var said groups
	said.add(say(cluster(base...)), "unchanged")
	for _, c := range changes {
		said.add(say(cluster(append(base[:len(base):len(base)], c.apply)...)), c.name)
	}
	said.write(out, 1)
	sum, random := sha256.New(), rand.New(rand.NewPCG(1, 2))
	for range combinations {
		options := base[:len(base):len(base)]
		for range 2 + random.IntN(5) {
			options = append(options, changes[random.IntN(len(changes))].apply)
		}
		fmt.Fprintln(sum, say(cluster(options...)))
	}
	fmt.Fprintf(out, "combinations\n\t%x\n", sum.Sum(nil)[:16])
}

func compareWithGolden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v: run the test with -update, read the file and commit it", err)
	}
	if string(want) == got {
		return
	}
	wanted, is := strings.Split(string(want), "\n"), strings.Split(got, "\n")
	for i := range min(len(wanted), len(is)) {
		if wanted[i] != is[i] {
			t.Fatalf("%s line %d:\n got %s\nwant %s\nIf this is meant, run the test with -update and read the diff.", path, i+1, is[i], wanted[i])
		}
	}
	t.Fatalf("%s has %d lines, got %d. If this is meant, run the test with -update and read the diff.", path, len(wanted), len(is))
}

func TestWhatIsSaidOfADeclaredProvider(t *testing.T) {
	for _, p := range append(enumOfAPI(t)[1:], "Elsewhere") {
		t.Run(string(p), func(t *testing.T) {
			var out strings.Builder
			record(&out, append(changesOfService(), changesOfAnnotations(keysOf(p))...), declared(p))
			compareWithGolden(t, "declared-"+string(p), out.String())
		})
	}
}

func TestWhatIsRecognised(t *testing.T) {
	ids := []string{
		"", "aws:///z/i-1", "gce://p/z/a", "azure:///subscriptions/1", "digitalocean://1", "hcloud://1", "hrobot://1", "openstack:///1", "scaleway://1",
		"linode://1", "vultr://1", "ibm://1", "oci://1", "ocid1.instance.oc1", "qcloud:///1", "kind://docker/kind/a", "cn-hangzhou.i-bp1abc", "cn-hangzhou.x",
		"k3s://a", "vsphere://1", "equinixmetal://1", "AWS:///z/i-1", "aws:", "us-east-1.i-0", "USA-1.i-0",
	}
	agents := map[string][]v1alpha1.Provider{"speaker": {v1alpha1.ProviderMetalLB}, "kube-vip-ds": {v1alpha1.ProviderKubeVIP}, "cilium": {v1alpha1.ProviderCilium},
		"svclb-public-edge-ingress": {v1alpha1.ProviderServiceLB, v1alpha1.ProviderMetalLB}, "svclb-public-edge-ingress-01ab": {v1alpha1.ProviderServiceLB},
		"svclb-public-edge-ingress2": {v1alpha1.ProviderServiceLB}, "svclb-traefik-01ab": {v1alpha1.ProviderServiceLB}}
	var changes []change
	for _, id := range ids {
		changes = append(changes, change{name: "nodes " + id, apply: on(id, id)})
	}
	for _, pair := range [][]string{{"aws:///z/i-1", "gce://p/z/a"}, {"hcloud://1", "hrobot://2"}, {"oci://1", "ocid1.x"}, {"gce://p/z/a", ""}, {"kind://a", "k3s://b"}, {}} {
		changes = append(changes, change{name: "nodes " + strings.Join(pair, " "), apply: on(pair...)})
	}
	for _, name := range []string{"speaker", "kube-vip-ds", "cilium", "svclb-public-edge-ingress", "svclb-public-edge-ingress-01ab", "svclb-public-edge-ingress2", "svclb-traefik-01ab"} {
		for _, p := range agents[name] {
			changes = append(changes, change{name: fmt.Sprintf("agent %s %s", p, name), apply: agent(p, name)})
		}
	}
	for _, kind := range []string{"cilium.io/IPAMRequestSatisfied", "LoadBalancerPortsError", "example.com/Other"} {
		changes = append(changes, change{name: "condition " + kind, apply: func(s *snapshot.Snapshot) {
			s.Service.Value.Status.Conditions = append(s.Service.Value.Status.Conditions, metav1.Condition{Type: kind})
		}})
	}
	for _, key := range []string{"metallb.io/ip-allocated-from-pool", "metallb.universe.tf/ip-allocated-from-pool", "kube-vip.io/vipHost", "loadbalancer.ovhcloud.com/class"} {
		changes = append(changes, change{name: "mark " + key, apply: annotated(key, "x")}, change{name: "asked for " + key, apply: func(s *snapshot.Snapshot) {
			s.Service.Value.Annotations[key] = "x"
			s.EdgeIngress.Spec.Exposure.LoadBalancer.Annotations = map[string]v1alpha1.AnnotationValue{key: "x"}
		}})
	}
	changes = append(changes, changesOfService()...)
	bases := []struct {
		name string
		with []option
	}{
		{name: "bare-metal"}, {name: "speaker-and-pool", with: []option{speaker, annotated("metallb.io/ip-allocated-from-pool", "public")}},
		{name: "kube-vip", with: []option{agent(v1alpha1.ProviderKubeVIP, "kube-vip-ds"), annotated("kube-vip.io/vipHost", "node-a")}},
		{name: "kind", with: []option{on("kind://docker/kind/a"), mode(corev1.LoadBalancerIPModeProxy)}},
		{name: "aws", with: []option{on("aws:///z/i-1"), host("k8s-edge-0123.elb.eu-west-1.amazonaws.com"), annotated("service.beta.kubernetes.io/aws-load-balancer-type", "nlb")}},
		{name: "openstack", with: []option{on("openstack:///1")}}, {name: "ibm", with: []option{on("ibm://1"), annotated("service.kubernetes.io/ibm-load-balancer-cloud-provider-enable-features", "nlb")}},
		{name: "gce-with-cilium", with: []option{on("gce://p/z/a"), agent(v1alpha1.ProviderCilium, "anetd")}},
	}
	for _, base := range bases {
		t.Run(base.name, func(t *testing.T) {
			var out strings.Builder
			record(&out, changes, base.with...)
			compareWithGolden(t, "recognised-"+base.name, out.String())
		})
	}
}

func TestWhoseAgentsAreRecognised(t *testing.T) {
	images := []string{
		"metallb/speaker", "metallb-speaker", "metallb/frr-k8s", "kube-vip/kube-vip", "plndr/kube-vip", "kube-vip/kube-vip-iptables", "rancher/klipper-lb",
		"cilium/cilium", "cilium/cilium-envoy", "kube-vip/kube-vip-cloud-provider", "metallb/controller", "kube-proxy",
	}
	labels := [][2]string{
		{"app.kubernetes.io/name", "metallb"}, {"app.kubernetes.io/component", "speaker"}, {"app.kubernetes.io/component", "controller"}, {"app", "metallb"},
		{"component", "speaker"}, {"app", "frr-k8s"}, {"app.kubernetes.io/name", "kube-vip-ds"}, {"app.kubernetes.io/name", "kube-vip"}, {"k8s-app", "cilium"},
		{"svccontroller.k3s.cattle.io/svcname", "x"}, {"svccontroller.k3s.cattle.io/svcname", ""}, {"k8s-app", "kube-proxy"},
	}
	var changes []func(*appsv1.DaemonSet)
	var said groups
	add := func(name string, apply func(*appsv1.DaemonSet)) {
		changes = append(changes, apply)
		ds := daemonSet("agent", "example.com/own:1", map[string]string{})
		apply(ds)
		p, is := AgentProvider(ds)
		said.add(fmt.Sprintf("%q %t", p, is), name)
	}
	for _, image := range images {
		for _, form := range []string{"%s", "%s:v1", "quay.io/%s:v1.2", "mirror.example.com:5000/a/%s@sha256:00", "mirror.example.com:5000/not%s:1", "x/%s:1@sha256:00", "%s/more:1"} {
			container := corev1.Container{Image: fmt.Sprintf(form, image)}
			add("image "+container.Image, func(ds *appsv1.DaemonSet) {
				ds.Spec.Template.Spec.Containers = append(ds.Spec.Template.Spec.Containers, container)
			})
		}
	}
	for _, label := range labels {
		add(strings.Join(label[:], "="), func(ds *appsv1.DaemonSet) { ds.Spec.Template.Labels[label[0]] = label[1] })
	}
	for _, name := range []string{"svclb-", "svclb-x", "svclb", "speaker", "cilium", "kube-vip-ds"} {
		add("name "+name, func(ds *appsv1.DaemonSet) { ds.Name = name })
	}
	sum, random := sha256.New(), rand.New(rand.NewPCG(1, 2))
	for range combinations {
		ds := daemonSet("agent", "example.com/own:1", map[string]string{})
		for range 2 + random.IntN(4) {
			changes[random.IntN(len(changes))](ds)
		}
		p, is := AgentProvider(ds)
		fmt.Fprintln(sum, p, is)
	}
	var out strings.Builder
	said.write(&out, 0)
	fmt.Fprintf(&out, "combinations\n\t%x\n", sum.Sum(nil)[:16])
	compareWithGolden(t, "agents", out.String())
}

func TestWhichAnnotationsDecideAboutTheClientsAddress(t *testing.T) {
	var out strings.Builder
	fmt.Fprintln(&out, TrafficPolicyFallback, IsClientAddressAnnotation(TrafficPolicyFallback))
	for _, p := range enumOfAPI(t) {
		for _, key := range keysOf(p) {
			fmt.Fprintln(&out, key, IsClientAddressAnnotation(key))
		}
	}
	compareWithGolden(t, "annotations", out.String())
}
