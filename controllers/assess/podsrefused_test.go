package assess

import (
	_ "embed"
	"strings"
	"testing"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// podsRefusedBy is a message that Kubernetes gave for pods that it did not create, without those on edge-2.
func podsRefusedBy(message string, options ...option) []option {
	return append([]option{noPodOn("edge-2"), func(g *given) { g.s.Refusal.Message = message }}, options...)
}

// refusalOfOpenShift is what OpenShift's own code says about host ports. test/openshift records it.
//
//go:embed testdata/openshift/refusal.txt
var refusalOfOpenShift string

// refusals are situations of row 94, as Kubernetes 1.37 words them.
var refusals = map[string]string{
	"PodSecurity": `Error creating: pods "public-edge-ingress-x7k2p" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true), hostPort (container "controller" uses hostPorts 80, 443)`,
	"quota wants": `Error creating: pods "public-edge-ingress-x7k2p" is forbidden: failed quota: compute: must specify limits.cpu for: controller; limits.memory for: controller`,
	"quota used":  `Error creating: pods "public-edge-ingress-x7k2p" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=1, limited: pods=1`,
	"LimitRange":  `Error creating: pods "public-edge-ingress-x7k2p" is forbidden: minimum cpu usage per Container is 200m, but request is 100m`,
	"ratio":       `Error creating: pods "public-edge-ingress-x7k2p" is forbidden: cpu max limit to request ratio per Container is 2, but provided ratio is 10.000000`,
	"policy":      `Error creating: pods "public-edge-ingress-x7k2p" is forbidden: ValidatingAdmissionPolicy 'no-host-ports' with binding 'all' denied request: host ports are not allowed`,
	"webhook":     `Error creating: admission webhook "validation.gatekeeper.sh" denied the request: [registries] image is not from an allowed registry`,
	"broken":      `Error creating: Internal error occurred: failed calling webhook "validate.kyverno.svc": failed to call webhook: Post "https://kyverno.svc": no endpoints available`,
	"OpenShift":   `Error creating: pods "public-edge-ingress-" is forbidden: unable to validate against any security context constraint: [provider "anyuid": Forbidden: not usable by user or serviceaccount]`,
	"host ports":  refusalOfOpenShift,
	"account":     `Error creating: pods "public-edge-ingress-x7k2p" is forbidden: error looking up service account edge-public/public-edge-ingress: serviceaccount "public-edge-ingress" not found`,
	"other":       `Error creating: something new`,
}

func TestControllerAvailableWithPodsThatAreRefused(t *testing.T) {
	const condition = v1alpha1.ConditionControllerAvailable
	runRows(t, condition, map[string]row{
		"row 94: a Pod Security Standard": {given: podsRefusedBy(refusals["PodSecurity"]), status: no, reason: v1alpha1.ReasonPodsRefused, says: `1 of 2 edge nodes runs a ready controller; missing on edge-2. Kubernetes refuses to create pods of DaemonSet edge-public/public-edge-ingress: ` +
			`the pod is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true), hostPort (container "controller" uses hostPorts 80, 443). ` +
			`Run kubectl label namespace edge-public pod-security.kubernetes.io/enforce=privileged --overwrite`},
		"a quota that wants limits":              {given: podsRefusedBy(refusals["quota wants"]), status: no, reason: v1alpha1.ReasonPodsRefused, says: "set them in spec.controller.resources"},
		"a quota that is used up":                {given: podsRefusedBy(refusals["quota used"]), status: no, reason: v1alpha1.ReasonPodsRefused, says: "Increase the ResourceQuota of namespace edge-public"},
		"a LimitRange":                           {given: podsRefusedBy(refusals["LimitRange"]), status: no, reason: v1alpha1.ReasonPodsRefused, says: "amounts that the LimitRange of namespace edge-public allows"},
		"a LimitRange about the ratio":           {given: podsRefusedBy(refusals["ratio"]), status: no, reason: v1alpha1.ReasonPodsRefused, says: "amounts that the LimitRange of namespace edge-public allows"},
		"a policy":                               {given: podsRefusedBy(refusals["policy"]), status: no, reason: v1alpha1.ReasonPodsRefused, says: "Exempt namespace edge-public from this policy."},
		"a webhook":                              {given: podsRefusedBy(refusals["webhook"]), status: no, reason: v1alpha1.ReasonPodsRefused, says: "from the policy of this webhook"},
		"a webhook that does not answer":         {given: podsRefusedBy(refusals["broken"]), status: no, reason: v1alpha1.ReasonPodsRefused, says: "Repair the webhook"},
		"a SecurityContextConstraints":           {given: podsRefusedBy(refusals["OpenShift"]), status: no, reason: v1alpha1.ReasonPodsRefused, says: "SecurityContextConstraints that allows"},
		"ports of the node on OpenShift":         {given: podsRefusedBy(refusals["host ports"]), status: no, reason: v1alpha1.ReasonPodsRefused, says: "Apply openshift.yaml of a release (docs/install.md), so that pods in namespace edge-public may use host ports"},
		"a ServiceAccount that is missing":       {given: podsRefusedBy(refusals["account"]), status: no, reason: v1alpha1.ReasonPodsRefused, says: "ServiceAccount in namespace edge-public again"},
		"something else":                         {given: podsRefusedBy(refusals["other"]), status: no, reason: v1alpha1.ReasonPodsRefused, says: "something new. Remove the cause in namespace edge-public."},
		"no pod at all":                          {given: podsRefusedBy(refusals["PodSecurity"], noPodOn("edge-1")), status: no, reason: v1alpha1.ReasonPodsRefused, says: "0 of 2 edge nodes run a"},
		"a Deployment":                           {given: append([]option{deployment}, podsRefusedBy(refusals["quota used"])...), status: no, reason: v1alpha1.ReasonPodsRefused, says: "1 of 2 controller pods is ready. Kubernetes refuses"},
		"row 94: while older pods serve":         {given: []option{rolling, func(g *given) { g.s.Refusal.Message = refusals["policy"] }}, status: unknown, reason: v1alpha1.ReasonPodsRefused, says: "the pods of an older template are not replaced"},
		"a refusal of before":                    {given: []option{func(g *given) { g.s.Refusal.Message = refusals["policy"] }}, status: yes, reason: v1alpha1.ReasonControllersReady},
		"missing pods without a refusal":         {given: podsRefusedBy(""), status: no, reason: v1alpha1.ReasonControllersMissing, says: "See the events"},
		"a taint comes before the refusal":       {given: podsRefusedBy(refusals["policy"], node("edge-2", tainted("dedicated", "", "NoSchedule"))), status: no, reason: v1alpha1.ReasonTaintNotTolerated},
		"a very long refusal keeps a cure":       {given: podsRefusedBy(`violates PodSecurity ` + strings.Repeat("x", 2000)), status: no, reason: v1alpha1.ReasonPodsRefused, says: "kubectl label namespace edge-public"},
		"an image that is missing is no refusal": {given: []option{podChanged("controller-2", podNotReady)}, status: no, reason: v1alpha1.ReasonControllersMissing},
	})
}
