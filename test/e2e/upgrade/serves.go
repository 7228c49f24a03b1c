package upgrade

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/test/e2e/lab"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/objects"
)

// leaseName is that of the operator's leader election.
const leaseName = "edge-ingress-operator.edgeingress.dev"

// patience is many times what each step takes.
const patience = 3 * time.Minute

// measurePatience is longer than the prober takes to write a report in which nothing changed.
const measurePatience = 5 * time.Minute

// awaitLeader returns when an operator of this version leads.
func awaitLeader(ctx context.Context, l *lab.Lab, r Release) error {
	return objects.Await(ctx, "an operator of the version "+r.Revision+" to lead", patience, func(ctx context.Context) (bool, string, error) {
		lease := &coordinationv1.Lease{}
		if err := l.Client.Get(ctx, client.ObjectKey{Namespace: lab.OperatorNamespace, Name: leaseName}, lease); err != nil {
			return false, "", err
		}
		holder := ""
		if lease.Spec.HolderIdentity != nil {
			holder, _, _ = strings.Cut(*lease.Spec.HolderIdentity, "_")
		}
		pod := &corev1.Pod{}
		if err := l.Client.Get(ctx, client.ObjectKey{Namespace: lab.OperatorNamespace, Name: holder}, pod); err != nil {
			return false, "", err
		}
		image := pod.Spec.Containers[0].Image
		return image == r.Image && pod.DeletionTimestamp == nil, "pod " + holder + " with the image " + image, nil
	})
}

// awaitPrograms returns when an operator, a witness and a prober of this version are ready, and all their containers run
// its image, by the digest that the nodes found out when they pulled it.
func awaitPrograms(ctx context.Context, l *lab.Lab, r Release) error {
	return objects.Await(ctx, "only programs of the version "+r.Revision, patience, func(ctx context.Context) (bool, string, error) {
		var pods []corev1.Pod
		for _, namespace := range []string{lab.OperatorNamespace, lab.ProberNamespace} {
			list := &corev1.PodList{}
			if err := l.Client.List(ctx, list, client.InNamespace(namespace)); err != nil {
				return false, "", err
			}
			pods = append(pods, list.Items...)
		}
		done, seen := runsOnly(pods, r.Image)
		return done, seen, nil
	})
}

// componentLabel of a pod says which of the programs it runs.
const componentLabel = "app.kubernetes.io/component"

// runsOnly reports whether the pods that stay run this image and no other, and at least one of each program is ready.
func runsOnly(pods []corev1.Pod, image string) (done bool, seen string) {
	ready, others := sets.New[string](), false
	var lines []string
	for _, pod := range pods {
		if pod.DeletionTimestamp != nil {
			continue
		}
		for _, container := range pod.Status.ContainerStatuses {
			right := pod.Spec.Containers[0].Image == image && container.ImageID == image
			lines = append(lines, fmt.Sprintf("%s runs %s, asked for as %s, ready: %t", pod.Name, container.ImageID, pod.Spec.Containers[0].Image, container.Ready))
			others = others || !right
			if right && container.Ready {
				ready.Insert(pod.Labels[componentLabel])
			}
		}
	}
	return !others && ready.HasAll("operator", "witness", "prober"), strings.Join(lines, "; ")
}

// touch changes the spec without asking for anything else: the order of the nodes has no meaning.
func touch(ctx context.Context, c client.Client, name string) error {
	err := retry.RetryOnConflict(retry.DefaultRetry, func() error {
		live := &v1alpha1.EdgeIngress{}
		if err := c.Get(ctx, client.ObjectKey{Name: name}, live); err != nil {
			return err
		}
		slices.Reverse(live.Spec.Nodes.Names)
		return c.Update(ctx, live)
	})
	if err != nil {
		return fmt.Errorf("changing EdgeIngress %s: %w", name, err)
	}
	return nil
}

// awaitServed returns when the operator of this version has written the status for the current spec, and the EdgeIngress is
// Ready.
func awaitServed(ctx context.Context, c client.Client, r Release, name string) error {
	return awaitStatus(ctx, c, r, name, outcome{"serve", func(conditions []metav1.Condition) bool {
		return meta.IsStatusConditionTrue(conditions, v1alpha1.ConditionReady)
	}})
}

