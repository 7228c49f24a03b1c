package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

const (
	operatorNamespace = "edge-ingress-operator-system"
	serviceAccount    = "edge-ingress-operator"
	// tokenLifetime is long enough to try out a cluster that keeps running.
	tokenLifetime = 24 * time.Hour
)

// operator is the operator as a process beside the cluster.
type operator struct {
	logPath string
	process *os.Process
	// exited is closed when the process has ended.
	exited chan struct{}
}

// startOperator starts the operator with exactly the permissions of its ServiceAccount. It calls
// ended when the operator ends by itself.
func startOperator(ctx context.Context, root string, cluster *localCluster, ended context.CancelCauseFunc) (*operator, error) {
	kubeconfig, err := writeOperatorKubeconfig(ctx, cluster)
	if err != nil {
		return nil, err
	}
	o := &operator{logPath: filepath.Join(cluster.Dir, "logs", "operator.log"), exited: make(chan struct{})}
	log, err := os.Create(o.logPath)
	if err != nil {
		return nil, fmt.Errorf("creating the operator's log: %w", err)
	}
	defer func() { _ = log.Close() }()
	// As in config/manager, except for the endpoints of metrics and probes, which no client calls here.
	command := exec.CommandContext(context.WithoutCancel(ctx), filepath.Join(root, managerPath),
		"--leader-elect", "--leader-election-namespace="+operatorNamespace,
		"--metrics-bind-address=0", "--health-probe-bind-address=0", "--zap-encoder=console")
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "KUBECONFIG=" + kubeconfig}
	command.Stdout, command.Stderr = log, log
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("starting the operator: %w", err)
	}
	o.process = command.Process
	go func() {
		_ = command.Wait() // what it answers is in the process's state as well
		ended(fmt.Errorf("the operator ended by itself: %s", command.ProcessState))
		close(o.exited)
	}()
	if err := cluster.attach(ctx, "operator", o.process); err != nil {
		return o, fmt.Errorf("making the operator end with the cluster: %w", err)
	}
	return o, nil
}

// stop lets the operator give its lease back, and kills it when the context ends first.
func (o *operator) stop(ctx context.Context) error {
	if err := o.process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stopping the operator: %w", err)
	}
	select {
	case <-o.exited:
		return nil
	case <-ctx.Done():
		return errors.Join(fmt.Errorf("stopping the operator: %w", ctx.Err()), o.process.Kill())
	}
}

func operatorKubeconfig(cluster *localCluster) string {
	return filepath.Join(cluster.Dir, "operator.kubeconfig")
}

// writeOperatorKubeconfig writes a kubeconfig with a token of the operator's ServiceAccount.
func writeOperatorKubeconfig(ctx context.Context, cluster *localCluster) (path string, err error) {
	token, err := requestToken(ctx, cluster.Kubeconfig)
	if err != nil {
		return "", fmt.Errorf("asking for a token of the operator's ServiceAccount: %w", err)
	}
	config, err := clientcmd.LoadFromFile(cluster.Kubeconfig)
	if err != nil {
		return "", fmt.Errorf("reading the kubeconfig: %w", err)
	}
	current := config.Contexts[config.CurrentContext]
	config.AuthInfos = map[string]*clientcmdapi.AuthInfo{serviceAccount: {Token: token}}
	config.Contexts = map[string]*clientcmdapi.Context{serviceAccount: {Cluster: current.Cluster, AuthInfo: serviceAccount}}
	config.CurrentContext = serviceAccount
	path = operatorKubeconfig(cluster)
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		return "", fmt.Errorf("writing the operator's kubeconfig: %w", err)
	}
	return path, nil
}

func requestToken(ctx context.Context, kubeconfig string) (string, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return "", err
	}
	clients, err := kubernetes.NewForConfig(config)
	if err != nil {
		return "", err
	}
	seconds := int64(tokenLifetime.Seconds())
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &seconds}}
	answer, err := clients.CoreV1().ServiceAccounts(operatorNamespace).CreateToken(ctx, serviceAccount, request, metav1.CreateOptions{})
	if err != nil {
		return "", err
	}
	return answer.Status.Token, nil
}
