package load

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Run is a load under way.
type Run struct {
	config  Config
	began   time.Time
	clients []*client
	// stopSending ends the schedule, cancel also what is in flight.
	stopSending, cancel context.CancelFunc
	running             sync.WaitGroup

	stopping sync.Once
	result   Result

	mutex sync.Mutex
	marks []Mark
}

// Start starts a load, which runs until Stop. When ctx ends, sending ends at once, and requests in
// flight are cancelled and not counted; still call Stop. Start returns an error if config does not
// describe a load.
func Start(ctx context.Context, config Config) (*Run, error) {
	config = config.withDefaults()
	if err := config.validate(); err != nil {
		return nil, fmt.Errorf("starting a load: %w", err)
	}
	run := &Run{config: config, began: time.Now()}
	for _, target := range config.Targets {
		client, err := newClient(run, target)
		if err != nil {
			return nil, fmt.Errorf("starting a load on %q: %w", target.Name, err)
		}
		run.clients = append(run.clients, client)
	}
	flight, cancel := context.WithCancel(ctx)
	sending, stopSending := context.WithCancel(flight)
	run.cancel, run.stopSending = cancel, stopSending
	for i, client := range run.clients {
		// Targets take turns, so that the load is even.
		share := time.Duration(i) * time.Second / time.Duration(len(run.clients))
		if config.Rate > 0 {
			run.running.Go(func() { client.keepOpening(flight, sending, share/time.Duration(config.Rate)) })
		}
		for number := range config.KeptAlive {
			offset := config.Interval * time.Duration(number*len(run.clients)+i) / time.Duration(config.KeptAlive*len(run.clients))
			run.running.Go(func() { client.keepAlive(flight, sending, offset) })
		}
	}
	return run, nil
}

// Mark names this moment. What begins from now on is counted under the name, until the next mark.
func (r *Run) Mark(name string) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.marks = append(r.marks, Mark{Name: name, At: time.Since(r.began)})
}

// Stop ends the sending, waits for the requests in flight and returns the result. Further calls
// return the same.
func (r *Run) Stop() Result {
	r.stopping.Do(func() {
		length := time.Since(r.began)
		r.stopSending()
		r.running.Wait()
		r.cancel()
		r.result = r.collect(length)
	})
	return r.result
}

func (r *Run) collect(length time.Duration) Result {
	r.mutex.Lock()
	marks := slices.Clone(r.marks)
	r.mutex.Unlock()
	result := Result{Began: r.began, Length: length, Marks: marks}
	for _, client := range r.clients {
		result.Targets = append(result.Targets, client.result(length, marks))
	}
	return result
}

// now returns the moment as an offset, and the period that it belongs to.
func (r *Run) now() (at time.Duration, period int) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return time.Since(r.began), len(r.marks)
}
