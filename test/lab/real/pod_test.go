package real

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/controlplane"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/forward"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/images"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/network"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/pki"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/process"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/clientcmd"
)

// controlPlaneVariable is a directory with ca.crt, ca.key and admin.kubeconfig of a control plane
// that another process runs, maybe on another machine, and that an address of this machine's
// loopback interface leads to. Without it, the test runs its own.
const controlPlaneVariable = "LAB_CONTROL_PLANE"

// podPort is where the application listens.
const podPort = 8080

// patience is enough for a machine that is emulated.
const patience = 15 * time.Minute

// labControlPlane is a control plane with the address of its API server on loopback.
type labControlPlane struct {
	authority *pki.Authority
	address   string
	client    *corev1client.CoreV1Client
}

func newControlPlane(t *testing.T) labControlPlane {
	t.Helper()
	var kubeconfig string
	var c labControlPlane
	var err error
	if dir := os.Getenv(controlPlaneVariable); dir != "" {
		kubeconfig = filepath.Join(dir, "admin.kubeconfig")
		if c.authority, err = pki.ReadAuthority(dir, "ca"); err != nil {
			t.Fatal(err)
		}
	} else {
		started := startControlPlane(t)
		c.authority, kubeconfig = started.Authority(), started.AdminKubeconfig()
	}
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	server, err := url.Parse(config.Host)
	if err != nil {
		t.Fatal(err)
	}
	c.address = server.Host
	if c.client, err = corev1client.NewForConfig(config); err != nil {
		t.Fatal(err)
	}
	return c
}

func startControlPlane(t *testing.T) *controlplane.ControlPlane {
	t.Helper()
	paths, err := programs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	started, err := controlplane.Start(t.Context(), controlplane.Options{Dir: t.TempDir(), Components: controlplane.AllComponents, Binaries: paths})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := started.Stop(); err != nil {
			t.Error(err)
		}
	})
	return started
}

// startNode starts a node whose loopback interface has the API server at the same address as the
// machine's.
func (c labControlPlane) startNode(ctx context.Context, t *testing.T) (*Node, network.Node) {
	t.Helper()
	dir := t.TempDir()
	made, err := network.New(ctx)
	if err != nil {
		t.Fatal(err)
	}
	machine, err := made.AddNode("edge1")
	if err != nil {
		t.Fatal(err)
	}
	listener, err := machine.Namespace.Listen(ctx, "tcp", c.address)
	if err != nil {
		t.Fatal(err)
	}
	forwarder := forward.Start(ctx, listener, func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", c.address)
	})
	supervisor, err := process.NewSupervisor(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(supervisor.Stop(), Sweep(filepath.Join(dir, "nodes")), forwarder.Close(), made.Close()); err != nil {
			t.Error(err)
		}
	})
	config, err := testConfig(ctx, dir, "edge1", machine, c.authority)
	if err != nil {
		t.Fatal(err)
	}
	echo, err := archive(ctx, images.Echo)
	if err != nil {
		t.Fatal(err)
	}
	config.Server, config.Archives = "https://"+c.address, append(config.Archives, echo)
	node, err := Start(ctx, supervisor, config)
	if err != nil {
		t.Fatal(err)
	}
	return node, machine
}

// limitedPod asks for half a processor and 64 MiB at most.
func limitedPod() *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "echo"},
		Spec: corev1.PodSpec{
			NodeName: "edge1", AutomountServiceAccountToken: new(false), TerminationGracePeriodSeconds: new(int64(0)),
			Containers: []corev1.Container{{
				Name: "echo", Image: images.Reference(images.Echo), ImagePullPolicy: corev1.PullNever,
				ReadinessProbe: &corev1.Probe{PeriodSeconds: 1, ProbeHandler: corev1.ProbeHandler{
					HTTPGet: &corev1.HTTPGetAction{Path: "/", Port: intstr.FromInt32(podPort)},
				}},
				Resources: corev1.ResourceRequirements{
					Limits:   corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("500m"), corev1.ResourceMemory: resource.MustParse("64Mi")},
					Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("10m"), corev1.ResourceMemory: resource.MustParse("16Mi")},
				},
			}},
		},
	}
}

