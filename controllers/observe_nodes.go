package controllers

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

func (r *Reconciler) observeNodes(ctx context.Context) snapshot.List[snapshot.Node] {
	list := &corev1.NodeList{}
	// The nodes are only read here. To copy thousands of them on every pass would cost more than
	// everything else.
	if err := r.Client.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
		return snapshot.List[snapshot.Node]{Err: fmt.Errorf("listing nodes: %w", err)}
	}
	nodes := make([]snapshot.Node, 0, len(list.Items))
	for i := range list.Items {
		nodes = append(nodes, observedNode(&list.Items[i]))
	}
	slices.SortFunc(nodes, func(a, b snapshot.Node) int { return cmp.Compare(a.Name, b.Name) })
	return snapshot.List[snapshot.Node]{Items: nodes}
}

func observedNode(node *corev1.Node) snapshot.Node {
	seen := snapshot.Node{
		Name: node.Name, UID: node.UID, Labels: node.Labels, Taints: node.Spec.Taints,
		TaintClaims: taintClaims(node.Annotations), ManagedLabels: managedLabels(node.ManagedFields), Traces: traces(node.ManagedFields),
		Ready: corev1.ConditionUnknown, Unschedulable: node.Spec.Unschedulable, Deleting: !node.DeletionTimestamp.IsZero(),
		PodCIDRs: node.Spec.PodCIDRs, ProviderID: node.Spec.ProviderID,
	}
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			seen.Ready = condition.Status
		}
	}
	for _, address := range node.Status.Addresses {
		switch address.Type {
		case corev1.NodeInternalIP:
			seen.InternalIPs = append(seen.InternalIPs, address.Address)
		case corev1.NodeExternalIP:
			seen.ExternalIPs = append(seen.ExternalIPs, address.Address)
		}
	}
	return seen
}

func taintClaims(annotations map[string]string) map[string]string {
	var claims map[string]string
	for key, taint := range annotations {
		if name, ours := strings.CutPrefix(key, v1alpha1.TaintAnnotationPrefix); ours {
			if claims == nil {
				claims = map[string]string{}
			}
			claims[name] = taint
		}
	}
	return claims
}

// managedLabels reads from the managed fields which label keys the field manager of which EdgeIngress holds.
func managedLabels(entries []metav1.ManagedFieldsEntry) map[string][]string {
	var managed map[string][]string
	for _, entry := range entries {
		name, ours := edgeIngressOfManager(entry)
		if !ours {
			continue
		}
		if managed == nil {
			managed = map[string][]string{}
		}
		managed[name] = labelKeys(entry.FieldsV1)
	}
	return managed
}

// traces returns the names of the EdgeIngress objects whose writes of taints are in the managed
// fields.
func traces(entries []metav1.ManagedFieldsEntry) []string {
	var names []string
	for _, entry := range entries {
		if name, ours := strings.CutPrefix(entry.Manager, v1alpha1.NodeFieldManagerPrefix); ours && isTrace(entry, name) {
			names = append(names, name)
		}
	}
	return names
}

// isTrace reports whether the entry comes from a write of taints that the named EdgeIngress made.
func isTrace(entry metav1.ManagedFieldsEntry, edge string) bool {
	return entry.Operation == metav1.ManagedFieldsOperationUpdate && entry.Subresource == "" && entry.Manager == v1alpha1.NodeFieldManager(edge)
}

// holdsNode reports whether the node has anything of the named EdgeIngress.
func holdsNode(node metav1.ObjectMeta, edge string) bool {
	_, claimed := taintClaims(node.Annotations)[edge]
	return claimed || slices.ContainsFunc(node.ManagedFields, func(entry metav1.ManagedFieldsEntry) bool {
		return entry.Manager == v1alpha1.NodeFieldManager(edge)
	})
}

// edgeIngressOfManager returns the EdgeIngress whose labels the entry lists.
func edgeIngressOfManager(entry metav1.ManagedFieldsEntry) (name string, ours bool) {
	if entry.Operation != metav1.ManagedFieldsOperationApply || entry.Subresource != "" {
		return "", false
	}
	return strings.CutPrefix(entry.Manager, v1alpha1.NodeFieldManagerPrefix)
}

func labelKeys(fields *metav1.FieldsV1) []string {
	if fields == nil {
		return nil
	}
	var tree struct {
		Metadata struct {
			Labels map[string]json.RawMessage `json:"f:labels"`
		} `json:"f:metadata"`
	}
	if err := json.Unmarshal(fields.GetRawBytes(), &tree); err != nil {
		return nil
	}
	var keys []string
	for field := range tree.Metadata.Labels {
		if key, isKey := strings.CutPrefix(field, "f:"); isKey {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// nodesDiffer reports whether two versions of a node differ in anything that a pass looks at. A
// heartbeat does not.
func nodesDiffer(before, after *corev1.Node) bool {
	a, b := observedNode(before), observedNode(after)
	return !equality.Semantic.DeepEqual(a, b)
}
