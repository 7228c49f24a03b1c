package main

import (
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
			got := optionsOf(flags{leaderElectionNamespace: test.election}, ownNamespace(test.environment, test.files))
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
