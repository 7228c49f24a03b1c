package controllers

import (
	"errors"
	"fmt"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

func TestWhatWasRefused(t *testing.T) {
	invalid := func(path *field.Path) error {
		return apierrors.NewInvalid(schema.GroupKind{Kind: "Service"}, "a", field.ErrorList{field.Invalid(path, 1, "provided port is already allocated")})
	}
	spec := field.NewPath("spec")
	for name, test := range map[string]struct {
		err  error
		want snapshot.FailureCause
	}{
		"a health-check port, by its field": {invalid(spec.Child("healthCheckNodePort")), snapshot.CauseHealthCheckPort},
		"a health-check port, as an internal error": {
			apierrors.NewInternalError(errors.New("failed to allocate requested HealthCheck NodePort 30999: provided port is already allocated")),
			snapshot.CauseHealthCheckPort,
		},
		"a node port":                {invalid(spec.Child("ports").Index(1).Child("nodePort")), snapshot.CauseNodePort},
		"an IP family":               {invalid(spec.Child("ipFamilies").Index(0)), snapshot.CauseIPFamilies},
		"two stacks in a cluster":    {invalid(spec.Child("ipFamilyPolicy")), snapshot.CauseIPFamilies},
		"more than the quota":        {apierrors.NewForbidden(schema.GroupResource{Resource: "services"}, "a", errors.New("exceeded quota: q, requested: services=1")), snapshot.CauseQuota},
		"a right that is missing":    {apierrors.NewForbidden(schema.GroupResource{Resource: "services"}, "a", errors.New("no")), ""},
		"another field":              {invalid(spec.Child("ports").Index(0).Child("port")), ""},
		"text that only looks alike": {apierrors.NewBadRequest("exceeded quota: q"), ""},
		"an error of the network":    {errors.New("failed to allocate requested HealthCheck NodePort"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := refusalCause(fmt.Errorf("applying Service a: %w", test.err)); got != test.want {
				t.Errorf("want %q, got %q", test.want, got)
			}
		})
	}
}
