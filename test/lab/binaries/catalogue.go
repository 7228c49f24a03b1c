package binaries

import "slices"

// Versions of what the local cluster is made of, beside Kubernetes itself. The module files below
// modules/ pin them; TestCatalogueMatchesModuleFiles keeps the two together.
const (
	EtcdVersion    = "v3.7.3"
	KwokVersion    = "v0.8.0"
	MetalLBVersion = "v0.14.9"
	// OLMVersion is that of the Operator Lifecycle Manager, and RegistryVersion that of the programs that serve its catalogues.
	OLMVersion      = "v0.42.0"
	RegistryVersion = "v1.65.0"
	// IngressNGINXVersion is a commit of July 2024, between controller v1.11.0 and v1.11.1. It is
	// the newest in the module proxy.
	IngressNGINXVersion = "v0.0.0-20240708192948-52c50467d67d"
)

// Names of the programs, which are the names of their files as well.
const (
	Etcd              = "etcd"
	APIServer         = "kube-apiserver"
	ControllerManager = "kube-controller-manager"
	Scheduler         = "kube-scheduler"
	Kubectl           = "kubectl"
	Kwok              = "kwok"

	Kubelet              = "kubelet"
	Proxy                = "kube-proxy"
	MetalLBController    = "metallb-controller"
	MetalLBSpeaker       = "metallb-speaker"
	IngressNGINX         = "nginx-ingress-controller"
	IngressNGINXShutdown = "wait-shutdown"

	OLMOperator     = "olm-operator"
	CatalogOperator = "catalog-operator"
	OPM             = "opm"
)

// program is one entry of the catalogue: how a program is built.
type program struct {
	name string
	// module is the directory below modules/ whose go.mod and go.sum pin the build.
	module string
	// dir is the directory below Store.Dir that the program is built into; "" is Store.Dir itself.
	dir string
	// pkg is the main package.
	pkg     string
	version string
	// tags are those of the build, separated by spaces.
	tags string
	// variables are set by the linker: the programs report their version from them.
	variables map[string]string
}

// catalogue is in the order of the first build: the API server compiles most of
// what the other Kubernetes programs share.
func catalogue(k Kubernetes) []program {
	return []program{
		{name: Etcd, module: "etcd", pkg: "go.etcd.io/etcd/server/v3", version: EtcdVersion},
		k.program(APIServer),
		k.program(ControllerManager),
		k.program(Scheduler),
		Newest.program(Kubectl),
		{name: Kwok, module: "kwok", pkg: "sigs.k8s.io/kwok/cmd/kwok", version: KwokVersion},
		Newest.program(Kubelet),
		Newest.program(Proxy),
		metalLBProgram(MetalLBController, "controller"),
		metalLBProgram(MetalLBSpeaker, "speaker"),
		ingressNGINXProgram(IngressNGINX, "nginx"),
		ingressNGINXProgram(IngressNGINXShutdown, "waitshutdown"),
		olmProgram(OLMOperator, "olm"),
		olmProgram(CatalogOperator, "catalog"),
		// The tags are those of the project's own Makefile, without those that need cgo.
		{
			name: OPM, module: "olm", pkg: "github.com/operator-framework/operator-registry/cmd/opm", version: RegistryVersion,
			tags: "json1 containers_image_openpgp",
		},
	}
}

func olmProgram(name, command string) program {
	const module = "github.com/operator-framework/operator-lifecycle-manager"
	return program{name: name, module: "olm", pkg: module + "/cmd/" + command, version: OLMVersion}
}

func metalLBProgram(name, command string) program {
	const module = "go.universe.tf/metallb"
	return program{name: name, module: "metallb", pkg: module + "/" + command, version: MetalLBVersion}
}

func ingressNGINXProgram(name, command string) program {
	const module = "k8s.io/ingress-nginx"
	return program{
		name: name, module: "ingress-nginx", pkg: module + "/cmd/" + command, version: IngressNGINXVersion,
		variables: map[string]string{module + "/version.RELEASE": IngressNGINXVersion, module + "/version.REPO": module},
	}
}

// All returns the names of the programs of a cluster with simulated nodes, in the order of the
// build.
func All() []string {
	return names(func(name string) bool { return !slices.Contains(slices.Concat(realNodes, olm), name) })
}

// ForRealNodes returns the names of All, and then those of the programs that run on real nodes, or in
// containers there.
func ForRealNodes() []string {
	return names(func(name string) bool { return !slices.Contains(olm, name) })
}

// ForOLM returns the names of the programs of the Operator Lifecycle Manager.
func ForOLM() []string {
	return names(func(name string) bool { return slices.Contains(olm, name) })
}

var (
	realNodes = []string{Kubelet, Proxy, MetalLBController, MetalLBSpeaker, IngressNGINX, IngressNGINXShutdown}
	olm       = []string{OLMOperator, CatalogOperator, OPM}
)

func names(wanted func(name string) bool) []string {
	var list []string
	for _, p := range catalogue(Newest) {
		if wanted(p.name) {
			list = append(list, p.name)
		}
	}
	return list
}
