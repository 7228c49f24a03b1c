package controllers_test

import (
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
)

// tampering is a change of one of our objects by another client: a strategic merge patch.
type tampering struct {
	object client.Object
	patch  string
	// repaired looks whether it was undone; nil where the object has to be exactly what it was.
	repaired func() error
}

func TestChangesByHandAreUndone(t *testing.T) {
	t.Parallel()
	s := newStory(t, "drift")
	s.addNodes("a")
	s.createReady()
	configMap, service, daemonSet := named(s, &corev1.ConfigMap{}), named(s, &corev1.Service{}), named(s, &appsv1.DaemonSet{})
	account, role := named(s, &corev1.ServiceAccount{}), named(s, &rbacv1.RoleBinding{})
	clusterRole := &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: names.ClusterRoleBinding(s.name, names.FirstEngine)}}
	class := &networkingv1.IngressClass{ObjectMeta: metav1.ObjectMeta{Name: s.name}}

	withoutLabel := fmt.Sprintf(`{"metadata":{"labels":{%q:null}}}`, v1alpha1.OwnerLabel)
	container := func(fields string) string {
		return `{"spec":{"template":{"spec":{"containers":[{"name":"controller",` + fields + `}]}}}}`
	}
	s.undoes(map[string]tampering{
		"a header is believed":                    {object: configMap, patch: `{"data":{"use-forwarded-headers":"true"}}`, repaired: nil},
		"a snippet is added to the configuration": {object: configMap, patch: `{"data":{"server-snippet":"set_real_ip_from 0.0.0.0/0;"}}`, repaired: nil},
		"our snippet is replaced by another":      {object: configMap, patch: `{"data":{"http-snippet":"set_real_ip_from 0.0.0.0/0;"}}`, repaired: nil},
		"a setting is added as binary data":       {object: configMap, patch: `{"binaryData":{"server-snippet":"dHJ1ZQ=="}}`, repaired: nil},
		"a file is mounted over the engine's template": {object: daemonSet, patch: `{"spec":{"template":{"spec":{"volumes":[{"name":"t","configMap":{"name":"evil"}}],` +
			`"containers":[{"name":"controller","volumeMounts":[{"name":"t","mountPath":"/etc/nginx/template"}]}]}}}}`, repaired: nil},
		"a process runs before the controller":                 {object: daemonSet, patch: `{"spec":{"template":{"spec":{"initContainers":[{"name":"i","image":"example.com/x"}]}}}}`, repaired: nil},
		"a process runs beside the controller":                 {object: daemonSet, patch: `{"spec":{"template":{"spec":{"containers":[{"name":"z","image":"example.com/x"}]}}}}`, repaired: nil},
		"the controller gets another library":                  {object: daemonSet, patch: container(`"env":[{"name":"LUA_PATH","value":"/tmp/?.lua"}]`), repaired: nil},
		"the configuration loses its owner":                    {object: configMap, patch: `{"metadata":{"ownerReferences":null}}`, repaired: nil},
		"the DaemonSet loses its owner":                        {object: daemonSet, patch: `{"metadata":{"ownerReferences":null}}`, repaired: nil},
		"the Service is taken from kube-proxy":                 {object: service, patch: `{"metadata":{"labels":{"service.kubernetes.io/service-proxy-name":"none"}}}`, repaired: nil},
		"everyone is trusted, and the configuration is frozen": {object: configMap, patch: `{"immutable":true,"data":{"use-forwarded-headers":"true","proxy-real-ip-cidr":"0.0.0.0/0"}}`, repaired: s.trustsNobody},
		"a setting is removed":                                 {object: configMap, patch: `{"data":{"enable-real-ip":null}}`, repaired: nil},
		"the configuration loses the label":                    {object: configMap, patch: withoutLabel, repaired: nil},
		"the Service gets an external address":                 {object: service, patch: `{"spec":{"externalIPs":["192.0.2.7"]}}`, repaired: nil},
		"the Service publishes pods that are not ready":        {object: service, patch: `{"spec":{"publishNotReadyAddresses":true}}`, repaired: nil},
		"the balancer is set to speak PROXY protocol":          {object: service, patch: `{"metadata":{"annotations":{"load-balancer.hetzner.cloud/uses-proxyprotocol":"true"}}}`, repaired: nil},
		"the Service selects by one label more":                {object: service, patch: `{"spec":{"selector":{"version":"canary"}}}`, repaired: nil},
		"the Service selects other pods":                       {object: service, patch: `{"spec":{"selector":{"app.kubernetes.io/instance":"other"}}}`, repaired: nil},
		"a port of the Service leads elsewhere":                {object: service, patch: `{"spec":{"ports":[{"port":80,"targetPort":8080}]}}`, repaired: nil},
		"the Service loses the label":                          {object: service, patch: withoutLabel, repaired: nil},
		"the Service is not reachable from outside":            {object: service, patch: `{"spec":{"type":"ClusterIP","externalTrafficPolicy":null,"allocateLoadBalancerNodePorts":null}}`, repaired: s.keepsTheSource},
		"the Service is for node ports only":                   {object: service, patch: `{"spec":{"type":"NodePort","allocateLoadBalancerNodePorts":null}}`, repaired: s.keepsTheSource},
		"the controller runs anywhere":                         {object: daemonSet, patch: fmt.Sprintf(`{"spec":{"template":{"spec":{"nodeSelector":{%q:null}}}}}`, v1alpha1.NodeLabel(s.name)), repaired: nil},
		"the controller runs on fewer nodes":                   {object: daemonSet, patch: `{"spec":{"template":{"spec":{"nodeSelector":{"disk":"ssd"}}}}}`, repaired: nil},
		"the controller uses the node's network":               {object: daemonSet, patch: `{"spec":{"template":{"spec":{"hostNetwork":true}}}}`, repaired: nil},
		"the controller gets other arguments":                  {object: daemonSet, patch: container(`"args":["/nginx-ingress-controller","--configmap=other/other"]`), repaired: nil},
		"the controller gets another command":                  {object: daemonSet, patch: container(`"command":["/nginx-ingress-controller","--configmap=other/other"]`), repaired: nil},
		"the controller gets another image":                    {object: daemonSet, patch: container(`"image":"example.com/other:1"`), repaired: nil},
		"the controller is probed otherwise":                   {object: daemonSet, patch: container(`"readinessProbe":{"httpGet":null,"tcpSocket":{"port":80}}`), repaired: nil},
		"the controller gets a variable of another value":      {object: daemonSet, patch: container(`"env":[{"name":"POD_NAMESPACE","value":"other","valueFrom":null}]`), repaired: nil},
		"the DaemonSet loses the label":                        {object: daemonSet, patch: withoutLabel, repaired: nil},
		"the controller sees the node's processes":             {object: daemonSet, patch: `{"spec":{"template":{"spec":{"hostPID":true}}}}`, repaired: nil},
		"the controller shares memory with the node":           {object: daemonSet, patch: `{"spec":{"template":{"spec":{"hostIPC":true}}}}`, repaired: nil},
		"processes of the pod see each other":                  {object: daemonSet, patch: `{"spec":{"template":{"spec":{"shareProcessNamespace":true}}}}`, repaired: nil},
		"the pods get another runtime":                         {object: daemonSet, patch: `{"spec":{"template":{"spec":{"runtimeClassName":"other"}}}}`, repaired: nil},
		"the pods get settings of the kernel":                  {object: daemonSet, patch: `{"spec":{"template":{"spec":{"securityContext":{"sysctls":[{"name":"net.ipv4.ip_unprivileged_port_start","value":"0"}]}}}}}`, repaired: nil},
		"the controller starts in another directory":           {object: daemonSet, patch: container(`"workingDir":"/tmp"`), repaired: nil},
		"a port of the controller is bound to an address":      {object: daemonSet, patch: container(`"ports":[{"containerPort":80,"protocol":"TCP","hostIP":"192.0.2.1"}]`), repaired: nil},
		"a port of the controller has another name":            {object: daemonSet, patch: container(`"ports":[{"containerPort":80,"protocol":"TCP","name":"other"}]`), repaired: nil},
		"the controller may do everything":                     {object: daemonSet, patch: container(`"securityContext":{"privileged":true,"allowPrivilegeEscalation":true}`), repaired: nil},
		"the controller is asked by a program":                 {object: daemonSet, patch: container(`"livenessProbe":{"httpGet":null,"exec":{"command":["x"]}}`), repaired: nil},
		"the controller ends at once":                          {object: daemonSet, patch: container(`"lifecycle":{"preStop":{"exec":null,"sleep":{"seconds":1}}}`), repaired: nil},
		"the ServiceAccount hands out tokens":                  {object: account, patch: `{"automountServiceAccountToken":true}`, repaired: nil},
		"the ServiceAccount loses the label":                   {object: account, patch: withoutLabel, repaired: nil},
		"the role is given to somebody else":                   {object: role, patch: `{"subjects":[{"kind":"ServiceAccount","name":"other","namespace":"default"}]}`, repaired: nil},
		"the cluster-wide role is given to others, too":        {object: clusterRole, patch: `{"subjects":[{"kind":"Group","apiGroup":"rbac.authorization.k8s.io","name":"system:authenticated"}]}`, repaired: nil},
		"the class becomes the default":                        {object: class, patch: `{"metadata":{"annotations":{"ingressclass.kubernetes.io/is-default-class":"true"}}}`, repaired: nil},
	})
}

