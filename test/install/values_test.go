package install_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

const (
	operatorDeployment = "Deployment " + operatorNamespace + "/edge-ingress-operator"
	witnessDeployment  = "Deployment " + operatorNamespace + "/edge-ingress-witness"
	proberDeployment   = "Deployment " + proberNamespace + "/edge-ingress-prober"
)

// at returns what is at a path of an object, as text. Lists are asked by number.
func at(object *unstructured.Unstructured, path string) string {
	var value any = object.Object
	for part := range strings.SplitSeq(path, " ") {
		switch typed := value.(type) {
		case map[string]any:
			value = typed[part]
		case []any:
			var i int
			if _, err := fmt.Sscan(part, &i); err != nil || i >= len(typed) {
				return ""
			}
			value = typed[i]
		}
	}
	if value == nil {
		return ""
	}
	return fmt.Sprint(value)
}

func TestValuesReachTheirObjects(t *testing.T) {
	const (
		pod       = "spec template spec "
		container = pod + "containers 0 "
	)
	digest := "sha256:" + strings.Repeat("0123456789abcdef", 4)
	for name, test := range map[string]struct{ values, object, path, want string }{
		"the replicas":                      {"operator.replicas=3", operatorDeployment, "spec replicas", "3"},
		"the prober's replicas":             {"prober.replicas=1", proberDeployment, "spec replicas", "1"},
		"the resources":                     {"operator.resources.limits.memory=1Gi", operatorDeployment, container + "resources limits memory", "1Gi"},
		"other resources stay":              {"operator.resources.limits.memory=1Gi", operatorDeployment, container + "resources requests cpu", "50m"},
		"the witness's resources":           {"witness.resources.limits.memory=1Gi", witnessDeployment, container + "resources limits memory", "1Gi"},
		"the repository":                    {"image.repository=registry.example.com:5000/a", operatorDeployment, container + "image", "registry.example.com:5000/a:" + where.programs.Release},
		"the tag":                           {"image.tag=v9", witnessDeployment, container + "image", imageRepository + ":v9"},
		"the digest wins over the tag":      {"image.tag=v9,image.digest=" + digest, proberDeployment, container + "image", imageRepository + "@" + digest},
		"the pull policy":                   {"image.pullPolicy=Always", proberDeployment, container + "imagePullPolicy", "Always"},
		"the pull secrets":                  {"image.pullSecrets={a,b}", witnessDeployment, pod + "imagePullSecrets 1 name", "b"},
		"the priority class":                {"prober.priorityClassName=high", proberDeployment, pod + "priorityClassName", "high"},
		"a node selector":                   {"operator.nodeSelector.pool=apps", operatorDeployment, pod + "nodeSelector pool", "apps"},
		"the node selector of the manifest": {"operator.nodeSelector.pool=apps", operatorDeployment, pod + "nodeSelector kubernetes.io/os", "linux"},
		"a toleration":                      {"witness.tolerations[0].key=a", witnessDeployment, pod + "tolerations 0 key", "a"},
		"an affinity":                       {"operator.affinity.nodeAffinity.a=b", operatorDeployment, pod + "affinity nodeAffinity a", "b"},
		"an affinity keeps the probers apart": {"prober.affinity.nodeAffinity.a=b", proberDeployment,
			pod + "affinity podAntiAffinity requiredDuringSchedulingIgnoredDuringExecution 0 topologyKey", "kubernetes.io/hostname"},
		"allowed repositories": {"allowedImageRepositories={a.example.com/b,c.example.com/d}", operatorDeployment, container + "args 3", "--allowed-image-repositories=a.example.com/b,c.example.com/d"},
		"allowed repositories in the guard": {"allowedImageRepositories={a.example.com/b,c.example.com/d}", "ValidatingAdmissionPolicy /edge-ingress-guard-workloads",
			"spec variables 0 expression", "['a.example.com/b', 'c.example.com/d']"},
		"further arguments":           {"operator.extraArgs={--kube-api-qps=20}", operatorDeployment, container + "args 3", "--kube-api-qps=20"},
		"nothing measures":            {"measuring.enabled=false", operatorDeployment, container + "args 3", "--measure-by-default=false"},
		"no metrics":                  {"metrics.enabled=false", operatorDeployment, container + "args 2", "--metrics-bind-address=0"},
		"the ServiceMonitor's label":  {"metrics.serviceMonitor.enabled=true,metrics.serviceMonitor.labels.release=m", "ServiceMonitor " + operatorNamespace + "/edge-ingress-operator", "metadata labels release", "m"},
		"the ServiceMonitor's period": {"metrics.serviceMonitor.enabled=true,metrics.serviceMonitor.interval=30s", "ServiceMonitor " + operatorNamespace + "/edge-ingress-operator", "spec endpoints 0 interval", "30s"},
	} {
		t.Run(name, func(t *testing.T) {
			object := rendered(t, operatorNamespace, "--set="+test.values)[test.object]
			if object == nil {
				t.Fatalf("there is no %s", test.object)
			}
			if got := at(object, test.path); got != test.want {
				t.Errorf("with %s, %s of %s is %q, want %q", test.values, test.path, test.object, got, test.want)
			}
		})
	}
}

