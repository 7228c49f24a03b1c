package machine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// KubernetesNamespace is containerd's namespace for what kubelet uses.
const KubernetesNamespace = "k8s.io"

// Images imports images into the runtime of a node. It needs the program ctr.
type Images struct {
	// Socket is the address of the runtime.
	Socket string `json:"socket"`
	// ImportedDir remembers what was imported; it lives as long as the images do.
	ImportedDir string `json:"importedDir"`
}

// Import imports the images of an archive, unless it was imported before and has not changed since.
func (i Images) Import(ctx context.Context, archive string) error {
	return i.importWith(func(name string, args ...string) error {
		output, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("running %s: %w: %s", name, err, output)
		}
		return nil
	}, archive)
}

func (i Images) importWith(run func(name string, args ...string) error, archive string) error {
	mark, err := i.mark(archive)
	if err != nil {
		return fmt.Errorf("importing images: %w", err)
	}
	if _, err := os.Stat(mark); err == nil {
		return nil
	}
	if err := run("ctr", "--address", i.Socket, "--namespace", KubernetesNamespace, "images", "import", archive); err != nil {
		return fmt.Errorf("importing images of %s: %w", archive, err)
	}
	if err := os.WriteFile(mark, []byte(archive+"\n"), 0o600); err != nil {
		return fmt.Errorf("recording an import of images: %w", err)
	}
	return nil
}

// mark is the file that stands for an archive as it is now.
func (i Images) mark(archive string) (string, error) {
	info, err := os.Stat(archive)
	if err != nil {
		return "", err
	}
	state := sha256.Sum256(fmt.Appendf(nil, "%s\n%d\n%d", archive, info.Size(), info.ModTime().UnixNano()))
	return filepath.Join(i.ImportedDir, hex.EncodeToString(state[:])), nil
}