// undoes tampers, once at a time, and looks whether it is undone.
func (s *story) undoes(table map[string]tampering) {
	s.Helper()
	for name, row := range table {
		s.mustRead(row.object)
		before := essence(s.TB, row.object)
		if err := admin.Patch(s.Context(), row.object, client.RawPatch(types.StrategicMergePatchType, []byte(row.patch)), client.FieldOwner("kubectl-edit")); err != nil {
			s.Fatalf("%s: %v", name, err)
		}
		if reflect.DeepEqual(before, essence(s.TB, row.object)) {
			s.Fatalf("%s: the patch changed nothing", name)
		}
		repaired := row.repaired
		if repaired == nil {
			repaired = s.isAsBefore(row.object, before)
		}
		s.eventually(name, repaired)
	}
}

// trustsNobody: a frozen ConfigMap cannot be changed and so is another object afterwards.
func (s *story) trustsNobody() error {
	configMap := named(s, &corev1.ConfigMap{})
	if err := s.read(configMap); err != nil {
		return err
	}
	if configMap.Immutable != nil || configMap.Data["use-forwarded-headers"] != "false" || configMap.Data["proxy-real-ip-cidr"] != "" {
		return fmt.Errorf("immutable %v, data %v", configMap.Immutable, configMap.Data)
	}
	return nil
}

