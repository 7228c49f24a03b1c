package runner

import (
	"context"
	"fmt"
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/objects"
)

const (
	// restLimit is how long a change of everything, such as a roll-out of two nodes, may take.
	restLimit = 90 * time.Second
	// crashLimit is longer than Kubernetes takes to notice that a node is gone.
	crashLimit = 2 * time.Minute
)

// object is one EdgeIngress through the scenarios.
type object struct {
	runner *Runner
	name   string
	// spec is the spec of the last scenario; nil before the first.
	spec *v1alpha1.EdgeIngressSpec
	// mark is the setting by which the controller shows which configuration it has loaded; see mark.
	mark mark
	// touched reports whether a deed changed something after the last change of the spec.
	touched bool
	// calm holds the last conditions.
	calm calm
}

func (o *object) client() client.WithWatch { return o.runner.lab.Client }
func (o *object) namespace() string {
	return (&v1alpha1.EdgeIngress{ObjectMeta: o.meta()}).ControllerNamespace()
}
func (o *object) meta() metav1.ObjectMeta { return metav1.ObjectMeta{Name: o.name} }

// key is of the objects that run the controller.
func (o *object) key() client.ObjectKey {
	return client.ObjectKey{Namespace: o.namespace(), Name: names.Service(o.name)}
}

func (o *object) get(ctx context.Context) (*v1alpha1.EdgeIngress, error) {
	live := &v1alpha1.EdgeIngress{}
	if err := o.client().Get(ctx, client.ObjectKey{Name: o.name}, live); err != nil {
		return nil, fmt.Errorf("reading EdgeIngress %s: %w", o.name, err)
	}
	return live, nil
}

// bring writes the spec where it differs from the previous one, or where a deed changed something
// since. It returns when the controller has loaded the result. nil means the current spec.
func (o *object) bring(ctx context.Context, spec *v1alpha1.EdgeIngressSpec) error {
	if spec == nil {
		spec = o.spec
	}
	if spec == nil {
		return fmt.Errorf("EdgeIngress %s does not exist yet: run the scenarios before this one as well", o.name)
	}
	if equality.Semantic.DeepEqual(spec, o.spec) && !o.touched {
		return nil
	}
	o.spec, o.touched = spec, false
	if err := o.write(ctx); err != nil {
		return err
	}
	return o.awaitLoaded(ctx)
}

// write writes the spec with a new mark.
func (o *object) write(ctx context.Context) error {
	err := retry.RetryOnConflict(retry.DefaultRetry, func() error {
		live := &v1alpha1.EdgeIngress{ObjectMeta: o.meta()}
		_, err := controllerutil.CreateOrUpdate(ctx, o.client(), live, func() error {
			o.mark = o.mark.next(string(live.Spec.Controller.Config[markKey]))
			live.Spec = *o.spec.DeepCopy()
			live.Spec.Controller.Image = &o.runner.lab.Controller
			live.Spec.Controller.Config[markKey] = v1alpha1.ConfigValue(o.mark.String())
			return nil
		})
		return err
	})
	if err != nil {
		return fmt.Errorf("writing EdgeIngress %s: %w", o.name, err)
	}
	return nil
}

// awaitLoaded returns when the desired pods, and no others, run and all have the configuration with
// the mark.
func (o *object) awaitLoaded(ctx context.Context) error {
	if err := o.awaitPods(ctx); err != nil {
		return err
	}
	return objects.Await(ctx, fmt.Sprintf("the controllers of EdgeIngress %s to load their configuration", o.name), restLimit,
		func(ctx context.Context) (bool, string, error) {
			pods, err := o.pods(ctx)
			if err != nil {
				return false, "", err
			}
			for _, pod := range pods {
				if !isReady(pod) {
					continue
				}
				if seen, loaded := o.showsMark(ctx, pod); !loaded {
					return false, fmt.Sprintf("pod %s: %s", pod.Name, seen), nil
				}
			}
			return len(pods) > 0, "no pod", nil
		})
}

// awaitPods returns when the operator has seen the spec, its workload runs the right number of pods
// of its current template, and no other pod is left.
func (o *object) awaitPods(ctx context.Context) error {
	return objects.Await(ctx, fmt.Sprintf("the pods of EdgeIngress %s", o.name), restLimit, func(ctx context.Context) (bool, string, error) {
		live, err := o.get(ctx)
		if err != nil {
			return false, "", err
		}
		if live.Status.ObservedGeneration != live.Generation {
			return false, fmt.Sprintf("the operator has seen generation %d of %d", live.Status.ObservedGeneration, live.Generation), nil
		}
		want, err := o.wantedPods(ctx)
		if err != nil {
			return false, "", err
		}
		pods, err := o.pods(ctx)
		if err != nil {
			return false, "", err
		}
		ready := 0
		for _, pod := range pods {
			if isReady(pod) {
				ready++
			}
		}
		return want > 0 && ready == want && len(pods) == want, fmt.Sprintf("%d of %d pods are ready, there are %d", ready, want, len(pods)), nil
	})
}

// wantedPods is how many pods the workload wants; 0 while it has not rolled out.
func (o *object) wantedPods(ctx context.Context) (int, error) {
	if o.spec.Controller.Kind == v1alpha1.WorkloadDeployment {
		live := &appsv1.Deployment{}
		if err := o.client().Get(ctx, o.key(), live); err != nil {
			return 0, err
		}
		if live.Status.ObservedGeneration != live.Generation || live.Status.UpdatedReplicas != *live.Spec.Replicas {
			return 0, nil
		}
		return int(*live.Spec.Replicas), nil
	}
	live := &appsv1.DaemonSet{}
	if err := o.client().Get(ctx, o.key(), live); err != nil {
		return 0, err
	}
	if live.Status.ObservedGeneration != live.Generation || live.Status.UpdatedNumberScheduled != live.Status.DesiredNumberScheduled {
		return 0, nil
	}
	return int(live.Status.DesiredNumberScheduled), nil
}

// pods are all controller pods, those that end included.
func (o *object) pods(ctx context.Context) ([]corev1.Pod, error) {
	list := &corev1.PodList{}
	if err := o.client().List(ctx, list, client.InNamespace(o.namespace()), client.MatchingLabels{v1alpha1.OwnerLabel: o.name}); err != nil {
		return nil, fmt.Errorf("listing controller pods: %w", err)
	}
	return list.Items, nil
}

// podOn is the controller pod on a node; nil where there is none.
func (o *object) podOn(ctx context.Context, node string) (*corev1.Pod, error) {
	pods, err := o.pods(ctx)
	for i := range pods {
		if pods[i].Spec.NodeName == node && pods[i].DeletionTimestamp == nil {
			return &pods[i], err
		}
	}
	return nil, err
}

func isReady(pod corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue && pod.DeletionTimestamp == nil
		}
	}
	return false
}

// markKey is a setting of the engine with an effect that clients can see: the largest body of a
// request, in bytes.
const markKey = "proxy-body-size"

// firstMark is far above the size of any request.
const firstMark = 2_000_000_000

// mark is the value of markKey. Each change of an EdgeIngress makes it smaller by one. A request
// that announces a body of one byte more than the newest mark is then refused only by controllers
// that have loaded the newest configuration. The others wait for the body.
type mark int64

func (m mark) String() string { return strconv.FormatInt(int64(m), 10) }

// next is the mark after this one and after the one that is there already.
func (m mark) next(there string) mark {
	newest := m
	if found, err := strconv.ParseInt(there, 10, 64); err == nil && (newest == 0 || mark(found) < newest) {
		newest = mark(found)
	}
	if newest == 0 {
		newest = firstMark
	}
	return newest - 1
}
