package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

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

func TestOwnNamespaces(t *testing.T) {
	file := filepath.Join(t.TempDir(), "namespace")
	if err := os.WriteFile(file, []byte("ingress-system\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	none := filepath.Join(t.TempDir(), "none")
	for name, test := range map[string]struct {
		environment, file, election string
		want                        []string
	}{
		"the environment tells":                   {environment: "edge-ops", file: file, want: []string{"edge-ops"}},
		"else the ServiceAccount tells":           {file: file, want: []string{"ingress-system"}},
		"the lease may be elsewhere":              {environment: "edge-ops", file: none, election: "leases", want: []string{"edge-ops", "leases"}},
		"outside a cluster only the lease counts": {file: none, election: "leases", want: []string{"leases"}},
		"outside a cluster nothing may be known":  {file: none},
	} {
		t.Run(name, func(t *testing.T) {
			if got := ownNamespaces(test.environment, test.file, test.election); !slices.Equal(got, test.want) {
				t.Errorf("want %v, got %v", test.want, got)
			}
		})
	}
}
