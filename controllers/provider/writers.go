package provider

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// Labels and annotations with which tools mark what they write.
const (
	serviceLBTolerations = "svccontroller.k3s.cattle.io/tolerations"
	serviceLBName        = "svccontroller.k3s.cattle.io/svcname"
	serviceLBNamespace   = "svccontroller.k3s.cattle.io/svcnamespace"
	helmRelease          = "meta.helm.sh/release-name"
	helmNamespace        = "meta.helm.sh/release-namespace"
	managedBy            = "app.kubernetes.io/managed-by"
	instance             = "app.kubernetes.io/instance"
	fluxHelm             = "helm.toolkit.fluxcd.io/name"
	fluxKustomize        = "kustomize.toolkit.fluxcd.io/name"
	argoCD               = "argocd.argoproj.io/tracking-id"
	argoCDInstance       = "argocd.argoproj.io/instance"
	k3sObjectSet         = "objectset.rio.cattle.io/owner-name"
	k3sHash              = "objectset.rio.cattle.io/hash"
	addonManager         = "addonmanager.kubernetes.io/mode"
)

// WriterAnnotations show who writes a DaemonSet. The caches keep them.
var WriterAnnotations = []string{helmRelease, helmNamespace, argoCD, k3sObjectSet}

// WriterOf returns what writes a DaemonSet: Helm (helm.sh/docs, best practices: labels), Flux
// (fluxcd/kustomize-controller and helm-controller), Argo CD (argo-cd docs, resource tracking), k3s
// (rancher/wrangler pkg/apply; k3s-io/k3s pkg/cloudprovider/servicelb.go), the add-on manager
// (k8s.io/kubernetes cluster/addons/addon-manager), or the controller of its owner.
func WriterOf(ds *appsv1.DaemonSet) snapshot.Writer {
	labels, annotations := ds.Labels, ds.Annotations
	owner := metav1.GetControllerOf(ds)
	switch {
	case isPerService(ds):
		pods := ds.Spec.Template.Labels
		return snapshot.Writer{
			Kind:      snapshot.WrittenForService,
			Namespace: cmp.Or(labels[serviceLBNamespace], pods[serviceLBNamespace]), Name: cmp.Or(labels[serviceLBName], pods[serviceLBName]),
		}
	case owner != nil:
		return snapshot.Writer{Kind: snapshot.WrittenByOwner, Resource: owner.Kind, Name: owner.Name, Namespace: ds.Namespace}
	case labels[fluxHelm] != "" || labels[fluxKustomize] != "":
		return snapshot.Writer{Kind: snapshot.WrittenByFlux, Name: cmp.Or(labels[fluxHelm], labels[fluxKustomize])}
	case annotations[argoCD] != "" || labels[argoCDInstance] != "":
		application, _, _ := strings.Cut(annotations[argoCD], ":")
		return snapshot.Writer{Kind: snapshot.WrittenByArgoCD, Name: cmp.Or(application, labels[argoCDInstance])}
	case annotations[helmRelease] != "" || labels[managedBy] == "Helm":
		return snapshot.Writer{Kind: snapshot.WrittenByHelm, Namespace: annotations[helmNamespace], Name: cmp.Or(annotations[helmRelease], labels[instance])}
	case annotations[k3sObjectSet] != "" || labels[k3sHash] != "":
		return snapshot.Writer{Kind: snapshot.WrittenByK3s, Name: annotations[k3sObjectSet]}
	case labels[addonManager] == "Reconcile":
		return snapshot.Writer{Kind: snapshot.WrittenByAddonManager}
	}
	return snapshot.Writer{}
}

func isPerService(ds *appsv1.DaemonSet) bool {
	_, labelled := ds.Labels[serviceLBName]
	return labelled || slices.ContainsFunc(registered, func(lb *loadBalancer) bool { return lb.signs.agentPerService.matches(ds) })
}

