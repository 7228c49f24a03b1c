package ingressnginx

import (
	"slices"
	"strings"
	"testing"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/engine"
	"github.com/edge-ingress/edge-ingress-operator/verification/answer"
)

var aWitness = &engine.Witness{Namespace: "operator-system", Service: "a-witness-1", Port: 80}

func measured(settings map[string]v1alpha1.ConfigValue) map[string]string {
	data, _ := Engine{}.Configure(edgeIngress(func(e *v1alpha1.EdgeIngress) { e.Spec.Controller.Config = settings }), aWitness)
	return data
}

func TestNginxSendsTheHeadersThatTheWitnessReads(t *testing.T) {
	for _, header := range []string{answer.ConfigHeader, answer.PodHeader, answer.AskedHeader, answer.PeersHeader} {
		for _, directive := range []string{"proxy_set_header ", "grpc_set_header "} {
			if !strings.Contains(locationSnippet, "\n"+directive+header+" $edge_ingress_") {
				t.Errorf("no line has %s%s", directive, header)
			}
		}
	}
}

func TestOnlyTheOperatorsOwnSnippetsAreHarmless(t *testing.T) {
	data := measured(nil)
	own := data[httpSnippetKey]
	tests := map[string]struct {
		key, value string
		overrides  bool
	}{
		"for the witness":               {httpSnippetKey, own, false},
		"for another witness":           {httpSnippetKey, strings.ReplaceAll(own, "operator-system/", "elsewhere/"), false},
		"for two witnesses":             {httpSnippetKey, strings.Replace(own, "operator-system/", "elsewhere/", 1), false},
		"a pattern for every Service":   {httpSnippetKey, strings.ReplaceAll(own, "^operator-system/", "/"), true},
		"a directive at the end":        {httpSnippetKey, own + "set_real_ip_from 0.0.0.0/0;\n", true},
		"a directive at the beginning":  {httpSnippetKey, "set_real_ip_from 0.0.0.0/0;\n" + own, true},
		"a directive after the digest":  {httpSnippetKey, strings.Replace(own, `";`+"\n}\nmap", `"; } set_real_ip_from 0.0.0.0/0; map`, 1), true},
		"a digest that is a variable":   {httpSnippetKey, strings.Replace(own, Engine{}.ConfigDigest(data), "$remote_addr", 1), true},
		"the template":                  {httpSnippetKey, httpSnippet + witnessSnippet, true},
		"in every location":             {locationSnippetKey, locationSnippet, false},
		"in every location, one more":   {locationSnippetKey, locationSnippet + "proxy_set_header X-Real-IP 1.2.3.4;\n", true},
		"in every location, an address": {locationSnippetKey, strings.ReplaceAll(locationSnippet, answer.PodHeader, "X-Real-IP"), true},
		"headers from a ConfigMap":      {"proxy-set-headers", "edge-public/public-edge-ingress", true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			overrides := Engine{}.Beliefs(map[string]string{test.key: test.value}).Overrides
			if slices.Contains(overrides, test.key) != test.overrides {
				t.Errorf("overrides %v", overrides)
			}
		})
	}
}

// The digest says which settings are loaded, so it must differ where they do, and be read from no other text.
func TestConfigDigest(t *testing.T) {
	plain, buffered := measured(nil), measured(map[string]v1alpha1.ConfigValue{"proxy-body-size": "64m"})
	digest := Engine{}.ConfigDigest(plain)
	if digest == "" || digest == (Engine{}).ConfigDigest(buffered) {
		t.Errorf("the digests are %q and %q", digest, Engine{}.ConfigDigest(buffered))
	}
	if !strings.Contains(plain[httpSnippetKey], `"`+digest+`"`) {
		t.Errorf("nginx does not report %q", digest)
	}
	changed := measured(nil)
	changed[trustedCIDRsKey] = "0.0.0.0/0"
	if got := (Engine{}).ConfigDigest(changed); got != "" {
		t.Errorf("settings that somebody changed have the digest %q", got)
	}
	for name, snippet := range map[string]string{"none": "", "ours without a witness": httpSnippet, "a foreign one": plain[httpSnippetKey] + "#"} {
		if got := (Engine{}).ConfigDigest(map[string]string{httpSnippetKey: snippet}); got != "" {
			t.Errorf("%s: the digest is %q", name, got)
		}
	}
}

func TestTheWitnessIsExemptFromGeneralSettings(t *testing.T) {
	const always = 2
	if got := exemptions(measured(nil)); len(got) != always || got[annotationPrefix+"ssl-redirect"] != "false" {
		t.Errorf("without general settings, the annotations are %v", got)
	}
	for _, e := range exemptionTable {
		if e.setting == "" {
			continue
		}
		if _, known := settings()[e.setting]; !known {
			t.Errorf("%q is no setting", e.setting)
		}
		for level, want := range map[string]bool{"High": true, "Low": !e.medium} {
			got := exemptions(map[string]string{e.setting: "x", "annotations-risk-level": level})
			if value, has := got[annotationPrefix+e.annotation]; has != want || (has && value != e.value) {
				t.Errorf("with %s and annotations up to %s, the annotations are %v", e.setting, level, got)
			}
		}
	}
}
