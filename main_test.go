package main

import (
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"k8s.io/client-go/rest"
)

func TestTheLimitOfRequests(t *testing.T) {
	for name, test := range map[string]struct {
		limit float64
		qps   float32
		burst int
	}{
		"the default sets no limit":                           {limit: -1, qps: -1},
		"zero sets no limit, and not client-go's own of five": {limit: 0, qps: -1},
		"a limit allows bursts of twice as many":              {limit: 50, qps: 50, burst: 100},
		"a small limit still lets a request pass":             {limit: 0.1, qps: 0.1, burst: 1},
	} {
		t.Run(name, func(t *testing.T) {
			given := &rest.Config{Host: "https://api.example.com", QPS: 20, Burst: 30}
			work, election := connections(given, test.limit)
			if work.QPS != test.qps || work.Burst != test.burst {
				t.Errorf("want %v requests a second and bursts of %d, got %v and %d", test.qps, test.burst, work.QPS, work.Burst)
			}
			if election.QPS != 20 || election.Burst != 30 || election == work {
				t.Errorf("leader election: want its own settings of 20 and 30, got %v and %d", election.QPS, election.Burst)
			}
		})
	}
}

func TestTheOperatorKnowsItsNamespaces(t *testing.T) {
	inCluster, outside := fstest.MapFS{"namespace": {Data: []byte("ingress-system\n")}}, fstest.MapFS{}
	for name, test := range map[string]struct {
		environment, election string
		files                 fstest.MapFS
		own                   string
		reserved              []string
	}{
		"the environment names it":                {environment: "edge-ops", files: inCluster, own: "edge-ops", reserved: []string{"edge-ops"}},
		"else the ServiceAccount names it":        {files: inCluster, own: "ingress-system", reserved: []string{"ingress-system"}},
		"the lease may be in another namespace":   {environment: "edge-ops", files: outside, election: "leases", own: "edge-ops", reserved: []string{"edge-ops", "leases"}},
		"outside a cluster only the lease counts": {files: outside, election: "leases", reserved: []string{"leases"}},
		"outside a cluster nothing may be known":  {files: outside},
	} {
		t.Run(name, func(t *testing.T) {
			got := optionsOf(flags{leaderElectionNamespace: test.election}, nil, ownNamespace(test.environment, test.files))
			if got.Version != version {
				t.Errorf("want the version %q, got %q", version, got.Version)
			}
			if got.Namespace != test.own || !slices.Equal(got.ReservedNamespaces, test.reserved) {
				t.Errorf("want %q and %v, got %q and %v", test.own, test.reserved, got.Namespace, got.ReservedNamespaces)
			}
		})
	}
}

func TestTheEnvironmentMayAllowOtherImageRepositories(t *testing.T) {
	if got := allowedRepositories("registry.example.com/a,registry.example.com/b"); got != "registry.example.com/a,registry.example.com/b" {
		t.Errorf("the environment's repositories became %q", got)
	}
	if got, want := allowedRepositories(""), "registry.k8s.io/ingress-nginx/controller"; !strings.Contains(got, want) {
		t.Errorf("without any in the environment they are %q, want %s among them", got, want)
	}
}

func TestARepositoryThatNoImageCanHaveIsRefused(t *testing.T) {
	for name, given := range map[string]string{
		"a tag":            "registry.example.com/a:v1",
		"a digest":         "registry.example.com/a@sha256:0123",
		"a scheme":         "https://registry.example.com/a",
		"upper case":       "registry.example.com/A",
		"a slash too many": "registry.example.com/a/",
		"no registry":      "controller",
		"the second":       "registry.example.com/a,registry.example.com/b:v1",
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := imageRepositories(given); err == nil || !strings.Contains(err.Error(), "write it like registry.example.com/ingress/controller") {
				t.Errorf("%q became %q, and the error is %v", given, got, err)
			}
		})
	}
	want := []string{"registry.example.com:5000/a", "registry.example.com/b/c"}
	if got, err := imageRepositories("registry.example.com:5000/a, registry.example.com/b/c"); err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q and %v, want %q", got, err, want)
	}
	if _, err := imageRepositories(allowedRepositories("")); err != nil {
		t.Errorf("the default: %v", err)
	}
}

// The flag and the chart accept what the API accepts.
func TestRepositoriesHaveOnePattern(t *testing.T) {
	for _, path := range []string{"config/crd/bases/edgeingress.dev_edgeingresses.yaml", "config/chart/templates/checks.yaml"} {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(content), repository.String()) {
			t.Errorf("%s does not contain %s", path, repository)
		}
	}
}