func (s *story) isAsBefore(object client.Object, before map[string]any) func() error {
	return func() error {
		if err := s.read(object); err != nil {
			return err
		}
		if diff := cmp.Diff(before, essence(s.TB, object)); diff != "" {
			return fmt.Errorf("compared with what it was (-was +is):\n%s", diff)
		}
		return nil
	}
}

// essence returns the part of an object that users can change: neither its status nor what the API
// server and controllers count.
func essence(t testing.TB, object client.Object) map[string]any {
	t.Helper()
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		t.Fatal(err)
	}
	delete(content, "status")
	for _, field := range []string{"managedFields", "resourceVersion", "generation"} {
		unstructured.RemoveNestedField(content, "metadata", field)
	}
	// The operator's wake-up call comes and goes with a roll-out, and the digest of what was applied with it.
	for _, annotation := range []string{
		appsv1.DeprecatedTemplateGeneration, "deployment.kubernetes.io/revision", v1alpha1.WakeAnnotation, v1alpha1.AppliedAnnotation,
	} {
		unstructured.RemoveNestedField(content, "metadata", "annotations", annotation)
	}
	return content
}

// keepsTheSource succeeds when the Service has type LoadBalancer and keeps the source of packets.
func (s *story) keepsTheSource() error {
	service := named(s, &corev1.Service{})
	if err := s.read(service); err != nil {
		return err
	}
	return errors.Join(
		want("type", service.Spec.Type, corev1.ServiceTypeLoadBalancer, same),
		want("policy", service.Spec.ExternalTrafficPolicy, corev1.ServiceExternalTrafficPolicyLocal, same),
		want("health-check port present", service.Spec.HealthCheckNodePort != 0, true, same),
	)
}

func TestTheHealthCheckPortSurvivesRepairs(t *testing.T) {
	t.Parallel()
	s := newStory(t, "health-port")
	s.addNodes("a")
	s.createReady()
	service := named(s, &corev1.Service{})
	s.mustRead(service)
	port := service.Spec.HealthCheckNodePort
	if s.edge().Status.HealthCheckNodePort != port {
		t.Fatalf("the status has health-check port %d, the Service %d", s.edge().Status.HealthCheckNodePort, port)
	}
	isBack := func() error {
		if err := s.keepsTheSource(); err != nil {
			return err
		}
		s.mustRead(service)
		return want("health-check port", service.Spec.HealthCheckNodePort, port, same)
	}
	s.patch(service, `{"spec":{"externalTrafficPolicy":"Cluster"}}`)
	s.eventually("the policy is Local again, on the old port", isBack)

	s.delete(service)
	s.eventually("the Service is there again, on the old port", isBack)
	s.assignAddress("203.0.113.10")
	s.becomesReady()
}

func TestWhatIsDeletedByHandIsMadeAgain(t *testing.T) {
	t.Parallel()
	s := newStory(t, "deleted")
	s.addNodes("a")
	s.createReady()
	for _, object := range s.shortFormObjects() {
		s.mustRead(object)
		before := object.GetUID()
		s.delete(object)
		s.eventually(fmt.Sprintf("%T is made again", object), func() error {
			if err := s.belongsToTheEdge(object)(); err != nil {
				return err
			}
			return want("another object", object.GetUID() != before, true, same)
		})
	}
	s.assignAddress("203.0.113.10")
	s.becomesReady()
}

