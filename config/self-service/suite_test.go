// Package selfservice_test writes EdgeIngress objects as people of teams, at a real API server to which this directory is
// applied.
package selfservice_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/edge-ingress/edge-ingress-operator/test/configfiles"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/testcluster"
)

const (
	role = "edge-ingress-operator-edgeingress-team"
	team = "lamps"
	// prefix begins the groups of people, and namespacePrefix the namespaces of ServiceAccounts.
	prefix, namespacePrefix = "edge-team:", "ingress-team-"
)

var (
	cluster *testcluster.Cluster
	// root is an administrator's client. No role limits it, but admission policies do.
	root client.Client
)

func TestMain(m *testing.M) {
	ctrllog.SetLogger(logr.Discard())
	os.Exit(configfiles.Run(m, testcluster.Options{}, func(ctx context.Context, started *testcluster.Cluster, administrator client.Client) error {
		cluster, root = started, administrator
		return install(ctx)
	}))
}

// install applies the roles and both policies about writers, binds the role to two teams, and returns when the policies are in force.
func install(ctx context.Context) error {
	if err := configfiles.ApplyFiles(ctx, root, filepath.Join("..", "manager", "namespace.yaml")); err != nil {
		return err
	}
	for _, directory := range []string{filepath.Join("..", "rbac"), filepath.Join("..", "admission"), "."} {
		if err := configfiles.ApplyDirectory(ctx, root, directory); err != nil {
			return err
		}
	}
	for _, name := range []string{team, "chairs"} {
		binding := &rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: "edge-team-" + name},
			Subjects: []rbacv1.Subject{
				{Kind: rbacv1.GroupKind, APIGroup: rbacv1.GroupName, Name: prefix + name},
				{Kind: rbacv1.GroupKind, APIGroup: rbacv1.GroupName, Name: "system:serviceaccounts:" + namespacePrefix + name},
			},
			RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
		}
		if err := root.Create(ctx, binding); err != nil {
			return fmt.Errorf("binding the role to team %s: %w", name, err)
		}
	}
	return awaitPolicy(ctx)
}

func awaitPolicy(ctx context.Context) error {
	c, err := member(team)
	if err != nil {
		return err
	}
	err = wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		return refusedByPolicy(c.Create(ctx, edgeIngress("probe-of-the-policy", ""), client.DryRunAll)), nil
	})
	if err != nil {
		return fmt.Errorf("waiting for the admission policy: %w", err)
	}
	return nil
}

// member is the client of somebody of these teams.
func member(teams ...string) (client.Client, error) {
	connection := configfiles.ConnectionOfPerson(cluster.Config, "somebody")
	for _, name := range teams {
		connection.Impersonate.Groups = append(connection.Impersonate.Groups, prefix+name)
	}
	return configfiles.Client(connection)
}

func as(t *testing.T, teams ...string) client.Client {
	t.Helper()
	c, err := member(teams...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func refusedByPolicy(err error) bool {
	return err != nil && strings.Contains(err.Error(), "ValidatingAdmissionPolicy 'edge-ingress-teams'")
}
