package loss

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/test/e2e/lab"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/objects"
)

// scene is an observation that an event adds to while it happens.
type scene struct {
	*Observation
	// address records where the address moves to.
	address *addressWitness
}

// event is something that happens under load.
type event struct {
	name  string
	claim Claim
	// do makes the event happen and returns when everything is at rest again. It adds to the
	// observation what only it knows.
	do func(context.Context, *scene) error
}

// nothing is for how long nothing happens.
const nothing = 5 * time.Second

// down is for how long a node is gone that is rebooted.
const down = time.Second

// events returns the events in which nothing may be lost, in an order in which each finds the nodes
// that it needs. The last one is a crash without preparation.
func (s *stage) events(edge [3]string) []event {
	plain := func(name string, do func(context.Context, *scene) error) event {
		return event{name: name, claim: NothingLost, do: do}
	}
	return []event{
		plain("nothing, for comparison", func(ctx context.Context, _ *scene) error {
			pause(ctx, nothing)
			return ctx.Err()
		}),
		plain("measuring is switched on", func(ctx context.Context, o *scene) error {
			o.Reloaded = time.Now()
			return s.measure(ctx)
		}),
		plain("a rolling update after a change of the configuration", func(ctx context.Context, _ *scene) error {
			return s.change(ctx, func(spec *v1alpha1.EdgeIngressSpec) { spec.Exposure.DrainDelay.Duration = drain })
		}),
		plain("another image", func(ctx context.Context, _ *scene) error {
			// The digest decides what runs; another name of the same content rolls all pods.
			return s.change(ctx, func(spec *v1alpha1.EdgeIngressSpec) { spec.Controller.Image.Tag += "-again" })
		}),
		plain("a node joins", func(ctx context.Context, _ *scene) error { return s.setNodes(ctx, edge[:]...) }),
		plain("the node that announces the address leaves", func(ctx context.Context, o *scene) error {
			left, err := s.announcer(ctx)
			if err != nil {
				return err
			}
			o.Notes = append(o.Notes, left+" left")
			return s.setNodes(ctx, without(s.spec.Nodes.Names, left)...)
		}),
		plain("the node that announces the address is drained by kubectl, crashes, comes back and is uncordoned", s.drainAndReboot),
		plain("the operator is upgraded", s.upgradeOperator),
		plain("the operator is killed while it releases the node that announces the address", s.killOperator),
		plain("all nodes are swapped for others", func(ctx context.Context, o *scene) error {
			before := s.spec.Nodes.Names
			o.Notes = append(o.Notes, fmt.Sprintf("from %v to %v", before, without(edge[:], before...)))
			return s.setNodes(ctx, without(edge[:], before...)...)
		}),
		{name: "the node that announces the address crashes without warning", claim: Exception, do: s.crash},
	}
}

func without(names []string, removed ...string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return slices.Contains(removed, name) })
}

// change changes the spec and returns when it is carried out.
func (s *stage) change(ctx context.Context, change func(*v1alpha1.EdgeIngressSpec)) error {
	if err := s.write(ctx, change); err != nil {
		return err
	}
	return s.awaitRest(ctx)
}

// measure switches the measuring on, which stays on for the events that follow. The controllers get a host
// name more, so each loads its configuration again. It returns when the edge nodes are measured.
func (s *stage) measure(ctx context.Context) error {
	err := s.change(ctx, func(spec *v1alpha1.EdgeIngressSpec) {
		spec.Verification = &v1alpha1.VerificationSpec{Probes: v1alpha1.Enabled}
	})
	if err != nil {
		return err
	}
	return s.awaitMeasured(ctx)
}

func (s *stage) setNodes(ctx context.Context, names ...string) error {
	return s.change(ctx, func(spec *v1alpha1.EdgeIngressSpec) { spec.Nodes.Names = names })
}

// drainAndReboot does what an administrator does with a node that needs a new kernel. kubectl does
// not evict our pod. The operator withdraws it.
func (s *stage) drainAndReboot(ctx context.Context, o *scene) error {
	node, err := s.announcer(ctx)
	if err != nil {
		return err
	}
	began := time.Now()
	if err := s.kubectl(ctx, "drain", node, "--ignore-daemonsets", "--delete-emptydir-data"); err != nil {
		return err
	}
	if err := s.awaitWithdrawn(ctx, node); err != nil {
		return err
	}
	o.Notes = append(o.Notes, fmt.Sprintf("%s ran no controller any more %s after it was drained, and crashed then", node, seconds(time.Since(began))))
	if err := s.lab.Cluster.CrashNode(ctx, node); err != nil {
		return err
	}
	pause(ctx, down)
	if err := s.lab.Cluster.RestartNode(ctx, node); err != nil {
		return err
	}
	if err := s.kubectl(ctx, "uncordon", node); err != nil {
		return err
	}
	return s.awaitRest(ctx)
}

func (s *stage) kubectl(ctx context.Context, arguments ...string) error {
	if output, err := s.lab.Kubectl(ctx, arguments...).CombinedOutput(); err != nil {
		return fmt.Errorf("running kubectl %v: %w: %s", arguments, err, output)
	}
	return nil
}

