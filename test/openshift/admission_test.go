package openshift

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	securityv1 "github.com/openshift/api/security/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/authentication/serviceaccount"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/kubernetes/pkg/registry/rbac/validation"
	"k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac"
	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "write the recorded pods instead of comparing with them")

// What OpenShift does, for tests of the operator: the controllers' pods as it stores them, and a refusal.
const (
	recordedPods = root + "controllers/drift/testdata/openshift"
	refusal      = root + "controllers/assess/testdata/openshift/refusal.txt"
)

const hostPortsName = "edge-ingress-host-ports"

// scene is an OpenShift with the operator installed.
type scene struct {
	constraints  []*securityv1.SecurityContextConstraints
	roles        []*rbacv1.Role
	bindings     []*rbacv1.RoleBinding
	clusterRoles []*rbacv1.ClusterRole
	// everyone is what every authenticated user and ServiceAccount may use.
	everyone []string
}

// installed is an OpenShift after the installation of the operator, with config/openshift, and with these controllers.
func installed(t *testing.T, controllers ...controller) *scene {
	t.Helper()
	s := &scene{constraints: append(Constraints(), hostPorts(t)), everyone: []string{RestrictedV2}}
	s.roles = append(s.roles, one[rbacv1.Role](t, "config/verification/prober_host_network_role.yaml"))
	s.bindings = append(s.bindings, one[rbacv1.RoleBinding](t, "config/verification/prober_host_network_role_binding.yaml"))
	s.clusterRoles = append(s.clusterRoles, one[rbacv1.ClusterRole](t, "config/rbac/ingressnginx_election_role.yaml"))
	for _, c := range controllers {
		for _, binding := range c.bindings {
			s.bindings = append(s.bindings, &binding)
		}
	}
	return s
}

// admission is the plugin in this scene. Every namespace has the ranges that OpenShift gives it.
func (s *scene) admission(t *testing.T) *Admission {
	t.Helper()
	var namespaces []runtime.Object
	for _, name := range []string{"edge-ingress-operator-system", "edge-ingress-verification", "edge-public", "ingress-metal", "123", "elsewhere"} {
		namespaces = append(namespaces, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: map[string]string{
			securityv1.UIDRangeAnnotation: "1000650000/10000", securityv1.SupplementalGroupsAnnotation: "1000650000/10000", securityv1.MCSAnnotation: "s0:c26,c0",
		}}})
	}
	clusterRoles := append(slices.Clone(s.clusterRoles), &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "everyone"}, Rules: []rbacv1.PolicyRule{{
		APIGroups: []string{securityv1.GroupName}, Resources: []string{"securitycontextconstraints"}, ResourceNames: s.everyone, Verbs: []string{"use"},
	}}})
	everyone := []*rbacv1.ClusterRoleBinding{{RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "everyone"},
		Subjects: []rbacv1.Subject{{Kind: rbacv1.GroupKind, APIGroup: rbacv1.GroupName, Name: user.AllAuthenticated}}}}
	_, rules := validation.NewTestRuleResolver(s.roles, s.bindings, clusterRoles, everyone)
	plugin, err := New(t.Context(), s.constraints, fake.NewSimpleClientset(namespaces...), rbac.New(rules, rules, rules, rules))
	if err != nil {
		t.Fatal(err)
	}
	return plugin
}

// workloadController is the user who creates the pods of workloads, as the API server authenticates it. Only this
// one is in the group of everyone: the plugin asks about the pod's own account without it.
func workloadController() user.Info {
	account := serviceaccount.UserInfo("kube-system", "replicaset-controller", "")
	return &user.DefaultInfo{Name: account.GetName(), Groups: append(account.GetGroups(), user.AllAuthenticated)}
}

// wantConstraint wants the pod to run under the constraint, and returns the pod as it is stored.
func wantConstraint(t *testing.T, plugin *Admission, pod *corev1.Pod, want string) *corev1.Pod {
	t.Helper()
	stored, got, err := plugin.Create(t.Context(), pod, workloadController())
	if err != nil {
		t.Errorf("OpenShift refuses the pod: %v", err)
		return nil
	}
	if got != want {
		t.Errorf("it runs under %s, want %s", got, want)
	}
	return stored
}

// wantRefusal wants a refusal with these words.
func wantRefusal(t *testing.T, plugin *Admission, pod *corev1.Pod, words ...string) {
	t.Helper()
	_, got, err := plugin.Create(t.Context(), pod, workloadController())
	if err == nil {
		t.Errorf("it runs under %s, want a refusal", got)
		return
	}
	for _, part := range append(words, "unable to validate against any security context constraint") {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("want %q in the refusal: %v", part, err)
		}
	}
}

