package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/test/e2e/scenario"
)

// done records the manual changes of one scenario.
type done struct {
	object *object
	// undoing holds what takes it back, in the order in which it was done.
	undoing []func(context.Context) error
	// repairs are the repairs that others than the runner must make.
	repairs []repair
	// notes are the measurements.
	notes []string
}

func (d *done) do(ctx context.Context, deed scenario.Deed) error {
	d.object.touched, d.object.calm = true, calm{}
	deeds := map[scenario.Deed]func(context.Context) error{
		scenario.TolerateEdgeTaint:       d.object.runner.lab.TolerateEdgeTaint,
		scenario.RefuseSpeakers:          d.refuseSpeakers,
		scenario.DenyClients:             d.denyClients,
		scenario.RequireDualStack:        d.requireDualStack,
		scenario.PolicyToCluster:         d.policyToCluster,
		scenario.TrustEveryone:           d.trustEveryone,
		scenario.RefuseServiceRepairs:    func(ctx context.Context) error { return d.refuseRepairs(ctx, "services", &corev1.Service{}) },
		scenario.RefuseConfigRepairs:     func(ctx context.Context) error { return d.refuseRepairs(ctx, "configmaps", &corev1.ConfigMap{}) },
		scenario.OverruleConfig:          d.overruleConfig,
		scenario.ExcludeRoleLabel:        d.excludeRoleLabel,
		scenario.RemoveEdgeLabels:        d.removeEdgeLabels,
		scenario.DeleteControllerPod:     d.deleteControllerPod,
		scenario.RemoveNodeSelector:      d.removeNodeSelector,
		scenario.AddForeignEndpointSlice: d.addForeignEndpointSlice,
		scenario.MasqueradeOnEdge:        d.masqueradeOnEdge,
		scenario.MasqueradeInFront:       d.masqueradeInFront,
		scenario.ProxyStopsAppending:     d.proxyStopsAppending,
		scenario.TakeWitnessHost:         d.takeWitnessHost,
		scenario.ForgeReports:            d.forgeReports,
		scenario.ReplayChallenge:         d.replayChallenge,
		scenario.AskReservedPath:         d.askReservedPath,
		scenario.KillWitness:             d.killWitness,
		scenario.StopWitness:             d.stopWitness,
		scenario.KillProbers:             d.killProbers,
		scenario.RecreateNode:            d.recreateNode,
		scenario.RefusedConfig:           d.refusedConfig,
		scenario.ForbidHostPorts:         d.forbidHostPorts,
		scenario.RefusePods:              d.refusePods,
		scenario.AddSidecarByPolicy:      d.addSidecarByPolicy,
		scenario.CrashAnnouncer:          d.crashAnnouncer,
	}
	do, there := deeds[deed]
	if !there {
		return errors.New("nobody knows how")
	}
	return do(ctx)
}

// undo takes back what was done and is not undone yet, the last first.
func (d *done) undo(ctx context.Context) error {
	var errs []error
	for _, undo := range slices.Backward(d.undoing) {
		errs = append(errs, undo(ctx))
	}
	d.undoing = nil
	return errors.Join(errs...)
}

func (d *done) later(undo func(context.Context) error) { d.undoing = append(d.undoing, undo) }

// patch changes an object of the EdgeIngress as kubectl patch does.
func (d *done) patch(ctx context.Context, object client.Object, kind types.PatchType, patch string) error {
	key := d.object.key()
	object.SetNamespace(key.Namespace)
	object.SetName(key.Name)
	return d.object.client().Patch(ctx, object, client.RawPatch(kind, []byte(patch)))
}

func (d *done) policyToCluster(ctx context.Context) error {
	policy := func(s *corev1.Service) any { return s.Spec.ExternalTrafficPolicy }
	if err := expectBack(ctx, d, "the policy", d.object.key(), policy); err != nil {
		return err
	}
	return d.patch(ctx, &corev1.Service{}, types.MergePatchType, `{"spec":{"externalTrafficPolicy":"Cluster"}}`)
}

