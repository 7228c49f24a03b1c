package openshift

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	securityv1 "github.com/openshift/api/security/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"
)

const root = "../../"

// documents are the objects of a file.
func documents(t *testing.T, path string) [][]byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Split(content, []byte("\n---\n"))
}

// one decodes a file with one object.
func one[T any](t *testing.T, path string) *T {
	t.Helper()
	content := documents(t, path)
	if len(content) != 1 {
		t.Fatalf("%s has %d objects, want one", path, len(content))
	}
	return decoded[T](t, path, content[0])
}

func decoded[T any](t *testing.T, path string, content []byte) *T {
	t.Helper()
	var object T
	if err := yaml.Unmarshal(content, &object); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return &object
}

// kindOf is the kind of an object.
func kindOf(t *testing.T, path string, content []byte) string {
	t.Helper()
	return decoded[struct{ Kind string }](t, path, content).Kind
}

// podOf is the pod that a workload's controller creates of a template. It has the volume with the token that Kubernetes adds.
func podOf(namespace, name string, template corev1.PodTemplateSpec) *corev1.Pod {
	pod := &corev1.Pod{ObjectMeta: *template.ObjectMeta.DeepCopy(), Spec: *template.Spec.DeepCopy()}
	pod.Namespace, pod.GenerateName = namespace, name+"-"
	if pod.Spec.AutomountServiceAccountToken == nil || *pod.Spec.AutomountServiceAccountToken {
		pod.Spec.Volumes = append(pod.Spec.Volumes, corev1.Volume{Name: "kube-api-access-x7k2p", VolumeSource: corev1.VolumeSource{
			Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Path: "token"}}}},
		}})
	}
	return pod
}

// podOfDeployment is the pod of a file with one Deployment.
func podOfDeployment(t *testing.T, path string) *corev1.Pod {
	t.Helper()
	deployment := one[appsv1.Deployment](t, path)
	return podOf(deployment.Namespace, deployment.Name, deployment.Spec.Template)
}

// podOfBundle is the operator's pod as OLM installs it.
func podOfBundle(t *testing.T) *corev1.Pod {
	t.Helper()
	type bundle struct {
		Spec struct {
			Install struct {
				Spec struct {
					Deployments []struct {
						Name string
						Spec appsv1.DeploymentSpec
					}
				}
			}
		}
	}
	csv := one[bundle](t, "bundle/manifests/edge-ingress-operator.clusterserviceversion.yaml")
	if len(csv.Spec.Install.Spec.Deployments) != 1 {
		t.Fatalf("the bundle has %d Deployments, want one", len(csv.Spec.Install.Spec.Deployments))
	}
	operator := csv.Spec.Install.Spec.Deployments[0]
	return podOf("edge-ingress-operator-system", operator.Name, operator.Spec.Template)
}

// action is an action of a Helm template that stands alone in its line, or is the rest of one.
var action = regexp.MustCompile(`\{\{.*\}\}`)

// podOfHelmTest is the pod of `helm test`. What its template takes from values does not matter here.
func podOfHelmTest(t *testing.T) *corev1.Pod {
	t.Helper()
	var lines []string
	for line := range strings.Lines(string(documents(t, "config/chart/templates/tests/starts.yaml")[0])) {
		if !action.MatchString(line) {
			lines = append(lines, line)
		}
	}
	pod := decoded[corev1.Pod](t, "config/chart/templates/tests/starts.yaml", []byte(strings.Join(lines, "")))
	pod.Namespace, pod.Spec.ServiceAccountName = "edge-ingress-operator-system", "default"
	return pod
}

// controller is what the operator makes of an EdgeIngress: a golden file of the engine.
type controller struct {
	pod      *corev1.Pod
	bindings []rbacv1.RoleBinding
}

const goldenFiles = "controllers/engine/ingressnginx/testdata/"

// controllers are those of all golden files, by the name of the file.
func controllers(t *testing.T) map[string]controller {
	t.Helper()
	files, err := filepath.Glob(root + goldenFiles + "*.out.yaml")
	if err != nil || len(files) < 10 {
		t.Fatalf("found %d golden files (%v): too few to be all", len(files), err)
	}
	all := map[string]controller{}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".out.yaml")
		all[name] = controllerOf(t, name)
	}
	return all
}

func controllerOf(t *testing.T, name string) controller {
	t.Helper()
	path := goldenFiles + name + ".out.yaml"
	var made controller
	for _, content := range documents(t, path) {
		switch kindOf(t, path, content) {
		case "DaemonSet":
			o := decoded[appsv1.DaemonSet](t, path, content)
			made.pod = podOf(o.Namespace, o.Name, o.Spec.Template)
		case "Deployment":
			o := decoded[appsv1.Deployment](t, path, content)
			made.pod = podOf(o.Namespace, o.Name, o.Spec.Template)
		case "RoleBinding":
			made.bindings = append(made.bindings, *decoded[rbacv1.RoleBinding](t, path, content))
		}
	}
	if made.pod == nil || len(made.bindings) == 0 {
		t.Fatalf("%s has no workload or no RoleBinding", path)
	}
	return made
}

// usesPortsOfTheNode reports whether the pod asks for the node's network or ports.
func usesPortsOfTheNode(pod *corev1.Pod) bool {
	for _, port := range pod.Spec.Containers[0].Ports {
		if port.HostPort != 0 {
			return true
		}
	}
	return pod.Spec.HostNetwork
}

// hostPorts is the constraint of config/openshift.
func hostPorts(t *testing.T) *securityv1.SecurityContextConstraints {
	t.Helper()
	const path = "config/openshift/host_ports_scc.yaml"
	scc := &securityv1.SecurityContextConstraints{}
	if err := yaml.UnmarshalStrict(documents(t, path)[0], scc); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return scc
}
