package command

import (
	"testing"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/simulated"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/clientcmd"
)

func podsOf(t *testing.T, kubeconfig string) corev1client.PodInterface {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	client, err := corev1client.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return client.Pods(metav1.NamespaceDefault)
}

func isReady(pod *corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

// annotateReadiness sets or, with null, removes the annotation.
func annotateReadiness(t *testing.T, pods corev1client.PodInterface, name, value string) {
	t.Helper()
	patch := `{"metadata":{"annotations":{"` + simulated.NotReadyAnnotation + `":` + value + `}}}`
	if _, err := pods.Patch(t.Context(), name, types.MergePatchType, []byte(patch), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
}

func TestASimulatedNodeRunsAPodThatCanLoseItsReadiness(t *testing.T) {
	r := startRun(t, "--components=all", "--simulated-nodes")
	expectProcesses(t, r.Dir, 5)
	if err := clusterCommand("", "nodes", "add", "--kubeconfig="+r.Kubeconfig, "--name=n1", "--zone=z1", "--label=pool=edge").Run(); err != nil {
		t.Fatal(err)
	}
	pods := podsOf(t, r.Kubeconfig)
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "p"},
		Spec: corev1.PodSpec{
			NodeSelector: map[string]string{"pool": "edge"},
			Containers:   []corev1.Container{{Name: "c", Image: "never-pulled"}},
		},
	}
	if _, err := pods.Create(t.Context(), pod, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	waitForReadiness := func(want bool) *corev1.Pod {
		var current *corev1.Pod
		eventually(t, "the pod's readiness", func() bool {
			var err error
			if current, err = pods.Get(t.Context(), "p", metav1.GetOptions{}); err != nil {
				t.Fatal(err)
			}
			return current.Status.Phase == corev1.PodRunning && isReady(current) == want
		})
		return current
	}
	ready := waitForReadiness(true)
	if ready.Spec.NodeName != "n1" || ready.Status.PodIP != "10.128.0.1" || ready.Status.HostIP != "10.64.0.1" {
		t.Errorf("the pod is on node %q with address %q and host address %q", ready.Spec.NodeName, ready.Status.PodIP, ready.Status.HostIP)
	}
	annotateReadiness(t, pods, "p", `"true"`)
	if lost := waitForReadiness(false); lost.Status.PodIP != ready.Status.PodIP {
		t.Errorf("the pod's address changed from %s to %s", ready.Status.PodIP, lost.Status.PodIP)
	}
	annotateReadiness(t, pods, "p", "null")
	waitForReadiness(true)
}
