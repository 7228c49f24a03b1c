package assembly

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/control"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/instance"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/network"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/process"
	realnode "github.com/edge-ingress/edge-ingress-operator/test/lab/real"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// member is a node of the cluster. Its mutex is held during everything that is done to it.
type member struct {
	mu     sync.Mutex
	wanted control.Node
	// node is the last one that was started.
	node    *realnode.Node
	running bool
}

// end kills the node's processes if there are any.
func (m *member) end() error {
	if !m.running {
		return nil
	}
	m.running = false
	return m.node.Crash()
}

// AddNode is part of control.Cluster. After an error the node does not exist.
func (c *Cluster) AddNode(ctx context.Context, wanted control.Node) error {
	added, err := c.register(wanted)
	if err != nil {
		return err
	}
	defer added.mu.Unlock()
	machine, err := c.network.AddNode(wanted.Name)
	if err != nil {
		c.forget(wanted.Name)
		return err
	}
	if err := c.run(ctx, added, machine); err != nil {
		return errors.Join(err, c.discard(context.WithoutCancel(ctx), added))
	}
	return nil
}

// CrashNode is part of control.Cluster.
func (c *Cluster) CrashNode(_ context.Context, name string) error {
	crashed, err := c.member(name)
	if err != nil {
		return err
	}
	defer crashed.mu.Unlock()
	return c.cut(crashed)
}

// cut removes the network first: killed processes still end their connections, and machines without
// power do not.
func (c *Cluster) cut(crashed *member) error {
	name := crashed.wanted.Name
	if err := c.network.CrashNode(name); err != nil {
		return err
	}
	return errors.Join(instance.RemoveHost(c.dir, name), crashed.end())
}

// RestartNode is part of control.Cluster. After an error the node is as it was, crashed.
func (c *Cluster) RestartNode(ctx context.Context, name string) error {
	restarted, err := c.member(name)
	if err != nil {
		return err
	}
	defer restarted.mu.Unlock()
	machine, err := c.network.RestartNode(name)
	if err != nil {
		return err
	}
	if err := c.run(ctx, restarted, machine); err != nil {
		return errors.Join(err, c.cut(restarted))
	}
	return nil
}

// RemoveNode is part of control.Cluster.
func (c *Cluster) RemoveNode(ctx context.Context, name string) error {
	removed, err := c.member(name)
	if err != nil {
		return err
	}
	defer removed.mu.Unlock()
	return c.discard(ctx, removed)
}

// discard does all it can, and forgets the node in any case.
func (c *Cluster) discard(ctx context.Context, removed *member) error {
	name := removed.wanted.Name
	errs := []error{c.network.RemoveNode(name), instance.RemoveHost(c.dir, name), removed.end(), os.RemoveAll(c.nodeDir(name))}
	if err := c.client.Delete(ctx, name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
		errs = append(errs, fmt.Errorf("deleting node %q: %w", name, err))
	}
	c.forget(name)
	return errors.Join(errs...)
}

// LoadImages is part of control.Cluster. The archives must stay in place: nodes that start later
// import them too.
func (c *Cluster) LoadImages(ctx context.Context, archives ...string) error {
	for _, archive := range archives {
		if _, err := os.Stat(archive); err != nil {
			return fmt.Errorf("loading images: %w", err)
		}
	}
	c.mu.Lock()
	for _, archive := range archives {
		if !slices.Contains(c.archives, archive) {
			c.archives = append(c.archives, archive)
		}
	}
	c.mu.Unlock()
	// A node that is just starting is waited for, and asked again.
	return c.forEachMember(func(m *member) error {
		if !m.running {
			return nil
		}
		return m.node.LoadImages(ctx, archives...)
	})
}

// PushImage is part of control.Cluster.
func (c *Cluster) PushImage(ctx context.Context, archive, name string) error {
	return c.registry.Add(ctx, archive, name)
}