func TestWithoutMetricsNothingOfThemIsInstalled(t *testing.T) {
	for name := range rendered(t, operatorNamespace, "--set=metrics.enabled=false") {
		if strings.Contains(name, "metrics") {
			t.Errorf("%s is installed", name)
		}
	}
}

func TestWhatIsKeptFollowsTheValue(t *testing.T) {
	for value, want := range map[string]int{"true": 4, "false": 0} {
		kept := 0
		for _, object := range objectsOf(t, must(t, "helm", "template", release, where.chart, "--set=crds.keep="+value)) {
			if object.GetAnnotations()["helm.sh/resource-policy"] == "keep" {
				kept++
			}
		}
		if kept != want {
			t.Errorf("with crds.keep=%s, %d objects are kept, want %d: the CRDs, and the roles of running controllers", value, kept, want)
		}
	}
}

func TestBadValuesAreRefusedWithWhatToWriteInstead(t *testing.T) {
	for name, test := range map[string]struct{ values, want string }{
		"a scheme in the repository":               {"image.repository=https://a.example.com/b", "image.repository is https://a.example.com/b: write it without https://"},
		"a tag in the repository":                  {"image.repository=a.example.com/b:v1", "write the part behind the last colon into image.tag"},
		"a digest in the repository":               {"image.repository=a.example.com/b@sha256:1", "write the part behind the @ into image.digest"},
		"no repository":                            {"image.repository=", "at '/image/repository': minLength"},
		"a digest as tag":                          {"image.tag=sha256:1", "write it into image.digest, and leave image.tag empty"},
		"a tag that is none":                       {"image.tag=a/b", "write a tag of letters, digits, dots, dashes and underscores, such as v0.1.0"},
		"a digest that is none":                    {"image.digest=abc", "write sha256: and 64 hexadecimal digits"},
		"an unknown pull policy":                   {"image.pullPolicy=Sometimes", "value must be one of '', 'Always', 'IfNotPresent', 'Never'"},
		"a pull secret as an object":               {"image.pullSecrets[0].name=a", "write the name alone, such as pullSecrets: [registry]"},
		"a tag in an allowed repository":           {"allowedImageRepositories={a.example.com/b:v1}", "without scheme, tag and digest"},
		"a quote in an allowed repository":         {"allowedImageRepositories={a.example.com/b']}", "without scheme, tag and digest"},
		"upper case in an allowed repository":      {"allowedImageRepositories={a.example.com/B}", "as registry/path in lower case"},
		"a slash behind an allowed repository":     {"allowedImageRepositories={a.example.com/b/}", "as registry/path in lower case"},
		"two allowed repositories in one":          {`allowedImageRepositories={a.example.com/b\,c}`, "write one repository in each element"},
		"no operator":                              {"operator.replicas=0", "operator.replicas is 0: write 1 or more"},
		"no prober":                                {"prober.replicas=0", "set measuring.enabled to false if nothing is to measure"},
		"several witnesses":                        {"witness.replicas=2", "additional properties 'replicas' not allowed"},
		"replicas that are no number":              {"operator.replicas=two", "at '/operator/replicas': got string, want integer"},
		"an argument without dashes":               {"operator.extraArgs={verbose}", "write each argument as a string that begins with --"},
		"an argument that a value sets":            {"operator.extraArgs={--measure-by-default=false}", "set the value measuring.enabled instead"},
		"another argument that a value sets":       {"operator.extraArgs={--allowed-image-repositories=a}", "set the value allowedImageRepositories instead"},
		"a lease that the guard refuses":           {"operator.extraArgs={--leader-election-namespace=other}", "allow the lease in the namespace of the release only"},
		"a port that no probe asks":                {"operator.extraArgs={--health-probe-bind-address=:9}", "the Deployment asks port 8081"},
		"measuring without policies":               {"policies.enabled=false", "set policies.enabled to true, or measuring.enabled to false"},
		"a ServiceMonitor without metrics":         {"metrics.enabled=false,metrics.serviceMonitor.enabled=true", "set metrics.enabled to true, or metrics.serviceMonitor.enabled to false"},
		"a word for a boolean":                     {"measuring.enabled=yes", "at '/measuring/enabled': got string, want boolean"},
		"an unknown value":                         {"replicas=2", "additional properties 'replicas' not allowed"},
		"an unknown value of a component":          {"operator.cpu=2", "at '/operator': additional properties 'cpu' not allowed"},
		"tolerations that are no list":             {"operator.tolerations.key=a", "at '/operator/tolerations': got object, want array"},
		"a number as a label of the node selector": {"operator.nodeSelector.rack=7", "at '/operator/nodeSelector/rack': got number, want string"},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, []string{test.want}, "helm", "template", release, where.chart, "--set="+test.values)
		})
	}
	t.Run("the prober's namespace as the release's", func(t *testing.T) {
		refused(t, []string{"install into another namespace, such as " + operatorNamespace}, "helm", "template", release, where.chart, "--namespace="+proberNamespace)
	})
	t.Run("a Kubernetes that is too old", func(t *testing.T) {
		refused(t, []string{"chart requires kubeVersion: >=1.32.0-0"}, "helm", "template", release, where.chart, "--kube-version=1.31.14")
	})
}

