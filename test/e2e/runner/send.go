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
	"github.com/edge-ingress/edge-ingress-operator/test/e2e/traffic"
)

const (
	// pathLimit is how long a change may take to reach the packets: rules of kube-proxy, an address that moves, a balancer that notices.
	pathLimit = 20 * time.Second
	// maxLooks is how often everything is looked at anew because the conditions changed meanwhile.
	maxLooks = 3
)

// look sends the requests and reads the conditions before and after. If these differ, it was no rest, and everything is looked at again.
func (r *Runner) look(ctx context.Context, o *object, s scenario.Scenario) (scenario.Observation, error) {
	var seen scenario.Observation
	for range maxLooks {
		before, err := o.conditions(ctx)
		if err != nil {
			return seen, err
		}
		seen.Conditions = before
		if seen.Sights, err = r.sendAll(ctx, o, s); err != nil {
			return seen, err
		}
		after, err := o.conditions(ctx)
		if err != nil || equality.Semantic.DeepEqual(before, after) {
			return seen, err
		}
		if err := o.awaitVerdict(ctx, s.Says, verdictLimit); err != nil {
			return seen, err
		}
	}
	return seen, fmt.Errorf("the conditions of EdgeIngress %s did not come to rest", o.name)
}

// sendAll sends the requests of a scenario. The first to each front may be sent several times, until what changed has reached the packets; the others
// once.
func (r *Runner) sendAll(ctx context.Context, o *object, s scenario.Scenario) ([]scenario.Sight, error) {
	var sights []scenario.Sight
	ready := map[scenario.Front]bool{}
	for _, request := range s.Requests {
		way, err := r.resolve(ctx, o, request)
		if err != nil {
			return sights, fmt.Errorf("finding the way to %s: %w", request.To, err)
		}
		if !ready[request.To] {
			r.awaitPath(ctx, s, request, way)
			ready[request.To] = true
		}
		seen, err := r.send(ctx, way)
		if err != nil {
			return sights, fmt.Errorf("sending a request to %s: %w", request.To, err)
		}
		sights = append(sights, seen)
	}
	return sights, nil
}

// awaitPath returns when the request has met with what is expected of it a few times in a row, or when that takes too long: then it is for the judge.
func (r *Runner) awaitPath(ctx context.Context, s scenario.Scenario, request scenario.Request, way way) {
	const inRow = 3
	met := 0
	_ = lab.Await(ctx, "the path of packets", pathLimit, func(ctx context.Context) (bool, string, error) {
		seen, err := r.send(ctx, way)
		if err != nil {
			return false, "", err
		}
		if met++; !scenario.Meets(request, seen, len(s.Says) > 0) {
			met = 0
		}
		return met == inRow || (met > 0 && request.Sees == scenario.Nobody), seen.Text, nil
	})
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
		return scenario.Sight{Text: err.Error(), ForwardedFor: scenario.Nobody, RealIP: scenario.Nobody, Peer: scenario.Nobody}, nil
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
	atlas := scenario.Atlas{Pods: lab.Pods, Known: map[netip.Addr]scenario.Who{lab.Balancer: scenario.TheBalancer, lab.NATRouter: scenario.TheNATRouter}}
	nodes, err := l.NodeAddresses(ctx)
	for _, address := range nodes {
		atlas.Nodes = append(atlas.Nodes, address)
	}
	return atlas, err
}
