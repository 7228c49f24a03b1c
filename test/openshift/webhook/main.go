// Command webhook makes a cluster without OpenShift decide about new pods as OpenShift does: it is an admission webhook around
// OpenShift's own admission plugin. It runs beside the API server, and ends when its standard input is closed.
//
// It also does what OpenShift's controllers do before: every namespace gets a range of users and a label for SELinux,
// and everyone may use restricted-v2.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	securityv1 "github.com/openshift/api/security/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
	"sigs.k8s.io/yaml"

	"github.com/edge-ingress/edge-ingress-operator/test/openshift"
)

func main() {
	kubeconfig := flag.String("kubeconfig", "", "Kubeconfig of an administrator.")
	server := flag.String("server", "", "Address of the API server, where it is not that of the kubeconfig.")
	file := flag.String("constraints", "", "File with one more SecurityContextConstraints than OpenShift has.")
	except := flag.String("except", "kube-system", "Namespaces whose pods are not looked at, with commas between them.")
	flag.Parse()
	klog.SetOutput(io.Discard)
	klog.LogToStderr(false)
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, bufio.NewReader(os.Stdin))
		stop()
	}()
	if err := serve(ctx, *server, *kubeconfig, *file, strings.Split(*except, ",")); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		stop()
		os.Exit(1)
	}
}

func serve(ctx context.Context, server, kubeconfig, file string, except []string) error {
	config, err := clientcmd.BuildConfigFromFlags(server, kubeconfig)
	if err != nil {
		return fmt.Errorf("reading the kubeconfig: %w", err)
	}
	config.QPS = -1
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("connecting to the cluster: %w", err)
	}
	constraints := openshift.Constraints()
	if file != "" {
		further, err := read(file)
		if err != nil {
			return err
		}
		constraints = append(constraints, further)
	}
	plugin, err := openshift.New(ctx, constraints, client, reviews{client})
	if err != nil {
		return err //nolint:wrapcheck // it says what it did
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	certificate, ca, err := newCertificate()
	if err != nil {
		return err
	}
	if err := prepare(ctx, client, ca, listener.Addr().String(), except); err != nil {
		return err
	}
	go allocate(ctx, client)
	webhook := &http.Server{Handler: handler{plugin}, TLSConfig: certificate, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		<-ctx.Done()
		_ = webhook.Close()
	}()
	fmt.Println("OpenShift's admission plugin decides about new pods")
	if err := webhook.ServeTLS(listener, "", ""); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving: %w", err)
	}
	return nil
}

func read(file string) (*securityv1.SecurityContextConstraints, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading constraints: %w", err)
	}
	scc := &securityv1.SecurityContextConstraints{}
	if err := yaml.UnmarshalStrict(content, scc); err != nil {
		return nil, fmt.Errorf("reading %s: %w", file, err)
	}
	return scc, nil
}
