package provider

import "testing"

func TestAFactHoldsForSomeVersions(t *testing.T) {
	for name, row := range map[string]struct {
		fact    fact
		version string
		want    Setting
	}{
		"an older release":               {ciliumL2Local, "v1.17.1", Off},
		"much older":                     {ciliumL2Local, "1.9.3", Off},
		"the first that has it":          {ciliumL2Local, "v1.20.2", On},
		"a later patch":                  {ciliumL2Local, "1.20.10", On},
		"a later line":                   {ciliumL2Local, "v1.21.0", On},
		"a later major version":          {ciliumL2Local, "v2.0.0", NotSaid},
		"the date of a mirror":           {ciliumL2Local, "2026.11.1", NotSaid},
		"a date with a letter":           {ciliumL2Local, "v2024.1.15", NotSaid},
		"a short date":                   {ciliumL2Local, "26.11.1", NotSaid},
		"a major version before all":     {ciliumL2Local, "0.9.1", NotSaid},
		"the count of a build":           {ciliumBGPLocal, "4711.0.0", NotSaid},
		"the patch before":               {ciliumL2Local, "v1.20.1", Off},
		"the first of its line":          {ciliumL2Local, "v1.20.0", Off},
		"an older line that may have it": {ciliumL2Local, "v1.19.7", NotSaid},
		"an older line before":           {ciliumL2Local, "v1.19.0", Off},
		"the line before that":           {ciliumL2Local, "v1.18.9", NotSaid},
		"that line before":               {ciliumL2Local, "v1.18.5", Off},
		"a candidate of the first":       {ciliumL2Local, "v1.20.2-rc.1", NotSaid},
		"a build of a later one":         {ciliumL2Local, "v1.20.3-eksbuild.1", On},
		"a build of an older one":        {ciliumL2Local, "1.15.6-gke.7", Off},
		"latest":                         {ciliumL2Local, "latest", NotSaid},
		"nothing":                        {ciliumL2Local, "", NotSaid},
		"a line alone":                   {ciliumL2Local, "v1.20", NotSaid},
		"a later line alone":             {ciliumL2Local, "v1.21", On},
		"an older line alone":            {ciliumBGPLocal, "1.13", Off},
		"the first line alone":           {ciliumBGPLocal, "v1.14", On},
		"a commit":                       {ciliumL2Local, "3f2a91c", NotSaid},
		"BGP before":                     {ciliumBGPLocal, "v1.13.4", Off},
		"BGP since":                      {ciliumBGPLocal, "v1.14.0", On},
	} {
		t.Run(name, func(t *testing.T) {
			if got := row.fact.holds(row.version); got != row.want {
				t.Errorf("%q: got %s, want %s", row.version, got, row.want)
			}
		})
	}
}

func TestTheVersionOfAnAgentIsTheTagOfItsImage(t *testing.T) {
	for image, want := range map[string]string{
		"quay.io/cilium/cilium:v1.20.2":                                  "v1.20.2",
		"quay.io/cilium/cilium:v1.17.1@sha256:00":                        "v1.17.1",
		"mirror.example.com:5000/rancher/mirrored-cilium-cilium:v1.18.0": "v1.18.0",
		"mirror.example.com:5000/cilium/cilium":                          "",
		"quay.io/cilium/cilium@sha256:00":                                "",
		"registry.example.com/net/cni:2024.1":                            "",
	} {
		if got := AgentVersion("Cilium", daemonSet("cilium", image, nil)); got != want {
			t.Errorf("%s: got %q, want %q", image, got, want)
		}
	}
	if got := AgentVersion("MetalLB", daemonSet("speaker", "quay.io/metallb/speaker:v0.15.2", nil)); got != "" {
		t.Errorf("no fact about MetalLB depends on %s, so its roll-out must not wake anybody", got)
	}
}
