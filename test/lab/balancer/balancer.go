package balancer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic"
)

// Host is where the haproxy runs.
type Host interface {
	// Command is a command in the host's network.
	Command(ctx context.Context, program string, arguments ...string) *exec.Cmd
}

// Balancer is a running haproxy.
type Balancer struct {
	process *exec.Cmd
	// lifeline keeps it running for as long as it is open: it ends with this process, however that ends.
	lifeline io.Closer
	log      string
}

// script runs its arguments as a program until its standard input closes, or the program ends.
const script = `exec 3<&0; "$@" 3<&- & child=$!; { cat <&3 >/dev/null; kill "$child"; } 2>/dev/null & exec 3<&-; wait "$child"`

// startLimit is how long a haproxy may take until it listens. It takes a tenth of a second.
const startLimit = 10 * time.Second

// Start runs a haproxy with these listeners on the host, and returns when it accepts connections
// from dial. dir keeps its configuration and log.
func Start(ctx context.Context, host Host, dial traffic.Dialer, dir string, listeners []Listener) (*Balancer, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("creating the balancer's directory: %w", err)
	}
	config := filepath.Join(dir, "haproxy.cfg")
	if err := os.WriteFile(config, []byte(Config(listeners)), 0o644); err != nil {
		return nil, fmt.Errorf("writing the balancer's configuration: %w", err)
	}
	b := &Balancer{log: filepath.Join(dir, "haproxy.log")}
	log, err := os.Create(b.log)
	if err != nil {
		return nil, fmt.Errorf("creating the balancer's log: %w", err)
	}
	defer func() { _ = log.Close() }()
	b.process = host.Command(context.WithoutCancel(ctx), "sh", "-c", script, "sh", "haproxy", "-db", "-f", config)
	b.process.Stdout, b.process.Stderr = log, log
	b.process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if b.lifeline, err = b.process.StdinPipe(); err != nil {
		return nil, fmt.Errorf("starting the balancer: %w", err)
	}
	if err := b.process.Start(); err != nil {
		return nil, fmt.Errorf("starting the balancer: %w", err)
	}
	if err := b.await(ctx, dial, listeners[0].Address.String()); err != nil {
		return nil, errors.Join(err, b.Stop())
	}
	return b, nil
}

func (b *Balancer) await(ctx context.Context, dial traffic.Dialer, address string) error {
	err := wait.PollUntilContextTimeout(ctx, 20*time.Millisecond, startLimit, true, func(ctx context.Context) (bool, error) {
		conn, err := dial(ctx, "tcp", address)
		if err != nil {
			return false, nil
		}
		return true, conn.Close()
	})
	if err != nil {
		said, _ := os.ReadFile(b.log)
		return fmt.Errorf("waiting for the balancer on %s: %w; it said: %s", address, err, strings.TrimSpace(string(said)))
	}
	return nil
}

// Stop ends the haproxy and returns when it has ended.
func (b *Balancer) Stop() error {
	if err := b.lifeline.Close(); err != nil {
		return fmt.Errorf("stopping the balancer: %w", err)
	}
	var ended *exec.ExitError
	if err := b.process.Wait(); err != nil && !errors.As(err, &ended) {
		return fmt.Errorf("stopping the balancer: %w", err)
	}
	return nil
}
