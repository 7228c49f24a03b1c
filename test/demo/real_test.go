package main

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic"
)

func TestTheSampleGetsTheImageAndStaysAsItIs(t *testing.T) {
	content, err := os.ReadFile(filepath.Join("..", "..", sample))
	if err != nil {
		t.Fatal(err)
	}
	const digest = "sha256:0123"
	content, err = withImage(content, digest)
	if err != nil {
		t.Fatal(err)
	}
	edge := &v1alpha1.EdgeIngress{}
	if err := yaml.UnmarshalStrict(content, edge); err != nil {
		t.Fatal(err)
	}
	want := v1alpha1.ImageSpec{Repository: "lab.test/ingress-nginx", Tag: "e2e", Digest: digest}
	if got := edge.Spec.Controller.Image; got == nil || *got != want {
		t.Errorf("the image is %+v, want %+v", got, want)
	}
	if edge.Name != edgeName || edge.Spec.Nodes.Selector.MatchLabels["pool"] != "edge" {
		t.Errorf("the rest of the sample is lost: %s", content)
	}
}

func TestTheOperatorsImageHasTheNameThatUsersInstall(t *testing.T) {
	name, err := releasedImage(filepath.Join("..", ".."))
	if err != nil || !regexp.MustCompile(`^ghcr\.io/edge-ingress/edge-ingress-operator:v\d+\.\d+\.\d+$`).MatchString(name) {
		t.Errorf("the name is %q (%v)", name, err)
	}
}

func TestWhatTheApplicationSawIsShownHeaderByHeader(t *testing.T) {
	echo := &traffic.Echo{Headers: http.Header{"X-Forwarded-For": {"192.0.2.1", "192.0.2.2"}, "X-Real-Ip": {"192.0.2.3"}, "Accept": {"*/*"}}}
	want := "X-Forwarded-For  192.0.2.1 and 192.0.2.2\nX-Real-IP        192.0.2.3\n"
	if got := sightTable(echo); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestOnlyTheClientsAddressAloneIsTheClients(t *testing.T) {
	for _, row := range []struct {
		seen           []string
		client, others bool
	}{
		{seen: []string{clientAddress}, client: true, others: false},
		{seen: []string{"10.77.0.11"}, client: false, others: true},
		{seen: []string{clientAddress, "10.77.0.11"}, client: false, others: true},
		{seen: nil, client: false, others: false},
	} {
		if got := isClient(row.seen); got != row.client {
			t.Errorf("%q is the client's: %t, want %t", row.seen, got, row.client)
		}
		if got := notClient(row.seen); got != row.others {
			t.Errorf("%q is another one: %t, want %t", row.seen, got, row.others)
		}
	}
}

func TestANodeHasAnAddressTowardsItsPods(t *testing.T) {
	for node, want := range map[string]string{"10.77.0.11": "10.244.11.1", "10.77.0.199": "10.244.199.1", "edge1": "", "fd00::1": ""} {
		if got := podGateway(node); got != want {
			t.Errorf("that of %s is %q, want %q", node, got, want)
		}
	}
}
