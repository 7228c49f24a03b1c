package startup

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic"
)

// Requests begin at the instant in which a pod is seen to be Ready: for twice as long as a worker of
// nginx may be behind, from several connections at once, each request on a new one.
const (
	hammered  = 2 * time.Second
	hammerers = 8
)

// measure carries out what installs the controllers, and returns when one pod on each node is Ready
// and the requests to it are answered.
func (b *bench) measure(ctx context.Context, who string, labels map[string]string, install func(context.Context) error) (Start, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	pods, err := b.lab.Client.Watch(ctx, &corev1.PodList{}, client.InNamespace(b.namespace()), client.MatchingLabels(labels))
	if err != nil {
		return Start{}, fmt.Errorf("watching controller pods: %w", err)
	}
	defer pods.Stop()
	began := time.Now()
	if err := install(ctx); err != nil {
		return Start{}, fmt.Errorf("starting %s: %w", who, err)
	}
	start := Start{Who: who, Pods: map[string]*Pod{}}
	var requests sync.WaitGroup
	for start.ready() < len(b.nodes) {
		select {
		case <-ctx.Done():
			return Start{}, fmt.Errorf("waiting for %s to be ready: %w; seen: %s", who, ctx.Err(), start.Text())
		case event, open := <-pods.ResultChan():
			pod, isPod := event.Object.(*corev1.Pod)
			if !open || !isPod {
				return Start{}, fmt.Errorf("watching controller pods: the watch ended")
			}
			if seen := start.note(event.Type, pod, time.Since(began)); seen != nil {
				requests.Go(func() { seen.Answers = b.hammer(ctx, pod.Status.PodIP) })
			}
		}
	}
	requests.Wait()
	return start, nil
}

// note remembers how far a pod is. It returns the pod when that has just become Ready.
func (s *Start) note(event watch.EventType, pod *corev1.Pod, now time.Duration) *Pod {
	if event == watch.Deleted || pod.DeletionTimestamp != nil {
		delete(s.Pods, pod.Name)
		return nil
	}
	seen := s.Pods[pod.Name]
	if seen == nil {
		seen = &Pod{Created: now}
		s.Pods[pod.Name] = seen
	}
	for _, status := range pod.Status.ContainerStatuses {
		if status.State.Running != nil && seen.Running == 0 {
			seen.Running = now
		}
		if status.Started != nil && *status.Started && seen.Started == 0 {
			seen.Started = now
		}
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue && seen.Ready == 0 {
			seen.Ready = now
			return seen
		}
	}
	return nil
}

// hammer sends requests to a pod's own address and counts the results.
func (b *bench) hammer(ctx context.Context, address string) map[string]int {
	until := time.Now().Add(hammered)
	answers, lock := map[string]int{}, sync.Mutex{}
	var all sync.WaitGroup
	for range hammerers {
		all.Go(func() {
			for time.Now().Before(until) && ctx.Err() == nil {
				answer, err := traffic.Send(ctx, b.lab.Dialer(b.from), traffic.Request{Target: net.JoinHostPort(address, "80"), Host: host})
				outcome := string(answer.Outcome)
				if err != nil {
					outcome = err.Error()
				} else if answer.Outcome == traffic.Answered {
					outcome = fmt.Sprintf("%d %s", answer.Status, http.StatusText(answer.Status))
				}
				lock.Lock()
				answers[outcome]++
				lock.Unlock()
			}
		})
	}
	all.Wait()
	return answers
}