// ownPods are the operator's own pods by what they are.
func ownPods(t *testing.T) map[string]struct {
	pod  *corev1.Pod
	want string
} {
	t.Helper()
	return map[string]struct {
		pod  *corev1.Pod
		want string
	}{
		"operator":               {podOfDeployment(t, "config/manager/deployment.yaml"), RestrictedV2},
		"operator of the bundle": {podOfBundle(t), RestrictedV2},
		"witness":                {podOfDeployment(t, "config/verification/witness_deployment.yaml"), RestrictedV2},
		"prober":                 {podOfDeployment(t, "config/verification/prober_deployment.yaml"), HostNetworkV2},
		"helm test":              {podOfHelmTest(t), RestrictedV2},
	}
}

func TestOurOwnPodsRunAsTheUserThatOpenShiftChooses(t *testing.T) {
	plugin := installed(t).admission(t)
	for name, given := range ownPods(t) {
		t.Run(name, func(t *testing.T) {
			stored := wantConstraint(t, plugin, given.pod, given.want)
			if stored == nil {
				return
			}
			for _, container := range stored.Spec.Containers {
				if id := container.SecurityContext.RunAsUser; id == nil || *id != 1000650000 {
					t.Errorf("%s runs as %v, want the first user of the namespace", container.Name, id)
				}
			}
			fixed := given.pod.DeepCopy()
			fixed.Spec.SecurityContext.RunAsUser = new(int64(65532))
			wantRefusal(t, plugin, fixed, "65532: must be in the ranges: [1000650000, 1000659999]")
		})
	}
}

func TestTheProberNeedsItsRoleForTheHostNetwork(t *testing.T) {
	s := installed(t)
	s.bindings = nil
	wantRefusal(t, s.admission(t), podOfDeployment(t, "config/verification/prober_deployment.yaml"), "Host network is not allowed")
}

func TestNobodyElseRunsPodsWithTheRightsOfProberAndControllers(t *testing.T) {
	given := controllerOf(t, "host-network")
	plugin := installed(t, given).admission(t)
	for name, pod := range map[string]*corev1.Pod{"prober": podOfDeployment(t, "config/verification/prober_deployment.yaml"), "controller": given.pod} {
		for what, change := range map[string]func(*corev1.Pod){
			"another account":   func(pod *corev1.Pod) { pod.Spec.ServiceAccountName = "default" },
			"another namespace": func(pod *corev1.Pod) { pod.Namespace = "elsewhere" },
		} {
			t.Run(name+" with "+what, func(t *testing.T) {
				other := pod.DeepCopy()
				change(other)
				wantRefusal(t, plugin, other, "Host network is not allowed")
			})
		}
	}
}

func TestEachControllerRunsUnderTheConstraintOfItsExposure(t *testing.T) {
	for name, given := range controllers(t) {
		t.Run(name, func(t *testing.T) {
			want := NonRootV2
			if usesPortsOfTheNode(given.pod) {
				want = hostPortsName
			}
			plugin := installed(t, given).admission(t)
			stored := wantConstraint(t, plugin, given.pod, want)
			if stored == nil {
				return
			}
			if id := stored.Spec.Containers[0].SecurityContext.RunAsUser; id == nil || *id != 101 {
				t.Errorf("it runs as %v, want the user of the image", id)
			}
		})
	}
}

func TestWithoutConfigOpenShiftOnlyPortsOfTheNodeAreMissing(t *testing.T) {
	for name, given := range controllers(t) {
		t.Run(name, func(t *testing.T) {
			s := installed(t, given)
			s.constraints = Constraints()
			if usesPortsOfTheNode(given.pod) {
				wantRefusal(t, s.admission(t), given.pod, "Host ports are not allowed to be used")
			} else {
				wantConstraint(t, s.admission(t), given.pod, NonRootV2)
			}
		})
	}
}

// TestTheConstraintOfOursAllowsNothingThatControllersDoNotNeed takes away one permission after the other.
func TestTheConstraintOfOursAllowsNothingThatControllersDoNotNeed(t *testing.T) {
	for what, change := range map[string]func(*securityv1.SecurityContextConstraints){
		"the host network": func(scc *securityv1.SecurityContextConstraints) { scc.AllowHostNetwork = false },
		"host ports":       func(scc *securityv1.SecurityContextConstraints) { scc.AllowHostPorts = false },
		"NET_BIND_SERVICE": func(scc *securityv1.SecurityContextConstraints) { scc.AllowedCapabilities = nil },
		"the user":         func(scc *securityv1.SecurityContextConstraints) { scc.RunAsUser.UID = new(int64(102)) },
		"the volume": func(scc *securityv1.SecurityContextConstraints) {
			scc.Volumes = []securityv1.FSType{securityv1.FSTypeNone}
		},
		"the seccomp profile": func(scc *securityv1.SecurityContextConstraints) { scc.SeccompProfiles = nil },
	} {
		t.Run(what, func(t *testing.T) {
			given := controllerOf(t, "host-network")
			s := installed(t, given)
			change(named(s.constraints, hostPortsName))
			wantRefusal(t, s.admission(t), given.pod)
		})
	}
	scc := hostPorts(t)
	if scc.AllowPrivilegedContainer || scc.AllowHostDirVolumePlugin || scc.AllowHostIPC || scc.AllowHostPID || *scc.AllowPrivilegeEscalation ||
		len(scc.Users)+len(scc.Groups)+len(scc.DefaultAddCapabilities)+len(scc.AllowedUnsafeSysctls) > 0 || scc.Priority != nil ||
		!slices.Equal(scc.RequiredDropCapabilities, []corev1.Capability{"ALL"}) {
		t.Errorf("it allows more than hostnetwork-v2 does")
	}
}

