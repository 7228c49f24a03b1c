package real

import (
	"encoding/json"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/binaries"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/pki"
)

// validConfig is one that only lacks a namespace that exists.
func validConfig(t *testing.T) Config {
	t.Helper()
	authority, err := pki.NewAuthority("test")
	if err != nil {
		t.Fatal(err)
	}
	return Config{
		Name: "edge1", Dir: filepath.Join(t.TempDir(), "edge1"), NetNS: "/proc/1/fd/3", Address: netip.MustParseAddr("10.77.0.11"),
		Pods: netip.MustParsePrefix("10.244.11.0/24"), ClusterPods: netip.MustParsePrefix("10.244.0.0/16"), ProxyMode: IPTables,
		Server: "https://10.77.0.1:6443", Authority: authority, Labels: map[string]string{"pool": "edge", "topology.kubernetes.io/zone": "a"},
		Programs: binaries.Paths{binaries.Kubelet: "/bin/k8s/kubelet", binaries.Proxy: "/bin/k8s/kube-proxy"},
	}
}

func TestAConfigurationThatCannotWorkIsRefused(t *testing.T) {
	if err := validConfig(t).validate(); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*Config){
		"its name is":          func(c *Config) { c.Name = "edge/1" },
		"not an absolute path": func(c *Config) { c.Dir = "nodes/edge1" },
		"no network namespace": func(c *Config) { c.NetNS = "" },
		"its proxy mode is":    func(c *Config) { c.ProxyMode = "ipvs" },
		"is missing":           func(c *Config) { c.Pods = netip.Prefix{} },
		"may not give itself":  func(c *Config) { c.Labels["node-role.kubernetes.io/edge"] = "" },
		"program kubelet":      func(c *Config) { delete(c.Programs, binaries.Kubelet) },
	} {
		t.Run(want, func(t *testing.T) {
			c := validConfig(t)
			change(&c)
			if err := c.validate(); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

func TestLabelsThatAKubeletMayNotSetAreKeptApart(t *testing.T) {
	allowed := map[string]string{
		"pool": "edge", "example.com/pool": "edge", "topology.kubernetes.io/zone": "a", "kubernetes.io/hostname": "edge1",
		"node.kubernetes.io/instance-type": "x", "kubelet.kubernetes.io/x": "y",
	}
	refused := map[string]string{
		"node-role.kubernetes.io/edge": "", "node-restriction.kubernetes.io/x": "", "pool.node-restriction.kubernetes.io/public": "",
		"kubernetes.io/other": "", "scheduler.k8s.io/x": "",
	}
	all := maps.Clone(allowed)
	maps.Copy(all, refused)
	own, restricted := SplitLabels(all)
	if !maps.Equal(own, allowed) || !maps.Equal(restricted, refused) {
		t.Errorf("a kubelet may set %v, and may not set %v", own, restricted)
	}
}

// written writes the settings of a configuration and returns them by the names of their files.
func written(t *testing.T, c Config) map[string]string {
	t.Helper()
	files := layout{c.Dir}
	for _, dir := range files.directories() {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.writeSettings(); err != nil {
		t.Fatal(err)
	}
	content := map[string]string{}
	for _, name := range []string{kubeletFile, proxyFile, runtimeFile, filterFile, resolverFile, networkDir + "/10-node.conflist"} {
		text, err := os.ReadFile(files.setting(name))
		if err != nil {
			t.Fatal(err)
		}
		content[name] = string(text)
	}
	return content
}

func TestTheSettingsSayWhatTheConfigurationSays(t *testing.T) {
	c := validConfig(t)
	files := written(t, c)
	for name, parts := range map[string][]string{
		runtimeFile: {`root = "` + c.Dir + `/images"`, `sandbox_image = "lab.test/pause:e2e"`, `conf_dir = "` + c.Dir + `/settings/network"`},
		filterFile:  {"ip saddr 10.244.11.0/24 ip daddr != 10.244.0.0/16 masquerade"},
	} {
		for _, part := range parts {
			if !strings.Contains(files[name], part) {
				t.Errorf("%s lacks %q:\n%s", name, part, files[name])
			}
		}
	}
	var proxy struct {
		Mode, ClusterCIDR, HostnameOverride string
		Conntrack                           struct{ MaxPerCore, Min *int }
	}
	parse(t, files[proxyFile], &proxy)
	if proxy.Mode != "iptables" || proxy.ClusterCIDR != "10.244.0.0/16" || proxy.HostnameOverride != "edge1" {
		t.Errorf("the configuration of kube-proxy is %+v", proxy)
	}
	if proxy.Conntrack.MaxPerCore == nil || *proxy.Conntrack.MaxPerCore != 0 || proxy.Conntrack.Min == nil || *proxy.Conntrack.Min != 0 {
		t.Error("kube-proxy would change the machine's limits of connection tracking")
	}
	var network struct {
		Plugins []struct {
			IPMasq bool
			IPAM   struct{ Ranges [][]struct{ Subnet string } }
		}
	}
	parse(t, files[networkDir+"/10-node.conflist"], &network)
	if bridge := network.Plugins[0]; bridge.IPMasq || bridge.IPAM.Ranges[0][0].Subnet != "10.244.11.0/24" {
		t.Errorf("the configuration of the bridge is %+v", bridge)
	}
}

func parse(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
}

func TestKubeletIsShownKernelParametersThatItNeedNotChange(t *testing.T) {
	dir := t.TempDir()
	files, err := writeKernelValues(dir, "boot")
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"/proc/sys/vm/overcommit_memory": "1", "/proc/sys/kernel/panic": "10", "/proc/sys/kernel/panic_on_oops": "1", "/proc/sys/kernel/random/boot_id": "boot",
	} {
		content, err := os.ReadFile(files[path])
		if err != nil || strings.TrimSpace(string(content)) != want || filepath.Dir(files[path]) != dir {
			t.Errorf("instead of %s a node sees %q with %q, error %v", path, files[path], content, err)
		}
	}
}

func TestEveryStartHasABootIDOfItsOwn(t *testing.T) {
	first, second := newBootID(), newBootID()
	if first == second || len(first) != len("00000000-0000-0000-0000-000000000000") || strings.Count(first, "-") != 4 {
		t.Errorf("the identifiers are %q and %q", first, second)
	}
}

func TestLabelsAreHandedOverInAFixedOrder(t *testing.T) {
	if got, want := joinLabels(map[string]string{"b": "2", "a": "1", "c": ""}), "a=1,b=2,c="; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestASweepOfWhereNoNodeWasDoesNothing(t *testing.T) {
	if err := Sweep(filepath.Join(t.TempDir(), "nodes")); err != nil {
		t.Error(err)
	}
}

func TestANodePullsFromTheRegistryOnly(t *testing.T) {
	c := validConfig(t)
	for want, registry := range map[string]netip.AddrPort{
		"": {},
		"server = \"http://10.77.0.1:5000\"\n\n[host.\"http://10.77.0.1:5000\"]\n  capabilities = [\"pull\", \"resolve\"]\n": netip.MustParseAddrPort("10.77.0.1:5000"),
	} {
		c.Registry = registry
		got, err := c.render(registriesTemplate)
		if err != nil || string(got) != want {
			t.Errorf("with the registry %v the settings are %q (%v), want %q", registry, got, err, want)
		}
	}
}
