// Package pki makes the certificates, keys and kubeconfig files of a local
// cluster. Each cluster gets its own, which are worthless after it ends.
package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

const (
	validity = 365 * 24 * time.Hour
	// clockSkew lets a certificate be valid a little before it was made.
	clockSkew = time.Hour
)

// Pair is a certificate and its private key, PEM encoded.
type Pair struct {
	Certificate []byte
	Key         []byte
}

// Authority signs certificates.
type Authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pair        Pair
}

// Identity is who a certificate is for: to Kubernetes the common name is the
// user and the organizations are the groups.
type Identity struct {
	User   string
	Groups []string
}

// KubeletIdentity is the identity of the kubelet of one node, as the Node
// authorizer expects it.
func KubeletIdentity(nodeName string) Identity {
	return Identity{User: "system:node:" + nodeName, Groups: []string{"system:nodes"}}
}

// NewAuthority makes an authority with a certificate that it signs itself.
func NewAuthority(name string) (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making the key of authority %s: %w", name, err)
	}
	template, err := newTemplate(Identity{User: name})
	if err != nil {
		return nil, err
	}
	template.IsCA = true
	template.BasicConstraintsValid = true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature
	a := &Authority{certificate: template, key: key}
	pair, err := a.sign(template, key)
	if err != nil {
		return nil, err
	}
	return parseAuthority(pair)
}

// ReadAuthority returns the authority whose pair was written to dir under that name.
func ReadAuthority(dir, name string) (*Authority, error) {
	var pair Pair
	for file, content := range map[string]*[]byte{name + ".crt": &pair.Certificate, name + ".key": &pair.Key} {
		var err error
		if *content, err = os.ReadFile(filepath.Join(dir, file)); err != nil {
			return nil, fmt.Errorf("reading authority %s: %w", name, err)
		}
	}
	return parseAuthority(pair)
}

func parseAuthority(pair Pair) (a *Authority, err error) {
	a = &Authority{pair: pair}
	certificate, _ := pem.Decode(pair.Certificate)
	key, _ := pem.Decode(pair.Key)
	if certificate == nil || key == nil {
		return nil, errors.New("reading an authority: its certificate or its key is not in PEM")
	}
	if a.certificate, err = x509.ParseCertificate(certificate.Bytes); err != nil {
		return nil, fmt.Errorf("reading the certificate of an authority: %w", err)
	}
	if a.key, err = x509.ParseECPrivateKey(key.Bytes); err != nil {
		return nil, fmt.Errorf("reading the key of an authority: %w", err)
	}
	return a, nil
}

// Pair is the authority's own certificate and key.
func (a *Authority) Pair() Pair { return a.pair }

// IssueClient makes a certificate with which a program proves to be who.
func (a *Authority) IssueClient(who Identity) (Pair, error) {
	return a.issue(who, nil, x509.ExtKeyUsageClientAuth)
}

// IssueServer makes a certificate for a server that is reached by the given
// names: DNS names and IP addresses.
func (a *Authority) IssueServer(who Identity, names []string) (Pair, error) {
	return a.issue(who, names, x509.ExtKeyUsageServerAuth)
}

// IssueKubelet makes a certificate for the kubelet of a node, which is a client
// of the API server and a server on the node's names and addresses.
func (a *Authority) IssueKubelet(nodeName string, names []string) (Pair, error) {
	return a.issue(KubeletIdentity(nodeName), names, x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth)
}

func (a *Authority) issue(who Identity, names []string, usages ...x509.ExtKeyUsage) (Pair, error) {
	template, err := newTemplate(who)
	if err != nil {
		return Pair{}, err
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = usages
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
			continue
		}
		template.DNSNames = append(template.DNSNames, name)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Pair{}, fmt.Errorf("making the key of %s: %w", who.User, err)
	}
	return a.sign(template, key)
}

func (a *Authority) sign(template *x509.Certificate, key *ecdsa.PrivateKey) (Pair, error) {
	subject := template.Subject.CommonName
	certificate, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &key.PublicKey, a.key)
	if err != nil {
		return Pair{}, fmt.Errorf("signing the certificate of %s: %w", subject, err)
	}
	keyPEM, err := encodeKey(key)
	if err != nil {
		return Pair{}, fmt.Errorf("encoding the key of %s: %w", subject, err)
	}
	return Pair{Certificate: encodePEM("CERTIFICATE", certificate), Key: keyPEM}, nil
}

func newTemplate(who Identity) (*x509.Certificate, error) {
	const serialBits = 120
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), serialBits))
	if err != nil {
		return nil, fmt.Errorf("making a serial number: %w", err)
	}
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: who.User, Organization: who.Groups},
		NotBefore:    now.Add(-clockSkew),
		NotAfter:     now.Add(validity),
	}, nil
}