// forEachMember calls do for all nodes at the same time, each locked, and returns all errors.
func (c *Cluster) forEachMember(do func(*member) error) error {
	c.mu.Lock()
	members := slices.Collect(maps.Values(c.members))
	c.mu.Unlock()
	errs := make([]error, len(members))
	var tasks sync.WaitGroup
	for i, m := range members {
		tasks.Go(func() {
			m.mu.Lock()
			defer m.mu.Unlock()
			errs[i] = do(m)
		})
	}
	tasks.Wait()
	return errors.Join(errs...)
}

// register makes a member, which it returns locked.
func (c *Cluster) register(wanted control.Node) (*member, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.members[wanted.Name] != nil || c.network.Hosts()[wanted.Name] != nil {
		return nil, fmt.Errorf("adding node %q: the cluster has a host of that name", wanted.Name)
	}
	added := &member{wanted: wanted}
	added.mu.Lock()
	c.members[wanted.Name] = added
	return added, nil
}

// member returns a member locked.
func (c *Cluster) member(name string) (*member, error) {
	found := c.lookUp(name)
	if found != nil {
		found.mu.Lock()
		if c.lookUp(name) == found {
			return found, nil
		}
		found.mu.Unlock() // removed while we waited
	}
	return nil, fmt.Errorf("the cluster has no real node %q", name)
}

func (c *Cluster) lookUp(name string) *member {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.members[name]
}

func (c *Cluster) nodeDir(name string) string { return filepath.Join(instance.NodesDir(c.dir), name) }

func (c *Cluster) forget(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.members, name)
}

// run starts a node on a machine and returns when it is Ready.
func (c *Cluster) run(ctx context.Context, m *member, machine network.Node) error {
	config, restricted := c.config(m.wanted, machine)
	node, err := realnode.Start(ctx, c.controlPlane.Supervisor(), config)
	if err != nil {
		return err
	}
	m.node, m.running = node, true
	name := m.wanted.Name
	if err := instance.SaveHost(c.dir, name, instance.Host{NetNS: machine.Namespace.Path(), PID: m.node.Init()}); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, readyTimeout, errors.New("it took too long"))
	defer cancel()
	if err := m.node.AwaitReady(ctx, c.client); err != nil {
		return fmt.Errorf("%w; kubelet's log ends with:\n%s", err, process.LogTail(filepath.Join(m.node.LogDir(), "kubelet.log")))
	}
	return c.complete(ctx, name, restricted, machine.Pods)
}

// config returns also those labels of the node that its kubelet must not set.
func (c *Cluster) config(wanted control.Node, machine network.Node) (config realnode.Config, restricted map[string]string) {
	labels := maps.Clone(wanted.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	if wanted.Zone != "" {
		labels[corev1.LabelTopologyZone] = wanted.Zone
	}
	own, restricted := realnode.SplitLabels(labels)
	c.mu.Lock()
	archives := slices.Clone(c.archives)
	c.mu.Unlock()
	return realnode.Config{
		Name:        wanted.Name,
		Dir:         c.nodeDir(wanted.Name),
		NetNS:       machine.Namespace.Path(),
		Address:     machine.Address,
		Pods:        machine.Pods,
		ClusterPods: network.Pods,
		ProxyMode:   wanted.ProxyMode,
		Server:      "https://" + apiServer.String(),
		Authority:   c.controlPlane.Authority(),
		Labels:      own,
		Registry:    imageRegistry,
		Archives:    archives,
		Programs:    c.programs,
	}, restricted
}

// complete sets what a kubelet must not set of its node: labels, and the range of its pods. In other clusters
// the controller manager sets that range, and here the network has chosen it.
func (c *Cluster) complete(ctx context.Context, name string, labels map[string]string, pods netip.Prefix) error {
	if labels == nil { // A null would remove all.
		labels = map[string]string{}
	}
	patch, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"labels": labels},
		"spec":     map[string]any{"podCIDR": pods.String(), "podCIDRs": []string{pods.String()}},
	})
	if err != nil {
		return fmt.Errorf("completing node %q: %w", name, err)
	}
	if _, err := c.client.Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		return fmt.Errorf("completing node %q: %w", name, err)
	}
	return nil
}
