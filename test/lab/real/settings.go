package real

import (
	"bytes"
	_ "embed" // for the settings that are not JSON
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"text/template"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/pki"
)

const (
	// pluginDir is where Debian has the programs of the package containernetworking-plugins.
	pluginDir   = "/usr/lib/cni"
	runtimeName = "containerd"
	// runtimeSocket is below /run, which each node has of its own.
	runtimeSocket = "/run/containerd/containerd.sock"

	networkDir    = "network"
	registriesDir = "registries"
	kubeletFile   = "kubelet.json"
	proxyFile     = "kube-proxy.json"
	runtimeFile   = "containerd.toml"
	filterFile    = "packetfilter.nft"
	resolverFile  = "resolv.conf"
	// registriesFile is about every registry that has no file of its own.
	registriesFile  = registriesDir + "/_default/hosts.toml"
	kubeconfigName  = "kubelet.kubeconfig"
	proxyConfigName = "kube-proxy.kubeconfig"
)

//go:embed containerd.toml.tmpl
var runtimeTemplate string

// registriesTemplate has containerd ask our registry first. It must also be the last resort, because there is no other one
// (https://github.com/containerd/containerd/blob/main/docs/hosts.md).
const registriesTemplate = `{{ if .Registry.IsValid -}}
server = "http://{{ .Registry }}"

[host."http://{{ .Registry }}"]
  capabilities = ["pull", "resolve"]
{{ end }}`

//go:embed packetfilter.nft.tmpl
var filterTemplate string

// object is JSON, which kubelet and kube-proxy accept where they expect YAML.
type object = map[string]any

// writeSettings writes the configuration files of all programs.
func (c Config) writeSettings() error {
	files := layout{c.Dir}
	for name, content := range map[string]object{
		kubeletFile: c.kubelet(), proxyFile: c.proxy(), filepath.Join(networkDir, "10-node.conflist"): c.podNetwork(),
	} {
		text, err := json.MarshalIndent(content, "", "  ")
		if err != nil {
			return fmt.Errorf("encoding %s: %w", name, err)
		}
		if err := writeFile(files.setting(name), text); err != nil {
			return err
		}
	}
	for name, text := range map[string]string{runtimeFile: runtimeTemplate, filterFile: filterTemplate, registriesFile: registriesTemplate} {
		content, err := c.render(text)
		if err != nil {
			return fmt.Errorf("rendering %s: %w", name, err)
		}
		if err := writeFile(files.setting(name), content); err != nil {
			return err
		}
	}
	// There is no name server. With an empty file, kubelet would warn about every pod.
	return writeFile(files.setting(resolverFile), []byte("search lab.test\n"))
}

func writeFile(path string, content []byte) error {
	if err := os.WriteFile(path, content, 0o600); err != nil {
		return fmt.Errorf("writing settings: %w", err)
	}
	return nil
}

func (c Config) render(text string) ([]byte, error) {
	parsed, err := template.New("").Parse(text)
	if err != nil {
		return nil, err
	}
	files := layout{c.Dir}
	var content bytes.Buffer
	err = parsed.Execute(&content, map[string]any{
		"Root": files.images(), "Socket": runtimeSocket, "PauseImage": PauseImage, "PluginDir": pluginDir, "NetworkDir": files.setting(networkDir),
		"Pods": c.Pods, "ClusterPods": c.ClusterPods, "Registry": c.Registry, "RegistriesDir": files.setting(registriesDir),
	})
	return content.Bytes(), err
}

func (c Config) kubelet() object {
	files := layout{c.Dir}
	return object{
		"apiVersion": "kubelet.config.k8s.io/v1beta1",
		"kind":       "KubeletConfiguration",

		"failCgroupV1":             false,
		"cgroupDriver":             "cgroupfs",
		"cgroupRoot":               "/",
		"failSwapOn":               false,
		"containerRuntimeEndpoint": "unix://" + runtimeSocket,
		"resolvConf":               files.setting(resolverFile),
		// The default is lower, which takes the capability CAP_SYS_RESOURCE. A machine may lack it.
		"oomScoreAdj": 0,
		// It is made where it is missing, and the default is below /usr.
		"volumePluginDir": files.volumePlugins(),

		"authentication": object{
			"anonymous": object{"enabled": false},
			"webhook":   object{"enabled": true},
			"x509":      object{"clientCAFile": files.credential("ca.crt")},
		},
		"authorization":     object{"mode": "Webhook"},
		"tlsCertFile":       files.credential("kubelet.crt"),
		"tlsPrivateKeyFile": files.credential("kubelet.key"),

		// The disk is the machine's, and may be fairly full: that must neither remove images nor evict pods.
		"imageGCHighThresholdPercent": 100,
		"imageGCLowThresholdPercent":  99,
		"evictionHard":                object{"memory.available": "50Mi", "nodefs.available": "1%", "nodefs.inodesFree": "1%", "imagefs.available": "1%"},
		"containerLogMaxSize":         "5Mi",
		"containerLogMaxFiles":        2,

		"maxPods":                   60,
		"nodeStatusUpdateFrequency": "5s",
	}
}

// proxy does not change the machine-wide limits of connection tracking, which only the machine's
// own namespace may set.
func (c Config) proxy() object {
	return object{
		"apiVersion":         "kubeproxy.config.k8s.io/v1alpha1",
		"kind":               "KubeProxyConfiguration",
		"mode":               c.ProxyMode,
		"clusterCIDR":        c.ClusterPods,
		"detectLocalMode":    "ClusterCIDR",
		"hostnameOverride":   c.Name,
		"clientConnection":   object{"kubeconfig": layout{c.Dir}.credential(proxyConfigName)},
		"conntrack":          object{"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
		"oomScoreAdj":        0,
		"healthzBindAddress": "0.0.0.0:10256",
		"metricsBindAddress": "127.0.0.1:10249",
	}
}

// podNetwork is a bridge for the pods of the node. The packet filter of the node replaces the
// source address of packets that leave the range of pods. The bridge does not, because it would do
// it between nodes too.
func (c Config) podNetwork() object {
	return object{
		"cniVersion": "0.4.0",
		"name":       "pods",
		"plugins": []object{
			{
				"type": "bridge", "bridge": "cni0", "isGateway": true, "isDefaultGateway": true, "hairpinMode": true, "ipMasq": false,
				"ipam": object{"type": "host-local", "ranges": [][]object{{{"subnet": c.Pods}}}},
			},
			{"type": "portmap", "capabilities": object{"portMappings": true}, "snat": true},
		},
	}
}

// writeCredentials makes new certificates for every start.
func (c Config) writeCredentials() error {
	files := layout{c.Dir}
	pair, err := c.Authority.IssueKubelet(c.Name, []string{c.Name, c.Address.String()})
	if err != nil {
		return err
	}
	if err := pair.Write(files.credentials(), "kubelet"); err != nil {
		return err
	}
	authority := c.Authority.Pair().Certificate
	if err := writeFile(files.credential("ca.crt"), authority); err != nil {
		return err
	}
	kubeconfig := pki.Kubeconfig{ClusterName: "lab", Server: c.Server, Authority: authority}
	if err := kubeconfig.Write(files.credential(kubeconfigName), c.Authority, pki.KubeletIdentity(c.Name)); err != nil {
		return err
	}
	return kubeconfig.Write(files.credential(proxyConfigName), c.Authority, pki.Identity{User: "system:kube-proxy"})
}