// ToleranceRemedy is a sentence without a full stop: where to write a toleration for the taint, so that it
// stays. service is the Service of the EdgeIngress.
func ToleranceRemedy(agent snapshot.Agent, key string, effect corev1.TaintEffect, service snapshot.Ref) string {
	what := fmt.Sprintf("Add a toleration for the taint %s (operator Exists, effect %s)", key, effect)
	if agent.Writer.Kind == snapshot.WrittenForService {
		value, err := json.Marshal([]corev1.Toleration{{Key: key, Operator: corev1.TolerationOpExists, Effect: effect}})
		if err != nil {
			return what
		}
		return fmt.Sprintf("Add the annotation %s: '%s' to %s. k3s writes DaemonSet %s/%s from it (since 2024, k3s pull request 10687)",
			serviceLBTolerations, value, annotationsOf(agent, service), agent.Namespace, agent.Name)
	}
	return what + place(agent, "tolerations")
}

// SelectorRemedy is a sentence without a full stop: how to let the agent run on the node.
func SelectorRemedy(agent snapshot.Agent, node string) string {
	if agent.Writer.Kind == snapshot.WrittenForService {
		var missing []string
		for _, key := range slices.Sorted(maps.Keys(agent.NodeSelector)) {
			missing = append(missing, key+"="+agent.NodeSelector[key])
		}
		return fmt.Sprintf("Set the label %s on node %s, by which k3s chooses the nodes of DaemonSet %s/%s", strings.Join(missing, ", "), node, agent.Namespace, agent.Name)
	}
	if agent.Writer == (snapshot.Writer{}) {
		return fmt.Sprintf("Let the nodeSelector and affinity of DaemonSet %s/%s select the node", agent.Namespace, agent.Name)
	}
	return "Let the nodeSelector and affinity select the node" + strings.Replace(place(agent, "nodeSelector"), " to ", " in ", 1)
}

// annotationsOf says where the annotations of the agent's Service are written.
func annotationsOf(agent snapshot.Agent, service snapshot.Ref) string {
	writer := agent.Writer
	lb := registration(agent.Provider)
	byName := writer.Name == "" && lb != nil && lb.signs.agentPerService.serves(agent.Name, service.Name)
	if byName || (writer.Name == service.Name && (writer.Namespace == "" || writer.Namespace == service.Namespace)) {
		return "spec.exposure.loadBalancer.annotations"
	}
	if writer.Name == "" {
		return "the Service of that DaemonSet"
	}
	return fmt.Sprintf("Service %s/%s", writer.Namespace, writer.Name)
}

// place says where to write a setting of the agent's pods, beginning with " to".
func place(agent snapshot.Agent, setting string) string {
	daemonSet, writer := fmt.Sprintf("DaemonSet %s/%s", agent.Namespace, agent.Name), agent.Writer
	writes := ", which writes " + daemonSet
	switch writer.Kind {
	case snapshot.WrittenByOwner:
		field := ownerField(agent, setting)
		return fmt.Sprintf(" to %s%s %s%s", field, writer.Resource, qualified(writer), writes)
	case snapshot.WrittenByHelm:
		return fmt.Sprintf(" to the value %s of Helm release %s%s", chartValue(agent.Provider, setting), qualified(writer), writes)
	case snapshot.WrittenByFlux, snapshot.WrittenByArgoCD:
		return fmt.Sprintf(" to the source from which %s (%s) applies %s; if that is a Helm chart, to its value %s",
			writer.Kind, writer.Name, daemonSet, chartValue(agent.Provider, setting))
	case snapshot.WrittenByK3s:
		return fmt.Sprintf(" to the manifest on the servers or the HelmChartConfig from which k3s or RKE2 writes %s", daemonSet)
	case snapshot.WrittenByAddonManager:
		return fmt.Sprintf(" with the vendor of the cluster, whose add-on manager writes %s again", daemonSet)
	case snapshot.WrittenForService: // An annotation of the Service; see annotationsOf.
	}
	return " to " + daemonSet
}

func qualified(writer snapshot.Writer) string {
	if writer.Namespace == "" {
		return writer.Name
	}
	return writer.Namespace + "/" + writer.Name
}

// ownerField returns the field of a known owner, with " of ", or "" for others.
func ownerField(agent snapshot.Agent, setting string) string {
	lb := registration(agent.Provider)
	if lb == nil || lb.signs.owner.resource != agent.Writer.Resource || lb.signs.owner.fields[setting] == "" {
		return ""
	}
	return lb.signs.owner.fields[setting] + " of "
}

// chartValue returns the value of the load balancer's own chart, or the usual name.
func chartValue(p v1alpha1.Provider, setting string) string {
	if lb := registration(p); lb != nil {
		return lb.signs.chartPrefix + setting
	}
	return setting
}
