package loss

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestTheOtherNameOfAnImageIsOneThatAllNodesKnow(t *testing.T) {
	const tag, old, built = "operator:e2e", "operator@sha256:old", "operator@sha256:built-again"
	node := func(images ...[]string) corev1.Node {
		var n corev1.Node
		for _, names := range images {
			n.Status.Images = append(n.Status.Images, corev1.ContainerImage{Names: names})
		}
		return n
	}
	back := node([]string{"echo:e2e"}, []string{built, tag}, []string{old})
	stayed := node([]string{"echo:e2e"}, []string{old, tag})
	tests := []struct {
		name  string
		nodes []corev1.Node
		image string
		want  string
	}{
		{"all alike", []corev1.Node{stayed, stayed}, tag, old},
		{"the other way round", []corev1.Node{stayed, stayed}, old, tag},
		{"built again before a node came back", []corev1.Node{back, stayed, stayed}, tag, old},
		{"nothing in common", []corev1.Node{node([]string{built, tag}), stayed}, tag, ""},
		{"unknown", []corev1.Node{stayed}, "another:e2e", ""},
	}
	for _, test := range tests {
		if got, found := commonName(test.nodes, test.image); got != test.want || found != (test.want != "") {
			t.Errorf("%s: the other name is %q, want %q", test.name, got, test.want)
		}
	}
}
