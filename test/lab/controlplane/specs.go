package controlplane

import (
	"path/filepath"
	"strconv"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/binaries"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/process"
)

// stopGrace is short because nothing that a stopping program could still save is
// kept: the directory is removed with the cluster.
const stopGrace = 3 * time.Second

// layout knows the files of one cluster.
type layout struct{ dir string }

func (l layout) certificates() string  { return filepath.Join(l.dir, "certificates") }
func (l layout) volumePlugins() string { return filepath.Join(l.dir, "volume-plugins") }
func (l layout) certificate(name string) string {
	return filepath.Join(l.certificates(), name)
}
func (l layout) kubeconfig(name string) string {
	return filepath.Join(l.dir, name+".kubeconfig")
}

// spec holds what the programs of the control plane have in common.
func (o Options) spec(program string, args []string) process.Spec {
	return process.Spec{Name: program, Path: o.Binaries[program], Args: args, Grace: stopGrace, NetNS: o.NetNS}
}

func etcdSpec(o Options, clientPort, peerPort int) process.Spec {
	clientURL := "http://" + Loopback + ":" + strconv.Itoa(clientPort)
	peerURL := "http://" + Loopback + ":" + strconv.Itoa(peerPort)
	return o.spec(binaries.Etcd, []string{
		"--data-dir=" + filepath.Join(o.Dir, "etcd"),
		"--listen-client-urls=" + clientURL,
		"--advertise-client-urls=" + clientURL,
		"--listen-peer-urls=" + peerURL,
		"--initial-advertise-peer-urls=" + peerURL,
		"--initial-cluster=default=" + peerURL,
		"--unsafe-no-fsync",
		"--log-level=warn",
	})
}

func apiServerSpec(o Options, port, etcdPort int) process.Spec {
	files := layout{o.Dir}
	args := []string{
		"--etcd-servers=http://" + Loopback + ":" + strconv.Itoa(etcdPort),
		"--bind-address=" + o.listenAddress(),
		"--advertise-address=" + o.listenAddress(),
		"--secure-port=" + strconv.Itoa(port),
		"--service-cluster-ip-range=" + ServiceCIDR,
		"--tls-cert-file=" + files.certificate("apiserver.crt"),
		"--tls-private-key-file=" + files.certificate("apiserver.key"),
		"--client-ca-file=" + files.certificate("ca.crt"),
		"--kubelet-client-certificate=" + files.certificate("apiserver-kubelet.crt"),
		"--kubelet-client-key=" + files.certificate("apiserver-kubelet.key"),
		"--kubelet-preferred-address-types=InternalIP",
		// The controller manager copies this authority into kube-system; without
		// it, it logs an error every few seconds for ever.
		"--requestheader-client-ca-file=" + files.certificate("front-proxy-ca.crt"),
		"--requestheader-allowed-names=front-proxy",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + files.certificate("service-accounts.pub"),
		"--service-account-signing-key-file=" + files.certificate("service-accounts.key"),
		"--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction",
		"--allow-privileged=true",
		"--profiling=false",
		"--max-requests-inflight=1600",
		"--max-mutating-requests-inflight=800",
	}
	if o.listensOnLoopback() {
		// A loopback address is no valid endpoint of the Service "kubernetes", and
		// the API server would log its refusal every ten seconds.
		args = append(args, "--endpoint-reconciler-type=none")
	}
	return o.spec(binaries.APIServer, args)
}

func controllerManagerSpec(o Options) process.Spec {
	files := layout{o.Dir}
	args := append(clientArguments(files.kubeconfig(controllerManagerFile)),
		"--service-account-private-key-file="+files.certificate("service-accounts.key"),
		"--root-ca-file="+files.certificate("ca.crt"),
		"--cluster-signing-cert-file="+files.certificate("ca.crt"),
		"--cluster-signing-key-file="+files.certificate("ca.key"),
		"--use-service-account-credentials",
		// It is made where it is missing, and the default is below /usr.
		"--flex-volume-plugin-dir="+files.volumePlugins(),
	)
	if o.NodeMonitorGracePeriod != 0 {
		args = append(args, "--node-monitor-grace-period="+o.NodeMonitorGracePeriod.String())
	}
	return o.spec(binaries.ControllerManager, args)
}

func schedulerSpec(o Options) process.Spec {
	return o.spec(binaries.Scheduler, clientArguments(layout{o.Dir}.kubeconfig(schedulerFile)))
}

// clientArguments are common to the controller manager and the scheduler. The rate
// limits matter: with the default of 20 requests a second, a DaemonSet takes
// minutes on a thousand nodes. Port 0 means that they serve nothing.
func clientArguments(kubeconfig string) []string {
	return []string{
		"--kubeconfig=" + kubeconfig,
		"--leader-elect=false",
		"--kube-api-qps=1000",
		"--kube-api-burst=2000",
		"--secure-port=0",
		"--profiling=false",
	}
}
