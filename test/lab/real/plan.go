package real

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/binaries"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/real/machine"
)

// plan returns the plan of the node, without the control group.
func (c Config) plan(kernelValues map[string]string) machine.Plan {
	files := layout{c.Dir}
	return machine.Plan{
		HostName:     c.Name,
		Directories:  files.stateDirectories(),
		Files:        kernelValues,
		PacketFilter: files.setting(filterFile),
		Runtime:      machine.Program{Name: runtimeName, Path: runtimeName, Args: []string{"--config", files.setting(runtimeFile)}},
		Images:       machine.Images{Socket: runtimeSocket, ImportedDir: files.imported()},
		Archives:     c.Archives,
		Agents: []machine.Program{
			{Name: binaries.Proxy, Path: c.Programs[binaries.Proxy], Args: []string{"--config=" + files.setting(proxyFile), "--v=2"}},
			{Name: binaries.Kubelet, Path: c.Programs[binaries.Kubelet], Args: c.kubeletArguments()},
		},
		LogDir:       files.logs(),
		IdentityFile: files.identity(),
		BootedFile:   files.booted(),
	}
}

// kubeletArguments are settings that the file cannot have.
func (c Config) kubeletArguments() []string {
	files := layout{c.Dir}
	return []string{
		"--config=" + files.setting(kubeletFile),
		"--kubeconfig=" + files.credential(kubeconfigName),
		"--hostname-override=" + c.Name,
		"--node-ip=" + c.Address.String(),
		"--node-labels=" + joinLabels(c.Labels),
		"--v=2",
	}
}

func joinLabels(labels map[string]string) string {
	var pairs []string
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		pairs = append(pairs, key+"="+labels[key])
	}
	return strings.Join(pairs, ",")
}

// kernelParameters are the parameters that kubelet sets to these values on every node, for the
// whole machine. The node sees files that have them already, so kubelet does not change those of
// the machine (k8s.io/kubernetes/pkg/kubelet/cm, setupKernelTunables).
var kernelParameters = map[string]string{
	"vm/overcommit_memory":      "1",
	"vm/panic_on_oom":           "0",
	"kernel/panic":              "10",
	"kernel/panic_on_oops":      "1",
	"kernel/keys/root_maxkeys":  "1000000",
	"kernel/keys/root_maxbytes": "25000000",
}

// writeKernelValues writes files that a node sees in place of the kernel's, and returns them by the
// kernel's paths.
func writeKernelValues(dir, bootID string) (map[string]string, error) {
	values := maps.Clone(kernelParameters)
	values["kernel/random/boot_id"] = bootID
	files := map[string]string{}
	for name, value := range values {
		original := "/proc/sys/" + name
		if _, err := os.Stat(original); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		files[original] = filepath.Join(dir, strings.ReplaceAll(name, "/", "."))
		if err := os.WriteFile(files[original], []byte(value+"\n"), 0o644); err != nil {
			return nil, fmt.Errorf("writing a kernel parameter: %w", err)
		}
	}
	return files, nil
}
