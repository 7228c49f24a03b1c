package upgrade

import (
	"context"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// snapshot is what the operator has made for the EdgeIngress objects, at a moment.
type snapshot struct {
	// pods are the controller pods by their uid, with their names and nodes.
	pods map[types.UID]string
	// objects are all others, by kind and name, and the nodes.
	objects map[string]seen
}

// seen is an object with its identity and what it says: not its status, and nothing that the API server counts.
type seen struct {
	uid     types.UID
	content map[string]any
}

// kinds of the objects that an operator makes for an EdgeIngress. It labels and taints nodes.
var kinds = []schema.GroupVersionKind{
	{Version: "v1", Kind: "Service"}, {Version: "v1", Kind: "ConfigMap"}, {Version: "v1", Kind: "ServiceAccount"}, {Version: "v1", Kind: "Node"},
	{Group: "apps", Version: "v1", Kind: "DaemonSet"}, {Group: "apps", Version: "v1", Kind: "Deployment"},
	{Group: "networking.k8s.io", Version: "v1", Kind: "IngressClass"}, {Group: "networking.k8s.io", Version: "v1", Kind: "Ingress"},
	{Group: "policy", Version: "v1", Kind: "PodDisruptionBudget"},
	{Group: "rbac.authorization.k8s.io", Version: "v1", Kind: "RoleBinding"}, {Group: "rbac.authorization.k8s.io", Version: "v1", Kind: "ClusterRoleBinding"},
}

// look takes a snapshot.
func look(ctx context.Context, c client.Client) (snapshot, error) {
	s := snapshot{pods: map[types.UID]string{}, objects: map[string]seen{}}
	pods := &corev1.PodList{}
	if err := c.List(ctx, pods, client.HasLabels{v1alpha1.OwnerLabel}); err != nil {
		return s, fmt.Errorf("listing the controller pods: %w", err)
	}
	for _, pod := range pods.Items {
		s.pods[pod.UID] = pod.Name + " on " + pod.Spec.NodeName
	}
	for _, kind := range kinds {
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(kind.GroupVersion().WithKind(kind.Kind + "List"))
		options := []client.ListOption{client.HasLabels{v1alpha1.OwnerLabel}}
		if kind.Kind == "Node" {
			options = nil
		}
		if err := c.List(ctx, list, options...); err != nil {
			return s, fmt.Errorf("listing each %s: %w", kind.Kind, err)
		}
		for i := range list.Items {
			object := &list.Items[i]
			s.objects[object.GetKind()+" "+client.ObjectKeyFromObject(object).String()] = seen{uid: object.GetUID(), content: contentOf(object)}
		}
	}
	return s, nil
}

// contentOf is the object without what changes by itself. Of a node, only what the operator writes is left.
func contentOf(object *unstructured.Unstructured) map[string]any {
	content := object.DeepCopy().Object
	delete(content, "status")
	if object.GetKind() == "Node" {
		taints, _, _ := unstructured.NestedFieldNoCopy(content, "spec", "taints")
		return map[string]any{"labels": object.GetLabels(), "taints": taints}
	}
	metadata, _ := content["metadata"].(map[string]any)
	for _, field := range []string{"managedFields", "resourceVersion", "generation"} {
		delete(metadata, field)
	}
	return content
}

// replaced are the controller pods that were there before and are not there any more.
func replaced(before, after snapshot) []string {
	var gone []string
	for uid, name := range before.pods {
		if _, there := after.pods[uid]; !there {
			gone = append(gone, name)
		}
	}
	slices.Sort(gone)
	return gone
}

// changed says what became of objects: each that is gone, new, replaced, or different, with the fields that are.
func changed(before, after snapshot) []string {
	var changes []string
	for _, name := range slices.Sorted(maps.Keys(before.objects)) {
		was := before.objects[name]
		is, there := after.objects[name]
		switch {
		case !there:
			changes = append(changes, name+" is gone")
		case was.uid != is.uid:
			changes = append(changes, name+" is another one")
		default:
			for _, path := range differences("", was.content, is.content) {
				changes = append(changes, name+": "+path)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(after.objects)) {
		if _, there := before.objects[name]; !there {
			changes = append(changes, name+" is new")
		}
	}
	return changes
}

// differences are the paths of the fields that differ.
func differences(path string, before, after any) []string {
	if equality.Semantic.DeepEqual(before, after) {
		return nil
	}
	was, isMap := before.(map[string]any)
	is, areMaps := after.(map[string]any)
	if !isMap || !areMaps {
		return []string{path}
	}
	keys := maps.Clone(was)
	maps.Copy(keys, is)
	var found []string
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		found = append(found, differences(path+"."+key, was[key], is[key])...)
	}
	return found
}
