package command

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/images"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// watchedDirs are where programs keep what has a fixed path.
var watchedDirs = []string{"/etc", "/opt", "/run", "/srv", "/usr", "/var"}

// watchScript mounts an overlay over each directory that follows its first argument, up to "--", so
// that writes end up below the first one. It then becomes the program after that. It has its own
// mount namespace. Directories that programs create only where they are missing are hidden there,
// as long as they are empty on the machine.
const watchScript = `set -e
place=$1
shift
while [ "$1" != -- ]; do
	mkdir -p "$place$1/upper" "$place$1/work"
	mount -t overlay -o "lowerdir=$1,upperdir=$place$1/upper,workdir=$place$1/work" overlay "$1"
	shift
done
shift
for dir in /etc/cni /opt/cni /opt/containerd /usr/libexec/kubernetes /var/lib/cni /var/lib/kubelet /var/log/containers /var/log/pods; do
	[ ! -d $dir ] || find $dir -depth -type d -empty -delete
done
find "$place"/*/upper -printf '%y %p\n' >"$place/before"
exec "$@"`

// watchWrites returns the command with another view of the machine. What the command and its
// children create, change or remove in watchedDirs does not happen there, and written returns it.
// The process keeps its number.
func watchWrites(t *testing.T, cmd *exec.Cmd) (watched *exec.Cmd, written func() []string) {
	t.Helper()
	unshare, err := exec.LookPath("unshare")
	if err != nil {
		t.Fatal(err)
	}
	place := t.TempDir()
	arguments := append([]string{unshare, "--mount", "sh", "-c", watchScript, "sh", place}, watchedDirs...)
	cmd.Args = append(append(append(arguments, "--"), cmd.Path), cmd.Args[1:]...)
	cmd.Path = unshare
	return cmd, func() []string {
		before, err := os.ReadFile(filepath.Join(place, "before"))
		if err != nil {
			t.Fatal(err)
		}
		after, err := exec.CommandContext(t.Context(), "sh", "-c", `find "$1"/*/upper -printf '%y %p\n'`, "sh", place).Output()
		if err != nil {
			t.Fatal(err)
		}
		known := strings.Split(string(before), "\n")
		return slices.DeleteFunc(strings.Split(string(after), "\n"), func(line string) bool { return slices.Contains(known, line) })
	}
}

// machineSettings are settings that a node changes for itself, and must not change for the machine.
func machineSettings(t *testing.T) map[string]string {
	t.Helper()
	settings := map[string]string{}
	for _, file := range []string{
		"/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/ipv4/conf/all/rp_filter", "/proc/sys/net/ipv4/conf/default/rp_filter",
		"/proc/sys/net/ipv4/conf/all/route_localnet", "/proc/sys/net/ipv4/conf/all/arp_ignore", "/proc/sys/net/bridge/bridge-nf-call-iptables",
		"/proc/sys/net/netfilter/nf_conntrack_max", "/proc/sys/vm/overcommit_memory", "/proc/sys/vm/panic_on_oom", "/proc/sys/kernel/panic",
		"/proc/sys/kernel/panic_on_oops", "/proc/sys/kernel/keys/root_maxkeys", "/proc/sys/kernel/keys/root_maxbytes", "/proc/sys/kernel/hostname",
		"/proc/net/route",
	} {
		content, _ := os.ReadFile(file) // not every kernel has all of them
		settings[file] = string(content)
	}
	interfaces, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range interfaces {
		settings["the interfaces"] += i.Name + "\n"
	}
	rules, err := exec.CommandContext(t.Context(), "nft", "--stateless", "list", "ruleset").Output()
	if err != nil {
		t.Fatal(err)
	}
	settings["the rules for packets"] = string(rules)
	return settings
}

// runPod runs a pod in the network of pods.
func (r realRun) runPod() {
	r.t.Helper()
	pods := r.client().Pods(metav1.NamespaceDefault)
	container := corev1.Container{Name: "pause", Image: images.Reference(images.Pause), ImagePullPolicy: corev1.PullNever}
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p"}, Spec: corev1.PodSpec{Containers: []corev1.Container{container}}}
	if _, err := pods.Create(r.t.Context(), pod, metav1.CreateOptions{}); err != nil {
		r.t.Fatal(err)
	}
	timeout := time.NewTimer(deadline)
	defer timeout.Stop()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for pod.Status.Phase != corev1.PodRunning {
		select {
		case <-timeout.C:
			r.t.Fatalf("the pod does not run: %+v", pod.Status)
		case <-ticker.C:
		}
		var err error
		if pod, err = pods.Get(r.t.Context(), pod.Name, metav1.GetOptions{}); err != nil {
			r.t.Fatal(err)
		}
	}
}
