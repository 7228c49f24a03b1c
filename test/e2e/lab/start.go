package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/metallb"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/realcluster"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/supervisor"
)

// Options say what a lab is like.
type Options struct {
	// Nodes of the cluster. The first one is there first, so that everything that is installed lands on it.
	Nodes []realcluster.NodeOptions
	// SpeakerToleratesEdge gives MetalLB's speaker the toleration for edge nodes. Without it the
	// speaker is unchanged from its release, even if an earlier run on the same cluster added the
	// toleration.
	SpeakerToleratesEdge bool
	// Stay are the names of EdgeIngress objects that may stay from an earlier run on the same
	// cluster. All others are deleted.
	Stay []string
	// Keep is the name of a cluster that keeps running, and that is used again where it already
	// runs. With "" the cluster ends with this process.
	Keep string
	// Bare leaves the operator and its image out, for tests that install it themselves.
	Bare bool
	// OpenShift lets OpenShift's own admission plugin decide about the pods. It is not possible with Keep.
	OpenShift bool
	// SkipBuild takes the operator's programs as they are.
	SkipBuild bool
	// Progress receives lines about building and starting.
	Progress io.Writer
}

// nodeMonitorGracePeriod makes the control plane notice a crashed node sooner than by default (50
// s). A kubelet reports every 10 s.
const nodeMonitorGracePeriod = 20 * time.Second

// installed are the images, beside that of the operator, that nodes need before anything is installed.
var installed = []string{"echo", "metallb-controller", "metallb-speaker", controllerImage}

const (
	operatorImage   = "operator"
	controllerImage = "ingress-nginx"
	// OperatorRepository is the image's name in config/default. Nodes pull it from the cluster's registry by its digest, as
	// a release names it.
	OperatorRepository = "ghcr.io/edge-ingress/edge-ingress-operator"
	// imageRepository begins the names of all other images that were built here.
	imageRepository = "lab.test/"
	// imageTag ends it.
	imageTag = "e2e"
)

// Start starts a lab and returns when everything in it runs. It first builds what is missing, which
// takes minutes once.
func Start(ctx context.Context, o Options) (*Lab, error) {
	command, err := supervisor.Find()
	if err != nil {
		return nil, err
	}
	l := &Lab{root: command.Repository}
	if !o.SkipBuild {
		targets := []string{"build", "build-plugin", "cluster"}
		if o.OpenShift {
			targets = append(targets, "openshift-admission")
		}
		if err := l.make(ctx, o.Progress, targets...); err != nil {
			return nil, err
		}
	}
	if l.Cluster, err = startCluster(ctx, command, o); err != nil {
		return nil, err
	}
	if err := l.start(ctx, command, o); err != nil {
		if o.Keep != "" {
			return nil, err
		}
		return nil, errors.Join(err, l.Stop())
	}
	return l, nil
}

// make runs targets of the Makefile.
func (l *Lab) make(ctx context.Context, progress io.Writer, targets ...string) error {
	build := exec.CommandContext(ctx, "make", append([]string{"--silent"}, targets...)...)
	build.Dir, build.Stdout, build.Stderr = l.root, progress, progress
	if err := build.Run(); err != nil {
		return fmt.Errorf("running make %s: %w", targets[0], err)
	}
	return nil
}

func startCluster(ctx context.Context, command supervisor.Command, o Options) (*realcluster.Cluster, error) {
	if o.Keep == "" {
		return realcluster.Start(ctx, realcluster.Options{NodeMonitorGracePeriod: nodeMonitorGracePeriod, Progress: o.Progress})
	}
	if running, err := realcluster.Connect(ctx, o.Keep); err == nil {
		return running, nil
	}
	err := command.Run(ctx, "up", "--real-nodes", "--name="+o.Keep, "--node-monitor-grace-period="+nodeMonitorGracePeriod.String())
	if err != nil {
		return nil, err
	}
	return realcluster.Connect(ctx, o.Keep)
}