func TestAReleasedChartPinsItsOwnImage(t *testing.T) {
	digest := "sha256:" + strings.Repeat("0123456789abcdef", 4)
	directory := filepath.Join(t.TempDir(), release)
	if err := os.CopyFS(directory, os.DirFS(where.chart)); err != nil {
		t.Fatal(err)
	}
	replace(t, filepath.Join(directory, "Chart.yaml"), "artifacthub.io/license: Apache-2.0\n", "artifacthub.io/license: Apache-2.0\n  edgeingress.dev/image-digest: "+digest+"\n")
	for values, want := range map[string]string{
		"operator.replicas=1":              imageRepository + "@" + digest,
		"image.repository=a.example.com/b": "a.example.com/b@" + digest,
		"image.tag=v9":                     imageRepository + ":v9",
	} {
		objects := objectsOf(t, must(t, "helm", "template", release, directory, "--namespace="+operatorNamespace, "--set="+values))
		if got := at(objects[operatorDeployment], "spec template spec containers 0 image"); got != want {
			t.Errorf("with %s, the image is %s, want %s", values, got, want)
		}
	}
}

func TestTheNotesSayWhatIsOff(t *testing.T) {
	const (
		nothingMeasures = "Nothing measures whether"
		noPolicy        = "No admission policy is installed"
		deletes         = "`helm uninstall` deletes every EdgeIngress"
	)
	for values, want := range map[string][]string{
		"operator.replicas=1":                            nil,
		"measuring.enabled=false":                        {nothingMeasures},
		"measuring.enabled=false,policies.enabled=false": {nothingMeasures, noPolicy},
		"crds.keep=false":                                {deletes},
	} {
		said := must(t, "helm", "install", release, where.chart, "--namespace="+otherNamespace, "--dry-run=server", "--set="+values)
		for _, sentence := range []string{nothingMeasures, noPolicy, deletes} {
			if expected := slices.Contains(want, sentence); strings.Contains(said, sentence) != expected {
				t.Errorf("with %s, the notes say %q: %t, want %t", values, sentence, !expected, expected)
			}
		}
	}
}