// exposures are the controllers of the table in docs/install.md, and what it calls them.
var exposures = []struct{ name, golden string }{
	{"`LoadBalancer`", "load-balancer"}, {"`NodePort`", "node-port"}, {"`HostNetwork`", "host-network"}, {"`HostPort`", "host-port"},
}

// TestTheTableOfTheDocumentationIsRight asks for each pod and each constraint whether the pod could run under it.
func TestTheTableOfTheDocumentationIsRight(t *testing.T) {
	columns := []string{RestrictedV2, NonRootV2, HostNetworkV2, AnyUID, hostPortsName}
	pods := []struct {
		name string
		pod  *corev1.Pod
	}{
		{"operator, witness, `helm test`", ownPods(t)["operator"].pod},
		{"prober", ownPods(t)["prober"].pod},
	}
	for _, exposure := range exposures {
		pods = append(pods, struct {
			name string
			pod  *corev1.Pod
		}{"controller, " + exposure.name, controllerOf(t, exposure.golden).pod})
	}
	table := "| Pod | `" + strings.Join(columns, "` | `") + "` |\n|---" + strings.Repeat("|---", len(columns)) + "|\n"
	for _, row := range pods {
		table += "| " + row.name
		for _, column := range columns {
			table += " | " + fitting(t, row.pod, column)
		}
		table += " |\n"
	}
	page, err := os.ReadFile(root + "docs/install.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), table) {
		t.Errorf("docs/install.md does not have this table:\n%s", table)
	}
}

// fitting reports in words whether a pod could run under a constraint if its account might use it.
func fitting(t *testing.T, pod *corev1.Pod, constraint string) string {
	t.Helper()
	s := installed(t)
	s.bindings, s.everyone = nil, []string{constraint}
	if _, got, err := s.admission(t).Create(t.Context(), pod, workloadController()); err != nil {
		return "no"
	} else if got != constraint {
		t.Fatalf("the pod runs under %s, and everyone may use %s only", got, constraint)
	}
	return "yes"
}

// TestRecordedPodsAreWhatOpenShiftStores keeps the pods with which a test of the operator shows that it does not call a pod
// changed because OpenShift added to it.
func TestRecordedPodsAreWhatOpenShiftStores(t *testing.T) {
	for _, exposure := range exposures {
		given := controllerOf(t, exposure.golden)
		stored, _, err := installed(t, given).admission(t).Create(t.Context(), given.pod, workloadController())
		if err != nil {
			t.Fatal(err)
		}
		content, err := yaml.Marshal(stored)
		if err != nil {
			t.Fatal(err)
		}
		compareWithRecording(t, filepath.Join(recordedPods, exposure.golden+".yaml"), content)
	}
}

// TestTheRecordedRefusalIsWhatOpenShiftSays keeps the refusal of a controller on the host network without config/openshift, as
// the event of its DaemonSet quotes it. A test of the operator reads what its condition says then.
func TestTheRecordedRefusalIsWhatOpenShiftSays(t *testing.T) {
	given := controllerOf(t, "host-network")
	s := installed(t, given)
	s.constraints = Constraints()
	_, _, err := s.admission(t).Create(t.Context(), given.pod, workloadController())
	if err == nil {
		t.Fatal("OpenShift admits the pod")
	}
	compareWithRecording(t, refusal, []byte("Error creating: "+err.Error()+"\n"))
}

// compareWithRecording compares with a file, or writes it.
func compareWithRecording(t *testing.T, path string, content []byte) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	recorded, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(recorded, content) {
		t.Errorf("%s is not what OpenShift says: run go test -C test/openshift . -update", path)
	}
}

func TestAllConstraintsThatThePluginWaitsForAreThere(t *testing.T) {
	var names []string
	for _, scc := range Constraints() {
		names = append(names, scc.Name)
	}
	if want := "anyuid hostaccess hostmount-anyuid hostnetwork hostnetwork-v2 nonroot nonroot-v2 privileged restricted restricted-v2"; fmt.Sprint(names) != "["+want+"]" {
		t.Errorf("got %v, want %s", names, want)
	}
}
