package assess

import (
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/engine"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
	"github.com/edge-ingress/edge-ingress-operator/verification/evidence"
)

// configEffective implements rows 31, 35, 38 to 41, 44 and 92 of docs/source-ip.md.
func configEffective(sc *scene) verdict {
	needs := []read{{"the ConfigMap", sc.ConfigMap.Err}, {"the " + sc.workload.ref.Kind, sc.workload.err}, {"the controller pods", sc.Pods.Err}}
	if sc.EdgeIngress.UsesService() {
		needs = append(needs, read{"the Service", sc.Service.Err})
	}
	return question{
		needs:  needs,
		writes: func(kind string) bool { return kind == "ConfigMap" || kind == "IngressClass" },
		checks: []check{
			configTaken, workloadTaken, classTaken,
			refused(engine.ProblemTrust, v1alpha1.ReasonTrustRefused),
			refused(engine.ProblemForbidden, v1alpha1.ReasonForbiddenConfigKeys),
			refused(engine.ProblemReserved, v1alpha1.ReasonReservedConfigKeys),
			refused(engine.ProblemInvalid, v1alpha1.ReasonInvalidConfigValues),
			refused(engine.ProblemUnknown, v1alpha1.ReasonUnknownConfigKeys),
			configNotUsed, configNotMade, configMissing, configChanged, workloadMissing, podsUnwanted, podsChanged,
			otherDefaultClass, defaultClassTaken, configNotLoaded, configLoading,
		},
		holds: configInForce,
	}.answer(sc)
}

func configInForce(sc *scene) verdict {
	written := fmt.Sprintf("%s in %s match the spec, and %s reads them.", capital(countOf(len(sc.state.Config), "setting")), sc.configMapRef(), sc.workload.ref)
	besides := sc.earlierSettings() + hairpin(sc) + sc.secondDefaultClass()
	if loaded := sc.loadsWhere(func(load evidence.Load) bool { return load.Digest == sc.measured.facts.ConfigDigest }); len(loaded) > 0 {
		return is(v1alpha1.ReasonConfigLoaded, "%s %s loaded them.%s", written, partOf(len(loaded), len(sc.measured.loads), "serving edge node", "has", "have"), besides)
	}
	return is(v1alpha1.ReasonConfigWritten, "%s The operator does not check whether the controller loaded them.%s", written, besides)
}

// earlierSettings says until when connections that clients opened before the last change may be served by the
// settings of before. Evidence is of new connections only (row 41).
func (sc *scene) earlierSettings() string {
	until := sc.earlierSettingsEnd()
	if !sc.Time.Before(until) {
		return ""
	}
	return fmt.Sprintf(" Connections that clients opened before %s may keep the earlier settings until %s.", clock(sc.ConfigWritten), clock(until))
}

// earlierSettingsEnd is when the last controller ended the last connection with earlier settings. It is zero where
// no controller pod had any.
func (sc *scene) earlierSettingsEnd() time.Time {
	older := func(pod snapshot.Pod) bool { return !pod.Ended && pod.Created.Before(sc.ConfigWritten) }
	if sc.ConfigWritten.IsZero() || !slices.ContainsFunc(sc.Pods.Items, older) {
		return time.Time{}
	}
	if keeps := sc.engine.KeepsSettings(sc.state.Config); keeps > 0 {
		return sc.ConfigWritten.Add(evidence.LoadGrace + keeps)
	}
	return time.Time{}
}

// loadsWhere returns what edge nodes report of their configuration and the filter lets through. There is none
// where the engine reports none.
func (sc *scene) loadsWhere(filter func(evidence.Load) bool) []evidence.Load {
	if sc.measured.facts.ConfigDigest == "" {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(sc.measured.loads), func(load evidence.Load) bool { return load.Time.IsZero() || !filter(load) })
}

// refusingLoads are those of edge nodes that run another configuration although they had time to load this one.
func (sc *scene) refusingLoads() []evidence.Load {
	return sc.loadsWhere(func(load evidence.Load) bool {
		written := sc.measured.facts.ConfigWritten
		return load.Digest != sc.measured.facts.ConfigDigest && !written.IsZero() && load.Time.Sub(written) >= evidence.LoadGrace
	})
}

// configNotLoaded finds edge nodes that run another configuration although they had time to load this one
// (row 41).
func configNotLoaded(sc *scene) *verdict {
	late := sc.refusingLoads()
	if len(late) == 0 {
		return nil
	}
	return isNot(v1alpha1.ReasonConfigNotLoaded,
		"On %s (%d of %d serving edge nodes) the controller runs another configuration than %s, more than %d seconds after that was written, so it refuses to load it. "+
			"Look for the error in its log: `kubectl -n %s logs %s`.",
		nodesNamed(nodesOf(late)), len(late), len(sc.measured.loads), sc.configMapRef(), int(evidence.LoadGrace.Seconds()), sc.state.Namespace, sc.podOf(late[0]))
}

// configRefused finds edge nodes whose controllers run the configuration of an earlier spec, and may believe what it asked for.
func configRefused(sc *scene) *verdict {
	refusing := nodesOf(sc.refusingLoads())
	if len(refusing) == 0 {
		return nil
	}
	return unclear(v1alpha1.ReasonConfigNotEffective, "On %s the controller runs an earlier configuration, so it may trust something else than the spec says. See the condition %s.",
		nodesNamed(refusing), v1alpha1.ConditionConfigEffective)
}

// configLoading finds edge nodes that may just be loading the configuration. Once they had the time for it, what
// a node ran before it was written says nothing, and neither does what it ran a moment later and nobody saw again,
// for instance because the witness is gone.
func configLoading(sc *scene) *verdict {
	loading := sc.loadsWhere(func(load evidence.Load) bool {
		began := !load.Time.Before(sc.ConfigWritten) && !sc.Time.After(load.Time.Add(evidence.LoadGrace))
		return load.Digest != sc.measured.facts.ConfigDigest && (began || sc.Time.Before(sc.ConfigWritten.Add(evidence.LoadGrace)))
	})
	if len(loading) == 0 {
		return nil
	}
	return unclear(v1alpha1.ReasonConfigLoading, "%s was written a moment ago, and on %s the controller still runs another configuration. It loads a new one within seconds.",
		sc.configMapRef(), nodesNamed(nodesOf(loading)))
}

func nodesOf(loads []evidence.Load) []string {
	var nodes []string
	for _, load := range loads {
		nodes = append(nodes, load.Node)
	}
	return nodes
}

// podOf names the controller pod that was seen.
func (sc *scene) podOf(load evidence.Load) string {
	for _, pod := range sc.Pods.Items {
		if pod.UID == load.Pod {
			return pod.Name
		}
	}
	return "POD"
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
	return namespaceUnusable(sc)
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