func TestDriftOfADeploymentIsUndone(t *testing.T) {
	t.Parallel()
	s := newStory(t, "drift-deploy")
	s.addNodes("a", "b")
	s.createReady(func(e *v1alpha1.EdgeIngress) { e.Spec.Controller.Kind = v1alpha1.WorkloadDeployment })
	deployment, budget := named(s, &appsv1.Deployment{}), named(s, &policyv1.PodDisruptionBudget{})
	s.undoes(map[string]tampering{
		"the Deployment is scaled":                 {object: deployment, patch: `{"spec":{"replicas":5}}`, repaired: nil},
		"the Deployment uses the node's network":   {object: deployment, patch: `{"spec":{"template":{"spec":{"hostNetwork":true}}}}`, repaired: nil},
		"the Deployment is spread by nothing":      {object: deployment, patch: `{"spec":{"template":{"spec":{"topologySpreadConstraints":null}}}}`, repaired: nil},
		"the disruption budget allows more":        {object: budget, patch: `{"spec":{"maxUnavailable":2}}`, repaired: nil},
		"the disruption budget selects other pods": {object: budget, patch: `{"spec":{"selector":{"matchLabels":{"app.kubernetes.io/instance":"other"}}}}`, repaired: nil},
		"the disruption budget loses the label":    {object: budget, patch: fmt.Sprintf(`{"metadata":{"labels":{%q:null}}}`, v1alpha1.OwnerLabel), repaired: nil},
	})
	for _, object := range []client.Object{deployment, budget} {
		s.delete(object)
		s.eventually(fmt.Sprintf("%T is made again", object), s.belongsToTheEdge(object))
	}
}

func TestWhatIsTakenFromANodeComesBack(t *testing.T) {
	t.Parallel()
	s := newStory(t, "drift-node")
	s.addNodes("a")
	s.createReady()
	node := s.node("a")

	s.removeLabel(node, v1alpha1.DefaultRoleLabel)
	s.eventually("the role label comes back", s.isEdgeNode(node))
	s.removeLabel(node, v1alpha1.NodeLabel(s.name))
	s.eventually("the own label comes back", s.isEdgeNode(node))
	s.setLabel(node, v1alpha1.NodeLabel(s.name), "other")
	s.eventually("the own label gets its value back", s.isEdgeNode(node))
	s.changeTaints(s.Context(), node, func([]corev1.Taint) []corev1.Taint { return nil })
	s.eventually("the taint comes back", s.isEdgeNode(node))
	s.eventually("the controller still runs there", s.readyPodsOn(node))

	// The role label is for people, who may give it a value; the controller does not depend on it.
	s.setLabel(node, v1alpha1.DefaultRoleLabel, "true")
	s.eventually("the person's value stays, without a claim of ours", func() error {
		found, err := s.readNode(node)
		if err != nil {
			return err
		}
		return errors.Join(want("value", found.Labels[v1alpha1.DefaultRoleLabel], "true", same), want("labels of ours", managedBy(found, s.name), 1, same))
	})
}

// managedBy is how many labels the field manager of an EdgeIngress holds on a node.
func managedBy(node *corev1.Node, edge string) int {
	for _, entry := range node.ManagedFields {
		if entry.Manager != v1alpha1.NodeFieldManager(edge) {
			continue
		}
		fields := &unstructured.Unstructured{}
		if err := fields.UnmarshalJSON(append([]byte(`{"apiVersion":"v1","kind":"Fields","fields":`), append(entry.FieldsV1.GetRawBytes(), '}')...)); err != nil {
			return -1
		}
		labels, _, err := unstructured.NestedMap(fields.Object, "fields", "f:metadata", "f:labels")
		if err != nil {
			return -1
		}
		return len(labels)
	}
	return 0
}

func TestAStatusThatSomebodyChangedIsWrittenAgain(t *testing.T) {
	t.Parallel()
	s := newStory(t, "status")
	s.addNodes("a")
	s.createReady()
	status := client.RawPatch(types.MergePatchType, []byte(`{"status":{"addresses":["192.0.2.66"],"conditions":null}}`))
	if err := admin.Status().Patch(s.Context(), s.edge(), status); err != nil {
		t.Fatal(err)
	}
	s.becomesReady()
	if got := s.edge().Status.Addresses; len(got) != 1 || got[0] != "203.0.113.10" {
		t.Errorf("addresses: want those of the Service, got %v", got)
	}
}
