package lab

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"

	"github.com/edge-ingress/edge-ingress-operator/test/e2e/manifests"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/objects"
)

// The operator's namespace and account.
const (
	OperatorNamespace = "edge-ingress-operator-system"
	OperatorName      = "edge-ingress-operator"
)

// The prober's namespace and name.
const (
	ProberNamespace = "edge-ingress-verification"
	ProberName      = "edge-ingress-prober"
)

// releasedImage is the operator's image in config/default, with whatever tag.
var releasedImage = regexp.MustCompile(`\b` + regexp.QuoteMeta(OperatorRepository) + `:[-.\w]+`)

// installOperator installs the operator from config/default, as a user does, with the image that was built here. Its name
// has the digest, so that another image replaces the pods.
func (l *Lab) installOperator(ctx context.Context) error {
	overlay := filepath.Join(l.root, "test", "e2e", "manifests", "operator")
	documents, err := exec.CommandContext(ctx, l.kubectl(), "kustomize", overlay).Output()
	if err != nil {
		return fmt.Errorf("building %s: %w", overlay, err)
	}
	parsed, err := objects.Decode(releasedImage.ReplaceAll(documents, []byte(l.operatorImage)))
	if err != nil {
		return fmt.Errorf("reading what %s is built to: %w", overlay, err)
	}
	return l.Apply(ctx, parsed...)
}

// installApplication installs the echo application, with the certificate that its HTTPS host is served with.
func (l *Lab) installApplication(ctx context.Context) error {
	parsed, err := objects.Decode(manifests.Application)
	if err != nil {
		return err
	}
	// The namespace comes first.
	if err := l.Apply(ctx, parsed[0]); err != nil {
		return err
	}
	if err := l.installCertificate(ctx); err != nil {
		return err
	}
	return l.Apply(ctx, parsed[1:]...)
}
