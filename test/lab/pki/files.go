package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// SigningKey is a key pair without a certificate, PEM encoded: the API server
// signs service account tokens with it.
type SigningKey struct {
	Public  []byte
	Private []byte
}

// NewSigningKey makes a key pair.
func NewSigningKey() (SigningKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return SigningKey{}, fmt.Errorf("making a signing key: %w", err)
	}
	private, err := encodeKey(key)
	if err != nil {
		return SigningKey{}, fmt.Errorf("encoding a signing key: %w", err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return SigningKey{}, fmt.Errorf("encoding a signing key: %w", err)
	}
	return SigningKey{Public: encodePEM("PUBLIC KEY", public), Private: private}, nil
}

// Write writes name.crt and name.key to dir.
func (p Pair) Write(dir, name string) error {
	return writeFiles(dir, map[string][]byte{name + ".crt": p.Certificate, name + ".key": p.Key})
}

// Write writes name.pub and name.key to dir.
func (k SigningKey) Write(dir, name string) error {
	return writeFiles(dir, map[string][]byte{name + ".pub": k.Public, name + ".key": k.Private})
}

// Kubeconfig says how to reach an API server.
type Kubeconfig struct {
	// ClusterName is the name in `kubectl config get-contexts`.
	ClusterName string
	// Server is the URL of the API server.
	Server string
	// Authority is the certificate that the API server's is checked against.
	Authority []byte
}

// Write makes a client certificate for who and writes a kubeconfig file with it.
func (k Kubeconfig) Write(path string, authority *Authority, who Identity) error {
	pair, err := authority.IssueClient(who)
	if err != nil {
		return err
	}
	config := clientcmdapi.NewConfig()
	config.Clusters[k.ClusterName] = &clientcmdapi.Cluster{Server: k.Server, CertificateAuthorityData: k.Authority}
	config.AuthInfos[who.User] = &clientcmdapi.AuthInfo{ClientCertificateData: pair.Certificate, ClientKeyData: pair.Key}
	config.Contexts[k.ClusterName] = &clientcmdapi.Context{Cluster: k.ClusterName, AuthInfo: who.User}
	config.CurrentContext = k.ClusterName
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		return fmt.Errorf("writing the kubeconfig of %s: %w", who.User, err)
	}
	return nil
}

func writeFiles(dir string, files map[string][]byte) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("creating the directory of certificates: %w", err)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
	}
	return nil
}

func encodeKey(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	return encodePEM("EC PRIVATE KEY", der), nil
}

func encodePEM(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
