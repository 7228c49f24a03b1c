package openshift

import (
	"context"
	"errors"
	"fmt"

	securityv1 "github.com/openshift/api/security/v1"
	"github.com/openshift/apiserver-library-go/pkg/securitycontextconstraints/sccadmission"
	"github.com/openshift/apiserver-library-go/pkg/securitycontextconstraints/sccdefaults"
	securityfake "github.com/openshift/client-go/security/clientset/versioned/fake"
	securityinformers "github.com/openshift/client-go/security/informers/externalversions"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	coreapi "k8s.io/kubernetes/pkg/apis/core"
	_ "k8s.io/kubernetes/pkg/apis/core/install" // The defaults of pods.
)

// Admission is OpenShift's admission plugin security.openshift.io/SecurityContextConstraint.
type Admission struct {
	plugin interface {
		admission.MutationInterface
		admission.ValidationInterface
	}
}

// New starts the plugin with these constraints. It reads namespaces from client, and asks decides who may use a constraint.
// It stops when ctx is done.
func New(ctx context.Context, constraints []*securityv1.SecurityContextConstraints, client kubernetes.Interface, asks authorizer.Authorizer) (*Admission, error) {
	security := securityfake.NewSimpleClientset()
	for _, scc := range constraints {
		scc = scc.DeepCopy()
		sccdefaults.SetDefaults_SCC(scc)
		if _, err := security.SecurityV1().SecurityContextConstraints().Create(ctx, scc, metav1.CreateOptions{}); err != nil {
			return nil, fmt.Errorf("adding the constraint %s: %w", scc.Name, err)
		}
	}
	plugin := sccadmission.NewConstraint()
	sccs := securityinformers.NewSharedInformerFactory(security, 0)
	cluster := informers.NewSharedInformerFactory(client, 0)
	plugin.SetSecurityInformers(sccs.Security().V1().SecurityContextConstraints())
	plugin.SetExternalKubeInformerFactory(cluster)
	plugin.SetAuthorizer(asks)
	if err := plugin.ValidateInitialization(); err != nil {
		return nil, fmt.Errorf("starting OpenShift's admission plugin: %w", err)
	}
	sccs.Start(ctx.Done())
	cluster.Start(ctx.Done())
	sccs.WaitForCacheSync(ctx.Done())
	cluster.WaitForCacheSync(ctx.Done())
	return &Admission{plugin: plugin}, nil
}

// Create does with a new pod what OpenShift's API server does: it returns the pod that is stored and the name of the
// constraint under which it runs, or the refusal.
func (a *Admission) Create(ctx context.Context, pod *corev1.Pod, by user.Info) (stored *corev1.Pod, constraint string, err error) {
	defaulted := pod.DeepCopy()
	legacyscheme.Scheme.Default(defaulted)
	internal := &coreapi.Pod{}
	if err := legacyscheme.Scheme.Convert(defaulted, internal, nil); err != nil {
		return nil, "", fmt.Errorf("converting the pod: %w", err)
	}
	attributes := admission.NewAttributesRecord(internal, nil, coreapi.Kind("Pod").WithVersion("version"), pod.Namespace, pod.Name,
		coreapi.Resource("pods").WithVersion("version"), "", admission.Create, nil, false, by)
	if err := a.plugin.Admit(ctx, attributes, nil); err != nil {
		return nil, "", err //nolint:wrapcheck // It is the answer, as users see it.
	}
	if err := a.plugin.Validate(ctx, attributes, nil); err != nil {
		return nil, "", err //nolint:wrapcheck // It is the answer, as users see it.
	}
	stored = &corev1.Pod{}
	if err := legacyscheme.Scheme.Convert(internal, stored, nil); err != nil {
		return nil, "", fmt.Errorf("converting the pod that is stored: %w", err)
	}
	chosen := stored.Annotations[securityv1.ValidatedSCCAnnotation]
	if chosen == "" {
		return nil, "", errors.New("the plugin admits the pod and names no constraint")
	}
	return stored, chosen, nil
}
