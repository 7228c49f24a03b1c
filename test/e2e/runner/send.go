package runner

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/edge-ingress/edge-ingress-operator/test/e2e/lab"
	"github.com/edge-ingress/edge-ingress-operator/test/e2e/scenario"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/objects"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/realcluster"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic"
)

const (
	// pathLimit is how long a change may take to reach the packets: rules of kube-proxy, an address
	// that moves, a balancer that notices.
	pathLimit = 20 * time.Second
	// moment is how long a path may take without it being worth a note.
	moment = time.Second
	// maxLooks is how often everything is looked at again because the conditions changed meanwhile.
	maxLooks = 3
)

// look sends the requests and reads the conditions before and after. If these differ, there was no
// rest, and it starts again.
func (r *Runner) look(ctx context.Context, o *object, s scenario.Scenario) (observed scenario.Observation, notes []string, err error) {
	for range maxLooks {
		before, err := o.conditions(ctx)
		if err != nil {
			return observed, notes, err
		}
		sent, err := r.sendAll(ctx, o, s)
		observed.Conditions, observed.Early, observed.Sights = before, append(observed.Early, sent.early...), sent.sights
		notes = append(notes, sent.notes...)
		if err != nil {
			return observed, notes, err
		}
		after, err := o.conditions(ctx)
		if err != nil || equality.Semantic.DeepEqual(before, after) {
			return observed, notes, err
		}
		observed.Early = append(observed.Early, sent.sights...)
		if err := o.awaitVerdict(ctx, s, verdictLimit); err != nil {
			return observed, notes, err
		}
	}
	return observed, notes, fmt.Errorf("the conditions of EdgeIngress %s did not come to rest", o.name)
}

// sent holds the results of a scenario's requests: one for each, and before that several of the
// first one on each path.
type sent struct {
	sights, early []scenario.Sight
	// notes say which paths took more than a moment.
	notes []string
}

// sendAll sends the requests of a scenario. It may send the first one on each path several times,
// until the change has reached the packets, and the others once.
func (r *Runner) sendAll(ctx context.Context, o *object, s scenario.Scenario) (sent, error) {
	type path struct {
		from scenario.Sender
		to   scenario.Front
	}
	var all sent
	ready := map[path]bool{}
	for _, request := range s.Requests {
		way, err := r.resolve(ctx, o, request)
		if err != nil {
			return all, fmt.Errorf("finding the way to %s: %w", request.To, err)
		}
		if on := (path{request.From, request.To}); !ready[on] {
			ready[on] = true
			early, took := r.awaitPath(ctx, s, request, way)
			all.early = append(all.early, early...)
			if took > moment {
				all.notes = append(all.notes, fmt.Sprintf("the path from %s to %s was as expected after %.1f s", request.From, request.To, took.Seconds()))
			}
		}
		seen, err := r.send(ctx, way)
		if err != nil {
			return all, fmt.Errorf("sending a request to %s: %w", request.To, err)
		}
		all.sights = append(all.sights, seen)
	}
	return all, nil
}

// awaitPath returns when the request had the expected result a few times in a row, or when that
// takes too long; the judge decides then. took is the time until the first of these results.
func (r *Runner) awaitPath(ctx context.Context, s scenario.Scenario, request scenario.Request, way way) (early []scenario.Sight, took time.Duration) {
	inRow := 3
	if request.Instead.Outcome == traffic.ConnectTimedOut {
		// It has lasted for a while already.
		inRow = 1
	}
	began, met := time.Now(), 0
	_ = objects.Await(ctx, "the path of packets", pathLimit, func(ctx context.Context) (bool, string, error) {
		sending := time.Since(began)
		seen, err := r.send(ctx, way)
		if err != nil {
			return false, "", err
		}
		early = append(early, seen)
		if met++; !s.Meets(request, seen) {
			met = 0
		}
		if met == 1 {
			took = sending
		}
		return met == inRow, seen.Text, nil
	})
	return early, took
}

// way is a request that is ready to be sent.
type way struct {
	from    scenario.Sender
	request traffic.Request
}

func (r *Runner) send(ctx context.Context, w way) (scenario.Sight, error) {
	kind, node, _ := strings.Cut(string(w.from), "/")
	if kind == "pod" {
		return r.sendFromPod(ctx, node, w.request)
	}
	host := string(w.from)
	if kind == "node" {
		host = node
	}
	answer, err := traffic.Send(ctx, r.lab.Dialer(host), w.request)
	if err != nil {
		return scenario.Sight{}, err
	}
	return r.atlas.See(answer, answer.Local.Addr()), nil
}

// sendFromPod has the probing pod of a node send a plain request.
func (r *Runner) sendFromPod(ctx context.Context, node string, request traffic.Request) (scenario.Sight, error) {
	body, address, err := r.lab.GetFromPod(ctx, node, "http://"+request.Target+"/")
	if err != nil {
		return r.atlas.See(traffic.Answer{Outcome: traffic.OtherFailure, Detail: err.Error()}, address), nil
	}
	echo, err := traffic.ParseEcho(body)
	if err != nil {
		return scenario.Sight{}, err
	}
	answer := traffic.Answer{Outcome: traffic.Answered, Status: http.StatusOK, Body: body, Echo: echo}
	return r.atlas.See(answer, address), nil
}

// newAtlas knows the addresses of the hosts outside and of the nodes.
func newAtlas(ctx context.Context, l *lab.Lab) (scenario.Atlas, error) {
	atlas := scenario.Atlas{Pods: realcluster.Pods, Known: map[netip.Addr]scenario.Who{
		realcluster.Balancer: scenario.TheBalancer, realcluster.NAT: scenario.TheNATRouter, realcluster.APIServer.Addr(): scenario.TheRouter,
	}}
	nodes, err := l.NodeAddresses(ctx)
	for _, address := range nodes {
		atlas.Nodes = append(atlas.Nodes, address)
	}
	return atlas, err
}