func TestARealNodeRunsAPodWithinItsLimitsAndLeavesNothing(t *testing.T) {
	needRealCluster(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c := newControlPlane(t)
	begin := time.Now()
	node, machine := c.startNode(ctx, t)
	if err := node.AwaitReady(ctx, c.client.Nodes()); err != nil {
		t.Fatalf("%v; kubelet's log ends with:\n%s", err, process.LogTail(filepath.Join(node.LogDir(), "kubelet.log")))
	}
	object, err := c.client.Nodes().Get(ctx, node.Name(), metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	info := object.Status.NodeInfo
	t.Logf("node %s is Ready after %s: %s, %s, %s, %s; groups in %v",
		node.Name(), time.Since(begin).Round(time.Second), info.OSImage, info.KernelVersion, info.ContainerRuntimeVersion, info.KubeletVersion, node.group)
	pod, err := runLimitedPod(ctx, c.client.Pods(metav1.NamespaceDefault))
	if err != nil {
		t.Fatal(err)
	}
	expectLimits(t, node, "pod"+string(pod.UID))
	if err := request(ctx, machine, pod.Status.PodIP); err != nil {
		t.Error(err)
	}
	if err := node.Crash(); err != nil {
		t.Error(err)
	}
	mustBeGone(t, node.group)
	none := metav1.DeleteOptions{GracePeriodSeconds: new(int64(0))}
	if err := errors.Join(c.client.Pods(metav1.NamespaceDefault).Delete(ctx, pod.Name, none), c.client.Nodes().Delete(ctx, node.Name(), none)); err != nil {
		t.Error(err)
	}
}

// runLimitedPod returns when the pod is Ready.
func runLimitedPod(ctx context.Context, pods corev1client.PodInterface) (*corev1.Pod, error) {
	pod, err := pods.Create(ctx, limitedPod(), metav1.CreateOptions{})
	if err != nil {
		return nil, err
	}
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	isReady := func(c corev1.PodCondition) bool { return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue }
	for !slices.ContainsFunc(pod.Status.Conditions, isReady) {
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("the pod is not Ready: %+v", pod.Status)
		case <-ticker.C:
		}
		if pod, err = pods.Get(ctx, pod.Name, metav1.GetOptions{}); err != nil {
			return nil, err
		}
	}
	return pod, nil
}

// expectLimits looks at the group of a pod, and at those of its containers, of which one has the
// limits.
func expectLimits(t *testing.T, node *Node, pod string) {
	t.Helper()
	limits := map[string]map[string]string{"cpu": {"cpu.cfs_quota_us": "50000", "cpu.cfs_period_us": "100000"}, "memory": {"memory.limit_in_bytes": "67108864"}}
	if _, ok := node.group.Version2(); ok {
		limits = map[string]map[string]string{"": {"cpu.max": "50000 100000", "memory.max": "67108864"}}
	}
	for controller, files := range limits {
		dir := ""
		for hierarchy, candidate := range node.group {
			if slices.Contains(strings.Split(hierarchy, ","), controller) {
				dir = filepath.Join(candidate, "kubepods", "burstable", pod)
			}
		}
		for file, want := range files {
			if got := contents(t, filepath.Join(dir, file)); !slices.Equal(got, []string{want}) {
				t.Errorf("%s of the pod is %q, want %q", file, got, want)
			}
			if got := contents(t, filepath.Join(dir, "*", file)); !slices.Contains(got, want) {
				t.Errorf("%s of its containers is %q, want %q in one of them", file, got, want)
			}
			t.Logf("%s is %s", file, want)
		}
	}
}

func contents(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, strings.TrimSpace(string(content)))
	}
	return found
}

// request sends a request from the node to the pod.
func request(ctx context.Context, machine network.Node, podIP string) error {
	address, err := netip.ParseAddr(podIP)
	if err != nil {
		return fmt.Errorf("the pod has no address: %w", err)
	}
	client := &http.Client{Transport: &http.Transport{DialContext: machine.Namespace.Dial}}
	get, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+netip.AddrPortFrom(address, podPort).String()+"/", http.NoBody)
	if err != nil {
		return err
	}
	response, err := client.Do(get)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		err = fmt.Errorf("the pod answered %s", response.Status)
	}
	return errors.Join(err, response.Body.Close())
}
