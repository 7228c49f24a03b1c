package controlplane

import (
	"cmp"
	"fmt"
	"net"
	"strconv"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/pki"
)

const (
	adminFile             = "admin"
	controllerManagerFile = "kube-controller-manager"
	schedulerFile         = "kube-scheduler"
)

// MastersGroup is the group whose members may do everything, whatever RBAC says.
const MastersGroup = "system:masters"

// credentials hold everything that a cluster needs to issue certificates and kubeconfig files.
type credentials struct {
	authority *pki.Authority
	// kubeconfig is for the programs of the cluster.
	kubeconfig  pki.Kubeconfig
	adminServer string
	files       layout
}

func newCredentials(o Options, apiServerPort int) (*credentials, error) {
	authority, err := pki.NewAuthority("lab")
	if err != nil {
		return nil, err
	}
	server := "https://" + net.JoinHostPort(o.listenAddress(), strconv.Itoa(apiServerPort))
	return &credentials{
		authority:   authority,
		kubeconfig:  pki.Kubeconfig{ClusterName: "lab", Server: server, Authority: authority.Pair().Certificate},
		adminServer: cmp.Or(o.AdminServer, server),
		files:       layout{o.Dir},
	}, nil
}

// writeAll writes every certificate, key and kubeconfig of the control plane.
func (c *credentials) writeAll(listenAddress string) error {
	if err := c.writeCertificates(listenAddress); err != nil {
		return fmt.Errorf("making certificates: %w", err)
	}
	admin := c.kubeconfig
	admin.Server = c.adminServer
	if err := admin.Write(c.files.kubeconfig(adminFile), c.authority, pki.Identity{User: "admin", Groups: []string{MastersGroup}}); err != nil {
		return err
	}
	for file, who := range map[string]pki.Identity{
		controllerManagerFile: {User: "system:kube-controller-manager"},
		schedulerFile:         {User: "system:kube-scheduler"},
	} {
		if err := c.kubeconfig.Write(c.files.kubeconfig(file), c.authority, who); err != nil {
			return err
		}
	}
	return nil
}

func (c *credentials) writeCertificates(listenAddress string) error {
	server, err := c.authority.IssueServer(pki.Identity{User: "kube-apiserver"}, []string{
		listenAddress, Loopback, kubernetesServiceIP, "localhost",
		"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local",
	})
	if err != nil {
		return err
	}
	kubeletClient, err := c.authority.IssueClient(pki.Identity{User: "kube-apiserver-kubelet-client", Groups: []string{MastersGroup}})
	if err != nil {
		return err
	}
	frontProxy, err := pki.NewAuthority("lab-front-proxy")
	if err != nil {
		return err
	}
	for name, pair := range map[string]pki.Pair{
		"ca": c.authority.Pair(), "front-proxy-ca": frontProxy.Pair(), "apiserver": server, "apiserver-kubelet": kubeletClient,
	} {
		if err := pair.Write(c.files.certificates(), name); err != nil {
			return err
		}
	}
	tokens, err := pki.NewSigningKey()
	if err != nil {
		return err
	}
	return tokens.Write(c.files.certificates(), "service-accounts")
}
