package pki

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
)

func newAuthority(t *testing.T) *Authority {
	t.Helper()
	authority, err := NewAuthority("test")
	if err != nil {
		t.Fatal(err)
	}
	return authority
}

func parse(t *testing.T, certificate []byte) *x509.Certificate {
	t.Helper()
	block, _ := pem.Decode(certificate)
	if block == nil {
		t.Fatalf("no PEM block in %q", certificate)
	}
	parsed, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func verify(certificate *x509.Certificate, authority *Authority, name string, usage x509.ExtKeyUsage) error {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority.Pair().Certificate)
	_, err := certificate.Verify(x509.VerifyOptions{Roots: roots, DNSName: name, KeyUsages: []x509.ExtKeyUsage{usage}})
	return err
}

func TestAnAuthorityThatWasWrittenSignsAsBefore(t *testing.T) {
	authority, dir := newAuthority(t), t.TempDir()
	if err := authority.Pair().Write(dir, "ca"); err != nil {
		t.Fatal(err)
	}
	read, err := ReadAuthority(dir, "ca")
	if err != nil {
		t.Fatal(err)
	}
	pair, err := read.IssueClient(Identity{User: "client"})
	if err != nil {
		t.Fatal(err)
	}
	if err := verify(parse(t, pair.Certificate), authority, "", x509.ExtKeyUsageClientAuth); err != nil {
		t.Error(err)
	}
	if _, err := ReadAuthority(dir, "other"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("reading one that does not exist: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "ca.key"), []byte("no key"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadAuthority(dir, "ca"); err == nil {
		t.Error("an authority without a key was read")
	}
}

func TestAServerCertificateIsValidForItsNamesOnly(t *testing.T) {
	authority := newAuthority(t)
	pair, err := authority.IssueServer(Identity{User: "server"}, []string{"127.0.0.1", "fd00::1", "kubernetes.default"})
	if err != nil {
		t.Fatal(err)
	}
	certificate := parse(t, pair.Certificate)
	for _, name := range []string{"127.0.0.1", "fd00::1", "kubernetes.default"} {
		if err := verify(certificate, authority, name, x509.ExtKeyUsageServerAuth); err != nil {
			t.Errorf("not valid for %s: %v", name, err)
		}
	}
	if err := verify(certificate, authority, "10.0.0.1", x509.ExtKeyUsageServerAuth); err == nil {
		t.Error("valid for an address that it was not made for")
	}
	if err := verify(certificate, authority, "", x509.ExtKeyUsageClientAuth); err == nil {
		t.Error("a server's certificate is valid for a client")
	}
	if err := verify(certificate, newAuthority(t), "127.0.0.1", x509.ExtKeyUsageServerAuth); err == nil {
		t.Error("valid under an authority that did not sign it")
	}
}

func TestAKubeletCertificateIsWhatTheNodeAuthorizerExpects(t *testing.T) {
	authority := newAuthority(t)
	pair, err := authority.IssueKubelet("edge-1", []string{"edge-1", "192.0.2.1"})
	if err != nil {
		t.Fatal(err)
	}
	certificate := parse(t, pair.Certificate)
	if user := certificate.Subject.CommonName; user != "system:node:edge-1" {
		t.Errorf("the user is %q", user)
	}
	if groups := certificate.Subject.Organization; len(groups) != 1 || groups[0] != "system:nodes" {
		t.Errorf("the groups are %q", groups)
	}
	for _, usage := range []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth} {
		if err := verify(certificate, authority, "192.0.2.1", usage); err != nil {
			t.Errorf("not valid for usage %d: %v", usage, err)
		}
	}
}

func TestAKubeconfigHoldsAClientCertificateOfItsUser(t *testing.T) {
	authority := newAuthority(t)
	path := filepath.Join(t.TempDir(), "kubeconfig")
	kubeconfig := Kubeconfig{ClusterName: "c", Server: "https://127.0.0.1:1", Authority: authority.Pair().Certificate}
	if err := kubeconfig.Write(path, authority, Identity{User: "jane", Groups: []string{"admins"}}); err != nil {
		t.Fatal(err)
	}
	config, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil {
		t.Fatal(err)
	}
	if config.Host != "https://127.0.0.1:1" || config.Insecure {
		t.Errorf("the server is %q (insecure: %t)", config.Host, config.Insecure)
	}
	certificate := parse(t, config.CertData)
	if certificate.Subject.CommonName != "jane" || certificate.Subject.Organization[0] != "admins" {
		t.Errorf("the certificate is for %v", certificate.Subject)
	}
	if err := verify(certificate, authority, "", x509.ExtKeyUsageClientAuth); err != nil {
		t.Error(err)
	}
}
