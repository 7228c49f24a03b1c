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
		"a health-check port, by its field": {err: invalid(spec.Child("healthCheckNodePort")), want: snapshot.CauseHealthCheckPort},
		"a health-check port, as an internal error": {
			err:  apierrors.NewInternalError(errors.New("failed to allocate requested HealthCheck NodePort 30999: provided port is already allocated")),
			want: snapshot.CauseHealthCheckPort,
		},
		"a node port":                {err: invalid(spec.Child("ports").Index(1).Child("nodePort")), want: snapshot.CauseNodePort},
		"an IP family":               {err: invalid(spec.Child("ipFamilies").Index(0)), want: snapshot.CauseIPFamilies},
		"two stacks in a cluster":    {err: invalid(spec.Child("ipFamilyPolicy")), want: snapshot.CauseIPFamilies},
		"more than the quota":        {err: apierrors.NewForbidden(schema.GroupResource{Resource: "services"}, "a", errors.New("exceeded quota: q, requested: services=1")), want: snapshot.CauseQuota},
		"a right that is missing":    {err: apierrors.NewForbidden(schema.GroupResource{Resource: "services"}, "a", errors.New("no")), want: ""},
		"another field":              {err: invalid(spec.Child("ports").Index(0).Child("port")), want: ""},
		"text that only looks alike": {err: apierrors.NewBadRequest("exceeded quota: q"), want: ""},
		"an error of the network":    {err: errors.New("failed to allocate requested HealthCheck NodePort"), want: ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := refusalCause(fmt.Errorf("applying Service a: %w", test.err)); got != test.want {
				t.Errorf("want %q, got %q", test.want, got)
			}
		})
	}
}
