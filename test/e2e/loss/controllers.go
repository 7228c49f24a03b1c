package loss

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// controllerWitness records where controllers run, when they must end, and how long they promised
// to serve.
type controllerWitness struct {
	watch watch.Interface
	done  chan struct{}

	drained     map[types.UID]time.Time
	controllers map[netip.Addr]Controller
}

// watchControllers watches the pods with these labels, those that are there already as well; stop ends it.
func (s *stage) watchControllers(ctx context.Context, labels map[string]string) (*controllerWitness, error) {
	// Without a version to begin from, a watch begins with what is there.
	watching, err := s.lab.Client.Watch(ctx, &corev1.PodList{}, client.InNamespace(s.namespace()), client.MatchingLabels(labels))
	if err != nil {
		return nil, fmt.Errorf("watching controller pods: %w", err)
	}
	w := &controllerWitness{watch: watching, done: make(chan struct{}), drained: map[types.UID]time.Time{}, controllers: map[netip.Addr]Controller{}}
	go w.follow()
	return w, nil
}

func (w *controllerWitness) follow() {
	defer close(w.done)
	for event := range w.watch.ResultChan() {
		if pod, ok := event.Object.(*corev1.Pod); ok {
			w.see(pod, time.Now())
		}
	}
}

func (w *controllerWitness) see(pod *corev1.Pod, now time.Time) {
	if _, seen := w.drained[pod.UID]; !seen && pod.DeletionTimestamp != nil {
		w.drained[pod.UID] = now.Add(promised(pod.Spec.Containers[0]))
	}
	if address, err := netip.ParseAddr(pod.Status.PodIP); err == nil {
		w.controllers[address] = Controller{Node: pod.Spec.NodeName, Drained: w.drained[pod.UID]}
	}
}

// stop returns the controllers that were seen.
func (w *controllerWitness) stop() map[netip.Addr]Controller {
	w.watch.Stop()
	<-w.done
	return w.controllers
}

// promised returns how long a controller serves after it must end: the sleep of its hook and then
// its own grace period. Without them it is zero.
func promised(controller corev1.Container) time.Duration {
	var total time.Duration
	if hook := controller.Lifecycle; hook != nil && hook.PreStop != nil && hook.PreStop.Exec != nil {
		words := strings.Fields(strings.ReplaceAll(strings.Join(hook.PreStop.Exec.Command, " "), ";", " "))
		for i, word := range words {
			if word == "sleep" && i+1 < len(words) {
				total += wholeSeconds(words[i+1])
			}
		}
	}
	for _, argument := range controller.Args {
		if value, found := strings.CutPrefix(argument, "--shutdown-grace-period="); found {
			total += wholeSeconds(value)
		}
	}
	return total
}

func wholeSeconds(text string) time.Duration {
	number, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return time.Duration(number) * time.Second
}
