package upgrade

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestEachProgramRunsTheImageOfItsVersion(t *testing.T) {
	const image, other = "ghcr.io/owner/name@sha256:1", "ghcr.io/owner/name@sha256:2"
	pod := func(component, asked, runs string, ready bool) corev1.Pod {
		return corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: component, Labels: map[string]string{componentLabel: component}},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Image: asked}}},
			Status:     corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{ImageID: runs, Ready: ready}}},
		}
	}
	ending := pod("operator", other, other, true)
	ending.DeletionTimestamp = new(metav1.Now())
	waiting := pod("prober", image, "", false)
	waiting.Status.ContainerStatuses = nil
	operator, witness, prober := pod("operator", image, image, true), pod("witness", image, image, true), pod("prober", image, image, true)
	for name, test := range map[string]struct {
		pods []corev1.Pod
		want bool
	}{
		"all":                                     {[]corev1.Pod{operator, witness, prober}, true},
		"an older one that ends":                  {[]corev1.Pod{operator, witness, prober, ending}, true},
		"one that waits for a node":               {[]corev1.Pod{operator, witness, prober, waiting}, true},
		"no witness":                              {[]corev1.Pod{operator, prober}, false},
		"a prober that is not ready":              {[]corev1.Pod{operator, witness, pod("prober", image, image, false)}, false},
		"an older one beside the new one":         {[]corev1.Pod{operator, witness, prober, pod("prober", other, other, true)}, false},
		"another image under the right name":      {[]corev1.Pod{operator, witness, pod("prober", image, other, true)}, false},
		"the right image under another name":      {[]corev1.Pod{operator, witness, pod("prober", "lab.test/operator:e2e", image, true)}, false},
		"an image that no registry was asked for": {[]corev1.Pod{operator, witness, pod("prober", image, "sha256:1", true)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got, seen := runsOnly(test.pods, image); got != test.want {
				t.Errorf("got %t, want %t: %s", got, test.want, seen)
			}
		})
	}
}
