package binaries

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
)

// ModuleDirectory returns the directory in which the Go command keeps a dependency of one of the
// modules that pin the programs. It downloads the dependency where needed.
func ModuleDirectory(ctx context.Context, pinnedBy, module string) (string, error) {
	download := exec.CommandContext(ctx, "go", "mod", "download", "-json", module)
	download.Dir = pinnedBy
	download.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	output, err := download.Output()
	if err != nil {
		return "", fmt.Errorf("finding the Go module %s: %w", module, err)
	}
	var found struct{ Dir string }
	if err := json.Unmarshal(output, &found); err != nil || found.Dir == "" {
		return "", fmt.Errorf("finding the Go module %s: the Go command says %s", module, output)
	}
	return found.Dir, nil
}