func (l *Lab) start(ctx context.Context, command supervisor.Command, o Options) (err error) {
	l.Config = l.Cluster.Config
	if l.Client, err = client.NewWithWatch(l.Config, client.Options{Scheme: controllers.NewScheme()}); err != nil {
		return fmt.Errorf("connecting to the cluster: %w", err)
	}
	if err := l.loadImages(ctx, command, o.Bare); err != nil {
		return err
	}
	if o.OpenShift {
		if err := l.startOpenShift(ctx); err != nil {
			return err
		}
	}
	if err := l.addNodes(ctx, o.Nodes[:1]); err != nil {
		return err
	}
	if err := l.install(ctx, o.Bare); err != nil {
		return err
	}
	if !o.Bare {
		if err := l.RemoveEdgeIngresses(ctx, o.Stay); err != nil {
			return err
		}
	}
	speaker := l.ignoreEdgeTaint
	if o.SpeakerToleratesEdge {
		speaker = l.TolerateEdgeTaint
	}
	if err := speaker(ctx); err != nil {
		return err
	}
	if err := l.addNodes(ctx, o.Nodes[1:]); err != nil {
		return err
	}
	return errors.Join(l.AwaitDaemonSet(ctx, metallb.Namespace, metallb.Speaker), l.AwaitDaemonSet(ctx, ApplicationNamespace, "probe"))
}

// operatorPrograms are the operator's image for the cluster's command: its programs, as `make build` makes them.
func (l *Lab) operatorPrograms() string {
	return operatorImage + "=" + filepath.Join(l.root, "bin", "manager") + "," + filepath.Join(l.root, "bin", "edge-ingress-verification")
}

// loadImages loads the images into the nodes, and that of the operator into the registry as well. It remembers the digests of
// those that are referred to by it.
func (l *Lab) loadImages(ctx context.Context, command supervisor.Command, bare bool) error {
	needed := installed
	if !bare {
		needed = slices.Concat([]string{l.operatorPrograms()}, installed)
	}
	digests, err := buildImages(ctx, command, needed)
	if err != nil {
		return err
	}
	l.Controller = v1alpha1.ImageSpec{Repository: imageRepository + controllerImage, Tag: imageTag, Digest: digests[controllerImage]}
	if !bare {
		if l.operatorImage, err = l.Cluster.PushImage(ctx, l.operatorPrograms(), OperatorRepository); err != nil {
			return err
		}
	}
	return l.Cluster.LoadImages(ctx, needed...)
}

// buildImages makes the images that are missing or outdated, and returns the digests of all by their names.
func buildImages(ctx context.Context, command supervisor.Command, images []string) (map[string]string, error) {
	build := exec.CommandContext(ctx, command.Path, append([]string{"images", "build", "--root=" + command.Repository}, images...)...)
	var messages bytes.Buffer
	build.Stderr = &messages
	output, err := build.Output()
	if err != nil {
		return nil, fmt.Errorf("building images: %w: %s", err, messages.String())
	}
	digests := map[string]string{}
	for decoder := json.NewDecoder(bytes.NewReader(output)); ; {
		var image struct{ Name, Digest string }
		err := decoder.Decode(&image)
		if errors.Is(err, io.EOF) {
			return digests, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading which images were built: %w", err)
		}
		digests[image.Name] = image.Digest
	}
}

// addNodes adds those of the nodes that the cluster does not have yet, all at once.
func (l *Lab) addNodes(ctx context.Context, nodes []realcluster.NodeOptions) error {
	there, err := l.NodeAddresses(ctx)
	if err != nil {
		return err
	}
	tasks, adding := errgroup.WithContext(ctx)
	for _, node := range nodes {
		if _, known := there[node.Name]; !known {
			tasks.Go(func() error { return l.Cluster.AddNode(adding, node) })
		}
	}
	return tasks.Wait()
}

// install installs everything, and returns when what does not belong on every node runs. The prober
// is not awaited: there are not yet two nodes for it.
func (l *Lab) install(ctx context.Context, bare bool) error {
	tasks, installing := errgroup.WithContext(ctx)
	tasks.Go(func() error { return metallb.Install(installing, l.Client, l.root) })
	tasks.Go(func() error { return l.installApplication(installing) })
	if !bare {
		tasks.Go(func() error { return l.installOperator(installing) })
	}
	if err := tasks.Wait(); err != nil {
		return fmt.Errorf("installing what runs in the cluster: %w", err)
	}
	err := errors.Join(l.AwaitDeployment(ctx, metallb.Namespace, metallb.Controller), l.AwaitDeployment(ctx, ApplicationNamespace, "echo"))
	if bare {
		return err
	}
	return errors.Join(err, l.AwaitDeployment(ctx, OperatorNamespace, OperatorName), l.AwaitDeployment(ctx, OperatorNamespace, names.Witness))
}
