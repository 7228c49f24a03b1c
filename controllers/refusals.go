package controllers

import (
	"errors"
	"regexp"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// refusedFields map the field that the API server names to the cause of a refusal.
var refusedFields = []struct {
	field *regexp.Regexp
	cause snapshot.FailureCause
}{
	{regexp.MustCompile(`^spec\.healthCheckNodePort$`), snapshot.CauseHealthCheckPort},
	{regexp.MustCompile(`^spec\.ports\[\d+\]\.nodePort$`), snapshot.CauseNodePort},
	{regexp.MustCompile(`^spec\.(ipFamilies(\[\d+\])?|ipFamilyPolicy)$`), snapshot.CauseIPFamilies},
}

// untypedRefusals are errors for which the API server names neither field nor cause: an internal
// error (allocHealthCheckNodePort in k8s.io/kubernetes/pkg/registry/core/service/storage), and a
// plain Forbidden (checkRequest in k8s.io/apiserver/pkg/admission/plugin/resourcequota). Only this
// code depends on the text of an answer.
var untypedRefusals = []struct {
	reason metav1.StatusReason
	text   string
	cause  snapshot.FailureCause
}{
	{metav1.StatusReasonInternalError, "failed to allocate requested HealthCheck NodePort", snapshot.CauseHealthCheckPort},
	{metav1.StatusReasonUnknown, "failed to allocate requested HealthCheck NodePort", snapshot.CauseHealthCheckPort},
	{metav1.StatusReasonForbidden, "exceeded quota: ", snapshot.CauseQuota},
}

// refusalCause returns the cause of a refusal; empty where the error does not show it.
func refusalCause(err error) snapshot.FailureCause {
	var answer apierrors.APIStatus
	if !errors.As(err, &answer) {
		return ""
	}
	status := answer.Status()
	if details := status.Details; details != nil {
		for _, cause := range details.Causes {
			for _, known := range refusedFields {
				if known.field.MatchString(cause.Field) {
					return known.cause
				}
			}
		}
	}
	for _, known := range untypedRefusals {
		if status.Reason == known.reason && strings.Contains(status.Message, known.text) {
			return known.cause
		}
	}
	return ""
}
