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
		{name: "all alike", nodes: []corev1.Node{stayed, stayed}, image: tag, want: old},
		{name: "the other way round", nodes: []corev1.Node{stayed, stayed}, image: old, want: tag},
		{name: "built again before a node came back", nodes: []corev1.Node{back, stayed, stayed}, image: tag, want: old},
		{name: "nothing in common", nodes: []corev1.Node{node([]string{built, tag}), stayed}, image: tag, want: ""},
		{name: "unknown", nodes: []corev1.Node{stayed}, image: "another:e2e", want: ""},
	}
	for _, test := range tests {
		if got, found := commonName(test.nodes, test.image); got != test.want || found != (test.want != "") {
			t.Errorf("%s: the other name is %q, want %q", test.name, got, test.want)
		}
	}
}
