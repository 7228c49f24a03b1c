// Package control lets other processes change a running cluster with real nodes. Its supervisor
// listens on a Unix socket in the cluster's directory. Commands send their requests there as HTTP
// with JSON.
package control

import (
	"context"
	"path/filepath"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/nodes"
	realnode "github.com/edge-ingress/edge-ingress-operator/test/lab/real"
)

// Node is a real node that a cluster shall have.
type Node struct {
	nodes.Node
	ProxyMode realnode.ProxyMode
}

// Cluster has the actions on a running cluster. Client requests them from another process.
type Cluster interface {
	// AddNode makes a node and returns when it is Ready.
	AddNode(ctx context.Context, node Node) error
	// CrashNode ends a node as when its power fails; its Node object stays. Nothing announces the crash.
	CrashNode(ctx context.Context, name string) error
	// RestartNode starts a node that crashed, with the disk that it had, and returns when it is Ready.
	RestartNode(ctx context.Context, name string) error
	// RemoveNode ends a node, running or crashed, and deletes its Node object.
	RemoveNode(ctx context.Context, name string) error
	// LoadImages imports archives of images into all nodes, and into those that are added later.
	LoadImages(ctx context.Context, archives ...string) error
	// PushImage adds an archive with an image to the cluster's registry, from which nodes pull it by its name.
	PushImage(ctx context.Context, archive, name string) error
}

const socketName = "control.sock"

func socketPath(dir string) string { return filepath.Join(dir, socketName) }

// failure is the answer to a request that failed.
type failure struct {
	Message string `json:"message"`
}

// imagesRequest names archives by absolute paths.
type imagesRequest struct {
	Archives []string `json:"archives"`
}

// pushRequest names an archive by an absolute path, and the image.
type pushRequest struct {
	Archive string `json:"archive"`
	Name    string `json:"name"`
}
