package v1alpha1

// VerificationSpec says how the path of the client's address is measured.
type VerificationSpec struct {
	// probes says whether the prober sends requests to the edge nodes, and whether the controller leads the
	// witness's host name to the witness. Default: what the operator's flag --measure-by-default says.
	// +optional
	Probes Switch `json:"probes,omitempty"`

	// hosts are real host names of yours. On each of them the controller leads the path
	// /.well-known/edge-ingress/ to the witness, so that `kubectl edge-ingress verify --host` can cross a
	// CDN that knows only these names.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.all(h, !format.dns1123Subdomain().validate(h).hasValue())",message="verification.hosts must be host names of lower-case letters, digits, hyphens and dots: write a name such as www.example.com"
	Hosts []string `json:"hosts,omitempty"`
}

// Measured reports whether this EdgeIngress is measured. byDefault is the operator's own setting.
func (e *EdgeIngress) Measured(byDefault bool) bool {
	if e.Spec.Verification == nil || e.Spec.Verification.Probes == "" {
		return byDefault
	}
	return e.Spec.Verification.Probes == Enabled
}
