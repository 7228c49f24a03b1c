// Package machine runs inside of a node. It creates a set of Linux namespaces, prepares them like a
// machine that boots, and runs the programs of a node in them. Each of its processes dies with the
// process that started Shim.
//
// There are two processes. The shim is in the namespaces of the machine, except for the network
// namespace of the node, in which it was started. It joins the node's control group and starts the
// second process, which is process 1 of the node.
package machine

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/real/cgroup"
)

// Plan describes a node. All paths are absolute, and the node sees the files of the machine under
// their own paths.
type Plan struct {
	HostName string `json:"hostName"`
	// Group exists already, without processes; it becomes the root of the control groups that the
	// node sees.
	Group cgroup.Group `json:"group"`
	// Directories maps the paths in the node to its own directories. Their parents exist on the
	// machine, which gets no mount points in them.
	Directories map[string]string `json:"directories"`
	// Files are seen instead of other files, by the path of those.
	Files map[string]string `json:"files"`
	// PacketFilter is a file with rules for nft.
	PacketFilter string `json:"packetFilter"`
	// Runtime runs containers. It is ready when it answers.
	Runtime Program `json:"runtime"`
	Images  Images  `json:"images"`
	// Archives are images that are imported before Agents start.
	Archives []string `json:"archives"`
	// Agents are started when the runtime is ready and has the images.
	Agents []Program `json:"agents"`
	// LogDir receives one file for each program.
	LogDir string `json:"logDir"`
	// IdentityFile receives the process.Identity of the node's process 1.
	IdentityFile string `json:"identityFile"`
	// BootedFile is made when all programs run.
	BootedFile string `json:"bootedFile"`
}

// Program is a program that runs as long as the node does.
type Program struct {
	// Name is the name of the program in logs and messages.
	Name string `json:"name"`
	// Path is a file, or a name that is looked up.
	Path string   `json:"path"`
	Args []string `json:"args"`
}

// Save writes the plan to a file, for Shim.
func (p Plan) Save(path string) error {
	content, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding the plan of node %s: %w", p.HostName, err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		return fmt.Errorf("writing the plan of node %s: %w", p.HostName, err)
	}
	return nil
}

func loadPlan(path string) (Plan, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return Plan{}, fmt.Errorf("reading the plan of a node: %w", err)
	}
	var plan Plan
	if err := json.Unmarshal(content, &plan); err != nil {
		return Plan{}, fmt.Errorf("reading the plan of a node: %w", err)
	}
	return plan, nil
}
