package configfiles

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/controllers"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/testcluster"
)

// Run starts a cluster that serves our kinds, and runs the tests of a package below config/ on it. It calls install before
// the tests, with an administrator's client: no role limits it, but admission policies do. It returns an exit code.
func Run(m *testing.M, o testcluster.Options, install func(context.Context, *testcluster.Cluster, client.Client) error) int {
	return testcluster.Run(m, o, func(started *testcluster.Cluster) error {
		if err := started.InstallCRDs(filepath.Join("..", "crd", "bases")); err != nil {
			return err
		}
		root, err := Client(started.Config)
		if err != nil {
			return err
		}
		return install(context.Background(), started, root)
	})
}

// Client makes a client that knows Kubernetes' own kinds and ours.
func Client(connection *rest.Config) (client.Client, error) {
	c, err := client.New(connection, client.Options{Scheme: controllers.NewScheme()})
	if err != nil {
		return nil, fmt.Errorf("making a client: %w", err)
	}
	return c, nil
}

// ConnectionOfPerson is that of a user, with an administrator's connection.
func ConnectionOfPerson(administrator *rest.Config, user string) *rest.Config {
	connection := rest.CopyConfig(administrator)
	connection.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: []string{"system:authenticated"}}
	return connection
}

// ConnectionOfPod is that of a pod with this ServiceAccount: it has a token of its own, which c makes.
func ConnectionOfPod(ctx context.Context, c client.Client, administrator *rest.Config, namespace, account string) (*rest.Config, error) {
	token := &authenticationv1.TokenRequest{}
	holder := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: account}}
	if err := c.SubResource("token").Create(ctx, holder, token); err != nil {
		return nil, fmt.Errorf("making a token of ServiceAccount %s/%s: %w", namespace, account, err)
	}
	connection := rest.AnonymousClientConfig(administrator)
	connection.BearerToken = token.Status.Token
	return connection, nil
}