// awaitGuarded returns when the operator of this version says what it has to say of the guard: True where its policies are
// in force, False where they are not, and nothing if it does not know the condition.
func awaitGuarded(ctx context.Context, c client.Client, r Release, name string, inForce bool) error {
	want := r.guarded(inForce)
	return awaitStatus(ctx, c, r, name, outcome{"say " + v1alpha1.ConditionGuarded + " is " + want + " of", func(conditions []metav1.Condition) bool {
		return guardedIn(conditions) == want
	}})
}

// absent is what a table says of a condition that is not there.
const absent = "absent"

func (r *Release) guarded(inForce bool) string {
	switch {
	case !r.knowsGuarded:
		return absent
	case inForce:
		return string(metav1.ConditionTrue)
	}
	return string(metav1.ConditionFalse)
}

func guardedIn(conditions []metav1.Condition) string {
	if found := meta.FindStatusCondition(conditions, v1alpha1.ConditionGuarded); found != nil {
		return string(found.Status)
	}
	return absent
}

// outcome is what the operator does for an EdgeIngress, and how the conditions then are.
type outcome struct {
	does  string
	holds func([]metav1.Condition) bool
}

// awaitStatus returns when the operator of this version has written a status for the current spec with such conditions.
func awaitStatus(ctx context.Context, c client.Client, r Release, name string, o outcome) error {
	return objects.Await(ctx, "the operator of the version "+r.Revision+" to "+o.does+" EdgeIngress "+name, patience, func(ctx context.Context) (bool, string, error) {
		live := &v1alpha1.EdgeIngress{}
		if err := c.Get(ctx, client.ObjectKey{Name: name}, live); err != nil {
			return false, "", err
		}
		status := live.Status
		seen := fmt.Sprintf("status of generation %d of %d by version %q, %v", status.ObservedGeneration, live.Generation, status.OperatorVersion, status.Conditions)
		done := status.ObservedGeneration == live.Generation && (!r.recordsVersion || status.OperatorVersion == r.Version) && o.holds(status.Conditions)
		return done, seen, nil
	})
}

// awaitMeasured returns when the prober has sent requests to every node with a controller since this moment, the
// senders' addresses arrived, and the operator says so.
func awaitMeasured(ctx context.Context, c client.Client, name string, since time.Time) error {
	return objects.Await(ctx, "EdgeIngress "+name+" to be measured again", measurePatience, func(ctx context.Context) (bool, string, error) {
		pods, reports, live := &corev1.PodList{}, &v1alpha1.SourceIPReportList{}, &v1alpha1.EdgeIngress{}
		if err := c.List(ctx, pods, client.MatchingLabels{v1alpha1.OwnerLabel: name}); err != nil {
			return false, "", err
		}
		if err := c.List(ctx, reports); err != nil {
			return false, "", err
		}
		if err := c.Get(ctx, client.ObjectKey{Name: name}, live); err != nil {
			return false, "", err
		}
		left := unmeasured(pods.Items, reports.Items, name, since)
		condition := meta.FindStatusCondition(live.Status.Conditions, v1alpha1.ConditionNodesKeepSourceIP)
		done := len(left) == 0 && meta.IsStatusConditionTrue(live.Status.Conditions, v1alpha1.ConditionNodesKeepSourceIP)
		return done, fmt.Sprintf("not measured since %s: %v; %+v", since.UTC().Format(time.TimeOnly), left, condition), nil
	})
}

// unmeasured are the nodes with a controller from which no sender's address was seen since then.
func unmeasured(pods []corev1.Pod, reports []v1alpha1.SourceIPReport, name string, since time.Time) []string {
	nodes := sets.New[string]()
	for _, pod := range pods {
		nodes.Insert(pod.Spec.NodeName)
	}
	for _, report := range reports {
		if report.Spec.EdgeIngress != name || report.Spec.Vantage != v1alpha1.VantageInside {
			continue
		}
		for _, sight := range report.Status.Sights {
			if sight.Seen == v1alpha1.SeenOwn && sight.Time.After(since) {
				nodes.Delete(sight.Node)
			}
		}
	}
	return sets.List(nodes)
}
