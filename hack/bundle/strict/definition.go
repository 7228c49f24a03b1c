package strict

import (
	"context"
	"fmt"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
)

// checkDefinition validates a new CustomResourceDefinition as the API server does, the estimated cost of its rules included.
func checkDefinition(ctx context.Context, crd *apiextensionsv1.CustomResourceDefinition) error {
	apiextensionsv1.SetObjectDefaults_CustomResourceDefinition(crd)
	internal := &apiextensions.CustomResourceDefinition{}
	if err := apiextensionsv1.Convert_v1_CustomResourceDefinition_To_apiextensions_CustomResourceDefinition(crd, internal, nil); err != nil {
		return fmt.Errorf("converting: %w", err)
	}
	for _, version := range crd.Spec.Versions {
		if version.Storage {
			// The API server does the same on creation.
			internal.Status.StoredVersions = []string{version.Name}
		}
	}
	return validation.ValidateCustomResourceDefinition(ctx, internal).ToAggregate()
}
