package loadprocess

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic/load"
)

// server is the process' state: where connections come from, and the load that runs.
type server struct {
	sources *load.Sources
	run     *load.Run
}

// Serve reads orders from in and answers them on out until in ends, which also ends a running load.
// It returns an error when either fails. The answer to an order that cannot be carried out has the
// reason.
func Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	s := &server{}
	defer func() {
		if s.run != nil {
			s.run.Stop()
		}
	}()
	orders, answers := json.NewDecoder(in), json.NewEncoder(out)
	for {
		var o order
		if err := orders.Decode(&o); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return fmt.Errorf("reading an order: %w", err)
		}
		result, err := s.carryOut(ctx, o)
		answer := reply{Result: result}
		if err != nil {
			answer.Error = err.Error()
		}
		if err := answers.Encode(answer); err != nil {
			return fmt.Errorf("answering an order: %w", err)
		}
	}
}

func (s *server) carryOut(ctx context.Context, o order) (*load.Result, error) {
	switch {
	case o.Sources != nil:
		var err error
		s.sources, err = load.NewSources(o.Sources.Addresses, o.Sources.FirstPort, o.Sources.LastPort)
		return nil, err
	case o.Start != nil:
		return nil, s.start(ctx, *o.Start)
	case s.run == nil:
		return nil, errors.New("no load is running")
	case o.Stop:
		result := s.run.Stop()
		s.run = nil
		return &result, nil
	default:
		s.run.Mark(o.Mark)
		return nil, nil
	}
}

func (s *server) start(ctx context.Context, l Load) error {
	if s.run != nil {
		return errors.New("a load is running already")
	}
	run, err := load.Start(ctx, load.Config{
		Targets: l.Targets, Dial: traffic.Direct, Sources: s.sources, Rate: l.Rate, KeptAlive: l.KeptAlive,
		Interval: l.Interval, ConnectTimeout: l.ConnectTimeout, AnswerTimeout: l.AnswerTimeout,
	})
	if err != nil {
		return err
	}
	s.run = run
	return nil
}
