package snapshot

// Writer is what writes a DaemonSet, and writes it again after a change of the DaemonSet itself. Its zero value
// stands for a person.
type Writer struct {
	Kind WriterKind
	// Resource is the kind of the owner, such as MetalLB. Only WrittenByOwner has one.
	Resource string
	// Namespace is empty for cluster-scoped owners, and where it is unknown.
	Namespace string
	Name      string
}

// WriterKind is how a DaemonSet is written.
type WriterKind string

const (
	// WrittenForService: the load balancer writes it for a Service.
	WrittenForService WriterKind = "Service"
	// WrittenByOwner: the controller of another object writes it.
	WrittenByOwner WriterKind = "Owner"
	// WrittenByHelm: it is a part of a Helm release.
	WrittenByHelm WriterKind = "Helm"
	// WrittenByFlux: Flux applies it from a source.
	WrittenByFlux WriterKind = "Flux"
	// WrittenByArgoCD: Argo CD applies it from a source.
	WrittenByArgoCD WriterKind = "Argo CD"
	// WrittenByK3s: k3s or RKE2 applies it from a manifest on its servers.
	WrittenByK3s WriterKind = "k3s"
	// WrittenByAddonManager: the add-on manager of the cluster's vendor reconciles it.
	WrittenByAddonManager WriterKind = "addon-manager"
)
