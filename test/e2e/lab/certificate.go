package lab

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// SecureHost is the host that is served by HTTPS, with a certificate of our own.
const SecureHost = "secure.e2e.test"

const certificateLifetime = 24 * time.Hour

// installCertificate creates the Secret with the certificate of SecureHost where it is missing, and
// remembers the certificate.
func (l *Lab) installCertificate(ctx context.Context) error {
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: ApplicationNamespace, Name: "secure"}}
	err := l.Client.Get(ctx, client.ObjectKeyFromObject(secret), secret)
	if apierrors.IsNotFound(err) {
		if secret.Data, err = newCertificate(time.Now()); err == nil {
			secret.Type = corev1.SecretTypeTLS
			err = l.Client.Create(ctx, secret)
		}
	}
	if err != nil {
		return fmt.Errorf("writing the certificate of %s: %w", SecureHost, err)
	}
	l.Roots = x509.NewCertPool()
	if !l.Roots.AppendCertsFromPEM(secret.Data[corev1.TLSCertKey]) {
		return errors.New("reading the certificate of " + SecureHost + ": it is none")
	}
	return nil
}

// newCertificate makes a certificate that vouches for itself, as the data of a Secret.
func newCertificate(now time.Time) (map[string][]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: SecureHost}, DNSNames: []string{SecureHost},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(certificateLifetime),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return map[string][]byte{
		corev1.TLSCertKey:       pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}),
		corev1.TLSPrivateKeyKey: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
	}, nil
}
