package real

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/real/machine"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		playPart(os.Args[1])
	}
	if dir := os.Getenv(superviseVariable); dir != "" {
		superviseForEver(dir)
	}
	os.Exit(m.Run())
}

// playPart makes this test binary do what the commands of the same names do.
func playPart(command string) {
	var err error
	switch command {
	case machine.ShimCommand:
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		err = machine.Shim(ctx, os.Args[2])
		stop()
	case machine.BootCommand:
		err = machine.Boot(os.Stdin)
	default:
		return
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
