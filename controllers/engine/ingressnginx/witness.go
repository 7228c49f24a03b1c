package ingressnginx

import (
	"crypto/sha256"
	_ "embed" // for the snippets
	"encoding/hex"
	"encoding/json"
	"maps"
	"regexp"
	"strings"

	"github.com/edge-ingress/edge-ingress-operator/controllers/engine"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
	"github.com/edge-ingress/edge-ingress-operator/verification/answer"
)

const locationSnippetKey = "location-snippet"

var (
	// witnessSnippet is what httpSnippet is followed by where the EdgeIngress is measured, with three
	// placeholders.
	//
	//go:embed witness/http-snippet.conf
	witnessSnippet string
	// locationSnippet is the one text that the operator writes to locationSnippetKey. Any other text there is
	// foreign. It is in the ConfigMap itself, because the engine reloads only when that changes: a ConfigMap
	// named by proxy-set-headers could change and be loaded later, unseen.
	//
	//go:embed witness/location-snippet.conf
	locationSnippet string
)

// The placeholders of witnessSnippet.
const (
	witnessPlaceholder = "WITNESS"
	digestPlaceholder  = "DIGEST"
)

// told matches a text that tellWitness wrote, whatever the witness and the digest.
var told = regexp.MustCompile("^" + strings.NewReplacer(
	witnessPlaceholder, "[a-z0-9]([-a-z0-9]*[a-z0-9])?/[a-z0-9]([-a-z0-9]*[a-z0-9])?",
	digestPlaceholder, "[0-9a-f]{16}",
).Replace(regexp.QuoteMeta(httpSnippet+witnessSnippet)) + "$")

// digestIn finds the digest in such a text.
var digestIn = regexp.MustCompile(`\$edge_ingress_config \{[^}]*" "([0-9a-f]{16})";`)

func isTold(snippet string) bool { return told.MatchString(snippet) }

// tellWitness adds the settings with which nginx tells the witness the digest of all settings.
func tellWitness(data map[string]string, witness engine.Witness) {
	text := httpSnippet + strings.ReplaceAll(witnessSnippet, witnessPlaceholder, witness.Namespace+"/"+witness.Service)
	data[httpSnippetKey], data[locationSnippetKey] = text, locationSnippet
	data[httpSnippetKey] = strings.ReplaceAll(text, digestPlaceholder, digestOf(data))
}

// digestOf is the digest of settings in which the placeholder stands for it.
func digestOf(data map[string]string) string {
	encoded, err := json.Marshal(data)
	if err != nil {
		panic(err) // It is a map of texts.
	}
	sum := sha256.Sum256(encoded)
	return hex.EncodeToString(sum[:8])
}

// ConfigDigest is the digest that nginx reports with these settings: the one in the snippet, if the rest of
// the settings are those for which it was made.
func (Engine) ConfigDigest(data map[string]string) string {
	snippet := data[httpSnippetKey]
	found := digestIn.FindStringSubmatch(snippet)
	if !isTold(snippet) || found == nil {
		return ""
	}
	undigested := maps.Clone(data)
	undigested[httpSnippetKey] = strings.ReplaceAll(snippet, found[1], digestPlaceholder)
	if digestOf(undigested) != found[1] {
		return ""
	}
	return found[1]
}

// witnessValues are the values of the Ingress that leads to the witness.
type witnessValues struct {
	Ingress     string            `json:"ingress"`
	Namespace   string            `json:"namespace"`
	Service     string            `json:"service"`
	Port        int32             `json:"port"`
	Hosts       []string          `json:"hosts"`
	Path        string            `json:"path"`
	Annotations map[string]string `json:"annotations"`
}

// reservedPath has no slash at its end: with one, the engine would redirect requests for it without the slash, and
// a stranger would see that something is there.
var reservedPath = strings.TrimSuffix(answer.Path, "/")

func witnessOf(in engine.Input) *witnessValues {
	e, witness := in.EdgeIngress, in.Witness
	if witness == nil {
		return nil
	}
	hosts := []string{names.WitnessHost(e.Name)}
	if e.Spec.Verification != nil {
		hosts = append(hosts, e.Spec.Verification.Hosts...)
	}
	return &witnessValues{
		Ingress: names.WitnessIngress(e.Name), Namespace: witness.Namespace, Service: witness.Service, Port: witness.Port,
		Hosts: hosts, Path: reservedPath, Annotations: exemptions(in.Settings),
	}
}

const annotationPrefix = "nginx.ingress.kubernetes.io/"

// exemption is an annotation by which the witness's Ingress is exempt from a setting for all Ingress objects.
type exemption struct {
	annotation, value string
	// setting without which the annotation is left out; empty for one that is on by default.
	setting string
	// medium is set where the engine rates the risk of the annotation as Medium. An Ingress with an annotation
	// above annotations-risk-level is ignored as a whole.
	medium bool
}

// nobody is an address that no client has: a list that is empty would not replace the general one.
const nobody = "255.255.255.255/32"

var exemptionTable = []exemption{
	{annotation: "ssl-redirect", value: "false"},
	{annotation: "enable-access-log", value: "false"},
	{annotation: "enable-global-auth", value: "false", setting: "global-auth-url"},
	{annotation: "disable-proxy-intercept-errors", value: "true", setting: "custom-http-errors"},
	{annotation: "limit-rate", value: "0", setting: "limit-rate"},
	{annotation: "enable-modsecurity", value: "false", setting: "enable-modsecurity"},
	{annotation: "service-upstream", value: "false", setting: "service-upstream"},
	{annotation: "force-ssl-redirect", value: "false", setting: "force-ssl-redirect", medium: true},
	{annotation: "whitelist-source-range", value: "0.0.0.0/0,::/0", setting: "whitelist-source-range", medium: true},
	{annotation: "denylist-source-range", value: nobody, setting: "denylist-source-range", medium: true},
}

func exemptions(data map[string]string) map[string]string {
	annotations := map[string]string{}
	for _, e := range exemptionTable {
		if (e.setting == "" || data[e.setting] != "") && (!e.medium || data[riskLevelKey] != "Low") {
			annotations[annotationPrefix+e.annotation] = e.value
		}
	}
	return annotations
}
