package loss

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// drainWitness watches when pods are told to end, and says until when they promised to serve.
type drainWitness struct {
	watch watch.Interface
	done  chan struct{}

	seen    map[types.UID]bool
	mu      sync.Mutex
	drained []time.Time
}

// watchDrains watches the pods with these labels from now on; stop ends it.
func (s *stage) watchDrains(ctx context.Context, labels map[string]string) (*drainWitness, error) {
	watching, err := s.lab.Client.Watch(ctx, &corev1.PodList{}, client.InNamespace(s.namespace()), client.MatchingLabels(labels))
	if err != nil {
		return nil, fmt.Errorf("watching controller pods: %w", err)
	}
	w := &drainWitness{watch: watching, done: make(chan struct{}), seen: map[types.UID]bool{}}
	go w.follow()
	return w, nil
}

func (w *drainWitness) follow() {
	defer close(w.done)
	for event := range w.watch.ResultChan() {
		pod, ok := event.Object.(*corev1.Pod)
		if !ok || pod.DeletionTimestamp == nil || w.seen[pod.UID] {
			continue
		}
		w.seen[pod.UID] = true
		w.mu.Lock()
		w.drained = append(w.drained, time.Now().Add(promised(pod.Spec.Containers[0])))
		w.mu.Unlock()
	}
}

// stop returns the ends of the drains that are over.
func (w *drainWitness) stop() []time.Time {
	w.watch.Stop()
	<-w.done
	return w.drained
}

// promised is how long a controller serves on after it was told to end: the sleep of its hook and then its own period of grace. Without them it is no time.
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