// awaitWithdrawn returns when the operator says that a selected node runs no controller, and none is there.
func (s *stage) awaitWithdrawn(ctx context.Context, node string) error {
	return objects.Await(ctx, node+" to be withdrawn", restLimit, func(ctx context.Context) (bool, string, error) {
		live, err := s.get(ctx)
		if err != nil {
			return false, "", err
		}
		pods, err := s.pods(ctx)
		if err != nil {
			return false, "", err
		}
		there := slices.ContainsFunc(pods, func(p corev1.Pod) bool { return p.Spec.NodeName == node })
		return live.Status.Nodes.Withdrawn == 1 && !there, fmt.Sprintf("nodes %+v, a pod is there: %t", live.Status.Nodes, there), nil
	})
}

// upgradeOperator gives the operator's Deployment another name of the same image. It must not
// affect the controllers.
func (s *stage) upgradeOperator(ctx context.Context, o *scene) error {
	before, err := s.pods(ctx)
	if err != nil {
		return err
	}
	deployment := &appsv1.Deployment{}
	if err := s.lab.Client.Get(ctx, client.ObjectKey{Namespace: lab.OperatorNamespace, Name: lab.OperatorName}, deployment); err != nil {
		return fmt.Errorf("reading the operator's Deployment: %w", err)
	}
	old := deployment.DeepCopy()
	container := &deployment.Spec.Template.Spec.Containers[0]
	container.Image = otherName(container.Image)
	if err := s.lab.Client.Patch(ctx, deployment, client.StrategicMergeFrom(old)); err != nil {
		return fmt.Errorf("writing the operator's Deployment: %w", err)
	}
	if err := s.lab.AwaitDeployment(ctx, lab.OperatorNamespace, lab.OperatorName); err != nil {
		return err
	}
	after, err := s.pods(ctx)
	if err != nil {
		return err
	}
	for _, pod := range after {
		if !slices.ContainsFunc(before, func(p corev1.Pod) bool { return p.UID == pod.UID && pod.DeletionTimestamp == nil }) {
			o.Wrong = append(o.Wrong, "the upgrade replaced a controller: pod "+pod.Name)
		}
	}
	return nil
}

// otherName is another name of the same image. Of a name with tag and digest, nodes use the digest only.
func otherName(image string) string {
	repository, digest, _ := strings.Cut(image, "@")
	if tagless, found := strings.CutSuffix(repository, ":again"); found {
		return tagless + "@" + digest
	}
	return repository + ":again@" + digest
}

// killOperator lets the operator release a node and kills it as soon as that has begun.
func (s *stage) killOperator(ctx context.Context, o *scene) error {
	left, err := s.announcer(ctx)
	if err != nil {
		return err
	}
	if err := s.write(ctx, func(spec *v1alpha1.EdgeIngressSpec) { spec.Nodes.Names = without(spec.Nodes.Names, left) }); err != nil {
		return err
	}
	err = objects.Await(ctx, left+" to be released", restLimit, func(ctx context.Context) (bool, string, error) {
		pods, err := s.pods(ctx)
		ends := slices.ContainsFunc(pods, func(p corev1.Pod) bool { return p.Spec.NodeName == left && p.DeletionTimestamp != nil })
		return ends, "its controller does not end yet", err
	})
	if err != nil {
		return err
	}
	operators := &corev1.PodList{}
	if err := s.lab.Client.List(ctx, operators, client.InNamespace(lab.OperatorNamespace)); err != nil {
		return fmt.Errorf("listing the operator's pods: %w", err)
	}
	for i := range operators.Items {
		if err := s.lab.Client.Delete(ctx, &operators.Items[i], client.GracePeriodSeconds(0)); err != nil {
			return fmt.Errorf("killing the operator: %w", err)
		}
	}
	o.Notes = append(o.Notes, fmt.Sprintf("%s was being released when the operator's %d pods were killed", left, len(operators.Items)))
	return s.awaitRest(ctx)
}

// crash crashes the node that announces the address, with nothing that had prepared for it.
func (s *stage) crash(ctx context.Context, o *scene) error {
	node, err := s.announcer(ctx)
	if err != nil {
		return err
	}
	// The command returns when the last of the node's processes is gone; the first ones go at once.
	s.crashed, o.Crash = node, Crash{At: time.Now(), Node: node}
	if err := s.lab.Cluster.CrashNode(ctx, node); err != nil {
		return err
	}
	return objects.Await(ctx, "another node to announce the address", restLimit, func(context.Context) (bool, string, error) {
		return len(o.address.seen()) > 0, "it has not moved", nil
	})
}

// recoverCrashed brings the node back that crashed, if one did.
func (s *stage) recoverCrashed(ctx context.Context) error {
	if s.crashed == "" {
		return nil
	}
	if err := s.lab.Cluster.RestartNode(ctx, s.crashed); err != nil {
		return err
	}
	s.crashed = ""
	return s.awaitRest(ctx)
}
