package loadprocess

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic/load"
)

// Process is a running process that serves loads. It is for one goroutine at a time.
type Process struct {
	command *exec.Cmd
	input   io.Closer
	orders  *json.Encoder
	replies *json.Decoder
	said    bytes.Buffer
}

// Open starts a command that runs Serve on its standard input and output, and passes it the local
// ends of its connections. Close ends it. It also ends with this process.
func Open(command *exec.Cmd, sources Sources) (*Process, error) {
	p := &Process{command: command}
	command.Stderr = &p.said
	input, err := command.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("starting the process for loads: %w", err)
	}
	output, err := command.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("starting the process for loads: %w", err)
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("starting the process for loads: %w", err)
	}
	p.input, p.orders, p.replies = input, json.NewEncoder(input), json.NewDecoder(output)
	if _, err := p.ask(order{Sources: &sources}); err != nil {
		return nil, errors.Join(fmt.Errorf("starting the process for loads: %w", err), p.Close())
	}
	return p, nil
}

// Start starts a load.
func (p *Process) Start(l Load) error {
	if _, err := p.ask(order{Start: &l}); err != nil {
		return fmt.Errorf("starting a load: %w", err)
	}
	return nil
}

// Mark names this moment of the load that runs. A name must not be empty.
func (p *Process) Mark(name string) error {
	if _, err := p.ask(order{Mark: name}); err != nil {
		return fmt.Errorf("marking %q in a load: %w", name, err)
	}
	return nil
}

// Stop ends the load that runs and returns what became of it.
func (p *Process) Stop() (load.Result, error) {
	answer, err := p.ask(order{Stop: true})
	if err != nil {
		return load.Result{}, fmt.Errorf("stopping a load: %w", err)
	}
	if answer.Result == nil {
		return load.Result{}, errors.New("stopping a load: there is no result")
	}
	return *answer.Result, nil
}

// Close ends the process, and returns when it has ended.
func (p *Process) Close() error {
	if err := errors.Join(p.input.Close(), p.command.Wait()); err != nil {
		return fmt.Errorf("ending the process for loads: %w; it said: %s", err, p.said.Bytes())
	}
	return nil
}

func (p *Process) ask(o order) (reply, error) {
	var answer reply
	if err := p.orders.Encode(o); err != nil {
		return answer, err
	}
	if err := p.replies.Decode(&answer); err != nil {
		return answer, err
	}
	if answer.Error != "" {
		return answer, errors.New(answer.Error)
	}
	return answer, nil
}
