package binaries

// Versions of what the local cluster is made of. The module files below
// modules/ pin them; TestCatalogueMatchesModuleFiles keeps the two together.
const (
	KubernetesVersion = "v1.36.3"
	EtcdVersion       = "v3.7.3"
	KwokVersion       = "v0.8.0"
)

// Names of the programs, which are the names of their files as well.
const (
	Etcd              = "etcd"
	APIServer         = "kube-apiserver"
	ControllerManager = "kube-controller-manager"
	Scheduler         = "kube-scheduler"
	Kubectl           = "kubectl"
	Kwok              = "kwok"
)

// program is one entry of the catalogue: how a program is built.
type program struct {
	name string
	// module is the directory below modules/ whose go.mod and go.sum pin the build.
	module string
	// pkg is the main package.
	pkg     string
	version string
	// variables are set by the linker: the programs tell their version by them.
	variables map[string]string
}

// catalogue is in the order of the first build: the API server compiles most of
// what the other Kubernetes programs share.
func catalogue() []program {
	return []program{
		{name: Etcd, module: "etcd", pkg: "go.etcd.io/etcd/server/v3", version: EtcdVersion},
		kubernetesProgram(APIServer),
		kubernetesProgram(ControllerManager),
		kubernetesProgram(Scheduler),
		kubernetesProgram(Kubectl),
		{name: Kwok, module: "kwok", pkg: "sigs.k8s.io/kwok/cmd/kwok", version: KwokVersion},
	}
}

func kubernetesProgram(name string) program {
	const versionPackage = "k8s.io/component-base/version."
	return program{
		name: name, module: "kubernetes", pkg: "k8s.io/kubernetes/cmd/" + name, version: KubernetesVersion,
		variables: map[string]string{
			versionPackage + "gitVersion":   KubernetesVersion,
			versionPackage + "gitMajor":     "1",
			versionPackage + "gitMinor":     "36",
			versionPackage + "gitTreeState": "clean",
		},
	}
}

// All returns the names of all programs, in the order in which they are built.
func All() []string {
	programs := catalogue()
	names := make([]string, 0, len(programs))
	for _, p := range programs {
		names = append(names, p.name)
	}
	return names
}
