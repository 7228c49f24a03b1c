package realcluster_test

import (
	"bufio"
	"context"
	"os"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/realcluster"
)

func TestARealNodePullsImagesByNameAndDigest(t *testing.T) {
	if os.Getenv(enableVariable) == "" {
		t.Skipf("real nodes need root and programs: set %s=1", enableVariable)
	}
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	before := listeners(t)
	cluster, err := realcluster.Start(ctx, realcluster.Options{})
	must(t, err)
	t.Cleanup(func() {
		if err := cluster.Stop(); err != nil {
			t.Error(err)
		}
	})
	must(t, cluster.AddNode(ctx, realcluster.NodeOptions{Name: "edge1"}))
	c, err := client.New(cluster.Config, client.Options{})
	must(t, err)

	// One image under two names, of which one has no tag.
	tagged, err := cluster.PushImage(ctx, "echo", "ghcr.io/owner/echo:v1")
	must(t, err)
	untagged, err := cluster.PushImage(ctx, "echo", "registry.k8s.io/a/b/echo")
	must(t, err)
	_, digest, _ := strings.Cut(tagged, "@")
	for name, image := range map[string]string{
		"tag-and-digest": tagged,
		"digest":         untagged,
		"tag":            "ghcr.io/owner/echo:v1",
	} {
		status := awaitContainer(ctx, t, c, pulled(name, image), func(s corev1.ContainerStatus) bool { return s.State.Running != nil })
		if !strings.HasSuffix(status.ImageID, "@"+digest) {
			t.Errorf("%s runs as %s, want the digest %s", image, status.ImageID, digest)
		}
	}
	for name, image := range map[string]string{
		"unknown-digest": "ghcr.io/owner/echo:v1@sha256:" + strings.Repeat("0", 64),
		"unknown-tag":    "ghcr.io/owner/echo:v2",
		"unknown-host":   "docker.io/owner/echo:v1",
	} {
		status := awaitContainer(ctx, t, c, pulled(name, image), func(s corev1.ContainerStatus) bool {
			return s.State.Running != nil || s.State.Waiting != nil && strings.HasSuffix(s.State.Waiting.Reason, "ErrImagePull")
		})
		if status.State.Waiting == nil || !strings.Contains(status.State.Waiting.Message, "not found") {
			t.Errorf("%s: %+v, want an error that says \"not found\"", image, status.State)
		}
	}
	for address := range listeners(t) {
		if !before[address] && !strings.HasPrefix(address, "0100007F:") { // 127.0.0.1
			t.Errorf("something new listens on %s of the machine", address)
		}
	}
}

// pulled is a pod whose image is asked for at the registry every time.
func pulled(name, image string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: metav1.NamespaceDefault},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "echo", Image: image, ImagePullPolicy: corev1.PullAlways}}},
	}
}

// awaitContainer creates a pod and waits for a state of its container.
func awaitContainer(ctx context.Context, t *testing.T, c client.Client, pod *corev1.Pod, done func(corev1.ContainerStatus) bool) corev1.ContainerStatus {
	t.Helper()
	must(t, c.Create(ctx, pod))
	err := wait.PollUntilContextCancel(ctx, 100*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		err := c.Get(ctx, client.ObjectKeyFromObject(pod), pod)
		return err == nil && len(pod.Status.ContainerStatuses) == 1 && done(pod.Status.ContainerStatuses[0]), err
	})
	if err != nil {
		t.Fatalf("waiting for %s: %v; its status is %+v", pod.Spec.Containers[0].Image, err, pod.Status)
	}
	return pod.Status.ContainerStatuses[0]
}

// listeners returns where something listens in the machine's own network, in the kernel's way to write addresses.
func listeners(t *testing.T) map[string]bool {
	t.Helper()
	const listening = "0A"
	found := map[string]bool{}
	for _, name := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		file, err := os.Open(name)
		must(t, err)
		for scanner := bufio.NewScanner(file); scanner.Scan(); {
			if fields := strings.Fields(scanner.Text()); len(fields) > 3 && fields[3] == listening {
				found[fields[1]] = true
			}
		}
		must(t, file.Close())
	}
	return found
}
