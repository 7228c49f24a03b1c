package real

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/process"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/real/cgroup"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/real/machine"
)

const (
	groupFile = "group.json"
	// bootTimeout is many times what a node takes on a small and busy machine.
	bootTimeout = 3 * time.Minute
	// endTimeout is how long the kernel may take to end the processes of a node.
	endTimeout   = 10 * time.Second
	pollInterval = 20 * time.Millisecond
)

// Node is a node that runs, or has been ended.
type Node struct {
	name       string
	files      layout
	bootID     string
	init       process.Identity
	group      cgroup.Group
	supervisor *process.Supervisor
}

// Start starts a node and returns when its programs run. AwaitReady waits until the node is ready.
// When one of the programs ends by itself, the whole node ends, and the supervisor reports it.
// After an error nothing of the node is running.
func Start(ctx context.Context, supervisor *process.Supervisor, c Config) (*Node, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, bootTimeout, errors.New("it took too long"))
	defer cancel()
	n := &Node{name: c.Name, files: layout{c.Dir}, supervisor: supervisor}
	if err := n.start(ctx, c); err != nil {
		return nil, fmt.Errorf("starting node %s: %w", c.Name, err)
	}
	return n, nil
}

func (n *Node) start(ctx context.Context, c Config) error {
	if err := errors.Join(c.validate(), CheckMachine()); err != nil {
		return err
	}
	if former, err := process.LoadIdentity(n.files.identity()); err == nil && former.Alive() {
		return errors.New("it is running")
	}
	plan, err := n.prepare(c)
	if err != nil {
		return err
	}
	if err := n.makeGroup(ctx); err != nil {
		return err
	}
	plan.Group = n.group
	if err := plan.Save(n.files.plan()); err != nil {
		return err
	}
	executable, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding the own program: %w", err)
	}
	err = n.supervisor.Start(process.Spec{
		Name: n.processName(), Path: executable, Args: []string{machine.ShimCommand, n.files.plan()}, NetNS: c.NetNS, Grace: endTimeout,
	})
	if err != nil {
		return errors.Join(err, n.group.Remove())
	}
	if err := n.awaitBoot(ctx); err != nil {
		return errors.Join(err, n.Crash())
	}
	return nil
}

// prepare writes everything that the programs of the node read.
func (n *Node) prepare(c Config) (machine.Plan, error) {
	for _, dir := range n.files.directories() {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return machine.Plan{}, fmt.Errorf("making the node's directories: %w", err)
		}
	}
	for _, file := range []string{n.files.booted(), n.files.identity()} {
		if err := os.RemoveAll(file); err != nil {
			return machine.Plan{}, fmt.Errorf("forgetting the last start: %w", err)
		}
	}
	if err := errors.Join(c.writeSettings(), c.writeCredentials()); err != nil {
		return machine.Plan{}, err
	}
	n.bootID = newBootID()
	values, err := writeKernelValues(n.files.kernelValues(), n.bootID)
	return c.plan(values), err
}

// newBootID returns an ID in the format of the kernel's own. It shows kubelet that the node has
// started again.
func newBootID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	text := hex.EncodeToString(id[:])
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}

// makeGroup makes the node's control group, after it has written down which that is.
func (n *Node) makeGroup(ctx context.Context) error {
	parent, err := cgroup.Parent(ctx)
	if err != nil {
		return err
	}
	// Nodes of other clusters may have the same name.
	place := sha256.Sum256([]byte(n.files.dir))
	n.group = parent.Child(n.name + "-" + hex.EncodeToString(place[:4]))
	content, err := json.Marshal(n.group)
	if err != nil {
		return fmt.Errorf("encoding the control group: %w", err)
	}
	// In one step: what is left when this process is killed must be readable.
	err = os.WriteFile(n.files.group()+".new", content, 0o600)
	if err == nil {
		err = os.Rename(n.files.group()+".new", n.files.group())
	}
	if err != nil {
		return fmt.Errorf("recording the control group: %w", err)
	}
	return errors.Join(n.group.Remove(), n.group.Make())
}

func (n *Node) awaitBoot(ctx context.Context) error {
	err := n.supervisor.Await(ctx, "the programs of the node", func(context.Context) error {
		_, err := os.Stat(n.files.booted())
		return err
	})
	if err != nil {
		return err
	}
	n.init, err = process.LoadIdentity(n.files.identity())
	return err
}

func (n *Node) processName() string { return "node-" + n.name }

// Name is the name of the node.
func (n *Node) Name() string { return n.name }

// Init is the number of the node's process 1 as this process sees it. Its namespaces are those of the node.
func (n *Node) Init() int { return n.init.PID }

// LogDir is the directory of the logs of containerd, kubelet and kube-proxy.
func (n *Node) LogDir() string { return n.files.logs() }

// LoadImages imports the images of archives into the running node. Pass them to the next start too,
// because only the images of a start are sure to exist.
func (n *Node) LoadImages(ctx context.Context, archives ...string) error {
	images := machine.Images{
		Socket:      fmt.Sprintf("/proc/%d/root%s", n.Init(), runtimeSocket),
		ImportedDir: n.files.imported(),
	}
	for _, archive := range archives {
		if err := images.Import(ctx, archive); err != nil {
			return fmt.Errorf("loading images into node %s: %w", n.name, err)
		}
	}
	return nil
}

// Crash ends all processes of the node at once, as a power cut would, and returns when they are
// gone. Files stay, and so does the network namespace with kube-proxy's rules. The caller must
// remove it, or it still forwards packets.
func (n *Node) Crash() error {
	if err := n.supervisor.End(n.processName(), 0); err != nil {
		return err
	}
	if err := n.awaitEnd(); err != nil {
		return err
	}
	return n.group.Remove()
}

// awaitEnd waits for process 1, which ends after all other processes of the node.
func (n *Node) awaitEnd() error {
	init, err := process.LoadIdentity(n.files.identity())
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it was never started
	}
	if err != nil {
		return err
	}
	if !init.GoneWithin(endTimeout) {
		return fmt.Errorf("ending node %s: its process %d is still there", n.name, init.PID)
	}
	return nil
}

// Remove removes the files of a node that has ended.
func (n *Node) Remove() error {
	if err := os.RemoveAll(n.files.dir); err != nil {
		return fmt.Errorf("removing the files of node %s: %w", n.name, err)
	}
	return nil
}

// Sweep removes the control groups that nodes left on the machine when their supervisor was killed,
// and what was changed for them. dir contains the directories of the nodes. Their files stay.
func Sweep(dir string) error {
	records, err := filepath.Glob(filepath.Join(dir, "*", groupFile))
	if err != nil {
		return fmt.Errorf("looking for nodes: %w", err)
	}
	var errs []error
	for _, record := range records {
		errs = append(errs, sweepOne(record))
	}
	return errors.Join(errs...)
}

func sweepOne(record string) error {
	group, err := loadGroup(record)
	if err != nil {
		return err
	}
	return group.Remove()
}

func loadGroup(record string) (group cgroup.Group, err error) {
	content, err := os.ReadFile(record)
	if err != nil {
		return nil, fmt.Errorf("reading the record of a node: %w", err)
	}
	if err := json.Unmarshal(content, &group); err != nil {
		return nil, fmt.Errorf("reading the record of a node, %s: %w", record, err)
	}
	return group, nil
}