func (d *done) trustEveryone(ctx context.Context) error {
	if err := expectBack(ctx, d, "the ConfigMap", d.object.key(), func(c *corev1.ConfigMap) any { return c.Data }); err != nil {
		return err
	}
	d.object.mark = d.object.mark.next("")
	return d.patch(ctx, &corev1.ConfigMap{}, types.MergePatchType,
		fmt.Sprintf(`{"data":{"use-forwarded-headers":"true","proxy-real-ip-cidr":"0.0.0.0/0",%q:%q}}`, markKey, d.object.mark))
}

func (d *done) removeEdgeLabels(ctx context.Context) error {
	role, own := v1alpha1.DefaultRoleLabel, v1alpha1.NodeLabel(d.object.name)
	labels := func(n *corev1.Node) any {
		_, hasRole := n.Labels[role]
		_, hasOwn := n.Labels[own]
		return hasRole && hasOwn
	}
	if err := expectBack(ctx, d, "both labels", client.ObjectKey{Name: d.firstEdge()}, labels); err != nil {
		return err
	}
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: d.firstEdge()}}
	return d.object.client().Patch(ctx, node, client.RawPatch(types.MergePatchType, fmt.Appendf(nil, `{"metadata":{"labels":{%q:null,%q:null}}}`, role, own)))
}

func (d *done) firstEdge() string { return d.object.spec.Nodes.Names[0] }

func (d *done) deleteControllerPod(ctx context.Context) error {
	pod, err := d.object.podOn(ctx, d.firstEdge())
	if err != nil || pod == nil {
		return fmt.Errorf("finding the controller pod on %s: there is none (error %w)", d.firstEdge(), err)
	}
	d.repairs = append(d.repairs, repair{"a ready pod", func(ctx context.Context) (bool, string, error) {
		next, err := d.object.podOn(ctx, d.firstEdge())
		if err != nil || next == nil {
			return false, "no pod", err
		}
		return next.UID != pod.UID && isReady(*next), "pod " + next.Name, nil
	}})
	return d.object.client().Delete(ctx, pod)
}

func (d *done) removeNodeSelector(ctx context.Context) error {
	selector := func(s *appsv1.DaemonSet) any { return s.Spec.Template.Spec.NodeSelector }
	if err := expectBack(ctx, d, "the nodeSelector", d.object.key(), selector); err != nil {
		return err
	}
	return d.patch(ctx, &appsv1.DaemonSet{}, types.JSONPatchType, `[{"op":"remove","path":"/spec/template/spec/nodeSelector"}]`)
}

// addForeignEndpointSlice makes an application an endpoint of the ingress controller's Service, on
// the edge node that has no controller.
func (d *done) addForeignEndpointSlice(ctx context.Context) error {
	node, err := d.object.nodeOf(ctx, scenario.NodePortWithoutPod)
	if err != nil {
		return err
	}
	_, address, err := d.object.runner.lab.Probe(ctx, node)
	if err != nil {
		return err
	}
	key, ready, port, name, protocol := d.object.key(), true, int32(8080), "http", corev1.ProtocolTCP
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: key.Namespace, Name: "foreign",
			Labels: map[string]string{discoveryv1.LabelServiceName: key.Name, discoveryv1.LabelManagedBy: "somebody"},
		},
		AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints:   []discoveryv1.Endpoint{{Addresses: []string{address.String()}, NodeName: &node, Conditions: discoveryv1.EndpointConditions{Ready: &ready}}},
		Ports:       []discoveryv1.EndpointPort{{Name: &name, Port: &port, Protocol: &protocol}},
	}
	if err := d.object.client().Create(ctx, slice); err != nil {
		return err
	}
	d.later(func(ctx context.Context) error { return d.object.client().Delete(ctx, slice) })
	return nil
}
