package startup

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Start is one start of controllers on all edge nodes.
type Start struct {
	Who string
	// Pods are the controllers by name.
	Pods map[string]*Pod
}

// Pod says after what time from the first command a controller pod was seen to be how far. Started is
// when its startup probe succeeded, or Running where it has none.
type Pod struct {
	Created, Running, Started, Ready time.Duration
	// Answers counts what came of the requests that were sent from the moment in which it was Ready.
	Answers map[string]int
}

const served = "200 OK"

func (s Start) ready() int {
	ready := 0
	for _, pod := range s.Pods {
		if pod.Ready > 0 {
			ready++
		}
	}
	return ready
}

// Took is the time until the last pod was Ready.
func (s Start) Took() time.Duration {
	var last time.Duration
	for _, pod := range s.Pods {
		last = max(last, pod.Ready)
	}
	return last
}

// Failed counts the requests that the application did not answer.
func (s Start) Failed() int {
	failed := 0
	for _, pod := range s.Pods {
		for outcome, n := range pod.Answers {
			if outcome != served {
				failed += n
			}
		}
	}
	return failed
}

// Text is one line for the start and one for each pod.
func (s Start) Text() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s: both Ready after %s, %d requests failed\n", s.Who, seconds(s.Took()), s.Failed())
	for _, name := range slices.Sorted(maps.Keys(s.Pods)) {
		pod := s.Pods[name]
		fmt.Fprintf(&text, "  created %s, running %s, started %s, ready %s;", seconds(pod.Created), seconds(pod.Running), seconds(pod.Started), seconds(pod.Ready))
		for _, outcome := range slices.Sorted(maps.Keys(pod.Answers)) {
			fmt.Fprintf(&text, " %d x %s", pod.Answers[outcome], outcome)
		}
		text.WriteString("\n")
	}
	return text.String()
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

// Summary compares the medians, and names what failed.
func Summary(starts []Start) string {
	took, failed := map[string][]time.Duration{}, map[string]int{}
	for _, start := range starts {
		took[start.Who] = append(took[start.Who], start.Took())
		failed[start.Who] += start.Failed()
	}
	var text strings.Builder
	for _, who := range []string{Operator, Peer, Unguarded} {
		all := took[who]
		if len(all) == 0 {
			continue
		}
		slices.Sort(all)
		fmt.Fprintf(&text, "%s: median %s (%s to %s) in %d starts, %d requests failed\n",
			who, seconds(median(all)), seconds(all[0]), seconds(all[len(all)-1]), len(all), failed[who])
	}
	if len(took[Operator]) > 0 && len(took[Peer]) > 0 {
		fmt.Fprintf(&text, "The operator takes %.2f of the peer's time.\n", median(took[Operator]).Seconds()/median(took[Peer]).Seconds())
	}
	return text.String()
}

// median of sorted times; of an even number the later of the two in the middle.
func median(sorted []time.Duration) time.Duration { return sorted[len(sorted)/2] }

// Problems are requests to the operator's controllers that failed.
func Problems(starts []Start) []string {
	var problems []string
	for _, start := range starts {
		if start.Who == Operator && start.Failed() > 0 {
			problems = append(problems, fmt.Sprintf("%d requests failed that were sent to pods that were Ready", start.Failed()))
		}
	}
	return problems
}
