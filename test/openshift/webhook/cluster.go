package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"os"

	securityv1 "github.com/openshift/api/security/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	certutil "k8s.io/client-go/util/cert"

	"github.com/edge-ingress/edge-ingress-operator/test/openshift"
)

// name is that of every object that this program creates.
const name = "openshift-admission"

// reviews lets the cluster's API server decide who may use a constraint.
type reviews struct{ client kubernetes.Interface }

// Authorize implements authorizer.Authorizer.
func (r reviews) Authorize(ctx context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
	review, err := r.client.AuthorizationV1().SubjectAccessReviews().Create(ctx, &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: a.GetUser().GetName(), Groups: a.GetUser().GetGroups(),
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Namespace: a.GetNamespace(), Verb: a.GetVerb(), Group: a.GetAPIGroup(), Resource: a.GetResource(), Name: a.GetName(),
		},
	}}, metav1.CreateOptions{})
	if err != nil {
		return authorizer.DecisionNoOpinion, "", fmt.Errorf("asking who may use a constraint: %w", err)
	}
	if review.Status.Allowed {
		return authorizer.DecisionAllow, review.Status.Reason, nil
	}
	return authorizer.DecisionNoOpinion, review.Status.Reason, nil
}

func newCertificate() (*tls.Config, []byte, error) {
	certificate, key, err := certutil.GenerateSelfSignedCertKey("127.0.0.1", nil, nil)
	if err != nil {
		return nil, nil, fmt.Errorf("making a certificate: %w", err)
	}
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the certificate: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS13}, certificate, nil
}

// prepare lets everyone use restricted-v2, and lets the API server ask this program about new pods.
func prepare(ctx context.Context, client kubernetes.Interface, ca []byte, address string, except []string) error {
	_, err := client.RbacV1().ClusterRoles().Create(ctx, &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: name}, Rules: []rbacv1.PolicyRule{{
		APIGroups: []string{securityv1.GroupName}, Resources: []string{"securitycontextconstraints"}, ResourceNames: []string{openshift.RestrictedV2}, Verbs: []string{"use"},
	}}}, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("creating the role of everyone: %w", err)
	}
	_, err = client.RbacV1().ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: name},
		RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: "system:authenticated"}}}, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("binding the role of everyone: %w", err)
	}
	webhooks := client.AdmissionregistrationV1().MutatingWebhookConfigurations()
	if err := webhooks.Delete(ctx, name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("deleting an earlier webhook: %w", err)
	}
	if _, err := webhooks.Create(ctx, configuration(ca, address, except), metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("creating the webhook: %w", err)
	}
	return nil
}

func configuration(ca []byte, address string, except []string) *admissionregistrationv1.MutatingWebhookConfiguration {
	fail, none, timeout, url := admissionregistrationv1.Fail, admissionregistrationv1.SideEffectClassNone, int32(30), "https://"+address
	return &admissionregistrationv1.MutatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: name}, Webhooks: []admissionregistrationv1.MutatingWebhook{{
		Name:         "pods.openshift-admission.test",
		ClientConfig: admissionregistrationv1.WebhookClientConfig{URL: &url, CABundle: ca},
		Rules: []admissionregistrationv1.RuleWithOperations{{Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create},
			Rule: admissionregistrationv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"pods"}}}},
		NamespaceSelector: &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{
			{Key: corev1.LabelMetadataName, Operator: metav1.LabelSelectorOpNotIn, Values: except}}},
		FailurePolicy: &fail, SideEffects: &none, TimeoutSeconds: &timeout, AdmissionReviewVersions: []string{"v1"},
	}}}
}

// allocate gives every namespace its users and its label for SELinux, until the context ends.
func allocate(ctx context.Context, client kubernetes.Interface) {
	factory := informers.NewSharedInformerFactory(client, 0)
	next := int64(1000650000)
	_, err := factory.Core().V1().Namespaces().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{AddFunc: func(object any) {
		namespace, ok := object.(*corev1.Namespace)
		if !ok || namespace.Annotations[securityv1.UIDRangeAnnotation] != "" {
			return
		}
		block := fmt.Sprintf("%d/10000", next)
		next += 10000
		patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": map[string]string{
			securityv1.UIDRangeAnnotation: block, securityv1.SupplementalGroupsAnnotation: block, securityv1.MCSAnnotation: "s0:c26,c0",
		}}})
		if err == nil {
			_, err = client.CoreV1().Namespaces().Patch(ctx, namespace.Name, types.MergePatchType, patch, metav1.PatchOptions{})
		}
		if err != nil && ctx.Err() == nil {
			fmt.Fprintln(os.Stderr, "giving namespace", namespace.Name, "its users:", err)
		}
	}})
	if err != nil {
		fmt.Fprintln(os.Stderr, "watching namespaces:", err)
		return
	}
	factory.Start(ctx.Done())
	<-ctx.Done()
}
