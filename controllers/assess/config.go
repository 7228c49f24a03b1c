package assess

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/engine"
)

// configEffective implements rows 31, 35, 38 to 40, 44 and 92 of docs/source-ip.md.
func configEffective(sc *scene) verdict {
	needs := []read{{"the ConfigMap", sc.ConfigMap.Err}, {"the " + sc.workload.ref.Kind, sc.workload.err}, {"the controller pods", sc.Pods.Err}}
	if sc.EdgeIngress.UsesService() {
		needs = append(needs, read{"the Service", sc.Service.Err})
	}
	return question{
		needs:  needs,
		writes: func(kind string) bool { return kind == "ConfigMap" || kind == "IngressClass" },
		checks: []check{
			configTaken, workloadTaken,
			refused(engine.ProblemTrust, v1alpha1.ReasonTrustRefused),
			refused(engine.ProblemForbidden, v1alpha1.ReasonForbiddenConfigKeys),
			refused(engine.ProblemReserved, v1alpha1.ReasonReservedConfigKeys),
			refused(engine.ProblemInvalid, v1alpha1.ReasonInvalidConfigValues),
			refused(engine.ProblemUnknown, v1alpha1.ReasonUnknownConfigKeys),
			configNotUsed, configNotMade, configMissing, configChanged, workloadMissing, podsUnwanted, podsChanged,
			otherDefaultClass,
		},
		holds: func(sc *scene) verdict {
			return is(v1alpha1.ReasonConfigWritten, "%s in %s match the spec, and %s reads them. The operator does not check whether the controller loaded them.%s%s",
				capital(countOf(len(sc.state.Config), "setting")), sc.configMapRef(), sc.workload.ref, hairpin(sc), sc.secondDefaultClass())
		},
	}.answer(sc)
}

func configTaken(sc *scene) *verdict {
	if !sc.ConfigMap.Foreign {
		return nil
	}
	return nameTaken(sc.configMapRef(), "")
}

// refused finds settings that the spec asks for and that are not written. The gravest kind gives
// the reason. The message explains the other kinds too, so that users can fix all of them at once.
func refused(kind engine.ProblemKind, reason string) check {
	return func(sc *scene) *verdict {
		var messages, others []string
		for _, problem := range sc.state.ConfigProblems {
			if problem.Kind == kind {
				messages = append(messages, problem.Message)
			} else {
				others = append(others, problem.Message)
			}
		}
		switch {
		case len(messages) == 0:
			return nil
		case kind == engine.ProblemTrust:
			return isNot(reason, "%s", capital(sentences(append(messages, others...))))
		}
		return isNot(reason, "Did not write %s of spec.controller.config. %s", countOf(len(messages)+len(others), "setting"), sentences(append(messages, others...)))
	}
}

// maxProblems limits how many settings a message explains.
const maxProblems = 5

// sentences joins the first few clauses and counts the rest.
func sentences(clauses []string) string {
	text := ""
	for i, clause := range clauses {
		if i == maxProblems {
			return text + " Not listed: " + countOf(len(clauses)-maxProblems, "more problem") + "."
		}
		if i > 0 {
			text += " "
		}
		text += clause + "."
	}
	return text
}

func configNotMade(sc *scene) *verdict {
	if sc.ConfigMap.Value != nil {
		return nil
	}
	return namespaceReserved(sc)
}

func configMissing(sc *scene) *verdict {
	if sc.ConfigMap.Value != nil || sc.ConfigMap.Foreign {
		return nil
	}
	return unclear(v1alpha1.ReasonConfigMissing, "The operator has not seen %s yet.", sc.configMapRef())
}

func configChanged(sc *scene) *verdict {
	if sc.ConfigMap.Value == nil || sc.asWanted {
		return nil
	}
	return unclear(v1alpha1.ReasonConfigChanged, "%s does not match the spec; %s.", sc.configMapRef(), sc.mending(sc.configMapRef()))
}

func configNotUsed(sc *scene) *verdict {
	if sc.workload.template == nil || sc.readsConfig() {
		return nil
	}
	ref := sc.engine.ConfigMapRead(*sc.workload.template)
	if ref == "" {
		ref = "none"
	}
	return isNot(v1alpha1.ReasonConfigNotUsed, "%s reads another ConfigMap (%s) instead of the operator's (%s/%s); %s.",
		sc.workload.ref, ref, sc.configMapRef().Namespace, sc.configMapRef().Name, sc.mending(sc.workload.ref))
}

// readsConfig reports whether the live workload reads the operator's ConfigMap.
func (sc *scene) readsConfig() bool {
	ref := sc.configMapRef()
	return sc.workload.template != nil && sc.engine.ConfigMapRead(*sc.workload.template) == ref.Namespace+"/"+ref.Name
}

// hairpin warns about pods that call the balancer's address. Without ipMode Proxy, the nodes capture
// these connections, so they never pass the balancer, which would add the PROXY header. Clients
// outside the cluster are not affected, so the condition can still be True.
func hairpin(sc *scene) string {
	if !sc.trust.ProxyProtocol || !sc.isLoadBalancer() {
		return ""
	}
	for _, ingress := range sc.service.Status.LoadBalancer.Ingress {
		if ingress.IP != "" && (ingress.IPMode == nil || *ingress.IPMode != corev1.LoadBalancerIPModeProxy) {
			return " Pods that call " + ingress.IP + " bypass the load balancer. Their connections lack the PROXY header, so the controller refuses them. " +
				"Let the balancer report a host name or ipMode Proxy, or let pods call the application's own Service."
		}
	}
	return ""
}
